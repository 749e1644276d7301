"""The supervisor's loop: waits in one place, makes events, and carries out the actions that `state.py` answers with."""

from __future__ import annotations

import heapq
import os
import selectors
import signal
import socket
import sys
import time
from contextlib import ExitStack, closing

from launcher.errors import LaunchError
from launcher.supervisor import events, orphans, state
from launcher.supervisor.child import Child, describe_exit, worker_environ
from launcher.supervisor.disk import Disk
from launcher.supervisor.impact import changed_settings
from launcher.supervisor.listener import listen, url
from launcher.supervisor.report import banner_rows
from launcher.supervisor.shown import Shown
from launcher.supervisor.signals import STOP, Signals
from launcher.supervisor.terminal import Terminal
from launcher.supervisor.watcher import Watcher
from launcher.wire import messages
from launcher.wire.channel import ChannelClosed
from launcher.wire.tally import open_tally

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import ClassVar

    from launcher.plan import Plan
    from launcher.supervisor.disk import Difference
    from launcher.supervisor.report import Report

QUIET_SECONDS = 0.05
"""How long nothing may move on the disk before a failure is believed."""

LOCK_SECONDS = 10.0
"""How long a lock of git is waited for; one that is older was left behind."""

SLOW_SECONDS = 10.0
"""After this time of importing the user is told where it hangs."""

REARM_SECONDS = 0.2
"""How often, while the app is imported, folders that are new join the watch."""

SETTLE_SECONDS = 0.02
"""How long a template or static file may still be moving before the pages are refreshed."""

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
        self._exit_code: int | None = None
        self._changed_at = time.monotonic()
        self._moved_at = 0.0
        self._settings_were_broken = False
        self._opened = False
        self._last_read = ""
        self._rearm_due = False
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
            stack.callback(self._end_all)
            self._listener = listen(self._plan.address)
            stack.callback(self._close_listener)
            self._tally = open_tally()
            stack.callback(os.close, self._tally)
            self._selector = stack.enter_context(closing(selectors.DefaultSelector()))
            watcher = stack.enter_context(
                closing(Watcher(poll_seconds=self._plan.reload.poll, warn=self._report.polling))
            )
            self._watcher = watcher
            self._disk = Disk(self._plan, watcher)
            self._selector.register(signals, selectors.EVENT_READ, lambda: self._take_signals(signals))
            self._selector.register(watcher, selectors.EVENT_READ, self._take_moves)
            self._attend(0)
            self._children[0].tell(messages.Tally(), self._tally)
            orphans.become_subreaper()
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
        """Let the state decide about *event*, and do what it says."""
        if self._exit_code is None:
            self.state, actions = state.step(self.state, event)
            self._perform(actions)

    def _perform(self, actions: list[events.Action]) -> None:
        for action in actions:
            self._ACTIONS[type(action)](self, action)

    # Actions

    def _start(self, action: events.Start) -> None:
        self._children[action.child] = Child(worker_environ(self._environ, self._plan))
        self._attend(action.child)
        self._children[action.child].tell(messages.Tally(), self._tally)

    def _tell_load(self, action: events.TellLoad) -> None:
        self._disk.load_began()
        self._last_read = ""
        self._children[action.child].tell(messages.Edition(self._edition))
        told = messages.Load(self._plan.to_json(), action.generation, action.wait)
        self._children[action.child].tell(told, self._listener.fileno())

    def _tell_serve_failure(self, action: events.TellServeFailure) -> None:
        saved = tuple(self._report.names(self._saved))
        told = messages.ServeFailure(self._plan.to_json(), action.generation, action.cause, action.text, saved)
        self._children[action.child].tell(messages.Edition(self._edition))
        self._children[action.child].tell(told, self._listener.fileno())

    def _tell_drain(self, action: events.TellDrain) -> None:
        child = self._children[action.child]
        self._orphans.update(orphans.descendants(child.pid))
        child.tell(messages.Drain(action.seconds))
        self._after(action.seconds + GRACE_SECONDS, lambda: self._happen(events.TimePassed(action.child)))

    def _end(self, action: events.End) -> None:
        child = self._children.get(action.child)
        if child is not None:
            self._orphans.update(orphans.descendants(child.pid))
            child.end()

    def _use_plan(self, action: events.UsePlan) -> None:
        self._plan = action.plan

    def _await_quiet(self, _: events.AwaitQuiet) -> None:
        self._after(QUIET_SECONDS, lambda: self._look_for_quiet(time.monotonic() + LOCK_SECONDS))

    def _exit(self, action: events.Exit) -> None:
        self._exit_code = action.code

    def _say(self, action: events.Say) -> None:
        elapsed = (time.monotonic() - self._changed_at) * 1000
        if action.occasion in ("ready", "waiting"):
            self._disk_settled()
            self._greet(str(action.facts[0]) if action.facts else "")
        elif action.occasion == "reloaded":
            self._report.reloaded(action.facts[0], elapsed)
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
        tls = bool(plan.tls.cert or plan.tls.adhoc)
        where = url(self._listener, plan.address, tls=tls)
        rows = banner_rows(plan, found, self._disk.count())
        self._report.ready(plan, [where], (time.monotonic() - self._begun) * 1000, rows)
        if plan.browser.open and not self._opened:
            self._opened = True
            open_browser(where.rstrip("/") + "/" + plan.browser.open.lstrip("/"), self._environ)

    # What the children say

    def _attend(self, number: int) -> None:
        child = self._children[number]
        self._selector.register(child.channel, selectors.EVENT_READ, lambda: self._listen_to(number))

    def _listen_to(self, number: int) -> None:
        """Take what a child said; at the end of the stream wait for SIGCHLD, which tells how it ended."""
        child = self._children.get(number)
        if child is None:
            return
        try:
            for message, descriptor in child.channel.pending():
                self._heard(number, child, message, descriptor)
        except ChannelClosed:
            self._selector.unregister(child.channel)
            self._after(GRACE_SECONDS, child.end)

    def _heard(self, number: int, child: Child, message: messages.Message, descriptor: int | None) -> None:
        if isinstance(message, messages.Reading):
            self._was_read(number, message.files)
        elif isinstance(message, messages.Showing):
            self._was_shown(message)
        elif isinstance(message, messages.GivenBack) and descriptor is not None:
            self._parked.append((descriptor, message.peer))
            self._hand_on()
        elif isinstance(message, messages.Serving):
            child.served_since = time.monotonic()
            self._saved = self._saved if message.failure else ()
            self._happen(events.ChildServing(number, message.found, message.seconds, message.failure))
            self._hand_on()
            self._disk_settled()
        elif isinstance(message, messages.Failed):
            self._happen(events.ChildFailed(number, message.cause, message.text))
            self._disk_settled()
        elif isinstance(message, messages.Loading):
            self._happen(events.ChildLoading(number))
            self._after(SLOW_SECONDS, lambda: self._is_slow(number))
        elif isinstance(message, messages.Prompting):
            self._changed_at = time.monotonic()  # a reload that waited for the debugger begins now
            self._happen(events.ChildPrompting(number, message.active))
        elif isinstance(message, messages.Drained):
            self._happen(events.ChildDrained(number, message.cut))
            self._after(GRACE_SECONDS, child.end)

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
                self._is_gone(number, describe_exit(os.waitstatus_to_exitcode(status)))

    def _is_gone(self, number: int, how: str) -> None:
        child = self._children[number]
        try:  # what it said last
            while True:
                for message, descriptor in child.channel.pending():
                    self._heard(number, child, message, descriptor)
        except ChannelClosed:
            pass
        del self._children[number]
        try:
            self._selector.unregister(child.channel)
        except KeyError:
            pass
        if number == self.state.active:
            self._changed_at = time.monotonic()
        event = events.ChildGone(number, how, child.crash_report(), child.lived())
        child.close()
        self._terminal.restore()
        orphans.end(self._orphans, signal.SIGTERM)
        self._happen(event)
        if self.state.phase == "suspect":
            self._disk_settled()

    def _is_slow(self, number: int) -> None:
        if self.state.phase == "loading" and self.state.loading == number:
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
        self._watch()

    def _disk_settled(self) -> None:
        """A load ended: watch all that it read, and look whether any of it changed before the watch was there."""
        if self._plan.reload.enabled and self._exit_code is None:
            self._watch()
            self._differs(self._disk.look())

    def _watch(self) -> bool:
        """Watch all that matters now; return whether the watch began anew, and may have missed what happened then."""
        anew = self._disk.watch(self._shown.folders())
        if anew:
            self._shown.doubt()
            self._after(0.0, self._look_at_shown)
        return anew

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
        moved = self._watcher.take()
        if moved and self._plan.reload.enabled:
            self._moved_at = time.monotonic()
            self._differs(self._disk.moved(moved))
            if self._shown.moved(moved):
                self._after(SETTLE_SECONDS, self._look_at_shown)

    def _look_for_quiet(self, until: float) -> None:
        """Report quiet when nothing moved for a moment, git has finished, and a last look finds no difference."""
        now = time.monotonic()
        if now - self._moved_at < QUIET_SECONDS or (self._disk.is_locked() and now < until):
            self._after(QUIET_SECONDS, lambda: self._look_for_quiet(until))
            return
        phase = self.state.phase
        if self._plan.reload.enabled:
            self._differs(self._disk.look())
        if phase == self.state.phase:
            self._happen(events.QuietCame())

    def _differs(self, difference: Difference) -> None:
        if difference.settings:
            self._settings_changed()
        elif difference.files:
            self._changed_at = time.monotonic()
            self._begin_edition(difference.files)
            self._happen(events.FilesChanged(difference.files))

    def _begin_edition(self, saved: tuple[str, ...]) -> None:
        """Count a reload that a person's save led to; one refresh of the pages is enough for all that was saved."""
        self._edition += 1
        self._saved = saved
        self._shown.look(time.monotonic())
        self._shown.forgive()

    def _settings_changed(self) -> None:
        """Resolve again. A broken edit changes nothing; a new address is bound before the old one is given up."""
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
            return
        keys = changed_settings(self._plan, plan)
        if keys:
            self._changed_at = time.monotonic()
            self._begin_edition(keys)
            self._happen(events.PlanChanged(plan, keys))
        elif self._settings_were_broken:
            self._report.settings_mended()
        self._settings_were_broken = False
        self._plan = plan
        self._disk.use(plan)

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

    def _end_all(self) -> None:
        """End every process that descends from us, and wait until they are gone."""
        for child in self._children.values():
            self._orphans.update(orphans.descendants(child.pid))
            child.end()
        for descriptor, _ in self._parked:
            os.close(descriptor)
        orphans.end(self._orphans, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        while self._children or self._orphans:
            left = time.monotonic() < deadline
            if not left:
                orphans.end(self._orphans, signal.SIGKILL)
            for number, child in list(self._children.items()):
                if child.reap() is not None:
                    child.close()
                    del self._children[number]
            self._orphans = {pid for pid in self._orphans if orphans.is_alive(pid)}
            if not left and not self._children:
                break
            time.sleep(0.005)


def open_browser(address: str, environ: Mapping[str, str]) -> None:
    """Open *address* in the person's browser, in a process of its own: finding one takes longer than a reload."""
    argv = [sys.executable, "-m", "webbrowser", "-t", address]
    silent = [
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ]
    os.posix_spawn(sys.executable, argv, dict(environ), file_actions=silent)
