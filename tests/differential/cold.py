"""Cold starts: for each plan, a line of JSON, a process that imports the app as a worker does and says what it got.

Each process is forked from an interpreter that has imported nothing of the project, and nothing of what that imports; every
so often the caller compares with an interpreter of its own. Without the project's bytecode, so that nothing old is loaded.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys

PATIENCE = 20
"""Seconds after which an app is ended that comes to no end: a path that grows while it is searched makes one of those."""


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
    answers = os.dup(1)
    os.dup2(2, 1)
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            os.write(answers, (json.dumps(outcome(json.loads(line))) + "\n").encode())
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        if code := os.waitstatus_to_exitcode(status):
            os.write(answers, (json.dumps({"state": f"ended with {code}"}) + "\n").encode())


def outcome(told: dict[str, object]) -> dict[str, str]:
    signal.alarm(PATIENCE)
    plan = Plan.from_json(told)
    ignore_bytecode(plan.project + os.sep)
    prepare(plan, 0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    found = load(plan.target)
    if isinstance(found, Loaded):
        return {"state": b"".join(found.app({"PATH_INFO": "/", "REQUEST_METHOD": "GET"}, lambda *_: None)).decode()}
    return {"failure": found.text, "cause": found.cause}


if __name__ == "__main__":
    here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    sys.path[0] = here
    from launcher.plan import Plan
    from launcher.worker.loading import Loaded, load
    from launcher.worker.run import prepare

    sys.path.pop(0)
    main()
