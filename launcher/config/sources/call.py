"""The keyword arguments of `launcher.run()` as a layer that ranks like flags.

Knows how settings are spelled in Python. Where an argument stands in the file is found by `places.py`, only to explain
or to fail.
"""

from __future__ import annotations

from dataclasses import dataclass

from launcher.config import key as keys
from launcher.config import schema
from launcher.config.finding import Finding
from launcher.config.layer import Entry, Layer, Origin, Source
from launcher.errors import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

_SWITCHES = {"reload": "enabled", "debugger": "enabled", "tls": "adhoc"}
"""Tables for which true and false stand too, and what that sets."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of `launcher.run()`: its place, and its keyword arguments as JSON has them."""

    file: str
    line: int
    settings: Mapping[str, Any]  # Any: JSON

    def origin(self, *path: str) -> Origin:
        """Return the origin of an argument, or of what lies on *path* inside of it."""
        return Origin(Source.COMMAND_LINE, self.file, path, self.line, name=f"run({path[0]}=...)")


def default_layer() -> Layer:
    """Return what `run` decides where nobody else does: as `app.run()`, it ends when a reload fails."""
    origin = Origin(Source.DEFAULT, name="launcher.run()")
    return Layer(Source.DEFAULT, "launcher.run()", (Entry(("loading",), "eager", origin),))


def call_layer(call: Call) -> tuple[Layer, list[Finding]]:
    """Return the layer of the arguments, and a finding for each name that is no setting."""
    entries: list[Entry] = []
    findings: list[Finding] = []
    known = _names()
    for name, value in call.settings.items():
        if name in known:
            entries += _entries(call, keys.split(known[name]), (name,), value)
        else:
            findings.append(_unknown(call, name, known))
    return Layer(Source.COMMAND_LINE, "launcher.run()", tuple(entries)), findings


def _names() -> dict[str, str]:
    """Return every setting and table by its name in Python: `reload_drain_seconds` is `reload.drain-seconds`."""
    return {_python(key): key for key in (*schema.tables(), *schema.by_key()) if key != "app"}


def _python(key: str) -> str:
    return keys.attribute(key).replace(".", "_")


def _entries(call: Call, key: tuple[str, ...], path: tuple[str, ...], value: object) -> Iterator[Entry]:
    """Yield the entries of *value*, a table taken apart down to its leaves; `env.NAME` is a leaf always."""
    dotted = keys.join(key)
    if isinstance(value, bool) and dotted in _SWITCHES:
        yield Entry((*key, _SWITCHES[dotted]), value, call.origin(*path))
    elif isinstance(value, dict) and value and dotted in schema.tables():
        free = dotted in ("env", "wsgi.static")
        for name, inner in value.items():
            yield from _entries(call, (*key, name if free else _inner(dotted, name)), (*path, name), inner)
    else:
        yield Entry(key, tuple(value) if isinstance(value, list) else value, call.origin(*path))


def _inner(table: str, name: str) -> str:
    """Return the name in TOML of a key of *table*, which may be spelled with underscores."""
    dashed = name.replace("_", "-")
    return dashed if f"{table}.{dashed}" in (*schema.by_key(), *schema.tables()) else name


def _unknown(call: Call, name: str, known: Mapping[str, str]) -> Finding:
    if other := next((row for row in schema.settings_table() if name == row.werkzeug and row.key != "app"), None):
        hint = f"here it is called `{_python(other.key)}`"
    elif guess := nearest(name, known):
        hint = f"did you mean `{guess}`?"
    else:
        hint = "the settings are those of devserver.toml, with underscores"
    return Finding("unknown-key", f"`{name}` is not a setting", call.origin(name), at_key=True, hint=hint)
