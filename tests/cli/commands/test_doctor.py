from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Project


def subjects(project: Project, *argv: str) -> dict[str, str]:
    told = json.loads(project.launch("doctor", "--json", *argv).out)
    return {check["subject"]: check["level"] for check in told["checks"]}


def test_a_sound_project(project: Project) -> None:
    project.files({"devserver.toml": "[base]\nport = 0\n", "profiles/eager.toml": ""})
    ran = project.launch("doctor")
    assert (ran.code, ran.err) == (0, "")
    words = [line.split()[:2] for line in ran.out.splitlines() if not line.startswith(" " * 8)]
    assert ["ok", "address"] in words
    assert ["ok", "watcher"] in words
    assert "devserver.local.toml (not there)" in ran.out
    assert "profiles/eager.toml" in ran.out
    assert ".env.local (not there)" in ran.out


def test_wrong_settings_fail_and_the_rest_is_still_told(project: Project) -> None:
    project.files({"devserver.toml": "[base]\nport = 'x'\n"})
    ran = project.launch("doctor")
    assert ran.code == 2
    assert "fail  settings" in ran.out
    assert "launch check" in ran.out
    assert set(subjects(project)) == {"interpreter", "settings", "file", "watcher", "schema"}


def test_a_file_that_cannot_be_read_fails(project: Project) -> None:
    project.files({"devserver.toml": "[", "below/app.py": ""})
    os.chdir(project.root / "below")
    ran = project.launch("doctor")
    assert ran.code == 2
    assert "file         devserver.toml\n" in ran.out  # it is there, and is looked for from below
    assert "devserver.local.toml (not there)" in ran.out
    assert set(subjects(project)) == {"interpreter", "settings", "file", "watcher", "schema"}


def test_the_app_is_not_imported(project: Project) -> None:
    project.files({"app.py": "raise SystemExit('imported')\n", "devserver.toml": "[base]\nport = 0\n"})
    assert project.launch("doctor").code == 0
