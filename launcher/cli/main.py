"""argv to an exit code: the only place that reads the process, and that turns errors into exit codes.

Reads argv, environment, folder and streams of the process, once, and hands them down. The parser and the commands are
behind it: a shell that completes a line needs neither.
"""

from __future__ import annotations

import errno
import os
import sys

from launcher.cli.invocation import Invocation
from launcher.console import OutputError, silence
from launcher.errors import ExitCode, LaunchError, Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import NoReturn, TextIO


def main() -> NoReturn:
    """Run `launch` with what the process was given, and end the process."""
    sys.exit(run(sys.argv[1:], os.environ, sys.stdout, sys.stderr))


def run(argv: Sequence[str], environ: Mapping[str, str], stdout: TextIO | None, stderr: TextIO | None) -> int:
    """Run one command and return its exit code; every error has become text by then."""
    try:
        cwd = os.getcwd()
    except FileNotFoundError:
        cwd = ""
    invocation = Invocation(tuple(argv), dict(environ), cwd, os.path.expanduser("~"), stdout, stderr)
    try:
        return _guarded(invocation)
    except BrokenPipeError:
        for stream in filter(None, (stdout, stderr)):
            silence(stream)  # the reader has what it wanted
        return ExitCode.STOPPED
    except OutputError as error:
        return _output_failed(error, invocation)


def _guarded(invocation: Invocation) -> int:
    try:
        if invocation.environ.get("_LAUNCH_COMPLETE"):  # a shell asks, by the script of `launch completion`
            return _complete(invocation)
        return _parsed(invocation)
    except LaunchError as error:
        from launcher.cli.usage import on_command_line  # only to fail

        invocation.err().problems(on_command_line(problem, invocation.argv) for problem in error.problems)
        return error.exit_code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except (BrokenPipeError, OutputError):
        raise
    except Exception as error:  # noqa: BLE001 - the boundary: whatever arrives here is our own bug, but for the system's
        if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
            invocation.err().problems([no_more_files()])
            return ExitCode.FAILED
        from traceback import format_exc

        from launcher import __version__
        from launcher.redact import without_secrets

        invocation.err().bug(__version__, without_secrets(format_exc(), invocation.environ))
        return ExitCode.BUG


def no_more_files() -> Problem:
    """Return the problem of a system that lets this process, or all of them together, open no more files."""
    hint = "raise the limit, as with `ulimit -n 1024`, and start again"
    return Problem("open-files", "the system gives no more open files", hint=hint)


def _parsed(invocation: Invocation) -> int:
    """Run the command that argv names."""
    import click  # a shell that completes a line has its answer without

    from launcher.cli.root import root

    if not invocation.cwd:
        from launcher.cli.usage import no_folder

        raise no_folder()
    if problem := _color_problem(invocation):
        raise problem
    width = min(invocation.out().look.width, 100)
    try:
        launch = root()
        with launch.make_context("launch", list(invocation.argv), obj=invocation, terminal_width=width) as ctx:
            return int(launch.invoke(ctx) or 0)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.Abort:
        return ExitCode.INTERRUPTED
    except click.ClickException as error:
        from launcher.cli.usage import explain  # only a wrong command line needs it

        invocation.err().problems([explain(error, invocation)])
        return ExitCode.USAGE


def _complete(invocation: Invocation) -> int:
    from launcher.cli import complete  # neither the parser nor the schema takes part

    place = complete.Place(invocation.cwd, invocation.home, invocation.environ)
    lines = complete.answer(invocation.argv, complete.read_words(), place)
    invocation.out().write("".join(f"{line}\n" for line in lines))
    return ExitCode.STOPPED


def _color_problem(invocation: Invocation) -> LaunchError | None:
    from launcher.console import color_choices

    word = invocation.environ.get("LAUNCH_COLOR", "")
    if not word or word.lower() in color_choices(variable=True):
        return None
    from launcher.cli.usage import bad_color

    return bad_color(word)


def _output_failed(error: OutputError, invocation: Invocation) -> int:
    """Say that the output cannot be written, if that at least can be."""
    if invocation.stdout is not None:
        silence(invocation.stdout)
    problem = Problem("output", f"the output cannot be written: {error.strerror}")
    try:
        invocation.err().problems([problem])
    except OSError:
        if invocation.stderr is not None:
            silence(invocation.stderr)
    return ExitCode.FAILED
