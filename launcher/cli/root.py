"""The command `launch`: the table of the others, its help, and the choice among them.

A command's module is imported when the command is chosen, so that `launch --help` needs nothing but the parser.
"""

from __future__ import annotations

import click

from launcher.cli.options import UnknownCommandError, color_option, help_option
from launcher.errors import ExitCode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from launcher.cli.invocation import Invocation

# Title of the group in the help: name of the command, which is also the name of its module, and its help.
COMMANDS = {
    "Run": {
        "dev": "Serve the app, and reload it when its files change.",
        "init": "Write a devserver.toml from the existing files of the project.",
        "exec": "Run a command with the app's variables, in the project's folder.",
    },
    "Understand": {
        "explain": "Show each setting, where it is set, and what it overrides.",
        "check": "Validate all profiles without starting the app.",
        "profiles": "List the profiles, or compare two.",
        "doctor": "Diagnose this machine and project.",
        "env": "Print the app's variables.",
        "schema": "Print the JSON Schema for editors, or describe a setting.",
        "completion": "Print the completion script for a shell.",
        "help": "Show the help of a command, or explain an error.",
    },
}
UNLISTED = ("program",)
"""Internal commands, which the help does not list."""

EXAMPLES = {
    "launch dev": "serve the app of devserver.toml",
    "launch dev shop:create_app": "serve this app",
    "launch dev --profile eager": "use the settings of a profile",
    "launch explain port": "show where the port is set",
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
    options = {"-h, --help": "Show this help. After a command, show its flags.", "--version": "Show the version."}
    sections.append(("Options:", list(options.items())))
    lines = ["Usage: launch COMMAND [ARGUMENTS]", ""]
    lines += ["Start your team's WSGI app for development from one committed file."]
    for title, rows in sections:
        lines += ["", title, *(f"  {name:<12}{text}" for name, text in rows)]
    lines += ["", "Examples:", *(f"  {line:<30}{text}" for line, text in EXAMPLES.items())]
    return "\n".join(lines)


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
