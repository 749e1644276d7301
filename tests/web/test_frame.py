from __future__ import annotations

import importlib
import os
import runpy

import pytest

import launcher.errors
from launcher.web import frame


def hidden_call(function):
    """Call *function* through a frame that claims to be ours."""
    scope: dict = {}
    exec(compile("def call(function): return function()", launcher.errors.__file__, "exec"), scope)
    return scope["call"](function)


def fails() -> None:
    raise ValueError("x")


def names(error: BaseException) -> list[str]:
    return [item.f_code.co_name for item, _ in frame.frames(error.__traceback__)]


@pytest.mark.parametrize(
    ("filename", "hidden"),
    [
        pytest.param(launcher.errors.__file__, True, id="ours"),
        pytest.param(importlib.__file__, True, id="importlib"),
        pytest.param("<frozen importlib._bootstrap>", True, id="frozen-importlib"),
        pytest.param("<frozen runpy>", True, id="frozen-runpy"),
        pytest.param(runpy.__file__, not runpy.__file__.startswith("<"), id="runpy"),
        pytest.param(os.__file__, False, id="standard-library"),
        pytest.param("<string>", False, id="text"),
        pytest.param("/home/me/launcher/app.py", False, id="a-folder-of-the-same-name"),
    ],
)
def test_ours_and_the_import_machinery_are_hidden(filename: str, hidden: bool) -> None:
    assert frame.is_hidden(filename) is hidden


def test_hidden_frames_are_cut_out_anywhere() -> None:
    with pytest.raises(ValueError) as caught:
        hidden_call(lambda: hidden_call(fails))
    before = caught.value.__traceback__
    frame.clean(caught.value)
    after = caught.value.__traceback__
    assert [entry[0].f_code.co_name for entry in frame.frames(after)] == names(caught.value)
    assert "call" not in names(caught.value)
    assert names(caught.value)[-1] == "fails"
    while after is not None:
        assert not frame.is_hidden(after.tb_frame.f_code.co_filename)
        after = after.tb_next
    assert before is not None


def test_line_numbers_are_kept() -> None:
    with pytest.raises(ValueError) as caught:
        hidden_call(fails)
    expected = list(frame.frames(caught.value.__traceback__))
    frame.clean(caught.value)
    assert list(frame.frames(caught.value.__traceback__)) == expected


def test_all_relatives_are_visited_once() -> None:
    first, second, third = ValueError("1"), ValueError("2"), ValueError("3")
    first.__cause__, first.__context__ = second, third
    third.__context__ = first
    assert sorted(str(member) for member in frame.family(first)) == ["1", "2", "3"]


def test_an_odd_attribute_of_the_users_exception_does_no_harm() -> None:
    class Odd(Exception):
        exceptions = "not a tuple"

    assert [type(member) for member in frame.family(Odd())] == [Odd]
