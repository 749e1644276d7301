"""Which snapshot to go back to, as stories of what was read and what changed."""

from __future__ import annotations

import pytest

from launcher.supervisor.timeline import OWN_PRODUCT, Snapshot, Timeline
from launcher.wire.digest import FOLDER, MISSING, PRESENT

ONE, TWO, BASE = Snapshot(1, "one"), Snapshot(2, "two"), Snapshot(9)


@pytest.fixture
def timeline() -> Timeline:
    """`a` is read, a snapshot taken, `b` read, another one taken, `c` read."""
    timeline = Timeline()
    timeline.read({"a": "1"})
    timeline.add(ONE)
    timeline.read({"b": "1", "lib": "1"})
    timeline.add(TWO)
    timeline.read({"c": "1"})
    return timeline


@pytest.mark.parametrize(
    ("changed", "expected"),
    [(["c"], TWO), (["b"], ONE), (["a"], None), (["c", "b"], ONE), (["c", "a"], None), (["never read"], TWO)],
    ids=["late", "between", "early", "two-files", "early-and-late", "nothing"],
)
def test_the_newest_that_has_read_none_of_it(timeline: Timeline, changed: list[str], expected: Snapshot | None) -> None:
    assert timeline.choose(changed) == expected


def test_what_came_after_is_forgotten(timeline: Timeline) -> None:
    assert timeline.go_back(ONE) == [TWO]
    assert timeline.known == {"a": "1"}
    assert timeline.snapshots == [ONE]


def test_a_file_that_is_read_again_later_stays_known(timeline: Timeline) -> None:
    timeline.read({"a": "1"})
    timeline.go_back(TWO)
    assert "a" in timeline.known


def test_a_snapshot_that_is_lost_hands_its_files_on(timeline: Timeline) -> None:
    timeline.remove(2)
    assert timeline.choose(["c"]) == ONE


def test_a_base_is_the_first(timeline: Timeline) -> None:
    assert timeline.set_base(BASE, {"lib": "1"}, [1]) == [ONE]
    assert timeline.choose(["a"]) == BASE
    assert timeline.choose(["lib"]) is None


def test_what_a_base_read_stays_known_after_going_back_to_it(timeline: Timeline) -> None:
    timeline.set_base(BASE, {"lib": "1"}, [])
    timeline.go_back(BASE)
    assert timeline.known == {"lib": "1"}


@pytest.mark.parametrize(
    ("first", "second", "known"),
    [
        ("1", "2", "1"),
        (MISSING, "2", MISSING),
        (PRESENT, "2", "2"),
        (PRESENT, FOLDER, PRESENT),
        (PRESENT, MISSING, PRESENT),
        ("1", PRESENT, "1"),
        ("1", OWN_PRODUCT, OWN_PRODUCT),
        (MISSING, OWN_PRODUCT, OWN_PRODUCT),
    ],
)
def test_two_readings_of_a_file(first: str, second: str, known: str) -> None:
    timeline = Timeline()
    timeline.read({"x": first})
    timeline.read({"x": second})
    assert timeline.known == {"x": known}


@pytest.mark.parametrize(
    ("digest", "agrees"), [("1", True), ("2", False), (PRESENT, True), (MISSING, False), (FOLDER, False)]
)
def test_what_contradicts(timeline: Timeline, digest: str, agrees: bool) -> None:
    assert timeline.agrees({"a": digest, "unknown": "5"}) is agrees
