"""Tells the workers whether everything that moved on the disk has been decided about: two counters on a shared page.

`seen` is raised before the watcher's queue is read, and `settled` follows when what was read has led to messages, or to
nothing. A worker that finds both equal, then the queue empty, and then both as before, knows that its code is the
newest; its side is `web/gate.py`. Behind them stands the monotonic time until which pages that refresh themselves wait,
because another save may follow the last one.
"""

from __future__ import annotations

import mmap
import os
import struct
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

_COUNTERS = struct.Struct("=QQ")
_QUIET = struct.Struct("=d")

ALONE_SECONDS = 0.05
"""How long after a save another one is waited for: a page rarely asks sooner anyway."""

COMPANY_SECONDS = 0.12
"""The same where saves come in company: "save all", or a formatter that writes the file again."""

HABIT_SECONDS = 600.0
"""For how long it is remembered that saves came in company."""

_SAME_SECONDS = 0.02
"""One save may be seen several times within this time."""


class Gate:
    """The supervisor's side. As a context it is closed; `close` releases the page."""

    def __init__(self) -> None:
        self._descriptor = os.memfd_create("launch-gate")
        os.ftruncate(self._descriptor, mmap.PAGESIZE)
        self._page = mmap.mmap(self._descriptor, mmap.PAGESIZE)
        self._seen = 0
        self._depth = 0
        self._last_save = self._last_company = -HABIT_SECONDS

    def fileno(self) -> int:
        """Return the descriptor of the page, to be lent to workers."""
        return self._descriptor

    def shut(self) -> None:
        """Let no request through until `open` was called as often as this."""
        self._depth += 1
        self._seen += 1
        self._write(self._seen - 1)

    def open(self) -> None:
        """Take one `shut` back."""
        self._depth -= 1
        if not self._depth:
            self._write(self._seen)

    def saved(self) -> None:
        """Take note that a file was saved which pages show, or which leads to a reload."""
        now = time.monotonic()
        if _SAME_SECONDS < now - self._last_save < COMPANY_SECONDS:
            self._last_company = now
        self._last_save = now
        patience = COMPANY_SECONDS if now - self._last_company < HABIT_SECONDS else ALONE_SECONDS
        _QUIET.pack_into(self._page, _COUNTERS.size, now + patience)

    def __enter__(self) -> None:
        self.shut()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.open()

    def close(self) -> None:
        """Release the page."""
        self._page.close()
        os.close(self._descriptor)

    def _write(self, settled: int) -> None:
        _COUNTERS.pack_into(self._page, 0, self._seen, settled)
