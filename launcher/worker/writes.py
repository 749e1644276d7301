"""Reports which files the app is about to write, so that the supervisor does not take them for somebody's saves.

The report leaves before the file changes: the audit event comes first. An end of the writing is not audited; the
supervisor sees that for itself. What a program writes that the app starts is not reported, and neither is what a C
library opens without telling Python.
"""

from __future__ import annotations

from os import O_ACCMODE, O_RDONLY, fsdecode, fstat, listdir, lstat, readlink
from os.path import abspath
from urllib.parse import unquote

from launcher.standard import os
from launcher.wire.digest import identity
from launcher.wire.messages import Writing
from launcher.worker.audits import hear

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import ClassVar

_SELF = "/proc/self/fd/"


class Writes:
    """Hears of everything that this process writes below `roots`. `report` is called on the thread that writes."""

    def __init__(
        self, roots: Iterable[str], report: Callable[[Writing], None], *, is_of_interest: Callable[[str], bool]
    ) -> None:
        self._roots = tuple(root.rstrip(os.sep) + os.sep for root in roots)
        self._report = report
        self._is_of_interest = is_of_interest

    def start(self) -> None:
        """Begin to report, for as long as the process lives."""
        hear(self._HEARD, lambda event, arguments: self._HEARD[event](self, *arguments))

    def _opened(self, path: object, _: object, flags: object) -> None:
        if isinstance(flags, int) and flags & O_ACCMODE != O_RDONLY:
            self._tell("open", path)

    def _truncated(self, path: object, _: object) -> None:
        self._tell("open", path)

    def _connected(self, database: object) -> None:
        name = database
        if isinstance(name, str) and name.startswith("file:"):
            name = unquote(name.removeprefix("file:").removeprefix("//").partition("?")[0])
        if name and name != ":memory:":
            self._tell("open", name)

    def _made(self, path: object, *more: object) -> None:
        self._tell("make", path, more[-1])

    def _linked(self, _: object, path: object, *more: object) -> None:
        self._tell("make", path, more[-1])

    def _removed(self, path: object, folder: object) -> None:
        self._tell("remove", path, folder)

    def _renamed(self, source: object, target: object, source_folder: object, target_folder: object) -> None:
        self._tell("remove", source, source_folder)
        old = self._path(source, source_folder)
        if found := identity(old):
            if _is_open(old):
                self._tell("open", target, target_folder)
            self._tell("replace", target, target_folder, found)

    _HEARD: ClassVar[dict[str, Callable[..., None]]] = {
        "open": _opened,
        "os.truncate": _truncated,
        "sqlite3.connect": _connected,
        "os.mkdir": _made,
        "os.link": _linked,
        "os.symlink": _linked,
        "os.remove": _removed,
        "os.rmdir": _removed,
        "os.rename": _renamed,
    }

    def _tell(self, how: str, given: object, folder: object = -1, found: str = "") -> None:
        path = self._path(given, folder)
        if path.startswith(self._roots) and self._is_of_interest(path + os.sep):
            self._report(Writing(path, how, found))

    def _path(self, given: object, folder: object) -> str:
        """Return the absolute path, or nothing where there is none; *folder* is a descriptor, or -1."""
        if isinstance(given, int):
            return _name_of(given)
        if not isinstance(given, str | bytes | os.PathLike):
            return ""
        path = fsdecode(given)
        if isinstance(folder, int) and folder >= 0 and path[:1] != os.sep:
            path = f"{_name_of(folder)}{os.sep}{path}"
        return "" if "\0" in path else abspath(path)


def _name_of(descriptor: int) -> str:
    try:
        return readlink(f"{_SELF}{descriptor}")
    except OSError:
        return ""


def _is_open(path: str) -> bool:
    """Return whether this process has the file open, and so may go on writing to it after it is moved."""
    try:
        wanted = lstat(path).st_ino
        return any(_number(int(name)) == wanted for name in listdir(_SELF))
    except OSError:
        return False


def _number(descriptor: int) -> int:
    try:
        return fstat(descriptor).st_ino
    except OSError:
        return 0  # closed meanwhile
