"""Which requests are left out of the log. The answers to odd ones are compared in `tests/e2e/test_odd_requests.py`."""

from __future__ import annotations

import pytest

from launcher.web.handler import is_private


@pytest.mark.parametrize(
    ("path", "query", "private"),
    [
        ("/", "", False),
        ("/", "__debugger__=yes&cmd=resource", True),
        ("/shop", "a=1&__debugger__=yes", True),
        ("/", "%5f%5Fdebugger__=yes", True),
        ("/", "__debugger__", True),
        ("/", "q=__debugger__", False),
        ("/__debugger__", "", False),
        ("/ours/token", "", True),
        ("/shop/ours/", "", False),
    ],
)
def test_request_is_private_for_debugger_and_own_paths(path: str, query: str, private: bool) -> None:
    assert is_private(path, query, "/ours/") is private


def test_every_path_is_logged_without_own_paths() -> None:
    assert not is_private("/ours/token", "", "")
