"""Which of the changes on the disk are the app's own writes.

Workers report a write before it happens, and the system reports what happened in order. Each report explains one
opening, one removal, one new file; whatever is left over is a change that another process made. So an edit counts
although the app wrote the same file a moment before.

Knows no content and asks for no digests. Where the system does not say what happened, a report explains everything
that moves at its path.
"""

from __future__ import annotations

import os
import time
from collections import deque
from dataclasses import dataclass, field

from launcher.wire.digest import MISSING, identity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from launcher.supervisor.inotify import Act
    from launcher.wire.messages import Writing

RETIRE_SECONDS = 1.0
"""After this time a report is forgotten whose file the app does not hold open: the write failed, or it is over."""


@dataclass(slots=True)
class _Reported:
    """The reports about one path that no change has used up. `opens` counts those that were not closed yet."""

    opens: int = 0
    makes: int = 0
    removes: int = 0
    arrivals: deque[str] = field(default_factory=lambda: deque(maxlen=16))
    at: float = 0.0

    def add(self, how: str, arrival: str) -> None:
        self.at = time.monotonic()
        if how == "replace":
            self.arrivals.append(arrival)
        elif how == "open":
            self.opens += 1
        elif how == "make":
            self.makes += 1
        else:
            self.removes += 1

    def explains(self, kind: str, path: str) -> bool:
        """Return whether the app did this, and use up the report."""
        if kind == "modified":
            return self.opens > 0
        if kind == "arrived":
            return self._has_arrived(identity(path))
        if kind == "made" and not self.makes:
            return self.opens > 0
        counter = {"closed": "opens", "made": "makes", "removed": "removes"}[kind]
        left = getattr(self, counter)
        setattr(self, counter, max(0, left - 1))
        return bool(left > 0)

    def _has_arrived(self, arrival: str) -> bool:
        """Return whether the app moved this file here. Where it is gone again, the next change tells more."""
        if self.opens:  # it may have been moved while it was open
            return arrival.partition("-")[0] in ("", *(known.partition("-")[0] for known in self.arrivals))
        return arrival in (MISSING, *self.arrivals)

    def is_pending(self) -> bool:
        return bool(self.opens or self.makes or self.removes or self.arrivals)


@dataclass(slots=True)
class Verdict:
    """What moved: `own` paths were changed by the app, `foreign` ones by another process. A path may be both.

    `names` are the foreign paths that came or went: they change the names in a folder.
    """

    own: set[str] = field(default_factory=set)
    foreign: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)


class Writes:
    """Compares reports with changes. `pids` returns the processes of the app, `hear` takes the reports under way."""

    def __init__(self, pids: Callable[[], Iterable[int]] = tuple, hear: Callable[[], None] = lambda: None) -> None:
        self._pids = pids
        self._hear = hear
        self._reported: dict[str, _Reported] = {}

    def report(self, message: Writing) -> bool:
        """Record what a worker is about to do; return whether this is the first report that waits."""
        is_first = not self._reported
        key = _real(message.path) if message.how == "open" else _key(message.path)
        self._reported.setdefault(key, _Reported()).add(message.how, message.identity)
        return is_first

    def judge(self, acts: list[Act], held: set[tuple[int, int]], verdict: Verdict) -> None:
        """Add to the *verdict* what these changes were. *held* comes from `held`, called after they were reported."""
        closed = set()
        for act in acts:
            reported = self._reported.get(_key(act.path))
            if reported is None:
                is_own = act.kind == "modified" and bool(held) and _identity(act.path) in held
            else:
                is_own = reported.explains(act.kind, act.path)
            if is_own and act.kind == "closed":
                closed.add(act.path)
            self._decide(act, verdict, is_own=is_own)
        for path in closed:
            reported = self._reported[_key(path)]
            if not reported.opens and held and _identity(path) in held:
                reported.opens = 1  # the app has it open as before: somebody else has closed it
                verdict.foreign.add(path)

    @staticmethod
    def _decide(act: Act, verdict: Verdict, *, is_own: bool) -> None:
        if is_own:
            verdict.own.add(act.path)
            return
        verdict.foreign.add(act.path)
        if act.kind in ("made", "removed", "arrived"):
            verdict.names.add(act.path)

    def covers(self, path: str) -> bool:
        """Return whether a change of *path*, of which the system said nothing, is one that was reported.

        A path that ends with a slash stands for the names in a folder.
        """
        self._hear()
        if not self._reported:
            return False
        if path[-1:] == os.sep:
            folder = _real(path)
            return any(os.path.dirname(key) == folder and item.is_pending() for key, item in self._reported.items())
        item = self._reported.get(_real(path))
        return item is not None and item.is_pending()

    def is_waiting(self) -> bool:
        """Return whether there are reports that wait."""
        return bool(self._reported)

    def held(self) -> set[tuple[int, int]]:
        """Return the files that the app has open for writing, by device and number; nothing where that is not known."""
        return {identity for pid in self._pids() for identity in _open_for_writing(pid)}

    def retire(self, held: set[tuple[int, int]]) -> list[str]:
        """Forget old reports of files that are not *held*; return the paths whose writing was not seen to end."""
        before = time.monotonic() - RETIRE_SECONDS
        old = [
            path
            for path, item in self._reported.items()
            if item.at <= before and not (item.opens and _identity(path) in held)
        ]
        return [path for path in old if self._reported.pop(path).is_pending()]


def _real(path: str) -> str:
    return os.path.realpath(path)


def _key(path: str) -> str:
    """Return the path by which a change is looked up: that of the link itself, in the folder that holds it."""
    folder, name = os.path.split(path)
    return os.path.join(os.path.realpath(folder), name)


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _open_for_writing(pid: int) -> Iterator[tuple[int, int]]:
    folder = f"/proc/{pid}/fd"
    try:
        numbers = os.listdir(folder)
    except OSError:
        return
    for number in numbers:
        try:
            mode = os.lstat(f"{folder}/{number}").st_mode
            if mode & 0o200:  # proc(5): the permissions of the link say how the file is open
                status = os.stat(f"{folder}/{number}")
                yield status.st_dev, status.st_ino
        except OSError:
            continue
