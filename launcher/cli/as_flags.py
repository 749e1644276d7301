"""A resolved profile as one command line that needs no file and no variable, without what is secret.

Pure. Meant for bug reports: run in the project's folder of another clone, it gives the same settings.
"""

from __future__ import annotations

import os
import re

from launcher import redact
from launcher.cli.flags import flags_for
from launcher.cli.scaffold import toml
from launcher.config import key as keys
from launcher.config.layer import Source
from launcher.config.schema import by_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from launcher.config.resolve import ResolvedProfile
    from launcher.config.schema import Setting

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_NOT_TOLD = ("env", "env-files")
"""The variables come one by one, and what the .env files gave is among them."""


def command_line(resolved: ResolvedProfile) -> tuple[list[str], list[str]]:
    """Return the words of the command, and the keys that were left out because their values are secret."""
    words, left_out = ["launch", "dev", "--isolated"], []
    for row in by_key().values():
        if row.key in _NOT_TOLD or not _is_needed(resolved, row):
            continue
        value = _below(_value(resolved, row.key), resolved.project.root, row)
        if row.secret or redact.hides_setting(row.key, value) or _hides(value):
            left_out.append(row.key)
        else:
            words += _words(row, value)
    for name, variable in resolved.variables.items():
        if variable.secret or redact.mask(variable.value) != variable.value:
            left_out.append(f"env.{name}")
        else:
            words += ["--set", f"env.{_key(name)} = {toml(variable.value)}"]
    removed = [key for key, record in resolved.history.items() if keys.is_whole(key) and record.winner.unset]
    return [*words, *(word for key in removed for word in ("--unset", keys.join(key)))], left_out


def _is_needed(resolved: ResolvedProfile, row: Setting) -> bool:
    """Return whether a setting would have another value if it were not told.

    One that follows another setting when it is not set has to be told even where it has its default.
    """
    if row.kinds == ("map",):
        return _value(resolved, row.key) != {}
    winner = resolved.history[keys.split(row.key)].winner
    if winner.unset or winner.origin.source in (Source.DEFAULT, Source.DERIVED):
        return False
    return row.key in ("reload.enabled", "debugger.enabled", "threads") or _value(resolved, row.key) != row.default


def _value(resolved: ResolvedProfile, key: str) -> object:
    value: object = resolved.settings
    for part in keys.split(key):
        value = getattr(value, keys.attribute(part))
    return value


def _below(value: object, root: str, row: Setting) -> object:
    """Return a value with absolute paths below the project's root as relative ones."""
    if isinstance(value, dict):
        return {name: _below(inner, root, row) for name, inner in value.items()}
    if not isinstance(value, str) or not (row.path or row.key in ("host", "app")):
        return value
    start, path = ("unix:", value[5:]) if row.key == "host" and value.startswith("unix:") else ("", value)
    if path == root:
        return f"{start}."
    if not path.startswith(root.rstrip(os.sep) + os.sep):
        return value
    inner = path[len(root.rstrip(os.sep)) + 1 :]
    # Bare, these two would mean something else: a home folder, and a certificate that is made.
    return f"{start}./{inner}" if inner.startswith("~") or inner == "adhoc" else start + inner


def _words(row: Setting, value: object) -> list[str]:
    """Return the words that give a setting a value: its own flag where it has one that can say it."""
    for flag in flags_for(row.key):
        if isinstance(value, bool) and flag.off:
            return [flag.names[-1] if value else flag.off[0]]
        if flag.takes_value and isinstance(value, (str, int, float)) and not isinstance(value, bool):
            text = str(value)
            return [f"{flag.name}={text}"] if text.startswith("-") or not text else [flag.name, text]
    if isinstance(value, dict):
        pairs = ", ".join(f"{toml(str(name))} = {toml(inner)}" for name, inner in value.items())
        return ["--set", f"{row.key} = {{ {pairs} }}"]
    return ["--set", f"{row.key} = {toml(value)}"]


def _hides(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_hides, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_hides, value))
    return isinstance(value, str) and redact.mask(value) != value


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else toml(name)
