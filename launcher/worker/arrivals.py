"""Which modules have joined `sys.modules` since the last look.

In a copy each object that is merely looked at costs a page: its count of references is written to. So the old names are
not touched. A dictionary keeps the order in which names were added, and the look begins at the end. The import system
puts a module at the end once more when it is loaded, so only what was loaded whole at the last look stays in its place.
"""

from __future__ import annotations

import sys


class Arrivals:
    """Remembers how far `sys.modules` was looked at. `take` may be called while other threads import."""

    def __init__(self) -> None:
        self._last: str | None = None
        self._unfinished: set[str] = set()

    def take(self) -> list[str]:
        """Return the names that are new since the last call, oldest first; again those that came after a lost one."""
        names: list[str] = []
        try:
            for name in reversed(sys.modules):
                if name == self._last:
                    break
                names.append(name)
        except RuntimeError:  # another thread imported just then
            names = list(sys.modules)[::-1]
        known, self._unfinished = self._unfinished, {name for name in names if _is_unfinished(name)}
        self._last = next((name for name in names if name not in self._unfinished), self._last)
        return [name for name in reversed(names) if name not in known]


def _is_unfinished(name: str) -> bool:
    """Return whether a module is being loaded. Asks the dictionary: odd objects in `sys.modules` act on access."""
    values = getattr(sys.modules.get(name), "__dict__", None)
    return isinstance(values, dict) and bool(getattr(values.get("__spec__"), "_initializing", False))
