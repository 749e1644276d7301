"""The process that owns the socket, the terminal and the decisions, and never runs app code."""
