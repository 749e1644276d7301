"""What is measured. A measure takes a way to start one server, and returns its samples by name; None is a failure."""

from __future__ import annotations

import random
import shutil
import time
from statistics import median
from typing import TYPE_CHECKING

from tests.benchmarks.client import Caller, Load, Stream, ask, pause
from tests.benchmarks.server import NotServedError
from tests.benchmarks.usage import seconds, shares

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.benchmarks.server import Server

    Samples = dict[str, float | None]

RELOAD_LIMIT = 20.0
EDITS = 3
SETTLING = 2.0
"""Seconds after which nothing is left to do for a server that was started or has loaded anew."""

HOP_PAUSES = (0.3, 2.5)
"""Seconds that somebody takes to go from one file to the next, at least and at most."""

HOP_REST = 0.2
"""How often somebody does."""

IDLE_SECONDS = 15.0
CALLING_SECONDS = 4.0


def measure_cold(start: Callable[[], Server], reloads: int) -> Samples:
    """From starting the command to the first answer."""
    with start() as server:
        return {"cold start, s": server.wait_until_up()}


def measure_reload(start: Callable[[], Server], reloads: int) -> Samples:
    """From saving to the first answer with the new value, for each kind of module, in random order.

    The first edit of a file and those that follow are told apart: people edit the same few files again and again.
    """
    samples: Samples = {}
    with start() as server:
        server.wait_until_up()
        for target in random.sample(list(server.app.targets), len(server.app.targets)):
            try:
                first, *more = [_save_in_another_second(server, target) for _ in range(1 + EDITS)]
            except NotServedError:
                break  # what comes after a missed edit says nothing
            samples |= {f"{target} module, s": median(more), f"{target} module, first edit, s": first}
    names = [f"{target} module{which}, s" for target in server.app.targets for which in ("", ", first edit")]
    return {name: samples.get(name) for name in names}


def _save_in_another_second(server: Server, target: str) -> float:
    pause_until_next_second()
    return save(server, target)


def measure_storm(start: Callable[[], Server], reloads: int) -> Samples:
    """As `lost`, with one reload after the other and an event stream open all the time."""
    seen = 0
    with start() as server:
        server.wait_until_up()
        target = "late" if "late" in server.app.targets else "entry"
        with Load(server.port) as load, Stream(server.port) as stream:
            for _ in range(reloads):
                try:
                    save(server, target)
                    seen += 1
                except NotServedError:
                    break
    waited = max(load.waits, default=None)
    found = {"lost": load.lost, "of requests": len(load.outcomes), "reloads": seen, "longest wait, s": waited}
    return {**found, "streams opened": stream.opened}


def measure_fresh(start: Callable[[], Server], reloads: int) -> Samples:
    """Requests sent as soon as a save has returned that were answered by older code of any file, or not at all.

    The saves hop from file to file, and some come after a pause in which a server may prepare the next reload.
    """
    stale = lost = 0
    with start() as server:
        server.wait_until_up()
        for target in server.app.targets:
            save(server, target)
        for _ in range(reloads):
            server.app.edit(random.choice(list(server.app.targets)))
            outcome, text = ask(server.port, "/stamps", timeout=RELOAD_LIMIT)
            lost += outcome != "200"
            stale += outcome == "200" and not set(server.app.stamps.values()) <= set(text.split())
            if random.random() < HOP_REST:
                pause(random.uniform(*HOP_PAUSES))
    return {"stale": stale, "lost": lost, "of tries": reloads}


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


def measure_memory(start: Callable[[], Server], reloads: int) -> Samples:
    """What all processes together take after a few edits, and what the process in the middle takes.

    With snapshots most processes are such.
    """
    with start() as server:
        server.wait_until_up()
        for target in list(server.app.targets) * 2 if server.reloads else ():
            _save_in_another_second(server, target)
        pause(SETTLING)
        sizes = shares(server.processes())
    return {"memory, MB": sum(sizes), "one process, MB": median(sizes), "processes": len(sizes)}


def measure_idle(start: Callable[[], Server], reloads: int) -> Samples:
    """The processor time that a server takes while nothing happens, beside 10,000 files that nobody reads."""
    with start() as server:
        server.wait_until_up()
    tree = server.app.folder / "tree"
    for folder in range(100):
        (tree / f"part{folder}").mkdir(parents=True)
        for file in range(100):
            (tree / f"part{folder}/file{file}.py").write_text("")
    try:
        with start() as server:
            server.wait_until_up()
            pause(3 * SETTLING)
            pids = server.processes()
            used, begun = seconds(pids), time.perf_counter()
            pause(IDLE_SECONDS)
            share = (seconds(pids) - used) / (time.perf_counter() - begun)
    finally:
        shutil.rmtree(tree)
    return {"idle, % of a core": share * 100}


def measure_throughput(start: Callable[[], Server], reloads: int) -> Samples:
    """One client that asks as fast as it gets answers: how many a second, and what one costs the server."""
    samples: Samples = {}
    with start() as server:
        server.wait_until_up()
        pause(SETTLING)
        for keep in (False, True):
            caller, count = Caller(server.port, "/stamps", keep=keep), 0
            pids = server.processes()
            used, begun = seconds(pids), time.perf_counter()
            while (passed := time.perf_counter() - begun) < CALLING_SECONDS:
                caller.call()
                count += 1
            caller.close()
            how = "kept alive" if keep else "closed"
            samples |= {
                f"{how}, requests a second": count / passed,
                f"{how}, processor time, ms": (seconds(pids) - used) / count * 1000,
            }
    return samples


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


MEASURES = {
    "cold": measure_cold,
    "reload": measure_reload,
    "lost": measure_lost,
    "storm": measure_storm,
    "fresh": measure_fresh,
    "memory": measure_memory,
    "idle": measure_idle,
    "throughput": measure_throughput,
}
