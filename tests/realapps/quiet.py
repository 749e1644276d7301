"""Asks a real application for a long time while no person saves a file: nothing may reload, and nothing may grow."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPException
from itertools import count
from pathlib import Path
from statistics import median

from tests.realapps.browser import Browser
from tests.realapps.workshop import Running, Workshop

_SAID = re.compile(r"^  [^\w\s]  ")
"""How a line of `launch` begins, unlike a line of the app."""

_EXPECTED = (
    "the app wrote it itself",
    "the app did not read it",
    "➜",
    "■",
    "are imported again when the first module changes",
)


@dataclass(frozen=True)
class Sample:
    """What a server holds at one moment."""

    processes: int
    descriptors: int
    memory: int
    """Megabytes of all its processes, pages that they share counted once."""
    pids: frozenset[int] = frozenset()


@dataclass
class Outcome:
    """What was seen of one app."""

    name: str
    requests: int = 0
    wrong: list[str] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)

    def span(self) -> str:
        """Return the first and the last sample, for people."""
        if not self.samples:
            return "no samples"
        first, last = self.samples[0], self.samples[-1]
        names = ("processes", "descriptors", "memory")
        return ", ".join(f"{name} {getattr(first, name)} to {getattr(last, name)}" for name in names)

    def growth(self) -> list[str]:
        """Return what has grown between the second and the last quarter of the samples."""
        quarter = max(1, len(self.samples) // 4)
        return grown(self.samples[quarter : 2 * quarter] or self.samples[:1], self.samples[-quarter:])


def grown(before: list[Sample], after: list[Sample]) -> list[str]:
    """Return a sentence for each resource whose median grew by more than noise."""
    allowed = {"processes": 0.0, "descriptors": 3.0, "memory": 0.05 * median(sample.memory for sample in before) + 3}
    found = []
    for name, most in allowed.items():
        first, last = (median(getattr(sample, name) for sample in samples) for samples in (before, after))
        if last - first > most:
            found.append(f"{name} grew from {first:g} to {last:g}")
    return found


def run_quiet(workshops: list[Workshop], minutes: float, rate: float = 1.0) -> list[Outcome]:
    """Visit all apps in turns for so many *minutes*, each *rate* times a second; return what was seen."""
    runs = [_Run(workshop.copy("quiet")) for workshop in workshops]
    end = time.monotonic() + minutes * 60
    try:
        while time.monotonic() < end:
            for run in runs:
                started = time.monotonic()
                run.step()
                time.sleep(max(0.0, 1 / rate / len(runs) - (time.monotonic() - started)))
    finally:
        for run in runs:
            run.end()
    return [run.outcome for run in runs]


class _Run:
    """One app that is visited."""

    def __init__(self, workshop: Workshop) -> None:
        self.outcome = Outcome(workshop.recipe.name)
        self._running = workshop.launch("-v")
        self._steps = self._visits(workshop)
        self._next_sample = time.monotonic() + 20

    def step(self) -> None:
        """Make the next visit; take a sample when its time has come."""
        try:
            next(self._steps)
        except (OSError, HTTPException) as error:
            self.outcome.wrong.append(f"lost: {error!r}")
        if time.monotonic() > self._next_sample:
            self._next_sample = time.monotonic() + 20
            self.outcome.samples.append(sample(self._running))

    def end(self) -> None:
        """Stop the server, and look at all that it printed."""
        if left := self._running.stop():
            self.outcome.wrong.append(f"left processes: {left}")
        self.outcome.wrong += unexpected(self._running.log())
        self.outcome.wrong += self.outcome.growth()
        if len(sets := {sample.pids for sample in self.outcome.samples}) > 1:
            self.outcome.wrong.append(f"processes were replaced: {sorted(map(sorted, sets))}")

    def _visits(self, workshop: Workshop) -> Iterator[None]:
        for number in count(1):
            browser = Browser(self._running.address)
            for visit in workshop.recipe.visits:
                page = browser.visit(visit, number)
                self.outcome.requests += 1
                if page.status != visit.status or visit.contains.format(n=number) not in page.text:
                    kind = "POST" if visit.form is not None or visit.data else "GET"
                    self.outcome.wrong.append(
                        f"{kind} {visit.path}: {page.status}, expected {visit.status} {visit.contains!r}"
                    )
                yield


def unexpected(log: str) -> list[str]:
    """Return what `launch` said beside its start, its end and the app's own writes, and frames of its own code."""
    said = [line for line in log.splitlines() if _SAID.match(line) and not any(text in line for text in _EXPECTED)]
    return said + [line for line in log.splitlines() if "/launcher/" in line]


def sample(running: Running) -> Sample:
    """Return what the server holds now."""
    pids = list(running.processes())
    memory = sum(_memory(pid) for pid in pids) // 1024
    return Sample(len(pids), sum(_descriptors(pid) for pid in pids), memory, frozenset(pids))


def _descriptors(pid: int) -> int:
    try:
        return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return 0


def _memory(pid: int) -> int:
    """Return the proportional size without files, in kilobytes: other programs share the pages of libraries."""
    try:
        found = re.search(r"^Pss_Anon: +(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) if found else 0
