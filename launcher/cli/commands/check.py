"""`launch check`: every problem of every profile; nothing is started."""

from __future__ import annotations

from dataclasses import replace

import click

from launcher.cli.options import OUTPUT, GroupedOption, SettingsCommand, make_request, output_options, request_options
from launcher.cli.preview import obstacles
from launcher.cli.telling import document, problem_json
from launcher.cli.usage import on_command_line
from launcher.config.resolve import Checked, resolve_all, resolve_profile
from launcher.errors import ExitCode, LaunchError
from launcher.frame import count, plural

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from launcher.cli.invocation import Invocation
    from launcher.config.resolve import Request
    from launcher.console import Cell, Console
    from launcher.errors import Problem


@click.pass_context
def _run(ctx: click.Context, /, strict: bool, as_json: bool, **params: object) -> int:
    invocation: Invocation = ctx.obj
    request = make_request(ctx, params)
    checked, apart = _check(request)
    found = dict.fromkeys([*(problem for item in checked for problem in item.problems), *apart])
    problems = [on_command_line(problem, invocation.argv) for problem in found]
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
        GroupedOption(["--strict"], group=OUTPUT, is_flag=True, help="Exit with code 3 if there are warnings."),
        *request_options(),
        *output_options(machine=True),
    ],
    add_help_option=False,
    help="""Validate all profiles without starting the app.

    Reads the settings files, the .env files and the variables of each profile, or of the profile that --profile names.
    Checks that the module of the app and the other files that `launch dev` needs exist, without importing the app.
    Lists settings that never have an effect. The exit code is 0 without errors, and 2 if you must edit something.
    """,
)


def exit_code(problems: Sequence[Problem], *, strict: bool) -> ExitCode:
    """Return the code for what was found: an error counts more than a warning."""
    if any(not problem.warning for problem in problems):
        return ExitCode.USAGE
    return ExitCode.WARNINGS if problems and strict else ExitCode.STOPPED


def _check(request: Request) -> tuple[list[Checked], list[Problem]]:
    """Return what became of each profile, and the problems that belong to none of them."""
    try:
        if request.profile:
            resolved = resolve_profile(request)
            return [_planned(Checked(resolved.profile, resolved, resolved.warnings))], []
        survey = resolve_all(request)
    except LaunchError as error:
        return [], list(error.problems)
    return [_planned(item) for item in survey.profiles], list(survey.apart)


def _planned(item: Checked) -> Checked:
    """Return *item* with everything that `launch dev` would not find; on another machine a path may be there."""
    found = obstacles(item.resolved) if item.resolved else []
    path = "path-missing"
    return replace(item, problems=(*item.problems, *(replace(p, warning=p.warning or p.slug == path) for p in found)))


def _tell(checked: Sequence[Checked], problems: Sequence[Problem], console: Console, *, gap: bool) -> None:
    if gap and checked:
        console.line()
    if checked:
        console.table([_row(item) for item in checked])
    if not problems:
        console.line()
        console.line(f"No problem in {plural(len(checked), 'profile')}.")


def _row(item: Checked) -> list[Cell]:
    errors = any(not problem.warning for problem in item.problems)
    word: Cell = ("error", "fail") if errors else ("warning", "warn") if item.problems else ("good", "ok")
    return [word, item.profile or "(base)", count(item.problems) if item.problems else ""]


def _json(checked: Iterable[Checked], problems: Iterable[Problem], code: ExitCode) -> str:
    profiles = [
        {
            "name": item.profile,
            "errors": sum(not problem.warning for problem in item.problems),
            "warnings": sum(problem.warning for problem in item.problems),
        }
        for item in checked
    ]
    return document(exit_code=int(code), profiles=profiles, problems=[problem_json(problem) for problem in problems])
