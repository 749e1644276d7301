"""`launch schema`: what can be written in the settings files, for editors as JSON Schema, for people as text."""

from __future__ import annotations

import json

import click

from launcher import __version__
from launcher.cli.flags import flags_for
from launcher.cli.options import OUTPUT, GroupedOption, SettingsCommand, output_options
from launcher.cli.telling import shown_value
from launcher.cli.usage import place
from launcher.config.json_schema import KINDS, json_schema
from launcher.config.schema import FILE_KEYS, PROFILE_KEYS, by_key, tables
from launcher.config.sources.pairs import FLASK
from launcher.errors import ExitCode, Problem, UsageError, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from launcher.cli.invocation import Invocation
    from launcher.config.schema import Setting
    from launcher.console import Cell, Console


@click.pass_context
def _run(ctx: click.Context, /, key: str | None, as_text: bool, kind: str | None) -> int:
    invocation: Invocation = ctx.obj
    console = invocation.out()
    if key is None and not as_text:
        console.line(json.dumps(json_schema(kind or KINDS[0], __version__), indent=2))
        return ExitCode.STOPPED
    rows = find_settings((key or "").strip(), invocation.argv)
    _tell(rows[0], console) if len(rows) == 1 else _tell_all(rows, console, names=key is None)
    return ExitCode.STOPPED


command = SettingsCommand(
    "schema",
    callback=_run,
    params=[
        click.Argument(["key"], required=False, metavar="[KEY]"),
        GroupedOption(["--text", "as_text"], group=OUTPUT, is_flag=True, help="Print readable text."),
        GroupedOption(
            ["--for", "kind"],
            group=OUTPUT,
            type=click.Choice(KINDS),
            help="File that the schema is for: devserver.toml (project, the default) or profiles/NAME.toml (profile).",
        ),
        *output_options(machine=False),
    ],
    add_help_option=False,
    help="""Print the JSON Schema for editors, or describe a setting.

    Without KEY, prints a JSON Schema (draft 2020-12) for devserver.toml and devserver.local.toml. `launch init` writes
    a copy to the folder .launch. Editors find it through the first line of the file, #:schema. To write it again:

        launch schema > .launch/devserver.schema.json

    With KEY or --text, describes settings: their meaning, type, default, variable and flags. Reads no file of the
    project.
    """,
)


def find_settings(key: str, argv: Sequence[str]) -> list[Setting]:
    """Return the setting called *key*, those of a table, or all; raise `UsageError` for a key that does not exist."""
    rows = {**{row.key: row for row in (*FILE_KEYS, *PROFILE_KEYS)}, **by_key()}
    if key in rows:
        return [rows[key]]
    if found := [row for row in rows.values() if not key or row.key.startswith(f"{key}.")]:
        return found
    known = [*rows, *tables()]
    dashed = key.replace("_", "-")
    match = nearest(dashed, known) or next((name for name in known if name.rpartition(".")[2] == dashed), None)
    hint = f"did you mean `{match}`?" if match else "all settings: launch schema --text"
    raise UsageError(Problem("unknown-key", f"`{key}` is not a setting", place(argv, key), hint))


def _tell(row: Setting, console: Console) -> None:
    console.line(console.paint("strong", row.key))
    console.table([(f"{row.help} Must be {row.type}.",)])
    console.line()
    flags = ", ".join(dict.fromkeys(name for flag in flags_for(row.key) for name in (*flag.names, *flag.off)))
    variables = ", ".join(
        [*([row.variable] if row.variable else []), *(n for n, key in FLASK.items() if key == row.key)]
    )
    werkzeug = f"run_simple({row.werkzeug}=...)" if row.werkzeug else ""
    flask = f"flask run {row.flask}" if row.flask else ""
    facts = {
        "default": shown_value(row.default) if row.default != "" else "",
        "flags": flags,
        "variables": variables,
        "elsewhere": ", ".join(filter(None, (flask, werkzeug))),
    }
    rows: list[Sequence[Cell]] = [[("faint", name), text] for name, text in facts.items() if text]
    console.table(rows)


def _tell_all(rows: Sequence[Setting], console: Console, *, names: bool) -> None:
    """Write all settings: their names everywhere, or for the settings of one table what they mean."""
    if not names:
        console.table([[("strong", row.key), f"{row.help} Must be {row.type}."] for row in rows])
        return
    cells: list[Sequence[Cell]] = [
        [("strong", row.key), row.variable, "".join(flag.name for flag in flags_for(row.key)[:1])] for row in rows
    ]
    console.table(cells, header=("SETTING", "VARIABLE", "FLAG"), indent=0)
    console.line()
    console.line(console.paint("faint", "What one of them means: launch schema KEY"))
