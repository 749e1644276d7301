"""Where workers come from: a fresh interpreter, or a copy of a snapshot that has read none of the changed files.

Keeps the frozen processes and the library base, and asks `timeline.py` which of them to go back to. That a worker is to
load, and what its failure means, is decided in `state.py`, which knows nothing of snapshots.
"""

from __future__ import annotations

import json
import os
import signal
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import accumulate

from launcher.supervisor import orphans
from launcher.supervisor.child import Child, worker_environ
from launcher.supervisor.recent import edited_last
from launcher.supervisor.timeline import Snapshot, Timeline
from launcher.supervisor.warming import warm
from launcher.wire import messages
from launcher.wire.channel import Channel, ChannelClosed
from launcher.wire.digest import UNCERTAIN, of_file, of_state
from launcher.wire.messages import GoOn, Libraries, Load, Preload, ReadAhead, Reading, Serving, Shared, Unsafe
from launcher.wire.opening import Opening

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from launcher.plan import Plan
    from launcher.supervisor.events import TellLoad
    from launcher.wire.messages import Message

MOST = 10
"""How many snapshots are kept at most, the library base and that of the loaded app among them."""

BESIDES = 2
"""Of these, the ones that stand before no module: the library base and that of the loaded app."""

PLACES = 3
"""How many snapshots before modules a reload can take. Others are ended for that, which no file edited lately needs."""

EDITED = 3
"""Before how many of the files edited last a snapshot is asked for."""

LIBRARIES = "the imported libraries"
"""How the library base is called."""

AHEAD = 100_000
"""How many bytes the names of the sources may have that a copy reads ahead: what is sent must not wait for it."""

PATIENCE = (2.0, 2.0)
"""A copy may work so many times as long as a cold start took, and so many seconds more; then it is given up."""

PROGRESS = 0.05
"""A copy that is late is still at work if it has used so many seconds of the processor since the last look."""


@dataclass(slots=True)
class Frozen:
    """A snapshot's process."""

    snapshot: Snapshot
    channel: Channel
    pid: int
    libraries: int
    swaps: bool = False
    """Whether copies of it can swap in new function bodies."""
    reads_ahead: bool = False
    """Whether it was told to read ahead what an edit before it would have imported again."""


class Engine:
    """The workers in reserve. `attend` has a channel listened to, `neglect` ends that; `close` ends every process.

    `tally` is the memory in which workers count wrong PINs; it stays the caller's.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        plan: Plan,
        *,
        tally: int,
        attend: Callable[[Channel, Callable[[], None]], None],
        neglect: Callable[[Channel], None],
    ) -> None:
        self.timeline = Timeline()
        self.obstacle = ""
        """Why there are no more snapshots, in words."""
        self._environ = environ
        self._plan = plan
        self._tally = tally
        self._attend = attend
        self._neglect = neglect
        self._frozen: dict[int, Frozen] = {}
        self._numbers = 0
        self._idle: Child | None = None
        self._base: Child | None = None
        self._base_files: dict[str, str] = {}
        self._base_libraries = Libraries(())
        self._base_number = 0
        self._edited: list[str] = []
        self._recent: tuple[str, ...] = ()
        """What seems to have been edited last before this start."""
        self._last_imports: dict[str, str] = {}
        self._room = MOST
        self._cold_seconds = 0.0
        self._doubted = ""
        self._bad: set[str] = set()
        self._teller = 0
        """The snapshot that has yet to say what a library base may import: nobody else knows it."""
        self._installed: dict[str, str] = {}
        self._ready: tuple[Snapshot, Child] | None = None
        """A copy that was made in advance, and of what."""
        self._is_waiting = False
        self._folder: tuple[int, int] | None = None
        """What the project folder was when the snapshots began: they work in it, whatever is at its path now."""
        self.back_to: Snapshot | None = None
        """What the last worker was copied from."""

    @property
    def enabled(self) -> bool:
        """Whether snapshots are wanted at all."""
        return self._plan.reload.enabled and self._plan.reload.engine in ("auto", "snapshot")

    def title(self) -> str:
        """Return the engine in use, in words, and why it is not the faster one."""
        if not self.enabled:
            return "restart"
        if not self.obstacle:
            return "snapshot"
        return f"snapshot, in part ({self.obstacle})" if self._frozen else f"restart ({self.obstacle})"

    def came_from(self) -> str:
        """Return in words what the last worker was copied from; nothing after a cold start."""
        if self.back_to is None:
            return "cold start" if self.enabled else ""
        return f"back to {self._place(self.back_to)}"

    def use(self, plan: Plan, *, keep: bool = False) -> None:
        """Go on with another plan. What is in reserve was made for the old one; *keep* it if it suits the new one."""
        self._plan = plan
        if not keep:
            self.close()

    def pids(self) -> set[int]:
        """Return the processes in reserve."""
        ready = self._ready[1] if self._ready is not None else None
        reserve = {child.pid for child in (self._idle, self._base, ready) if child is not None}
        return reserve | {frozen.pid for frozen in self._frozen.values()}

    def needs_spare(self) -> bool:
        """Return whether a fresh interpreter should be kept warm: not where a library base is."""
        return self._base is None

    def fresh(self) -> Child:
        """Return a fresh interpreter: one that was kept, or one that is started now."""
        if self._idle is not None:
            self._drop_idle(self._idle)  # it may have ended, and been reaped, since the last wait
        if self._idle is not None:
            child, self._idle = self._idle, None
            self._neglect(child.channel)
            return child
        child = Child(worker_environ(self._environ, self._plan))
        child.tell(messages.Tally(), self._tally)
        return child

    def for_page(self) -> Child:
        """Return a process for the failure page that shares nothing with the app."""
        child = Child.for_page(self._environ, self._plan)
        child.tell(messages.Tally(), self._tally)
        return child

    def keep(self, child: Child) -> None:
        """Keep a fresh interpreter that is not needed now."""
        if self._idle is not None:
            child.close()
            return
        self._idle = child
        self._attend(child.channel, lambda: self._drop_idle(child))

    def copy(self, action: TellLoad, edition: int = 0, outdated: Sequence[str] = ()) -> Child | None:
        """Go back to the newest snapshot that suits, and return the copy that goes on from there; None if none does.

        Pages show *edition* from then on. The app itself has written the *outdated* files since it read them.
        """
        self._edited = [*action.changed, *(path for path in self._edited if path not in action.changed)][:EDITED]
        self.back_to = None
        changed = (*action.changed, *outdated)
        cold = action.cold or not self.enabled or _identity(self._plan.project) != self._folder
        if action.swap and not cold and (child := self._swapping_copy(action.generation, changed, edition)) is not None:
            return child
        there = [path for path in changed if os.path.isfile(path)]
        choose = self.timeline.choose
        while not cold and (snapshot := choose(changed, there, Opening.is_there)):
            useless = self.timeline.go_back(snapshot)
            child = self._copy_of(snapshot)
            if child is not None:
                if not self._is_loaded(snapshot):
                    useless += self._make_places()
                child.tell(self._go_on(action.generation, edition))
                self.back_to = snapshot
                if snapshot.opening is not None:
                    self.timeline.reads_again(snapshot.opening)
            for gone in useless:  # afterwards: a process that ends takes its time
                if gone.number != self._teller:
                    self._end(gone.number)
            self._end_ready()
            if child is not None and self._is_outdated():  # it has begun already, and nobody is answered so soon
                self._drop(child)
                self._end_idle()
                self.back_to = None
                return None
            if child is not None:
                return child
            self._lost(snapshot.number)
        return None

    def _swapping_copy(self, generation: int, changed: Sequence[str], edition: int) -> Child | None:
        """Return a copy of the loaded app that swaps in what changed; None where it certainly cannot.

        The copy that waits for the next edit stays: this one may answer that it cannot, either.
        """
        loaded = self._frozen.get(self.timeline.snapshots[-1].number) if self.timeline.snapshots else None
        if loaded is None or not loaded.swaps or self._is_outdated():
            return None
        sources = self.timeline.to_swap(loaded.snapshot, changed, os.path.isfile)
        if not sources:
            return None
        try:
            child = Child.copied_from(loaded.channel)
        except ChannelClosed:
            return None
        self.timeline.swapped(loaded.snapshot, sources)
        child.tell(replace(self._go_on(generation, edition), swap=sources))
        self.back_to = loaded.snapshot
        return child

    def _go_on(self, generation: int, edition: int) -> GoOn:
        """Return what a copy is told: of the wanted files the newest, and the others that are still to come."""
        wanted, last = self._wanted(), self._last_import()
        others = [path for path in wanted[1:] if not self.timeline.is_read(path)]
        last = "" if self.timeline.is_read(last) else last
        return GoOn(generation, self._free_places(), (*wanted[:1], *others), edition, last)

    def _free_places(self) -> int:
        """Return how many snapshots may be taken now before modules: one in any case, if any are wanted."""
        if not self.enabled or not self._room:
            return 0
        return max(1, self._room - BESIDES - len(self._before_modules()))

    def _before_modules(self) -> list[Snapshot]:
        """Return the snapshots but for the library base and that of the loaded app."""
        return [snapshot for snapshot in self.timeline.snapshots if snapshot.before]

    def _make_places(self) -> list[Snapshot]:
        """Forget snapshots where too few places are free, and return them.

        Each second one, so that the others are spread over the import as before. Those are spared that edits of the
        wanted files go back to, and the newest, from which a copy goes on. Where memory is low, `make_room` does more.
        """
        taken = self._before_modules()
        missing = len(taken) + PLACES - (self._room - BESIDES)
        if missing <= 0 or self._room < MOST:
            return []
        wanted = self._wanted()
        needed = {*map(self._before, wanted), *(self.timeline.choose([path], [path]) for path in wanted)}
        spare = [snapshot for snapshot in taken[:-1] if snapshot not in needed]
        useless = (spare[::2] + spare[1::2])[:missing]
        for snapshot in useless:
            self.timeline.remove(snapshot.number)
        return useless

    def _wanted(self) -> tuple[str, ...]:
        """Return the files before which a snapshot is asked for.

        Those that were edited last, the newest first, then what each of them imports last: before that, a snapshot is
        inside of the file. For the newest this is told apart, as `_last_import`.
        """
        edited = list(dict.fromkeys((*self._edited, *self._recent)))[:EDITED]
        inside = [self._last_imports[path] for path in edited[1:] if path in self._last_imports]
        return tuple(dict.fromkeys((*edited, *inside)))

    def _last_import(self) -> str:
        """Return the file that the one which was edited last imports last."""
        return self._last_imports.get(next(iter(self._wanted()), ""), "")

    def prepare(self) -> bool:
        """Have a copy wait for the next edit of the file that was edited last: it goes on without being made first.

        That edit is likely to be below the imports of the file, as most are. Where nothing tells which file that is,
        the copy waits at the beginning, from where most files are loaded. To be called when there is time; returns
        False where it has to be called again, because there may be a base soon. Where memory is low no copy is made.
        """
        if self._room < MOST:
            return True
        if not self._edited:
            self._read_ahead_of_first_edit()
            if self._teller in self._frozen or self._is_base_at_work():
                return False
        candidates = [self._before(path) for path in self._edited[:1] or self._recent_imports()]
        if not self._edited:
            candidates += self.timeline.snapshots[:1]
        snapshot = next((candidate for candidate in candidates if candidate is not None), None)
        if snapshot is None or (self._ready and self._ready[0] == snapshot):
            return True
        self._end_ready()
        child = self._copy_of(snapshot)
        if child is not None:
            self._ready = (snapshot, child)
            self._is_waiting = False
            child.tell(ReadAhead(_sources(self.timeline.after(snapshot))))
            self._attend(child.channel, lambda: self._listen_to_ready(child))
        return True

    def _before(self, path: str) -> Snapshot | None:
        """Return what an edit of this file below its imports goes back to."""
        return self.timeline.choose([path], [path], lambda opening: True)

    def _recent_imports(self) -> list[str]:
        """Return those of the files that seem to have been edited last before this start that the app has imported."""
        return [path for path in self._recent if self.timeline.is_read(path)]

    def _read_ahead_of_first_edit(self) -> None:
        """Have the snapshots before these files read ahead. Later ones are copied from such as have done so."""
        for snapshot in map(self._before, self._recent_imports()):
            frozen = self._frozen.get(snapshot.number) if snapshot is not None else None
            if frozen is not None and not frozen.reads_ahead:
                self._have_read_ahead(frozen)

    def _have_read_ahead(self, frozen: Frozen) -> None:
        frozen.reads_ahead = True
        with suppress(ChannelClosed):  # then whoever listens to it notices
            frozen.channel.send(ReadAhead(_sources(self.timeline.after(frozen.snapshot))))

    def _is_base_at_work(self) -> bool:
        return self._base is not None and self._base_number not in self._frozen

    def warm(self, like: Child) -> None:
        """Have the copy that was made in advance own the pages that *like*, the worker that serves, has written to."""
        if self._ready is not None and self._is_waiting and like.origin is not None:
            warm(self._ready[1].pid, like.pid)

    def _copy_of(self, snapshot: Snapshot) -> Child | None:
        """Return a copy of the snapshot, which waits for `GoOn`; None if the snapshot is gone."""
        if self._ready is not None and self._ready[0] == snapshot:
            child = self._ready[1]
            self._listen_to_ready(child)
            if self._ready is not None:
                self._ready = None
                self._neglect(child.channel)
                return child
        try:
            return Child.copied_from(self._frozen[snapshot.number].channel)
        except ChannelClosed:
            return None

    def _listen_to_ready(self, child: Child) -> None:
        """Hear the greeting of the copy that waits, or that it ended."""
        if self._ready is None or self._ready[1] is not child:
            return
        try:
            for message, _ in child.channel.pending():
                if isinstance(message, messages.Booted):
                    child.greeted(message.pid)
                elif isinstance(message, messages.Waiting):
                    self._is_waiting = True
                    self.on_waiting()
        except ChannelClosed:
            self._end_ready()

    def _end_ready(self) -> None:
        """End the copy that waits, if there is one. Its snapshot, if that lives, has to reap it."""
        if self._ready is None:
            return
        child, self._ready = self._ready[1], None
        self._neglect(child.channel)
        self._drop(child)

    def _drop(self, child: Child) -> None:
        """End a copy that nobody has taken."""
        child.end()
        self.ask_how_it_ended(child)
        child.close()

    def using(self, files: Mapping[str, str]) -> None:
        """Take note of the state of library files that snapshots, or what they are made of, have loaded."""
        for path, state in files.items():
            if self._installed.setdefault(path, state) != state:
                self._installed[path] = UNCERTAIN

    def _is_outdated(self) -> bool:
        """Return whether a fresh start would load other files of libraries than the snapshots have loaded."""
        return any(
            (of_file(path) if path.endswith("/") else of_state(path)) != state
            for path, state in self._installed.items()
        )

    def load(self, child: Child, action: TellLoad, listener: int) -> None:
        """Have a fresh interpreter import the app from the beginning."""
        self.discard()
        self.back_to = None
        self._folder = _identity(self._plan.project)
        most = self._free_places()
        if most and not self._edited:
            self._recent = edited_last(self._plan.roots, EDITED)
        wanted, last = self._wanted(), self._last_import()
        child.tell(Load(self._plan.to_json(), action.generation, action.wait, most, wanted, last), listener)

    def discard(self) -> None:
        """End all snapshots, and forget what they read."""
        self.timeline.go_back(None)
        for number in list(self._frozen):
            self._end(number)
        self._teller = 0
        if self._base is not None:
            self._neglect(self._base.channel)
            self._base.close()
            self._base = None
        self._installed.clear()
        self.obstacle = ""

    def taken(self, message: messages.SnapshotTaken, descriptor: int) -> None:
        """Take over a snapshot that the loading worker just made, unless one of this place was bad before."""
        opening = Opening(message.inside, message.size, message.digest) if message.inside else None
        snapshot = Snapshot(self._number(), message.before, opening)
        if self._place(snapshot) in self._bad:
            Channel.of(descriptor).close()
            return
        self.obstacle = ""
        self._frozen[snapshot.number] = Frozen(
            snapshot, Channel.of(descriptor), message.pid, message.libraries, message.swaps
        )
        self.timeline.add(snapshot)
        if self.back_to is None and not snapshot.before:
            self._teller = snapshot.number
        self._attend(self._frozen[snapshot.number].channel, lambda: self._listen_to(snapshot.number))

    def learn(self, message: messages.LastImports) -> None:
        """Take note which source was loaded last by a statement of another one."""
        self._last_imports.update(message.files)

    def make_base(self, message: Libraries, listener: int, share: Callable[[Child], None]) -> None:
        """Have an interpreter import the libraries that the app began with; *share* gives it what copies inherit."""
        if (
            not message.names
            or self._base is not None
            or not self.enabled
            or self._room < MOST
            or LIBRARIES in self._bad
        ):
            return
        base = self._base = self.fresh()
        self._base_files = {}
        self._base_libraries = message
        share(base)
        plan = self._plan.to_json()
        told = Preload(plan, message.names, message.loaded, message.used, message.standard, message.path)
        base.tell(told, listener)
        self._attend(base.channel, lambda: self._listen_to_base(base))

    def ask_how_it_ended(self, child: Child) -> bool:
        """Have the snapshot that a copy came from wait for its end; return False if that snapshot is gone.

        Even one that is there may go before it has answered.
        """
        if child.origin is None or not child.pid:
            return False
        try:
            child.origin.send(messages.Reap(child.pid))
        except ChannelClosed:
            return False
        return True

    def patience(self) -> float:
        """Return after how many seconds a copy that does not serve is given up."""
        times, more = PATIENCE
        return self._cold_seconds * times + more

    def doubt(self) -> None:
        """Take note that the last copy came to nothing. If a cold start does better, its snapshot was bad."""
        if self.back_to is None:
            return
        self._doubted = self._place(self.back_to)
        frozen = self._frozen.get(self.back_to.number)
        if frozen is not None and frozen.pid in orphans.descendants(os.getpid()):
            os.kill(frozen.pid, signal.SIGKILL)  # if it hangs, it does not see that its channel is closed

    def loaded_cold(self, seconds: float) -> None:
        """Take note that a cold start serves, after so many seconds of importing."""
        self._cold_seconds = seconds
        if self._doubted:
            self._bad.add(self._doubted)
            for frozen in list(self._frozen.values()):
                if self._place(frozen.snapshot) in self._bad:
                    self._lost(frozen.snapshot.number)
        self._doubted = ""

    def failed_cold(self) -> None:
        """Take note that a cold start came to nothing either: the app is to blame."""
        self._doubted = ""

    def make_room(self, allowed: int) -> int:
        """Keep at most so many snapshots, the newest, from now on; return how many were ended for that."""
        self._room = allowed
        if allowed < MOST:
            self._end_ready()
        spare = self.timeline.snapshots[: max(0, len(self.timeline.snapshots) - allowed)]
        for snapshot in spare:
            self._lost(snapshot.number)
        return len(spare)

    def close(self) -> None:
        """End everything in reserve. What is needed later is started anew."""
        self.discard()
        self._end_idle()

    def _end_idle(self) -> None:
        if self._idle is not None:
            self._neglect(self._idle.channel)
            self._idle.close()
            self._idle = None

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers

    on_reaped: Callable[[int, int], None]
    """Told the pid and the wait status of a copy that ended."""

    on_libraries: Callable[[Libraries], None]
    """Told what a library base may import."""

    on_waiting: Callable[[], None]
    """Told that the copy made in advance has nothing left to do."""

    on_base: Callable[[], None]
    """Told that the library base waits."""

    def _listen_to(self, number: int) -> None:
        """Take what a snapshot says; at the end of its stream it is lost."""
        frozen = self._frozen.get(number)
        if frozen is None:
            return
        try:
            for message, _ in frozen.channel.pending():
                self._heard(message)
            if self._teller != number and frozen.snapshot not in self.timeline.snapshots:
                self._end(number)
        except ChannelClosed:
            self._lost(number)

    def _heard(self, message: Message) -> None:
        if isinstance(message, messages.Reaped):
            self.on_reaped(message.pid, message.status)
        elif isinstance(message, Libraries):
            self._teller = 0
            self.on_libraries(message)
        elif isinstance(message, messages.LastImports):
            self.learn(message)

    def _listen_to_base(self, base: Child) -> None:
        """Take what the base says; when it waits, it becomes the first snapshot."""
        try:
            for message, _ in base.channel.pending():
                if isinstance(message, Reading):
                    self._base_files.update(message.files)
                elif isinstance(message, messages.Using):
                    self.using(message.files)
                elif isinstance(message, Serving):
                    self._use_base(base)
                    return
                elif isinstance(message, Shared):
                    self._give_up(base)
                    self.on_libraries(self._base_libraries.first(message.count))
                    return
                elif isinstance(message, Unsafe):
                    self.obstacle = self.obstacle or message.reason
        except ChannelClosed:
            self._give_up(base)

    def _give_up(self, base: Child) -> None:
        """Go on without this base."""
        self._neglect(base.channel)
        base.close()
        if self._base is base:
            self._base = None

    def _use_base(self, base: Child) -> None:
        if not self.timeline.agrees(self._base_files):
            self._give_up(base)  # the disk moved in between: the app was loaded from something else
            return
        self._neglect(base.channel)
        snapshot = Snapshot(self._number(), "")
        self._base_number = snapshot.number
        libraries = len(self._base_libraries.names)
        bare = [frozen.snapshot.number for frozen in self._frozen.values() if frozen.libraries < libraries]
        for useless in self.timeline.set_base(snapshot, self._base_files, bare):
            self._end(useless.number)
        self._frozen[snapshot.number] = frozen = Frozen(snapshot, base.channel, base.pid, libraries)
        self._attend(base.channel, lambda: self._listen_to(snapshot.number))
        self._have_read_ahead(frozen)
        self.on_base()

    def _is_loaded(self, snapshot: Snapshot) -> bool:
        return not snapshot.before and snapshot.number != self._base_number

    def _place(self, snapshot: Snapshot) -> str:
        if snapshot.number == self._base_number:
            return LIBRARIES
        return f"before {snapshot.before}" if snapshot.before else "the loaded app"

    def _lost(self, number: int) -> None:
        self.timeline.remove(number)
        self._end(number)

    def _end(self, number: int) -> None:
        """End a snapshot's process, and the copy of it that waits: they leave when their channels are closed."""
        if self._ready is not None and self._ready[0].number == number:
            self._end_ready()
        frozen = self._frozen.pop(number, None)
        if frozen is None:
            return
        self._neglect(frozen.channel)
        for message, _ in frozen.channel.rest():
            if isinstance(message, messages.Reaped):
                self.on_reaped(message.pid, message.status)
        frozen.channel.close()
        if self._base is not None and self._base.channel is frozen.channel:
            self._base.close()
            self._base = None

    def _drop_idle(self, child: Child) -> None:
        """Notice that the interpreter in reserve ended, or hear its greeting."""
        if self._idle is not child:
            return  # taken since the wait that told of it
        try:
            for _ in child.channel.pending():
                pass
        except ChannelClosed:
            self._neglect(child.channel)
            child.close()
            self._idle = None


def is_at_work(before: float, used: float, patience: float) -> bool:
    """Return whether a copy that is late may still come to serve.

    *before* and *used* are the seconds of the processor that it had used at the last look and has used now. Time alone
    says nothing, since a busy machine makes a good copy slow. A copy that hangs uses none, an endless loop too much.
    """
    return before + PROGRESS <= used <= patience


def _identity(folder: str) -> tuple[int, int] | None:
    try:
        status = os.stat(folder)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _sources(files: Iterable[str]) -> tuple[str, ...]:
    """Return the Python sources among *files*, the first ones if all would be too many to tell at once."""
    sources = [path for path in files if path.endswith(".py")]
    sizes = accumulate(len(json.dumps(path)) for path in sources)
    return tuple(path for path, size in zip(sources, sizes, strict=True) if size <= AHEAD)
