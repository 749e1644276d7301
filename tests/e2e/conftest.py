"""A project for each test, and the proof at its end that nothing of it is left."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import Project


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            if sys.platform != "linux":
                item.add_marker(pytest.mark.skip(reason="the proof that no process is left reads /proc"))


@pytest.fixture(autouse=True, scope="session")
def _no_core_files() -> None:
    """Crashes belong to these tests; the files that the system makes of them do not."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A project in a temporary folder, which is kept. Whoever fails finds the servers' logs in the report."""
    project = Project(tmp_path)
    try:
        yield project
        print(project.evidence())
        project.end()
    finally:
        project.kill()
