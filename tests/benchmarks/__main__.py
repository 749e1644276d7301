"""Compares `launch dev` with other development servers: python -m tests.benchmarks --help.

Makes the environments and the apps by itself. The servers take turns in every round, in random order, so that whatever
else the machine does falls on all of them. The report is Markdown on stdout; progress goes to stderr.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.apps import App, write_app
from tests.benchmarks.measures import MEASURES
from tests.benchmarks.peers import PEERS, Environment, environment_for, prepare, versions
from tests.benchmarks.report import APPS, render
from tests.benchmarks.server import NotServedError, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tests.benchmarks.report import Results

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "launch-benchmarks"


def words(known: Collection[str]) -> Callable[[str], list[str]]:
    """Return a reader of lists like `a,b` that accepts the known words only."""

    def read(text: str) -> list[str]:
        if unknown := [word for word in text.split(",") if word not in known]:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not one of {', '.join(known)}")
        return text.split(",")

    return read


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks", description=(__doc__ or "").partition("\n\n")[2]
    )
    parser.add_argument("--peers", type=words(PEERS), default=["flask", "launch"], help=f"of {', '.join(PEERS)}")
    parser.add_argument(
        "--apps", type=words(APPS), default=["A", "C", "D"], help="of A (tiny), C (libraries), D (1,000 modules)"
    )
    parser.add_argument(
        "--measures", type=words(MEASURES), default=["cold", "reload", "lost"], help=f"of {', '.join(MEASURES)}"
    )
    parser.add_argument("--rounds", type=int, default=7, help="for cold starts and reloads (7)")
    parser.add_argument("--lost-rounds", type=int, default=1, help="for lost requests (1)")
    parser.add_argument(
        "--reloads", type=int, default=50, help="in each round of lost requests and of stale answers (50)"
    )
    parser.add_argument("--environments", type=Path, default=CACHE, help=f"where they are kept ({CACHE})")
    parser.add_argument("--python", default=sys._base_executable, help="interpreter of the environments")  # type: ignore[attr-defined]
    parser.add_argument("--hmr-python", help="interpreter for uvicorn-hmr, which needs Python 3.12")
    parser.add_argument("--prepare", action="store_true", help="make the environments and stop")
    parser.add_argument("--json", type=Path, help="write all samples to this file")
    return parser.parse_args()


def run(arguments: argparse.Namespace, environments: dict[Environment, Path], work: Path) -> Results:
    """Run every measure on every app and return the samples."""
    results: Results = {}
    for app_name in arguments.apps:
        apps = {peer: write_app(app_name, work / f"{app_name}-{peer}") for peer in arguments.peers}

        def start(peer: str, app_name: str = app_name, apps: dict[str, App] = apps) -> Server:
            return Server(PEERS[peer], apps[peer], environments[environment_for(peer, app_name)], work / f"{peer}.log")

        for peer in arguments.peers:  # not measured: fills the caches of byte code
            with start(peer) as server:
                server.wait_until_up()
        for measure in arguments.measures:
            rows = results[measure, app_name] = {peer: {} for peer in arguments.peers}
            for number in range(arguments.lost_rounds if measure in ("lost", "storm", "fresh") else arguments.rounds):
                for peer in random.sample(arguments.peers, len(arguments.peers)):
                    try:
                        samples = MEASURES[measure](lambda peer=peer: start(peer), arguments.reloads)
                    except NotServedError as problem:
                        print(f"{peer}: {problem}", file=sys.stderr)
                        samples = dict.fromkeys(rows[peer] or ["start"])
                    print(app_name, measure, number + 1, peer, samples, file=sys.stderr, flush=True)
                    for name, value in samples.items():
                        rows[peer].setdefault(name, []).append(value)
    return results


def main() -> None:
    arguments = read_arguments()
    needed = dict.fromkeys(environment_for(peer, app) for app in arguments.apps for peer in arguments.peers)
    if any(environment.name == "hmr" for environment in needed) and not arguments.hmr_python:
        raise SystemExit("uvicorn-hmr needs --hmr-python, an interpreter of Python 3.12 or newer")
    environments = {
        environment: prepare(
            environment, arguments.environments, arguments.hmr_python if environment.name == "hmr" else arguments.python
        )
        for environment in needed
    }
    if arguments.prepare:
        return
    with tempfile.TemporaryDirectory(prefix="launch-benchmarks-") as folder:
        results = run(arguments, environments, Path(folder))
    found = {str(environment): versions(path) for environment, path in environments.items()}
    if arguments.json:
        samples = {" ".join(key): rows for key, rows in results.items()}
        arguments.json.write_text(json.dumps({"versions": found, "samples": samples}, indent=1))
    print(render(results, found, arguments.peers[0]))


if __name__ == "__main__":
    main()
