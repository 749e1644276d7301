"""Memory gets low and short: snapshots end, reloads go on. What the system says of its memory stands in a file of ours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.e2e.harness import Project, Server, until

LAUNCH = """
import sys
from launcher.supervisor import memory, run
memory.look.__defaults__ = ({proc!r}, {proc!r} + "/no-control-groups")
run.MEMORY_SECONDS = 0.05
sys.argv[0] = "launch"
from launcher.cli.main import main
sys.exit(main())
"""
"""Has the memory looked at elsewhere than in /proc, and more often."""

APP = """
import models
import views

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{views.VERSION} {models.VERSION}".encode()]
"""
ALL, LOW, SHORT = 90, 7, 2
"""How much of a hundred is available."""


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    folder = tmp_path / "proc"
    folder.mkdir()
    say(folder, ALL)
    return folder


def say(proc: Path, available: int) -> None:
    whole = proc / "new"
    whole.write_text(f"MemTotal: 1000000 kB\nMemAvailable: {available * 10_000} kB\n")
    whole.replace(proc / "meminfo")


def version(number: int) -> str:
    return f"VERSION = {number}\n"


def start(project: Project, proc: Path) -> Server:
    project.files({"app.py": APP, "models.py": version(0), "views.py": version(0)})
    return project.python("-c", LAUNCH.format(proc=str(proc)), "dev", "--port", "0", "app:app")


def edit(project: Project, server: Server, number: int) -> str:
    """Save `views.py`; return what is said of the reload."""
    project.save("views.py", version(number))
    server.answers(f"{number} 0")
    return server.says("served again", number).splitlines()[-1]


def reloads(server: Server) -> list[str]:
    return re.findall(r"views.py changed, (.*), served again", server.log())


def test_snapshots_end_when_memory_gets_short_and_come_back(project: Project, proc: Path):
    server = start(project, proc)
    server.answers("0 0")
    edit(project, server, 1)
    edit(project, server, 2)
    assert reloads(server)[-1] == "back to before views"
    say(proc, SHORT)
    server.says("memory is low: ")
    edit(project, server, 3)
    edit(project, server, 4)
    assert reloads(server)[-2:] == ["cold start", "cold start"]
    say(proc, ALL)
    until(lambda: "back to" in edit_again(project, server), "a reload by a snapshot", server.log)


def edit_again(project: Project, server: Server) -> str:
    """Save `views.py` once more; return what the reload went back to."""
    number = len(reloads(server)) + 1
    edit(project, server, number)
    return reloads(server)[-1]


def test_few_snapshots_are_left_when_memory_gets_low(project: Project, proc: Path):
    server = start(project, proc)
    server.answers("0 0")
    project.save("models.py", version(1))
    server.answers("0 1")
    project.save("views.py", version(1))
    server.answers("1 1")  # now there is a snapshot before each of the three files
    say(proc, LOW)
    server.says("memory is low: 1 snapshot ended")
    project.save("views.py", version(2))
    server.answers("2 1")
    server.says("served again", 3)
    assert "cold start" not in reloads(server)
