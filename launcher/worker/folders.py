"""The listings of folders that the import system keeps, which in a copy are as old as its snapshot.

Each path finder lists its folder again when the folder's time of change is another one. Clocks of file systems tick, so
that this is not to be relied on for a folder that changed just before it was listed.
"""

from __future__ import annotations

import sys
from importlib.machinery import FileFinder

from launcher.standard import os, time

SETTLED_SECONDS = 2.0
"""A folder that did not change for this time, in seconds, gets another time of change by any change."""

_NOBODY = "no module has this name"


class Folders:
    """Renews what the path finders know. `list` does so in advance, while there is time."""

    def __init__(self) -> None:
        self._young: list[FileFinder] = []

    def forget(self) -> None:
        """Have all listings made anew when they are needed.

        `importlib.invalidate_caches` would do more than that: it imports importlib.metadata.
        """
        self._young.clear()
        for finder in list(sys.path_importer_cache.values()):
            forget = getattr(finder, "invalidate_caches", None)
            if forget is not None:
                forget()

    def list(self) -> None:
        """Make all listings now. They are noticed by audit hooks."""
        now = time.time()
        for finder in list(sys.path_importer_cache.values()):
            if type(finder) is FileFinder:
                finder.find_spec(_NOBODY)
                if _changed_at(finder.path) > now - SETTLED_SECONDS:
                    self._young.append(finder)

    def forget_young(self) -> None:
        """Have those listings made anew that were made too soon after a change."""
        for finder in self._young:
            finder.invalidate_caches()
        self._young.clear()


def _changed_at(folder: str) -> float:
    """Return when the folder changed last; for one that is gone, now: it may come back."""
    try:
        return os.stat(folder).st_mtime
    except OSError:
        return time.time()
