"""Whenever the supervisor is killed, nothing of it stays: neither workers nor snapshots nor copies on their way."""

from __future__ import annotations

import random
import signal
import time

import pytest

from tests.e2e.harness import Project, until

APP = """
import a
import b
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b.VERSION.encode()]
"""
SLOW = "import time\ntime.sleep(0.15)\n"
"""Slow enough that snapshots are taken on the way."""

ROUNDS = 12


def b(version: int) -> str:
    return f"VERSION = 'v{version}'\n{SLOW}"


def kill_and_expect_nothing(project: Project) -> None:
    server = project.servers[-1]
    server.send(signal.SIGKILL)
    server.process.wait()
    until(lambda: not server.processes(), "the end of every process", lambda: str(server.processes()), limit=2)


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_killed_while_loading(project: Project, seed: int):
    project.files({"app.py": APP, "a.py": SLOW, "b.py": b(0)})
    server = project.dev("app:app")
    moment = time.monotonic() + random.Random(seed).uniform(0.0, 1.5)
    until(lambda: time.monotonic() > moment or server.process.poll() is not None, "the moment")
    kill_and_expect_nothing(project)


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_killed_while_a_copy_goes_on(project: Project, seed: int):
    project.files({"app.py": APP, "a.py": SLOW, "b.py": b(0)})
    server = project.dev("app:app")
    server.answers("v0")
    project.save("b.py", b(1))
    server.answers("v1")
    project.save("b.py", b(2))
    moment = time.monotonic() + random.Random(seed).uniform(0.0, 0.3)
    until(lambda: time.monotonic() > moment, "the moment")
    kill_and_expect_nothing(project)
