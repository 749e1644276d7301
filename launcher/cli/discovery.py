"""What a project says about its app today, for `launch init`: variables, .env files, VS Code, commands, and code.

Reads files, and neither changes nor imports anything. An app counts only if `launch dev` would find its module.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field

from launcher import locate, redact
from launcher.cli.app_commands import flask_flags, start_of
from launcher.cli.app_search import find_apps
from launcher.cli.preview import app_trouble
from launcher.cli.shell_words import command_of, commands
from launcher.config import key as keys
from launcher.config.layer import Entry, Layer, Origin, Source
from launcher.config.schema import by_key
from launcher.config.selection import Table, check_name
from launcher.config.sources import pairs
from launcher.config.sources.envfile import read_pairs
from launcher.config.sources.files import read_text
from launcher.config.validate import check_layer
from launcher.errors import TargetError
from launcher.plan import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from launcher.cli.app_commands import Start
    from launcher.cli.shell_words import Command

PROCFILE, VSCODE, FLASKENV = "Procfile", ".vscode/launch.json", ".flaskenv"
_EXAMPLES = (".env.example", ".env.sample", ".env.template", ".env.dist")
_COMPOSE = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_PRODUCTION = ("production", "prod")
_SCRIPTS = ("dev", "start", "serve", "server", "api", "backend", "flask")
_NAMED_DEBUG = ("FLASK_ENV", "FLASK_DEBUG")
_PROCESS = re.compile(r"([A-Za-z0-9_-]+):\s*(.+)")
_JSON_NOISE = re.compile(r'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/|,(?=\s*(?://[^\n]*\s*)*[\]}])', re.DOTALL)
_NEEDED_BY_VSCODE = ("--no-reload", "--no-debugger", "--no-debug")
"""Its debugger follows one process only, and shows errors itself; FLASK_DEBUG=0 stands in its template for that."""

_WORKSPACE = "${workspaceFolder}/"


@dataclass(frozen=True, slots=True)
class Item:
    """A setting or a variable that was found: its value, and where it stands in a few words.

    A variable of an example file is `required`, or has its value as `default`.
    """

    value: object
    where: str
    secret: bool = False
    required: bool = False
    default: bool = False


@dataclass(slots=True)
class Discovery:
    """What was found: settings by key, variables for the app by name, and what else could be the app.

    `kept` are the places that go on winning over devserver.toml as long as they are there, and what to do about it.
    `profiles` are further ways to start the project. `left_out` are places with the reason why they do not count.
    """

    settings: dict[str, Item] = field(default_factory=dict)
    variables: dict[str, Item] = field(default_factory=dict)
    others: list[Item] = field(default_factory=list)
    kept: list[tuple[str, str]] = field(default_factory=list)
    profiles: dict[str, Discovery] = field(default_factory=dict)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    example: str = ""

    def add(self, key: str, item: Item) -> None:
        """Record a setting, unless a stronger place has it already, or no file could hold it."""
        entry = Entry(tuple(keys.split(key)), item.value, Origin(Source.BASE))
        if findings := check_layer(Layer(Source.BASE, "", (entry,))):
            self.leave_out(item.where, findings[0].message)
        else:
            self.settings.setdefault(key, item)

    def leave_out(self, where: str, reason: str) -> None:
        """Record that a place does not count, and why."""
        if (where, reason) not in self.left_out:
            self.left_out.append((where, reason))


def discover(root: str, environ: Mapping[str, str]) -> Discovery:
    """Return what is found in *environ* and in the folder *root*; the first place that says something wins."""
    found = Discovery()
    _add_shell(found, root, environ)
    _add_env_file(found, root, ".env")
    _add_env_file(found, root, FLASKENV)
    _add_vscode(found, root)
    for where, name, starts in _places_of_commands(root, found):
        for start in starts:
            _add_start(found, root, start, where, name)
    _add_code(found, root)
    _add_example(found, root)
    return found


def _add_shell(found: Discovery, root: str, environ: Mapping[str, str]) -> None:
    flask = {name: text for name, text in environ.items() if name.startswith("FLASK_")}
    before = len(found.settings)
    _add_flask(found, root, flask, lambda name: f"{name} in the shell")
    if len(found.settings) > before:
        found.kept.append(("the FLASK_ variables of this shell override", "unset them"))


def _add_env_file(found: Discovery, root: str, name: str) -> None:
    """Add what a .env file says. `launch dev` reads it too, so only the variables of .flaskenv are copied."""
    path = os.path.join(root, name)
    text, _ = read_text(path)
    if text is None:
        return
    lines = {pair.name: pair for pair in read_pairs(path, text, {}, {}).pairs}
    before = len(found.settings)
    texts = {n: p.text for n, p in lines.items()}
    _add_flask(found, root, texts, lambda variable: f"{name}:{lines[variable].origin.line}")
    if name == FLASKENV:
        for variable, pair in lines.items():
            if variable not in pairs.FLASK and variable not in _NAMED_DEBUG:
                _add_variable(found, variable, pair.text, f"{name}:{pair.origin.line}")
    if lines and (name == FLASKENV or len(found.settings) > before):
        found.kept.append(
            (
                f"{name} overrides",
                f"delete {'it' if name == FLASKENV else 'its FLASK_ lines'} once devserver.toml works",
            )
        )


def _add_vscode(found: Discovery, root: str) -> None:
    text, _ = read_text(os.path.join(root, ".vscode", "launch.json"))
    try:
        data = json.loads(_JSON_NOISE.sub(lambda match: match[1] or "", text or "null"))
    except ValueError:
        found.leave_out(VSCODE, "it is not JSON")
        return
    listed = data.get("configurations") if isinstance(data, dict) else None
    first = True
    for config in listed if isinstance(listed, list) else []:
        if not isinstance(config, dict) or config.get("module") not in ("flask", "gunicorn", "waitress", "uvicorn"):
            continue
        target = found if first else Discovery()
        _add_configuration(target, root, config)
        if not first:
            _add_profile(found, str(config.get("name", "")), target)
        first = False


def _add_configuration(found: Discovery, root: str, config: Mapping[str, Any]) -> None:  # Any: JSON
    given = config.get("env")
    table = given if isinstance(given, dict) else {}
    texts = {name: text for name, text in table.items() if isinstance(text, str) and name not in _NAMED_DEBUG}
    if "PYTHONPATH" in texts:
        texts["PYTHONPATH"] = _inside(texts["PYTHONPATH"])
    env = {name: text for name, text in texts.items() if "${" not in text}
    args = config.get("args")
    words = [word for word in args if isinstance(word, str)] if isinstance(args, list) else str(args or "").split()
    words = [word for word in words if word not in _NEEDED_BY_VSCODE]
    folder = _inside(str(config.get("cwd") or ""))
    for command in command_of([str(config["module"]), *words], "" if "${" in folder else folder):
        start = start_of(command, root)
        flask = {**{name: env[name] for name in env if name.startswith("FLASK_")}, **flask_flags(words)}
        _add_app(found, root, (start.app if start else "") or flask.pop("FLASK_APP", ""), command.folder, env, VSCODE)
        _add_flask(found, root, flask, lambda name: VSCODE)
    for name, text in env.items():
        if name not in pairs.FLASK and name != "PYTHONPATH":
            _add_variable(found, name, text, VSCODE)
    file = config.get("envFile")
    name = _inside(file) if isinstance(file, str) else ""
    if name in ("", ".env", FLASKENV) or "${" in name:
        return
    if os.path.isfile(os.path.join(root, name)):
        found.add("env-files", Item((".env", name), VSCODE))
    else:
        found.leave_out(VSCODE, f"there is no file {name}")


def _inside(text: str) -> str:
    """Return a text of the editor with paths relative to the workspace."""
    if text in ("${workspaceFolder}", "${workspaceRoot}"):
        return ""
    return text.removeprefix(_WORKSPACE).removeprefix("${workspaceRoot}/")


def _add_profile(found: Discovery, name: str, profile: Discovery) -> None:
    """Add what differs from the base as a profile."""
    if "app-dir" in found.settings and "app" in profile.settings and "app-dir" not in profile.settings:
        profile.add("app-dir", Item(".", profile.settings["app"].where))
    found.left_out += [item for item in profile.left_out if item not in found.left_out]
    name = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "other"
    changed = {
        k: v for k, v in profile.settings.items() if k not in found.settings or found.settings[k].value != v.value
    }
    variables = {
        k: v for k, v in profile.variables.items() if k not in found.variables or found.variables[k].value != v.value
    }
    taken = name in found.profiles or check_name(Table(name, {}, Origin(Source.PROFILE)))
    if (changed or variables) and not taken:
        found.profiles[name] = Discovery(changed, variables)


def _places_of_commands(root: str, found: Discovery) -> Iterator[tuple[str, str, list[Start]]]:
    """Yield where commands are written, the name of the process, and what its commands start."""
    for where, name, listed in (*_procfile(root), *_package_scripts(root), *_dockerfile(root)):
        starts = [start for command in listed if (start := start_of(command, root))]
        if name in ("dev", "web", "") and not starts and where.startswith(PROCFILE):
            found.leave_out(where, "this command starts no app that launch knows")
        yield where, name, starts
    for name in _COMPOSE:
        if os.path.lexists(os.path.join(root, name)):
            found.leave_out(name, "YAML is not read: copy what the app needs by hand")


def _procfile(root: str) -> list[tuple[str, str, list[Command]]]:
    text, _ = read_text(os.path.join(root, PROCFILE))
    lines = re.sub(r"\\\r?\n", "  ", text or "").splitlines()
    named = [(number, m) for number, line in enumerate(lines, 1) if (m := _PROCESS.match(line))]
    named.sort(key=lambda item: (item[1][1] != "dev", item[1][1] != "web", item[0]))
    return [(f"{PROCFILE}:{number}", match[1], commands(match[2])) for number, match in named]


def _package_scripts(root: str) -> list[tuple[str, str, list[Command]]]:
    text, _ = read_text(os.path.join(root, "package.json"))
    try:
        data = json.loads(text or "null")
    except ValueError:
        return []
    table = data.get("scripts") if isinstance(data, dict) else None
    scripts = table if isinstance(table, dict) else {}
    return [("package.json", name, commands(scripts[name])) for name in _SCRIPTS if isinstance(scripts.get(name), str)]


def _dockerfile(root: str) -> list[tuple[str, str, list[Command]]]:
    text, _ = read_text(os.path.join(root, "Dockerfile"))
    joined = re.sub(r"\\\r?\n", " ", text or "")
    found = re.findall(r"(?im)^\s*(?:CMD|ENTRYPOINT)\s+(.+)$", joined)
    listed = []
    for line in reversed(found):
        try:
            words = json.loads(line)
        except ValueError:
            words = None
        listed += command_of([str(word) for word in words]) if isinstance(words, list) else commands(line)
    return [("Dockerfile", "docker", listed)] if listed else []


def _add_start(found: Discovery, root: str, start: Start, where: str, name: str) -> None:
    """Add what a command starts: as the app, or as a profile if there is one and the command is another one."""
    start_app = start.app or start.flask.get("FLASK_APP", "") or start.env.get("FLASK_APP", "")
    target = Discovery() if "app" in found.settings else found
    _add_app(target, root, start_app, start.folder, start.env, where)
    flask = {n: t for n, t in {**start.env, **start.flask}.items() if n.startswith("FLASK_") and "$" not in t}
    flask.pop("FLASK_APP", None)
    if start.is_server or where == "Dockerfile":
        flask = {n: t for n, t in flask.items() if n not in (*_NAMED_DEBUG, "FLASK_RUN_HOST", "FLASK_RUN_PORT")}
    _add_flask(target, root, flask, lambda _: where)
    for variable, text in start.env.items():
        if variable in pairs.FLASK or variable in (*_NAMED_DEBUG, "PYTHONPATH", "PORT") or "$" in text:
            continue
        if text.lower() in _PRODUCTION:
            found.leave_out(where, f"{variable}={text} is for production")
        else:
            _add_variable(target, variable, text, where)
    if target is found:
        return
    found.left_out += [item for item in target.left_out if item not in found.left_out]
    if "app" in target.settings and not _is_same_app(found, target):
        if where.startswith(PROCFILE):
            _add_profile(found, name, target)
    elif not start.is_server:
        for key, item in target.settings.items():
            found.add(key, item)


def _is_same_app(one: Discovery, other: Discovery) -> bool:
    """Return whether two places name the same module, one perhaps without the name of the app in it."""
    first, second = sorted(str(found.settings["app"].value) for found in (one, other))
    return second == first or second.startswith(f"{first}:")


def _add_app(found: Discovery, root: str, spec: str, folder: str, env: Mapping[str, str], where: str) -> None:
    """Add an app and the folder that it is imported from, if `launch dev` would find it."""
    if not spec or "$" in spec:
        return
    folder = os.path.normpath(folder) if folder not in ("", ".") else ""
    if "$" in folder or folder.startswith((os.sep, os.pardir)):
        found.leave_out(where, f"it runs in {folder}, which is not a folder of this project")
        folder = ""
    elsewhere = [os.path.normpath(os.path.join(folder, part)) for part in env.get("PYTHONPATH", "").split(os.pathsep)]
    folders = [*([] if folder else [""]), *elsewhere, folder] if env.get("PYTHONPATH") else [folder]
    trouble = None
    for choice in folders:
        choice = "" if choice == "." else choice
        directory = os.path.join(root, choice) if choice else root
        trouble = app_trouble(Target(spec, directory, root, search=not choice))
        if trouble is None:
            found.add("app", Item(spec, where))
            if choice and found.settings["app"].where == where:
                found.add("app-dir", Item(choice, where))
            return
    found.leave_out(where, f"{spec}: {trouble}")


def _add_code(found: Discovery, root: str) -> None:
    """Add the app in the code that `launch dev` would find, where no place names one; the other apps are offered."""
    apps = find_apps(root)
    if "app" not in found.settings:
        try:
            file = locate.search_file(Target("", root, root))
        except TargetError:
            file = ""
        apps.sort(key=lambda app: app.file != file)
        if apps and (not file or apps[0].file == file):
            app = apps.pop(0)
            _add_app(found, root, app.spec, "", {}, f"{os.path.relpath(app.file, root)}:{app.line}")
    found.others += [Item(app.spec, f"{os.path.relpath(app.file, root)}:{app.line}") for app in apps]


def _add_example(found: Discovery, root: str) -> None:
    """Add the variables of an example file: those without a value, and secret ones, as required."""
    name = next((name for name in _EXAMPLES if os.path.isfile(os.path.join(root, name))), "")
    path = os.path.join(root, name)
    text, _ = read_text(path) if name else (None, [])
    real, _ = read_text(os.path.join(root, ".env"))
    known = {pair.name for pair in read_pairs(path, real or "", {}, {}).pairs}
    for pair in read_pairs(path, text or "", {}, {}).pairs:
        if pair.name in pairs.FLASK or pair.name in _NAMED_DEBUG or pair.name.startswith(keys.PREFIX):
            continue
        where = f"{name}:{pair.origin.line}"
        if pair.name not in found.variables:
            secret = redact.shown(pair.name, pair.text) != pair.text
            found.variables[pair.name] = Item(pair.text, where, secret, required=secret or not pair.text, default=True)
        if pair.name not in known and found.variables[pair.name].required:
            found.example = name


def _add_flask(found: Discovery, root: str, texts: Mapping[str, str], where: Any) -> None:  # Any: a function of a name
    for entry in _flask_entries(texts):
        key = ".".join(entry.key)
        place = where(entry.origin.name)
        if key == "app":
            _add_app(found, root, str(entry.value), "", texts, place)
        elif key in ("tls.cert", "tls.key") and not os.path.isfile(os.path.join(root, str(entry.value))):
            found.leave_out(place, f"there is no file {entry.value}")
        elif entry.value != by_key()[key].default and not (key == "debug" and entry.value is True):
            found.add(key, Item(entry.value, place))
    for name in texts.keys() - {*pairs.FLASK, *_NAMED_DEBUG}:  # FLASK_CONFIG and the like are the app's own
        if name.startswith("FLASK_") and "$" not in texts[name] and "in the shell" not in where(name):
            _add_variable(found, name, texts[name], where(name))


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
