"""Drives generated projects through random edits and compares with a cold start after each: python -m tests.differential."""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path

from tests.differential.drive import RUSH, Result, run_project
from tests.differential.hops import run_hops


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.differential", description=__doc__)
    parser.add_argument("--edits", type=int, default=1000, help="how many in all (1000)")
    parser.add_argument("--per-project", type=int, default=50, help="how many in each project (50)")
    parser.add_argument("--seed", type=int, default=1, help="of the first project (1); the next ones count up")
    parser.add_argument("--only", type=int, help="the seed of the one project to run, and to keep")
    parser.add_argument(
        "--rush", type=float, default=RUSH, help=f"how often the next edit comes before this one is served ({RUSH})"
    )
    parser.add_argument(
        "--hops",
        action="store_true",
        help="large projects, hopping from file to file; the first answer has to be right",
    )
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="where projects are made (a temporary folder)")
    arguments = parser.parse_args()
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="differential-"))
    began = time.monotonic()
    drive = run_hops if arguments.hops else partial(run_project, rush=arguments.rush)
    if arguments.only is not None:
        results = [drive(arguments.only, arguments.per_project, folder)]
    else:
        seeds = range(arguments.seed, arguments.seed + -(-arguments.edits // arguments.per_project))
        results = run_all(drive, seeds, arguments.per_project, folder, arguments.jobs)
    for result in results:
        for difference in result.differences:
            print(difference, flush=True)
        for slow in result.slow:
            print(slow)
    print(summary(results, time.monotonic() - began))
    return 1 if any(result.differences for result in results) else 0


def run_all(drive: Callable[..., Result], seeds: range, edits: int, folder: Path, jobs: int) -> list[Result]:
    """Run the projects of *seeds* side by side; tell the progress."""
    results = []
    with ProcessPoolExecutor(jobs) as pool:
        futures = {pool.submit(drive, seed, edits, folder): seed for seed in seeds}
        for future in as_completed(futures):
            seed = futures[future]
            if error := future.exception():
                print(f"seed {seed}: {error!r}", file=sys.stderr, flush=True)
                continue
            result = future.result()
            results.append(result)
            done = sum(item.edits for item in results)
            wrong = [item.number for item in result.differences]
            told = f"seed {seed}: difference at edit {wrong[0]}" if wrong else f"seed {seed}: as cold"
            print(f"{told}; {done} edits so far", file=sys.stderr, flush=True)
            for difference in result.differences:
                (folder / f"difference-{seed}.txt").write_text(str(difference))
    return results


def summary(results: list[Result], seconds: float) -> str:
    """Return one line."""
    times = sorted(time for result in results for time in result.seconds) or [0.0]
    kinds: Counter[str] = sum((result.kinds for result in results), Counter())
    return (
        f"{sum(item.edits for item in results)} edits in {len(results)} projects, "
        f"{sum(item.visible for item in results)} with a visible effect, {sum(item.failed for item in results)} failures to load, "
        f"{sum(item.reloads for item in results)} reloads, "
        f"{sum(len(item.differences) for item in results)} differences; settled in {statistics.median(times) * 1000:.0f} ms "
        f"(median) to {times[-1] * 1000:.0f} ms; {seconds:.0f} s; {len(kinds)} kinds of edits"
    )


if __name__ == "__main__":
    sys.exit(main())
