"""Notices reloads that lead to themselves: files that change with each load, without a save by a person.

Pure: files are names, and time is given in seconds. A save that counts is followed by a load; a file that keeps on
changing while loads run becomes a suspect. A suspect causes no load until it has been still for a while. If it changes
again and again in the load that follows, the load itself changes it, and it is ignored while the app is imported.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

CHAIN_LOADS = 3
"""So many loads in a row that one file has led to are no coincidence, if something is known about who changes it."""

CHAIN_SECONDS = 3.0
"""How long loads may follow each other without an answer in between, where nothing is known of it."""

LINK_SECONDS = 1.0
"""A difference that was not reported belongs to a load that ended no longer ago than this."""

QUIET_SECONDS = 1.0
"""How long a suspect must be still before another load; twice as long after each try."""

TRIES = 3
"""After so many tries a suspect that changes in each load is ignored."""

ROW_LOADS = 2000
"""So many reloads in a row are a loop that no other rule has found: by one data file, each soon after the one before.

Another program may write a file many times a second for a while, and each of these saves counts. Requests are answered
meanwhile.
"""

ROW_SECONDS = 5.0
"""How soon that is, and how long such a file must be still."""


@dataclass(frozen=True, slots=True)
class Found:
    """Files that differ from what the app was loaded from.

    `loading` says that a load runs, `ended` that it is about to end; `reported` that the system told of a change;
    `builds` that the app has started programs in this load; `read` are the files whose content the load has read.
    `reports` is False where the system tells of no changes at all.
    """

    files: tuple[str, ...]
    loading: bool = False
    ended: bool = False
    reported: bool = True
    builds: bool = False
    reports: bool = True
    read: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which files lead to a load now; whether to look again when the load has ended; which files are named."""

    act: tuple[str, ...] = ()
    wait: bool = False
    named: tuple[str, ...] = ()


@dataclass(slots=True)
class _Suspect:
    quiet: float
    moved: float
    gap: float = LINK_SECONDS
    """A change that comes so soon after a load belongs to it."""
    sure: bool = False
    foreign: bool = False
    """Whether it changes without a load, too: somebody else writes it, and may stop."""
    tries: int = 0
    guilty: bool = False
    changed: bool = True
    """Whether it has changed with the last load."""


@dataclass(slots=True)
class Loops:
    """The memory of recent loads and their causes. `judge` decides, `begins` and `ends` frame each load."""

    _causes: Counter[str] = field(default_factory=Counter)
    _since: float = 0.0
    _ended: float = -float("inf")
    _suspects: dict[str, _Suspect] = field(default_factory=dict)
    _row: tuple[str, int] = ("", 0)

    def begins(self) -> None:
        """A load begins."""
        for suspect in self._suspects.values():
            suspect.changed = False

    def ends(self, now: float) -> None:
        """A load has ended, well or not."""
        self._ended = now

    def judge(self, found: Found, now: float) -> Verdict:
        """Decide what comes of differences."""
        files = tuple(path for path in found.files if self._passes(path, found, now))
        if not files or (found.loading and not found.ended and self._must_wait(files, found)):
            return Verdict(wait=bool(files))
        if not found.loading and (found.reported or now - self._ended > LINK_SECONDS):
            self._causes.clear()
        if not self._causes:
            self._since = now
        self._causes.update(files)
        named = tuple(path for path in files if self._becomes_suspect(path, files, found, now))
        return Verdict(tuple(path for path in files if path not in named), named=named)

    def next_look(self, now: float) -> float | None:
        """Return in how many seconds a suspect has been still for long enough; None if there is none."""
        waiting = [suspect.moved + suspect.quiet - now for suspect in self._suspects.values() if not suspect.guilty]
        return max(0.0, min(waiting)) if waiting else None

    def keep(self, differing: Collection[str]) -> None:
        """Forget the suspects that do not differ any more."""
        for path in self._suspects.keys() - set(differing):
            if not self._suspects[path].guilty:
                del self._suspects[path]

    def _must_wait(self, files: tuple[str, ...], found: Found) -> bool:
        """Return whether the load may be the author of these changes: then it runs to its end."""
        again = any(self._causes[path] >= CHAIN_LOADS - 1 for path in files)
        return found.builds or again or not any(path in found.read for path in files)

    def _passes(self, path: str, found: Found, now: float) -> bool:
        """Return whether a change of *path* counts: no suspect's does, unless it has been still."""
        suspect = self._suspects.get(path)
        if suspect is None:
            return True
        soon = found.loading or now - self._ended < suspect.gap
        suspect.foreign = suspect.foreign or (found.reported and not soon)
        if not soon and found.reported and (suspect.guilty or not suspect.changed):
            if not suspect.changed:
                del self._suspects[path]
            return True  # a save like any other
        suspect.changed = suspect.changed or soon
        if found.reported or found.loading:
            suspect.moved = now
            return False
        return not suspect.guilty and now - suspect.moved >= suspect.quiet and self._try(suspect)

    def _try(self, suspect: _Suspect) -> bool:
        """Return whether one more load may show that the suspect does not change with it."""
        suspect.guilty = not suspect.foreign and suspect.tries >= (1 if suspect.sure else TRIES)
        suspect.tries += 1
        suspect.quiet *= 2
        return not suspect.guilty

    def _becomes_suspect(self, path: str, files: tuple[str, ...], found: Found, now: float) -> bool:
        """Take a file that has caused too many loads in a row for a suspect; return whether it is one."""
        if path in self._suspects:
            return False  # its load is a try
        unseen = found.reports and not found.reported and not found.loading
        sure = found.builds or unseen
        if self._causes[path] >= CHAIN_LOADS and (sure or now - self._since >= CHAIN_SECONDS):
            self._suspects[path] = _Suspect(QUIET_SECONDS, now, sure=sure)
        elif self._count_row(path, files, now) >= ROW_LOADS:
            self._suspects[path] = _Suspect(ROW_SECONDS, now, gap=ROW_SECONDS)
        return path in self._suspects

    def _count_row(self, path: str, files: tuple[str, ...], now: float) -> int:
        """Return how many reloads in a row this file alone has led to, each soon after the one before."""
        last, count = self._row
        alone = files == (path,) and not path.endswith(".py")
        goes_on = alone and path == last and now - self._ended < ROW_SECONDS
        self._row = (path, count + 1 if goes_on else 1) if alone else ("", 0)
        return self._row[1]
