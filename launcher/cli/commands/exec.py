"""`launch exec -- CMD`: any command with the variables of the app, in the folder of the project.

The command takes the place of this process, so signals, the terminal and the exit code are its own. Where the system
cannot do that (Windows), it is started and waited for.
"""

from __future__ import annotations

import os
import shlex
import signal
import sys

import click

from launcher.cli.environment import app_environment
from launcher.cli.options import SettingsCommand, make_request, output_options, request_options
from launcher.cli.usage import place
from launcher.config.resolve import resolve_profile
from launcher.errors import Problem
from launcher.interpreter import as_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from launcher.cli.invocation import Invocation

CANNOT_RUN, NOT_FOUND = 126, 127
"""The codes with which shells say the same."""

_IGNORED_BY_PYTHON = ("SIGPIPE", "SIGXFSZ")
"""Signals that the interpreter ignores; a command that is started has to have them as every program has."""


@click.pass_context
def _run(ctx: click.Context, /, words: tuple[str, ...], **params: object) -> int:
    invocation: Invocation = ctx.obj
    resolved = resolve_profile(make_request(ctx, params))
    invocation.err().problems(resolved.warnings)
    environ = app_environment(resolved, invocation.environ)
    try:
        return replace_process(words, resolved.project.root, environ)
    except OSError as error:
        code, problem = explain_failure(error, words, invocation.argv)
        invocation.err().problems([problem])
        return code


command = SettingsCommand(
    "exec",
    callback=_run,
    params=[
        click.Argument(["words"], nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- CMD..."),
        *request_options(),
        *output_options(machine=False),
    ],
    context_settings={"allow_interspersed_args": False},
    add_help_option=False,
    help="""Run a command with the app's variables, in the project's folder.

    CMD gets the variables that `launch dev` gives to the app, and FLASK_APP. So `launch exec -- flask routes` shows the
    routes of your app. CMD receives the signals, and its exit code is returned. The exit code is 127 if CMD does not
    exist, and 126 if it cannot be run.
    """,
)


def replace_process(words: Sequence[str], folder: str, environ: Mapping[str, str]) -> int:
    """Run a command in place of this process; return its exit code only where the system cannot replace a process.

    Raise `OSError` when it cannot be started; the process is then as before, in *folder*.
    """
    if not words[0]:  # the system's own complaint about an empty name is no OSError
        raise FileNotFoundError(2, "no name")
    os.chdir(folder)
    if sys.platform == "win32":
        import subprocess  # only where a process cannot be replaced

        return subprocess.run(words, env=dict(environ), check=False).returncode
    kept = {number: signal.getsignal(number) for name in _IGNORED_BY_PYTHON if (number := getattr(signal, name, None))}
    for number in kept:
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvpe(words[0], list(words), as_bytes(environ))  # noqa: S606 - that is the purpose
    except BaseException:
        for number, handler in kept.items():
            signal.signal(number, handler)
        raise


def explain_failure(error: OSError, words: Sequence[str], argv: Sequence[str]) -> tuple[int, Problem]:
    """Return the exit code and the problem for a command that could not be started."""
    name = words[0]
    where = place(argv, name)
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        hint = "looked for it in the project's folder" if os.sep in name else "it is in no folder of PATH"
        return NOT_FOUND, Problem("command-not-found", f"there is no command `{name}`", where, hint)
    hint = f"for a script, name what runs it: {shlex.join(['sh', *words])}" if error.errno == 8 else ""
    return CANNOT_RUN, Problem("command-failed", f"`{name}` cannot be run: {error.strerror}", where, hint)
