"""What `launch init` writes serves: the app that the project means, from the folder that it means."""

from __future__ import annotations

import pytest

from tests.cli.init_projects import PROJECTS, Case
from tests.e2e.harness import Project

SAMPLE = (
    "found-as-dev-finds-it", "wsgi-imports-the-app", "chdir", "cd", "pythonpath", "config-module", "config-file", "factory",
    "dockerfile", "missing-module", "editor-template", "editor-with-folder", "editor-with-two-configurations", "app-in-env",
    "example-of-variables",
)  # fmt: skip


@pytest.mark.parametrize("case", [case for case in PROJECTS if case.id in SAMPLE], ids=lambda case: case.id)
def test_init_writes_a_file_with_which_dev_serves(case: Case, project: Project) -> None:
    project.files(case.files)
    written = project.launch("init")
    written.says("next")
    server = project.dev()
    server.answers("right")
