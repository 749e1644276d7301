"""A sample of the differential test; `python -m tests.differential --edits 10000` is the long run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.differential.drive import run_project
from tests.differential.hops import run_hops

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(sys.platform != "linux", reason="where there are no snapshots there is nothing to compare"),
]


@pytest.mark.parametrize("seed", [1, 8, 208, 331, 402])
def test_what_is_served_is_what_a_cold_start_serves(seed: int, tmp_path: Path) -> None:
    result = run_project(seed, 30, tmp_path)
    assert result.differences == [], "\n".join(map(str, result.differences))
    assert result.edits == 30
    assert result.reloads > 0


def test_first_answer_after_each_hop_is_that_of_a_cold_start(tmp_path: Path) -> None:
    result = run_hops(2, 12, tmp_path)
    assert result.differences == [], "\n".join(map(str, result.differences))
    assert result.reloads > 0
