"""`--open`: the person's browser, started once, and nothing of the project with it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.e2e.harness import JOURNAL, Project

APP = "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'served']\n"
TRAP = f"import os\nopen(os.environ[{JOURNAL!r}], 'a').write(__name__ + ' of the project was run\\n')\n"


@pytest.fixture
def browser(tmp_path: Path) -> Path:
    """A program that writes down what it is asked to open."""
    path = tmp_path / "browser"
    path.write_text(f'#!/bin/sh\necho "opens $1" >> "${JOURNAL}"\n')
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("name", ["shlex", "webbrowser", "subprocess", "sitecustomize", "usercustomize"])
def test_open_runs_no_module_of_the_project(project: Project, browser: Path, name: str) -> None:
    project.files({"app.py": APP, f"{name}.py": TRAP})
    command = Path(sys.executable).parent / "launch"  # `python -m` would search the project itself
    server = project.run([str(command), "dev", "--port", "0", "--open"], BROWSER=str(browser))
    host, port = server.address
    project.noted(f"opens http://{host}:{port}/")
    assert f"{name} of the project was run" not in project.journal()


def test_open_follows_the_path_and_happens_once(project: Project, browser: Path) -> None:
    project.files({"app.py": APP, "devserver.toml": '[base]\nbrowser.open = "/cart"\n'})
    server = project.dev(BROWSER=str(browser))
    host, port = server.address
    project.noted(f"opens http://{host}:{port}/cart")
    project.save("app.py", APP + "\n")
    server.says("served again")
    assert len(project.journal()) == 1


def test_open_leaves_a_unix_socket_alone(project: Project, browser: Path, tmp_path: Path) -> None:
    project.files({"app.py": APP})
    server = project.launch("dev", "--host", f"unix:{tmp_path}/socket", "--open", BROWSER=str(browser))
    server.says("browser.open: a browser cannot open a Unix socket")
    assert server.get().text == "served"
    assert server.stop() == 0
    assert project.journal() == []
