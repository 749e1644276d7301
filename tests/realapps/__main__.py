"""Runs real applications from the package index under `launch dev`: python -m tests.realapps --quiet-minutes 45."""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path

from tests.realapps.apps import RECIPES
from tests.realapps.edits import run_edits
from tests.realapps.quiet import run_quiet
from tests.realapps.workshop import Workshop


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.realapps", description=__doc__)
    parser.add_argument(
        "--quiet-minutes", type=float, default=0.0, help="visit the apps so long while no file is saved"
    )
    parser.add_argument("--edits", type=int, default=0, help="so many edits of each kind, beside the app's own server")
    parser.add_argument("--seed", type=int, default=0, help="of the order of edits and the pauses between them (0)")
    parser.add_argument("--apps", default=",".join(RECIPES), help="which ones, with commas (all)")
    parser.add_argument("--folder", type=Path, help="where the apps are kept for the next run (a new folder)")
    parser.add_argument("--python", default="3.13", help="the Python of the environments (3.13)")
    arguments = parser.parse_args()
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="realapps-"))
    workshops = [Workshop(RECIPES[name], folder.resolve(), arguments.python) for name in arguments.apps.split(",")]
    for workshop in workshops:
        workshop.make()
    wrong = 0
    if arguments.quiet_minutes:
        for outcome in run_quiet(workshops, arguments.quiet_minutes):
            print(f"{outcome.name}: {outcome.requests} requests, {len(outcome.wrong)} wrong; {outcome.span()}")
            print(*(f"  {n}x {line}" for line, n in Counter(outcome.wrong).most_common()), sep="\n", flush=True)
            wrong += len(outcome.wrong)
    for workshop in workshops if arguments.edits else ():
        report = run_edits(workshop, arguments.edits, arguments.seed)
        print(*report.rows(), sep="\n")
        print(
            f"{report.compared} answers compared with a cold start, {len(report.wrong)} differ; {report.own_wrong} old or lost answers of the own server"
        )
        print(
            *(f"  {line}" for line in report.wrong[:20]),
            *(f"  {n}x {text}" for text, n in report.reasons.items()),
            sep="\n",
            flush=True,
        )
        wrong += len(report.wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
