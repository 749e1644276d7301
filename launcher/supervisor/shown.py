"""The files that pages show without the app having been loaded from them: templates, static files, data.

Knows them from what workers report, for the whole start, since a browser may hold a page or a stylesheet for longer
than a worker lives. Says which of them differ; that pages are refreshed then is the business of `run.py`.
"""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass

from launcher.wire.digest import MISSING, of_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MISSING_SECONDS = 0.3
"""How long a file may be away before that is taken for a change."""

NOISY = ((15, 3.0), (60, 60.0))
"""A file that changes so often in so many seconds is changed by the refresh itself: by a program that the app runs."""

MOST = 10_000
"""Files beyond this number are not watched."""


@dataclass(frozen=True, slots=True)
class Change:
    """What differs from what was shown. `style` says that it is stylesheets only; `noisy` files are given up."""

    files: tuple[str, ...] = ()
    style: bool = False
    noisy: tuple[str, ...] = ()


class Shown:
    """Compares what was shown with what is there. Holds no descriptors; time is given in seconds, and only grows."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._styles: dict[str, bool] = {}
        self._doubtful: set[str] = set()
        self._missing_since: dict[str, float] = {}
        self._changes: dict[str, deque[float]] = {}
        self._noisy: set[str] = set()

    def was_read(self, path: str, digest: str, *, style: bool = False) -> bool:
        """Remember what a worker reports; return whether the file was unknown."""
        if path not in self._known and len(self._known) >= MOST:
            return False
        new = path not in self._known
        self._known[path] = digest
        self._styles[path] = style
        return new

    def folders(self) -> set[str]:
        """Return the folders to watch."""
        return {os.path.dirname(path) for path in self._known}

    def moved(self, paths: Iterable[str]) -> bool:
        """Take note of what may have changed: these files, and all below these folders; return whether any is ours."""
        moved = set(paths)
        below = tuple(path.rstrip(os.sep) + os.sep for path in moved if path not in self._known)
        ours = self._known.keys() - self._noisy
        found = {path for path in ours if path in moved or path.startswith(below)}
        self._doubtful |= found
        return bool(found)

    def knows(self, path: str) -> bool:
        """Return whether pages show this file."""
        return path in self._known

    def states(self, paths: Iterable[str]) -> dict[str, str]:
        """Return the digests of those of these paths that pages show."""
        return {path: of_file(path) for path in paths if path in self._known}

    def accept(self, states: Mapping[str, str]) -> None:
        """Take these digests for what pages show: the app has written the files itself."""
        self._known.update(states)

    def doubt(self) -> None:
        """Take note that anything may have changed."""
        self._doubtful.update(self._known)

    def forgive(self) -> None:
        """Watch again what was given up: other code may do without it."""
        self._noisy.clear()
        self._changes.clear()

    def is_missing(self, now: float) -> bool:
        """Say whether a file in doubt is away, and has been so for a moment only: it may be written anew."""
        away = {path for path in self._doubtful if self._known[path] != MISSING and not os.path.exists(path)}
        self._missing_since = {path: self._missing_since.get(path, now) for path in away}
        return any(now - since < MISSING_SECONDS for since in self._missing_since.values())

    def look(self, now: float) -> Change:
        """Return what differs of the files in doubt, and remember what is there now."""
        doubtful, self._doubtful = self._doubtful, set()
        differ = []
        for path in sorted(doubtful):
            if path not in self._noisy and (digest := of_file(path)) != self._known[path]:
                self._known[path] = digest
                differ.append(path)
        noisy = tuple(path for path in differ if self._is_noisy(path, now))
        files = tuple(path for path in differ if path not in noisy)
        return Change(files, bool(files) and all(self._styles[path] for path in files), noisy)

    def _is_noisy(self, path: str, now: float) -> bool:
        times = self._changes.setdefault(path, deque(maxlen=NOISY[-1][0]))
        times.append(now)
        if not any(len(times) >= count and now - times[-count] <= seconds for count, seconds in NOISY):
            return False
        self._noisy.add(path)
        return True
