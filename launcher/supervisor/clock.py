"""What is due later: calls in the order of their times, made by the loop of `run.py` when it is not waiting."""

from __future__ import annotations

import heapq
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Clock:
    """Calls that wait for their time, on the monotonic clock. Holds nothing but them."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Have *act* called in so many seconds, after what was asked for earlier for the same time."""
        self._count += 1
        heapq.heappush(self._due, (time.monotonic() + seconds, self._count, act))

    def patience(self) -> float | None:
        """Return for how many seconds nothing is due; None for ever."""
        return max(0.0, self._due[0][0] - time.monotonic()) if self._due else None

    def strike(self, wanted: Callable[[], bool]) -> None:
        """Make the calls whose time has come, as long as any are *wanted*; those asked for meanwhile wait."""
        now = time.monotonic()
        while self._due and self._due[0][0] <= now and wanted():
            heapq.heappop(self._due)[2]()
