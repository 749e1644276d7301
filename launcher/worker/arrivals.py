"""Which modules have joined `sys.modules` since the last look.

In a copy each object that is merely looked at costs a page: its count of references is written to. So the old names are
not touched. A dictionary keeps the order in which names were added, and the look begins at the end.
"""

from __future__ import annotations

import sys


class Arrivals:
    """Remembers how far `sys.modules` was looked at. `take` may be called while other threads import."""

    def __init__(self) -> None:
        self._last: str | None = None

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
        if names:
            self._last = names[0]
        return names[::-1]
