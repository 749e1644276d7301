"""`launch init`: a first devserver.toml from what the project says today. Never overwrites a file."""

from __future__ import annotations

import json
import os

import click

from launcher import __version__
from launcher.cli.discovery import discover
from launcher.cli.options import OUTPUT, GroupedOption, SettingsCommand, output_options
from launcher.cli.scaffold import IGNORE_FILE, IGNORED, SCHEMA_FILE, difference, planned
from launcher.cli.telling import shown_value
from launcher.config.json_schema import json_schema
from launcher.config.sources.files import NAME, find_project, read_text
from launcher.errors import ConfigError, ExitCode, Place, Problem
from launcher.frame import plural
from launcher.redact import MASK, mask
from launcher.text import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from launcher.cli.discovery import Discovery
    from launcher.cli.invocation import Invocation
    from launcher.console import Cell, Console

_SEARCHED = ("wsgi.py", "app.py", "manage.py")
_NAME_IT = 'write app = "module:name" in devserver.toml, or the app in wsgi.py or app.py; then launch dev'
_MUCH = 100  # lines of a generated file beyond which a diff shows only that it is new


@click.pass_context
def _run(ctx: click.Context, /, dry_run: bool) -> int:
    invocation: Invocation = ctx.obj
    root = invocation.cwd
    refuse_existing(root, invocation.home)
    found = discover(root, invocation.environ)
    present = {name: read_text(os.path.join(root, name))[0] for name in (SCHEMA_FILE, IGNORE_FILE)}
    files = planned(found, json.dumps(json_schema("project", __version__), indent=2) + "\n", present)
    sealed = present[IGNORE_FILE] is None and os.path.lexists(os.path.join(root, IGNORE_FILE))
    if sealed:  # it is there, and no text that can be added to
        del files[IGNORE_FILE]
    console = invocation.out()
    if dry_run:
        for name, text in files.items():
            _tell_difference(name, present.get(name), text, console)
        return ExitCode.STOPPED
    for name, text in reversed(files.items()):  # the settings last: with them, all is done
        _write(os.path.join(root, name), text, is_new=present.get(name) is None)
    _tell(found, files, present, console)
    console.line()
    console.table([_titled("next", number, [text]) for number, text in enumerate(_advice(found, root, sealed=sealed))])
    return ExitCode.STOPPED


command = SettingsCommand(
    "init",
    callback=_run,
    params=[
        GroupedOption(["--dry-run"], group=OUTPUT, is_flag=True, help="Show the changes as a diff, and write nothing."),
        *output_options(machine=False),
    ],
    add_help_option=False,
    help="""Write a devserver.toml from the existing files of the project.

    Reads the FLASK_ variables of this shell, .env, .flaskenv, .env.example and .vscode/launch.json, and the commands in
    Procfile, package.json and Dockerfile. Also looks for an app in the code, without importing it. If the module of an
    app does not exist, the app is left out, and launch says why.

    Writes devserver.toml and a schema for editors in the folder .launch, and adds personal files to .gitignore. Never
    overwrites a file. Does nothing if the project has a devserver.toml.
    """,
)


def refuse_existing(root: str, home: str) -> None:
    """Raise `ConfigError` where the folder has settings already, its own or those of a folder above."""
    project, findings = find_project(root, home, "")
    local = os.path.join(root, NAME)
    there = project.file or (findings[0].origin.file if findings and findings[0].origin else "")
    if there or os.path.lexists(local):
        hint = "edit it; `launch init` never overwrites a file"
        raise ConfigError(Problem("init-exists", "this project has its settings already", Place(there or local), hint))


def _write(path: str, text: str, *, is_new: bool) -> None:
    """Write a file; one that has come up meanwhile is left alone, and one that was there is added to."""
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "x" if is_new else "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
    except OSError as error:
        message = f"{os.path.basename(path)} cannot be written: {error.strerror}"
        raise ConfigError(Problem("not-written", message, Place(path))) from error


def _tell(found: Discovery, files: Mapping[str, str], present: Mapping[str, str | None], console: Console) -> None:
    rows = [(key, shown_value(item.value), item.where) for key, item in found.settings.items()]
    for name, item in found.variables.items():
        rows.append((f"env.{name}", MASK if item.secret else shown_value(item.value), item.where))
    for name, profile in found.profiles.items():
        rows += [(f"{name}: {key}", shown_value(item.value), item.where) for key, item in profile.settings.items()]
    if not rows:
        rows = [("no settings to copy", "", "")]
    console.table([_titled("found", number, row) for number, row in enumerate(rows)])
    if found.left_out:
        console.line()
        console.table([_titled("left", number, row) for number, row in enumerate(found.left_out)])
    console.line()
    written = [(name, "" if present.get(name) is None else "more lines") for name in files]
    console.table([_titled("wrote", number, row) for number, row in enumerate(written)])


def _advice(found: Discovery, root: str, *, sealed: bool) -> list[str]:
    """Return what to do next; a file that is searched without any setting may have an app that is not seen in it."""
    searched = any(os.path.lexists(os.path.join(root, name)) for name in _SEARCHED)
    known = found.settings or found.variables or found.kept or searched
    step = "launch check, then launch dev" if known else _NAME_IT
    kept = [f"{place} devserver.toml: {what}" for place, what in found.kept]
    ignored = [f"{IGNORE_FILE} cannot be read: add {', '.join(IGNORED)} to it"] if sealed else []
    needed = [f"copy {found.example} to .env, and write the missing values there"] if found.example else []
    return [*needed, step, *kept, *ignored]


def _titled(title: str, number: int, row: Sequence[str]) -> list[Cell]:
    """Return a row of a table, the first one with the title of all."""
    return [("faint", "" if number else title.ljust(5)), *row]


def _tell_difference(name: str, before: str | None, after: str, console: Console) -> None:
    count = after.count("\n")
    if before is None and count > _MUCH:
        console.lines(["--- /dev/null", f"+++ b/{name}", f"(a new file of {plural(count, 'line')})"])
        return
    styles = {"+": "good", "-": "error", "@": "faint"}
    console.lines(
        console.paint(styles.get(line[:1], ""), escape(mask(line))) for line in difference(name, before, after)
    )
