"""`launch profiles`: the profiles of a project, and what differs between two of them."""

from __future__ import annotations

from dataclasses import replace

import click

from launcher.cli.options import SettingsCommand, make_request, output_options, request_options
from launcher.cli.telling import candidate_json, document, hides_value, origin_json, problem_json, shown_candidate, spot
from launcher.cli.trouble import all_problems, tell_problems
from launcher.config import key as keys
from launcher.config.outline import outline_profile
from launcher.errors import Problem, UsageError
from launcher.redact import mask
from launcher.text import clip, escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from launcher.cli.invocation import Invocation
    from launcher.config.layer import History
    from launcher.config.outline import Outline
    from launcher.config.resolve import ProfileInfo, Request
    from launcher.console import Cell, Console
    from launcher.frame import Look

    Difference = tuple[tuple[str, ...], History | None, History | None]

_WIDEST = 32
BASE_NAMES = ("base", "(base)")  # no profile can be called so


@click.pass_context
def _run(ctx: click.Context, /, words: tuple[str, ...], as_json: bool, **params: object) -> int:
    invocation: Invocation = ctx.obj
    request = make_request(ctx, params)
    if not words:
        resolved = outline_profile(request)
        code = tell_problems([resolved], (), invocation)
        console = invocation.out()
        console.line(_list_json(resolved)) if as_json else _tell_list(resolved, console)
        return code
    if words[0] != "diff" or len(words) != 3:
        raise click.UsageError("this takes nothing, or `diff` and the names of two profiles", ctx)
    sides = [_resolve_side(request, name) for name in words[1:]]
    found = differences(*sides)
    shown = [key for key, _, _ in found]
    code = tell_problems(sides, shown, invocation)
    console = invocation.out()
    console.line(_diff_json(sides, found)) if as_json else _tell_diff(sides, found, console)
    return code


command = SettingsCommand(
    "profiles",
    callback=_run,
    params=[
        click.Argument(["words"], nargs=-1, metavar="[diff A B]"),
        *request_options(),
        *output_options(machine=True),
    ],
    add_help_option=False,
    help="""List the profiles, or compare two.

    The list marks the profile that `launch dev` would use. `diff A B` shows every setting and variable that differs
    between two profiles, and where each value is set. (base) stands for no profile. Does not import the app.
    """,
)


def differences(one: Outline, other: Outline) -> list[Difference]:
    """Return the keys whose values differ, each with both histories; None stands for a key that one does not have."""
    known = list(dict.fromkeys([*one.history, *other.history]))
    pairs = [(key, one.history.get(key), other.history.get(key)) for key in known]
    return [pair for pair in pairs if _value(pair[1]) != _value(pair[2])]


def _value(record: History | None) -> tuple[bool, object]:
    winner = record.winner if record else None
    return (False, None) if winner is None or winner.unset else (True, winner.value)


def _resolve_side(request: Request, name: str) -> Outline:
    """Return one side of a comparison; what the environment says about the profile does not count for it."""
    if name not in BASE_NAMES:
        return outline_profile(replace(request, profile=name))
    environ = {key: value for key, value in request.environ.items() if key != "LAUNCH_PROFILE"}
    resolved = outline_profile(replace(request, environ=environ, profile=None))
    if resolved.profile:
        hint = f"compare with `{resolved.profile}`, which is the default-profile"
        raise UsageError(Problem("unknown-profile", "[base] alone is never used in this project", None, hint))
    return resolved


def _tell_list(resolved: Outline, console: Console) -> None:
    if not resolved.profiles:
        console.line("There are no profiles here. One begins with [profiles.NAME] in devserver.toml,")
        console.line("or with a file profiles/NAME.toml.")
        return
    columns = ["", "NAME", "FROM", "EXTENDS", "CHANGES", "DESCRIPTION"]
    rows = [_list_row(info, resolved, console.look) for info in resolved.profiles]
    shown = [number for number, title in enumerate(columns) if title == "" or any(row[number] for row in rows)]
    console.table([[row[n] for n in shown] for row in rows], header=[columns[n] for n in shown], indent=0)


def _list_row(info: ProfileInfo, resolved: Outline, look: Look) -> list[Cell]:
    used = info.name == resolved.profile
    mark: Cell = ("good", "*") if used else ""
    changes = clip(", ".join(info.keys), _WIDEST)
    note = mask(info.description) or ("only to be extended" if info.abstract else "")
    name: Cell = ("strong", info.name) if used else info.name
    return [mark, name, spot(info.origin, look), ", ".join(info.extends), changes, note]


def _tell_diff(sides: list[Outline], found: list[Difference], console: Console) -> None:
    if not found:
        console.line("No setting and no variable differs.")
        return
    rows: list[list[Cell]] = []
    for key, *records in found:
        for number, (side, record) in enumerate(zip(sides, records, strict=True)):
            name: Cell = ("strong", "" if number else keys.join(key))
            rows.append([name, side.profile or "(base)", *_side(record, console.look)])
    console.table(rows)


def _side(record: History | None, look: Look) -> tuple[str, str]:
    if record is None:
        return "(not set)", ""
    value = escape(shown_candidate(record.winner, secret=hides_value(record)))
    return clip(value, _WIDEST), spot(record.winner.origin, look)


def _list_json(resolved: Outline) -> str:
    return document(
        project=resolved.project.root,
        file=resolved.project.file,
        used=resolved.profile,
        profiles=[
            {
                "name": info.name,
                "origin": origin_json(info.origin),
                "extends": list(info.extends),
                "changes": list(info.keys),
                "description": mask(info.description),
                "abstract": info.abstract,
                "local": info.local,
            }
            for info in resolved.profiles
        ],
        problems=[problem_json(problem) for problem in resolved.problems],
    )


def _diff_json(sides: list[Outline], found: list[Difference]) -> str:
    def tell(record: History | None) -> dict[str, Any] | None:  # Any: JSON
        return candidate_json(record.winner, secret=hides_value(record)) if record else None

    return document(
        profiles=[side.profile for side in sides],
        differences=[{"key": keys.join(key), "values": [tell(one), tell(other)]} for key, one, other in found],
        problems=[problem_json(problem) for problem in all_problems(sides)],
    )
