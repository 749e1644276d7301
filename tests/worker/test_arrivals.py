"""Which modules are new in `sys.modules`: names of no module stand for some."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from types import ModuleType

import pytest

from launcher.worker.arrivals import Arrivals


@pytest.fixture
def arrivals() -> Iterator[Arrivals]:
    arrivals = Arrivals()
    arrivals.take()
    yield arrivals
    for name in [name for name in sys.modules if name.startswith("arrived-")]:
        del sys.modules[name]


def arrive(*names: str) -> None:
    for name in names:
        sys.modules[f"arrived-{name}"] = sys


def taken(arrivals: Arrivals) -> list[str]:
    return [name.removeprefix("arrived-") for name in arrivals.take()]


def test_the_first_look_finds_all() -> None:
    assert Arrivals().take() == list(sys.modules)


def test_only_what_is_new_is_told_in_order(arrivals: Arrivals) -> None:
    arrive("one", "two")
    assert taken(arrivals) == ["one", "two"]
    assert taken(arrivals) == []
    arrive("two", "three")
    assert taken(arrivals) == ["three"]


def test_nothing_new_is_missed_when_the_last_one_was_lost(arrivals: Arrivals) -> None:
    arrive("one", "two")
    arrivals.take()
    del sys.modules["arrived-two"]
    arrive("three")
    assert taken(arrivals)[-2:] == ["one", "three"]


def test_a_name_that_comes_again_is_new(arrivals: Arrivals) -> None:
    arrive("one", "two")
    arrivals.take()
    del sys.modules["arrived-one"]
    arrive("one")
    assert taken(arrivals) == ["one"]


def test_a_module_that_was_being_loaded_hides_nothing(arrivals: Arrivals) -> None:
    """When it is loaded, the import system puts it at the end once more, behind what it has imported."""
    module, spec = ModuleType("arrived-app"), ModuleSpec("arrived-app", None)
    module.__spec__, spec._initializing = spec, True  # type: ignore[attr-defined]
    arrive("one")
    sys.modules["arrived-app"] = module
    assert taken(arrivals) == ["one", "app"]
    arrive("library")
    del sys.modules["arrived-app"]
    sys.modules["arrived-app"] = module
    spec._initializing = False  # type: ignore[attr-defined]
    assert taken(arrivals) == ["library"]
    arrive("two")
    assert taken(arrivals) == ["two"]
