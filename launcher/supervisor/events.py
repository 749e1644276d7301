"""What can happen to the supervisor, and what it can do about it: two lists of records.

Events are past tense and come from the outside (`run.py` makes them); actions are imperative and are carried out by
`run.py`. `state.py` maps the first to the second. A child is known here by a number alone.
"""

from __future__ import annotations

from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from launcher.plan import Plan


# Events


@dataclass(frozen=True, slots=True)
class ChildServing:
    """A worker answers requests from now on, with the app that it `found` or with the failure page."""

    child: int
    found: str = ""


@dataclass(frozen=True, slots=True)
class ChildFailed:
    """A worker could not load the app, and waits for what to do; `busy` if it lacks what another one may hold."""

    child: int
    cause: str
    text: str
    busy: bool = False


@dataclass(frozen=True, slots=True)
class ChildPrompting:
    """A terminal debugger opened in a worker, or the last one was left."""

    child: int
    active: bool


@dataclass(frozen=True, slots=True)
class ChildDrained:
    """A worker has nothing in work any more and is about to leave, or `stays` for the consoles of its pages."""

    child: int
    cut: int = 0
    stays: bool = False


@dataclass(frozen=True, slots=True)
class ChildGone:
    """A worker's process ended.

    `how` names the exit code or signal, `text` is what is known of the place, `lived` how long it served, in seconds.
    Without `started` there was no process that could have run the app, and `how` says why.
    """

    child: int
    how: str
    text: str = ""
    lived: float = 0.0
    started: bool = True


@dataclass(frozen=True, slots=True)
class FilesChanged:
    """The content of files that the app was loaded from is not what was read; or matches `reload.include`.

    `cold` excludes snapshots: something that every snapshot depends on was missing, and is back.
    """

    files: tuple[str, ...]
    cold: bool = False


@dataclass(frozen=True, slots=True)
class PlanChanged:
    """The settings files now lead to another plan. `keys` names the settings that differ."""

    plan: Plan
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlanAdjusted:
    """The settings files now lead to another plan, which differs in nothing that the app sees."""

    plan: Plan
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuietCame:
    """Nothing on the disk has moved for a moment, and no version control operation is under way."""


@dataclass(frozen=True, slots=True)
class MemoryLow:
    """There is little memory left."""


@dataclass(frozen=True, slots=True)
class TimePassed:
    """The deadline that was set for a child passed."""

    child: int


@dataclass(frozen=True, slots=True)
class StopAsked:
    """Somebody wants the server to end: `how` is the signal's name. The second time means now."""

    how: str


# Actions


@dataclass(frozen=True, slots=True)
class Start:
    """Start a fresh interpreter under this number."""

    child: int


@dataclass(frozen=True, slots=True)
class TellLoad:
    """Have a worker import the app under the number of this child; `wait` for the first connection.

    `changed` are the files that led to this. Unless it must be `cold`, a snapshot that has read none of them may be
    copied instead of using the fresh interpreter. With `swap`, a copy of the loaded app may swap in function bodies.
    """

    child: int
    generation: int
    wait: bool = False
    changed: tuple[str, ...] = ()
    cold: bool = False
    swap: bool = True


@dataclass(frozen=True, slots=True)
class TellServeFailure:
    """Tell a child to serve the failure page.

    `apart` starts the child for it after `delay` seconds: a process that shares nothing with what failed.
    """

    child: int
    generation: int
    cause: str
    text: str
    apart: bool = False
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class TellAccept:
    """Have a child that is ready accept clients: from now on it may only be drained."""

    child: int


@dataclass(frozen=True, slots=True)
class TellDrain:
    """Tell a child to finish what it has and leave, within `seconds`; after that it is ended."""

    child: int
    seconds: float


@dataclass(frozen=True, slots=True)
class End:
    """End a child at once: it has accepted no client yet, or has had its time to drain."""

    child: int


@dataclass(frozen=True, slots=True)
class UsePlan:
    """From now on this plan is in force for workers that start. `keep` says that those in reserve suit it."""

    plan: Plan
    keep: bool = False


@dataclass(frozen=True, slots=True)
class TellAdjust:
    """Tell a child to go on by those settings of the plan that can be changed while it serves."""

    child: int


@dataclass(frozen=True, slots=True)
class AwaitQuiet:
    """Report `QuietCame` when the disk has been still for a moment."""


@dataclass(frozen=True, slots=True)
class Say:
    """Tell the user; `occasion` names the function of `report.py`, `facts` are its arguments."""

    occasion: str
    facts: tuple[Any, ...] = ()  # Any: the occasion says what they are


@dataclass(frozen=True, slots=True)
class Exit:
    """Stop everything and leave with this exit code."""

    code: int


if TYPE_CHECKING:
    Event: TypeAlias = (
        ChildServing
        | ChildFailed
        | ChildPrompting
        | ChildDrained
        | ChildGone
        | FilesChanged
        | MemoryLow
        | PlanAdjusted
        | PlanChanged
        | QuietCame
        | StopAsked
        | TimePassed
    )
    Action: TypeAlias = (
        Start
        | TellLoad
        | TellServeFailure
        | TellAccept
        | TellDrain
        | TellAdjust
        | End
        | UsePlan
        | AwaitQuiet
        | Say
        | Exit
    )
