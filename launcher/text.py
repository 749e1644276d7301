"""Text as a terminal shows it: what is escaped, how many columns it takes, where it breaks.

Pure, and knows nothing of colours or streams; those are the business of `console.py`.
"""

from __future__ import annotations

import re

# What changes the look of other text without being seen: bidirectional marks, zero-width marks, soft hyphens, line
# separators, tags. The two joiners (200C, 200D) stay: emoji and several scripts are written with them.
_INVISIBLE = frozenset(
    (0xAD, 0x061C, 0x180E, 0x200B, 0x200E, 0x200F, 0x2028, 0x2029, 0xFEFF, 0xFFF9, 0xFFFA, 0xFFFB)
).union(
    range(0x202A, 0x202F),
    range(0x2060, 0x2065),
    range(0x2066, 0x2070),
    range(0x1BCA0, 0x1BCA4),
    range(0x1D173, 0x1D17B),
    range(0xE0000, 0xE0080),
)
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
TAB = 8
_PAINT = re.compile(r"\x1b\[[0-9;]*m")


def shown(char: str) -> str:
    """Return what stands for one character: itself, or an escape where a terminal would act on it or hide it."""
    code = ord(char)
    if code < 0x20 or 0x7F <= code < 0xA0:
        return _NAMED.get(char) or f"\\x{code:02x}"
    if 0xD800 <= code < 0xE000 or code in _INVISIBLE:
        return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return char


def escape(text: str) -> str:
    """Return *text* as one line in which control, bidi and invisible characters are escaped."""
    return text if text.isprintable() else "".join(map(shown, text))


def width_of(text: str) -> int:
    """Return the number of terminal columns of escaped *text*, by East Asian width; a tab counts as eight."""
    if text.isascii():
        return len(text) + text.count("\t") * (TAB - 1)
    from unicodedata import category, east_asian_width  # a large table, not needed for plain English

    def columns(char: str) -> int:
        if char == "\t":
            return TAB
        if category(char) in ("Mn", "Me", "Cf"):
            return 0
        return 2 if east_asian_width(char) in "WF" else 1

    return sum(map(columns, text))


def pad(text: str, width: int) -> str:
    """Return *text* filled with spaces to *width* columns; longer text is left as it is."""
    return text + " " * (width - width_of(text))


def clip(text: str, width: int) -> str:
    """Return *text* cut to *width* columns, three dots at the end saying so."""
    if width_of(text) <= width:
        return text
    kept = ""
    for char in text:
        if width_of(kept + char) > width - 3:
            break
        kept += char
    return kept.rstrip() + "..."


def wrap(text: str, width: int, indent: str = "") -> list[str]:
    """Return *text* broken between words into lines of *width* columns; all but the first begin with *indent*.

    A word that is longer than a line is not broken, so that paths and addresses can be copied. What paints the text
    takes no room.
    """
    lines: list[str] = []
    line = ""
    for word in text.rstrip().split(" "):
        longer = f"{line} {word}" if line else word
        if line.strip() and width_of(_PAINT.sub("", longer)) > width:
            lines.append(line.rstrip())
            longer = indent + word
        line = longer
    return [*lines, line.rstrip()]
