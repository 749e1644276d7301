"""Imports inside functions: allowed where they make starting faster, and nowhere else."""

from __future__ import annotations

from tests.architecture.source import imports, modules

# File -> what is gained. Whoever adds a row says so here, and in a comment beside the import.
ALLOWED = {
    "__init__.py": "`import launcher` costs nothing; `run` and `resolve` load when they are asked for",
    "api.py": "a worker whose program calls `run` gets neither the schema nor the console by it",
    "cli/complete.py": "the texts of errors, when the name of one is completed",
    "cli/main.py": "a shell that completes a line needs no parser; what tells of errors is loaded only to fail",
    "cli/root.py": "`launch --help` loads click and nothing else; a command is imported when it is chosen",
    "cli/options.py": "the help of a command can do without the schema until it is printed",
    "cli/commands/dev.py": "the worker's interpreter boots while the rest of us is imported",
    "cli/commands/program.py": "as in `launch dev`: the worker's interpreter boots meanwhile",
    "config/places.py": "Python's parser, where a call of `launcher.run()` is explained",
    "cli/commands/exec.py": "subprocess, only where a process cannot be replaced (Windows)",
    "config/resolve.py": "python-dotenv where a .env file exists; places only to explain or to fail",
    "supervisor/child.py": "tempfile, when a worker is started and not before",
    "supervisor/orphans.py": "ctypes, on Linux only",
    "supervisor/terminal.py": "termios, where there is a terminal",
    "supervisor/watcher.py": "watchfiles is loaded while the worker is on its way",
    "text.py": "the table of character widths is needed for text beyond ASCII only",
    "web/failure.py": "Werkzeug's debugger, when there is a failure to show",
    "web/stack.py": "each of Werkzeug's wrappers, when a profile asks for it",
    "web/threads.py": "ctypes, when a worker has answered its first requests",
    "web/tls.py": "ssl and cryptography, when a profile asks for https",
    "wire/tally.py": "tempfile, where the system has no memory without a name",
    "worker/front.py": "Werkzeug, after the worker has greeted",
    "worker/handler.py": "Werkzeug, after the worker has greeted",
    "worker/run.py": "Werkzeug is loaded while the supervisor still resolves the profile",
    "worker/target.py": "a2wsgi, when the app is an ASGI app",
}


def test_late_imports_are_in_the_listed_files_only():
    late = {
        f"{module}:{found.line} {found.module}"
        for module in modules()
        if module not in ALLOWED
        for found in imports(module)
        if found.late
    }
    assert late == set()


def test_list_names_no_file_without_late_imports():
    surplus = [module for module in ALLOWED if not any(found.late for found in imports(module))]
    assert surplus == []
