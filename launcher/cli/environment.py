"""The variables of the app, for commands other than `launch dev`: what they are, and how they are written.

Which text wins for each name was decided by `config/variables.py`.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from dataclasses import dataclass

from launcher import redact
from launcher.config.layer import Origin, Source
from launcher.errors import TargetError
from launcher.interpreter import with_scripts
from launcher.locate import search_file
from launcher.plan import Target
from launcher.planner import removed_variables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from launcher.config.resolve import ResolvedProfile

_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=-]+")
_SHELL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DOTENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Value:
    """The text of a variable, where it comes from, and whether it must not be shown."""

    text: str
    origin: Origin
    secret: bool = False

    @property
    def shown(self) -> str:
        """The text without what is secret in it."""
        return redact.MASK if self.secret and self.text else redact.mask(self.text)


def app_variables(resolved: ResolvedProfile) -> dict[str, Value]:
    """Return the variables that a command needs to see the app as `launch dev` does.

    FLASK_APP and FLASK_DEBUG follow the settings, so that `flask routes` finds the same app. FLASK_RUN_FROM_CLI, which
    `launch dev` sets too, is left out: it would keep `python app.py` from serving.
    """
    derived = {"FLASK_DEBUG": Value("1" if resolved.settings.debug else "0", _follows("debug"))}
    given = {name: Value(item.value, item.origin, item.secret) for name, item in resolved.variables.items()}
    if app := resolved.settings.app or found_app(
        resolved.project.root, resolved.settings.app_dir
    ):  # whatever else says FLASK_APP: this one is served
        given["FLASK_APP"] = given["FLASK_APP"] if _is_given(given, app) else Value(app, _follows("app"))
    return dict(sorted({**derived, **given}.items()))


def found_app(root: str, app_dir: str) -> str:
    """Return the file that `launch dev` serves where no setting names an app, relative to *root*, or nothing."""
    try:
        return os.path.relpath(search_file(Target("", app_dir or root, root, search=not app_dir)), root)
    except (TargetError, OSError):
        return ""


def _is_given(given: Mapping[str, Value], app: str) -> bool:
    return "FLASK_APP" in given and given["FLASK_APP"].text == app


def app_environment(resolved: ResolvedProfile, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the whole environment for a command: *environ* with the variables of the app.

    The folder that `launch dev` imports the app from stands first in PYTHONPATH, where it is not the project's root.
    The scripts of the environment that `launch` runs in stand first in PATH, unless the settings say what PATH is.
    """
    removed = removed_variables(resolved)
    kept = {name: text for name, text in environ.items() if name not in removed}
    found = {**kept, **{name: value.text for name, value in app_variables(resolved).items()}}
    if folder := import_folder(resolved.settings.app, resolved.settings.app_dir, resolved.project.root):
        found["PYTHONPATH"] = os.pathsep.join(filter(None, (folder, found.get("PYTHONPATH"))))
    if "PATH" in removed or "PATH" in app_variables(resolved):
        return found
    return with_scripts(found, sys.executable, is_environment=sys.prefix != sys.base_prefix)


def import_folder(app: str, app_dir: str, root: str) -> str:
    """Return the folder that *app* is imported from, empty for *root*: `app-dir`, or `src` where it is only there."""
    if app_dir:
        return "" if app_dir == root else app_dir
    name, source = app.partition(":")[0].partition(".")[0], os.path.join(root, "src")

    def holds(folder: str) -> bool:
        return os.path.isdir(os.path.join(folder, name)) or os.path.isfile(os.path.join(folder, f"{name}.py"))

    return source if name.isidentifier() and not holds(root) and holds(source) else ""


def dotenv_line(name: str, text: str) -> str:
    """Return `NAME=text` for a .env file, so that our reader and python-dotenv's give back *text*."""
    if not _DOTENV_NAME.fullmatch(name) or _CONTROL.search(text) or "\r" in text:
        return f"# {name.encode('unicode_escape').decode()} cannot be written in this format"
    if not text or _PLAIN.fullmatch(text):
        return f"{name}={text}"
    escaped = text.replace("${", "$${}{").replace("\\", "\\\\")  # `${}` is a reference to nothing
    if not text.endswith("\\"):  # a quote after a backslash would not close the text
        quoted = escaped.replace("'", "\\'")
        return f"{name}='{quoted}'"
    quoted = escaped.replace('"', '\\"')
    return f'{name}="{quoted}${{}}"'


def shell_line(name: str, text: str) -> str:
    """Return the command that sets a variable in a shell (sh, and all that understand it)."""
    if not _SHELL_NAME.fullmatch(name):
        return f"# {name.encode('unicode_escape').decode()} is not a name for a shell's variable"
    return f"export {name}={shell_word(text)}"


def shell_word(text: str) -> str:
    """Return *text* as one word for a shell, with what a terminal would act on escaped."""
    if not _CONTROL.search(text):
        return shlex.quote(text)
    quoted = "".join(f"\\{ord(c):03o}" if _CONTROL.match(c) else c for c in text.replace("\\", "\\\\"))
    return "$'" + quoted.replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r") + "'"


def _follows(key: str) -> Origin:
    return Origin(Source.DERIVED, name=key, reason=f"follows {key}")
