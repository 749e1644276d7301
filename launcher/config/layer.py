"""Layers of values, each value with its origin. The order of `Source` is the precedence, low to high.

Pure data; who reads the files and variables is the business of the other modules of this package.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Source(IntEnum):
    """The kinds of place that values come from; a higher one wins."""

    DEFAULT = 0
    BASE = 1
    PROFILE = 2
    LOCAL_BASE = 3
    LOCAL_PROFILE = 4
    ENV_FILE = 5
    FLASK_VARIABLE = 6
    ENVIRONMENT = 7
    COMMAND_LINE = 8
    DERIVED = 9


@dataclass(frozen=True, slots=True)
class Origin:
    """The exact place of a value.

    `file` is an absolute path, with `path` the way to the value inside a TOML document, table names included
    (`("profiles", "eager", "port")`). `line` and `column` (from 1) are known at once for .env files and are found by
    `positions.py` for TOML files, only when somebody asks. `name` is the variable or flag as the person wrote it and
    `text` what it was given. `profile` names the profile of a profile layer; `reason` explains a derived value.
    """

    source: Source
    file: str = ""
    path: tuple[str, ...] = ()
    line: int = 0
    column: int = 0
    name: str = ""
    text: str = ""
    profile: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of a layer: the key's parts, the value, its origin. `unset` entries remove what is below them."""

    key: tuple[str, ...]
    value: object
    origin: Origin
    unset: bool = False


@dataclass(frozen=True, slots=True)
class Layer:
    """All values of one source and place, flattened to leaves. A table that is empty is a leaf too."""

    source: Source
    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that was offered for a key: used, or hidden by one above it."""

    value: object
    origin: Origin
    unset: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """All candidates for one key, highest first. The first one is the winner; an unset winner means no value.

    `secret` says that some file declares the variable to be secret, even one that takes no part here.
    """

    key: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    secret: bool = False

    @property
    def winner(self) -> Candidate:
        """The candidate that is used."""
        return self.candidates[0]
