"""The command line: argv to a command, errors to exit codes."""
