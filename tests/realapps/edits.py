"""Edits a real application, and compares the first answer after each save with a cold start and with its own server."""

from __future__ import annotations

import random
import re
import subprocess
import time
from collections import defaultdict
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from statistics import median

from tests.realapps.apps import Visit
from tests.realapps.browser import Browser, Page
from tests.realapps.marks import KINDS, Marked
from tests.realapps.workshop import Running, Workshop

_REASON = re.compile(
    r"^  ·  (.*(?:imported again|no snapshot|not swapped|from the beginning|snapshot).*)$", re.MULTILINE
)
_LIMIT = 90.0


@dataclass
class Report:
    """What was measured of one app."""

    name: str
    launch: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    own: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    wrong: list[str] = field(default_factory=list)
    """Differences from a cold start, and answers of old code."""
    own_wrong: int = 0
    compared: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    def rows(self) -> list[str]:
        """Return a table in Markdown."""
        lines = [f"| {self.name} | ms | own ms | ratio |", "|---|---|---|---|"]
        for key in sorted(self.launch):
            mine, theirs = median(self.launch[key]), median(self.own[key]) if self.own[key] else float("nan")
            lines.append(f"| {key} | {mine:.0f} | {theirs:.0f} | {theirs / mine:.1f} |")
        return lines


class _Side:
    """One server with its own copy of the project."""

    def __init__(self, workshop: Workshop, running: Running, marked: Marked) -> None:
        self.running = running
        self.marked = marked
        self.workshop = workshop
        self._visit = Visit(workshop.recipe.probe.page)

    def page(self) -> Page | None:
        """Return the page, or None when nobody answers."""
        try:
            return Browser(self.running.address).visit(self._visit, 0)
        except (OSError, HTTPException):
            return None

    def until(self, good: bool, limit: float = _LIMIT) -> tuple[float, Page | None, int]:
        """Return the seconds until the answer is right, the first answer, and how many were wrong before."""
        start, wrong, first = time.monotonic(), 0, self.page()
        answer = first
        while not self._is_right(answer, good):
            if time.monotonic() - start > limit:
                break
            wrong += 1
            time.sleep(0.02)
            answer = self.page()
        return time.monotonic() - start, first, wrong

    def _is_right(self, page: Page | None, good: bool) -> bool:
        if not good:
            return page is not None and page.status >= 500
        return page is not None and page.status == 200 and self.marked.shown() in page.text


def run_edits(workshop: Workshop, rounds: int, seed: int) -> Report:
    """Make *rounds* of edits of each kind in each place, hopping between the files."""
    report, chance = Report(workshop.recipe.name), random.Random(seed)
    launch, own = _side(workshop, "launch"), _side(workshop, "own")
    try:
        for side in (launch, own):
            side.until(True)
        for number in range(1, rounds + 1):
            _round(report, launch, own, chance, number)
    finally:
        for side in (launch, own):
            side.running.stop()
    for reason in _REASON.findall(launch.running.log()):
        report.reasons[reason] = report.reasons.get(reason, 0) + 1
    return report


def _side(workshop: Workshop, name: str) -> _Side:
    copy = workshop.copy(name)
    marked = Marked(copy.project, workshop.recipe.probe)
    running = copy.launch("-v", "--no-live-reload") if name == "launch" else copy.own()
    return _Side(copy, running, marked)


def _round(report: Report, launch: _Side, own: _Side, chance: random.Random, number: int) -> None:
    hops = [(place, kind) for place in launch.workshop.recipe.probe.modules for kind in (*KINDS, "mend")]
    chance.shuffle(hops)
    for place, kind in hops:
        time.sleep(chance.uniform(0.3, 2.5))
        _hop(report, launch, place, kind, number)
        time.sleep(1.0)
        _hop(report, own, place, kind, number)


def _hop(report: Report, side: _Side, place: str, kind: str, number: int) -> None:
    """Make one edit on one side; note how long it took, and what the first answer was."""
    ours = side.running.is_launch
    if kind == "mend":
        side.marked.break_(place)
        _, first, wrong = side.until(False, _LIMIT if ours else 3.0)  # other servers end, and show nothing
        _judge(report, ours, f"{place} break {number}", first, wrong)
        side.marked.mend(place)
    else:
        side.marked.edit(place, kind, number)
    seconds, first, wrong = side.until(True)
    (report.launch if ours else report.own)[f"{kind} {place}"].append(seconds * 1000)
    _judge(report, ours, f"{place} {kind} {number}", first, wrong)
    if ours:
        report.compared += 1
        cold = _cold(side)
        if first is None or cold != first.text:
            report.wrong.append(f"{place} {kind} {number}: differs from a cold start: {_differing(first, cold)}")


def _judge(report: Report, ours: bool, edit: str, first: Page | None, wrong: int) -> None:
    if not ours:
        report.own_wrong += wrong
    elif wrong:
        report.wrong.append(f"{edit}: {wrong} wrong answers, the first {first.status if first else 'lost'}")


def _cold(side: _Side) -> str:
    """Return the page that a new process makes of what is on the disk."""
    recipe, workshop = side.workshop.recipe, side.workshop
    command = [str(workshop.environment / "bin" / "python"), "-B", str(Path(__file__).with_name("cold.py"))]
    port = side.running.address.rpartition(":")[2]
    done = subprocess.run([*command, recipe.cold, recipe.probe.page, port], cwd=workshop.project, capture_output=True)
    return done.stdout.partition(b"@@PAGE@@")[2].decode("utf-8", "replace") or done.stderr.decode("utf-8", "replace")


def _differing(first: Page | None, cold: str) -> str:
    """Return the first lines that differ."""
    if first is None:
        return "no answer"
    pairs = zip(first.text.splitlines(), cold.splitlines(), strict=False)
    return next((f"{mine[:300]!r} against {theirs[:300]!r}" for mine, theirs in pairs if mine != theirs), "length")
