"""The supervisor's loop: waits in one place, makes events, and carries out the actions that `state.py` answers with."""

from __future__ import annotations

import os
import selectors
import signal
import sys
import time
from collections import deque
from contextlib import ExitStack, closing
from dataclasses import replace

from launcher.errors import LaunchError
from launcher.supervisor import events, memory, orphans, state
from launcher.supervisor.child import describe_start
from launcher.supervisor.children import GRACE_SECONDS, Children
from launcher.supervisor.clock import Clock
from launcher.supervisor.engine import MOST, Engine, is_at_work
from launcher.supervisor.impact import changed_settings, needs_reload
from launcher.supervisor.listener import Listener
from launcher.supervisor.report import banner_rows
from launcher.supervisor.saves import Saves
from launcher.supervisor.signals import STOP, Signals
from launcher.supervisor.terminal import Terminal
from launcher.wire import messages
from launcher.wire.tally import open_tally

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import ClassVar

    from launcher.plan import Plan
    from launcher.supervisor.child import Child
    from launcher.supervisor.disk import Difference
    from launcher.supervisor.report import Report
    from launcher.supervisor.shown import Change

READ_SECONDS = 0.05
"""How often it is looked at, while the app is imported, what has been read so far."""

SLOW_SECONDS = 10.0
"""After this time of importing the user is told where it hangs."""

ABORT_SECONDS = 0.5
"""How long a process that hangs may take to write down where."""

PREPARE_SECONDS = 0.25
"""How long after a worker began to serve the next reload is prepared: the first answers come first."""

PAGE_SECONDS = 10.0
"""After this time a process that was to serve the failure page, and does not, is replaced."""

LACKING_SECONDS = 0.25
"""How often it is looked whether something is back that no load can do without."""

WARM_SECONDS = 0.02
"""How long after it has said that it waits a copy sleeps, and may be warmed up."""

MEMORY_SECONDS = 5.0
"""How often the memory that is left is looked at."""

_OF_A_LOAD = (
    messages.Reading,
    messages.Writing,
    messages.Using,
    messages.Unsafe,
    messages.SwapRefused,
    messages.Loading,
    messages.Serving,
    messages.Failed,
)
"""Messages that count only from the worker that loads or serves."""


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
        self._plan = plan
        self._latest = plan
        """The plan that the settings lead to now; that in force may wait for a debugger to be left."""
        self._clock = Clock()
        self._first = first
        self._parked: list[tuple[int, tuple[str, int]]] = []
        self._events: deque[events.Event] = deque()
        self._exit_code: int | None = None
        self._changed_at = time.monotonic()
        self._settings_were_broken = False
        self._opened = False
        self._marks = Marks()
        self._finishing: dict[int, int] = {}
        self._edition = 1
        self._repeated: events.TellLoad | None = None
        """The load that was repeated because its interpreter ended before the import."""
        self._lacking = ""
        """The path without which the last load could not succeed: the project folder, or the interpreter."""
        self._is_hearing = False
        self._saved: tuple[str, ...] = ()
        self._different: list[Difference] = []

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
            self._children = Children(
                self._selector, self._clock, heard=self._heard, gone=self._gone, ask=self._ask_how_it_ended
            )
            self._children.adopt(0, self._first)
            self._engine = self._make_engine()
            stack.callback(self._end_all)
            self._listener = stack.enter_context(closing(Listener(self._plan.address)))
            self._saves = stack.enter_context(closing(self._make_saves()))
            self._selector.register(signals, selectors.EVENT_READ, lambda: self._take_signals(signals))
            self._selector.register(self._saves, selectors.EVENT_READ, self._saves.take)
            self._first.tell(messages.Tally(), self._tally)
            orphans.become_subreaper()
            self._clock.after(MEMORY_SECONDS, self._look_at_memory)
            self.state, actions = state.begin(self._plan, 0)
            self._perform(actions)
            return self._loop()

    def _make_engine(self) -> Engine:
        engine = Engine(
            self._environ,
            self._plan,
            tally=self._tally,
            attend=self._children.attend,
            neglect=self._children.neglect,
        )
        engine.on_reaped = self._children.ended
        engine.on_libraries = self._make_base
        engine.on_base = lambda: self._saves.settle()
        engine.on_waiting = lambda: self._clock.after(WARM_SECONDS, self._warm)
        return engine

    def _make_saves(self) -> Saves:
        saves = Saves(self._plan, self._engine.timeline, self._clock, self._report)
        saves.differs = self._differs
        saves.refresh = self._refresh
        saves.read_up = self._hear_writers
        saves.writers = lambda: [child.pid for child in self._writers() if child.pid]
        saves.is_loading = lambda: self.state.loading is not None
        saves.is_importing = lambda: self.state.loading is not None and self._is_loading(self.state.loading)
        saves.has_built = self._has_built
        return saves

    def _loop(self) -> int:
        while self._exit_code is None:
            for key, _ in self._selector.select(self._clock.patience()):
                key.data()
            self._clock.strike(lambda: self._exit_code is None)
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
            self._started(action.child, self._engine.fresh)

    def _tell_load(self, action: events.TellLoad) -> None:
        self._loading = action
        self._marks.decided = time.monotonic()
        self._marks.woken = self._saves.woken if action.changed or action.cold else self._marks.decided
        self._saves.load_began(action.changed)
        self._resume(action)

    def _resume(self, action: events.TellLoad) -> None:
        """Have a copy of a snapshot load what changed; without one, a fresh interpreter."""
        copy = self._engine.copy(action, self._edition, self._saves.outdated())
        if copy is None:
            self._load_cold(action)
            return
        if (spare := self._children.release(action.child)) is not None:
            self._engine.keep(spare)
        self._children.adopt(action.child, copy)
        copy.tell(self._adjustment())  # the snapshot has the settings that were in force when it was made
        self._import_began(action.child)
        patience = self._engine.patience()
        self._clock.after(patience, lambda: self._copy_is_late(action.child, copy, patience))

    def _copy_is_late(self, number: int, copy: Child, patience: float, used: float = 0.0) -> None:
        """Give up a copy that does not come to serve, unless it is still at work or a person is asked something.

        *used* are the seconds of the processor that it had used at the last look.
        """
        if self._children.get(number) is copy:
            self._children.hear_out(number, copy)  # it may serve by now
        if self._children.get(number) is not copy or not self._is_loading(number) or copy.asking:
            return
        now = copy.processor_seconds()
        if is_at_work(used, now, patience):
            self._clock.after(patience, lambda: self._copy_is_late(number, copy, patience, now))
            return
        copy.verdict = f"it did not serve within {patience:.1f} s"
        if not copy.pid:
            self._children.vanished(number, copy.verdict)
            return
        copy.end(signal.SIGABRT)  # Python's fault handler then writes down where it hangs
        self._clock.after(ABORT_SECONDS, copy.end)

    def _is_loading(self, number: int) -> bool:
        return self.state.phase == "loading" and self.state.loading == number

    def _load_cold(self, action: events.TellLoad) -> None:
        self._saves.shut()
        self._lacking = ""
        if (child := self._fresh(action.child)) is None:
            return
        self._saves.share(child)
        child.tell(messages.Edition(self._edition))
        self._engine.load(child, action, self._listener.fileno())

    def _tell_serve_failure(self, action: events.TellServeFailure) -> None:
        self._clock.after(LACKING_SECONDS, self._look_for_lacking)
        self._clock.after(action.delay, lambda: self._serve_failure(action))

    def _serve_failure(self, action: events.TellServeFailure) -> None:
        """Have the failure page served, unless the time for it is over."""
        if self.state.phase != "failed" or self.state.active != action.child:
            return
        child = self._children.get(action.child)
        if child is None and (child := self._started(action.child, self._engine.for_page)) is None:
            return
        saved = tuple(self._report.names(self._saved))
        told = messages.ServeFailure(self._plan.to_json(), action.generation, action.cause, action.text, saved)
        child.tell(messages.Edition(self._edition))
        child.tell(told, self._listener.fileno())
        self._clock.after(PAGE_SECONDS, lambda: self._page_is_late(child))

    def _page_is_late(self, child: Child) -> None:
        if child.served_since is None:
            child.end()

    def _look_for_lacking(self) -> None:
        """Load again once everything is back that no load can do without."""
        if self.state.phase != "failed" or not self._lacking:
            return
        if not os.path.exists(self._lacking):
            self._clock.after(LACKING_SECONDS, self._look_for_lacking)
            return
        self._lacking = ""
        self._changed_at = time.monotonic()
        if not self._settings_changed():
            self._begin_edition(())
            self._happen(events.FilesChanged((), cold=True))

    def _fresh(self, number: int) -> Child | None:
        """Return the fresh interpreter of this number; where a library base is, none was started before."""
        return self._children.get(number) or self._started(number, self._engine.fresh)

    def _started(self, number: int, start: Callable[[], Child]) -> Child | None:
        """Return the process that *start* starts, known by this number; None if the system refuses it even a pipe."""
        try:
            child = start()
        except OSError as error:
            how = f"the system starts no process: {error.strerror}"
            self._clock.after(0, lambda: self._happen(events.ChildGone(number, how, started=False)))
            return None
        self._children.adopt(number, child)
        return child

    def _tell_accept(self, action: events.TellAccept) -> None:
        if (child := self._children.get(action.child)) is not None:
            child.tell(messages.Accept())
            self._hand_on()
            self._saves.load_succeeded()

    def _tell_drain(self, action: events.TellDrain) -> None:
        if self._children.get(action.child) is None:
            self._happen(events.ChildGone(action.child, "it was never started"))
        elif (child := self._children.get(action.child)) is not None:
            self._children.note_descendants(child, self._engine.pids())
            child.tell(messages.Drain(action.seconds, stop=self.state.phase == "stopping"))
            self._clock.after(action.seconds + GRACE_SECONDS, lambda: self._is_overdue(action.child))

    def _end(self, action: events.End) -> None:
        if (child := self._children.get(action.child)) is not None:
            self._children.note_descendants(child, self._engine.pids())
            child.end()

    def _use_plan(self, action: events.UsePlan) -> None:
        before, self._plan = self._addresses(self._plan), action.plan
        self._parked += self._listener.move()
        self._engine.use(action.plan, keep=action.keep)
        if (addresses := self._addresses(action.plan)) != before:
            self._report.moved(addresses)
            self._warn_of_reach(action.plan)

    def _tell_adjust(self, action: events.TellAdjust) -> None:
        if (child := self._children.get(action.child)) is not None:
            child.tell(self._adjustment())

    def _adjustment(self) -> messages.Adjust:
        return messages.Adjust(self._plan.allowed_hosts, self._plan.browser.live_reload)

    def _await_quiet(self, _: events.AwaitQuiet) -> None:
        self._saves.await_quiet(lambda: self._happen(events.QuietCame()))

    def _exit(self, action: events.Exit) -> None:
        self._exit_code = action.code or next((code for code in self._finishing.values() if code), 0)

    def _say(self, action: events.Say) -> None:
        elapsed = (time.monotonic() - self._changed_at) * 1000
        if action.occasion in ("ready", "waiting"):
            self._saves.settle()
            self._greet(str(action.facts[0]) if action.facts else "")
        elif action.occasion == "reloaded":
            self._report.reloaded(action.facts[0], self._engine.came_from(), elapsed, self._marks.phases())
        elif action.occasion == "failed":
            goes_on = self.state.phase == "failed"
            self._report.failed(*action.facts, goes_on=goes_on, lacking=bool(self._lacking))
        elif action.occasion == "crashed":
            self._report.crashed(*action.facts, goes_on=self.state.phase == "loading")
        else:
            getattr(self._report, action.occasion)(*action.facts)

    _ACTIONS: ClassVar[dict[type, Callable[..., None]]] = {
        events.Start: _start,
        events.TellLoad: _tell_load,
        events.TellServeFailure: _tell_serve_failure,
        events.TellAccept: _tell_accept,
        events.TellDrain: _tell_drain,
        events.End: _end,
        events.UsePlan: _use_plan,
        events.TellAdjust: _tell_adjust,
        events.AwaitQuiet: _await_quiet,
        events.Say: _say,
        events.Exit: _exit,
    }

    def _greet(self, found: str) -> None:
        plan = self._plan
        addresses = self._addresses(plan)
        rows = banner_rows(plan, found, self._saves.count(), self._engine.title())
        self._report.ready(plan, addresses, (time.monotonic() - self._begun) * 1000, rows)
        self._report.production(self._environ)
        self._warn_of_reach(plan)
        if plan.browser.open and not self._opened:
            self._opened = True
            if plan.address.unix:
                self._report.not_opened()
            else:
                open_browser(addresses[0].rstrip("/") + "/" + plan.browser.open.lstrip("/"), self._environ)

    def _addresses(self, plan: Plan) -> list[str]:
        return self._listener.urls(plan.address, tls=bool(plan.tls.cert or plan.tls.adhoc))

    def _warn_of_reach(self, plan: Plan) -> None:
        if plan.debugger.enabled and self._listener.is_public():
            self._report.reachable(plan)

    # What the children say

    def _make_base(self, libraries: messages.Libraries) -> None:
        if libraries.reason:
            self._report.no_more_libraries(libraries.names[-1] if libraries.names else "", libraries.reason)
        if libraries.names and (spare := self._children.release(self.state.spare)) is not None:
            self._engine.keep(spare)
        self._engine.make_base(libraries, self._listener.fileno(), self._saves.share)

    def _heard(self, number: int, child: Child, message: messages.Message, descriptor: int | None) -> None:
        if isinstance(message, _OF_A_LOAD) and number not in (self.state.loading, self.state.active):
            return  # that load was given up
        if descriptor is not None:
            self._given(number, message, descriptor)
        elif (act := self._SAID.get(type(message))) is not None:
            act(self, number, child, message)

    def _given(self, number: int, message: messages.Message, descriptor: int) -> None:
        """Take over, or close, what came with a message."""
        if isinstance(message, messages.SnapshotTaken) and number == self.state.loading:
            self._engine.taken(message, descriptor)
        elif isinstance(message, messages.GivenBack):
            self._parked.append((descriptor, message.peer))
            self._hand_on()
        else:
            if isinstance(message, messages.Ask):
                self._pass_on(message, descriptor)
            os.close(descriptor)

    def _was_read(self, _: int, __: Child, message: messages.Reading) -> None:
        self._saves.was_read(message.files)

    def _will_write(self, _: int, __: Child, message: messages.Writing) -> None:
        self._saves.will_write(message)

    def _was_used(self, _: int, __: Child, message: messages.Using) -> None:
        self._engine.using(message.files)

    def _was_shown(self, _: int, __: Child, message: messages.Showing) -> None:
        self._saves.was_shown(message)

    def _was_imported_last(self, _: int, __: Child, message: messages.LastImports) -> None:
        self._engine.learn(message)

    def _was_unsafe(self, _: int, __: Child, message: messages.Unsafe) -> None:
        self._engine.obstacle = message.reason
        self._report.no_snapshot(message.before, message.reason)

    def _builds(self, _: int, child: Child, __: messages.Building) -> None:
        child.has_built = True

    def _has_built(self) -> bool:
        """Return whether the worker that imports the app has started other programs."""
        number = self.state.loading
        if number is None or (child := self._children.get(number)) is None:
            return False
        self._children.hear_out(number, child)
        return child.has_built

    def _departed(self, _: int, child: Child, __: messages.Departed) -> None:
        child.departed = True
        child.verdict = "the app does something else between its imports"

    def _swap_refused(self, number: int, child: Child, message: messages.SwapRefused) -> None:
        child.swap_refused = True
        self._report.not_swapped(message.reason)
        self._clock.after(0, lambda: self._resume_without_swap(number, child))

    def _resume_without_swap(self, number: int, child: Child) -> None:
        """Resume an earlier snapshot: the edit is more than new function bodies."""
        if self._children.get(number) is not child or not self._is_loading(number):
            return
        self._children.release(number)
        self._children.neglect(child.watch)
        self._engine.ask_how_it_ended(child)
        self._after_refusal(child)

    def _after_refusal(self, child: Child) -> None:
        self._children.bury(child, self._engine.pids())
        self._loading = replace(self._loading, swap=False)
        self._resume(self._loading)

    def _booted(self, number: int, child: Child, message: messages.Booted) -> None:
        child.booted = True
        self._children.greeted(number, child, message.pid)
        if number == self.state.loading:
            self._marks.copied = time.monotonic()

    def _began_to_load(self, number: int, child: Child, _: messages.Loading) -> None:
        child.imports = True
        if child.origin is None:  # that a copy goes on is known already
            self._import_began(number)

    def _began_to_serve(self, number: int, child: Child, message: messages.Serving) -> None:
        child.served_since = self._marks.served = time.monotonic()
        self._marks.imported = message.seconds
        self._saved = self._saved if message.failure else ()
        if child.origin is None and not message.failure:
            self._engine.loaded_cold(message.seconds)
        if self._is_loading(number):
            self._saves.load_ends()
            if self.state.loading != number:
                return  # what it was loaded from has changed meanwhile
            self._saves.load_ended()
        self._happen(events.ChildServing(number, message.found))
        self._saves.serving()
        self._clock.after(PREPARE_SECONDS, self._prepare)

    def _failed(self, number: int, child: Child, message: messages.Failed) -> None:
        if child.origin is None:
            self._engine.failed_cold()
        self._lacking = message.lacks
        self._saves.load_ended()
        self._happen(events.ChildFailed(number, message.cause, message.text, message.busy))
        self._saves.settle()

    def _prompted(self, number: int, child: Child, message: messages.Prompting) -> None:
        child.asking = message.active
        self._changed_at = time.monotonic()  # a reload that waited for the debugger begins now
        self._happen(events.ChildPrompting(number, message.active))

    def _drained(self, number: int, child: Child, message: messages.Drained) -> None:
        if message.stays:
            pass  # for the consoles of its pages, as long as these are used
        elif self._plan.program.argv and self.state.phase == "stopping":
            self._finishing[number] = 0  # the program goes on behind `launcher.run()`, as long as it likes
        else:
            self._clock.after(GRACE_SECONDS, child.end)
        self._happen(events.ChildDrained(number, message.cut, message.stays))

    def _console_opened(self, _: int, child: Child, message: messages.ConsoleOpened) -> None:
        child.console = message.owner

    _SAID: ClassVar[dict[type, Callable[..., None]]] = {
        messages.Reading: _was_read,
        messages.Writing: _will_write,
        messages.Using: _was_used,
        messages.Showing: _was_shown,
        messages.LastImports: _was_imported_last,
        messages.Building: _builds,
        messages.Unsafe: _was_unsafe,
        messages.Departed: _departed,
        messages.SwapRefused: _swap_refused,
        messages.Booted: _booted,
        messages.Loading: _began_to_load,
        messages.Serving: _began_to_serve,
        messages.Failed: _failed,
        messages.Prompting: _prompted,
        messages.Drained: _drained,
        messages.ConsoleOpened: _console_opened,
    }

    def _pass_on(self, asked: messages.Ask, descriptor: int) -> None:
        """Have code run by the worker that holds its frame. The socket, once closed, says that it is gone."""
        for child in self._children:
            if child.console == asked.owner:
                child.tell(messages.Evaluate(asked.frame, asked.code), descriptor)

    def _hand_on(self) -> None:
        """Give the connections that an old worker gave back to the one that serves now, if there is one."""
        child = self._children.get(self.state.active)
        if child is None or child.served_since is None:
            return
        while self._parked:
            descriptor, peer = self._parked[0]
            if not child.tell(messages.Adopt(peer), descriptor):
                return  # it is gone: the next one gets them
            os.close(descriptor)
            del self._parked[0]

    def _gone(self, number: int, child: Child, how: str, code: int | None) -> None:
        """Decide what the end of a worker means."""
        if number in self._finishing and code is not None:
            # A program that went on behind `launcher.run()`: its exit code is that of the whole.
            self._finishing[number] = code if code >= 0 else 128 - code
        if self._is_loading(number) and child.origin is not None:
            self._copy_failed(child, how)
            return
        if self._is_loading(number) and not child.imports and self._repeated is not self._loading:
            self._repeat_load(child)
            return
        if self._is_loading(number):
            self._engine.failed_cold()
        if number == self.state.active:
            self._changed_at = time.monotonic()
        self._lacking = child.lacks or self._lacking
        started = child.booted or child.origin is not None
        if self._is_loading(number) and code is not None and not started:
            how = describe_start(self._plan, how)
        event = events.ChildGone(number, how, child.crash_report(), child.lived(), started)
        self._children.bury(child, self._engine.pids())
        self._terminal.restore()
        if self._is_loading(number):
            self._saves.load_ended()
        self._happen(event)
        if self.state.phase == "suspect":
            self._saves.settle()

    def _repeat_load(self, child: Child) -> None:
        """Have another interpreter load: one that ended before the import says nothing about the app. Once a load."""
        self._repeated = self._loading
        self._children.bury(child, self._engine.pids())
        self._load_cold(self._loading)

    def _ask_how_it_ended(self, child: Child) -> None:
        self._engine.ask_how_it_ended(child)

    def _is_overdue(self, number: int) -> None:
        if number not in self._finishing:
            self._happen(events.TimePassed(number))

    def _copy_failed(self, child: Child, how: str) -> None:
        """Load cold instead: that a copy dies may be the engine's fault, a fresh interpreter's word counts."""
        if child.swap_refused:
            self._after_refusal(child)
            return
        text = child.crash_report() if child.verdict and not child.departed else ""
        self._children.bury(child, self._engine.pids())
        self._report.copy_failed(self._engine.came_from(), child.verdict or how, text)
        if not child.departed:
            self._engine.doubt()
        self._saves.load_began(self._loading.changed)
        self._load_cold(self._loading)

    def _prepare(self) -> None:
        """Get ready for the next save, unless it has come already."""
        if self.state.phase == "serving" and not self._engine.prepare():
            self._clock.after(PREPARE_SECONDS, self._prepare)

    def _warm(self) -> None:
        if self.state.phase == "serving" and (child := self._children.get(self.state.active)) is not None:
            self._engine.warm(child)

    def _look_at_memory(self) -> None:
        """End snapshots while memory is low, and workers that stay for consoles; looked at now and then."""
        most = memory.allowed(memory.look(), MOST)
        if ended := self._engine.make_room(most):
            self._report.memory_low(ended)
        if most < MOST:
            self._happen(events.MemoryLow())
        self._clock.after(MEMORY_SECONDS, self._look_at_memory)

    def _import_began(self, number: int) -> None:
        self._clock.after(SLOW_SECONDS, lambda: self._is_slow(number))
        self._clock.after(READ_SECONDS, lambda: self._keep_reading(number))

    def _keep_reading(self, number: int) -> None:
        """Have the folders watched in time that an import reads from, however long it takes."""
        if self._is_loading(number):
            self._read_up()
            self._clock.after(READ_SECONDS, lambda: self._keep_reading(number))

    def _read_up(self) -> None:
        """Take what the loading worker has read so far."""
        number = self.state.loading
        if number is not None and (child := self._children.get(number)) is not None:
            self._children.read_up(number, child)

    def _writers(self) -> list[Child]:
        """Return the workers whose writes are the app's own: those that load or serve now."""
        found = (self._children.get(number) for number in (self.state.loading, self.state.active))
        return [child for child in found if child is not None]

    def _hear_writers(self) -> None:
        """Take everything that these workers have said and read so far. Does nothing while that is being done."""
        if self._is_hearing:
            return
        self._is_hearing = True
        try:
            for number in (self.state.loading, self.state.active):
                if number is not None and (child := self._children.get(number)) is not None:
                    self._children.hear_out(number, child)
        finally:
            self._is_hearing = False

    def _is_slow(self, number: int) -> None:
        if self._is_loading(number):
            self._read_up()
            self._report.slow(SLOW_SECONDS, self._saves.last_read)

    # What the disk says

    def _differs(self, difference: Difference) -> None:
        """Act on all that differs at once: what the loading worker has said already may lead to more of it."""
        self._different.append(difference)
        if len(self._different) > 1 or self._exit_code is not None:
            return
        loading, number = self._children.get(self.state.loading), self.state.loading
        if loading is not None and number is not None:
            # What it has said already counts as before: if it is ready by now, its load is not repeated in vain.
            self._children.hear_out(number, loading)
        files = tuple(dict.fromkeys(file for item in self._different for file in item.files))
        settings = any(item.settings for item in self._different)
        self._different.clear()
        if settings and self._settings_changed():
            return  # which loads the files anew as well
        if files:
            self._changed_at = time.monotonic()
            self._begin_edition(files)
            self._happen(events.FilesChanged(files))

    def _begin_edition(self, saved: tuple[str, ...]) -> None:
        """Count a reload that a person's save led to; one refresh of the pages is enough for all that was saved."""
        self._edition += 1
        self._saved = saved
        self._saves.pages_are_new()

    def _refresh(self, change: Change) -> None:
        """Bring open pages up to date, without a reload."""
        active = self._children.get(self.state.active)
        if self.state.phase == "serving" and active is not None:
            self._edition += 1
            active.tell(messages.Edition(self._edition, change.style))
            if self._plan.browser.live_reload:
                self._report.refreshed(change.files, style=change.style)

    def _settings_changed(self) -> bool:
        """Resolve again, and return whether that led to another plan.

        A broken edit changes nothing; a new address is bound before the old one is given up.
        """
        if not os.path.isdir(self._plan.project):
            return False  # the settings are gone with everything else, and are read again when that is back
        self._saves.settings_were_read()
        try:
            plan = self._replan()
            self._listener.prepare(plan.address)
        except LaunchError as error:
            self._settings_were_broken = True
            self._report.settings_broken(error)
            return False
        keys = changed_settings(self._latest, plan)
        mended, self._settings_were_broken, self._latest = self._settings_were_broken, False, plan
        self._selector.unregister(self._saves)  # its descriptor may change
        self._saves.use(plan)
        self._selector.register(self._saves, selectors.EVENT_READ, self._saves.take)
        if not keys:
            if mended:
                self._report.settings_mended()
            return False
        self._changed_at = time.monotonic()
        if needs_reload(keys):
            self._begin_edition(keys)
            self._happen(events.PlanChanged(plan, keys))
        else:
            self._happen(events.PlanAdjusted(plan, keys))
        return needs_reload(keys)

    # Time, signals, the end

    def _take_signals(self, signals: Signals) -> None:
        for number in signals.take():
            if number == signal.SIGCHLD:
                self._children.reap()
            elif number in STOP:
                self._happen(events.StopAsked(number.name))

    def _end_all(self) -> None:
        """End every process that descends from us, and wait until they are gone, but not for ever."""
        self._children.end_all(self._engine.pids())
        self._engine.close()
        for descriptor, _ in self._parked:
            os.close(descriptor)
        self._children.wait_for_the_end()


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

    A browser that this starts outlives us. Python runs isolated: the modules of the project are not for it.
    """
    argv = [sys.executable, "-I", "-m", "webbrowser", "-t", address]
    try:
        orphans.start_apart(argv, environ)
    except OSError:
        pass  # the system starts no process, and the address has been told
