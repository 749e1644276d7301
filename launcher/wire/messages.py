"""Every message between the supervisor and a worker: named records with named fields, to JSON and back.

`TO_WORKER` and `TO_SUPERVISOR` say which side speaks. `docs/internals/messages.md` describes each message, and a test
compares the two. Pure: nothing here reads or writes a descriptor; `channel.py` does.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from launcher.standard import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Load:
    """Import the app of this plan, then serve it on the listening socket whose descriptor comes with the message.

    `generation` numbers the worker. `wait` says that the import starts when the first connection arrives. At most
    `most` snapshots are taken on the way (0: none, nor one of the loaded app), above all before the files `wanted` and
    before the file `last`, which the first of these imports last.
    """

    plan: Mapping[str, Any]  # Any: JSON
    generation: int
    wait: bool = False
    most: int = 0
    wanted: tuple[str, ...] = ()
    last: str = ""


@dataclass(frozen=True, slots=True)
class MovesQueue:
    """Look into this queue of moved files before each request, and take nothing from it; carries the descriptor."""


@dataclass(frozen=True, slots=True)
class SettledPage:
    """Look at this page before and after the queue (`web/gate.py`); carries the descriptor of a shared page."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Copy yourself (to a snapshot); the copy goes on importing. Carries the copy's end of a channel of its own."""


@dataclass(frozen=True, slots=True)
class Lifeline:
    """Die when the other end of this pipe is closed (to a copy, first); carries the descriptor."""


@dataclass(frozen=True, slots=True)
class CrashLog:
    """Write the stacks here when Python crashes (to a copy, third); carries the descriptor."""


@dataclass(frozen=True, slots=True)
class ReadingLog:
    """Write down here what is read (to a copy, second); carries the descriptor of a `wire/reading_log.py`."""


@dataclass(frozen=True, slots=True)
class ReadAhead:
    """Read the bytecode of these sources while you wait (to a snapshot, or to a copy made in advance)."""

    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GoOn:
    """Go on from the snapshot as this generation (to a copy, last). `most`, `wanted` and `last` are as in `Load`.

    `edition` is the number in `Edition`. `swap` names the sources that differ from what the snapshot of the loaded app
    has imported: the copy puts their new function bodies in, or answers `SwapRefused`.
    """

    generation: int
    most: int
    wanted: tuple[str, ...]
    edition: int = 0
    last: str = ""
    swap: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reap:
    """Wait for a copy of yourself that has ended (to a snapshot), and say how."""

    pid: int


@dataclass(frozen=True, slots=True)
class Preload:
    """Import these libraries, in this order and with this `sys.path`, and wait as the library base.

    The app will have to ask for them in this order, or a copy of the base comes to nothing. `loaded` are the outermost
    packages that came with them; `used` tells for each library in how many of these the app may have called something
    by then, `standard` what the standard library was like.

    To a fresh interpreter; it says `Serving` when it waits. Carries the listening socket's descriptor.
    """

    plan: Mapping[str, Any]  # Any: JSON
    libraries: tuple[str, ...]
    loaded: tuple[str, ...]
    used: tuple[int, ...]
    standard: tuple[str, ...]
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServeFailure:
    """Serve the failure page: for the failure that this worker reported, or for that of a worker that is gone.

    Carries the listening socket's descriptor. `cause` is one line; `text` is the traceback, or what is known; `changed`
    names the files that were saved before.
    """

    plan: Mapping[str, Any]  # Any: JSON
    generation: int
    cause: str
    text: str
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Accept:
    """Accept clients from now on. Nothing is accepted before, so a worker without this can be killed at any moment."""


@dataclass(frozen=True, slots=True)
class Drain:
    """Stop accepting, give back connections that sent nothing yet, finish the requests in work, then leave.

    Requests still open after `seconds` are cut. `stop` says that the server ends, and no other worker follows.
    """

    seconds: float
    stop: bool = False


@dataclass(frozen=True, slots=True)
class Adopt:
    """Serve this connection, which an older worker had accepted; carries its descriptor. `peer` is the client."""

    peer: tuple[str, int]


@dataclass(frozen=True, slots=True)
class Evaluate:
    """Run this code in this frame of a traceback that you hold, and write what the page shows to the descriptor."""

    frame: int
    code: str


@dataclass(frozen=True, slots=True)
class Tally:
    """Count wrong PINs in this shared memory; carries its descriptor. Sent to each fresh interpreter, first of all."""


@dataclass(frozen=True, slots=True)
class Edition:
    """What pages show from now on has this number: of the code that is loaded next, or of the files that it serves.

    `style` says that only stylesheets differ from the edition before.
    """

    number: int
    style: bool = False


@dataclass(frozen=True, slots=True)
class Adjust:
    """Go on by these settings: the names that are answered to besides our own, and whether pages refresh themselves."""

    allowed_hosts: tuple[str, ...]
    live_reload: bool


@dataclass(frozen=True, slots=True)
class Booted:
    """The interpreter is up and waits for work."""

    pid: int


@dataclass(frozen=True, slots=True)
class Reading:
    """These files were read while loading: path -> digest of the content, empty when there was no such file."""

    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Showing:
    """A file was read to answer a request; `digest` is as in `Reading`. `style` says that it is a stylesheet."""

    path: str
    digest: str
    style: bool = False


@dataclass(frozen=True, slots=True)
class Writing:
    """The app is about to change this path. Said before it does.

    `how` is `open` (for writing), `make` (a folder or link), `remove`, or `replace` (by the file with this `identity`).
    """

    path: str
    how: str
    identity: str = ""


@dataclass(frozen=True, slots=True)
class Loading:
    """The import begins now. A worker that waits for the first connection says so only when that has come."""


@dataclass(frozen=True, slots=True)
class Serving:
    """The next connection will be answered by this worker. `found` says how the app was found.

    `seconds` is the time that the import took; `failure` says that it is the failure page that is served.
    """

    found: str
    seconds: float
    failure: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """The app could not be loaded. `cause` is one line, `text` the user's traceback.

    `busy` says that something was in use which only one process can have: a port, a lock, a database. `lacks` is the
    path without which no load can succeed.
    """

    cause: str
    text: str
    busy: bool = False
    lacks: str = ""


@dataclass(frozen=True, slots=True)
class GivenBack:
    """A connection that was accepted but has sent nothing yet, given back while draining; carries its descriptor."""

    peer: tuple[str, int]


@dataclass(frozen=True, slots=True)
class Drained:
    """Nothing is in work any more; `cut` requests were still open when the time was up.

    The worker leaves, or else `stays` for the consoles of its pages.
    """

    cut: int = 0
    stays: bool = False


@dataclass(frozen=True, slots=True)
class ConsoleOpened:
    """A console of this worker's pages is in use; they call the worker `owner`."""

    owner: str


@dataclass(frozen=True, slots=True)
class Ask:
    """Have this code run in this frame by the worker `owner`; carries a socket for what the page shows.

    The socket is closed with nothing written where no such worker is there.
    """

    owner: str
    frame: int
    code: str


@dataclass(frozen=True, slots=True)
class SnapshotTaken:
    """A snapshot waits in process `pid`; carries the supervisor's end of its channel.

    It stands before the module `before` is looked for; empty means that the app is loaded. `libraries` counts those
    that were found until then. Where a module of the project asks for it, in a statement of its own, `inside` is the
    source of that one, of which the first `size` bytes, with this digest, have run. `swaps` says that copies of this
    snapshot can swap in new function bodies.
    """

    before: str
    pid: int
    libraries: int = 0
    inside: str = ""
    size: int = 0
    digest: str = ""
    swaps: bool = False


@dataclass(frozen=True, slots=True)
class SwapRefused:
    """The edit needs the modules to run again, for this `reason` in words. The copy ends."""

    reason: str


@dataclass(frozen=True, slots=True)
class LastImports:
    """Which source was loaded last by a statement of another one: a snapshot before it is inside of that one."""

    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Building:
    """The app starts another program while it is imported, which may write into the project."""


@dataclass(frozen=True, slots=True)
class Unsafe:
    """No snapshot was taken here, before the module `before`: `reason` in words. Later on there may be one."""

    before: str
    reason: str


@dataclass(frozen=True, slots=True)
class Using:
    """The state of library files that were loaded, and of the folders of libraries that were searched."""

    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Departed:
    """A copy of the library base ends: the app comes to its libraries in another way than the base did."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A copy that was made in advance has nothing left to do before `GoOn`."""


@dataclass(frozen=True, slots=True)
class Reaped:
    """A copy of this snapshot ended with this wait status."""

    pid: int
    status: int


@dataclass(frozen=True, slots=True)
class Libraries:
    """What a library base would import, in order, with which `sys.path`; `reason` says why not more, if there is more.

    `loaded`, `used` and `standard` are as in `Preload`.
    """

    names: tuple[str, ...]
    loaded: tuple[str, ...] = ()
    used: tuple[int, ...] = ()
    standard: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    reason: str = ""

    def first(self, count: int) -> Libraries:
        """Return what is told of the first *count* libraries, because the next one might see what the app does."""
        reason = f"{self.names[count]} may depend on what the app does before"
        names, used, standard = self.names[:count], self.used[:count], self.standard[:count]
        return replace(self, names=names, used=used, standard=standard, reason=reason)


@dataclass(frozen=True, slots=True)
class Shared:
    """Said instead of `Serving`: only the first `count` libraries cannot see what the app does between them."""

    count: int


@dataclass(frozen=True, slots=True)
class Prompting:
    """A terminal debugger holds a request (`active`), or the last one was left."""

    active: bool


TO_WORKER = (
    Tally,
    MovesQueue,
    SettledPage,
    Edition,
    Adjust,
    Load,
    Preload,
    ServeFailure,
    Accept,
    Drain,
    Adopt,
    Evaluate,
    Resume,
    Lifeline,
    CrashLog,
    ReadingLog,
    ReadAhead,
    GoOn,
    Reap,
)
TO_SUPERVISOR = (
    Booted,
    Loading,
    Reading,
    Showing,
    Writing,
    SnapshotTaken,
    SwapRefused,
    LastImports,
    Building,
    Unsafe,
    Libraries,
    Serving,
    Failed,
    GivenBack,
    Drained,
    ConsoleOpened,
    Ask,
    Prompting,
    Using,
    Departed,
    Shared,
    Waiting,
    Reaped,
)
if TYPE_CHECKING:
    ToWorker: TypeAlias = (
        Tally
        | MovesQueue
        | SettledPage
        | Edition
        | Adjust
        | Load
        | Preload
        | ServeFailure
        | Accept
        | Drain
        | Adopt
        | Evaluate
        | Resume
        | Lifeline
        | CrashLog
        | ReadingLog
        | ReadAhead
        | GoOn
        | Reap
    )
    ToSupervisor: TypeAlias = (
        Booted
        | Loading
        | Reading
        | Showing
        | Writing
        | SnapshotTaken
        | SwapRefused
        | LastImports
        | Building
        | Unsafe
        | Libraries
        | Serving
        | Failed
        | GivenBack
        | Drained
        | ConsoleOpened
        | Ask
        | Prompting
        | Using
        | Departed
        | Shared
        | Waiting
        | Reaped
    )
    Message: TypeAlias = ToWorker | ToSupervisor

_BY_NAME: dict[str, type[Any]] = {record.__name__: record for record in (*TO_WORKER, *TO_SUPERVISOR)}


def _is_list_of(kind: type) -> Callable[[object], bool]:
    return lambda value: isinstance(value, list) and all(type(item) is kind for item in value)


_SHAPES: dict[str, Callable[[object], bool]] = {
    "str": lambda value: type(value) is str,
    "int": lambda value: type(value) is int,
    "bool": lambda value: type(value) is bool,
    "float": lambda value: type(value) in (int, float),
    "tuple[str, ...]": _is_list_of(str),
    "tuple[int, ...]": _is_list_of(int),
    "tuple[str, int]": lambda value: isinstance(value, list) and [type(item) for item in value[:2]] == [str, int],
    "Mapping[str, Any]": lambda value: isinstance(value, dict),
    "Mapping[str, str]": lambda value: isinstance(value, dict) and all(type(item) is str for item in value.values()),
}
"""By the annotation of a field: whether JSON gave it such a value. What a worker sends, the app may have written."""


def encode(message: Message) -> bytes:
    """Return *message* as UTF-8 JSON. Lone surrogates, as in odd file names, survive the round trip."""
    body = {item.name: getattr(message, item.name) for item in fields(message)}
    return json.dumps([type(message).__name__, body], ensure_ascii=True, separators=(",", ":")).encode("ascii")


def decode(data: bytes) -> Message:
    """Return the message that `encode` wrote; raise `ValueError` for anything else, which is a bug of ours."""
    told = json.loads(data)
    if not isinstance(told, list) or [type(item) for item in told] != [str, dict]:
        raise ValueError("a message is a list of a name and its fields")
    name, body = told
    if name not in _BY_NAME:
        raise ValueError(f"no message is called {name!r}")
    record = _BY_NAME[name]
    if set(body) != {item.name for item in fields(record)}:
        raise ValueError(f"wrong fields for {name}: {', '.join(sorted(body))}")
    wrong = [item.name for item in fields(record) if not _SHAPES[str(item.type)](body[item.name])]
    if wrong:
        raise ValueError(f"wrong values for {name}: {', '.join(wrong)}")
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in body.items()}
    message: Message = record(**values)
    return message
