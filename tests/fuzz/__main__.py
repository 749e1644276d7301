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
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from itertools import islice
from pathlib import Path

from tests.fuzz.drive import SECONDS, Ran, run, run_apart
from tests.fuzz.generate import grown, hostile, mutated
from tests.fuzz.material import Input

APART = 100
"""Every how many-th input is run as a command of its own too."""

PART = 20
Part = tuple[str, int, int, int]  # how the inputs are made, seed, the first of them, behind the last


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=1000, help="how many in all, those by hand included (1000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--save", type=Path, help="write the inputs that failed to this file; --replay reads it")
    parser.add_argument("--replay", type=Path, help="run the inputs of such a file instead")
    arguments = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        if arguments.replay:
            results = [run(given, Path(folder)) for given in pickle.loads(arguments.replay.read_bytes())]
        else:
            results = list(run_all(parts(arguments.inputs, arguments.seed), Path(folder), arguments.jobs))
    wrong = [result for result in results if result.faults]
    if arguments.save:
        arguments.save.write_bytes(pickle.dumps([result.input for result in wrong]))
    print(summary(results, time.monotonic() - began))
    return 1 if wrong else 0


def parts(count: int, seed: int) -> list[Part]:
    """Return how *count* inputs are made: those by hand, a sixth of the rest by grammar, and all others by damage.

    What hypothesis draws is made with care and takes as long as running it.
    """
    by_hand = min(count, sum(1 for _ in hostile()))
    by_grammar = (count - by_hand) // 6
    kinds = {"damage": count - by_hand - by_grammar, "grammar": by_grammar, "hand": by_hand}
    return [
        (kind, seed, begin, min(begin + PART, number))
        for kind, number in kinds.items()
        for begin in range(0, number, PART)
    ]


def make_inputs(part: Part) -> list[Input]:
    """Return the inputs of one part."""
    kind, seed, begin, end = part
    if kind == "hand":
        return list(islice(hostile(), begin, end))
    if kind == "grammar":
        return grown(end - begin, seed * 100_000 + begin)
    return [mutated(number, seed) for number in range(begin, end)]


def run_all(wanted: list[Part], folder: Path, jobs: int) -> Iterator[Ran]:
    """Yield what became of all inputs; tell what went wrong, and the progress."""
    done = 0
    with ProcessPoolExecutor(jobs) as pool:
        for future in as_completed([pool.submit(run_part, part, folder) for part in wanted]):
            for result in future.result():
                done += 1
                if result.faults:
                    print(result, flush=True)
                if done % 500 == 0:
                    print(f"{done} runs", file=sys.stderr, flush=True)
                yield result


def run_part(part: Part, folder: Path) -> list[Ran]:
    """Return what became of one part, without the files of what went well."""
    results = [
        result for number, given in enumerate(make_inputs(part)) for result in run_one(part, number, given, folder)
    ]
    return [ran if ran.faults else replace(ran, input=Input(ran.input.name, ()), out="", err="") for ran in results]


def run_one(part: Part, number: int, given: Input, folder: Path) -> list[Ran]:
    """Return what became of one input; if it was slow it is run twice more, since a busy machine has slow moments."""
    result = run(given, folder)
    for _ in range(2):
        if result.seconds > SECONDS:
            result = min(result, run(given, folder), key=lambda one: one.seconds)
    apart = (part[2] + number) % APART == 0 and "dev" not in given.argv
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
