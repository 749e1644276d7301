"""The supervisor's side of the gate: what a worker finds on the page."""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterator

import pytest

from launcher.supervisor.gate import ALONE_SECONDS, COMPANY_SECONDS, Gate


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.close()


def counters(gate: Gate) -> tuple[int, int]:
    """Return what a worker reads that maps the same page."""
    with mmap.mmap(gate.fileno(), mmap.PAGESIZE, prot=mmap.PROT_READ) as page:
        seen, settled = struct.unpack_from("=QQ", page)
    return seen, settled


def is_open(gate: Gate) -> bool:
    seen, settled = counters(gate)
    return seen == settled


def test_it_is_open_at_first(gate: Gate) -> None:
    assert counters(gate) == (0, 0)


def test_it_is_closed_inside_the_context_and_open_after_it(gate: Gate) -> None:
    with gate:
        assert not is_open(gate)
    assert is_open(gate)


def test_every_closing_is_told_apart_from_the_one_before(gate: Gate) -> None:
    """A worker that looked before and after must not take the new state for the old one."""
    states = []
    for _ in range(3):
        gate.shut()
        states.append(counters(gate))
        gate.open()
        states.append(counters(gate))
    assert len(set(states)) == 6


def test_it_opens_when_it_was_opened_as_often_as_shut(gate: Gate) -> None:
    gate.shut()
    with gate:
        with gate:
            assert not is_open(gate)
        assert not is_open(gate)
    assert not is_open(gate)
    gate.open()
    assert is_open(gate)


def test_it_opens_also_after_an_error(gate: Gate) -> None:
    with pytest.raises(ZeroDivisionError), gate:
        raise ZeroDivisionError
    assert is_open(gate)


@pytest.mark.parametrize(
    ("saves", "patience"),
    [
        pytest.param((0.0,), ALONE_SECONDS, id="alone"),
        pytest.param((0.0, 1.0, 2.0), ALONE_SECONDS, id="each-alone"),
        pytest.param((0.0, 0.004, 0.009), ALONE_SECONDS, id="one-seen-three-times"),
        pytest.param((0.0, 0.06), COMPANY_SECONDS, id="in-company"),
        pytest.param((0.0, 0.06, 100.0), COMPANY_SECONDS, id="in-company-lately"),
        pytest.param((0.0, 0.06, 1000.0), ALONE_SECONDS, id="in-company-long-ago"),
    ],
)
def test_how_long_pages_wait_for_another_save(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, saves: tuple[float, ...], patience: float
) -> None:
    gate.shut()
    for moment in saves:
        monkeypatch.setattr("launcher.supervisor.gate.time.monotonic", lambda moment=moment: 5000.0 + moment)
        gate.saved()
    with mmap.mmap(gate.fileno(), mmap.PAGESIZE, prot=mmap.PROT_READ) as page:
        seen, settled, quiet = struct.unpack_from("=QQd", page)
    assert (seen, settled) == (1, 0)
    assert quiet == pytest.approx(5000.0 + saves[-1] + patience)


def test_closing_leaves_nothing_open() -> None:
    before = sorted(os.listdir("/proc/self/fd"))
    Gate().close()
    assert sorted(os.listdir("/proc/self/fd")) == before
