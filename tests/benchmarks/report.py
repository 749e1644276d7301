"""Samples to Markdown: a table for each measure and app, each cell with median, spread, number and ratio."""

from __future__ import annotations

import os
import platform
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    # (measure, app) -> peer -> name of the number -> samples
    Results = dict[tuple[str, str], dict[str, dict[str, list[float | None]]]]

TITLES = {
    "cold": "Cold start to first answer",
    "reload": "Save to first new answer",
    "storm": "Requests without an answer, one reload after the other",
    "fresh": "Requests sent at once after a save, and answered by old code",
    "lost": "Requests without an answer while reloading",
    "memory": "Memory after a few edits",
    "idle": "Processor time while nothing happens",
    "throughput": "Answers to one client",
}
COMPARED = (", s", ", ms", ", MB", "a second", "of a core")
"""How the names of numbers end whose ratio says something."""

APPS = {"A": "tiny app", "C": "40 modules, pandas, SQLAlchemy, boto3", "D": "1,000 modules"}


def render(results: Results, versions: Mapping[str, Mapping[str, str]], reference: str) -> str:
    """Return the whole report; ratios are against the peer *reference*."""
    return "\n".join([*_head(versions), *(line for key in results for line in _table(key, results[key], reference))])


def cell(samples: Sequence[float | None], reference: Sequence[float | None] = ()) -> str:
    """Return median, smallest and largest, number of samples, ratio of the medians; failures are counted."""
    numbers = [value for value in samples if value is not None]
    text = "-"
    if numbers:
        text = _number(median(numbers))
        if len(numbers) > 1:
            text += f" [{_number(min(numbers))} - {_number(max(numbers))}] n={len(numbers)}"
        known = [value for value in reference if value is not None]
        if known and median(known):
            text += f" **x{median(numbers) / median(known):.2f}**"
    failures = len(samples) - len(numbers)
    return f"{text}, failed {failures} of {len(samples)}" if failures else text


def _head(versions: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    yield "# launch beside other development servers"
    yield ""
    yield f"- machine: {os.cpu_count()} cores, {_processor()}, {platform.system()} {platform.release()}"
    shown = ("Python", "launch-dev", "werkzeug", "flask", "watchdog", "watchfiles", "uvicorn", "granian", "gunicorn")
    for name, found in versions.items():
        listed = [f"{word} {found[word]}" for word in (*shown, "firehot", "uvicorn-hmr", "hmr") if word in found]
        yield f"- environment {name}: {', '.join(listed)}"
    yield "- cells: median [smallest - largest] number of runs, **ratio of medians to the first row**"


def _table(key: tuple[str, str], rows: dict[str, dict[str, list[float | None]]], reference: str) -> Iterator[str]:
    measure, app = key
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    yield f"\n## {TITLES[measure]}: {APPS[app]} ({app})\n"
    yield f"| server | {' | '.join(columns)} |"
    yield "|---|" + "---|" * len(columns)
    for peer in sorted(rows, key=lambda name: name != reference):
        cells = [
            cell(rows[peer].get(name, ()), rows.get(reference, {}).get(name, ()) if name.endswith(COMPARED) else ())
            for name in columns
        ]
        yield f"| {peer} | {' | '.join(cells)} |"


def _number(value: float) -> str:
    return f"{value:.3f}" if value < 10 and value != int(value) else f"{value:.0f}"


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as file:
            names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.machine()
