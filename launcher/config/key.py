"""Dotted keys of settings, and how each is spelled in TOML, in Python, in the environment and as a flag.

The only place that converts between spellings. `env.NAME` is the one open key: its last part is free text.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

PREFIX = "LAUNCH_"


def join(parts: Iterable[str]) -> str:
    """Return the dotted key of *parts*: `("reload", "drain-seconds")` is `reload.drain-seconds`."""
    return ".".join(parts)


def split(key: str) -> tuple[str, ...]:
    """Return the parts of a dotted key. `env.NAME` has two parts whatever NAME contains."""
    head, dot, rest = key.partition(".")
    if head == "env" and dot:
        return head, rest
    return tuple(key.split("."))


def variable(key: str) -> str:
    """Return the environment spelling: `reload.drain-seconds` is `LAUNCH_RELOAD__DRAIN_SECONDS`."""
    return PREFIX + "__".join(part.upper().replace("-", "_") for part in split(key))


def attribute(key: str) -> str:
    """Return the Python spelling: `reload.drain-seconds` is `reload.drain_seconds`."""
    return key.replace("-", "_")


def flag(key: str) -> str:
    """Return the flag spelling: `reload.drain-seconds` is `--reload-drain-seconds`."""
    return "--" + "-".join(split(key))


def is_whole(parts: tuple[str, ...]) -> bool:
    """Return whether the value of this key is one value even when it is written as a table: `env.NAME` is."""
    return len(parts) == 2 and parts[0] == "env"
