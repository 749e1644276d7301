from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.text import clip, escape, pad, width_of, wrap


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("plain", "plain", id="plain-text-stays"),
        pytest.param("naïve 日本 🎉", "naïve 日本 🎉", id="letters-of-all-scripts-stay"),
        pytest.param("a\x1b[31mb", "a\\x1b[31mb", id="escape-sequences-are-disarmed"),
        pytest.param("a\nb\tc\rd", "a\\nb\\tc\\rd", id="line-ends-and-tabs-are-named"),
        pytest.param("\x7f\x9b", "\\x7f\\x9b", id="del-and-c1-controls-are-escaped"),
        pytest.param("user\u202egnp.exe", "user\\u202egnp.exe", id="bidi-override-is-escaped"),
        pytest.param("a\u200bb\ufeff", "a\\u200bb\\ufeff", id="invisible-characters-are-escaped"),
        pytest.param("a\udc80", "a\\udc80", id="undecodable-bytes-of-a-file-name-are-escaped"),
        pytest.param("a\U000e0041", "a\\U000e0041", id="tag-characters-are-escaped"),
        pytest.param("a\xa0b", "a\xa0b", id="no-break-space-stays"),
    ],
)
def test_escape(text: str, shown: str) -> None:
    assert escape(text) == shown


@given(st.text())
def test_escaped_text_holds_no_control_character(text: str) -> None:
    escaped = escape(text)
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in escaped)
    assert not any(
        unicodedata.bidirectional(char) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        for char in escaped
    )


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", 0),
        ("plain", 5),
        ("\t", 8),
        ("日本", 4),
        ("\uff57\uff49", 4),
        ("e\u0301", 1),
        ("é", 1),
        ("\té", 9),
        ("🎉", 2),
    ],
)
def test_width(text: str, columns: int) -> None:
    assert width_of(text) == columns


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        pytest.param("short", 5, "short", id="what-fits-stays"),
        pytest.param("longer text", 8, "longe...", id="cut-with-dots"),
        pytest.param("日本日本", 6, "日...", id="wide-characters-are-not-split"),
    ],
)
def test_clip(text: str, width: int, expected: str) -> None:
    assert clip(text, width) == expected
    assert width_of(clip(text, width)) <= width


def test_pad_counts_columns_not_characters() -> None:
    assert pad("日本", 6) == "日本  "
    assert pad("longer", 3) == "longer"


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        pytest.param("one two three", 80, ["one two three"], id="one-line"),
        pytest.param("one two three", 8, ["one two", "  three"], id="breaks-between-words"),
        pytest.param("a/very/long/path x", 5, ["a/very/long/path", "  x"], id="long-words-stay-whole"),
        pytest.param("a  b", 80, ["a  b"], id="columns-within-a-line-stay"),
        pytest.param("one two   ", 7, ["one two"], id="no-line-of-blanks"),
        pytest.param("", 10, [""], id="empty"),
    ],
)
def test_wrap(text: str, width: int, lines: list[str]) -> None:
    assert wrap(text, width, "  ") == lines


def test_wrap_takes_no_notice_of_colours() -> None:
    assert wrap("\x1b[1;31ma bb\x1b[0m ccc", 8, " ") == ["\x1b[1;31ma bb\x1b[0m ccc"]


@pytest.mark.parametrize("code", [0xAD, 0x2060, 0x2064, 0x206F, 0x1BCA0, 0x1D173])
def test_what_is_not_seen_is_escaped(code: int) -> None:
    assert escape(f"a{chr(code)}b").startswith("a\\")


def test_joiners_of_emoji_stay() -> None:
    assert escape("\U0001f469\u200d\U0001f4bb\n") == "\U0001f469\u200d\U0001f4bb\\n"
