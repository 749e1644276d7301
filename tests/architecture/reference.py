"""Makes pages of docs/reference, and the words for completion (launcher/cli/words.txt), from the code.

python -m tests.architecture.reference            prints the pages
python -m tests.architecture.reference --write    writes them

The settings and their variables come from the schema, the flags from the parser, what `run_simple` and `flask run` can
be told from these two themselves, and the exit codes from `ExitCode`.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

import click
import flask.cli
import werkzeug.serving

from launcher.cli.explanation import body, read_explanations
from launcher.cli.flags import FLAGS
from launcher.cli.options import FlagOption, GroupedOption
from launcher.cli.root import COMMANDS, command_names, root
from launcher.cli.telling import shown_value
from launcher.config import schema
from launcher.config.sources import pairs
from launcher.errors import ExitCode
from tests.architecture.source import PACKAGE, ROOT

FOLDER = ROOT / "docs" / "reference"
WORDS = PACKAGE / "cli" / "words.txt"
MADE = "<!-- Made by tests/architecture/reference.py from the code; do not edit. -->\n\n"

# What is no setting, and what does the same here.
FLASK_ELSEWHERE = {"--version": "`launch --version`"}
FLASK_NOT_SETTINGS = {"--help"}


def settings_page() -> str:
    parts = [MADE, _SETTINGS_HEAD]
    parts += [_section("At the top of devserver.toml", schema.FILE_KEYS, "")]
    parts += [_section("In every profile", schema.PROFILE_KEYS, _PROFILE_NOTE)]
    for table in ("", *(name for name in _tables() if name)):
        title = f"`{table}`" if table else "The common settings"
        note = _table_help(table)
        parts.append(_section(title, [row for row in schema.settings_table() if _table_of(row.key) == table], note))
    parts.append(_section("A variable for the app, as a table", _variable_rows(), _VARIABLE_NOTE))
    parts += [
        "\n## Arguments of run_simple\n",
        _RUN_SIMPLE_HEAD,
        _table(("`run_simple`", "Here"), run_simple_rows()),
    ]
    parts += [
        "\n## Options of flask run\n",
        _FLASK_HEAD,
        _table(("`flask run`", "Flag here", "Setting"), flask_rows()),
    ]
    return _joined(parts)


def command_line_page() -> str:
    parts = [MADE, _COMMAND_LINE_HEAD]
    parts.append(
        _table(
            ("Command", "What it does"), [(f"[`launch {name}`](#launch-{name})", text) for name, text in _commands()]
        )
    )
    for name in command_names():
        parts += _command(name)
    return _joined(parts)


def environment_page() -> str:
    rows = [(f"`{row.variable}`", _key(row.key), _type(row)) for row in schema.settings_table() if row.variable]
    flask_rows = [*((f"`{name}`", _key(key)) for name, key in pairs.FLASK.items()), *_FLASK_DEBUG]
    assert {name for name, _ in _RESERVED} == {f"`{name}`" for name in pairs.RESERVED}
    return _joined(
        [
            MADE,
            _ENVIRONMENT_HEAD,
            _table(("Variable", "Setting", "Read as"), rows),
            "\n## Which settings are read\n",
            _table(("Variable", "Meaning"), _RESERVED),
            "\n## Flask's\n",
            _FLASK_VARIABLES_HEAD,
            _table(("Variable", "Setting"), flask_rows),
            "\n## Other tools'\n",
            _table(("Variable", "Meaning"), _FOREIGN),
            "\n## What the app gets\n",
            _APP_HEAD,
            _table(("Variable", "Value"), _FOR_THE_APP),
        ]
    )


def exit_codes_page() -> str:
    rows = [(str(int(code)), f"`{code.name}`", meaning) for code, meaning in exit_meanings().items()]
    return _joined([MADE, _EXIT_HEAD, _table(("Code", "Name", "Meaning"), rows), _EXIT_FOOT])


def errors_page() -> str:
    parts = [MADE, _ERRORS_HEAD]
    for slug, found in sorted(read_explanations().items()):
        parts.append(f"\n## {slug}\n")
        for text, code in body(found):
            parts += [text, "", *(f"    {line}".rstrip() for line in code), ""]
    return _joined(parts)


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "command-line.md": command_line_page,
    "environment.md": environment_page,
    "exit-codes.md": exit_codes_page,
    "errors.md": errors_page,
}


def run_simple_rows() -> list[tuple[str, str]]:
    """Return every parameter of `run_simple` with our key; raise `LookupError` for one that we do not know."""
    rows = []
    for name in inspect.signature(werkzeug.serving.run_simple).parameters:
        keys = [_key(row.key) for row in schema.settings_table() if row.werkzeug == name]
        if not keys:
            raise LookupError(f"run_simple({name}=...) has no setting")
        rows.append((f"`{name}`", ", ".join(keys)))
    return rows


def flask_rows() -> list[tuple[str, str, str]]:
    """Return every option of `flask run` with our flag and key; raise `LookupError` for one that we do not know."""
    options: dict[str, click.Parameter] = {}
    for option in (*flask.cli.cli.params, *flask.cli.run_command.params):
        name = next(name for name in option.opts if name.startswith("--"))
        if name not in FLASK_NOT_SETTINGS:
            options.setdefault(name, option)
    rows = []
    for name, option in options.items():
        spelled = ", ".join(f"`{word}`" for word in (*option.opts, *option.secondary_opts))
        if name in FLASK_ELSEWHERE:
            rows.append((spelled, FLASK_ELSEWHERE[name], ""))
            continue
        row = next((row for row in schema.settings_table() if row.flask.partition(" ")[0] == name), None)
        if row is None:
            raise LookupError(f"flask run {name} has no setting")
        flag = next(flag for flag in FLAGS if flag.key == row.key)
        spellings = ", ".join(f"`{word}`" for word in (*flag.names, *flag.off))
        keys = [_key(key) for key in dict.fromkeys([row.key, *(word[1] for word in flag.words)])]
        rows.append((spelled, spellings, ", ".join(keys)))
    rows += [(f"`--{word}-loading` (Flask 1)", f"`--{word}-loading`", "`loading`") for word in ("eager", "lazy")]
    return rows


def exit_meanings() -> dict[ExitCode, str]:
    """Return the text that stands below each member of `ExitCode` in errors.py; every member must have one."""
    tree = ast.parse((PACKAGE / "errors.py").read_text(encoding="utf-8"))
    (body,) = (node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "ExitCode")
    found = {}
    for member, text in pairwise(body):
        if isinstance(member, ast.Assign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            target = member.targets[0]
            assert isinstance(target, ast.Name)
            found[ExitCode[target.id]] = " ".join(str(text.value.value).split())
    assert set(found) == set(ExitCode)
    return found


def _section(title: str, rows: Iterable[schema.Setting], note: str) -> str:
    cells = [(_key(row.key), _type(row), _default(row), row.help) for row in rows]
    return (
        f"\n## {title}\n\n" + (f"{note}\n\n" if note else "") + _table(("Key", "Must be", "Default", "Meaning"), cells)
    )


def _tables() -> list[str]:
    return list(dict.fromkeys(_table_of(row.key) for row in schema.settings_table()))


def _table_of(key: str) -> str:
    return key.rpartition(".")[0]


def _table_help(table: str) -> str:
    model: type = schema.Settings
    text = _COMMON_NOTE
    for part in table.split(".") if table else ():
        field = model.model_fields[part.replace("-", "_")]
        text, model = field.description, field.annotation
    return text


def _variable_rows() -> Iterator[schema.Setting]:
    for name, field in schema.AppVariable.model_fields.items():
        kind = "true or false" if field.annotation is bool else "text"
        yield schema.Setting(name, kind, "" if field.default is None else field.default, field.description, "", ())


def _key(key: str) -> str:
    return f"`{key}`"


def _type(row: schema.Setting) -> str:
    return _cell(re.sub(r'"([^"]*)"', r'`"\1"`', row.type))


def _default(row: schema.Setting) -> str:
    return f"`{shown_value(row.default)}`" if row.default != "" else ""


def _commands() -> list[tuple[str, str]]:
    return [(name, text) for group in COMMANDS.values() for name, text in group.items()]


def _command(name: str) -> list[str]:
    with click.Context(root(), info_name="launch") as above:
        command = root().get_command(above, name)
        assert command is not None
        with click.Context(command, parent=above, info_name=name) as ctx:
            usage = " ".join([ctx.command_path, *command.collect_usage_pieces(ctx)])
            parts = [
                f"\n## launch {name}\n",
                f"    {usage}\n",
                inspect.cleandoc(command.help or "").replace("\b\n", ""),
            ]
            return [*parts, *(part for group in _option_groups(ctx) for part in group)]


def _option_groups(ctx: click.Context) -> Iterator[list[str]]:
    groups: dict[str, list[Sequence[str]]] = {}
    for option in ctx.command.params:
        if isinstance(option, FlagOption):
            groups.setdefault(option.group, []).append(
                (_spellings(option), _key(option.flag.key), _meaning(option, ctx))
            )
        elif isinstance(option, GroupedOption):
            groups.setdefault(option.group, []).append((_spellings(option), "", _meaning(option, ctx)))
    for title, rows in groups.items():
        if any(row[1] for row in rows):
            yield [f"\n### {title} (launch {ctx.info_name})\n", _table(("Flag", "Sets", "Meaning"), rows)]
        else:
            yield ["", _table((title, "Meaning"), [(row[0], row[2]) for row in rows])]


def _spellings(option: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    if isinstance(option, FlagOption):
        return names
    return names + (f" `{option.metavar}`" if option.metavar else "")


def _meaning(option: click.Option, ctx: click.Context) -> str:
    record = option.get_help_record(ctx)
    assert record is not None
    return _cell(record[1])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |".replace("|  |", "| |") for cells in lines)


def _joined(parts: Iterable[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts).replace("-->\n\n\n", "-->\n\n").rstrip() + "\n")


_SETTINGS_HEAD = """\
# Settings

Write these keys in `[base]`, in `[profiles.NAME]`, in `profiles/NAME.toml` or in `devserver.local.toml`. `reload.engine = "auto"`
is the same as a table `[base.reload]` with `engine = "auto"`. The [variables](environment.md) and the [flags](command-line.md)
that set the same keys have their own pages. [Which value wins](precedence.md) shows the order of the sources.
"""
_PROFILE_NOTE = (
    "These keys describe a profile. No variable or flag sets them. `[base]` can have `description` and `unset` only."
)
_COMMON_NOTE = "Write these keys directly in `[base]` or in a profile."
_VARIABLE_NOTE = """\
`env.NAME` is text, or a table with exactly one of `value`, `default` and `required`. Use the key `env.NAME` in `unset` and on
the command line, too."""
_RUN_SIMPLE_HEAD = "Every argument of `werkzeug.serving.run_simple`, and its setting:\n"
_FLASK_HEAD = "Every option of `flask run`, and of `flask` before it:\n"
_COMMAND_LINE_HEAD = """\
# Command line

`launch COMMAND --help` prints the same text as this page. `python -m launcher` is the same as `launch`.
"""
_ENVIRONMENT_HEAD = """\
# Environment

## Settings

launch converts the text of a variable to the type of the setting:

- `1`, `true`, `yes` and `on` are true. `0`, `false`, `no` and `off` are false.
- The items of a list are separated by commas. A list can also be written in JSON.
- A table is written in JSON.

An empty variable counts as not set. The same names work in `.env` files. An unknown `LAUNCH_` name is an error if it resembles
a name of this table, and a warning otherwise.
"""
_RESERVED = (
    ("`LAUNCH_PROFILE`", "The profile to use. `--profile` overrides it."),
    ("`LAUNCH_CONFIG`", "The file to read instead of `devserver.toml`. `--config` overrides it."),
    ("`LAUNCH_ISOLATED`", "If true, launch ignores all files and other variables, as with `--isolated`."),
    ("`LAUNCH_COLOR`", "`auto`, `always` or `never`. True and false work, too. `--color` overrides it."),
)
_FLASK_VARIABLES_HEAD = "These variables work as in Flask. `LAUNCH_*` variables override them:\n"
_FLASK_DEBUG = (
    ("`FLASK_DEBUG`", "`debug`"),
    ("`FLASK_ENV`", "`debug`: true for `development`. Ignored if `FLASK_DEBUG` is not empty."),
)
_FOREIGN = (
    ("`NO_COLOR`, `FORCE_COLOR`", "Turn colours off or on, if not empty."),
    ("`TERM`", "`dumb` turns colours off."),
    ("`COLUMNS`", "The width of the output."),
    ("`BROWSER`", "The program that `browser.open` starts, as for Python's `webbrowser`."),
    (
        ", ".join(f"`{name}*`" if name.endswith("_") else f"`{name}`" for name in pairs.FOREIGN),
        "Ignored, because they belong to other tools.",
    ),
)
_APP_HEAD = """\
The app gets the variables of your shell, of `env`, and of the `.env` files, and these:
"""
_FOR_THE_APP = (
    ("`FLASK_DEBUG`", "`1` or `0`, the value of `debug`, unless the profile sets it."),
    (
        "`FLASK_RUN_FROM_CLI`",
        "`true`, unless the profile sets it. An unguarded `app.run()` of Flask then does nothing.",
    ),
    ("`WERKZEUG_RUN_MAIN`", "`true` in the process that serves."),
    ("`WERKZEUG_SERVER_FD`", "The number of the listening socket."),
)
_EXIT_HEAD = "# Exit codes\n\nEvery command of launch returns one of these exit codes:\n"
_EXIT_FOOT = """
`launch exec` returns the exit code of its command. As in a shell, 127 means that the command does not exist, and 126 that it cannot
be run."""
_ERRORS_HEAD = """\
# Errors

Each error message begins with the name of the error in brackets. The names do not change between versions. `launch help error NAME`
shows the same text in the terminal.
"""


def words_file() -> str:
    """Return what launcher/cli/words.txt has to hold: commands, flags and keys, for completion."""
    lines = [("command", name, text) for name, text in _commands()]
    lines += [("flag", "", name, kind, text) for name, kind, text in _flags_of("")]
    for command in command_names():
        lines += [("flag", command, name, kind, text) for name, kind, text in _flags_of(command)]
    lines += [("key", row.key, row.help) for row in schema.settings_table()]
    return "".join("\t".join(fields) + "\n" for fields in lines)


def _flags_of(name: str) -> Iterator[tuple[str, str, str]]:
    """Yield the long flags of a command (of `launch` itself for no name), what each takes, and its help."""
    with click.Context(root(), info_name="launch") as above:
        command = root().get_command(above, name) if name else root()
        assert command is not None
        with click.Context(command, parent=above, info_name=name) as ctx:
            for option in command.params:
                if isinstance(option, click.Option):
                    record = option.get_help_record(ctx)
                    assert record is not None
                    for spelling in (*option.opts, *option.secondary_opts):
                        if spelling.startswith("--"):
                            yield spelling, _kind_of(option, spelling), " ".join(record[1].split())


_KINDS = {"--profile": "profile", "--unset": "key", "--set": "assignment", "--config": "file"}
_FILE_KEYS = ("app-dir", "env-files", "tls.cert", "tls.key", "reload.include")


def _kind_of(option: click.Option, spelling: str) -> str:
    if isinstance(option, FlagOption):
        row = schema.by_key()[option.flag.key]
        if not option.flag.takes_value:
            return "switch"
        if row.choices:
            return "choice:" + "|".join(row.choices)
        return "file" if row.key in _FILE_KEYS else "value"
    if isinstance(option.type, click.Choice):
        return "choice:" + "|".join(str(choice) for choice in option.type.choices)
    return "switch" if option.is_flag else _KINDS.get(spelling, "value")


if __name__ == "__main__":
    for page, make in PAGES.items():
        if "--write" in sys.argv:
            FOLDER.mkdir(parents=True, exist_ok=True)
            (FOLDER / page).write_text(make(), encoding="utf-8")
        else:
            print(make())
    if "--write" in sys.argv:
        WORDS.write_text(words_file(), encoding="utf-8")
