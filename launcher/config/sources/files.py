"""Find the project and read its TOML files; the only reader of tomli.

Which profile counts is `selection.py`'s business, and what the values mean is `validate.py`'s.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from dataclasses import dataclass

import tomli

from launcher import redact
from launcher.config import key as keys
from launcher.config.finding import Finding
from launcher.config.layer import Entry, Origin, Source
from launcher.config.toml.limits import TOKEN, check_limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NAME = "devserver.toml"
LOCAL = "devserver.local.toml"
FOLDER = "profiles"
MAX_BYTES = 64 * 1024

_LONG_NUMBER = re.compile(r"\b[0-9][0-9A-Fa-f_xob]{999,}")
"""The interpreter refuses to read, and to write, more than 4,300 digits; a hexadecimal number it would read."""

_REPOSITORY = (".git", ".hg", ".svn", ".jj")


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A file that was looked at: absolute path, whether it exists, and its role.

    Roles: `project`, `pyproject`, `local`, `profile`, `env`.
    """

    path: str
    exists: bool
    role: str


@dataclass(frozen=True, slots=True)
class Project:
    """The project: its root, its committed file (empty for none), and every file that was looked at.

    `table` is the way to the settings inside the committed file: empty, or `("tool", "launch")` in a pyproject.toml.
    """

    root: str
    file: str = ""
    table: tuple[str, ...] = ()
    candidates: tuple[SettingsFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A settings file that was read: its path, the table that holds settings, and the way to that table."""

    file: str
    table: dict[str, Any]  # Any: TOML
    path: tuple[str, ...] = ()


def find_project(cwd: str, home: str, config: str = "") -> tuple[Project, list[Finding]]:
    """Return the project that *cwd* lies in; *config* names the committed file instead of looking for it.

    Folders are walked upwards until one holds a devserver.toml, or a pyproject.toml with a [tool.launch] table. The
    walk ends at a repository root, at home, and before a folder that somebody else owns. Without any file the project
    is *cwd*.
    """
    if config:
        file = os.path.normpath(os.path.join(cwd, config))
        table = ("tool", "launch") if os.path.basename(file) == "pyproject.toml" else ()
        return Project(os.path.dirname(file), file, table), []
    for folder in _upwards(cwd, home):
        file = os.path.join(folder, NAME)
        if os.path.lexists(file):
            return Project(folder, file), []
        file = os.path.join(folder, "pyproject.toml")
        if os.path.lexists(file):
            found, findings = _has_our_table(file)
            if found or findings:
                return Project(folder, file, ("tool", "launch")), findings
    return Project(cwd), []


def read_document(file: str, table: tuple[str, ...] = ()) -> tuple[Document | None, list[Finding]]:
    """Return the settings in *file* (below *table*), or None where there is no such file, and what is wrong with it."""
    text, findings = read_text(file)
    if text is None:
        return None, findings
    data, findings = parse_toml(text, Origin(Source.BASE, file=file))
    for part in table:
        inner = data.get(part, {}) if isinstance(data, dict) else {}
        data = inner if isinstance(inner, dict) else {}
    return (None if data is None else Document(file, data, table)), findings


def read_text(file: str) -> tuple[str | None, list[Finding]]:
    """Return the text of a settings file, without its byte order mark; None where it is missing or unusable."""
    origin = Origin(Source.BASE, file=file)
    try:
        state = os.stat(file)
        if not stat.S_ISREG(state.st_mode):
            return None, [
                Finding(
                    "unreadable",
                    f"{os.path.basename(file)} is not a regular file",
                    origin,
                    hint="settings are read from plain files only",
                )
            ]
        if state.st_size > MAX_BYTES:
            return None, [_too_large(origin, f"has {state.st_size} bytes, the limit is {MAX_BYTES}")]
        with open(file, "rb", opener=_without_waiting) as stream:
            raw = stream.read(MAX_BYTES + 1)
        if raw is None:  # the system calls it a regular file, and has nothing to say: /proc/kmsg
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
    except FileNotFoundError:
        return None, [_dangling(origin)] if os.path.islink(file) else []
    except OSError as error:
        return None, [Finding("unreadable", f"{os.path.basename(file)} cannot be read: {error.strerror}", origin)]
    if len(raw) > MAX_BYTES:
        return None, [_too_large(origin, f"has more than {MAX_BYTES} bytes")]
    try:
        return raw.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        return None, [_wrong_encoding(origin, raw, error)]


def _dangling(origin: Origin) -> Finding:
    message = f"{os.path.basename(origin.file)} is a link to {os.readlink(origin.file)}, which does not exist"
    return Finding("unreadable", message, origin, hint="create that file, or remove the link")


def _without_waiting(file: str, flags: int) -> int:
    """Open a file of which nobody knows what it is, so that reading it does not wait for somebody to write."""
    return os.open(file, flags | getattr(os, "O_NONBLOCK", 0))


def parse_toml(text: str, origin: Origin) -> tuple[dict[str, Any] | None, list[Finding]]:  # Any: TOML
    """Return the tables in *text*, or None and what is wrong with it; the limits are checked before tomli sees it."""
    if (problem := check_limits(text)) and problem.place:
        line, column = problem.place.line, problem.place.column
        place = Origin(origin.source, origin.file, (), line, column, origin.name, origin.text)
        return None, [Finding(problem.slug, problem.message, place, hint=problem.hint)]
    if len(text) >= 1000 and (number := _unreadable_number(text, origin)):
        return None, [number]
    try:
        return tomli.loads(text), []
    except tomli.TOMLDecodeError as error:
        place = Origin(origin.source, origin.file, (), error.lineno, error.colno, origin.name, origin.text)
        return None, [Finding("toml-syntax", error.msg, place, cause=error)]
    except (ValueError, RecursionError) as error:
        # tomli lets int() complain about a number of thousands of digits, and the interpreter about depth.
        return None, [
            _unreadable_number(text, origin) or Finding("toml-syntax", f"this TOML cannot be read: {error}", origin)
        ]


def _unreadable_number(text: str, origin: Origin) -> Finding | None:
    """Return the finding for the first number that has too many digits for the interpreter."""
    plain = TOKEN.sub(lambda token: re.sub(r"[^\n]", " ", token[0]), text)
    number = _LONG_NUMBER.search(plain)
    if number is None:
        return None
    line = text.count("\n", 0, number.start()) + 1
    column = number.start() - text.rfind("\n", 0, number.start())
    place = Origin(origin.source, origin.file, (), line, column, origin.name, origin.text)
    return Finding("toml-syntax", f"this number has {len(number[0])} digits", place, hint="no setting needs so many")


def read_assignment(text: str, origin: Origin) -> tuple[list[Entry], list[Finding]]:
    """Return the entries of a `--set KEY=TOML`, and what is wrong with it."""
    data, _ = parse_toml(text, origin)
    if not data:
        name, equals, value = text.partition("=")
        name = name.strip() if equals else text.partition(" ")[0]
        shown = redact.MASK if redact.is_secret_key(name) else redact.mask(value.strip())
        hint = f"text needs quotes: --set '{name}=\"{shown}\"'" if equals else "write --set KEY=VALUE"
        return [], [Finding("set-syntax", f"--set {name} is not KEY=VALUE in TOML", origin, hint=hint)]
    return [Entry(entry.key, entry.value, origin) for entry in table_entries(data, origin)], []


def table_entries(table: dict[str, Any], origin: Origin, key: tuple[str, ...] = ()) -> list[Entry]:  # Any: TOML
    """Return the leaves of *table*, each with its own origin; an empty table is a leaf, and so is every `env.NAME`."""
    entries: list[Entry] = []
    for name, value in table.items():
        inner = (*key, name)
        place = within(origin, name)
        if isinstance(value, dict) and value and not keys.is_whole(inner):
            entries += table_entries(value, place, inner)
        else:
            entries.append(Entry(inner, value, place))
    return entries


def within(origin: Origin, *names: str) -> Origin:
    """Return the origin of what lies at *names* inside *origin*."""
    return Origin(
        origin.source, origin.file, (*origin.path, *names), profile=origin.profile, name=origin.name, text=origin.text
    )


def profile_names(root: str) -> list[str]:
    """Return the file names, without `.toml`, in the folder `profiles` of the project, sorted."""
    try:
        names = os.listdir(os.path.join(root, FOLDER))
    except OSError:
        return []
    return sorted(name[:-5] for name in names if name.endswith(".toml") and not name.startswith("."))


def _upwards(cwd: str, home: str) -> list[str]:
    folders = [cwd]
    while not _ends_here(folders[-1], home):
        parent = os.path.dirname(folders[-1])
        if parent == folders[-1] or _owner(parent) != _owner(folders[-1]):
            break
        folders.append(parent)
    return folders


def _ends_here(folder: str, home: str) -> bool:
    if home and os.path.normcase(os.path.normpath(home)) == os.path.normcase(folder):
        return True
    return any(os.path.lexists(os.path.join(folder, mark)) for mark in _REPOSITORY)


def _owner(folder: str) -> int:
    try:
        return os.stat(folder).st_uid
    except OSError:
        return -1


def _has_our_table(file: str) -> tuple[bool, list[Finding]]:
    """Tell whether a pyproject.toml is meant for us; one that does not speak of us is not even parsed."""
    try:
        with open(file, "rb", opener=_without_waiting) as stream:
            raw = stream.read(4 * MAX_BYTES) or b""
    except OSError:
        return False, []
    if not re.search(rb"\btool\b[\s.\"'\]]*\blaunch\b|^[ \t]*launch[\s.=]", raw, re.MULTILINE):
        return False, []
    document, findings = read_document(file)
    if document is None:
        return False, findings
    tool = document.table.get("tool")
    return isinstance(tool, dict) and "launch" in tool, []


def _too_large(origin: Origin, what: str) -> Finding:
    return Finding("too-large", f"{os.path.basename(origin.file)} {what}", origin, hint="no settings file needs this")


def _wrong_encoding(origin: Origin, raw: bytes, error: UnicodeDecodeError) -> Finding:
    name = os.path.basename(origin.file)
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        head = raw[:2].hex(" ").upper()
        message = f"{name} is UTF-16, expected UTF-8 (first bytes {head})"
        return Finding(
            "encoding",
            message,
            origin,
            hint="Windows PowerShell 5 `>` writes UTF-16; save as UTF-8, e.g. Set-Content -Encoding utf8",
        )
    line = raw.count(b"\n", 0, error.start) + 1
    message = f"{name} is not UTF-8 (byte 0x{raw[error.start]:02X} in line {line})"
    return Finding("encoding", message, Origin(origin.source, origin.file, (), line), hint="save the file as UTF-8")
