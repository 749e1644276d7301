"""TOML beyond what a parser tells: where each key stands, and a syntax error in the user's words."""
