"""`launch env`: the app's variables for another program, with the secret ones masked unless they are asked for."""

from __future__ import annotations

import click

from launcher.cli.environment import Value, app_variables, dotenv_line, shell_line
from launcher.cli.options import OUTPUT, GroupedOption, SettingsCommand, make_request, output_options, request_options
from launcher.cli.telling import document, origin_json
from launcher.config.resolve import resolve_profile
from launcher.errors import ExitCode
from launcher.frame import plural
from launcher.planner import removed_variables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from launcher.cli.invocation import Invocation

FORMATS = ("dotenv", "json", "shell")


@click.pass_context
def _run(ctx: click.Context, /, form: str | None, reveal: bool, as_json: bool, **params: object) -> int:
    invocation: Invocation = ctx.obj
    resolved = resolve_profile(make_request(ctx, params))
    invocation.err().problems(resolved.warnings)
    found, removed = app_variables(resolved), removed_variables(resolved)
    if as_json or form == "json":
        text = _json(found, removed, profile=resolved.profile, reveal=reveal)
    else:
        text = "\n".join(lines(found, removed, shell=form == "shell", reveal=reveal))
    if text:
        invocation.out().line(text)
    masked = sum(value.shown != value.text for value in found.values())
    if masked and not reveal:
        console = invocation.err()
        console.line(f"{console.paint('warning', 'note:')} {plural(masked, 'value')} masked; --reveal shows all")
    return ExitCode.STOPPED


command = SettingsCommand(
    "env",
    callback=_run,
    params=[
        GroupedOption(
            ["--format", "form"],
            group=OUTPUT,
            type=click.Choice(FORMATS),
            help="Output format: for a .env file (the default), for programs, or for a shell.",
        ),
        GroupedOption(["--reveal"], group=OUTPUT, is_flag=True, help="Print secret values unmasked."),
        *request_options(),
        *output_options(machine=True),
    ],
    add_help_option=False,
    help="""Print the app's variables.

    Prints the variables that the settings and the .env files set, with their effective values, and FLASK_APP and
    FLASK_DEBUG. Secret values are masked without --reveal. To set the variables in this shell:

        eval "$(launch env --format shell --reveal)"
    """,
)


def lines(found: Mapping[str, Value], removed: Sequence[str], *, shell: bool, reveal: bool) -> list[str]:
    """Return the lines for a shell or for a .env file; only a shell can be told to remove a variable."""
    write = shell_line if shell else dotenv_line
    gone = [f"unset {name}" for name in removed] if shell else []
    return gone + [write(name, value.text if reveal else value.shown) for name, value in found.items()]


def _json(found: Mapping[str, Value], removed: Sequence[str], *, profile: str, reveal: bool) -> str:
    variables = {
        name: {
            **({"value": value.text if reveal else value.shown} if reveal or not value.secret else {"secret": True}),
            "origin": origin_json(value.origin),
        }
        for name, value in found.items()
    }
    return document(profile=profile, variables=variables, removed=list(removed))
