"""What the disk says: the watcher, what was read, what pages show, and the gate that holds requests meanwhile.

Turns reports of the system into differences. What a difference leads to is decided elsewhere: `differs` and `refresh`
are told.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace

from launcher.supervisor.disk import Difference, Disk
from launcher.supervisor.gate import Gate
from launcher.supervisor.loops import Found, Loops
from launcher.supervisor.shown import Shown
from launcher.supervisor.watcher import POLL_SECONDS, is_quiet, open_watcher
from launcher.supervisor.writes import RETIRE_SECONDS, Verdict, Writes
from launcher.wire import messages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from launcher.plan import Plan
    from launcher.supervisor.child import Child
    from launcher.supervisor.clock import Clock
    from launcher.supervisor.report import Report
    from launcher.supervisor.shown import Change
    from launcher.supervisor.timeline import Timeline
    from launcher.supervisor.watcher import Watcher

QUIET_SECONDS = 0.05
"""How long nothing may move on the disk before a failure is believed."""

NOISE_SECONDS = 10.0
"""How long quiet is waited for: a log beside the app may move for ever."""

GIT_SECONDS = 1.0
"""After this time of waiting for git the terminal says so."""

REARM_SECONDS = 0.2
"""How often, while the app is imported, folders that are new join the watch."""

SETTLE_SECONDS = 0.02
"""How long a template, static file or settings file may still be moving before something is done about it."""

ROUNDS = 10
"""How often more reports of the system are taken before what the app has written is accepted."""

RETIRE_AT_MOST = 60.0
"""The longest time between two looks at the files that the app holds open for writing."""

UNSETTLED_SECONDS = 0.2
"""How long that is waited for: a log beside the app may move for ever."""

HOLD_SECONDS = 10.0
"""How long a change waits for the end of a load that may have made it. A load that hangs is ended then."""


class Saves:
    """Everything that follows the disk for one run. `close` ends the watching.

    As a descriptor it can be read when something has moved, and `take` is to be called then.
    """

    differs: Callable[[Difference], None]
    """Told what differs of what the app or the settings were read from."""

    refresh: Callable[[Change], None]
    """Told which files that pages show are different."""

    read_up: Callable[[], None]
    """Called before what has moved is looked at: to be told by `was_read` what the loading worker has read so far."""

    is_loading: Callable[[], bool]
    """Asked whether a worker imports the app now, or has failed to."""

    is_importing: Callable[[], bool]
    """Asked whether a worker imports the app now."""

    has_built: Callable[[], bool]
    """Asked whether that worker has started other programs: they may write what has changed."""

    def __init__(self, plan: Plan, timeline: Timeline, clock: Clock, report: Report) -> None:
        """Follow what *timeline* knows. The functions above are to be set before anything else is called."""
        self.last_read = ""
        """The file that was read last in this load."""
        self.woken = 0.0
        """When the reports came that led to the last difference, on the monotonic clock."""
        self._plan = plan
        self._clock = clock
        self._report = report
        self._shown = Shown()
        self.writers: Callable[[], Iterable[int]] = tuple
        """Asked for the processes of the app."""
        self._writes = Writes(lambda: self.writers(), lambda: self.read_up())
        self._retire_at = math.inf
        self._moved_at = 0.0
        self._locked_since = 0.0
        self._rearm_at = math.inf
        self._poll_due = False
        self._look_due = 0.0
        """Until when files that pages show may go on moving; 0 while nothing is to be looked at."""
        self._shut = False
        self._held: Difference | None = None
        self._loops = Loops()
        self._suspects_at = math.inf
        self._timeline = timeline
        self._waits = False
        """Whether something changed in this load that is looked at when it ends."""
        self._put_off: set[str] = set()
        """Files that the app has not read, and whose change has led to nothing yet."""
        self._explained: set[str] = set()
        self._gate = Gate()
        try:
            self._watcher = self._open_watcher()
        except BaseException:
            self._gate.close()
            raise
        self._disk = Disk(plan, self._watcher, timeline, self._writes)

    def close(self) -> None:
        """Stop watching."""
        self._watcher.close()
        self._gate.close()

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self._watcher.fileno()

    def use(self, plan: Plan) -> None:
        """Go on with another plan. The descriptor to wait on may be another one afterwards."""
        old, self._plan = self._plan, plan
        if plan.reload.poll != old.reload.poll:
            self._watcher.close()
            self._watcher = self._disk.watcher = self._open_watcher()
        self._disk.use(plan)
        self._clock.after(0.0, self.settle)  # what is read from now on may lie in other folders

    def _open_watcher(self) -> Watcher:
        seconds = self._plan.reload.poll
        if self._plan.reload.enabled:
            self._poll_in(seconds)
        return open_watcher(poll_seconds=seconds, warn=self._fall_back)

    def share(self, child: Child) -> None:
        """Let a worker see for itself whether there are saves that it may not know of; copies inherit that."""
        if self._plan.reload.enabled and self._watcher.queue is not None:
            child.tell(messages.MovesQueue(), self._watcher.queue)
            child.tell(messages.SettledPage(), self._gate.fileno())

    def count(self) -> int:
        """Return how many files the app was loaded from."""
        return self._disk.count()

    # What workers read

    def load_began(self, changed: Iterable[str]) -> None:
        """Take note that a worker begins to read, because these files have *changed*."""
        self._disk.load_began(changed)
        self._loops.begins()
        self._put_off.clear()
        self._explained.clear()
        self.last_read = ""

    def load_ends(self) -> None:
        """Look at what has changed in this load, before the worker serves. That may lead to another load."""
        if self._waits:
            self._waits = False
            self._watch()
            self._tell(self._look(), ended=True)

    def load_ended(self) -> None:
        """Take note that a load has ended, well or not."""
        self._waits = False
        self._loops.ends(time.monotonic())
        self._look_at_suspects()

    def shut(self) -> None:
        """Let no request through until all folders are watched that a first import reads from."""
        if not self._shut:
            self._gate.shut()
            self._shut = True

    def was_read(self, files: Mapping[str, str]) -> None:
        """Take note of the digests of what a worker has read."""
        difference = self._disk.was_read(files)
        self.last_read = next((path for path, digest in files.items() if digest), self.last_read)
        if self._plan.reload.enabled:
            # What a request imports may be saved as soon as it is answered.
            self._rearm_in(REARM_SECONDS if self._disk.is_watched or self.is_loading() else 0.0)
        self._tell(difference)

    def settle(self) -> None:
        """A load ended: watch all that it read, and look whether any of it changed before the watch was there."""
        if self._plan.reload.enabled:
            self._watch()
            self._tell(self._look())
            if not self.is_loading():
                self._disk.load_ended()
        if self._shut and not self.is_loading():
            self._gate.open()
            self._shut = False

    def load_succeeded(self) -> None:
        """Watch only what this load has read."""
        self._disk.load_succeeded()

    def serving(self) -> None:
        """A load ended well. What it read is watched already, or else it is high time; the look can wait for a moment.

        The first answers come first.
        """
        if self._shut or not self._disk.is_watched:
            self.settle()
        else:
            self._rearm_in(REARM_SECONDS)

    def settings_were_read(self) -> None:
        """Remember what the settings files hold now. To be called just before they are read again."""
        self._disk.settings_were_read()

    def _rearm_in(self, seconds: float) -> None:
        at = time.monotonic() + seconds
        if at < self._rearm_at:
            self._rearm_at = at
            self._clock.after(seconds, self._rearm)

    def _rearm(self) -> None:
        if time.monotonic() < self._rearm_at:
            return  # done earlier than this was to be
        self._rearm_at = math.inf
        if not self.is_loading():
            self.settle()  # read while serving: nobody will look later
        elif self._watch():
            # A save may have come before the watch: an import that never ends would never be looked at again.
            self._tell(self._look())

    def _watch(self) -> bool:
        """Watch all that matters now; return whether the watch began anew, and may have missed what happened then."""
        anew = self._disk.watch(self._shown.folders())
        if anew:
            self._doubt_shown()
        return anew

    # What the system reports

    def take(self) -> None:
        """Take what has moved from the watcher."""
        with self._gate:  # closed while what is taken from the queue is not yet decided about
            woken = time.monotonic()
            if not self._plan.reload.enabled:
                self._watcher.take()
                return
            verdict = Verdict()
            moved, judged = self._take_up(verdict)
            self._moved_at = time.monotonic()
            if moved is None:
                self._doubt_shown()
                self.settle()
                return
            difference = self._disk.moved(moved, verdict.foreign, judged)
            shown = self._shown.moved(moved - (verdict.own - verdict.foreign))
            if shown:  # noted before the decision, so that one refresh shows all that was saved at once
                self._gate.saved()
                self._look_at_shown_in(SETTLE_SECONDS)
            self._tell(difference, woken)
            if self._report.verbose and not shown and difference == Difference():
                self._explain(moved, verdict.own)

    def _take_up(self, verdict: Verdict) -> tuple[set[str] | None, set[str]]:
        """Return what has moved, and which files the app has written; add to the *verdict* who did what.

        The first is None when some reports of the system were lost. What the app has written is accepted with the
        content of a moment in which nothing more was reported.
        """
        moved: set[str] = set()
        known: dict[str, str] = {}
        for _ in range(ROUNDS):
            more = self._watcher.take()
            self.read_up()
            if more is None:
                return None, set()
            moved |= more
            self._judge(more, verdict)
            if not verdict.own:
                break
            known, shown = self._disk.states(verdict), self._shown.states(verdict.own - verdict.foreign)
            if is_quiet(self._watcher):
                break
        if verdict.own:
            self._disk.accept(known)
            self._shown.accept(shown)
        return moved, set(known)

    def _judge(self, moved: set[str], verdict: Verdict) -> None:
        acts = self._watcher.acts
        if acts is None:
            verdict.own.update(path for path in moved if self._writes.covers(path))
            verdict.foreign |= moved - verdict.own
            return
        held: set[tuple[int, int]] = set()
        if self._writes.is_waiting() or any(act.kind == "modified" and self._knows(act.path) for act in acts):
            held = self._writes.held()
            self.read_up()  # what is held was reported before
        self._writes.judge(acts, held, verdict)

    def _knows(self, path: str) -> bool:
        return self._disk.knows(path) or self._shown.knows(path)

    def will_write(self, message: messages.Writing) -> None:
        """Note that the app is about to write, so that this does not count as a save."""
        if self._plan.reload.enabled:
            self._writes.report(message)
            self._retire_in(RETIRE_SECONDS)

    def outdated(self) -> tuple[str, ...]:
        """Return the files that the app has read, and has written since."""
        return self._disk.outdated()

    def _retire_in(self, seconds: float) -> None:
        """Forget in so many seconds the reports of writes that are over; look less often at what stays open."""
        at = time.monotonic() + seconds
        if at < self._retire_at:
            self._retire_at = at
            self._clock.after(seconds, lambda: self._retire(seconds))

    def _retire(self, seconds: float) -> None:
        if time.monotonic() < self._retire_at:
            return  # done earlier than this was to be
        self._retire_at = math.inf
        held = self._writes.held()
        self.take()  # by now all is reported of what is no longer held
        self._disk.ended(self._writes.retire(held))
        if self._writes.is_waiting():
            self._retire_in(min(2 * seconds, RETIRE_AT_MOST))

    def _look(self) -> Difference:
        """Look at all that was read, and at what was put off."""
        difference = self._disk.look()
        if not self._put_off:
            return difference
        return replace(difference, files=tuple(dict.fromkeys((*difference.files, *sorted(self._put_off)))))

    def _tell(self, difference: Difference, woken: float | None = None, *, ended: bool = False) -> None:
        if difference.files:
            difference = self._judged(difference, reported=woken is not None, ended=ended)
        if difference != Difference():
            self.woken = time.monotonic() if woken is None else woken
            reported = woken is not None and not self.is_importing()
            if difference.settings or self._held is not None or (reported and difference.is_of_names()):
                self._hold(difference)
            else:
                self.differs(difference)

    def _judged(self, difference: Difference, *, reported: bool, ended: bool) -> Difference:
        """Return what counts of a difference: no loop of reloads does, nor what a load may have made before its end."""
        built = self.has_built()  # asked first: the load may be over then
        found = Found(
            difference.files,
            loading=self.is_importing(),
            ended=ended,
            reported=reported,
            builds=built,
            reports=not self._watcher.interval,
            read={path for path in difference.files if path[-1:] != "/" and self._timeline.is_read(path)},
        )
        verdict = self._loops.judge(found, time.monotonic())
        if verdict.wait and not self._waits:
            self._waits = True
            self._clock.after(HOLD_SECONDS, self._end_waiting)
        self._put_off.update(path for path in difference.files if path not in (*verdict.act, *self._timeline.known))
        if verdict.named:
            self._report.looping(verdict.named)
        self._look_at_suspects()
        return replace(difference, files=verdict.act)

    def _end_waiting(self) -> None:
        if self._waits and self.is_importing():
            self.load_ends()

    def _look_at_suspects(self) -> None:
        """Look again when a file that seemed to change with each load has been still."""
        seconds = self._loops.next_look(time.monotonic())
        if seconds is None or time.monotonic() + seconds >= self._suspects_at:
            return
        self._suspects_at = time.monotonic() + seconds
        self._clock.after(seconds, self._try_suspects)

    def _try_suspects(self) -> None:
        self._suspects_at = math.inf
        if self.is_loading():
            return  # the end of the load leads here again
        difference = self._look()
        self._loops.keep(difference.files)
        self._tell(difference)
        self._look_at_suspects()

    def _hold(self, difference: Difference) -> None:
        """Wait until a save is complete: editors write settings in more steps than one, and files under other names.

        Meanwhile no request is answered, and changed modules wait too: other settings may have them loaded otherwise. A
        folder with a new name waits for the file that the name may be moved to.
        """
        if self._held is None:
            self._gate.shut()
            until = time.monotonic() + UNSETTLED_SECONDS
            self._clock.after(SETTLE_SECONDS, lambda: self._let_go(until))
        before = self._held or Difference()
        files = tuple(dict.fromkeys((*before.files, *difference.files)))
        self._held = Difference(files, settings=before.settings or difference.settings)
        if not self._held.settings and not self._held.is_of_names():
            self._let_go(0.0)  # the file has arrived

    def _let_go(self, until: float) -> None:
        if self._held is None:
            return
        now = time.monotonic()
        if now < until and now - self._moved_at < SETTLE_SECONDS:
            self._clock.after(SETTLE_SECONDS, lambda: self._let_go(until))
            return
        held, self._held = self._disk.without_passing_names(self._held), None
        if held != Difference():
            self.differs(held)
        self._gate.open()

    def _explain(self, moved: set[str], own: set[str]) -> None:
        """Say why nothing came of what moved; not during a load, when nobody knows yet what the app reads.

        Each file once after a load: what is said may go to a file that is watched.
        """
        if self.is_loading():
            return
        for path in sorted(moved - self._explained):
            self._explained.add(path)
            if reason := "the app wrote it itself" if path in own else self._disk.why_not(path):
                self._report.passed_over(path, reason)

    def _fall_back(self, reason: str) -> None:
        """Say that there are no events from the system, and begin to look at the disk instead."""
        self._report.polling(reason)
        self._poll_in(POLL_SECONDS)

    def _poll_in(self, seconds: float) -> None:
        """Look at the disk in so many seconds, and from then on as often as the watcher wants it."""
        if seconds and not self._poll_due:
            self._poll_due = True
            self._clock.after(seconds, self._poll)

    def _poll(self) -> None:
        self._poll_due = False
        with self._gate:
            self._doubt_shown()
            self.settle()
        self._poll_in(self._watcher.interval)

    # Quiet

    def await_quiet(self, then: Callable[[], None]) -> None:
        """A load failed: call *then* once the disk is quiet, git has finished, and a last look finds no difference."""
        self._disk.load_failed()
        self._locked_since = 0.0
        self._clock.after(QUIET_SECONDS, lambda: self._look_for_quiet(time.monotonic() + NOISE_SECONDS, then))

    def _look_for_quiet(self, until: float, then: Callable[[], None]) -> None:
        now = time.monotonic()
        if now < until and (now - self._moved_at < QUIET_SECONDS or self._is_locked(now)):
            self._clock.after(QUIET_SECONDS, lambda: self._look_for_quiet(until, then))
            return
        if self._plan.reload.enabled:
            self._tell(self._look())
        if self._held is not None and now < until:  # settings that have not settled may mend it
            self._clock.after(QUIET_SECONDS, lambda: self._look_for_quiet(until, then))
            return
        then()

    def _is_locked(self, now: float) -> bool:
        """Return whether git rewrites the tree. Say so once when that takes long."""
        lock = self._disk.lock()
        if not lock:
            return False
        self._locked_since = self._locked_since or now
        if now - self._locked_since >= GIT_SECONDS:
            self._locked_since = math.inf
            self._report.waiting_for_git(lock)
        return True

    # What pages show

    def was_shown(self, message: messages.Showing) -> None:
        """Watch a file that was read to answer a request, unless its changes lead to a reload anyway."""
        if not self._plan.reload.enabled or self._disk.knows(message.path):
            return
        if self._shown.was_read(message.path, message.digest, style=message.style):
            self._clock.after(REARM_SECONDS, self._watch_shown)

    def pages_are_new(self) -> None:
        """Take note that pages are refreshed anyway: one refresh shows all that was saved."""
        self._gate.saved()
        self._shown.look(time.monotonic())
        self._shown.forgive()

    def _watch_shown(self) -> None:
        """Watch the folders of what was shown, and look whether anything changed before the watch was there."""
        if self._watch():
            self._tell(self._look())

    def _doubt_shown(self) -> None:
        self._shown.doubt()
        self._look_at_shown_in(0.0)

    def _look_at_shown_in(self, seconds: float) -> None:
        """Look in so many seconds, unless that is about to happen."""
        if self._look_due:
            return
        self._look_due = time.monotonic() + UNSETTLED_SECONDS
        self._clock.after(seconds, self._look_at_shown)

    def _look_at_shown(self) -> None:
        """Refresh the pages if what they show has changed, and is there again: editors delete before they write."""
        now = time.monotonic()
        moving = now < self._look_due and now - self._moved_at < SETTLE_SECONDS
        if moving or self._shown.is_missing(now):
            self._clock.after(SETTLE_SECONDS, self._look_at_shown)
            return
        self._look_due = 0.0
        change = self._shown.look(now)
        if change.noisy:
            self._report.noisy(change.noisy)
        if change.files:
            self.refresh(change)
