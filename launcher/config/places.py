"""Origins to places that a frame can show: source line, column, and nothing secret in it.

Reads the file again and locates its keys, so it is loaded only when somebody asks. `resolve.py` keeps the origins.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache

from launcher import redact
from launcher.config.layer import Origin, Source
from launcher.config.sources.files import read_text
from launcher.config.toml.positions import Spot, locate
from launcher.errors import Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    Spots = dict[tuple[str, ...], Spot]

_PLAIN_NAME = re.compile(r"[A-Z_][A-Z0-9_]{0,40}")
_NOT_SECRET = ("LAUNCH_", "FLASK_APP", "FLASK_ENV", "FLASK_DEBUG", "FLASK_RUN_")


def place_of(origin: Origin, masked: bool = False, *, at_key: bool = False, secrets: Collection[str] = ()) -> Place:
    """Return where *origin* is, pointing at its value or its key; `masked` hides the value.

    What looks like a secret is hidden in any case, and so is the value of a variable among *secrets*. A file that
    changed or went away meanwhile gives a place without a text.
    """
    if origin.file:
        text = _text_of(origin.file)
        if origin.source is Source.COMMAND_LINE:
            # Python's parser, for a call of `launcher.run()`
            from launcher.config.sources.argument import locate_argument

            return locate_argument(origin, text or "", masked, at_key=at_key, secrets=secrets)
        return (
            _in_env_file(origin, text or "", at_key)
            if origin.source is Source.ENV_FILE
            else _in_toml(origin, text or "", masked, at_key, secrets)
        )
    if origin.source in (Source.ENVIRONMENT, Source.FLASK_VARIABLE):
        return _quote("environment", origin.name, "=", _hidden_text(origin.name, origin.text, masked), at_key)
    if origin.source is Source.COMMAND_LINE:
        hide = masked or (redact.is_secret_name(origin.name.lstrip("-")) and origin.name != "--key")
        return _quote("command line", origin.name, " ", _hidden_assignment(origin.text, hide), at_key)
    return Place("derived" if origin.source is Source.DERIVED else "default", text=origin.reason)


def _text_of(file: str) -> str | None:
    """Return the text of a file, read once as long as nobody writes it: a table of origins asks thousands of times."""
    try:
        state = os.stat(file)
    except OSError:
        return None
    return _read(file, (state.st_mtime_ns, state.st_size, state.st_ino))


@lru_cache(maxsize=32)
def _read(file: str, stamp: tuple[int, ...]) -> str | None:
    return read_text(file)[0]


def _quote(file: str, name: str, between: str, text: str, at_key: bool) -> Place:
    column = 1 if at_key or not text else len(name) + len(between) + 1
    length = len(name) if column == 1 else len(text)
    return Place(file, 0, column, f"{name}{between}{text}" if text else name, length)


def _hidden_text(name: str, text: str, masked: bool) -> str:
    return redact.shown(name, text, secret=masked or _is_ours_for_the_app(name))


def _is_ours_for_the_app(name: str) -> bool:
    """Return whether a name sets variables of the app all at once, or is meant to set one of them."""
    return name == "LAUNCH_ENV" or name.startswith("LAUNCH_ENV__")


def _hidden_assignment(text: str, masked: bool) -> str:
    """Return the text of a flag; in KEY=VALUE the value is hidden where the key looks secret."""
    name, between, value = text.partition("=") if "=" in text else text.partition(" ")
    if value and between and (masked or redact.is_secret_key(name.strip())):
        return f"{name}{between}{redact.MASK}"
    return redact.MASK if masked else redact.mask(text)


def _in_env_file(origin: Origin, text: str, at_key: bool) -> Place:
    """Return the place of a line of a .env file; only values of settings are shown."""
    lines = _lines(text)
    if not 1 <= origin.line <= len(lines):
        return Place(origin.file, origin.line)
    line = lines[origin.line - 1]
    before, equals, value = line.partition("=")
    name = before.strip().removeprefix("export").strip()
    if not equals:
        shown = line if _PLAIN_NAME.fullmatch(line.strip()) else redact.MASK
        return Place(origin.file, origin.line, 1, shown, max(1, len(shown)))
    start = len(before) - len(before.lstrip())
    secret = redact.is_secret_name(name) or _is_ours_for_the_app(name) or not name.startswith(_NOT_SECRET)
    if secret and value.strip():
        value = value[: len(value) - len(value.lstrip())] + redact.MASK
    shown = f"{before}={redact.mask(value)}"
    column = start + 1 if at_key or not value.strip() else min(origin.column, len(shown))
    length = len(before.strip()) if column == start + 1 else len(shown) - column + 1
    return Place(origin.file, origin.line, column, shown, max(1, length))


@lru_cache(maxsize=32)
def _lines(text: str) -> list[str]:
    return re.split(r"\r\n|\n|\r", text)


def _in_toml(origin: Origin, text: str, masked: bool, at_key: bool, secrets: Collection[str]) -> Place:
    if origin.line or not origin.path:
        # Only a text that could not be parsed has a line and no path, and nobody can tell where its secrets are.
        return Place(origin.file, origin.line, origin.column)
    page = _page(text, frozenset(secrets))
    path = next((origin.path[:n] for n in range(len(origin.path), 0, -1) if origin.path[:n] in page.spots), ())
    if not path:
        return Place(origin.file)
    spot = page.spots[path]
    line, column, length = (
        (spot.key_line, spot.key_column, spot.key_length) if at_key else (spot.line, spot.column, spot.length)
    )
    hidden = page.hidden.get(line, {})
    if masked and path not in page.tables and spot.line == line:
        hidden = {**hidden, path: spot}
    shown = _mask_line(page.lines[line - 1], hidden.values(), column)
    if not at_key and path in hidden:
        length = len(redact.MASK)
    return Place(origin.file, line, column, shown, max(1, min(length, len(shown) - column + 1)))


class _Page:
    """A TOML text as it may be shown: its lines, where its values stand, and which of them are hidden, by line."""

    def __init__(self, text: str, secrets: Collection[str]) -> None:
        self.lines = re.split(r"\r\n|\n", text)
        self.spots = locate(text)
        self.tables = {path[:length] for path in self.spots for length in range(1, len(path))}
        self.hidden: dict[int, Spots] = {}
        for path, spot in self.spots.items():
            if path not in self.tables and _is_secret(path, self.spots, secrets):
                self.hidden.setdefault(spot.line, {})[path] = spot


@lru_cache(maxsize=32)
def _page(text: str, secrets: frozenset[str]) -> _Page:
    return _Page(text, secrets)


def _mask_line(line: str, hidden: Iterable[Spot], caret: int) -> str:
    """Return a line of a TOML file without what is *hidden*; the column *caret* stays in place."""
    for column, length in sorted(((spot.column, spot.length) for spot in hidden), reverse=True):
        mask = "*" * length if column < caret else redact.MASK
        line = line[: column - 1] + mask + line[column - 1 + length :]
    return redact.mask(line[: caret - 1], keep=True) + redact.mask(line[caret - 1 :])


def _is_secret(path: tuple[str, ...], spots: Spots, secrets: Collection[str]) -> bool:
    """Return whether the value at *path* is a text that must not be shown.

    It is one of a variable that is declared secret, here or among *secrets*; or something in its path is called like
    one, wherever it stands, since a secret in the wrong table is one too.
    """
    if path[-1] in ("required", "secret", "override"):
        return False
    inner = path[path.index("env") + 1 :] if "env" in path else ()
    if inner and (inner[0] in secrets or redact.is_secret_name(inner[0])):
        return True
    if path[-1] == "env" or (len(inner) > 1 and (*path[: len(path) - len(inner) + 1], "secret") in spots):
        return True
    return any(redact.is_secret_name(part) for part in path if part != "key")
