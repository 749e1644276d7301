"""Where values come from: settings files, .env files, the environment, the command line, a call in code."""
