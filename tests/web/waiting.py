"""Waiting for what other threads do: for a condition, with a limit that only a broken product reaches."""

from __future__ import annotations

import threading
from collections.abc import Callable

LIMIT = 10.0
"""Seconds after which a condition will not come true any more."""


def wait_for(condition: Callable[[], bool]) -> None:
    """Return when *condition* is true; fail at the limit."""
    pause = threading.Event()
    for _ in range(int(LIMIT / 0.005)):
        if condition():
            return
        pause.wait(0.005)
    raise AssertionError("it did not happen")
