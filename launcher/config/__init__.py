"""From files, variables and flags to a resolved profile in which every value knows its origin."""
