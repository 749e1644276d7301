"""`processes` above 1: each request has a process of its own, and the pool may be full."""

from __future__ import annotations

import signal
import time

import pytest

from tests.e2e.harness import Client, Lost, Project, Server, until

APP = """
import os, time
from pathlib import Path

def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path.startswith("/slow"):
        Path("begun" + path[1:]).touch()
        while not os.path.exists("go"):
            time.sleep(0.01)
    if path == "/dies":
        os.kill(os.getpid(), 11)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return ["VERSION {}".format(path).encode()]
"""


@pytest.fixture
def pool(project: Project) -> Server:
    project.files({"app.py": APP.replace("VERSION", "old"), "devserver.toml": "[base]\nprocesses = 2\n"})
    server = project.dev()
    server.says("http://")
    return server


def fill(project: Project, pool: Server) -> list[Client]:
    """Return the two clients whose requests fill the pool."""
    clients = []
    for number in range(2):
        clients.append(pool.connect())
        clients[-1].send("GET", f"/slow{number}")
        until((project.root / f"begunslow{number}").exists, "the slow request to begin", project.evidence)
    return clients


def test_a_save_is_served_while_the_pool_is_full(project: Project, pool: Server) -> None:
    waiting = [pool.connect() for _ in range(3)]  # accepted, as the next ones are
    slow = fill(project, pool)
    for client in waiting:
        client.send("GET", "/")
    sent = time.monotonic()
    until(lambda: time.monotonic() > sent + 0.1, "the worker to have seen the requests")
    project.save("app.py", APP.replace("VERSION", "new"))
    assert [client.receive().text for client in waiting] == ["new /"] * 3
    assert pool.get("/later").text == "new /later"
    (project.root / "go").touch()
    assert [client.receive().text for client in slow] == ["old /slow0", "old /slow1"]


def test_requests_wait_for_their_turn_while_the_pool_is_full(project: Project, pool: Server) -> None:
    slow = fill(project, pool)
    waiting = [pool.connect() for _ in range(5)]
    for client in waiting:
        client.send("GET", "/")
    (project.root / "go").touch()
    assert [client.receive().text for client in (*slow, *waiting)] == ["old /slow0", "old /slow1", *["old /"] * 5]


def test_slow_requests_are_cut_at_the_deadline_of_a_save(project: Project) -> None:
    settings = "[base]\nprocesses = 2\nreload.drain-seconds = 0.2\n"
    project.files({"app.py": APP.replace("VERSION", "old"), "devserver.toml": settings})
    server = project.dev()
    server.says("http://")
    slow = fill(project, server)
    project.save("app.py", APP.replace("VERSION", "new"))
    assert server.get().text == "new /"
    assert all(client.is_ended() for client in slow)
    assert server.get().text == "new /"


def test_the_server_stops_while_the_pool_is_full(project: Project, pool: Server) -> None:
    fill(project, pool)
    pool.connect().send("GET", "/")
    assert pool.stop(signal.SIGINT) == 0


def test_a_process_that_dies_leaves_its_place_and_is_reported(project: Project, pool: Server) -> None:
    for _ in range(3):
        with pytest.raises(Lost):
            pool.get("/dies")
    assert pool.get().text == "old /"
    pool.says("SIGSEGV", 3)


def test_a_process_ends_with_the_server_that_is_killed(project: Project, pool: Server) -> None:
    fill(project, pool)
    pool.send(signal.SIGKILL)
    pool.process.wait()
    until(lambda: not pool.processes(), "the end of every process", lambda: str(pool.processes()))
