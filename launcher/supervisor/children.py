"""The workers by their numbers: listened to, noticed when they end, and ended with all that the app started.

What a worker says and what its end means is not decided here: `heard` and `gone` are told.
"""

from __future__ import annotations

import os
import selectors
import signal
import time

from launcher.supervisor import orphans
from launcher.supervisor.child import describe_exit
from launcher.wire.channel import LOST, ChannelBroken, ChannelClosed
from launcher.wire.messages import Reading, SnapshotTaken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Protocol

    from launcher.supervisor.child import Child
    from launcher.supervisor.clock import Clock
    from launcher.wire.channel import Channel
    from launcher.wire.messages import Message

    class Heard(Protocol):
        """Told the number of a worker, the worker, what it said, and the descriptor that came with it."""

        def __call__(self, number: int, child: Child, message: Message, descriptor: int | None, /) -> None:
            """Take it; the descriptor is the callee's."""

    class Gone(Protocol):
        """Told that a worker is known no longer, how it ended in words, and its exit status where that is known."""

        def __call__(self, number: int, child: Child, how: str, status: int | None, /) -> None:
            """Take it; has to call `Children.bury`."""


BROKEN = "something in it wrote to a descriptor that belongs to launch"
LOST_CHANNEL = "it closed a descriptor that belongs to launch, as by os.closerange()"

GRACE_SECONDS = 2.0
"""How long a process that said it is done, or that we asked to end, may take to be gone."""


class Children:
    """The workers that `state.py` speaks of. `end_all` ends every process that descends from this one."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        clock: Clock,
        *,
        heard: Heard,
        gone: Gone,
        ask: Callable[[Child], object],
    ) -> None:
        """Listen by *selector*. *ask* has the snapshot that a copy came from tell how the copy ended."""
        self._selector = selector
        self._clock = clock
        self._heard = heard
        self._gone = gone
        self._ask = ask
        self._known: dict[int, Child] = {}
        self._orphans: set[int] = set()

    def __iter__(self) -> Iterator[Child]:
        """Yield the workers that are known now."""
        return iter(tuple(self._known.values()))

    def get(self, number: int | None) -> Child | None:
        """Return the worker of this number, if there is one."""
        return None if number is None else self._known.get(number)

    def pids(self) -> set[int]:
        """Return the processes of all workers."""
        return {child.pid for child in self._known.values()}

    def adopt(self, number: int, child: Child) -> None:
        """Know *child* by this number from now on, and listen to it."""
        self._known[number] = child
        self.attend(child.channel, lambda: self._listen_to(number))
        self._watch_end(number, child)

    def release(self, number: int | None) -> Child | None:
        """Forget the worker of this number, and return it to whoever keeps it now."""
        child = self.get(number)
        if number is not None and child is not None:
            del self._known[number]
            self.neglect(child.channel)
        return child

    def attend(self, channel: Channel, act: Callable[[], None]) -> None:
        """Have *act* called whenever *channel* has something to say."""
        self._selector.register(channel, selectors.EVENT_READ, act)

    def neglect(self, source: Channel | int) -> None:
        """Listen to *source* no longer."""
        try:
            self._selector.unregister(source)
        except (KeyError, ValueError):
            pass  # its stream had ended

    def greeted(self, number: int, child: Child, pid: int) -> None:
        """Take note of a worker's process from its greeting. A copy is nobody's child, so its end is watched for."""
        child.greeted(pid)
        self._watch_end(number, child)

    def _watch_end(self, number: int, child: Child) -> None:
        if child.watch >= 0:
            self._selector.register(child.watch, selectors.EVENT_READ, lambda: self._ask_how_it_ended(number, child))

    def hear_out(self, number: int, child: Child) -> None:
        """Take everything that a worker has said and read so far, without waiting for more."""
        for message, descriptor in child.channel.rest():
            self._hear(number, child, message, descriptor)
        self.read_up(number, child)

    def read_up(self, number: int, child: Child) -> None:
        """Take what a worker has read so far, as if it had said so, but not what it read after the next snapshot."""
        for files in child.readings.take():
            self._heard(number, child, Reading(files), None)

    def _hear(self, number: int, child: Child, message: Message, descriptor: int | None) -> None:
        """Take one message, and before it what was read before it."""
        self.read_up(number, child)
        self._heard(number, child, message, descriptor)
        if isinstance(message, SnapshotTaken):
            child.readings.pass_mark()

    def _listen_to(self, number: int) -> None:
        """Take what a child said; at the end of the stream wait for SIGCHLD, which tells how it ended."""
        child = self._known.get(number)
        if child is None:
            return
        try:
            for message, descriptor in child.channel.pending():
                self._hear(number, child, message, descriptor)
        except ChannelClosed as end:
            self.neglect(child.channel)
            if isinstance(end, ChannelBroken):
                child.verdict = BROKEN
                child.end()
            if not child.pid:
                self.vanished(number, child.verdict or "it ended before it could do anything")
            elif child.origin is None:
                self._clock.after(GRACE_SECONDS, lambda: self._outlives_channel(number, child))
            else:
                self._ask_how_it_ended(number, child)

    def _outlives_channel(self, number: int, child: Child) -> None:
        """End a worker whose channel is closed. SIGCHLD says how it ended, unless it was reaped before it was known."""
        if self._known.get(number) is not child:
            return
        child.verdict = child.verdict or LOST_CHANNEL
        child.end()
        if not child.exists():
            self.vanished(number, "its end was not seen")

    def _ask_how_it_ended(self, number: int, child: Child) -> None:
        """Have a copy that has ended, or has closed its channel, reaped by the snapshot that it came from."""
        if self._known.get(number) is not child:
            return
        self.neglect(child.channel)
        self.neglect(child.watch)
        self._ask(child)
        # The snapshot may be gone, or go before it has answered.
        self._clock.after(GRACE_SECONDS, lambda: self._give_up(number, child))

    def _give_up(self, number: int, child: Child) -> None:
        """Wait no longer to hear how a copy ended."""
        if self._known.get(number) is child:
            child.end()
            self.vanished(number, "its end was not seen")

    def reap(self) -> None:
        """Notice every process that ended: workers, and orphans of theirs that fell to us."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            self._orphans.discard(pid)
            self.ended(pid, status)

    def ended(self, pid: int, status: int) -> None:
        """Take note that a process ended with this wait status, whoever reaped it."""
        number = next((number for number, child in self._known.items() if child.pid == pid), None)
        if number is not None:
            code = os.waitstatus_to_exitcode(status)
            child = self._known[number]
            child.verdict = LOST_CHANNEL if code == LOST and child.booted else child.verdict
            self.vanished(number, child.verdict or describe_exit(code), code)

    def vanished(self, number: int, how: str, code: int | None = None) -> None:
        """Forget the worker of this number, whose process is gone; tell what it said last, and then its end."""
        child = self._known[number]
        self.hear_out(number, child)
        if self._known.pop(number, None) is not child:
            return  # what it said last has led to this
        self.neglect(child.channel)
        self.neglect(child.watch)
        self._gone(number, child, how, code)

    def bury(self, child: Child, spared: set[int]) -> None:
        """Close what is held of a worker that is gone, and end what the app had started in it, but not *spared*."""
        child.close()
        self._orphans -= self.pids() | spared
        orphans.end(orphans.fallen(self._orphans), signal.SIGTERM)

    def note_descendants(self, child: Child, spared: set[int]) -> None:
        """Remember what the app started, to be ended with the worker; *spared* are ours, and descend from it too."""
        self._orphans.update(set(orphans.descendants(child.pid)) - self.pids() - spared)

    def end_all(self, spared: set[int]) -> None:
        """End every worker, and remember what the app started, but not *spared*; `wait_for_the_end` ends that."""
        for child in self._known.values():
            self.note_descendants(child, spared)
            child.end()
            child.close()
        self._known.clear()

    def wait_for_the_end(self) -> None:
        """Wait until no process descends from this one any more, but not for ever.

        What the app started may end by itself within the time of grace; our own processes need not.
        """
        orphans.end(self._orphans.intersection(orphans.descendants(os.getpid())), signal.SIGTERM)
        begun = time.monotonic()
        while reap_all() and time.monotonic() < begun + 2 * GRACE_SECONDS:
            spared = self._orphans if time.monotonic() < begun + GRACE_SECONDS else set()
            orphans.end(set(orphans.descendants(os.getpid())) - spared, signal.SIGKILL)
            time.sleep(0.002)


def reap_all() -> bool:
    """Reap every child process that has ended; return whether others are left."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True
