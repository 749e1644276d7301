"""Measures the commands that a person waits for: the help, a completion, and `check` of many profiles.

    python -m tests.benchmarks.commands [--rounds 21] [--launch PATH]

Each round starts every command once, one after the other, so that a noisy machine is noisy for all of them. The help and
completion stand beside the smallest program that click makes. Prints a Markdown table; asserts nothing.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks.report import cell

SMALLEST = """
import click


@click.group()
def main():
    pass


@main.command()
def dev():
    pass


if __name__ == "__main__":
    main()
"""
RESOLVE = """
import sys, time
from launcher.config.resolve import Request, resolve_all
began = time.perf_counter(), time.process_time()
survey = resolve_all(Request(cwd=sys.argv[1], environ={}))
print(time.perf_counter() - began[0], time.process_time() - began[1])
assert len(survey.profiles) == int(sys.argv[2]) + 1 and all(item.resolved for item in survey.profiles)
"""
SMALLEST_NAME = "smallest click program, --help"
COMPARED = ("launch --help", "completion")
COUNTS = (50, 100, 200, 400)
Took = tuple[float, float]
"""Seconds, and seconds of a processor: these tell less of what else the machine does."""


def write_profiles(folder: Path, count: int) -> None:
    """Write one file with so many profiles; each extends another, and sets what profiles set."""
    lines = ["[base]", "app = 'shop:app'", "env.DATABASE_URL = 'sqlite:///dev.db'"]
    for number in range(count):
        lines += [f"\n[profiles.p{number}]", f"description = 'profile {number}'"]
        lines += [f"extends = 'p{(number - 1) // 2}'"] if number else []
        lines += [f"port = {5001 + number}", "loading = 'eager'", f"reload.include = ['data{number}/*']"]
        lines += [f"env.NAME_{number} = 'text'"]
    folder.mkdir()
    (folder / "devserver.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / ".env").write_text("LOG_LEVEL=debug\n", encoding="utf-8")


def took(line: list[str], folder: Path, **environ: str) -> Took:
    """Return what a command takes in *folder*, from its start to its end."""
    quiet = {name: value for name, value in os.environ.items() if not name.startswith(("LAUNCH_", "FLASK_", "PYTHON"))}
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(line, cwd=folder, env={**quiet, **environ}, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - began, used


def resolved_in(python: str, folder: Path, count: int) -> Took:
    """Return what a fresh interpreter takes to resolve all profiles of *folder*, without its start and its imports."""
    line = [python, "-c", RESOLVE, str(folder), str(count)]
    told = subprocess.run(line, cwd=folder, check=True, capture_output=True, text=True).stdout.split()
    return float(told[0]), float(told[1])


def measures(launch: str, python: str, folder: Path) -> dict[str, Callable[[], Took]]:
    """Return what is measured, by name."""
    (folder / "smallest.py").write_text(SMALLEST, encoding="utf-8")
    for count in COUNTS:
        write_profiles(folder / str(count), count)
    few = folder / str(COUNTS[0])
    found: dict[str, Callable[[], Took]] = {
        "python -c pass": lambda: took([python, "-c", "pass"], few),
        SMALLEST_NAME: lambda: took([python, str(folder / "smallest.py"), "--help"], few),
        "launch --help": lambda: took([launch, "--help"], few),
        "completion of --profile": lambda: took([launch, "dev", "--profile", ""], few, _LAUNCH_COMPLETE="bash"),
        "completion of a key": lambda: took([launch, "explain", "re"], few, _LAUNCH_COMPLETE="bash"),
    }
    for count in COUNTS:
        place = folder / str(count)
        found[f"resolving {count} profiles"] = lambda place=place, count=count: resolved_in(python, place, count)
        found[f"launch check, {count} profiles"] = lambda place=place: took([launch, "check"], place)
    return found


def table(samples: dict[str, list[Took]]) -> str:
    """Return the table; help and completion with their ratio to the smallest click program."""
    columns = [{name: [pair[side] for pair in pairs] for name, pairs in samples.items()} for side in (0, 1)]
    lines = ["| command | seconds: median [smallest - largest] n **ratio** | seconds of a processor |", "|---|---|---|"]
    for name in samples:
        beside = [column[SMALLEST_NAME] if name.startswith(COMPARED) else () for column in columns]
        cells = [cell(column[name], other) for column, other in zip(columns, beside, strict=True)]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure as the command line says, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=21)
    beside = shutil.which("launch", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    parser.add_argument("--launch", default=beside, help="the command to measure; its interpreter is this one")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        wanted = measures(given.launch, sys.executable, Path(name))
        samples: dict[str, list[Took]] = {measure: [] for measure in wanted}
        for number in range(given.rounds + 1):
            for measure, once in wanted.items():
                value = once()
                if number:  # the first round warms the caches
                    samples[measure].append(value)
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"CPython {platform.python_version()}, click {version('click')}, pydantic {version('pydantic')},", end=" ")
    print(f"{os.cpu_count()} cores, load {load} at the end\n")
    print(table(samples))


if __name__ == "__main__":
    main()
