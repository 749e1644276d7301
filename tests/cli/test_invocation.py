from __future__ import annotations

import io

import pytest

from launcher.cli.invocation import Invocation


def make(*argv: str) -> Invocation:
    return Invocation(argv, {}, "/p", "/home/me", io.StringIO(), io.StringIO())


@pytest.mark.parametrize(
    ("argv", "choice"),
    [
        pytest.param([], None, id="not-given"),
        pytest.param(["dev", "--color", "never"], "never", id="two-words"),
        pytest.param(["dev", "--color=always"], "always", id="one-word"),
        pytest.param(["--color", "never", "--color=always"], "always", id="last-one-counts"),
        pytest.param(["dev", "--color"], None, id="value-missing"),
        pytest.param(["exec", "--", "ls", "--color", "always"], None, id="not-after-two-dashes"),
    ],
)
def test_color_is_read_ahead_of_the_parser(argv: list[str], choice: str | None) -> None:
    assert make(*argv).color == choice


def test_both_consoles_follow_the_flag() -> None:
    invocation = make("--color=always")
    assert invocation.out().look.color
    assert invocation.err().look.color
    assert invocation.out().look.cwd == "/p"
