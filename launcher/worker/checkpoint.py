"""Copies this process at chosen points of the import: the copy freezes as a snapshot, this process goes on.

The copy waits inside the import hook, in the middle of the import stack. Told to resume, it copies itself again, and
that copy returns from the hook and imports on; the snapshot stays for the next time. Whether copying is safe is asked
of `fork_safety.py`; which snapshot is resumed is the supervisor's decision. The only module that forks while an app is
imported. `docs/concepts/snapshots.md` tells the idea, `docs/internals/engine.md` the order that must be kept.
"""

from __future__ import annotations

import sys
import warnings
from contextlib import nullcontext
from dataclasses import replace

from launcher.standard import faulthandler, gc, os, select, signal, socket, time
from launcher.wire.channel import Channel
from launcher.wire.messages import (
    Booted,
    CrashLog,
    GoOn,
    Lifeline,
    ReadAhead,
    Reading,
    ReadingLog,
    Reap,
    Reaped,
    Resume,
    SnapshotTaken,
    Unsafe,
    Waiting,
)
from launcher.wire.reading_log import Writer
from launcher.worker import audits, descriptors
from launcher.worker.folders import Folders

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from launcher.wire.messages import Message
    from launcher.wire.opening import Opening
    from launcher.worker.bytecode import Bytecode
    from launcher.worker.fork_safety import Ledger
    from launcher.worker.resume.code_tracker import CodeTracker

FIRST_SPACING = 0.1
"""Seconds of import between two snapshots that are placed by time; doubled after each, so that few cover any import."""

SPARED = 0.02
"""Seconds of import that a snapshot before another file that was edited lately has to spare, in a copy."""

SPACING_OF_COPIES = 0.2
"""The first of these in a copy, for which a client waits: what a snapshot costs has to be little beside the rest."""

REAP_SECONDS = 0.01
"""How often a snapshot looks whether a copy has ended whose channel is closed already."""

WAITING = 10.0
"""How many seconds of waiting count as one of work. On a busy machine everything waits, and all would seem far."""


class Link:
    """The channel and the reading log of this process, which change when a copy goes its own way."""

    def __init__(self, channel: Channel, log: Writer) -> None:
        self.channel = channel
        self.log = log

    def send(self, message: Message, descriptor: int | None = None) -> None:
        """Send *message* to the supervisor; `ChannelClosed` goes through."""
        self.channel.send(message, descriptor)

    def read(self, files: Mapping[str, str]) -> None:
        """Let the supervisor know that these files were read: by the log, as long as there is one."""
        if not self.log.write(files):
            self.send(Reading(files))


class Checkpoints:
    """Takes the snapshots of one import. `wanted` and `last` are the files before which one comes first, as in `Load`.

    At most `most` snapshots are taken before modules. `end_with` ties a copy's life to the supervisor's. `bytecode` is
    what the finder loads modules from. `tracker` knows whether copies of the loaded app can swap in function bodies,
    and `swap` names the sources for which the supervisor wants that. `begun` is the monotonic time at which this import
    began, or was resumed. `children` are the snapshots that this process is the parent of. `libraries` counts the
    libraries that were found so far, `show` is told the edition that a copy shows, and in `quiet` is read what the app
    has not asked for.
    """

    def __init__(
        self,
        link: Link,
        ledger: Ledger,
        *,
        wanted: Sequence[str],
        last: str = "",
        most: int,
        end_with: Callable[[int], None],
        bytecode: Bytecode,
        tracker: CodeTracker,
    ) -> None:
        self._link = link
        self._ledger = ledger
        self._await(wanted, last)
        self.most = most
        self._end_with = end_with
        self._bytecode = bytecode
        self._tracker = tracker
        self.swap: tuple[str, ...] = ()
        self.libraries: Callable[[], int] = int
        self.show: Callable[[int], None] = lambda edition: None
        self.quiet: Callable[[], AbstractContextManager[object]] = nullcontext
        self._folders = Folders()
        self._taken = 0
        self._spacing = FIRST_SPACING
        self.begun = time.monotonic()
        self._since = (self.begun, time.process_time())
        self.children: set[int] = set()
        self._ending: set[int] = set()
        self._positions: dict[int, int] = {}
        self._sources: tuple[str, ...] = ()
        self._mask: set[signal.Signals] | set[int] = set()
        self._tried = False
        self._given_up = False
        self._is_copy = False

    def _await(self, wanted: Sequence[str], last: str) -> None:
        self.wanted = tuple(wanted)
        self._last = last
        self._awaited = {path for path in (*wanted, last) if path.endswith(".py")}

    def at(self, name: str, path: str, prepare: Callable[[], Opening | None]) -> bool:
        """Take a snapshot before the project module *name* is loaded from *path*, if this is a good place.

        *prepare* is called just before, and returns the opening of the module that imports this one, if it has one.
        Returns True in a copy that was resumed, at once or hours later, else False.
        """
        if self._given_up or not self._is_due(path):
            return False
        opening = prepare()
        is_copy = self._take(name, opening)
        if is_copy:  # it was told anew what is to come: not what is here already
            self._awaited -= {path, opening.path if opening else ""}
        return is_copy

    def loaded(self, prepare: Callable[[], None], afterwards: Callable[[], None]) -> bool:
        """Take the snapshot of the loaded app, before it serves; return as `at` does.

        *prepare* is called just before; *afterwards* in the snapshot of a cold start, which has the time. A reload that
        came from near by does without, unless function bodies can be swapped in it: a client waits for it, and little
        would have to be imported again.
        """
        is_near = self._is_copy and self._work() < SPACING_OF_COPIES
        if self._given_up or (is_near and not self._tracker.is_watching()):
            return False
        prepare()
        return self._take("", None, None if self._is_copy else afterwards)

    def trial(self) -> str:
        """Return why copies of this process could not be made, in words, or nothing. Makes one to find out."""
        obstacle = self._ledger.obstacle(())
        if obstacle:
            return obstacle
        _flush()
        _freeze_objects()
        try:
            pid = _fork()
        except OSError as error:
            return f"the system allows no copy: {error.strerror}"
        if pid == 0:
            os._exit(0)
        threads = self._ledger.native_threads()
        os.waitpid(pid, 0)
        return threads

    def _is_due(self, path: str) -> bool:
        """Decide by what is known here: the file edited last, what it imports last, the first module, or much work.

        Before other files that were edited lately a copy takes one only if that spares some work. Places are kept for
        those that are still to come, above all for the newest, however late they come.
        """
        places = self.most - self._taken
        self._awaited.discard(path)
        newest = {*self.wanted[:1], self._last}
        if path in newest:
            return places > 0
        if places <= len(self._awaited & newest):
            return False
        if not self._tried or (path in self.wanted and (not self._is_copy or self._work() >= SPARED)):
            return True
        if self._work() < self._spacing or places <= len(self._awaited):
            return False
        self._spacing *= 2
        return True

    def _work(self) -> float:
        """Return what a copy of the last snapshot would have to do to come here, in seconds."""
        begun, used = self._since
        return max(time.process_time() - used, (time.monotonic() - begun) / WAITING)

    def _take(self, name: str, opening: Opening | None, afterwards: Callable[[], None] | None = None) -> bool:
        self._tried = True
        try:
            obstacle = self._ledger.obstacle(self.children, name)
            pid, ours, theirs = (0, None, None) if obstacle else self._copy()
        except OSError as error:
            pid, ours, theirs, obstacle = 0, None, None, f"the system allows no copy: {error.strerror}"
        except Exception as error:  # noqa: BLE001  # of an audit hook, or of what the app has put into a library
            pid, ours, theirs, obstacle = 0, None, None, f"the app allows no copy: {type(error).__name__}"
        if theirs is not None:
            return self._freeze(theirs, afterwards)
        if ours is not None:
            with ours:
                obstacle = self._believe(name, pid, ours, opening)
        if obstacle:
            self._link.send(Unsafe(name, obstacle))
        self._since = (time.monotonic(), time.process_time())
        return False

    def _copy(self) -> tuple[int, socket.socket | None, socket.socket | None]:
        """Fork; return the copy's pid and our end of its channel, or in the copy 0 and the other end. Raises `OSError`.

        No signal reaches the copy, whose handlers are the app's: it must not act on any while it is frozen.
        """
        _flush()
        self._ledger.randomness.keep()
        self._positions = descriptors.positions()
        ours, theirs = socket.socketpair()
        _freeze_objects()
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        pid = -1
        try:
            pid = _fork()
        finally:
            if pid:
                signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
                theirs.close()
            if pid <= 0:
                ours.close()
        return (pid, ours, None) if pid else (0, None, theirs)

    def _believe(self, name: str, pid: int, ours: socket.socket, opening: Opening | None) -> str:
        """Hand the new snapshot on if it is a whole copy of this process, else end it and say why in words."""
        threads = self._ledger.native_threads(name)
        if threads:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            self._given_up = True  # each try would cost a fork, and such threads rarely end
            return threads
        self.children.add(pid)
        self._taken += 1
        self._link.log.mark()
        taken = SnapshotTaken(name, pid, self.libraries())
        if opening:
            taken = replace(taken, inside=opening.path, size=opening.size, digest=opening.digest)
        self._link.send(replace(taken, swaps=not name and self._tracker.is_watching()), ours.fileno())
        return ""

    def _freeze(self, end: socket.socket, afterwards: Callable[[], None] | None) -> bool:
        """Become a snapshot with a channel of its own; return True in each copy that is told to go on."""
        try:
            self._link.channel.close()
            self._link.channel = Channel(end)
            self._link.log.close()
            self.children.clear()
            if afterwards is not None:
                afterwards()
        except BaseException:  # noqa: BLE001  # whatever it is, a snapshot must not go on as if it were the worker
            os._exit(0)
        return self.wait()

    def wait_as_base(self) -> None:
        """Wait as the first snapshot of all; return in each copy that is told to go on."""
        self._positions = descriptors.positions()
        self._ledger.randomness.keep()
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        self.wait()

    def wait(self) -> bool:
        """Wait as a snapshot; return True in each copy that is told to go on. The snapshot itself never returns."""
        try:
            while not self._obey_as_snapshot():
                self._report_ended()
        except BaseException:  # noqa: BLE001  # as above; the usual one is the end of the channel, with the supervisor
            os._exit(0)
        return True

    def _obey_as_snapshot(self) -> bool:
        """Take what the supervisor says, or wait a moment where a copy is about to end; return True in a new copy."""
        channel = self._link.channel
        patience = 0 if self._sources else REAP_SECONDS if self._ending else None
        if not _is_readable(channel, patience):
            self._read_ahead()
            return False
        for message, descriptor in channel.pending():
            if isinstance(message, Resume) and descriptor is not None:
                if self._resume(descriptor):
                    return True
            elif isinstance(message, Reap):
                self._ending.add(message.pid)
            elif isinstance(message, ReadAhead):
                self._sources = message.sources
        return False

    def _report_ended(self) -> None:
        """Say how the copies ended that the supervisor misses. Never waits: another one may have to be made."""
        for pid in tuple(self._ending):
            try:
                ended, status = os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                ended, status = pid, 0  # the app lets the system reap its children
            if ended:
                self._ending.discard(pid)
                self._link.send(Reaped(pid, status))

    def _resume(self, descriptor: int) -> bool:
        """Copy the snapshot; return True in the copy, which has its own channel, lifeline and crash log."""
        try:
            pid = _fork()
        except OSError:
            pid = -1  # the end of its channel tells the supervisor
        if pid:
            os.close(descriptor)
            return False
        self._link.channel.close()
        self._link.channel = Channel(socket.socket(fileno=descriptor))
        while not isinstance(message := self._obey(), GoOn):
            if isinstance(message, CrashLog):
                self._renew()
            elif isinstance(message, ReadAhead):
                self._sources = message.sources
                self._read_ahead()
                self._link.send(Waiting())
        self._folders.forget_young()
        self._sources = ()
        self._await(message.wanted, message.last)
        self.swap = message.swap
        self._spacing = SPACING_OF_COPIES
        self._taken = 0
        self.most = message.most
        self.show(message.edition)
        self.begun = time.monotonic()
        self._since = (self.begun, time.process_time())
        self._is_copy = self._tried = True
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
        return True

    def _read_ahead(self) -> None:
        """Read bytecode until the supervisor says something. A copy does not go on with it, a snapshot does."""
        with self.quiet():
            if self._bytecode.read_ahead(self._sources, self._is_called):
                self._sources = ()

    def _renew(self) -> None:
        """Give this new copy what is its own. It may have to wait long then, or not at all."""
        self._ending.clear()
        descriptors.reopen(self._positions)
        self._ledger.randomness.renew()
        self._ledger.rebase()
        self._folders.forget()
        if not self._is_called():
            with self.quiet():
                self._folders.list()

    def _is_called(self) -> bool:
        """Return whether the supervisor has said something that has not been taken."""
        return self._link.channel.has_more() or _is_readable(self._link.channel, 0)

    def _obey(self) -> Message:
        """Take one message of those that a new copy gets, in the order in which they are sent."""
        message, descriptor = self._link.channel.receive()
        if isinstance(message, Lifeline) and descriptor is not None:
            self._end_with(descriptor)
            self._link.send(Booted(os.getpid()))
        elif isinstance(message, ReadingLog) and descriptor is not None:
            self._link.log = Writer(descriptor)
        elif isinstance(message, CrashLog) and descriptor is not None:
            faulthandler.enable(descriptor)
        return message


_shows_objects = False


def _freeze_objects() -> None:
    """Spare the objects of the past from collections, which would write to every page that the copies share.

    Frozen objects are hidden from whoever asks the collector for all of them, as gevent does to find locks: then they
    are given back first. The audit hook is the only way to know.
    """
    global _shows_objects
    gc.freeze()
    if not _shows_objects:
        _shows_objects = True
        audits.hear(("gc.get_objects", "gc.get_referrers"), _show_objects)


def _show_objects(_: str, __: tuple[object, ...]) -> None:
    gc.unfreeze()


def _is_readable(channel: Channel, patience: float | None) -> bool:
    """Wait for so many seconds, or for ever, until something was said or the stream ended; return whether it was."""
    poll = select.poll()  # `select.select` takes no descriptor above 1023
    poll.register(channel, select.POLLIN)
    return bool(poll.poll(None if patience is None else patience * 1000))


_is_copying = False


def is_copying() -> bool:
    """Return whether the fork in progress is one of ours."""
    return _is_copying


def _fork() -> int:
    """Fork; without the warning about threads, which we count ourselves after the fork handlers have run."""
    global _is_copying
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        _is_copying = True
        try:
            return os.fork()
        finally:
            _is_copying = False


def _flush() -> None:
    """Write out what the streams hold, lest each copy writes it."""
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError, AttributeError):
            pass
