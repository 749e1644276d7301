"""A cold start: a fresh interpreter that imports the app as a worker does, once, and says what it got.

Reads the plan as one line of JSON, writes one line of JSON. Without the project's bytecode, so that nothing old can be loaded.
"""

from __future__ import annotations

import importlib
import json
import os
import sys


def ignore_bytecode(inside: str) -> None:
    """Have modules whose path begins like this compiled from their source."""
    machinery = importlib._bootstrap_external  # type: ignore[attr-defined]
    usual = machinery.cache_from_source

    def cache_from_source(path: str, *arguments: object, **more: object) -> str:
        if path.startswith(inside):
            raise NotImplementedError
        return str(usual(path, *arguments, **more))

    machinery.cache_from_source = cache_from_source


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    from launcher.plan import Plan
    from launcher.worker.loading import Loaded, load
    from launcher.worker.run import _import_web, prepare

    _import_web()
    line = sys.stdin.readline()
    if not line:
        return
    plan = Plan.from_json(json.loads(line))
    ignore_bytecode(plan.project + os.sep)
    prepare(plan, 0)
    outcome = load(plan.target)
    if isinstance(outcome, Loaded):
        body = outcome.app({"PATH_INFO": "/", "REQUEST_METHOD": "GET"}, lambda *_: None)
        answer = {"state": b"".join(body).decode()}
    else:
        answer = {"failure": outcome.text, "cause": outcome.cause}
    answers.write(json.dumps(answer) + "\n")
    answers.flush()
    os._exit(0)


if __name__ == "__main__":
    here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    sys.path[0] = here
    from launcher.worker import run  # noqa: F401

    sys.path.pop(0)
    main()
