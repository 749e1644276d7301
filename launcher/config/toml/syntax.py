"""A TOML syntax error in the user's words: the exact place, what is wrong there, and what to write instead.

Pure: takes the text and what the parser said about it, returns a `Problem`. The parser itself belongs to `files.py`,
the list of known mistakes to `mistakes.py`. Loaded only to fail.
"""

from __future__ import annotations

import re

from launcher.config.toml.fault import Fault
from launcher.config.toml.limits import TOKEN
from launcher.config.toml.mistakes import diagnose
from launcher.config.toml.positions import line_and_column, line_starts
from launcher.errors import Place, Problem
from launcher.redact import is_secret_name, mask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Protocol

    class SyntaxFault(Protocol):
        """What we read of `tomli.TOMLDecodeError`: `pos` counts in the text with CR LF folded to LF."""

        msg: str
        pos: int


_HEADER = re.compile(r"[ \t]*\[[^\]\n]*\]*[ \t]*(?:#.*)?\Z")
_NAME = re.compile(r"[A-Za-z_][\w-]*")
_VALUE_FOLLOWS = re.compile(r"[\"']?[ \t]*(?:\.[ \t]*\w+[ \t]*){0,2}(?:[=:\]]|(?<=[ \t])[\"'\w])")
_SECRET_MARK = re.compile(r"\bsecret[ \t]*=[ \t]*true\b")
_ASSIGNED = re.compile(r"[=:]")


def explain_syntax(text: str, file: str, error: SyntaxFault, secrets: Collection[str] = ()) -> Problem:
    """Return the problem that stopped the parser, named by the mistake that was probably made.

    *file* is what the problem shall show as its file, *error* the parser's own. Values that look secret are masked, and
    those of the names *secrets*, which another file declares to be secret.
    """
    folded = text.replace("\r\n", "\n")
    fault = Fault(folded, min(max(error.pos, 0), len(folded)), error.msg, _mask(folded, secrets))
    mistake = diagnose(fault)
    others = ((mistake.other[0], _place(fault, file, mistake.other[1])),) if mistake.other else ()
    return Problem("toml-syntax", mistake.message, _place(fault, file, mistake.span), mistake.hint, others)


def _place(fault: Fault, file: str, span: tuple[int, int]) -> Place:
    start, end = span
    line, column = line_and_column(line_starts(fault.text), start)
    source = fault.shown.split("\n")[line - 1]
    length = max(1, min(end - start, len(source) - column + 1))
    return Place(file, line, column, source, length)


def _mask(text: str, secrets: Collection[str]) -> str:
    """Return *text* with the values of secret-looking settings starred out, every character at its place.

    Goes by lines, because the text is not valid: what follows `API_KEY =`, up to the next line that begins a setting;
    all of a setting or table that says `secret = true`; all below a header such as `[base.env.API_KEY]`.
    """
    masked: list[str] = []
    hide_table = hide = False
    lines = mask(text, keep=True).split("\n")
    marked, continued = _marked_tables(lines), _continued(text)
    for number, line in enumerate(lines):
        start = 0
        if number in continued:
            pass
        elif _HEADER.match(line):
            hide_table = number in marked or _secret_name(line, secrets) is not None
            hide = False
        elif found := _SECRET_MARK.search(line) and _ASSIGNED.search(line):
            hide, start = True, found.end()
        elif found := _secret_name(line, secrets):
            hide, start = True, found.end() - (line[found.end() - 1] not in "=:]")
        elif found := _ASSIGNED.search(line):
            hide, start = hide_table, found.end()
        masked.append(line[:start] + re.sub(r"\S", "*", line[start:]) if hide else line)
    return "\n".join(masked)


def _secret_name(line: str, secrets: Collection[str]) -> re.Match[str] | None:
    """Find the sign between the first name in *line* that is taken for a secret's, and its value.

    The name `key` alone is a setting: the file of a certificate's key.
    """
    for name in _NAME.finditer(line):
        secret = name[0] in secrets or (name[0] != "key" and is_secret_name(name[0]))
        if secret and (found := _VALUE_FOLLOWS.match(line, name.end())):
            return found
    return None


def _continued(text: str) -> set[int]:
    """Return the numbers of the lines that begin inside a multi-line string."""
    inside: set[int] = set()
    line = 0
    for token in TOKEN.finditer(text):
        newlines = token[0].count("\n")
        if len(token[0]) > 1:
            inside.update(range(line + 1, line + newlines + 1))
        line += newlines
    return inside


def _marked_tables(lines: list[str]) -> set[int]:
    """Return the numbers of the header lines whose table says `secret = true` on a line of its own."""
    marked, header = set(), -1
    for number, line in enumerate(lines):
        if _HEADER.match(line):
            header = number
        elif _SECRET_MARK.match(line.strip()):
            marked.add(header)
    return marked
