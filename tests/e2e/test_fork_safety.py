"""What an app does while it is imported that a copy could not share: found and named, or harmless; never a hang."""

from __future__ import annotations

import sys

import pytest

from tests.e2e.harness import Project, need
from tests.e2e.hazards import HAZARDS, PLAIN, Hazard

FORKS = 10

APP = """
import billing
import views

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{views.VERSION} {billing.value()}".encode()]
"""


def views(version: int) -> str:
    return f"VERSION = 'v{version}'\n"


@pytest.mark.parametrize("hazard", HAZARDS, ids=lambda hazard: hazard.name)
def test_a_hazard_is_named_or_harmless_and_every_edit_is_served(project: Project, hazard: Hazard):
    if hazard.needs:
        need(hazard.needs)
    if sys.version_info < hazard.python:
        pytest.skip(f"Python {hazard.python} has it")
    project.files({"app.py": APP, "billing.py": hazard.text, "views.py": views(0)})
    server = project.dev("-v", "app:app")
    server.answers("v0 up")
    said = [line for line in server.log().splitlines() if "no snapshot" in line]
    if hazard.said:
        assert hazard.said in "\n".join(said)
    else:
        assert said == []
    for version in range(1, FORKS + 1):
        project.save("views.py", views(version))
        server.answers(f"v{version} up")
    log = server.says("served again", FORKS)
    # After the first edit, at the latest, there is a snapshot before the edited file, where there is no hazard.
    back = log.count("back to before views")
    assert back == 0 if hazard.said else back >= FORKS - 1, log
    project.save("billing.py", PLAIN)
    server.answers(f"v{FORKS} plain")
    assert "Traceback" not in server.log()


IN_A_COPY = """
import os, signal, time
VERSION = {version!r}
with open(f"/proc/{{os.getppid()}}/cmdline") as file:
    if "__main__.py" in file.read():  # the parent is a snapshot, not the supervisor
        {act}
"""


@pytest.mark.parametrize(
    ("act", "said"),
    [
        pytest.param("time.sleep(99)", "it did not serve within", id="hangs"),
        pytest.param("os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV", id="crashes"),
        pytest.param("os._exit(3)", "exit code 3", id="leaves"),
    ],
)
def test_a_copy_that_comes_to_nothing_is_replaced_by_a_cold_start(project: Project, act: str, said: str):
    billing = HAZARDS[0].text.partition("import")[0] + "def value():\n    return 'up'\n"
    project.files({"app.py": APP, "billing.py": billing, "views.py": IN_A_COPY.format(version="v0", act=act)})
    server = project.dev("app:app")
    server.answers("v0 up")
    project.save("views.py", IN_A_COPY.format(version="v1", act=act))
    server.answers("v1 up")
    log = server.says("starting from the beginning")
    assert "failed, " in log
    assert said in log
    # The snapshot of that place is not made again, so that the next edit goes straight to the beginning, or further back.
    project.save("views.py", views(2))
    server.answers("v2 up")
