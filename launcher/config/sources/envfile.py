"""Files with variables (.env): texts to pairs, with line and column; the only reader of python-dotenv.

The syntax is python-dotenv's, but what it would skip with a warning is a finding here, and `${NAME}` is expanded by
the rules at `expand`. Which of the pairs are settings is `pairs.py`'s business.
"""

from __future__ import annotations

import io
import re
from collections import ChainMap
from dataclasses import dataclass

from dotenv.parser import parse_stream

from launcher.config.finding import Finding
from launcher.config.layer import Origin, Source
from launcher.config.sources.files import read_text
from launcher.config.sources.pairs import Pair

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dotenv.parser import Binding

_START = re.compile(r"(?P<before>\s*(?:export[^\S\r\n]+)?)(?P<key>'[^']*'|[^=#\s]*)(?P<equals>[^\S\r\n]*=[^\S\r\n]*)?")
_SPOKEN = re.compile(r"[A-Z_][A-Z0-9_]{0,40}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_REFERENCE = re.compile(r"\$\$|\$\{(?P<name>[^}:]*)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}")
_NEWLINE = re.compile(r"\r\n|\n|\r")
_MOST = 1 << 20
"""How many characters the values of a file may have in all: lines that double each other would fill the memory."""

_REFUSED = re.compile(
    r"LD_.*|DYLD_.*|GIT_SSH(_.*)?|PYTHON(HOME|PATH|STARTUP|INSPECT|WARNINGS|USERBASE|EXECUTABLE)|BASH_ENV|PATH|BROWSER|NODE_OPTIONS"
)
"""Names with which a file could run code in programs that are started; such a file often comes with a clone."""


@dataclass(frozen=True, slots=True)
class EnvFile:
    """The pairs of one file, in the order of the file, the last one of each name only; and what is wrong with it."""

    path: str
    pairs: tuple[Pair, ...]
    findings: tuple[Finding, ...]


def read_files(paths: Iterable[str], shell: Mapping[str, str]) -> tuple[list[EnvFile], list[Finding]]:
    """Return what is in the files at *paths*, given from low to high, and everything that is wrong with them."""
    read: list[EnvFile] = []
    findings: list[Finding] = []
    below: dict[str, str] = {}
    for path in paths:
        text, found = read_text(path)
        findings += found
        if text is not None:
            read.append(read_pairs(path, text, shell, below))
            findings += read[-1].findings
            below.update((pair.name, pair.text) for pair in read[-1].pairs)
    return read, findings


def read_pairs(file: str, text: str, shell: Mapping[str, str], below: Mapping[str, str]) -> EnvFile:
    """Return the pairs in the text of *file*; a reference means the shell's value, a pair above, or one of *below*."""
    pairs: dict[str, Pair] = {}
    above: dict[str, str] = {}
    known = ChainMap(dict(shell), above, dict(below))
    findings: list[Finding] = []
    room = _MOST
    for binding in parse_stream(io.StringIO(text, newline="")):
        found = _read_binding(file, binding, known)
        if isinstance(found, Finding):
            findings.append(found)
        elif found is not None:
            if found.name in pairs:
                findings.append(_duplicate(pairs.pop(found.name), found))
            pairs[found.name] = found
            above[found.name] = found.text
            room -= len(found.text)
            if room < 0:
                message = f"the values of this file have more than {_MOST} characters"
                findings.append(Finding("dotenv-reference", message, found.origin))
                break
    return EnvFile(file, tuple(pairs.values()), tuple(findings))


def expand(text: str, known: Mapping[str, str]) -> str:
    """Return *text* with its references replaced.

    `${X}` is the variable or nothing, `${X:-d}` has *d* for one that is missing or empty, `${X:?why}` insists on it,
    `$$` is a dollar sign; every other dollar sign stands for itself. Raise `LookupError` with the reason, which may be
    that the text becomes longer than any file may make it.
    """
    length = 0

    def bounded(match: re.Match[str]) -> str:
        nonlocal length
        value = replace(match)
        length += len(value)
        if length > _MOST:
            raise LookupError(f"the references make a text of more than {_MOST} characters")
        return value

    def replace(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        value = known.get(match["name"], "")
        if value or match["kind"] is None:
            return value
        if match["kind"] == "?":
            raise LookupError(f"{match['name']} is needed here and not set: {match['rest'] or 'no reason is given'}")
        return str(match["rest"])

    end = text.rfind("}") + 1  # what has no end is no reference, and would be looked for again and again
    return _REFERENCE.sub(bounded, text[:end]) + text[end:].replace("$$", "$")


def _read_binding(file: str, binding: Binding, known: Mapping[str, str]) -> Pair | Finding | None:
    start = _START.match(binding.original.string)
    assert start is not None
    origin = _origin(file, binding, start)
    if binding.error:
        return _unreadable(binding, start, origin)
    if binding.key is None:
        return None
    if complaint := _complaint(binding):
        return Finding(complaint[0], complaint[1], origin, at_key=True, hint=complaint[2])
    value = binding.value or ""
    if binding.original.string[start.end() : start.end() + 1] != "'":
        try:
            value = expand(value, known)
        except LookupError as error:
            return Finding("dotenv-reference", str(error.args[0]), origin)
    return Pair(binding.key, value, Origin(origin.source, file, (), origin.line, origin.column, binding.key, value))


def _origin(file: str, binding: Binding, start: re.Match[str]) -> Origin:
    before = _NEWLINE.split(start["before"])
    line = binding.original.line + len(before) - 1
    column = len(before[-1]) + len(start["key"]) + len(start["equals"] or "") + 1
    return Origin(Source.ENV_FILE, file, (), line, column, binding.key or start["key"])


def _complaint(binding: Binding) -> tuple[str, str, str] | None:
    """Return slug, message and hint for a pair that python-dotenv accepts and we do not."""
    name = binding.key or ""
    if binding.value is None and not _SPOKEN.fullmatch(name):  # it may be a secret whose name was forgotten
        return "dotenv-syntax", "this line is not NAME=value", "write NAME= in front of a value"
    if binding.value is None:
        return "dotenv-syntax", f"{name} has no value", f"write {name}= for an empty one"
    if _NAME.fullmatch(name) is None:
        return (
            "dotenv-syntax",
            f"`{name}` is not a name for a variable",
            "use letters, digits and _, and no digit first",
        )
    if "\0" in binding.value:
        return "dotenv-syntax", f"the value of {name} contains a NUL character", "no environment variable can"
    if _REFUSED.fullmatch(name):
        hint = f"set {name} in the `env` table of devserver.toml, where it is reviewed, or in the shell"
        return "dotenv-refused", f"{name} cannot be set in a .env file: it makes other programs load code", hint
    return None


def _unreadable(binding: Binding, start: re.Match[str], origin: Origin) -> Finding:
    """Return the finding for a line that python-dotenv gives up on, with a guess at the reason."""
    name, skipped = start["key"], "python-dotenv would skip this line and carry on"
    rest = _NEWLINE.split(binding.original.string[start.end() :])[0]
    before_equals, equals, _ = rest.partition("=")
    if start["equals"] is None and equals:
        hint = f"{skipped}; write {'_'.join((name + before_equals).split())}="
        return Finding("dotenv-syntax", "a variable name cannot contain a space", origin, hint=hint)
    if start["equals"] is not None and rest[:1] in ("'", '"'):
        closed = rest[0] in rest[1:]
        message = (
            f"there is text after the closing quote of {name}" if closed else f"the quote of {name} is never closed"
        )
        return Finding("dotenv-syntax", message, origin, hint=skipped)
    return Finding("dotenv-syntax", "this line is not NAME=value", origin, at_key=True, hint=skipped)


def _duplicate(first: Pair, second: Pair) -> Finding:
    message = f"{second.name} is set twice in this file; the last one counts"
    return Finding(
        "dotenv-duplicate",
        message,
        second.origin,
        hint="remove one of the lines",
        others=(("also here", first.origin),),
        warning=True,
    )
