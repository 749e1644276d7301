"""The files of libraries that this process has loaded, and in which state they were: what `pip install` may change.

They are not watched, since nobody edits them, but a snapshot that has loaded them must not be used when a fresh start
would load others.
"""

from __future__ import annotations

import sys

from launcher.standard import os, time
from launcher.wire.digest import MISSING, UNCERTAIN, of_file, of_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_TICK_NS = 10_000_000
"""By how much the clock of file systems may be late, in nanoseconds."""

_BATCH = 256
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")


class Installed:
    """Tells *report* the states of library files, and the names in the folders of libraries that are searched."""

    def __init__(self, report: Callable[[dict[str, str]], None]) -> None:
        self._report = report
        self._begun = time.time_ns()
        self._folders: set[str] = set()

    def begin(self) -> None:
        """The import begins: what changes from now on may be read before or after that."""
        self._begun = time.time_ns()

    def tell(self, names: Iterable[str]) -> None:
        """Report the files of those of these modules that belong to libraries."""
        folders = {os.path.join(entry, "") for entry in sys.path if isinstance(entry, str)} - self._folders
        self._folders |= folders
        states = {path: of_file(path) for path in folders if _is_installed(path)}
        states.update((path, self._state(path)) for path in map(_file, names) if _is_installed(path))
        items = list(states.items())
        for start in range(0, len(items), _BATCH):
            self._report(dict(items[start : start + _BATCH]))

    def _state(self, path: str) -> str:
        state = of_state(path)
        changed = int(state.split("-")[2]) if state != MISSING else 0
        return state if changed < self._begun - _TICK_NS else UNCERTAIN


def _is_installed(path: str) -> bool:
    return any(part in path for part in _INSTALLED)


def _file(name: str) -> str:
    """Return the file of a loaded module, or nothing. Asks the dictionary: odd objects in `sys.modules` may act."""
    values = getattr(sys.modules.get(name), "__dict__", None)
    path = values.get("__file__") if isinstance(values, dict) else None
    return path if isinstance(path, str) and os.path.isabs(path) else ""
