"""What is found around the place where a parser gave up."""

from __future__ import annotations

import pytest

from launcher.config.toml.fault import Fault, as_value, quoted, word

# id, text with | at the place, start of the statement, open brackets, string without end, key
CASES = [
    ("nothing", "|", 0, [], -1, ""),
    ("value", "a = |x", 0, [], -1, "a"),
    ("second-line", "a = 1\nb = |x", 6, [], -1, "b"),
    ("header-is-a-bracket", "[a|", 0, [0], -1, ""),
    ("closed-header", "[a]\nb = |x", 4, [], -1, "b"),
    ("list-over-lines", "a = [\n  1,\n  |x", 0, [4], -1, ""),
    ("closed-list", "a = [\n1]\nb = |x", 9, [], -1, "b"),
    ("inner-bracket", "a = [{ b = |x", 0, [4, 5], -1, "a"),
    ("bracket-in-text", "a = '[' |x", 0, [], -1, "a"),
    ("bracket-in-comment", "# [ {\na = |x", 6, [], -1, "a"),
    ("line-break-in-text", 'a = """\n\n""" |x', 0, [], -1, ""),
    ("text-without-end", 'a = "x|', 0, [], 4, "a"),
    ("escaped-quote-is-no-end", 'a = "x\\"|', 0, [], 4, "a"),
    ("long-text-without-end", 'a = 1\nb = """x\ny|', 6, [], 10, ""),
    ("stray-end", "]|", 0, [], -1, ""),
]


@pytest.mark.parametrize(
    ("text", "start", "opened", "string", "key"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_fault(text, start, opened, string, key):
    before, _, behind = text.partition("|")
    fault = Fault(before + behind, len(before), "", before + behind)
    assert (fault.start, fault.opened, fault.string, fault.key) == (start, opened, string, key)
    assert fault.rest == behind


@pytest.mark.parametrize(
    ("rest", "found"), [("", ""), ("x y", "x"), ("x,y", "x"), ("x]", "x"), ("x}", "x"), ("x#", "x"), (" x", "")]
)
def test_word(rest, found):
    assert word(rest) == found


@pytest.mark.parametrize(
    ("value", "text"),
    [("x", '"x"'), ("it's", '"it\'s"'), ("a\\b", "'a\\b'"), ('say "x"', "'say \"x\"'"), ("it's \\", '"it\'s \\\\"')],
    ids=["plain", "apostrophe", "backslash", "quote", "both"],
)
def test_quoted(value, text):
    assert quoted(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [("5", "5"), ("1.5", "1.5"), ("True", "true"), ("off", "false"), ("x", '"x"'), ("'x'", "'x'"), ("[1]", "[1]")],
)
def test_as_value(value, text):
    assert as_value(value) == text


def test_a_masked_value_is_not_repeated():
    fault = Fault("a = hunter2", 4, "", "a = *******")
    assert "hunter2" not in fault.write('"hunter2"', (4, 11))
