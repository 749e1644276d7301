"""`launch explain`: each setting, where its value comes from, what it hides, and where to change it."""

from __future__ import annotations

import os
from dataclasses import replace

import click

from launcher.cli.advice import changes, idle_profiles, unset_places, variables_for
from launcher.cli.as_flags import command_line
from launcher.cli.environment import found_app, shell_word
from launcher.cli.flags import flags_for
from launcher.cli.options import OUTPUT, GroupedOption, SettingsCommand, make_request, output_options, request_options
from launcher.cli.telling import candidate_json, document, hides_value, problem_json, shown_candidate, spot
from launcher.cli.trouble import tell_problems
from launcher.config import key as keys
from launcher.config.layer import History, Source
from launcher.config.outline import outline_profile
from launcher.config.resolve import resolve_profile
from launcher.config.schema import by_key, tables
from launcher.config.variables import text_of
from launcher.errors import ExitCode, Place, Problem, UsageError, nearest
from launcher.frame import Look
from launcher.redact import mask
from launcher.text import clip, escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from launcher.cli.invocation import Invocation
    from launcher.config.layer import Candidate
    from launcher.config.outline import Outline
    from launcher.config.resolve import ResolvedProfile
    from launcher.console import Cell, Console

_WIDEST = 32  # columns of a value in the table of all settings; `explain KEY` shows more of it


@click.pass_context
def _run(
    ctx: click.Context, /, key: str | None, everything: bool, as_flags: bool, as_json: bool, **params: object
) -> int:
    invocation: Invocation = ctx.obj
    if as_flags and key is not None:
        raise click.UsageError("--as-flags tells all settings: leave KEY out", ctx)
    if as_flags:
        return _tell_flags(resolve_profile(make_request(ctx, params)), invocation, as_json=as_json)
    resolved = outline_profile(make_request(ctx, params))
    if key is None:
        records = _ordered(r for r in resolved.history.values() if everything or not _is_default(r))
    else:
        records = find_records(resolved, key.strip())
    code = tell_problems([resolved], [record.key for record in records], invocation, everything=key is None)
    console = invocation.out()
    if key is not None and key.strip() not in tables():
        console.line(_one_json(resolved, records[0])) if as_json else _tell_one(resolved, records[0], console)
    elif as_json:
        console.line(_all_json(resolved, records))
    else:
        _tell_all(resolved, records, console, all_shown=everything or key is not None)
    return code


command = SettingsCommand(
    "explain",
    callback=_run,
    params=[
        click.Argument(["key"], required=False, metavar="[KEY]"),
        GroupedOption(
            ["--all", "everything"], group=OUTPUT, is_flag=True, help="Show settings at their defaults, too."
        ),
        GroupedOption(
            ["--as-flags"],
            group=OUTPUT,
            is_flag=True,
            help="Print one command that has the same settings without any file. Leaves out secrets.",
        ),
        *request_options(),
        *output_options(machine=True),
    ],
    add_help_option=False,
    help="""Show each setting, where it is set, and what it overrides.

    KEY is a setting, such as port or reload.engine, or env.NAME for a variable of the app. With KEY, launch shows every
    value of that setting, and where to change it. Does not import the app.
    """,
)


def _tell_flags(resolved: ResolvedProfile, invocation: Invocation, *, as_json: bool) -> int:
    invocation.err().problems(resolved.warnings)
    words, left_out = command_line(resolved)
    console = invocation.out()
    if as_json:
        console.line(document(folder=resolved.project.root, argv=words, left_out=left_out))
        return ExitCode.STOPPED
    console.line(" ".join(shell_word(word) for word in words))
    if left_out:
        console.line(f"# secret, so left out: {escape(', '.join(left_out))}")
    if os.path.normpath(invocation.cwd) != os.path.normpath(resolved.project.root):
        note = invocation.err()
        note.line(f"{note.paint('warning', 'note:')} to be run in {note.look.path(resolved.project.root)}")
    return ExitCode.STOPPED


def _tell_all(resolved: Outline, records: list[History], console: Console, *, all_shown: bool) -> None:
    look = console.look
    console.line(_title(resolved, look))
    for header, group in (("SETTING", _settings(records)), ("VARIABLE", _variables(records))):
        if group:
            console.line()
            console.table([_row(record, look) for record in group], header=(header, "VALUE", "FROM"))
    if not records:
        console.line("\n  Nothing is set here.")
    if not all_shown:
        console.line()
        console.line(look.paint("faint", "  All other settings have their defaults: launch explain --all"))


def _settings(records: list[History]) -> list[History]:
    return [record for record in records if not keys.is_whole(record.key)]


def _variables(records: list[History]) -> list[History]:
    return [record for record in records if keys.is_whole(record.key)]


def _title(resolved: Outline, look: Look) -> str:
    name = look.paint("strong", resolved.profile or "(base)")
    chain = resolved.chain[:-1][::-1]
    above = f", which extends {', '.join(chain)}" if chain else ""
    where = look.path(resolved.project.file) if resolved.project.file else "no devserver.toml"
    return f"profile {name}{above}   {look.paint('faint', where)}"


def _row(record: History, look: Look) -> list[Cell]:
    name = record.key[1] if keys.is_whole(record.key) else mask(keys.join(record.key))
    winner, secret = record.winner, hides_value(record)
    if keys.is_whole(record.key) and not winner.unset:
        winner = replace(winner, value=text_of(winner))
    missing = winner.value is None and not winner.unset
    value = "(required)" if missing else clip(escape(shown_candidate(winner, secret=secret)), _WIDEST)
    hidden = sum(item.origin.source is not Source.DEFAULT for item in record.candidates[1:])
    origin = record.winner.origin
    shell = keys.is_whole(record.key) and origin.source is Source.ENVIRONMENT
    return [
        ("strong", name),
        value,
        ("the shell" if shell else spot(origin, look)) + (f", hides {hidden}" if hidden else ""),
    ]


def _tell_one(resolved: Outline, record: History, console: Console) -> None:
    look, secret = console.look, hides_value(record)
    dotted = keys.join(record.key)
    value = escape(shown_candidate(record.winner, secret=secret)) if record.candidates else "(not set)"
    console.line(f"{look.paint('strong', escape(dotted))} = {look.paint('strong', value)}")
    if row := by_key().get(dotted):
        console.table([(f"{row.help} Must be {row.type}.",)])
    console.line()
    if record.candidates:
        console.table([_candidate_row(item, item is record.winner, secret, look) for item in record.candidates])
        console.line()
    if found := _found(resolved, record):
        console.line(f"no setting names the app, and launch dev finds {escape(found)}")
        console.line()
    _tell_places(resolved, record, console)


def _found(resolved: Outline, record: History) -> str:
    """Return the app that is served where *record* is that of an `app` without a value."""
    if record.key != ("app",) or (record.candidates and record.winner.value):
        return ""
    folder = resolved.history.get(("app-dir",))
    value = folder.winner.value if folder is not None and folder.candidates else ""
    return found_app(resolved.project.root, value if isinstance(value, str) else "")


def _tell_places(resolved: Outline, record: History, console: Console) -> None:
    look = console.look
    rows: list[Sequence[Cell]] = []
    if places := unset_places(resolved, record, look):
        rows.append([("faint", "not set in"), ", ".join(places)])
    if idle := idle_profiles(resolved, record):
        rows.append([("faint", "not active"), f"profile {', '.join(idle)} would set it too"])
    console.table(rows)
    titles = ("to change ", "", "")  # as wide as the titles above
    found = changes(resolved, record, look).items()
    console.table([[("faint", title), f"{who}:", where] for title, (who, where) in zip(titles, found, strict=True)])


def _candidate_row(item: Candidate, used: bool, secret: bool, look: Look) -> list[Cell]:
    origin, style = item.origin, "strong" if used else ""
    value = shown_candidate(item, secret=secret)
    title = {
        Source.BASE: "[base]",
        Source.PROFILE: f"profile {origin.profile}",
        Source.LOCAL_BASE: "[base], this machine only",
        Source.LOCAL_PROFILE: f"profile {origin.profile}, this machine only",
    }.get(origin.source, "")
    note: Cell = ("good", "used") if used else ("faint", title)
    return [(style, spot(origin, look)), (style, clip(escape(value), max(look.width // 2, _WIDEST))), note]


def _all_json(resolved: Outline, records: list[History]) -> str:
    def tell(record: History) -> dict[str, Any]:  # Any: JSON
        return candidate_json(record.winner, secret=hides_value(record))

    return document(
        profile=resolved.profile,
        chain=list(resolved.chain),
        project=resolved.project.root,
        file=resolved.project.file,
        settings={mask(keys.join(record.key)): tell(record) for record in _settings(records)},
        variables={record.key[1]: tell(record) for record in _variables(records)},
        problems=[problem_json(problem) for problem in resolved.problems],
    )


def _one_json(resolved: Outline, record: History) -> str:
    dotted, secret, look = keys.join(record.key), hides_value(record), Look()
    row = by_key().get(dotted)
    return document(
        key=dotted,
        profile=resolved.profile,
        type=row.type if row else "text",
        help=row.help if row else "",
        flags=[flag.name for flag in flags_for(dotted)],
        variables=variables_for(dotted),
        candidates=[candidate_json(item, secret=secret) for item in record.candidates],
        found=_found(resolved, record),
        not_set_in=unset_places(resolved, record, look),
        not_active=idle_profiles(resolved, record),
        change={who.replace(" ", "_"): where for who, where in changes(resolved, record, look).items()},
        problems=[problem_json(problem) for problem in resolved.problems],
    )


def find_records(resolved: Outline, key: str) -> list[History]:
    """Return the history of a setting, or of all in a table; raise `UsageError` for a key that does not exist.

    The history of a setting that nobody set has no candidates.
    """
    parts = keys.split(key)
    inside = _ordered(record for record in resolved.history.values() if record.key[: len(parts)] == parts)
    if parts in resolved.history:
        return [resolved.history[parts]]
    if key in tables():
        return inside
    siblings = [keys.join(other) for other in resolved.history if other[:-1] == parts[:-1]]
    is_open = len(parts) > 1 and parts[-1] and "=" not in key and keys.join(parts[:-1]) in _open_tables()
    if key in by_key() or (is_open and not nearest(key, siblings)):
        return [History(parts, ())]
    raise UsageError(_unknown(resolved, key))


def _open_tables() -> list[str]:
    return [row.key for row in by_key().values() if row.kinds == ("map",)]


def _unknown(resolved: Outline, key: str) -> Problem:
    known = list(dict.fromkeys([*by_key(), *tables(), *(keys.join(parts) for parts in resolved.history)]))
    dashed = key.replace("_", "-")
    match = nearest(dashed, known) or next((name for name in known if name.rpartition(".")[2] == dashed), None)
    hint = f"did you mean `{match}`?" if match else "all settings: launch explain --all"
    place = Place("command line", 0, len("launch explain ") + 1, f"launch explain {key}", len(key))
    return Problem("unknown-key", f"`{key}` is not a setting", place, hint)


def _ordered(records: Iterable[History]) -> list[History]:
    """Return records in the order of the schema, variables of the app last."""
    order = {key: number for number, key in enumerate(by_key())}

    def position(record: History) -> tuple[int, str]:
        dotted = keys.join(record.key)
        table = keys.join(record.key[:-1])
        return len(order) if keys.is_whole(record.key) else order.get(dotted, order.get(table, 0)), dotted

    return sorted(records, key=position)


def _is_default(record: History) -> bool:
    """Return whether a value is what it would be without any file, variable or flag."""
    row = by_key().get(keys.join(record.key))
    if record.winner.origin.source is Source.DERIVED:
        return row is not None and record.winner.value == row.default
    return record.winner.origin.source is Source.DEFAULT
