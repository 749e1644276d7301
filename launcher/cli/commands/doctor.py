"""`launch doctor`: whether this machine is fit to serve this project, one line for each thing that could be wrong."""

from __future__ import annotations

import time

import click

from launcher.cli import checkup
from launcher.cli.options import SettingsCommand, make_request, output_options, request_options
from launcher.cli.telling import document
from launcher.config.outline import outline_profile
from launcher.config.resolve import read, resolve_profile
from launcher.errors import ExitCode, LaunchError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from launcher.cli.checkup import Row
    from launcher.cli.invocation import Invocation
    from launcher.config.outline import Outline
    from launcher.config.resolve import Request
    from launcher.console import Cell, Console
    from launcher.errors import Problem

_STYLES = {checkup.OK: "good", checkup.WARN: "warning", checkup.FAIL: "error"}


@click.pass_context
def _run(ctx: click.Context, /, as_json: bool, **params: object) -> int:
    invocation: Invocation = ctx.obj
    rows = examine(make_request(ctx, params), invocation)
    if as_json:
        checks = [{"level": level, "subject": subject, "text": text} for level, subject, text in rows]
        invocation.out().line(document(checks=checks))
    else:
        _tell(rows, invocation.out())
    return ExitCode.USAGE if any(level == checkup.FAIL for level, _, _ in rows) else ExitCode.STOPPED


command = SettingsCommand(
    "doctor",
    callback=_run,
    params=[*request_options(), *output_options(machine=True)],
    add_help_option=False,
    help="""Diagnose this machine and project.

    Shows the Python in use, the settings files, the program that holds the port, and the expiry of the certificate.
    Also checks whether git tracks personal files, whether the system reports changed files, and whether the schema
    for editors is current. Shows how the app will be reloaded. Does not import the app, and changes nothing. The exit
    code is 2 if a check failed.
    """,
)


def examine(request: Request, invocation: Invocation) -> list[Row]:
    """Return what was found; what needs right settings is left out where they are not."""
    found, problems = _outline(request)
    project = found.project if found else read(request)[0].project  # without .env files, which a profile chooses
    rows = [checkup.interpreter(invocation.environ, project.root), checkup.settings(found, problems)]
    rows += checkup.files(project.candidates, project.root)
    rows += checkup.secrecy(project.candidates, project.root)
    if found and not any(not problem.warning for problem in problems):
        resolved = resolve_profile(request)
        rows += [checkup.address(resolved), *checkup.certificate(resolved, time.time()), checkup.engine(resolved)]
    return [*rows, checkup.watcher(), checkup.schema(project.root)]


def _outline(request: Request) -> tuple[Outline | None, Sequence[Problem]]:
    try:
        found = outline_profile(request)
    except LaunchError as error:
        return None, error.problems
    return found, found.problems


def _tell(rows: Sequence[Row], console: Console) -> None:
    before = ""
    cells: list[Sequence[Cell]] = []
    for level, subject, text in rows:
        cells.append([(_STYLES[level], level), ("strong", "" if subject == before else subject), text])
        before = subject
    console.table(cells)
