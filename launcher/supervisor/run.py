"""The supervisor's loop: waits in one place, makes events, and carries out the actions that `state.py` answers with."""

from __future__ import annotations

import heapq
import os
import selectors
import signal
import socket
import sys
import time
from collections import deque
from contextlib import ExitStack, closing

from launcher.errors import LaunchError
from launcher.supervisor import events, memory, orphans, state
from launcher.supervisor.child import Child, describe_exit
from launcher.supervisor.disk import Difference, Disk
from launcher.supervisor.engine import MOST, Engine
from launcher.supervisor.gate import Gate
from launcher.supervisor.impact import changed_settings
from launcher.supervisor.listener import listen, urls
from launcher.supervisor.reach import is_public
from launcher.supervisor.report import banner_rows
from launcher.supervisor.shown import Shown
from launcher.supervisor.signals import STOP, Signals
from launcher.supervisor.terminal import Terminal
from launcher.supervisor.watcher import POLL_SECONDS, open_watcher
from launcher.wire import messages
from launcher.wire.channel import ChannelClosed
from launcher.wire.tally import open_tally

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import ClassVar

    from launcher.plan import Plan
    from launcher.supervisor.report import Report
    from launcher.wire.channel import Channel

QUIET_SECONDS = 0.05
"""How long nothing may move on the disk before a failure is believed."""

NOISE_SECONDS = 10.0
"""How long quiet is waited for: an older lock of git was left behind, and a log beside the app may move for ever."""

SLOW_SECONDS = 10.0
"""After this time of importing the user is told where it hangs."""

REARM_SECONDS = 0.2
"""How often, while the app is imported, folders that are new join the watch."""

SETTLE_SECONDS = 0.02
"""How long a template or static file may still be moving before the pages are refreshed."""

ABORT_SECONDS = 0.5
"""How long a process that hangs may take to write down where."""

MEMORY_SECONDS = 5.0
"""How often the memory that is left is looked at."""

GRACE_SECONDS = 2.0
"""How long a process that said it is done, or that we asked to end, may take to be gone."""


class Supervisor:
    """Everything that one run of `launch dev` holds. `run` is called once."""

    def __init__(
        self,
        plan: Plan,
        first: Child,
        *,
        replan: Callable[[], Plan],
        report: Report,
        environ: Mapping[str, str],
        begun: float,
    ) -> None:
        """Take over the worker *first*, started early.

        *replan* resolves the settings again, or raises `LaunchError`. *environ* is the environment of `launch`, and
        *begun* the monotonic time at which that process began.
        """
        self._begun = begun
        self._replan = replan
        self._report = report
        self._environ = environ
        self._children: dict[int, Child] = {0: first}
        self._parked: list[tuple[int, tuple[str, int]]] = []
        self._orphans: set[int] = set()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._timer_count = 0
        self._events: deque[events.Event] = deque()
        self._exit_code: int | None = None
        self._changed_at = time.monotonic()
        self._moved_at = 0.0
        self._settings_were_broken = False
        self._opened = False
        self._last_read = ""
        self._rearm_due = False
        self._marks = Marks()
        self._shut = False
        self._finishing: dict[int, int] = {}
        self._shown = Shown()
        self._edition = 1
        self._saved: tuple[str, ...] = ()
        self._plan = plan

    def run(self) -> int:
        """Serve until asked to stop or unable to go on; return the exit code.

        Raises `StartError` when the address cannot be bound. When it returns, no process and no socket of ours is left.
        """
        with ExitStack() as stack:
            self._terminal = Terminal()
            stack.callback(self._terminal.restore)
            signals = stack.enter_context(Signals())
            self._selector = stack.enter_context(closing(selectors.DefaultSelector()))
            self._tally = open_tally()
            stack.callback(os.close, self._tally)
            self._engine = Engine(
                self._environ, self._plan, tally=self._tally, attend=self._attend, neglect=self._neglect
            )
            stack.callback(self._end_all)
            self._listener = listen(self._plan.address)
            stack.callback(self._close_listener)
            self._gate = stack.enter_context(closing(Gate()))
            opened = open_watcher(poll_seconds=self._plan.reload.poll, warn=self._polling)
            watcher = stack.enter_context(closing(opened))
            self._watcher = watcher
            self._engine.on_reaped = self._copy_ended
            self._engine.on_libraries = self._make_base
            self._engine.on_base = self._disk_settled
            self._disk = Disk(self._plan, watcher, self._engine.timeline)
            self._selector.register(signals, selectors.EVENT_READ, lambda: self._take_signals(signals))
            self._selector.register(watcher, selectors.EVENT_READ, self._take_moves)
            if self._plan.reload.poll and self._plan.reload.enabled:
                self._after(self._plan.reload.poll, self._poll)
            self._attend_child(0)
            self._children[0].tell(messages.Tally(), self._tally)
            orphans.become_subreaper()
            if self._engine.enabled:
                self._after(MEMORY_SECONDS, self._look_at_memory)
            self.state, actions = state.begin(self._plan, 0)
            self._perform(actions)
            return self._loop()

    def _loop(self) -> int:
        while self._exit_code is None:
            patience = max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None
            for key, _ in self._selector.select(patience):
                key.data()
            now = time.monotonic()
            while self._timers and self._timers[0][0] <= now and self._exit_code is None:
                heapq.heappop(self._timers)[2]()
        return self._exit_code

    def _happen(self, event: events.Event) -> None:
        """Let the state decide about *event*, and do what it says.

        An event that an action brings about waits until all actions before it are done: they belong to one decision.
        """
        self._events.append(event)
        if len(self._events) > 1:
            return
        while self._events:
            if self._exit_code is None:
                self.state, actions = state.step(self.state, self._events[0])
                self._perform(actions)
            self._events.popleft()

    def _perform(self, actions: list[events.Action]) -> None:
        for action in actions:
            self._ACTIONS[type(action)](self, action)

    # Actions

    def _start(self, action: events.Start) -> None:
        if self._engine.needs_spare():
            self._adopt(action.child, self._engine.fresh())

    def _tell_load(self, action: events.TellLoad) -> None:
        self._loading = action
        self._marks.decided = time.monotonic()
        self._disk.load_began()
        self._last_read = ""
        copy = self._engine.copy(action, self._edition)
        if copy is None:
            self._load_cold(action)
            return
        spare = self._children.pop(action.child, None)
        if spare is not None:
            self._neglect(spare.channel)
            self._engine.keep(spare)
        self._adopt(action.child, copy)
        self._after(SLOW_SECONDS, lambda: self._is_slow(action.child))
        patience = self._engine.patience()
        self._after(patience, lambda: self._copy_is_late(action.child, copy, patience))

    def _copy_is_late(self, number: int, copy: Child, patience: float) -> None:
        """Give up a copy that does not come to serve, unless somebody is asked something on the terminal."""
        if self._children.get(number) is not copy or not self._is_loading(number) or copy.asking:
            return
        copy.verdict = f"it did not serve within {patience:.1f} s"
        if not copy.pid:
            self._is_gone(number, copy.verdict)
            return
        copy.end(signal.SIGABRT)  # Python's fault handler then writes down where it hangs
        self._after(ABORT_SECONDS, copy.end)

    def _is_loading(self, number: int) -> bool:
        return self.state.phase == "loading" and self.state.loading == number

    def _load_cold(self, action: events.TellLoad) -> None:
        if not self._shut:  # until all folders are watched that are read from
            self._gate.shut()
            self._shut = True
        child = self._fresh(action.child)
        self._share_gate(child)
        child.tell(messages.Edition(self._edition))
        self._engine.load(child, action, self._listener.fileno())

    def _share_gate(self, child: Child) -> None:
        """Let a worker see for itself whether there are saves that it may not know of; copies inherit that."""
        if self._plan.reload.enabled and self._watcher.queue is not None:
            child.tell(messages.MovesQueue(), self._watcher.queue)
            child.tell(messages.SettledPage(), self._gate.fileno())

    def _tell_serve_failure(self, action: events.TellServeFailure) -> None:
        saved = tuple(self._report.names(self._saved))
        told = messages.ServeFailure(self._plan.to_json(), action.generation, action.cause, action.text, saved)
        child = self._children.get(action.child) or self._fresh(action.child)
        child.tell(messages.Edition(self._edition))
        child.tell(told, self._listener.fileno())

    def _fresh(self, number: int) -> Child:
        """Return the fresh interpreter of this number; where a library base is, none was started before."""
        if number not in self._children:
            self._adopt(number, self._engine.fresh())
        return self._children[number]

    def _tell_drain(self, action: events.TellDrain) -> None:
        child = self._children[action.child]
        self._note_descendants(child)
        child.tell(messages.Drain(action.seconds, stop=self.state.phase == "stopping"))
        self._after(action.seconds + GRACE_SECONDS, lambda: self._is_overdue(action.child))

    def _end(self, action: events.End) -> None:
        child = self._children.get(action.child)
        if child is not None:
            self._note_descendants(child)
            child.end()

    def _use_plan(self, action: events.UsePlan) -> None:
        self._plan = action.plan
        self._engine.use(action.plan)

    def _await_quiet(self, _: events.AwaitQuiet) -> None:
        self._after(QUIET_SECONDS, lambda: self._look_for_quiet(time.monotonic() + NOISE_SECONDS))

    def _exit(self, action: events.Exit) -> None:
        self._exit_code = action.code or next((code for code in self._finishing.values() if code), 0)

    def _say(self, action: events.Say) -> None:
        elapsed = (time.monotonic() - self._changed_at) * 1000
        if action.occasion in ("ready", "waiting"):
            self._disk_settled()
            self._greet(str(action.facts[0]) if action.facts else "")
        elif action.occasion == "reloaded":
            self._report.reloaded(action.facts[0], self._engine.came_from(), elapsed, self._marks.phases())
        elif action.occasion == "failed":
            self._report.failed(*action.facts, goes_on=self.state.phase == "failed")
        elif action.occasion == "crashed":
            self._report.crashed(*action.facts, goes_on=self.state.phase == "loading")
        else:
            getattr(self._report, action.occasion)(*action.facts)

    _ACTIONS: ClassVar[dict[type, Callable[..., None]]] = {
        events.Start: _start,
        events.TellLoad: _tell_load,
        events.TellServeFailure: _tell_serve_failure,
        events.TellDrain: _tell_drain,
        events.End: _end,
        events.UsePlan: _use_plan,
        events.AwaitQuiet: _await_quiet,
        events.Say: _say,
        events.Exit: _exit,
    }

    def _greet(self, found: str) -> None:
        plan = self._plan
        addresses = self._addresses(plan)
        where = addresses[0]
        rows = banner_rows(plan, found, self._disk.count(), self._engine.title())
        self._report.ready(plan, addresses, (time.monotonic() - self._begun) * 1000, rows)
        self._report.production(self._environ)
        self._warn_of_reach(plan)
        if plan.browser.open and not self._opened:
            self._opened = True
            open_browser(where.rstrip("/") + "/" + plan.browser.open.lstrip("/"), self._environ)

    def _addresses(self, plan: Plan) -> list[str]:
        return urls(self._listener, plan.address, tls=bool(plan.tls.cert or plan.tls.adhoc))

    def _warn_of_reach(self, plan: Plan) -> None:
        if plan.debugger.enabled and is_public(self._listener):
            self._report.reachable(plan)

    # What the children say

    def _attend(self, channel: Channel, act: Callable[[], None]) -> None:
        self._selector.register(channel, selectors.EVENT_READ, act)

    def _neglect(self, source: Channel | int) -> None:
        try:
            self._selector.unregister(source)
        except (KeyError, ValueError):
            pass  # its stream had ended

    def _adopt(self, number: int, child: Child) -> None:
        """Know *child* by this number from now on, and listen to it."""
        self._children[number] = child
        self._attend_child(number)

    def _attend_child(self, number: int) -> None:
        self._attend(self._children[number].channel, lambda: self._listen_to(number))

    def _listen_to(self, number: int) -> None:
        """Take what a child said; at the end of the stream wait for SIGCHLD, which tells how it ended."""
        child = self._children.get(number)
        if child is None:
            return
        try:
            for message, descriptor in child.channel.pending():
                self._heard(number, child, message, descriptor)
        except ChannelClosed:
            self._neglect(child.channel)
            if not child.pid:
                self._is_gone(number, child.verdict or "it ended before it could say a word")
            elif child.origin is None:
                self._after(GRACE_SECONDS, child.end)
            else:
                self._ask_how_it_ended(number, child)

    def _ask_how_it_ended(self, number: int, child: Child) -> None:
        """Have a copy that has ended, or has closed its channel, reaped by the snapshot that it came from."""
        if self._children.get(number) is not child:
            return
        self._neglect(child.channel)
        self._neglect(child.watch)
        self._engine.ask_how_it_ended(child)
        # The snapshot may be gone, or go before it has answered.
        self._after(GRACE_SECONDS, lambda: self._copy_vanished(number, child))

    def _copy_vanished(self, number: int, child: Child) -> None:
        """Give up waiting to hear how a copy ended."""
        if self._children.get(number) is child:
            child.end()
            self._is_gone(number, "its end was not seen")

    def _copy_ended(self, pid: int, status: int) -> None:
        number = next((number for number, child in self._children.items() if child.pid == pid), None)
        if number is not None:
            self._note_code(number, status)
            self._is_gone(number, describe_exit(os.waitstatus_to_exitcode(status)))

    def _make_base(self, libraries: messages.Libraries) -> None:
        spare = self.state.spare
        if libraries.names and spare is not None and spare in self._children:
            child = self._children.pop(spare)
            self._neglect(child.channel)
            self._engine.keep(child)
        self._engine.make_base(libraries, self._listener.fileno(), self._share_gate)

    def _heard(self, number: int, child: Child, message: messages.Message, descriptor: int | None) -> None:
        if isinstance(message, messages.Reading):
            self._was_read(number, message.files)
        elif isinstance(message, messages.Showing):
            self._was_shown(message)
        elif isinstance(message, messages.SnapshotTaken) and descriptor is not None:
            if number == self.state.loading:
                self._engine.taken(message, descriptor)
            else:
                os.close(descriptor)
        elif isinstance(message, messages.Unsafe):
            self._engine.obstacle = message.reason
            self._report.no_snapshot(message.before, message.reason)
        elif isinstance(message, messages.Booted):
            child.greeted(message.pid)
            if child.watch >= 0:
                self._selector.register(
                    child.watch, selectors.EVENT_READ, lambda: self._ask_how_it_ended(number, child)
                )
            if number == self.state.loading:
                self._marks.copied = time.monotonic()
        elif isinstance(message, messages.GivenBack) and descriptor is not None:
            self._parked.append((descriptor, message.peer))
            self._hand_on()
        elif isinstance(message, messages.Serving):
            child.served_since = self._marks.served = time.monotonic()
            self._marks.imported = message.seconds
            self._saved = self._saved if message.failure else ()
            if child.origin is None and not message.failure:
                self._engine.loaded_cold(message.seconds)
            self._happen(events.ChildServing(number, message.found, message.seconds, message.failure))
            self._hand_on()
            self._disk_settled()
        elif isinstance(message, messages.Failed):
            if child.origin is None:
                self._engine.failed_cold()
            self._happen(events.ChildFailed(number, message.cause, message.text))
            self._disk_settled()
        elif isinstance(message, messages.Loading):
            self._happen(events.ChildLoading(number))
            self._after(SLOW_SECONDS, lambda: self._is_slow(number))
        elif isinstance(message, messages.Prompting):
            child.asking = message.active
            self._changed_at = time.monotonic()  # a reload that waited for the debugger begins now
            self._happen(events.ChildPrompting(number, message.active))
        elif isinstance(message, messages.Drained):
            if message.stays:
                pass  # for the consoles of its pages, as long as these are used
            elif self._plan.program.argv and self.state.phase == "stopping":
                self._finishing[number] = 0  # the program goes on behind `launcher.run()`, as long as it likes
            else:
                self._after(GRACE_SECONDS, child.end)
            self._happen(events.ChildDrained(number, message.cut, message.stays))
        elif isinstance(message, messages.ConsoleOpened):
            child.console = message.owner
        elif isinstance(message, messages.Ask) and descriptor is not None:
            self._pass_on(message, descriptor)

    def _pass_on(self, asked: messages.Ask, descriptor: int) -> None:
        """Have code run by the worker that holds its frame; a socket that is closed says that it is gone."""
        for child in self._children.values():
            if child.console == asked.owner:
                child.tell(messages.Evaluate(asked.frame, asked.code), descriptor)
        os.close(descriptor)

    def _hand_on(self) -> None:
        """Give the connections that an old worker gave back to the one that serves now, if there is one."""
        child = self._children.get(-1 if self.state.active is None else self.state.active)
        if child is None or child.served_since is None:
            return
        parked, self._parked = self._parked, []
        for descriptor, peer in parked:
            child.tell(messages.Adopt(peer), descriptor)
            os.close(descriptor)

    def _reap(self) -> None:
        """Notice every process that ended: workers, and orphans of theirs that fell to us."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            self._orphans.discard(pid)
            number = next((number for number, child in self._children.items() if child.pid == pid), None)
            if number is not None:
                self._note_code(number, status)
                self._is_gone(number, describe_exit(os.waitstatus_to_exitcode(status)))

    def _is_gone(self, number: int, how: str) -> None:
        child = self._children[number]
        for message, descriptor in child.channel.rest():  # what it said last
            self._heard(number, child, message, descriptor)
        del self._children[number]
        self._neglect(child.channel)
        self._neglect(child.watch)
        if self._is_loading(number) and child.origin is not None:
            self._copy_failed(child, how)
            return
        if self._is_loading(number):
            self._engine.failed_cold()
        if number == self.state.active:
            self._changed_at = time.monotonic()
        event = events.ChildGone(number, how, child.crash_report(), child.lived())
        child.close()
        self._terminal.restore()
        self._orphans -= self._own_pids()
        orphans.end(orphans.fallen(self._orphans), signal.SIGTERM)
        self._happen(event)
        if self.state.phase == "suspect":
            self._disk_settled()

    def _note_code(self, number: int, status: int) -> None:
        """Keep the exit code of a program that went on behind `launcher.run()`: it is that of the whole."""
        if number in self._finishing:
            code = os.waitstatus_to_exitcode(status)
            self._finishing[number] = code if code >= 0 else 128 - code

    def _is_overdue(self, number: int) -> None:
        if number not in self._finishing:
            self._happen(events.TimePassed(number))

    def _copy_failed(self, child: Child, how: str) -> None:
        """Load cold instead: that a copy dies may be the engine's fault, a fresh interpreter's word counts."""
        text = child.crash_report() if child.verdict else ""
        child.close()
        self._report.copy_failed(self._engine.came_from(), child.verdict or how, text)
        self._engine.doubt()
        self._load_cold(self._loading)

    def _look_at_memory(self) -> None:
        """End snapshots while memory is low, and workers that stay for consoles; looked at now and then."""
        most = memory.allowed(memory.look(), MOST)
        if ended := self._engine.make_room(most):
            self._report.memory_low(ended)
        for number in self.state.staying if most < MOST else ():
            self._children[number].tell(messages.Drain(0.0))
        self._after(MEMORY_SECONDS, self._look_at_memory)

    def _is_slow(self, number: int) -> None:
        if self._is_loading(number):
            self._report.slow(SLOW_SECONDS, self._last_read)

    # What the disk says

    def _was_read(self, number: int, files: Mapping[str, str]) -> None:
        if number not in (self.state.loading, self.state.active):
            return
        difference = self._disk.was_read(files)
        self._last_read = next((path for path, digest in files.items() if digest), self._last_read)
        if not self._rearm_due and self._plan.reload.enabled:
            self._rearm_due = True
            self._after(REARM_SECONDS, self._rearm)
        self._differs(difference)

    def _rearm(self) -> None:
        self._rearm_due = False
        if self.state.loading is None:
            self._disk_settled()  # read while serving: nobody will look later
        elif self._watch():
            # A save may have come before the watch: an import that never ends would never be looked at again.
            self._differs(self._disk.look())

    def _disk_settled(self) -> None:
        """A load ended: watch all that it read, and look whether any of it changed before the watch was there."""
        if self._plan.reload.enabled and self._exit_code is None:
            self._watch()
            self._differs(self._disk.look())
        if self._shut and self.state.loading is None:
            self._gate.open()
            self._shut = False

    def _polling(self, reason: str) -> None:
        """Say that there are no events from the system, and begin to look at the disk instead."""
        self._report.polling(reason)
        self._after(POLL_SECONDS, self._poll)

    def _poll(self) -> None:
        with self._gate:
            self._doubt_shown()
            self._disk_settled()
        self._after(self._watcher.interval, self._poll)

    def _watch(self) -> bool:
        """Watch all that matters now; return whether the watch began anew, and may have missed what happened then."""
        anew = self._disk.watch(self._shown.folders())
        if anew:
            self._doubt_shown()
        return anew

    def _doubt_shown(self) -> None:
        self._shown.doubt()
        self._after(0.0, self._look_at_shown)

    def _was_shown(self, message: messages.Showing) -> None:
        """Watch a file that was read to answer a request, unless its changes lead to a reload anyway."""
        if not self._plan.reload.enabled or self._disk.knows(message.path):
            return
        if self._shown.was_read(message.path, message.digest, style=message.style):
            self._after(REARM_SECONDS, self._watch_shown)

    def _watch_shown(self) -> None:
        """Watch the folders of what was shown, and look whether anything changed before the watch was there."""
        if self._watch():
            self._differs(self._disk.look())

    def _look_at_shown(self) -> None:
        """Refresh the pages if what they show has changed, and is there again: editors delete before they write."""
        now = time.monotonic()
        if now - self._moved_at < SETTLE_SECONDS or self._shown.is_missing(now):
            self._after(SETTLE_SECONDS, self._look_at_shown)
            return
        change = self._shown.look(now)
        if change.noisy:
            self._report.noisy(change.noisy)
        active = self._children.get(-1 if self.state.active is None else self.state.active)
        if change.files and self.state.phase == "serving" and active is not None:
            self._edition += 1
            active.tell(messages.Edition(self._edition, change.style))
            self._report.refreshed(change.files, style=change.style)

    def _take_moves(self) -> None:
        with self._gate:  # closed while what is taken from the queue is not yet decided about
            self._marks.woken = time.monotonic()
            moved = self._watcher.take()
            if not self._plan.reload.enabled:
                return
            self._moved_at = time.monotonic()
            if moved is None:
                self._doubt_shown()
                self._disk_settled()
                return
            difference, shown = self._disk.moved(moved), self._shown.moved(moved)
            if shown:  # noted before the decision, so that one refresh shows all that was saved at once
                self._gate.saved()
                self._after(SETTLE_SECONDS, self._look_at_shown)
            self._differs(difference)
            if self._report.verbose and not shown and difference == Difference():
                self._explain(moved)

    def _explain(self, moved: set[str]) -> None:
        """Say why nothing came of what moved; not during a load, when nobody knows yet what the app reads."""
        if self.state.phase not in ("serving", "failed"):
            return
        for path in sorted(moved):
            if reason := self._disk.why_not(path):
                self._report.passed_over(path, reason)

    def _look_for_quiet(self, until: float) -> None:
        """Report quiet when nothing moved for a moment, git has finished, and a last look finds no difference."""
        now = time.monotonic()
        if now < until and (now - self._moved_at < QUIET_SECONDS or self._disk.is_locked()):
            self._after(QUIET_SECONDS, lambda: self._look_for_quiet(until))
            return
        phase = self.state.phase
        if self._plan.reload.enabled:
            self._differs(self._disk.look())
        if phase == self.state.phase:
            self._happen(events.QuietCame())

    def _differs(self, difference: Difference) -> None:
        loading = self._children.get(-1 if self.state.loading is None else self.state.loading)
        if (difference.files or difference.settings) and loading is not None:
            # What it has said already counts as before: if it serves by now, it may have accepted clients.
            for message, descriptor in loading.channel.rest():
                self._heard(self.state.loading or 0, loading, message, descriptor)
        if difference.settings and self._settings_changed():
            return  # which loads the files anew as well
        if difference.files:
            self._changed_at = time.monotonic()
            self._begin_edition(difference.files)
            self._happen(events.FilesChanged(difference.files))

    def _begin_edition(self, saved: tuple[str, ...]) -> None:
        """Count a reload that a person's save led to; one refresh of the pages is enough for all that was saved."""
        self._edition += 1
        self._gate.saved()
        self._saved = saved
        self._shown.look(time.monotonic())
        self._shown.forgive()

    def _settings_changed(self) -> bool:
        """Resolve again, and return whether that led to another plan.

        A broken edit changes nothing; a new address is bound before the old one is given up.
        """
        self._disk.settings_were_read()
        try:
            plan = self._replan()
            if plan.address != self._plan.address:
                listener = listen(plan.address)
                self._close_listener()
                self._listener = listener
        except LaunchError as error:
            self._settings_were_broken = True
            self._report.settings_broken(error)
            return False
        keys = changed_settings(self._plan, plan)
        moved = (plan.address, plan.tls) != (self._plan.address, self._plan.tls)
        if keys:
            self._changed_at = time.monotonic()
            self._begin_edition(keys)
            self._happen(events.PlanChanged(plan, keys))
            if moved:
                self._report.moved(self._addresses(plan))
                self._warn_of_reach(plan)
        elif self._settings_were_broken:
            self._report.settings_mended()
        self._settings_were_broken = False
        self._plan = plan
        self._disk.use(plan)
        return bool(keys)

    # Time, signals, the end

    def _after(self, seconds: float, act: Callable[[], None]) -> None:
        self._timer_count += 1
        heapq.heappush(self._timers, (time.monotonic() + seconds, self._timer_count, act))

    def _take_signals(self, signals: Signals) -> None:
        for number in signals.take():
            if number == signal.SIGCHLD:
                self._reap()
            elif number in STOP:
                self._happen(events.StopAsked(number.name))

    def _close_listener(self) -> None:
        path = self._listener.getsockname() if self._listener.family == socket.AF_UNIX else ""
        self._listener.close()
        if path:
            try:
                os.unlink(path)
            except FileNotFoundError:
                pass

    def _own_pids(self) -> set[int]:
        return {child.pid for child in self._children.values()} | self._engine.pids()

    def _note_descendants(self, child: Child) -> None:
        """Remember what the app started, to be ended with the worker; our own snapshots descend from it too."""
        self._orphans.update(set(orphans.descendants(child.pid)) - self._own_pids())

    def _end_all(self) -> None:
        """End every process that descends from us, and wait until they are gone, but not for ever.

        What the app started may end by itself within the time of grace; our own processes need not.
        """
        for child in self._children.values():
            self._note_descendants(child)
            child.end()
            child.close()
        self._children.clear()
        self._engine.close()
        for descriptor, _ in self._parked:
            os.close(descriptor)
        orphans.end(self._orphans.intersection(orphans.descendants(os.getpid())), signal.SIGTERM)
        begun = time.monotonic()
        while reap_all() and time.monotonic() < begun + 2 * GRACE_SECONDS:
            spared = self._orphans if time.monotonic() < begun + GRACE_SECONDS else set()
            orphans.end(set(orphans.descendants(os.getpid())) - spared, signal.SIGKILL)
            time.sleep(0.002)


class Marks:
    """When the phases of the last reload began, on the monotonic clock."""

    woken = decided = copied = served = 0.0
    imported = 0.0
    """How long the import took in the worker, in seconds."""

    def phases(self) -> dict[str, float]:
        """Return the milliseconds of each phase: noticing, getting a process, importing, and beginning to serve."""
        copied = max(self.copied, self.decided)
        return {
            "detect": (self.decided - self.woken) * 1000,
            "process": (copied - self.decided) * 1000,
            "import": self.imported * 1000,
            "serve": max(0.0, self.served - copied - self.imported) * 1000,
        }


def open_browser(address: str, environ: Mapping[str, str]) -> None:
    """Open *address* in the person's browser, in a process of its own: finding one takes longer than a reload.

    A browser that this starts outlives us.
    """
    argv = [sys.executable, "-m", "webbrowser", "-t", address]
    try:
        orphans.start_apart(argv, environ)
    except OSError:
        pass  # the system starts no process, and the address has been told


def reap_all() -> bool:
    """Reap every child process that has ended; return whether others are left."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True
