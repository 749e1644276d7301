"""Whose code runs, in the words of a message."""

from __future__ import annotations

from collections.abc import Callable
from types import FrameType

import pytest

from launcher.worker.culprit import Culprit, library_of

PROJECT = "/shop/"
CODE = "def call(function):\n    return function()\n"


def chain(*files: str) -> Callable[[], FrameType]:
    """Return what calls through functions of these files, the outermost first, and returns the innermost frame."""
    source = "import sys\ndef last():\n    return sys._getframe()\n"
    names: dict[str, Callable[..., FrameType]] = {}
    exec(compile(source, files[-1], "exec"), names)
    function = names["last"]
    for file in reversed(files[:-1]):
        outer: dict[str, Callable[..., FrameType]] = {}
        exec(compile(CODE, file, "exec"), outer)
        inner, call = function, outer["call"]
        function = lambda inner=inner, call=call: call(inner)  # noqa: E731
    return function


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(["/shop/billing.py"], "billing.py", id="the project"),
        pytest.param(["/shop/pay/card.py"], "pay/card.py", id="in a folder"),
        pytest.param(["/shop/a.py", "/shop/b.py"], "b.py", id="the innermost"),
        pytest.param(["/shop/a.py", "/usr/lib/python3/socket.py"], "a.py", id="through the standard library"),
        pytest.param(
            ["/shop/a.py", "/x/site-packages/redis/client.py", "/usr/lib/python3/socket.py"],
            "redis, used by a.py",
            id="through a library",
        ),
        pytest.param(["/x/site-packages/six.py"], "six", id="nobody's library"),
    ],
)
def test_of(files: list[str], expected: str):
    frame = chain(*files)()
    assert Culprit(lambda path: path.startswith(PROJECT), "/shop").of(frame) == expected


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("/x/lib/python3.11/site-packages/redis/client.py", "redis"),
        ("/x/dist-packages/six.py", "six"),
        ("/usr/lib/python3.11/socket.py", ""),
        ("/shop/billing.py", ""),
    ],
)
def test_library_of(file: str, expected: str):
    assert library_of(file) == expected
