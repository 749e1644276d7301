"""How deep a TOML text may be nested, and how long its keys may be, before a parser sees it.

Pure, and small, because every settings file passes here. The parser calls itself for what is nested, and its time grows
with the square of the parts of a key.
"""

from __future__ import annotations

import re

from launcher.errors import Place, Problem

NESTING = 64
KEY_PARTS = 32

# Strings and comments as one token each, then what structure is made of. An end that is missing is the end of the
# line or text, so that no character is looked at twice.
TOKEN = re.compile(
    r'''"""[^"\\]*(?:(?:\\.|"{1,2}(?!"))[^"\\]*)*(?:"{3,5}|\Z|\\?)'''
    r"""|'''[^']*(?:'{1,2}(?!')[^']*)*(?:'{3,5}|\Z|)"""
    r"""|"(?:[^"\\\n]|\\[^\n])*"?|'[^'\n]*'?|\#[^\n]*|[\[\]{}=,.\n]""",
    re.DOTALL,
)


def check_limits(text: str) -> Problem | None:
    """Return the first place of *text* that is nested too deep or has too long a key, or None.

    To be asked before the text is parsed: one pass, in time that grows with the length only. Strings and comments are
    passed over as the parser does; the place has no file, the caller knows it.
    """
    depth = dots = 0
    for token in TOKEN.finditer(text):
        word = token[0]
        if word == ".":
            dots += 1
        elif word in ("[", "{"):
            depth, dots = depth + 1, 0
        elif word in ("]", "}", "=", ",", "\n"):
            depth, dots = max(0, depth - (word in "]}")), 0
        if depth > NESTING:
            return _too_much(text, token.start(), f"lists and tables are nested more than {NESTING} deep")
        if dots >= KEY_PARTS:
            return _too_much(text, token.start(), f"a key has more than {KEY_PARTS} parts")
    return None


def _too_much(text: str, offset: int, message: str) -> Problem:
    line = text.count("\n", 0, offset) + 1
    place = Place("", line, offset - text.rfind("\n", 0, offset))
    return Problem("too-deep", message, place, "no settings file needs this; write it flatter")
