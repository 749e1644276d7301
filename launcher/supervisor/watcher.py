"""Changed paths as a readable descriptor: the seam behind which watchfiles stands.

Only says that something moved at a path; whether it matters is decided by content in `impact.py`. Folders are watched,
not files, because editors save by renaming. Where the system's events cannot be had, watchfiles polls.
"""

from __future__ import annotations

import os
import socket
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from watchfiles._rust_notify import RustNotify

DEBOUNCE_MS = 40
"""The longest time for which events are gathered."""

STEP_MS = 10
"""How often the native side is asked; events are passed on once none came for that long."""

POLL_MS = 300
"""How often the disk is read where there are no events."""


class Watcher:
    """Watches the files directly inside a set of folders. `close` ends its thread and closes its descriptors.

    `warn` is told, once, when the system's events cannot be had and the disk is polled instead.
    """

    def __init__(self, *, poll_seconds: float, warn: Callable[[str], None]) -> None:
        self._poll_ms = int(poll_seconds * 1000)
        self._warn = warn
        self._folders: frozenset[str] = frozenset()
        self._read, self._write = socket.socketpair()
        self._read.setblocking(False)
        self._write.setblocking(False)
        self._lock = threading.Lock()
        self._moved: set[str] = set()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self._read.fileno()

    def watch(self, folders: Iterable[str]) -> bool:
        """Watch these folders from now on, those that exist; return whether that is another set than before.

        What happened before the return is not reported: whoever calls looks at the files once afterwards.
        """
        wanted = frozenset(folder for folder in folders if os.path.isdir(folder))
        if wanted == self._folders:
            return False
        self._end_thread()
        self._folders = wanted
        if wanted:
            notify = self._notify(sorted(wanted))
            self._stop = threading.Event()
            self._thread = threading.Thread(target=self._follow, args=(notify, self._stop), daemon=True)
            self._thread.start()
        return True

    def has_lost(self, moved: Iterable[str]) -> bool:
        """Return whether watched folders are among the paths that moved: then `watch` has to be called again.

        The system watches the folder that went, not the one that came under its name.
        """
        lost = self._folders.intersection(moved)
        if self._poll_ms or not lost:
            return False
        self._folders -= lost
        return True

    def take(self) -> set[str]:
        """Return the paths that moved since the last call."""
        try:
            while self._read.recv(4096):
                pass
        except BlockingIOError:
            pass
        with self._lock:
            moved, self._moved = self._moved, set()
        return moved

    def close(self) -> None:
        """Stop watching."""
        self._end_thread()
        self._read.close()
        self._write.close()

    def _notify(self, folders: list[str]) -> RustNotify:
        from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError

        if not self._poll_ms:
            try:
                return RustNotify(folders, False, False, 0, False, True)
            except (OSError, WatchfilesRustInternalError) as error:
                self._poll_ms = POLL_MS
                self._warn(str(error))
        return RustNotify(folders, False, True, self._poll_ms, False, True)

    def _follow(self, notify: RustNotify, stop: threading.Event) -> None:
        """Pass on what the native side reports, until told to stop. Runs in a thread of its own."""
        with notify:
            while not stop.is_set():
                changes = notify.watch(DEBOUNCE_MS, STEP_MS, 0, stop)
                if not isinstance(changes, set):
                    return
                with self._lock:
                    self._moved.update(path for _, path in changes)
                try:
                    self._write.send(b"x")
                except BlockingIOError:
                    pass  # enough bytes are on the way already

    def _end_thread(self) -> None:
        if self._thread is not None:
            self._stop.set()
            self._thread.join()
            self._thread = None
