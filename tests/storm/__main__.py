"""Saves files at random moments while four clients ask, and counts lost and wrong answers: python -m tests.storm."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.storm.storm import SCENES, run_scene


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.storm", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each scene takes (20)")
    parser.add_argument("--scenes", default=",".join(SCENES), help="which ones, with commas (all)")
    parser.add_argument("--seed", type=int, default=0, help="of the pauses between saves (0)")
    arguments = parser.parse_args()
    count = 0
    for name in arguments.scenes.split(","):
        result = run_scene(name, Path(tempfile.mkdtemp(prefix="storm-")), arguments.seconds, arguments.seed)
        print(f"{name}: {result}", *result.wrong[:5], sep="\n  ", flush=True)
        count += len(result.wrong)
    return 1 if count else 0


if __name__ == "__main__":
    raise SystemExit(main())
