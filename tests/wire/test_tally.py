from __future__ import annotations

import os
import subprocess
import sys

import pytest

from launcher.wire.tally import LIVE_RELOAD, TLS, Tally, open_tally


@pytest.fixture
def shared():
    descriptor = open_tally()
    yield descriptor
    os.close(descriptor)


def test_every_view_sees_the_same_number(shared: int) -> None:
    first, second = Tally(shared), Tally(shared)
    assert second.value == 0
    first.value = 9
    assert second.value == 9
    second.value = 0
    assert first.value == 0


def test_the_number_outlives_its_views(shared: int) -> None:
    Tally(shared).value = 7
    assert Tally(shared).value == 7


def test_another_process_counts_on(shared: int) -> None:
    Tally(shared).value = 3
    code = f"from launcher.wire.tally import Tally; t = Tally({shared}); t.value += 1"
    environ = {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code], pass_fds=[shared], check=True, timeout=60, env=environ)
    assert Tally(shared).value == 4


def test_without_a_descriptor_it_is_ones_own() -> None:
    first, second = Tally(), Tally()
    first.value = 5
    assert (first.value, second.value) == (5, 0)


def test_something_is_said_once_in_a_start(shared: int) -> None:
    assert [Tally(shared).say_once(TLS) for _ in range(3)] == [True, False, False]
    assert Tally(shared).say_once(LIVE_RELOAD)
    assert Tally(shared).value == 0
