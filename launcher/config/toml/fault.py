"""The place where a TOML parser gave up, with what stands around it, and what a rule says about it.

Pure. The rules themselves are in `wrong_value.py`, `wrong_shape.py` and `duplicate.py`; `mistakes.py` picks one.
"""

from __future__ import annotations

import re

from launcher.config.toml.limits import TOKEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    Span = tuple[int, int]

CURLY = "\u201c\u201d\u201e\u00ab\u00bb\u2018\u2019\u201a`\u00b4"
SWITCH = {"yes": "true", "on": "true", "true": "true", "no": "false", "off": "false", "false": "false"}
_LITERAL = re.compile(r"true|false|[+-]?(?:inf|nan|\d[\d_.]*)|\"[^\"]*\"|'[^']*'|[\[{].*")


class Mistake:
    """What is wrong and where: a span of the text, the sentence, the fix, and another place with its label."""

    def __init__(self, span: Span, message: str, hint: str = "", other: tuple[str, Span] | None = None) -> None:
        self.span = span
        self.message = message
        self.hint = hint
        self.other = other


class Fault:
    """The place where the parser gave up, with what stands around it.

    `at` is the offset, `shown` the text with secrets masked, `start` the beginning of the statement, `opened` the
    offsets of the brackets open at `at`, `string` the offset of the first string before it that has no end, or -1.
    """

    def __init__(self, text: str, at: int, said: str, shown: str) -> None:
        self.text, self.at, self.said, self.shown = text, at, said, shown
        self.start = 0
        self.string = -1
        self.opened: list[int] = []
        self._survey()
        newline = text.find("\n", at)
        self.end = len(text) if newline < 0 else newline
        self.rest = text[at : self.end]

    def _survey(self) -> None:
        for token in TOKEN.finditer(self.text, 0, self.at):
            part = token[0]
            if part in ("[", "{"):
                self.opened.append(token.start())
            elif part in ("]", "}") and self.opened:
                self.opened.pop()
            elif part == "\n" and not self.opened:
                self.start = token.end()
            elif self.string < 0 and part[0] in "\"'" and not _closed(part):
                self.string = token.start()

    @property
    def head(self) -> str:
        """What the statement says before the place."""
        return self.text[self.start : self.at]

    @property
    def key(self) -> str:
        """The key that is being set, as written; empty in a header."""
        line = self.text.rfind("\n", 0, self.at) + 1
        match = re.match(r"[ \t]*([\w.\"'-]+)[ \t]*=", self.text[max(line, self.start) : self.at])
        return match[1] if match else ""

    def after(self, length: int) -> Span:
        """Return the span of *length* characters from the place on."""
        return self.at, self.at + length

    def write(self, value: str, span: Span) -> str:
        """Return the hint to write *value* for the key; without the value where the text at *span* is masked."""
        if self.shown[slice(*span)] != self.text[slice(*span)]:
            return "the value is not shown here because its name looks secret"
        return f"write {self.key} = {value}" if self.key and len(self.opened) == 0 else f"write {value}"


def _closed(token: str) -> bool:
    quote = token[:3] if token[:3] in ('"""', "'''") else token[0]
    return len(token) >= 2 * len(quote) and re.fullmatch(rf"{quote}(?:[^\\]|\\.)*{quote}", token, re.DOTALL) is not None


def word(rest: str) -> str:
    """Return the beginning of *rest* up to a space, or to a sign that ends a value."""
    match = re.match(r"[^\s,\]}#]*", rest)
    return match[0] if match else ""


def quoted(value: str) -> str:
    """Return *value* as TOML text, in the quotes that need the fewest backslashes."""
    if "'" not in value and ("\\" in value or '"' in value):
        return f"'{value}'"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def as_value(value: str) -> str:
    """Return what a person most likely meant by *value*: a switch, what is TOML already, or else text."""
    if value.lower() in SWITCH:
        return SWITCH[value.lower()]
    return value if _LITERAL.fullmatch(value) else quoted(value)
