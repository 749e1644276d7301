"""Whatever dies while the app is loaded, and whenever: the next good save is served."""

from __future__ import annotations

import contextlib
import os
import signal
import time

import pytest

from tests.e2e.harness import Project, Server, until

APP = """
import time
from pathlib import Path

from part import PART

DATA = Path(__file__).with_name("d.txt").read_text()
time.sleep(0.05)
# {}

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{{PART}} {{DATA}}".encode()]
"""
SETTINGS = "[base.env]\nNUMBER = '{}'\n"
PART = "PART = 'part {}'\n"

MOMENTS = (0.0, 0.005, 0.01, 0.02, 0.04, 0.07, 0.12, 0.4)
"""Seconds after the save."""


def kill_workers(server: Server, moment: float) -> None:
    """Kill every worker, snapshot, copy and spare at this moment of the monotonic clock."""
    until(lambda: time.monotonic() >= moment, "the moment of the kill")
    for pid in server.workers():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("saved", ["app.py", "d.txt", "devserver.toml"])
def test_a_good_save_is_served_after_the_workers_were_killed(project: Project, saved: str, times: int) -> None:
    texts = {"app.py": APP, "part.py": PART, "d.txt": "data {}", "devserver.toml": SETTINGS}
    project.files({name: text.format(0) for name, text in texts.items()})
    server = project.dev()
    server.answers("part 0 data 0")
    for number, moment in enumerate(MOMENTS, 1):
        project.save(saved, texts[saved].format(number))
        begun = time.monotonic()
        for again in range(times):
            kill_workers(server, begun + moment + 0.05 * again)
        mended = "part.py" if number % 2 else "d.txt"
        project.save(mended, texts[mended].format(f"mended {number}"))
        server.answers(f"mended {number}")


@pytest.mark.parametrize("times", [1, 2])
def test_a_load_that_is_killed_is_no_reason_to_miss_a_save_of_the_entry(project: Project, times: int) -> None:
    project.files({"app.py": APP.format(0), "part.py": PART.format(0), "d.txt": "data"})
    server = project.dev()
    server.answers("part 0")
    for number, moment in enumerate(MOMENTS, 1):
        project.save("app.py", APP.format(f"{number}, killed"))
        begun = time.monotonic()
        for again in range(times):
            kill_workers(server, begun + moment + 0.05 * again)
        project.save("app.py", APP.replace("{{PART}}", f"served {number}").format(number))
        server.answers(f"served {number}")
