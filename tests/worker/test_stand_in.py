from __future__ import annotations

import copy
import inspect
import os
import pickle
import sys
import types
from collections.abc import Iterator

import pytest

from launcher.worker.stand_in import StandIn

stat = os.stat


class Noticing(StandIn):
    def __call__(self, path: str) -> os.stat_result:
        return stat(path)


@pytest.fixture
def replaced(monkeypatch: pytest.MonkeyPatch) -> Iterator[Noticing]:
    stand_in = Noticing(stat, "os")
    monkeypatch.setattr(os, "stat", stand_in)
    yield stand_in
    monkeypatch.undo()


def test_stand_in_pickles_as_the_attribute_of_its_module(replaced: Noticing):
    assert pickle.loads(pickle.dumps(os.stat)) is replaced
    assert b"launcher" not in pickle.dumps(os.stat), "who reads this may not have the package"


def test_stand_in_copies_as_itself(replaced: Noticing):
    assert copy.copy(replaced) is replaced
    assert copy.deepcopy({"stat": replaced})["stat"] is replaced


def test_stand_in_compares_like_the_original(replaced: Noticing):
    assert os.stat == stat
    assert stat == os.stat
    assert replaced in {stat}
    assert (replaced in os.supports_fd) is (stat in os.supports_fd)


def test_stand_in_looks_like_a_builtin_function(replaced: Noticing):
    assert isinstance(replaced, types.BuiltinFunctionType)
    assert inspect.isbuiltin(replaced)
    assert inspect.signature(replaced) == inspect.signature(stat)
    assert (replaced.__name__, replaced.__module__, replaced.__doc__) == (stat.__name__, stat.__module__, stat.__doc__)
    assert repr(replaced) == repr(stat)


def test_stand_in_stays_a_function_where_a_class_keeps_it(replaced: Noticing):
    class Disk:
        ask = os.stat

    assert Disk().ask(sys.executable).st_size
