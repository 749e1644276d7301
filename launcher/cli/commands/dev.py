"""`launch dev`: resolve the profile, make the plan, serve."""

from __future__ import annotations

import click

from launcher.cli.options import (
    OUTPUT,
    GroupedOption,
    SettingsCommand,
    flag_options,
    make_request,
    output_options,
    request_options,
)
from launcher.config.resolve import resolve_profile
from launcher.errors import ExitCode
from launcher.planner import build_plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from launcher.cli.invocation import Invocation
    from launcher.config.resolve import Request


@click.pass_context
def _run(ctx: click.Context, /, app: str | None, verbose: int, timings: bool, **params: object) -> int:
    invocation: Invocation = ctx.obj
    return start(make_request(ctx, params, app), color=invocation.color, verbose=verbose, timings=timings)


command = SettingsCommand(
    "dev",
    callback=_run,
    params=[
        click.Argument(["app"], required=False, metavar="[APP]"),
        *flag_options(),
        *request_options(),
        GroupedOption(["-v", "--verbose"], group=OUTPUT, count=True, help="Say more; twice for everything."),
        GroupedOption(["--timings"], group=OUTPUT, is_flag=True, help="Say where the time of a start goes."),
        *output_options(machine=False),
    ],
    add_help_option=False,
    help="""Serve the app, and start it again when its files change.

    APP is what to import: module:name, path/to/file.py:name, or module:factory('x'). Without it, the settings say it,
    or it is found as `flask run` finds it.
    """,
)


def start(request: Request, *, color: str | None, verbose: int, timings: bool) -> int:
    """Serve until told to stop, and return the exit code."""
    build_plan(resolve_profile(request), pin="")
    return ExitCode.STOPPED
