"""What the supervisor does next: one function per state, from an event to the next state and actions.

Pure: no clock, no process, no file. `run.py` feeds the events and carries out the actions. A state is named by its
`phase`; `docs/internals/states.md` draws the picture, and a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from launcher.supervisor.events import (
    AwaitQuiet,
    ChildDrained,
    ChildFailed,
    ChildGone,
    ChildPrompting,
    ChildServing,
    End,
    Exit,
    FilesChanged,
    MemoryLow,
    PlanAdjusted,
    PlanChanged,
    QuietCame,
    Say,
    Start,
    StopAsked,
    TellAccept,
    TellAdjust,
    TellDrain,
    TellLoad,
    TellServeFailure,
    TimePassed,
    UsePlan,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from launcher.plan import Plan
    from launcher.supervisor.events import Action, Event

    Step: TypeAlias = "tuple[State, list[Action]]"

STOP_SECONDS = 2.0
"""How long requests in work may take after the first Ctrl-C; the second one ends them."""

STABLE_SECONDS = 1.0
"""A worker that crashes sooner than this, in seconds of serving, is replaced once. If that one does too, a change must
come."""


PAGE_DELAYS = (0.0, 0.25, 1.0, 5.0)
"""Seconds before each restart of a failure page whose process ends early; the last one counts from then on."""

MOST_STAYING = 2
"""How many old workers may stay for the consoles of their pages; each holds the memory of the app."""


@dataclass(frozen=True, slots=True)
class State:
    """Everything that the supervisor knows about its children.

    `active` serves (the app, or the failure page), `loading` imports the app, `spare` is a fresh interpreter kept warm,
    `draining` finish what they have, or are being ended; `staying` have done so and only run consoles, oldest first.
    `changed` are the files that led to the load in progress, or that are held back while a terminal debugger is open in
    `prompting`; `held` is what waits of the settings. `cause` and `text` are of the failure that is not yet believed or
    is shown. `beside` are the workers that were not yet gone when the load in progress began; `again` says that it
    failed, perhaps for them, and is repeated without them. `served` says whether an app was ever served, `revived` that
    a worker replaces one that crashed early, and `code` is the exit code while stopping. `lost_pages` counts the
    processes in a row that ended soon after they were to serve the failure page.
    """

    phase: str
    plan: Plan
    active: int | None = None
    loading: int | None = None
    spare: int | None = None
    draining: frozenset[int] = frozenset()
    beside: frozenset[int] = frozenset()
    staying: tuple[int, ...] = ()
    prompting: frozenset[int] = frozenset()
    held: PlanChanged | None = None
    changed: tuple[str, ...] = ()
    cause: str = ""
    text: str = ""
    generation: int = 0
    next_child: int = 0
    served: bool = False
    revived: bool = False
    again: bool = False
    code: int = 0
    lost_pages: int = 0


def begin(plan: Plan, child: int) -> Step:
    """Return the first state: *child* is a fresh interpreter that was started while the plan was made.

    Leads to `loading`.
    """
    state = State(phase="loading", plan=plan, spare=child, next_child=child + 1)
    wait = plan.loading == "lazy"
    state, actions = _load(state, wait=wait)
    return state, [*actions, Say("waiting")] if wait else actions


def step(state: State, event: Event) -> Step:
    """Return the state after *event*, and what is to be done, in this order."""
    if isinstance(event, StopAsked):
        return _stop(state, event)
    if isinstance(event, PlanAdjusted):
        return _adjust(state, event)
    if isinstance(event, MemoryLow):
        return _dismiss(state)
    if isinstance(event, ChildDrained):
        return _drained(state, event)
    if isinstance(event, TimePassed):
        return state, [End(event.child)] if event.child in state.draining else []
    if isinstance(event, ChildGone) and event.child not in (state.active, state.loading):
        return _forget(state, event.child)
    return _PHASES[state.phase](state, event)


def _loading(state: State, event: Event) -> Step:
    """Wait for the worker that imports the app; nobody serves. Leads to `serving`, `suspect`, `loading`, `stopping`."""
    if isinstance(event, ChildServing) and event.child == state.loading:
        said = Say("reloaded", (state.changed,)) if state.served else Say("ready", (event.found,))
        state = replace(
            state,
            phase="serving",
            active=event.child,
            loading=None,
            changed=(),
            cause="",
            text="",
            served=True,
        )
        greeted = said.occasion == "ready" and state.plan.loading == "lazy"
        return _with_spare(state, [TellAccept(event.child), *([] if greeted else [said])])
    if isinstance(event, ChildFailed) and event.child == state.loading:
        state = replace(state, phase="suspect", cause=event.cause, text=event.text)
        return _repeat(state) if event.busy and state.beside else (state, [AwaitQuiet()])
    if isinstance(event, ChildGone):
        cause = f"the app ended its process while it was loaded: {event.how}" if event.started else event.how
        return replace(state, phase="suspect", loading=None, cause=cause, text=event.text), [AwaitQuiet()]
    if isinstance(event, FilesChanged | PlanChanged):
        return _reload(state, event)
    return state, []


def _suspect(state: State, event: Event) -> Step:
    """Wait for quiet: the load failed, but the disk may still be moving. Leads to `loading`, `failed` or `stopping`."""
    if isinstance(event, QuietCame) and not state.again:
        return _believe(state)
    if isinstance(event, FilesChanged | PlanChanged):
        return _reload(state, event)
    if isinstance(event, ChildGone):
        return replace(state, loading=None), []
    return state, []


def _repeat(state: State) -> Step:
    """Load once more, but not before the workers are gone that may hold what this load could not have."""
    if state.staying:
        return _dismiss(replace(state, again=True))
    if state.beside & state.draining:
        return replace(state, again=True), []
    state, actions = _give_up(state)
    state, more = _load(state)
    return replace(state, beside=frozenset()), actions + more


def _dismiss(state: State) -> Step:
    """Have the workers leave that stay for their consoles."""
    leaving = state.staying
    state = replace(state, draining=state.draining.union(leaving), staying=())
    return state, [TellDrain(child, 0.0) for child in leaving]


def _give_up(state: State) -> Step:
    """End the worker that loads or could not load, if there is one."""
    child = state.loading
    if child is None:
        return state, []
    return replace(state, loading=None, draining=state.draining | {child}), [End(child)]


def _serving(state: State, event: Event) -> Step:
    """Watch over the worker that serves the app. Leads to `loading`, `failed` or `stopping`."""
    if isinstance(event, ChildPrompting):
        return _prompt(state, event)
    if isinstance(event, FilesChanged | PlanChanged) and state.prompting:
        return _hold(state, event)
    if isinstance(event, FilesChanged | PlanChanged):
        return _reload(state, event)
    if isinstance(event, ChildGone):
        said = Say("crashed", (event.how, event.text))
        state = replace(state, active=None, prompting=frozenset())
        if _waits(state):
            state, actions = _release(state)
            return state, [said, *actions]
        if event.lived >= STABLE_SECONDS or not state.revived:
            state, actions = _load(replace(state, revived=event.lived < STABLE_SECONDS))
            return state, [said, *actions]
        cause = f"the worker ended while it served: {event.how}"
        state, actions = _show_failure(replace(state, cause=cause, text=event.text))
        return state, [said, *actions]
    return state, []


def _failed(state: State, event: Event) -> Step:
    """Wait for a change while a worker serves the failure page, however often that has to be replaced.

    Leads to `loading` or `stopping`.
    """
    if isinstance(event, FilesChanged | PlanChanged):
        return _reload(state, event)
    if isinstance(event, ChildServing) and event.child == state.active:
        return _with_spare(state, [TellAccept(event.child)])
    if isinstance(event, ChildGone):
        lost = state.lost_pages + 1 if event.lived < STABLE_SECONDS else 0
        delay = PAGE_DELAYS[min(lost, len(PAGE_DELAYS) - 1)]
        said = [Say("page_lost", (event.how, delay))] if delay else []
        state, actions = _show_failure(replace(state, active=None, lost_pages=lost), delay=delay)
        return state, [*said, *actions]
    return state, []


def _stopping(state: State, event: Event) -> Step:
    """End the server when the requests in work are finished. Leads nowhere."""
    if isinstance(event, ChildGone):
        state = replace(state, active=None, loading=None)
        return state, [] if state.draining else [Exit(state.code)]
    return state, []


_PHASES: dict[str, Callable[[State, Event], Step]] = {
    "loading": _loading,
    "suspect": _suspect,
    "serving": _serving,
    "failed": _failed,
    "stopping": _stopping,
}
PHASES = tuple(_PHASES)


def _load(state: State, *, wait: bool = False, cold: bool = False) -> Step:
    """Have the spare, or a fresh interpreter, or a copy of a snapshot, import the app."""
    state, child, actions = _take(state)
    state = replace(
        state,
        phase="loading",
        loading=child,
        generation=state.generation + 1,
        beside=state.draining.union(state.staying),
        again=False,
    )
    return state, [*actions, TellLoad(child, state.generation, wait, state.changed, cold)]


def _reload(state: State, event: FilesChanged | PlanChanged) -> Step:
    """Retire what serves or loads, and load anew: with the new plan, if there is one."""
    state, actions = _give_up(state)
    if state.active is not None:
        actions.append(TellDrain(state.active, state.plan.reload.drain_seconds))
        state = replace(state, draining=state.draining | {state.active})
    state = replace(state, active=None, prompting=frozenset(), revived=False, lost_pages=0)
    if isinstance(event, PlanChanged):
        if state.spare is not None and _environment(state.plan) != _environment(event.plan):
            actions.append(End(state.spare))
            state = replace(state, spare=None)
        actions += [Say("replanned", (_origins(event),)), UsePlan(event.plan)]
        state = replace(state, plan=event.plan, changed=_union(state.changed, event.keys))
    else:
        state = replace(state, changed=_union(state.changed, event.files))
    state, more = _load(state, cold=isinstance(event, PlanChanged) or event.cold)
    return state, actions + more


def _adjust(state: State, event: PlanAdjusted) -> Step:
    """Go on by the new plan without a reload; where one waits with a plan of its own, it will bring this with it."""
    if state.held is not None:
        return _hold(state, PlanChanged(event.plan, event.keys))
    told: list[Action] = [TellAdjust(child) for child in (state.active, state.loading) if child is not None]
    said = Say("adjusted", (_origins(event),))
    return replace(state, plan=event.plan), [said, UsePlan(event.plan, keep=True), *told]


def _origins(event: PlanAdjusted | PlanChanged) -> tuple[tuple[str, str], ...]:
    """Return what changed, each with the place that it has its value from; empty for a default, or for no setting."""
    return tuple((key, event.plan.origins.get(key, "")) for key in event.keys)


def _believe(state: State) -> Step:
    """Take the failure as real: end, or show it, as `loading` says (design section 4)."""
    said = Say("failed", (state.cause, state.text))
    first, loading = not state.served, state.plan.loading
    hopeless = loading == "eager" or (first and loading == "auto") or not state.plan.reload.enabled
    if hopeless and not (first and loading == "lazy"):
        return replace(state, phase="stopping", code=1), [said, Exit(1)]
    state, actions = _show_failure(state)
    return state, [said, *actions]


def _show_failure(state: State, *, delay: float = 0.0) -> Step:
    """Have the worker that failed serve the failure page: only that can look into it. If it is gone, a process apart.

    Not the spare: the app's environment may be what ends processes.
    """
    child, apart = state.loading, state.loading is None
    if child is None:
        child = state.next_child
        state = replace(state, next_child=child + 1)
    told = TellServeFailure(child, state.generation, state.cause, state.text, apart, delay)
    return replace(state, phase="failed", active=child, loading=None, changed=(), served=True), [told]


def _prompt(state: State, event: ChildPrompting) -> Step:
    """Remember who prompts; when the last debugger is left, do the reload that waited for it."""
    if event.active:
        return replace(state, prompting=state.prompting | {event.child}), []
    state = replace(state, prompting=state.prompting - {event.child})
    return _release(state) if _waits(state) and not state.prompting else (state, [])


def _hold(state: State, event: FilesChanged | PlanChanged) -> Step:
    """Remember what changed until the terminal debugger is left."""
    what = event.keys if isinstance(event, PlanChanged) else event.files
    said: list[Action] = [] if _waits(state) else [Say("held", (what,))]
    if isinstance(event, PlanChanged):
        keys = state.held.keys if state.held is not None else ()
        return replace(state, held=PlanChanged(event.plan, _union(keys, event.keys))), said
    return replace(state, changed=_union(state.changed, event.files)), said


def _waits(state: State) -> bool:
    """Return whether a reload is held back while a terminal debugger is open. To be asked while a worker serves."""
    return bool(state.changed or state.held)


def _release(state: State) -> Step:
    """Do the reload that waited for a terminal debugger."""
    held, changed = state.held, state.changed
    state = replace(state, held=None)
    return _reload(replace(state, changed=()), FilesChanged(changed)) if held is None else _reload(state, held)


def _stop(state: State, event: StopAsked) -> Step:
    """Finish the requests in work; at the second request to stop, or when nothing serves, end now."""
    if state.phase == "stopping" or (state.active is None and not state.draining):
        ready = state.served or state.plan.loading == "lazy"  # which says so before anything is imported
        code = 130 if not ready and event.how == "SIGINT" else state.code
        return replace(state, phase="stopping", code=code), [Exit(code)]
    actions: list[Action] = [End(child) for child in (state.loading, state.spare) if child is not None]
    active = () if state.active is None else (state.active,)
    draining = state.draining.union(state.staying, active)
    actions += [TellDrain(child, STOP_SECONDS) for child in sorted(draining)]
    state = replace(state, phase="stopping", active=None, loading=None, spare=None, draining=draining, staying=())
    return state, [Say("stopping"), *actions]


def _drained(state: State, event: ChildDrained) -> Step:
    """Say what was cut. Let a worker stay if it wants to; the oldest goes for it where there are too many."""
    actions: list[Action] = [Say("cut", (event.cut,))] if event.cut else []
    if not event.stays or event.child not in state.draining or state.phase == "stopping":
        return state, actions
    if state.again:  # it may hold what the worker that is to be repeated could not have
        return state, [*actions, TellDrain(event.child, 0.0)]
    staying = (*state.staying, event.child)
    leaving, staying = staying[:-MOST_STAYING], staying[-MOST_STAYING:]
    draining = (state.draining - {event.child}).union(leaving)
    actions += [TellDrain(child, 0.0) for child in leaving]
    return replace(state, staying=staying, draining=draining), actions


def _forget(state: State, child: int) -> Step:
    """Forget a child whose work nobody waited for."""
    spare = None if child == state.spare else state.spare
    state = replace(
        state,
        spare=spare,
        draining=state.draining - {child},
        staying=tuple(number for number in state.staying if number != child),
        prompting=state.prompting - {child},
    )
    if state.phase == "stopping" and not state.draining:
        return state, [Exit(state.code)]
    if state.phase == "serving" and _waits(state) and not state.prompting:
        return _release(state)
    if state.phase == "suspect" and state.again:
        return _repeat(state)
    return state, []


def _environment(plan: Plan) -> tuple[object, ...]:
    """Return what a fresh interpreter is started with."""
    return plan.env, plan.unset_env


def _take(state: State) -> tuple[State, int, list[Action]]:
    """Return a fresh interpreter: the spare, or one that is started now."""
    if state.spare is not None:
        return replace(state, spare=None), state.spare, []
    child = state.next_child
    return replace(state, next_child=child + 1), child, [Start(child)]


def _with_spare(state: State, actions: list[Action]) -> Step:
    """Keep one fresh interpreter warm for the next reload."""
    if state.spare is not None or not state.plan.reload.enabled:
        return state, actions
    child = state.next_child
    return replace(state, spare=child, next_child=child + 1), [*actions, Start(child)]


def _union(before: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return (*before, *(item for item in more if item not in before))
