"""`launch check`: every problem of every profile; nothing is started."""

from __future__ import annotations

import click

from launcher.cli.options import OUTPUT, GroupedOption, SettingsCommand, make_request, output_options, request_options
from launcher.cli.telling import document, problem_json
from launcher.config.resolve import resolve_all, resolve_profile
from launcher.errors import ExitCode, LaunchError
from launcher.frame import count, plural

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from launcher.cli.invocation import Invocation
    from launcher.config.resolve import Checked, Request, Survey
    from launcher.console import Cell, Console
    from launcher.errors import Problem


@click.pass_context
def _run(ctx: click.Context, /, strict: bool, as_json: bool, **params: object) -> int:
    invocation: Invocation = ctx.obj
    request = make_request(ctx, params)
    checked, never = _check(request)
    problems = list(dict.fromkeys([*(problem for item in checked for problem in item.problems), *never]))
    code = exit_code(problems, strict=strict)
    if as_json:
        invocation.out().line(_json(checked, problems, code))
    else:
        invocation.err().problems(problems)
        _tell(checked, problems, invocation.out(), gap=bool(problems))
    return code


command = SettingsCommand(
    "check",
    callback=_run,
    params=[
        GroupedOption(["--strict"], group=OUTPUT, is_flag=True, help="End with code 3 when there are warnings."),
        *request_options(),
        *output_options(machine=True),
    ],
    add_help_option=False,
    help="""Find every problem in every profile; start nothing.

    All settings files, .env files and variables are read and checked for each profile (or for the one that --profile
    names), and settings that can never win are listed. The app is not imported. Ends with code 0 when all is well,
    2 when something must be edited.
    """,
)
