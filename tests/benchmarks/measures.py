"""What is measured. A measure takes a way to start one server, and returns its samples by name; None is a failure."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from tests.benchmarks.client import Load, pause
from tests.benchmarks.server import NotServedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.benchmarks.server import Server

    Samples = dict[str, float | None]

RELOAD_LIMIT = 20.0


def measure_cold(start: Callable[[], Server], reloads: int) -> Samples:
    """From starting the command to the first answer."""
    with start() as server:
        return {"cold start, s": server.wait_until_up()}


def measure_reload(start: Callable[[], Server], reloads: int) -> Samples:
    """From saving to the first answer with the new value, for each kind of module, in random order."""
    samples: Samples = {}
    with start() as server:
        server.wait_until_up()
        for target in random.sample(list(server.app.targets), len(server.app.targets)):
            pause_until_next_second()
            try:
                samples[f"{target} module, s"] = save(server, target)
            except NotServedError:
                samples[f"{target} module, s"] = None
                break  # what comes after a missed edit says nothing
    return {f"{target} module, s": samples.get(f"{target} module, s") for target in server.app.targets}


def measure_lost(start: Callable[[], Server], reloads: int) -> Samples:
    """Requests without their answer over a number of reloads, at 50 requests a second."""
    seen = 0
    with start() as server:
        server.wait_until_up()
        target = "late" if "late" in server.app.targets else "entry"
        with Load(server.port) as load:
            for _ in range(reloads):
                pause_until_next_second()
                try:
                    save(server, target)
                    seen += 1
                except NotServedError:
                    break
    return {
        "lost": load.lost,
        "of requests": len(load.outcomes),
        "reloads": seen,
        "longest wait, s": max(load.waits, default=None),
    }


def save(server: Server, target: str) -> float:
    """Save an edit; return the seconds until it is served."""
    stamp, saved = server.app.edit(target)
    return server.wait_until_served(stamp, saved, RELOAD_LIMIT)


def pause_until_next_second() -> None:
    """Save each time in another clock second, at a random moment of it.

    Python takes cached byte code for current when second and size of the source are the same, and would be measured
    as a server's mistake.
    """
    pause(1.05 - time.time() % 1 + random.uniform(0.0, 0.9))


MEASURES = {"cold": measure_cold, "reload": measure_reload, "lost": measure_lost}
