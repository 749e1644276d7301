"""A sample of each storm; `python -m tests.storm` is the long run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.storm.storm import SCENES, run_scene

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(sys.platform != "linux", reason="the proof that no process is left reads /proc"),
]


@pytest.mark.parametrize("name", SCENES)
def test_requests_are_answered_by_the_newest_save_in_a_storm(name: str, tmp_path: Path) -> None:
    result = run_scene(name, tmp_path, 2.0)
    assert result.wrong == [], str(result)
    assert result.answered >= 4
    assert result.saves >= 10
