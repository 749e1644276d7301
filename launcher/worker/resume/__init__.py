"""How a copy of a snapshot takes over an edit."""
