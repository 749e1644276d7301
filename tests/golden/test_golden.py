"""What people see is what was looked at: the copies are written again with `python -m tests.golden --write`."""

from __future__ import annotations

import io
from unicodedata import category

import pytest

from launcher.text import width_of
from tests.golden.scenes import (
    COPIES,
    SCENES,
    Screen,
    coloured,
    copies,
    piped,
    play,
    uncoloured,
    without_color,
)


@pytest.mark.parametrize("scene", SCENES)
def test_copies_are_up_to_date(scene: str) -> None:
    for path, text in copies(scene).items():
        assert path.read_text(encoding="utf-8") == text, "look at it, then: python -m tests.golden --write"


def test_no_copy_is_left_over() -> None:
    assert {path.name for path in COPIES.iterdir()} == {path.name for scene in SCENES for path in copies(scene)}


@pytest.mark.parametrize("scene", SCENES)
def test_colour_says_nothing_by_itself(scene: str) -> None:
    plain = uncoloured(scene)
    assert "\x1b" not in plain
    assert without_color(coloured(scene)) == plain


@pytest.mark.parametrize("scene", SCENES)
def test_nothing_acts_on_the_terminal(scene: str) -> None:
    text = without_color(coloured(scene))
    assert [char for char in text if category(char) in ("Cc", "Cs") and char not in "\n\t"] == []
    assert not {"\u202e", "\u200b"}.intersection(text)


# Lines that have to be copied as they are, or whose one word is longer than the screen.
WHOLE = ("launch dev --isolated", "export ", "$ launch")


@pytest.mark.parametrize("scene", SCENES)
def test_lines_end_before_the_edge_of_the_screen(scene: str) -> None:
    lines = without_color(coloured(scene)).splitlines()
    long = [line for line in lines if width_of(line) > 80 and not line.startswith(WHOLE)]
    assert long == []


@pytest.mark.parametrize("scene", SCENES)
def test_a_pipe_gets_no_colour(scene: str) -> None:
    assert "\x1b" not in piped(scene)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_another_encoding_is_no_reason_to_fail(encoding: str) -> None:
    class Old(Screen):
        pass

    Old.encoding = encoding
    assert "\u279c" not in play("server", Old(), {"NO_COLOR": "1"})
    assert "\u25cf" not in play("server", Old(), {"NO_COLOR": "1"})


def test_scenes_can_be_played_twice() -> None:
    assert play("profiles", io.StringIO(), {}) == play("profiles", io.StringIO(), {})
