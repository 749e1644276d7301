"""Gives `launch` inputs that nobody should give it, and looks for tracebacks, hangs and lost places: python -m tests.fuzz."""

from __future__ import annotations

import argparse
import pickle
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from tests.fuzz.drive import SECONDS, Ran, run, run_apart
from tests.fuzz.generate import grown, hostile, mutated
from tests.fuzz.material import Input

APART = 100
"""Every how many-th input is run as a command of its own too."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=1000, help="how many in all, those by hand included (1000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="the number of the one input to run, and to print")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--save", type=Path, help="write the inputs that failed to this file; --replay reads it")
    parser.add_argument("--replay", type=Path, help="run the inputs of such a file instead")
    arguments = parser.parse_args()
    replayed = pickle.loads(arguments.replay.read_bytes()) if arguments.replay else None
    inputs = replayed or make_inputs(arguments.inputs, arguments.seed)
    if arguments.only is not None:
        inputs = [inputs[arguments.only]]
        print(inputs[0])
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        results = []
        for result in run_all(inputs, Path(folder), arguments.jobs):
            results.append(result)
            if result.faults:
                print(result, flush=True)
            if len(results) % 500 == 0:
                print(f"{len(results)} of {len(inputs)}", file=sys.stderr, flush=True)
    wrong = [result for result in results if result.faults]
    if arguments.save:
        arguments.save.write_bytes(pickle.dumps([result.input for result in wrong]))
    print(summary(results, time.monotonic() - began))
    return 1 if wrong else 0


def make_inputs(count: int, seed: int) -> list[Input]:
    """Return *count* inputs: the hostile ones by hand, a sixth of the rest by grammar, and all others by damage.

    What hypothesis draws is made with care and takes as long as running it.
    """
    inputs = list(hostile())[:count]
    drawn = (count - len(inputs)) // 6
    by_grammar = grown(drawn, seed) if drawn else []
    return [*(mutated(number, seed) for number in range(count - len(inputs) - drawn)), *by_grammar, *inputs]


def run_all(inputs: list[Input], folder: Path, jobs: int) -> Iterator[Ran]:
    """Yield what became of each, in the order of the inputs."""
    with ProcessPoolExecutor(jobs) as pool:
        for results in pool.map(partial(run_one, folder=folder), enumerate(inputs), chunksize=10):
            yield from results


def run_one(numbered: tuple[int, Input], folder: Path) -> list[Ran]:
    """Return what became of one; if it was slow it is run twice more, since a busy machine has slow moments."""
    number, given = numbered
    result = run(given, folder)
    for _ in range(2):
        if result.seconds > SECONDS:
            result = min(result, run(given, folder), key=lambda one: one.seconds)
    apart = number % APART == 0 and "dev" not in given.argv
    return [result, run_apart(given, folder)] if apart else [result]


def summary(results: list[Ran], seconds: float) -> str:
    here = [result for result in results if result.seconds]
    codes = Counter(result.code for result in results)
    return "\n".join(
        [
            f"{len(here)} inputs, and {len(results) - len(here)} of them as commands of their own, in {seconds:.0f} s",
            f"failed: {sum(bool(result.faults) for result in results)}",
            f"exit codes: {', '.join(f'{code}: {number}' for code, number in sorted(codes.items()))}",
            f"processor time: median {statistics.median(r.seconds for r in here):.3f} s, most {max(r.seconds for r in here):.2f} s",
            f"memory above the start: most {max(result.megabytes for result in here):.0f} MB",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
