"""How the supervisor and the worker talk: the messages, and the channel that carries them."""
