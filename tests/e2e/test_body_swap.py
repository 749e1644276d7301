"""Edits inside functions that have not run: the loaded app is resumed with the new code, as after a cold start."""

from __future__ import annotations

import pytest

from launcher.worker.resume.code_tracker import AVAILABLE
from tests.e2e.harness import Project, Server

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="needs sys.monitoring")

APP = """
import os, helper, late
IMPORTED = os.urandom(4).hex()
def version():
    return "one"
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Imported", IMPORTED)])
    return [f"{version()} {helper.part()} {late.NAME}".encode()]
"""
HELPER = 'def part():\n    return "first"\n'
BACK = "back to the loaded app"


@pytest.fixture
def server(project: Project) -> Server:
    project.files({"app.py": APP, "helper.py": HELPER, "late.py": 'NAME = "late"\n'})
    server = project.dev("-v", "app:app")
    server.answers("one first late")
    return server


def imported(server: Server) -> str:
    """Return a random text that the app made during its import."""
    return server.get().headers["imported"]


def test_body_edit_keeps_the_import(project: Project, server: Server) -> None:
    before = imported(server)
    project.save("app.py", APP.replace('"one"', '"two"'))
    server.answers("two first late")
    project.save("helper.py", HELPER.replace("first", "second"))
    server.answers("two second late")
    assert imported(server) == before
    server.says(BACK, 2)


def test_edits_by_swap_and_by_import_do_not_bring_old_code_back(project: Project, server: Server) -> None:
    project.save("helper.py", HELPER.replace("first", "second"))
    server.answers("one second late")
    project.save("late.py", 'NAME = "later"\n')
    server.answers("one second later")
    project.save("app.py", APP.replace('"one"', '"two"'))
    server.answers("two second later")
    project.save("helper.py", HELPER)
    server.answers("two first later")


def test_edit_that_is_taken_back_is_followed_by_others(project: Project, server: Server) -> None:
    for part in ("second", "first", "third"):
        project.save("helper.py", HELPER.replace("first", part))
        server.answers(f"one {part} late")


def test_constant_edit_imports_the_module_again_and_says_why(project: Project, server: Server) -> None:
    before = imported(server)
    project.save("app.py", APP.replace("IMPORTED =", "EXTRA = 1\nIMPORTED ="))
    server.says("imported again: code that ran during the import changed (module level)")
    server.answers("one first late")
    assert imported(server) != before


def test_broken_body_is_shown_and_the_next_save_is_served(project: Project, server: Server) -> None:
    project.save("helper.py", "def part(:\n")
    server.says("SyntaxError")
    project.save("helper.py", HELPER.replace("first", "second"))
    server.answers("one second late")


def test_loaded_snapshot_comes_back_after_an_import(project: Project, server: Server) -> None:
    project.save("late.py", 'NAME = "later"\n')
    server.answers("one first later")
    project.save("helper.py", HELPER.replace("first", "second"))
    server.answers("one second later")
    server.says(BACK)
