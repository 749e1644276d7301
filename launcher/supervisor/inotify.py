"""Linux's inotify, as far as it is needed: folders in, the paths that moved out. See inotify(7).

The queue is filled by the system call that changes a file, before that call returns. So whoever finds the queue empty
knows that no save has happened that was not reported; workers look at it too, without taking from it (`web/gate.py`).
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal

    Kind = Literal["modified", "closed", "made", "removed", "arrived"]

_MODIFY, _ATTRIB, _CLOSE_WRITE, _MOVED = 0x2, 0x4, 0x8, 0xC0
_CREATE, _DELETE, _DELETE_SELF, _MOVE_SELF = 0x100, 0x200, 0x400, 0x800
_OVERFLOW, _IGNORED, _ONLY_FOLDERS = 0x4000, 0x8000, 0x1000000
_WATCHED = _MODIFY | _ATTRIB | _CLOSE_WRITE | _MOVED | _CREATE | _DELETE | _DELETE_SELF | _MOVE_SELF | _ONLY_FOLDERS
_OF_FILE = _MODIFY | _ATTRIB
_PASSED_OVER = (errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.ELOOP, errno.ENAMETOOLONG)
_HEAD = struct.Struct("iIII")
_BUFFER = 1 << 18
_KINDS: tuple[tuple[int, Kind], ...] = (
    (_MODIFY, "modified"),
    (_CLOSE_WRITE, "closed"),
    (_CREATE, "made"),
    (_DELETE | 0x40, "removed"),
    (0x80, "arrived"),
)


@dataclass(frozen=True, slots=True)
class Act:
    """One change: a file was modified, closed by a writer, made, removed (or moved away), or moved to this path."""

    path: str
    kind: Kind


class Inotify:
    """A queue of changes in a set of folders. `close` releases its descriptor. Raises `OSError` where there is none."""

    interval = 0.0

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = self._check(self._libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK))
        self._names: dict[int, set[str]] = {}
        """Each watch with the names of its folder: one folder may be known by several."""
        self._watches: dict[str, int] = {}
        self.acts: list[Act] | None = []
        """What `take` has found last, in order."""

    @property
    def queue(self) -> int | None:
        """The queue itself, at which others may look too."""
        return self._descriptor

    def fileno(self) -> int:
        """Return the descriptor that can be read when something moved."""
        return self._descriptor

    def watch(self, folders: Iterable[str]) -> bool:
        """Watch exactly these folders from now on; return whether one is new.

        A folder that is gone is passed over; one that was replaced by another of its name is new. Raises `OSError` when
        the system's limit of watches is reached.
        """
        wanted = set(folders)
        for folder in self._watches.keys() - wanted:
            self._forget(folder)
        new = [folder for folder in wanted if self.add(folder)]
        return bool(new)

    def add(self, folder: str) -> bool:
        """Watch one more folder; return whether it is new. Raises `OSError` as `watch` does."""
        try:
            mask = _OF_FILE if os.path.isfile(folder) else _WATCHED
            watch = self._check(self._libc.inotify_add_watch(self._descriptor, os.fsencode(folder), mask))
        except OSError as error:
            if error.errno not in _PASSED_OVER:
                raise
            self._forget(folder)
            return False
        if self._watches.get(folder) == watch:
            return False
        self._forget(folder)
        self._watches[folder] = watch
        self._names.setdefault(watch, set()).add(folder)
        return True

    def take(self) -> set[str] | None:
        """Return the paths that moved since the last call; None when some were lost, so that any may have moved."""
        moved: set[str] = set()
        acts: list[Act] = []
        self.acts = acts
        lost = False
        while True:
            try:
                data = os.read(self._descriptor, _BUFFER)
            except BlockingIOError:
                return None if lost else moved
            place = 0
            while place < len(data):
                watch, mask, _, length = _HEAD.unpack_from(data, place)
                place += _HEAD.size
                name = os.fsdecode(data[place : place + length].rstrip(b"\0"))
                place += length
                lost = lost or bool(mask & _OVERFLOW)
                folders = tuple(self._names.get(watch, ()))
                paths = [os.path.join(folder, name) if name else folder for folder in folders]
                moved.update(paths)
                acts.extend(Act(path, kind) for bit, kind in _KINDS if mask & bit for path in paths)
                if mask & _IGNORED:  # it is gone, and its watch with it
                    for folder in self._names.pop(watch, ()):
                        if self._watches.get(folder) == watch:
                            del self._watches[folder]
                elif mask & _MOVE_SELF:  # it has another name now
                    for folder in folders:
                        self._forget(folder)

    def close(self) -> None:
        """Close the descriptor. For those who look at the queue too it is empty from now on."""
        self.watch(())
        self.take()
        os.close(self._descriptor)

    def _forget(self, folder: str) -> None:
        """Stop watching a folder under this name, and altogether if it has no other."""
        watch = self._watches.pop(folder, None)
        if watch is None or watch not in self._names:
            return
        self._names[watch].discard(folder)
        if not self._names[watch]:
            del self._names[watch]
            self._libc.inotify_rm_watch(self._descriptor, watch)

    def _check(self, result: int) -> int:
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return result
