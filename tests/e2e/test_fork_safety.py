"""What an app does while it is imported that a copy could not share: found and named, or harmless; never a hang."""

from __future__ import annotations

import importlib.util
import sys

import pytest

from tests.e2e.harness import Project
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
    if hazard.needs and importlib.util.find_spec(hazard.needs) is None:
        pytest.skip(f"{hazard.needs} is not installed")
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
    # After the first edit there is a snapshot before the edited file, where there is no hazard.
    assert log.count("back to before views") == (0 if hazard.said else FORKS - 1), log
    project.save("billing.py", PLAIN)
    server.answers(f"v{FORKS} plain")
    assert "Traceback" not in server.log()
