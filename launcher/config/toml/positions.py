"""Where each key and value of a TOML text stands.

Pure: text in, places out; tomli has the values and the last word on what is valid. Loaded only to explain or to fail.
The text need not be valid: a statement that makes no sense is left out, and the search goes on behind it. Every
character is looked at a bounded number of times.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    Path = tuple[str, ...]
    Span = tuple[int, int]

# Far above what `syntax.check_limits` lets through, so that these only bound the work on a hostile text.
_DEEPEST = 200
_LONGEST_KEY = 100

_SPACE = re.compile(r"[ \t]*")
_BLANK = re.compile(r"(?:[ \t\r\n\ufeff]|#[^\n]*)*")
_PART = re.compile(r""""((?:[^"\\\n]|\\.)*)"|'([^'\n]*)'|([^\s.=\[\]{},"'#]+)""")
_MULTILINE = re.compile(
    r'''"""[^"\\]*(?:(?:\\.|"{1,2}(?!"))[^"\\]*)*"{3,5}'''
    r"""|'''[^']*(?:'{1,2}(?!')[^']*)*'{3,5}""",
    re.DOTALL,
)
_LINE = re.compile(r""""(?:[^"\\\n]|\\.)*"|'[^'\n]*'|\d{4}-\d\d-\d\d[ ]\d[^\s,\]}#]*|[^\s,\]}#"']+""")
_ESCAPE = re.compile(r'\\(?:([btnfre"\\])|x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))')
_PLAIN = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b", '"': '"', "\\": "\\"}
_CLOSE = {"[": "]", "{": "}"}


@dataclass(frozen=True, slots=True)
class Spot:
    """The place of a key and of its value: lines and columns from 1, columns and lengths in code points.

    `length` covers what stands on the value's first line. The value of a table header is the header with its brackets,
    its key the last part of the name. An item of an array has no key, and a table that only exists because a longer
    key names it has no value: each then stands for the other.
    """

    key_line: int
    key_column: int
    key_length: int
    line: int
    column: int
    length: int


@dataclass(frozen=True, slots=True)
class Found:
    """One definition, as offsets into the text. `kind` is `value`, `table`, `tables` ([[...]]), `item` or `implied`."""

    path: Path
    key: Span
    value: Span
    kind: str


def locate(text: str) -> dict[Path, Spot]:
    """Return the place of every key of *text*: tables by header, values, items of arrays as `(..., "0")`.

    A key that is defined twice keeps its first place; a header wins over a mere mention in a longer key.
    """
    first: dict[Path, Found] = {}
    for found in definitions(text):
        known = first.setdefault(found.path, found)
        if known.kind == "implied" and found.kind != "implied":
            first[found.path] = found
    lines = line_starts(text)
    return {path: _spot(text, lines, found) for path, found in first.items()}


def definitions(text: str) -> list[Found]:
    """Return everything that *text* defines, duplicates included, in the order in which it begins."""
    scan = _Scan(text)
    scan.document()
    return sorted(scan.found, key=lambda found: found.key[0])


def line_starts(text: str) -> list[int]:
    """Return the offset at which each line begins."""
    return [0, *(match.end() for match in re.finditer("\n", text))]


def line_and_column(lines: list[int], offset: int) -> tuple[int, int]:
    """Return line and column, both from 1, of an offset into the text that `line_starts` made *lines* from."""
    line = bisect_right(lines, offset)
    return line, offset - lines[line - 1] + 1


def _spot(text: str, lines: list[int], found: Found) -> Spot:
    key_line, key_column = line_and_column(lines, found.key[0])
    line, column = line_and_column(lines, found.value[0])
    return Spot(key_line, key_column, _visible(text, found.key), line, column, _visible(text, found.value))


def _visible(text: str, span: Span) -> int:
    start, end = span
    newline = text.find("\n", start, end)
    if newline < 0:
        return end - start
    return newline - start - (text[newline - 1] == "\r")


class _LostError(Exception):
    """The text makes no sense at the scan's offset."""


@dataclass(slots=True)
class _Open:
    """An array or inline table whose end has not been reached. `count` is the number of items begun."""

    path: Path
    key: Span | None
    start: int
    bracket: str
    count: int = 0


class _Scan:
    """One pass over a text. `at` only grows."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: list[Found] = []
        self.counts: dict[Path, int] = {}

    def document(self) -> None:
        table: Path = ()
        while self._skip(_BLANK):
            try:
                if self._next() == "[":
                    table = self._header()
                else:
                    self._statement(table)
            except _LostError:
                pass
            self._skip_line()

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        match = pattern.match(self.text, self.at)
        assert match is not None  # the pattern matches the empty text
        self.at = match.end()
        return self.at < len(self.text)

    def _skip_line(self) -> None:
        newline = self.text.find("\n", self.at)
        self.at = len(self.text) if newline < 0 else newline + 1

    def _next(self) -> str:
        return self.text[self.at : self.at + 1]

    def _expect(self, word: str) -> None:
        if not self.text.startswith(word, self.at):
            raise _LostError
        self.at += len(word)

    def _header(self) -> Path:
        start = self.at
        brackets = 2 if self.text.startswith("[[", self.at) else 1
        self.at += brackets
        parts = self._key()
        self._expect("]" * brackets)
        path = self._imply((), parts)
        whole, name = (start, self.at), parts[-1][1]
        if brackets == 1:
            self.found.append(Found(path, name, whole, "table"))
            return self._newest(path)
        count = self.counts.get(path, 0)
        self.counts[path] = count + 1
        if not count:
            self.found.append(Found(path, name, whole, "tables"))
        self.found.append(Found((*path, str(count)), name, whole, "item"))
        return (*path, str(count))

    def _newest(self, path: Path) -> Path:
        """Return *path*, and for an array of tables its last item: that is what TOML means by the array's name."""
        return (*path, str(self.counts[path] - 1)) if path in self.counts else path

    def _imply(self, table: Path, parts: list[tuple[str, Span]]) -> Path:
        """Record the tables that a dotted name mentions on its way; return the path of the whole name."""
        path = table
        for name, span in parts[:-1]:
            path = (*path, name)
            if path in self.counts:
                path = self._newest(path)
            else:
                self.found.append(Found(path, span, span, "implied"))
        return (*path, parts[-1][0])

    def _key(self) -> list[tuple[str, Span]]:
        parts: list[tuple[str, Span]] = []
        while len(parts) < _LONGEST_KEY:
            self._skip(_SPACE)
            match = _PART.match(self.text, self.at)
            if match is None:
                raise _LostError
            parts.append((_name(match), match.span()))
            self.at = match.end()
            self._skip(_SPACE)
            if self._next() != ".":
                return parts
            self.at += 1
        raise _LostError

    def _statement(self, table: Path) -> None:
        path, key = self._assignment(table)
        self._skip(_SPACE)
        self._value(path, key)

    def _assignment(self, table: Path) -> tuple[Path, Span]:
        parts = self._key()
        self._expect("=")
        return self._imply(table, parts), parts[-1][1]

    def _value(self, path: Path, key: Span | None) -> None:
        """Walk one value with all that it contains. No recursion: the depth is the text's choice."""
        containers: list[_Open] = []
        try:
            self._begin(containers, path, key)
            while containers:
                if (inner := self._inner(containers[-1])) is None:
                    self._end(containers.pop())
                else:
                    self._skip(_BLANK)
                    self._begin(containers, *inner)
        except _LostError:
            for container in reversed(containers):
                self._end(container)
            raise

    def _begin(self, containers: list[_Open], path: Path, key: Span | None) -> None:
        bracket = self._next()
        if bracket and bracket in "[{":
            if len(containers) == _DEEPEST:
                raise _LostError
            containers.append(_Open(path, key, self.at, bracket))
            self.at += 1
            return
        span = self._scalar()
        self.found.append(Found(path, key or span, span, "value"))

    def _end(self, container: _Open) -> None:
        span = container.start, self.at
        self.found.append(Found(container.path, container.key or span, span, "value"))

    def _inner(self, container: _Open) -> tuple[Path, Span | None] | None:
        """Go to the next value inside *container*; None when its end was passed instead."""
        if container.count and self._skip(_BLANK) and self._next() == ",":
            self.at += 1
        elif container.count:
            self._expect(_CLOSE[container.bracket])
            return None
        self._skip(_BLANK)
        if self._next() == _CLOSE[container.bracket]:
            self.at += 1
            return None
        container.count += 1
        if container.bracket == "{":
            return self._assignment(container.path)
        return (*container.path, str(container.count - 1)), None

    def _scalar(self) -> Span:
        start = self.at
        if self.text.startswith(('"""', "'''"), start):
            match = _MULTILINE.match(self.text, start)
            if match is None:
                self.at = len(self.text)  # no end: everything behind it is inside it
        else:
            match = _LINE.match(self.text, start)
        if match is None:
            raise _LostError
        self.at = match.end()
        return start, self.at


def _name(match: re.Match[str]) -> str:
    basic, literal, bare = match.groups()
    if basic is not None:
        return _ESCAPE.sub(_character, basic)
    return literal if literal is not None else bare


def _character(match: re.Match[str]) -> str:
    plain, *numbers = match.groups()
    if plain:
        return _PLAIN[plain]
    code = int(next(number for number in numbers if number), 16)
    return chr(code) if code <= 0x10FFFF else match[0]
