"""Texts from .env files, the environment and the command line, as entries of layers.

Pure: the texts and the table of settings are arguments. A text that cannot be read as its setting's type stays text, so
that `validate.py` refuses it with the same words as a wrong value in a file.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from launcher.config import key as keys
from launcher.config.finding import MOST, Finding
from launcher.config.layer import Entry, Origin
from launcher.errors import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Protocol

    class Setting(Protocol):
        """What this module needs to know of a setting."""

        @property
        def key(self) -> str: ...  # noqa: D102 - as in schema.Setting
        @property
        def variable(self) -> str: ...  # noqa: D102
        @property
        def kinds(self) -> tuple[str, ...]: ...  # noqa: D102


RESERVED = ("LAUNCH_PROFILE", "LAUNCH_CONFIG", "LAUNCH_ISOLATED", "LAUNCH_COLOR")
"""Variables that say how to resolve, and are read before there are settings."""

FOREIGN = ("LAUNCH_EDITOR", "LAUNCH_DARKLY_")
"""Beginnings of variables of other tools: the editor of JavaScript tool chains, and LaunchDarkly's."""

FLASK = {
    "FLASK_APP": "app",
    "FLASK_RUN_HOST": "host",
    "FLASK_RUN_PORT": "port",
    "FLASK_RUN_CERT": "tls.cert",
    "FLASK_RUN_KEY": "tls.key",
    "FLASK_RUN_RELOAD": "reload.enabled",
    "FLASK_RUN_DEBUGGER": "debugger.enabled",
    "FLASK_RUN_WITH_THREADS": "threads",
    "FLASK_RUN_EXTRA_FILES": "reload.include",
    "FLASK_RUN_EXCLUDE_PATTERNS": "reload.exclude",
}

_TRUE = frozenset({"1", "true", "t", "yes", "y", "on"})
_FALSE = frozenset({"0", "false", "f", "no", "n", "off"})


@dataclass(frozen=True, slots=True)
class Pair:
    """A name and its text, with the origin of the text."""

    name: str
    text: str
    origin: Origin


def parse_text(text: str, kinds: Iterable[str]) -> object:
    """Return *text* read as the first of *kinds* that fits, or *text* itself where none does."""
    for kind in kinds:
        value = _READERS[kind](text.strip()) if kind in _READERS else text
        if value is not None:
            return value
    return text


def launch_entries(pairs: Iterable[Pair], settings: Mapping[str, Setting]) -> tuple[list[Entry], list[Finding]]:
    """Return the entries of all `LAUNCH_*` pairs, and a finding for each name that sets nothing.

    *settings* has the settings by their `LAUNCH_` names. An empty text counts as not given; the reserved names and
    those of other tools are passed over. A name that is like none of ours is a warning, since another program may
    have set it.
    """
    entries: list[Entry] = []
    findings: list[Finding] = []
    for pair in pairs:
        if not pair.name.startswith(keys.PREFIX) or pair.name in RESERVED or pair.name.startswith(FOREIGN):
            continue
        row = settings.get(pair.name)
        if row is None:
            findings.append(_unknown(pair, settings if len(findings) < MOST else ()))
        elif pair.text:
            entries += spread(keys.split(row.key), parse_text(pair.text, row.kinds), pair.origin)
    return entries, findings


def flask_entries(
    pairs: Mapping[str, Pair], settings: Mapping[str, Setting], separator: str, *, debug_decided: bool
) -> list[Entry]:
    """Return the entries of Flask's own variables, read by Flask's own rules.

    *settings* has the settings by key, *separator* stands between the paths of a list. `debug_decided` says that some
    FLASK_DEBUG, perhaps of another source, is not empty, which makes Flask ignore FLASK_ENV. An empty text counts as
    not given. Off is what the command
    `flask` takes for it (click's words for false); any other text is on, as `flask.helpers.get_debug_flag` has it.
    """
    entries = [
        entry
        for name in FLASK
        if name in pairs and pairs[name].text
        for entry in _flask_entry(pairs[name], settings, separator)
    ]
    debug, environment = pairs.get("FLASK_DEBUG"), pairs.get("FLASK_ENV")
    if debug and debug.text:
        entries.append(Entry(("debug",), _switch(debug.text.strip() or "off") is not False, debug.origin))
    elif environment and environment.text and not debug_decided:
        entries.append(Entry(("debug",), environment.text == "development", environment.origin))
    return entries


def spread(key: tuple[str, ...], value: object, origin: Origin) -> list[Entry]:
    """Return the entries of *value*, a table taken apart down to its leaves; `env.NAME` is a leaf always."""
    if not isinstance(value, dict) or not value or keys.is_whole(key):
        return [Entry(key, value, origin)]
    return [entry for name, inner in value.items() for entry in spread((*key, str(name)), inner, origin)]


def _flask_entry(pair: Pair, settings: Mapping[str, Setting], separator: str) -> list[Entry]:
    row = settings[FLASK[pair.name]]
    if pair.name == "FLASK_RUN_CERT" and pair.text == "adhoc":
        return [Entry(("tls", "adhoc"), True, pair.origin)]
    if row.kinds == ("list",):
        value: object = tuple(part for part in pair.text.split(separator) if part)
    else:
        value = parse_text(pair.text, row.kinds)
    return [Entry(keys.split(row.key), value, pair.origin)]


def _unknown(pair: Pair, known: Iterable[str]) -> Finding:
    inner = pair.name.removeprefix(keys.PREFIX + "ENV__")
    guess = nearest(pair.name.removeprefix(keys.PREFIX), [name.removeprefix(keys.PREFIX) for name in known])
    if inner != pair.name:
        hint = f"variables for the app need no prefix: set {inner} itself"
    elif guess:
        hint = f"did you mean {keys.PREFIX}{guess}?"
    else:
        hint = f'if it belongs to another program: ignore-variables = ["{pair.name}"]'
    warning = inner == pair.name and not guess
    return Finding("env-unknown", f"{pair.name} sets nothing", pair.origin, at_key=True, hint=hint, warning=warning)


def is_ignored(name: str, patterns: Iterable[str]) -> bool:
    """Return whether one of *patterns* is *name*, or its beginning followed by a star."""
    return any(name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern for pattern in patterns)


def _switch(text: str) -> bool | None:
    word = text.lower()
    return True if word in _TRUE else False if word in _FALSE else None


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,18}", text) else None


def _decimal(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[+-]?[0-9]{1,18}(\.[0-9]{0,18})?", text) else None


def _list(text: str) -> tuple[object, ...] | None:
    if text.startswith("["):
        value = _json(text)
        return tuple(value) if isinstance(value, list) else None
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _map(text: str) -> dict[str, object] | None:
    value = _json(text)
    return value if isinstance(value, dict) else None


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


_READERS: dict[str, Callable[[str], object]] = {
    "switch": _switch,
    "number": _number,
    "decimal": _decimal,
    "list": _list,
    "map": _map,
}
