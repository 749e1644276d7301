"""The process that imports the app and serves it."""
