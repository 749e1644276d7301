"""Runs one input through the real entry of `launch`, in a copy of this process, and judges what came of it.

A copy, because the command may replace its process, chew on memory or hang; and because one input must not warm
anything for the next. Two guards stand in the copy: `launch dev` ends where it would begin to serve, and `launch doctor`
tries loopback addresses only.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import io
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NoReturn
from unicodedata import category

import launcher.cli.main
from launcher.cli import checkup
from launcher.cli.root import command_names
from launcher.config.resolve import Request, resolve_profile
from launcher.config.validate import is_loopback
from launcher.supervisor.run import Supervisor
from tests.fuzz.material import ROOT, Input

SECONDS = 1.0
"""Of processor time, which a busy machine does not stretch."""

MEGABYTES = 100
LIMIT = 30
"""Seconds after which a run hangs."""

CODES = {0, 1, 2, 3}
EXEC_CODES = {*CODES, 126, 127}
_ESCAPED = 71

_HEADLINE = re.compile(r"^(?:error|warning)\[([a-z0-9-]+)\]: ")
_COLOR = re.compile(r"\x1b\[[0-9;]*m")
_PLACE = re.compile(r"^ *--> (.*)$")
_LINE = re.compile(r":\d+(:\d+)?$")
_SEEN = {"\u200c", "\u200d", *map(chr, (*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD))}
_SEEN.update(map(chr, range(0x13430, 0x13440)))
"""Characters of the category "format" that are part of what is read."""

_HELP = {"-h", "--help", "--version"}
QUOTED = {"command line", "environment"}

PLACELESS = {"no-folder", "output", "target-not-found"}
"""Slugs of problems that are nowhere in a file and in no argument."""

WHOLE_FILE = {"unreadable", "too-large", "encoding", "init-exists", "duplicate-profile", "profile-name", "never-used"}
"""Slugs of problems with a file as such: its kind, its size, its encoding, its name."""


@dataclass(frozen=True)
class Ran:
    """What a run did. `code` is negative for the signal that ended it, as with `subprocess`."""

    input: Input
    code: int
    out: str
    err: str
    seconds: float = 0.0
    megabytes: float = 0.0
    faults: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        said = "\n".join(f"  | {line[:300]}" for line in (self.err + self.out).splitlines()[-25:])
        return f"{self.input.name}\n  launch {' '.join(map(repr, self.input.argv))}\n  {'; '.join(self.faults)}\n{said}"


def run(given: Input, folder: Path) -> Ran:
    """Run *given* in a copy of this process, in a new folder below *folder*, which is removed."""
    root = Path(tempfile.mkdtemp(dir=folder))
    try:
        lay_out(given, root)
        ran = _forked(given, root)
    finally:
        shutil.rmtree(os.fsencode(root))
    return judged(ran)


def run_apart(given: Input, folder: Path) -> Ran:
    """Run *given* as a command of its own, as a user would; never `launch dev`, which nobody would stop here."""
    root = Path(tempfile.mkdtemp(dir=folder))
    try:
        lay_out(given, root)
        environ = {**_environ(given, root), "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": given.encoding}
        done = subprocess.run(
            [sys.executable, "-m", "launcher", *map(os.fsencode, given.argv)],
            cwd=os.fsencode(root / "shop" / given.cwd),
            env={os.fsencode(name): os.fsencode(text) for name, text in environ.items()},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LIMIT,
            check=False,
        )
    finally:
        shutil.rmtree(os.fsencode(root))
    return judged(Ran(given, done.returncode, _decode(done.stdout), _decode(done.stderr)))


def lay_out(given: Input, root: Path) -> None:
    """Write the files of *given* below *root*; the folder `shop` is the repository."""
    shop = root / "shop"
    (shop / ".git").mkdir(parents=True)
    os.makedirs(os.fsencode(shop / given.cwd), exist_ok=True)
    for name, text in given.files.items():
        path = os.fsencode(shop / name)
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(text)
        except (FileExistsError, IsADirectoryError, NotADirectoryError):
            pass  # two names of one input that exclude each other
    for name, kind in given.special.items():
        _make_special(shop / name, kind)


def _make_special(path: Path, kind: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_bytes() if path.is_file() else b""
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
    elif kind == "unreadable":
        path.write_bytes(before)
        path.chmod(0)
    else:
        target = {"loop": path.name, "dangling": "nowhere", "device": "/dev/zero", "broken": "/proc/self/mem"}[kind]
        path.symlink_to(target)


def _environ(given: Input, root: Path) -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(root), "TERM": "xterm", **given.environ}


@cache
def _prepare() -> None:
    """Import what commands import when they are chosen: it would be most of the time of each run."""
    for name in command_names():
        importlib.import_module(f"launcher.cli.commands.{name}")
    for name in ("problem", "places", "outline", "sources.envfile", "toml.syntax"):
        importlib.import_module(f"launcher.config.{name}")
    importlib.import_module("launcher.cli.usage")
    resolve_profile(Request("/", {}))
    gc.freeze()


def _forked(given: Input, root: Path) -> Ran:
    _prepare()
    pid = os.fork()
    if pid == 0:
        _become(given, root)
    _, status, used = os.wait4(pid, 0)
    return Ran(
        given,
        os.waitstatus_to_exitcode(status),
        _decode((root / "out").read_bytes()),
        _decode((root / "err").read_bytes()),
        used.ru_utime + used.ru_stime,
        used.ru_maxrss / 1024 - float((root / "resident").read_text()),
    )


def _become(given: Input, root: Path) -> NoReturn:
    """Run the command in this process, which is a copy, and end it."""
    code = _ESCAPED
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(LIMIT)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        (root / "resident").write_text(str(_resident()))
        _redirect(given, root)
        os.environ.clear()
        os.environ.update(_environ(given, root))
        os.chdir(os.fsencode(root / "shop" / given.cwd))
        _give_up_privileges()
        _stand_guard()
        sys.argv = ["launch", *given.argv]
        try:
            launcher.cli.main.main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else _ESCAPED
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - whatever escapes the command is what we look for
        os.write(2, traceback.format_exc().encode("utf-8", "backslashreplace"))
        code = _ESCAPED
    finally:
        os._exit(code)


def _redirect(given: Input, root: Path) -> None:
    for number, name in ((0, os.devnull), (1, root / "out"), (2, root / "err")):
        opened = os.open(name, os.O_RDWR | os.O_CREAT, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), given.encoding)  # type: ignore[arg-type]
    sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), given.encoding, "strict")  # type: ignore[arg-type]
    sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), given.encoding, "backslashreplace")  # type: ignore[arg-type]


def _give_up_privileges() -> None:
    """Have a superuser meet the permissions of files, as anybody does; elsewhere there is nothing to give up."""
    if os.geteuid() != 0 or sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # version 3 of capget(2), this process
    sets = (ctypes.c_uint32 * 6)()
    if libc.capget(header, sets) == 0:
        sets[0] &= ~0b110  # effective: CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH
        libc.capset(header, sets)


def _stand_guard() -> None:
    Supervisor.run = lambda self: 0  # type: ignore[method-assign]
    listen = checkup.listen
    checkup.listen = lambda where: listen(where) if where.unix or is_loopback(where.host) else io.BytesIO()  # type: ignore[attr-defined, assignment]


def judged(ran: Ran) -> Ran:
    """Return *ran* with everything that is wrong with it."""
    return Ran(ran.input, ran.code, ran.out, ran.err, ran.seconds, ran.megabytes, tuple(_faults(ran)))


def _faults(ran: Ran) -> Iterator[str]:
    said = _COLOR.sub("", ran.err)
    if ran.code == -signal.SIGALRM:
        yield f"hangs: no end after {LIMIT} s"
    elif ran.code not in (EXEC_CODES if "exec" in ran.input.argv else CODES):
        yield f"exit code {ran.code}"
    if "error[bug]" in said or "Traceback (most recent call last)" in said:
        yield "traceback"
    if ran.seconds > SECONDS:
        yield f"{ran.seconds:.2f} s"
    if ran.megabytes > MEGABYTES:
        yield f"{ran.megabytes:.0f} MB"
    if ran.code == 2 and not said.strip() and not ran.out.strip():
        yield "fails without a word"
    for stream, text in (("stderr", said), ("stdout", _COLOR.sub("", ran.out))):
        if raw := sorted(set(filter(_acts_or_hides, text))):
            yield f"unescaped on {stream}: {raw[:5]}"
    yield from _unplaced(said)
    if "--json" in ran.input.argv and ran.out and not _HELP.intersection(ran.input.argv) and not _is_json(ran.out):
        yield "no JSON"


def _acts_or_hides(char: str) -> bool:
    """Return whether a terminal would act on a character or not show it; emoji and some scripts need the joiners."""
    kind = category(char)
    return (kind in ("Cc", "Cs", "Zl", "Zp") and char not in "\n\t") or (kind == "Cf" and char not in _SEEN)


def _unplaced(said: str) -> Iterator[str]:
    """Yield the headlines that have no place, or a file without a line."""
    lines = said.splitlines()
    for number, line in enumerate(lines):
        found = _HEADLINE.match(line)
        if not found or found[1] in PLACELESS:
            continue
        end = next((n for n in range(number + 1, len(lines)) if _HEADLINE.match(lines[n])), len(lines))
        places = [place[1] for text in lines[number:end] if (place := _PLACE.match(text))]
        if not places:
            yield f"no place: {line[:100]}"
        elif places[0] not in QUOTED and not _LINE.search(places[0]) and found[1] not in WHOLE_FILE:
            yield f"no line: {line[:100]} --> {places[0][:60]}"


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _decode(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _resident() -> float:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
