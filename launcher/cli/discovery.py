"""What a project says about its app today, for `launch init`: FLASK_* variables, .flaskenv, Procfile, VS Code, code.

Reads files, and neither changes nor imports anything.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from dataclasses import dataclass, field

from launcher.cli.app_search import find_apps
from launcher.config import redact
from launcher.config.layer import Origin, Source
from launcher.config.schema import by_key
from launcher.config.sources import pairs
from launcher.config.sources.envfile import read_pairs
from launcher.config.sources.files import read_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from launcher.config.layer import Entry

PROCFILE, VSCODE, FLASKENV = "Procfile", ".vscode/launch.json", ".flaskenv"
_SPEC = re.compile(r"(?=[A-Za-z_])[\w.]+:[A-Za-z_][\w.]*(\(.*\))?")
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)")
_PROCESS = re.compile(r"([A-Za-z0-9_-]+):\s*(.+)")
_JSON_NOISE = re.compile(r'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/|,(?=\s*(?://[^\n]*\s*)*[\]}])', re.DOTALL)
_FLAGS = {
    "--app": "FLASK_APP",
    "-A": "FLASK_APP",
    "--host": "FLASK_RUN_HOST",
    "-h": "FLASK_RUN_HOST",
    "--port": "FLASK_RUN_PORT",
    "-p": "FLASK_RUN_PORT",
    "--cert": "FLASK_RUN_CERT",
    "--key": "FLASK_RUN_KEY",
    "--extra-files": "FLASK_RUN_EXTRA_FILES",
    "--exclude-patterns": "FLASK_RUN_EXCLUDE_PATTERNS",
}
_SWITCHES = {
    "--no-reload": ("FLASK_RUN_RELOAD", "0"),
    "--no-debugger": ("FLASK_RUN_DEBUGGER", "0"),
    "--without-threads": ("FLASK_RUN_WITH_THREADS", "0"),
    "--no-debug": ("FLASK_DEBUG", "0"),
}
"""The others say what is so anyway."""

_NEEDED_BY_VSCODE = ("--no-reload", "--no-debugger")
"""Its debugger follows one process only, and shows errors itself; that says nothing about the app."""

_SERVERS = ("gunicorn", "waitress-serve", "uwsgi", "mod_wsgi-express", "hypercorn", "uvicorn", "granian")
_WORKSPACE = "${workspaceFolder}/"


@dataclass(frozen=True, slots=True)
class Item:
    """A setting or a variable that was found: its value, and where it stands in a few words."""

    value: object
    where: str
    secret: bool = False


@dataclass(slots=True)
class Discovery:
    """What was found: settings by key, variables for the app by name, and what else could be the app.

    `kept` are the places that go on winning over devserver.toml as long as they are there, and what to do about it.
    """

    settings: dict[str, Item] = field(default_factory=dict)
    variables: dict[str, Item] = field(default_factory=dict)
    others: list[Item] = field(default_factory=list)
    kept: list[tuple[str, str]] = field(default_factory=list)

    def add(self, key: str, item: Item) -> None:
        """Note a setting, unless a stronger place has it already."""
        self.settings.setdefault(key, item)


def discover(root: str, environ: Mapping[str, str]) -> Discovery:
    """Return what is found in *environ* and in the folder *root*; the first place that says something wins."""
    found = Discovery()
    _add_shell(found, environ)
    _add_flaskenv(found, root)
    _add_vscode(found, root)
    _add_procfile(found, root)
    for app in find_apps(root):
        item = Item(app.spec, f"{os.path.relpath(app.file, root)}:{app.line}")
        found.others.append(item) if "app" in found.settings else found.add("app", item)
    return found


def _add_shell(found: Discovery, environ: Mapping[str, str]) -> None:
    flask = {name: text for name, text in environ.items() if name.startswith("FLASK_")}
    before = len(found.settings)
    _add_flask(found, flask, lambda name: f"{name} in the shell")
    if len(found.settings) > before:
        found.kept.append(("the FLASK_ variables of this shell win", "unset them"))


def _add_flaskenv(found: Discovery, root: str) -> None:
    path = os.path.join(root, FLASKENV)
    text, _ = read_text(path)
    if text is None:
        return
    lines = {pair.name: pair for pair in read_pairs(path, text, {}, {}).pairs}
    _add_flask(found, {n: p.text for n, p in lines.items()}, lambda name: f"{FLASKENV}:{lines[name].origin.line}")
    for name, pair in lines.items():
        if name not in pairs.FLASK and name not in ("FLASK_ENV", "FLASK_DEBUG"):
            _add_variable(found, name, pair.text, f"{FLASKENV}:{pair.origin.line}")
    if lines:
        found.kept.append((f"{FLASKENV} wins", "when you are content, delete it"))


def _add_vscode(found: Discovery, root: str) -> None:
    text, _ = read_text(os.path.join(root, ".vscode", "launch.json"))
    try:
        data = json.loads(_JSON_NOISE.sub(lambda match: match[1] or "", text or "null"))
    except ValueError:
        return
    listed = data.get("configurations") if isinstance(data, dict) else None
    for config in listed if isinstance(listed, list) else []:
        if isinstance(config, dict) and config.get("module") == "flask":
            _add_configuration(found, config)
            return


def _add_configuration(found: Discovery, config: Mapping[str, Any]) -> None:  # Any: JSON
    given = config.get("env")
    table = given if isinstance(given, dict) else {}
    env = {name: text for name, text in table.items() if isinstance(text, str) and "${" not in text}
    words = [word for word in config.get("args", []) if isinstance(word, str) and word not in _NEEDED_BY_VSCODE]
    flask = {name: text for name, text in env.items() if name.startswith("FLASK_")}
    _add_flask(found, {**flask, **_from_flags(words)}, lambda name: VSCODE)
    for name, text in env.items():
        if not name.startswith("FLASK_"):
            _add_variable(found, name, text, VSCODE)
    file = config.get("envFile")
    name = file.removeprefix(_WORKSPACE) if isinstance(file, str) else ""
    if name not in ("", ".env", FLASKENV) and "${" not in name:
        found.add("env-files", Item((".env", name), VSCODE))


def _add_procfile(found: Discovery, root: str) -> None:
    text, _ = read_text(os.path.join(root, PROCFILE))
    lines = [
        (number, match) for number, line in enumerate((text or "").splitlines(), 1) if (match := _PROCESS.match(line))
    ]
    for number, match in sorted(lines, key=lambda item: (item[1][1] not in ("dev", "web"), item[0])):
        try:
            words = shlex.split(match[2], comments=True)
        except ValueError:
            continue
        _add_command(found, words, f"{PROCFILE}:{number}", is_server=match[1] in ("dev", "web"))


def _add_command(found: Discovery, words: Sequence[str], where: str, *, is_server: bool) -> None:
    """Note what a command that starts an app says: variables in front of it, flags of flask, the app of a server.

    What looks like an app is one if the command is a server, by its name or by that of its process: `celery -A
    shop.tasks:queue` has none.
    """
    given = {}
    while words and (match := _ASSIGNMENT.fullmatch(words[0])):
        given[match[1]] = match[2]
        words = words[1:]
    if not words:
        return
    names = [os.path.basename(word) for word in words]
    if "flask" in names[:3]:
        _add_flask(found, {**given, **_from_flags(words)}, lambda name: where)
        return
    spec = next((word for word in words[1:] if _SPEC.fullmatch(word)), "")
    if spec and (is_server or not set(names).isdisjoint(_SERVERS)):
        found.add("app", Item(spec, where))


def _from_flags(words: Sequence[str]) -> dict[str, str]:
    """Return the flags of `flask run` as the variables that say the same; what a shell would fill in is left out."""
    found = {}
    for number, word in enumerate(words):
        name, equals, text = word.partition("=")
        value = text if equals else words[number + 1] if number + 1 < len(words) else ""
        if name in _FLAGS and value and "$" not in value:
            found[_FLAGS[name]] = value
        elif word in _SWITCHES:
            name, value = _SWITCHES[word]
            found[name] = value
    return found


def _add_flask(found: Discovery, texts: Mapping[str, str], where: Any) -> None:  # Any: a function of a name
    for entry in _flask_entries(texts):
        key = ".".join(entry.key)
        if entry.value != by_key()[key].default and not (key == "debug" and entry.value is True):
            found.add(key, Item(entry.value, where(entry.origin.name)))


def _flask_entries(texts: Mapping[str, str]) -> Iterator[Entry]:
    """Yield the settings that Flask's variables mean, those whose text has the wrong type left out."""
    named = {n: pairs.Pair(n, t, Origin(Source.FLASK_VARIABLE, name=n, text=t)) for n, t in texts.items()}
    decided = bool(texts.get("FLASK_DEBUG"))
    for entry in pairs.flask_entries(named, by_key(), os.pathsep, debug_decided=decided):
        row = by_key()[".".join(entry.key)]
        if not isinstance(entry.value, str) or row.kinds == ("text",) or entry.value in row.choices:
            yield entry


def _add_variable(found: Discovery, name: str, text: str, where: str) -> None:
    found.variables.setdefault(name, Item(text, where, redact.shown(name, text) != text))
