"""Commands that start an app: which app, from which folder, with which variables and flags of `flask run`.

Pure, except that a gunicorn configuration file is read (and not run).
"""

from __future__ import annotations

import ast
import os
import re
from dataclasses import dataclass, field

from launcher.config.sources.files import read_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from launcher.cli.shell_words import Command

_PYTHON = re.compile(r"(python|pypy|py)[0-9.]*(\.exe)?")
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_SPEC = re.compile(r"(?=[A-Za-z_])[\w.]+(:[A-Za-z_][\w.]*(\(.*\))?)?")
SERVERS = ("gunicorn", "waitress-serve", "uwsgi", "uvicorn", "hypercorn", "granian", "mod_wsgi-express")
_MODULES = {"waitress": "waitress-serve"}
_RUNNERS = {"poetry", "uv", "pipenv", "pdm", "hatch", "rye", "env", "exec", "nohup", "time", "dumb-init", "tini"} | {
    "ddtrace-run", "opentelemetry-instrument", "newrelic-admin", "honcho", "dotenv", "watchmedo", "nodemon"
}  # fmt: skip
"""Commands that run another command, which follows their own words."""

_SWITCHES = {
    "gunicorn": "--reload -D --daemon --preload --capture-output --enable-stdio-inheritance -R --spew --no-sendfile"
    " --reuse-port --proxy-protocol --check-config --print-config --initgroups --log-syslog --no-control-socket",
    "waitress-serve": "--call --expose-tracebacks --no-expose-tracebacks --asyncore-use-poll --log-socket-errors"
    " --no-log-socket-errors --clear-untrusted-proxy-headers --no-clear-untrusted-proxy-headers",
    "uvicorn": "--reload --factory --proxy-headers --no-proxy-headers --access-log --no-access-log --use-colors"
    " --no-use-colors --server-header --date-header --no-server-header --no-date-header",
    "granian": "--reload --factory --access-log --no-access-log --ws --no-ws --log --no-log",
    "hypercorn": "--reload --debug",
    "uwsgi": "--master -M --enable-threads --die-on-term --vacuum --lazy-apps --need-app --http-keepalive",
    "mod_wsgi-express": "--log-to-terminal --startup-log --reload-on-changes",
}
"""Flags of the servers that take no value; all others take one."""

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
_FLASK_SWITCHES = {
    "--no-reload": ("FLASK_RUN_RELOAD", "0"),
    "--no-debugger": ("FLASK_RUN_DEBUGGER", "0"),
    "--without-threads": ("FLASK_RUN_WITH_THREADS", "0"),
    "--no-debug": ("FLASK_DEBUG", "0"),
}
"""The others say what is so anyway."""


@dataclass(frozen=True, slots=True)
class Start:
    """How a command starts an app: `app` and `folder` as written, `flask` its flags by Flask's variables."""

    app: str = ""
    folder: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    flask: Mapping[str, str] = field(default_factory=dict)
    is_server: bool = False


def start_of(command: Command, root: str) -> Start | None:
    """Return what *command*, run in *root* or below it, starts; None if that is no app."""
    words, env = _unwrapped(command)
    if not words:
        return None
    name, folder = _program(words[0]), command.folder
    if name == "flask":
        # `flask db upgrade` and the like start no app
        return Start("", folder, env, flask_flags(words), False) if "run" in words[1:] else None
    if name in SERVERS:
        return _server(name, words[1:], folder, env, root)
    if _PYTHON.fullmatch(name):
        script = next((word for word in words[1:] if not word.startswith("-")), "")
        is_app = script.endswith(".py") and os.path.basename(script) != "manage.py"
        return Start(script, folder, env) if is_app else None
    return None


def flask_flags(words: Sequence[str]) -> dict[str, str]:
    """Return the flags of `flask run` as the variables that say the same; a value that a shell fills in is left out."""
    found = {}
    for number, word in enumerate(words):
        name, equals, text = word.partition("=")
        value = text if equals else words[number + 1] if number + 1 < len(words) else ""
        if name in _FLAGS and value and "$" not in value:
            found[_FLAGS[name]] = value
        elif word in _FLASK_SWITCHES:
            name, value = _FLASK_SWITCHES[word]
            found[name] = value
    return found


def _program(word: str) -> str:
    name = os.path.basename(word)
    return _MODULES.get(name, name)


def _unwrapped(command: Command) -> tuple[list[str], dict[str, str]]:
    """Return the words from the program on that starts an app, and all variables in front of it."""
    words, env = list(command.words), dict(command.env)
    while words:
        name = _program(words[0])
        if _PYTHON.fullmatch(name) and "-m" in words and words.index("-m") + 1 < len(words):
            words = words[words.index("-m") + 1 :]
        elif name in _RUNNERS:
            words.pop(0)
            while words and not _is_start(words[0]):
                if match := _ASSIGNMENT.fullmatch(words[0]):
                    env[match[1]] = match[2]
                words.pop(0)
        else:
            break
    return words, env


def _is_start(word: str) -> bool:
    name = _program(word)
    return name in ("flask", *SERVERS) or name in _RUNNERS or _PYTHON.fullmatch(name) is not None


def _server(name: str, words: Sequence[str], folder: str, env: dict[str, str], root: str) -> Start | None:
    flags, operands = _parse(words, _SWITCHES.get(name, "").split())
    folder = os.path.join(folder, _last(flags, "--chdir", "--app-dir", "--working-directory"))
    for flag in ("-e", "--env") if name == "gunicorn" else ():
        env.update({m[1]: m[2] for text in flags.get(flag, []) if (m := _ASSIGNMENT.fullmatch(text))})
    folder = _below(folder, _last(flags, "--pythonpath", "--pp", "--python-path").split(",")[0])
    app = _last(flags, "--module", "-w", "--app") if name in ("uwsgi", "waitress-serve") else ""
    app = app or next((word for word in operands if _SPEC.fullmatch(word)), "")
    if name == "uwsgi" and (file := _last(flags, "--wsgi-file", "--file")):
        app = file
    if name == "uwsgi" and app and ":" not in app and (called := _last(flags, "--callable")):
        app = f"{app}:{called}"
    if name == "mod_wsgi-express":
        app = next((word for word in operands if word.endswith(".py")), "")
    if name == "gunicorn":
        app = app or _from_gunicorn_file(_last(flags, "-c", "--config"), os.path.join(root, folder))
        app = app if ":" in app or not app else f"{app}:application"
    if ("--call" in flags or "--factory" in flags) and app and not app.endswith(")"):
        app += "()"
    return Start(app, folder, env, {}, True)


def _below(folder: str, path: str) -> str:
    return os.path.normpath(os.path.join(folder, path)) if folder or path else ""


def _last(flags: Mapping[str, list[str]], *names: str) -> str:
    return next((flags[name][-1] for name in names if flags.get(name)), "")


def _parse(words: Sequence[str], switches: Sequence[str]) -> tuple[dict[str, list[str]], list[str]]:
    """Return the values of each flag, and the words that are no flags and no values of flags."""
    flags: dict[str, list[str]] = {}
    operands: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name, equals, text = word.partition("=")
        if not word.startswith("-") or word == "-":
            operands.append(word)
        elif equals and word.startswith("--"):
            flags.setdefault(name, []).append(text)
        elif word in switches:
            flags.setdefault(word, [])
        elif not word.startswith("--") and len(word) > 2:
            flags.setdefault(word[:2], []).append(word[2:])
        elif rest:
            flags.setdefault(word, []).append(rest.pop(0))
    return flags, operands


def _from_gunicorn_file(name: str, folder: str) -> str:
    """Return the app that a gunicorn configuration names as `wsgi_app`: *name* is a file, or python:MODULE."""
    if name.startswith("python:"):
        name = name.removeprefix("python:").replace(".", os.sep) + ".py"
    text, _ = read_text(os.path.join(folder, name.removeprefix("file:") or "gunicorn.conf.py"))
    try:
        body = ast.parse(text or "").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    found = [node for node in body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)]
    named = [n for n in found if any(isinstance(target, ast.Name) and target.id == "wsgi_app" for target in n.targets)]
    return str(named[-1].value.value) if named and isinstance(named[-1].value, ast.Constant) else ""
