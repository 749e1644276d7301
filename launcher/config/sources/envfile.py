"""Files with variables (.env): texts to pairs, with line and column; the only reader of python-dotenv.

Syntax and values are those of `dotenv_values`, which `flask run` calls. A line that python-dotenv would skip is an
error here. `pairs.py` decides which of the pairs are settings.
"""

from __future__ import annotations

import io
import os
import re
import select
import stat
from collections import ChainMap
from dataclasses import dataclass

from dotenv.parser import parse_stream
from dotenv.variables import parse_variables

from launcher.config.finding import Finding
from launcher.config.layer import Origin, Source
from launcher.config.sources.files import MAX_BYTES, read_text
from launcher.config.sources.pairs import Pair

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dotenv.parser import Binding

_START = re.compile(r"(?P<before>\s*(?:export[^\S\r\n]+)?)(?P<key>'[^']*'|[^=#\s]*)(?P<equals>[^\S\r\n]*=[^\S\r\n]*)?")
_SPOKEN = re.compile(r"[A-Z_][A-Z0-9_]{0,40}")
"""A line of one word that may be shown: any other may be a secret whose name was forgotten."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_INSISTING = re.compile(r"\$\{(?P<name>[^}:]*):\?[^}]*\}")
_NEWLINE = re.compile(r"\r\n|\n|\r")
_MOST = 1 << 20
"""How many characters the values of a file may have in all: lines that double each other would fill the memory."""

_REFUSED = re.compile(
    r"LD_(PRELOAD|AUDIT)|DYLD_INSERT_.*|GIT_SSH(_.*)?|BASH_ENV|PYTHON(HOME|STARTUP|INSPECT|EXECUTABLE)"
)
"""Names that only serve to run other code in every program that is started; such a file often comes with a clone."""

_LOADS_CODE = re.compile(r"LD_.*|DYLD_.*|PYTHON(PATH|WARNINGS|USERBASE)|PATH|BROWSER|NODE_OPTIONS")
"""Names that may do so and are of use. They are set, as `flask run` sets them, with a warning."""

_PIPE_SECONDS = 10
_pipes: dict[str, str] = {}
"""The texts of named pipes and of /dev/fd/N by path: their content can be read only once."""


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
        text, found = _read(path)
        findings += found
        if text is not None:
            read.append(read_pairs(path, text, shell, below))
            findings += read[-1].findings
            below.update((pair.name, pair.text) for pair in read[-1].pairs)
    return read, findings


def _read(path: str) -> tuple[str | None, list[Finding]]:
    """Return the text of a file or of a pipe; None for a folder, which is probably a virtual environment."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        mode = 0
    if stat.S_ISDIR(mode):
        return None, []
    if not stat.S_ISFIFO(mode):
        return read_text(path)
    try:
        if path not in _pipes:
            _pipes[path] = _read_pipe(path).decode("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else "") or "it does not hold UTF-8 text"
        message = f"{os.path.basename(path)} cannot be read: {reason}"
        return None, [Finding("unreadable", message, Origin(Source.ENV_FILE, file=path))]
    return _pipes[path], []


def _read_pipe(path: str) -> bytes:
    """Return all that is written into a pipe. Waits for a writer, but not for ever."""
    content = b""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        while len(content) <= MAX_BYTES:
            if not poll.poll(_PIPE_SECONDS * 1000):
                raise OSError(0, f"it is a pipe, and nothing was written to it for {_PIPE_SECONDS} seconds")
            try:
                part = os.read(descriptor, 1 << 16)
            except BlockingIOError:  # another reader was faster
                continue
            if not part:
                return content
            content += part
    finally:
        os.close(descriptor)
    raise OSError(0, f"it has more than {MAX_BYTES} bytes")


def read_pairs(file: str, text: str, shell: Mapping[str, str], below: Mapping[str, str]) -> EnvFile:
    """Return the pairs in the text of *file*; a reference means a pair above, the shell's value, or one of *below*.

    That is the order of `dotenv_values`. It does not know *below*: the files that are read before this one.
    """
    pairs: dict[str, Pair] = {}
    above: dict[str, str | None] = {}
    known: ChainMap[str, str | None] = ChainMap(above, dict(shell), dict(below))
    findings: list[Finding] = []
    room = _MOST
    for binding in parse_stream(io.StringIO(text, newline="")):
        found, complaints = _read_binding(file, binding, known)
        findings += complaints
        if binding.key is not None and binding.value is None:
            above[binding.key] = None  # python-dotenv takes a reference to it for one to nothing
            pairs.pop(binding.key, None)  # the last line counts, and this one gives no value
        if found is not None:
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


def expand(text: str, known: Mapping[str, str | None]) -> str:
    """Return *text* with `${NAME}` and `${NAME:-default}` replaced, exactly as python-dotenv replaces them.

    Raise `LookupError` when the result is longer than any file may make it.
    """
    parts: list[str] = []
    room = _MOST
    end = text.rfind("}") + 1  # what has no end is no reference, and would be looked for again and again
    for atom in parse_variables(text[:end]):
        parts.append(atom.resolve(known))
        room -= len(parts[-1])
        if room < 0:
            raise LookupError(f"the references make a text of more than {_MOST} characters")
    return "".join(parts) + text[end:]


def _read_binding(file: str, binding: Binding, known: Mapping[str, str | None]) -> tuple[Pair | None, list[Finding]]:
    start = _START.match(binding.original.string)
    assert start is not None
    origin = _origin(file, binding, start)
    if binding.error:
        return None, [_unreadable(binding, start, origin)]
    if binding.key is None:
        return None, []
    if complaint := _complaint(binding):
        return None, [Finding(complaint[0], complaint[1], origin, at_key=True, hint=complaint[2])]
    warnings = _warnings(binding, origin)
    if binding.value is None:
        return None, warnings
    try:
        value = expand(binding.value, known)
    except LookupError as error:
        return None, [*warnings, Finding("dotenv-reference", str(error.args[0]), origin)]
    origin = Origin(origin.source, file, (), origin.line, origin.column, binding.key, value)
    return Pair(binding.key, value, origin), warnings


def _origin(file: str, binding: Binding, start: re.Match[str]) -> Origin:
    before = _NEWLINE.split(start["before"])
    line = binding.original.line + len(before) - 1
    column = len(before[-1]) + len(start["key"]) + len(start["equals"] or "") + 1
    return Origin(Source.ENV_FILE, file, (), line, column, binding.key or start["key"])


def _complaint(binding: Binding) -> tuple[str, str, str] | None:
    """Return slug, message and hint for a pair that python-dotenv accepts and we do not."""
    name = binding.key or ""
    if binding.value is None:
        return None
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


def _warnings(binding: Binding, origin: Origin) -> list[Finding]:
    """Return what is worth saying about a pair that is read as python-dotenv reads it."""
    name = binding.key or ""
    found: list[Finding] = []
    if binding.value is None:
        known = _SPOKEN.fullmatch(name)
        message = (
            f"{name} has no value, so it is not set" if known else "this line is not NAME=value, so it sets nothing"
        )
        hint = f"write {name}= for an empty one" if known else "write NAME= in front of a value"
        return [Finding("dotenv-syntax", message, origin, at_key=True, hint=hint, warning=True)]
    if _LOADS_CODE.fullmatch(name):
        message = f"{name} in a .env file can make other programs load code"
        hint = f"if that is intended, set {name} in the `env` table of devserver.toml, where it is reviewed"
        found = [Finding("dotenv-loads-code", message, origin, at_key=True, hint=hint, warning=True)]
    if reference := _INSISTING.search(binding.value):
        message = f"the reference to {reference['name']} is not replaced"
        hint = f'python-dotenv does not know `:?`; in devserver.toml: env.{reference["name"]} = {{ required = "why" }}'
        found.append(Finding("dotenv-reference", message, origin, at_key=True, hint=hint, warning=True))
    return found


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
