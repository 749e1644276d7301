"""What `launch init` would write, from what was found: texts, and the difference that they make.

Pure: what is there today comes in as text, and nothing is written here.
"""

from __future__ import annotations

import difflib
import json
import re

from launcher.config import key as keys
from launcher.config.schema import settings_table
from launcher.config.validate import is_loopback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from launcher.cli.discovery import Discovery, Item

SCHEMA_FILE = ".launch/devserver.schema.json"
IGNORE_FILE = ".gitignore"
IGNORED = ("devserver.local.toml", ".env*.local", ".launch/tls/")
_REASON = "# launch: files of one machine"
_MOST = 3  # other apps that are offered
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def settings_text(found: Discovery) -> str:
    """Return the text of devserver.toml."""
    lines = [f"#:schema ./{SCHEMA_FILE}", "", "# All settings: launch schema --text", "", "[base]"]
    written = [(row.key, found.settings[row.key]) for row in settings_table() if row.key in found.settings]
    for key, item in written:
        lines += _setting(key, item)
    if "app" not in found.settings:
        lines += ['# app = "module:name"  # detected when not set: the app in wsgi.py or app.py']
    lines += [f"# app = {toml(item.value)}  # {item.where}" for item in other_apps(found)[:_MOST]]
    lines += _variables("base.env", found)
    for name, profile in found.profiles.items():
        lines += ["", f"[profiles.{name}]"]
        lines += [line for key, item in profile.settings.items() for line in _setting(key, item)]
        lines += _variables(f"profiles.{name}.env", profile)
    return "\n".join(lines) + "\n"


def other_apps(found: Discovery) -> list[Item]:
    """Return the apps in the code that are another one than the app that was found elsewhere."""
    chosen = str(found.settings["app"].value).partition("(")[0] if found.others and "app" in found.settings else ""
    return [item for item in found.others if not chosen or not f"{item.value}:".startswith(f"{chosen}:")]


def ignored_text(text: str) -> str:
    """Return the text of .gitignore with the lines that are missing in *text*, which end as its own do."""
    present = {line.strip().lstrip("/") for line in text.splitlines()}
    missing = [line for line in IGNORED if line not in present and line.rstrip("/") not in present]
    if not missing:
        return text
    end = "\r\n" if "\r\n" in text else "\n"
    before = text if not text or text.endswith("\n") else text + end
    return before + "".join(f"{line}{end}" for line in [*([""] if before else []), _REASON, *missing])


def difference(name: str, before: str | None, after: str) -> list[str]:
    """Return the lines of a unified diff; *before* is None for a file that is not there yet."""
    old = [] if before is None else before.splitlines()
    start = "/dev/null" if before is None else f"a/{name}"
    return list(difflib.unified_diff(old, after.splitlines(), start, f"b/{name}", lineterm=""))


def toml(value: object) -> str:
    """Return a value as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)


def _setting(key: str, item: Item) -> list[str]:
    line = f"{keys.join(key.split('.'))} = {toml(item.value)}"
    if key == "host" and not is_loopback(str(item.value)):
        why = ["# With the debugger on, set this on your own machine only: in devserver.local.toml, or with --host."]
        return [*why, f"# {line}  # {item.where}"]
    return [f"{line}  # {item.where}"]


def _variables(table: str, found: Discovery) -> list[str]:
    rows = [_variable(name, item) for name, item in sorted(found.variables.items())]
    return ["", f"[{table}]", *rows] if rows else []


def _variable(name: str, item: Item) -> str:
    quoted = name if _BARE.fullmatch(name) else toml(name)
    if item.default:
        value = f"required = {toml(f'see {item.where}')}" if item.required else f"default = {toml(item.value)}"
        return f"{quoted} = {{ {value}{', secret = true' if item.secret else ''} }}  # {item.where}"
    if item.secret:
        reason = toml(f"put it in .env.local (it was in {item.where})")
        return f"{quoted} = {{ required = {reason}, secret = true }}"
    return f"{quoted} = {toml(item.value)}  # {item.where}"


def planned(found: Discovery, schema: str, present: Mapping[str, str | None]) -> dict[str, str]:
    """Return the files to write and their texts; *present* has the texts of those that may be there already.

    A schema that is there stays as it is, and a .gitignore gets the lines that it lacks.
    """
    files = {"devserver.toml": settings_text(found)}
    if present.get(SCHEMA_FILE) is None:
        files[SCHEMA_FILE] = schema
    ignore = present.get(IGNORE_FILE) or ""
    if ignored_text(ignore) != ignore:
        files[IGNORE_FILE] = ignored_text(ignore)
    return files
