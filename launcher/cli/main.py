"""argv to a command, and errors to exit codes: the only place that does either.

Reads argv, environment, folder and streams of the process, once, and hands them down. A command's module is imported
when the command is chosen, so that `launch --help` needs nothing but the parser.
"""

from __future__ import annotations

import os
import sys

import click

from launcher.cli.invocation import Invocation
from launcher.cli.options import UnknownCommandError, color_option, help_option
from launcher.console import OutputError
from launcher.errors import ExitCode, LaunchError, Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import NoReturn, TextIO

# Title of the group in the help: name of the command, which is also the name of its module, and its help.
COMMANDS = {
    "Run": {
        "dev": "Serve the app, and start it again when its files change.",
        "init": "Write a first devserver.toml from what the project says today.",
        "exec": "Run any command with the app's variables, in the project's folder.",
    },
    "Understand": {
        "explain": "Show each setting, where its value comes from, and what it hides.",
        "check": "Find every problem in every profile; start nothing.",
        "profiles": "List the profiles, or compare two of them.",
        "doctor": "Look for what could keep this machine from serving the project.",
        "env": "Print the app's variables, for another program.",
        "schema": "Print the JSON Schema for editors, or describe a setting.",
        "completion": "Print the script with which your shell completes lines of launch.",
        "help": "Show the help of a command, or what an error means.",
    },
}
UNLISTED = ("program",)
"""Commands that are no business of people."""

EXAMPLES = {
    "launch dev": "serve what devserver.toml says",
    "launch dev shop:create_app": "serve this app",
    "launch dev --profile eager": "with the settings of a profile",
    "launch explain port": "why is the port what it is?",
}


class Commands(click.Group):
    """The commands by name; each is imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the order of the help."""
        return command_names()

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command and return the command; None for a name that is no command."""
        if cmd_name not in (*command_names(), *UNLISTED):
            return None
        from importlib import import_module  # the module is found by its name, in the table above

        command: click.Command = import_module(f"launcher.cli.commands.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command for the first argument; raise `UnknownCommandError` where there is none."""
        if args[0] not in (*command_names(), *UNLISTED):
            raise UnknownCommandError(args[0], command_names(), ctx)
        return super().resolve_command(ctx, args)

    def get_help(self, ctx: click.Context) -> str:
        """Return the help of `launch` itself, made from the table, so that no command has to be imported for it."""
        return help_text()


def command_names() -> list[str]:
    """Return the names of all commands."""
    return [name for group in COMMANDS.values() for name in group]


def help_text() -> str:
    """Return what `launch --help` prints."""
    sections = [(f"{title}:", list(group.items())) for title, group in COMMANDS.items()]
    options = {"-h, --help": "Show this; after a command, all of its flags.", "--version": "Show the version."}
    sections.append(("Options:", list(options.items())))
    lines = ["Usage: launch COMMAND [ARGUMENTS]", ""]
    lines += ["Starts your team's WSGI app for development from one committed file."]
    for title, rows in sections:
        lines += ["", title, *(f"  {name:<12}{text}" for name, text in rows)]
    lines += ["", "Examples:", *(f"  {line:<30}{text}" for line, text in EXAMPLES.items())]
    return "\n".join(lines)


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
        _silence(stdout, stderr)  # the reader has what it wanted
        return ExitCode.STOPPED
    except OutputError as error:
        return _output_failed(error, invocation)


def _guarded(invocation: Invocation) -> int:
    try:
        return _dispatch(invocation)
    except LaunchError as error:
        from launcher.cli.usage import on_command_line  # only to fail

        invocation.err().problems(on_command_line(problem, invocation.argv) for problem in error.problems)
        return error.exit_code
    except click.ClickException as error:
        from launcher.cli.usage import explain  # only a wrong command line needs it

        invocation.err().problems([explain(error, invocation)])
        return ExitCode.USAGE
    except (KeyboardInterrupt, click.Abort):
        return ExitCode.INTERRUPTED
    except (BrokenPipeError, OutputError):
        raise
    except Exception:  # noqa: BLE001 - the boundary: whatever arrives here is our own bug
        from traceback import format_exc

        from launcher import __version__
        from launcher.config.redact import without_secrets

        invocation.err().bug(__version__, without_secrets(format_exc(), invocation.environ))
        return ExitCode.BUG


def _dispatch(invocation: Invocation) -> int:
    if invocation.environ.get("_LAUNCH_COMPLETE"):  # a shell asks, by the script of `launch completion`
        return _complete(invocation)
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


def root() -> Commands:
    """Return the command `launch`, which only chooses another."""
    version = click.Option(
        ["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version."
    )
    return Commands(
        "launch",
        params=[version, color_option(), help_option()],
        callback=_no_command,
        invoke_without_command=True,
        add_help_option=False,
    )


@click.pass_context
def _no_command(ctx: click.Context) -> int:
    if ctx.invoked_subcommand is None:
        invocation: Invocation = ctx.obj
        invocation.out().write(ctx.get_help() + "\n")
    return ExitCode.STOPPED


def _version(ctx: click.Context, param: click.Parameter, value: object) -> None:
    if value and not ctx.resilient_parsing:
        from launcher import __version__

        invocation: Invocation = ctx.obj
        invocation.out().line(f"launch {__version__}")
        ctx.exit()


def _output_failed(error: OutputError, invocation: Invocation) -> int:
    """Say that the output cannot be written, if that at least can be."""
    _silence(invocation.stdout)
    problem = Problem("output", f"the output cannot be written: {error.strerror}")
    try:
        invocation.err().problems([problem])
    except OSError:
        _silence(invocation.stderr)
    return ExitCode.FAILED


def _silence(*streams: TextIO | None) -> None:
    """Keep the interpreter from flushing into a stream that is gone when it ends, which would be one more error."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        if stream is not None:
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
