"""Copies this process at chosen points of the import: the copy freezes as a snapshot, this process goes on.

The copy waits inside the import hook, in the middle of the import stack. Told to resume, it copies itself again, and
that copy returns from the hook and imports on; the snapshot stays for the next time. Whether copying is safe is asked
of `fork_safety.py`; which snapshot is resumed is the supervisor's decision. The only module that forks while an app is
imported. `docs/concepts/snapshots.md` tells the idea, `docs/internals/engine.md` the order that must be kept.
"""

from __future__ import annotations

import faulthandler
import gc
import os
import signal
import socket
import sys
import time
import warnings

from launcher.wire.channel import Channel, ChannelClosed
from launcher.wire.messages import Booted, CrashLog, GoOn, Lifeline, Reap, Reaped, Resume, SnapshotTaken, Unsafe
from launcher.worker import fork_safety

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from launcher.wire.messages import Message

FIRST_SPACING = 0.1
"""Seconds of import between two snapshots that are placed by time; doubled after each, so that few cover any import."""


NEAR = 0.03
"""Seconds of import, since the last snapshot, that are not worth another one."""


class Link:
    """The channel of this process, which changes when a copy goes its own way."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel

    def send(self, message: Message, descriptor: int | None = None) -> None:
        """Send *message* to the supervisor; `ChannelClosed` goes through."""
        self.channel.send(message, descriptor)


class Checkpoints:
    """Takes the snapshots of one import. `wanted` are the files edited last: the points before them come first.

    At most `most` snapshots are taken. `end_with` ties a copy's life to the supervisor's. `begun` is the monotonic time
    at which this import began, or was resumed. `libraries` counts the libraries that were found so far, `show` is told
    the edition that a copy shows.
    """

    def __init__(
        self,
        link: Link,
        ledger: fork_safety.Ledger,
        *,
        wanted: Collection[str],
        most: int,
        end_with: Callable[[int], None],
    ) -> None:
        self._link = link
        self._ledger = ledger
        self._wanted = frozenset(wanted)
        self.most = most
        self._end_with = end_with
        self.libraries: Callable[[], int] = int
        self.show: Callable[[int], None] = lambda edition: None
        self._taken = 0
        self._spacing = FIRST_SPACING
        self._since = self.begun = time.monotonic()
        self._children: set[int] = set()
        self._refused: set[str] = set()
        self._given_up = False
        self._is_copy = False

    def at(self, name: str, path: str, prepare: Callable[[], None]) -> bool:
        """Take a snapshot before the project module *name* is loaded from *path*, if this is a good place.

        *prepare* is called just before. Returns True in a copy that was resumed, at once or hours later, else False.
        """
        if self._given_up or not self._is_due(path):
            return False
        prepare()
        return self._take(name)

    def loaded(self, prepare: Callable[[], None], afterwards: Callable[[], None]) -> bool:
        """Take the snapshot of the loaded app, before it serves; return as `at` does.

        *prepare* is called just before; *afterwards* in the snapshot of a cold start, which has the time. A reload that
        came from near by does without: copying would take longer than to import that little again.
        """
        if self._given_up or (self._is_copy and time.monotonic() - self._since < NEAR):
            return False
        prepare()
        return self._take("", None if self._is_copy else afterwards)

    def trial(self) -> str:
        """Return why copies of this process could not be made, in words, or nothing. Makes one to find out."""
        obstacle = self._ledger.obstacle(())
        if obstacle:
            return obstacle
        _flush()
        gc.freeze()
        pid = _fork()
        if pid == 0:
            os._exit(0)
        threads = fork_safety.native_threads()
        os.waitpid(pid, 0)
        return _named(threads) if threads else ""

    def _is_due(self, path: str) -> bool:
        """Decide by what is known here: a file edited lately, the first module of all, or much time since the last."""
        if self._taken >= self.most:
            return False
        if path in self._wanted or not self._taken:
            return True
        if time.monotonic() - self._since < self._spacing:
            return False
        self._spacing *= 2
        return True

    def _take(self, name: str, afterwards: Callable[[], None] | None = None) -> bool:
        obstacle = self._ledger.obstacle(self._children)
        if obstacle:
            self._refuse(name, obstacle)
            return False
        _flush()
        ours, theirs = socket.socketpair()
        # Objects of the past are never collected: a collection would write to every page that the copies share.
        gc.freeze()
        pid = _fork()
        if pid == 0:
            ours.close()
            return self._freeze(theirs, afterwards)
        theirs.close()
        with ours:
            threads = fork_safety.native_threads()
            if threads:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                self._refuse(name, _named(threads))
                return False
            self._children.add(pid)
            self._taken += 1
            self._link.send(SnapshotTaken(name, pid, self.libraries()), ours.fileno())
        self._since = time.monotonic()
        return False

    def _refuse(self, name: str, reason: str) -> None:
        """Say once why there are no snapshots from here on: what stands in the way does not go away."""
        self._given_up = True
        self._link.send(Unsafe(name, reason))

    def _freeze(self, end: socket.socket, afterwards: Callable[[], None] | None) -> bool:
        """Become a snapshot with a channel of its own; return True in each copy that is told to go on."""
        self._link.channel.close()
        self._link.channel = Channel(end)
        self._children.clear()
        try:
            if afterwards is not None:
                afterwards()
        except ChannelClosed:
            os._exit(0)
        return self.wait()

    def wait(self) -> bool:
        """Wait as a snapshot; return True in each copy that is told to go on. The snapshot itself never returns."""
        while True:
            try:
                message, descriptor = self._link.channel.receive()
                if isinstance(message, Resume) and descriptor is not None:
                    if self._resume(descriptor):
                        return True
                elif isinstance(message, Reap):
                    _, status = os.waitpid(message.pid, 0)
                    self._link.send(Reaped(message.pid, status))
            except (ChannelClosed, ChildProcessError):
                os._exit(0)

    def _resume(self, descriptor: int) -> bool:
        """Copy the snapshot; return True in the copy, which has its own channel, lifeline and crash log."""
        pid = _fork()
        if pid:
            os.close(descriptor)
            return False
        self._link.channel.close()
        self._link.channel = Channel(socket.socket(fileno=descriptor))
        try:
            while not isinstance(message := self._obey(), GoOn):
                pass
        except ChannelClosed:
            os._exit(0)
        self._wanted = frozenset(message.wanted)
        self._spacing = FIRST_SPACING
        self._taken = message.taken
        self.most = message.most
        self.show(message.edition)
        self._since = time.monotonic()
        self.begun = self._since
        self._is_copy = True
        fork_safety.renew()
        self._ledger.rebase()
        _forget_directories()
        return True

    def _obey(self) -> Message:
        """Take one message of those that a new copy gets, in the order in which they are sent."""
        message, descriptor = self._link.channel.receive()
        if isinstance(message, Lifeline) and descriptor is not None:
            self._end_with(descriptor)
            self._link.send(Booted(os.getpid()))
        elif isinstance(message, CrashLog) and descriptor is not None:
            faulthandler.enable(descriptor)
        return message


def _named(threads: Collection[str]) -> str:
    return f"native threads are running: {', '.join(sorted(set(threads)))}"


def _fork() -> int:
    """Fork; without the warning about threads, which we count ourselves after the fork handlers have run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _flush() -> None:
    """Write out what the streams hold, lest each copy writes it."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass


def _forget_directories() -> None:
    """Have the path finders list their folders anew: what they remember is as old as the snapshot.

    `importlib.invalidate_caches` would do more than that: it imports importlib.metadata.
    """
    for finder in list(sys.path_importer_cache.values()):
        forget = getattr(finder, "invalidate_caches", None)
        if forget is not None:
            forget()
