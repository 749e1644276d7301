"""Changed paths as a readable descriptor: the seam behind which the watchers stand.

Only says that something moved at a path; whether it matters is decided by content in `impact.py`. Folders are watched,
not files, because editors save by renaming. On Linux `inotify.py` is asked directly: its queue can be shared with the
workers, and nothing runs while nothing happens. Elsewhere watchfiles is asked. Where there are no events, whoever owns
the watcher looks at the disk every `interval` seconds.
"""

from __future__ import annotations

import os
import select
import socket
import sys
import threading

from launcher.supervisor.inotify import Act, Inotify

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Protocol

    from watchfiles._rust_notify import RustNotify
else:
    Protocol = object

DEBOUNCE_MS = 40
"""The longest time for which watchfiles gathers events."""

STEP_MS = 10
"""How often watchfiles is asked; events are passed on once none came for that long."""

POLL_SECONDS = 0.3
"""How often the disk is looked at where there are no events."""


class Watcher(Protocol):
    """Reports that something moved directly inside one of a set of folders. `close` releases all that it holds."""

    @property
    def queue(self) -> int | None:
        """The system's own queue, at which others may look too."""

    @property
    def acts(self) -> list[Act] | None:
        """What `take` has found last, in order; None where the system does not tell."""

    @property
    def interval(self) -> float:
        """How often the disk must be looked at, in seconds; 0 where there are events."""

    def fileno(self) -> int:
        """Return the descriptor to wait on, which stays the same."""

    def watch(self, folders: Iterable[str]) -> bool:
        """Watch these folders from now on, those that exist; return whether one is new.

        What happened in a new one before the return is not reported: whoever calls looks at its files once afterwards.
        """

    def take(self) -> set[str] | None:
        """Return the paths that moved since the last call; None when some reports were lost."""

    def close(self) -> None:
        """Stop watching."""


def open_watcher(*, poll_seconds: float, warn: Callable[[str], None]) -> Watcher:
    """Return the best watcher of this system, or one that only asks to be polled where *poll_seconds* says so.

    *warn* is told, once and with the reason, when there turn out to be no events.
    """
    if poll_seconds:
        return Polling(poll_seconds)
    return WithFallback(Inotify if sys.platform == "linux" else FilesWatcher, warn)


def is_quiet(watcher: Watcher) -> bool:
    """Return whether the watcher has nothing to report now."""
    poll = select.poll()
    poll.register(watcher.fileno(), select.POLLIN)
    return not poll.poll(0)


class WithFallback:
    """Watches with another watcher, until that meets a limit of the system; from then on the disk must be polled."""

    def __init__(self, make: Callable[[], Watcher], warn: Callable[[str], None]) -> None:
        self._warn = warn
        self._ready = select.epoll() if sys.platform == "linux" else None
        self._inner: Watcher
        try:
            self._use(make())
        except OSError as error:
            self._give_up(error)

    @property
    def queue(self) -> int | None:
        """The system's own queue, if there is one."""
        return self._inner.queue

    @property
    def acts(self) -> list[Act] | None:
        """What `take` has found last, in order; None where the system does not tell."""
        return self._inner.acts

    @property
    def interval(self) -> float:
        """How often the disk must be looked at, in seconds; 0 while there are events."""
        return self._inner.interval

    def fileno(self) -> int:
        """Return the descriptor to wait on, which stays the same."""
        return self._inner.fileno() if self._ready is None else self._ready.fileno()

    def watch(self, folders: Iterable[str]) -> bool:
        """Watch these folders from now on, those that exist; return whether one is new."""
        wanted = list(folders)
        try:
            return self._inner.watch(wanted)
        except OSError as error:
            if self._ready is not None:
                self._ready.unregister(self._inner.fileno())
            self._inner.close()
            self._give_up(error)
            return True

    def take(self) -> set[str] | None:
        """Return the paths that moved since the last call; None when some reports were lost."""
        return self._inner.take()

    def close(self) -> None:
        """Stop watching."""
        self._inner.close()
        if self._ready is not None:
            self._ready.close()

    def _use(self, watcher: Watcher) -> None:
        self._inner = watcher
        if self._ready is not None:
            self._ready.register(watcher.fileno(), select.EPOLLIN)

    def _give_up(self, error: OSError) -> None:
        self._use(Polling(POLL_SECONDS))
        self._warn(error.strerror or str(error))


class Polling:
    """Reports nothing: the disk must be looked at every `interval` seconds."""

    queue: int | None = None
    acts: list[Act] | None = None

    def __init__(self, interval: float) -> None:
        self.interval = interval
        self._never, self._held = socket.socketpair()

    def fileno(self) -> int:
        """Return a descriptor at which nothing ever comes."""
        return self._never.fileno()

    def watch(self, folders: Iterable[str]) -> bool:
        """Watch nothing; no folder is new."""
        return False

    def take(self) -> set[str]:
        """Return nothing."""
        return set()

    def close(self) -> None:
        """Release the descriptors."""
        self._never.close()
        self._held.close()


class FilesWatcher:
    """Watches with watchfiles. Its thread asks the native side, which has a thread of its own. Raises `OSError`."""

    queue: int | None = None
    acts: list[Act] | None = None
    interval = 0.0

    def __init__(self) -> None:
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
        """Watch these folders from now on, those that exist; return whether that is another set than before."""
        wanted = frozenset(folder for folder in folders if os.path.isdir(folder))
        if wanted == self._folders:
            return False
        self._end_thread()
        self._folders = wanted
        if wanted:
            notify = open_notify(sorted(wanted))
            self._stop = threading.Event()
            self._thread = threading.Thread(target=self._follow, args=(notify, self._stop), daemon=True)
            self._thread.start()
        return True

    def take(self) -> set[str] | None:
        """Return the paths that moved since the last call.

        None when a watched folder is among them: the system watches the folder that went, not the one that came under
        its name, so that `watch` has to be called again.
        """
        try:
            while self._read.recv(4096):
                pass
        except BlockingIOError:
            pass
        with self._lock:
            moved, self._moved = self._moved, set()
        lost = self._folders.intersection(moved)
        self._folders -= lost
        return None if lost else moved

    def close(self) -> None:
        """Stop watching."""
        self._end_thread()
        self._read.close()
        self._write.close()

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


def open_notify(folders: list[str]) -> RustNotify:
    """Return watchfiles' native side for these folders; raise `OSError`, also where it has an error of its own."""
    from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError

    try:
        return RustNotify(folders, False, False, 0, False, True)
    except WatchfilesRustInternalError as error:
        raise OSError(str(error)) from error
