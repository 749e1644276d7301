"""Characters that nobody sees, and answers that only some parsers give."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from launcher.config.toml.syntax import explain_syntax
from tests.config.toml.mistakes import judge, table

# id, text, "line:column+length", message, hint, place of the first definition
CASES = [
    (
        "carriage-return",
        "a=1\r",
        "1:4+1",
        "a carriage return without a line feed (U+000D) stands here",
        "delete it",
        "",
    ),
    ("no-break-space", "a\xa0= 1", "1:2+1", "a no-break space (U+00A0) stands here", "delete it", ""),
    ("byte-order-mark", "\ufeffa = 1", "1:1+1", "a byte order mark (U+FEFF) stands here", "delete it", ""),
]


@table(CASES)
def test_mistake(case):
    judge(case)


# What older parsers refuse, and answers that no parser of today gives: text, message, offset, our message.
FOREIGN = [
    ("line-break-in-braces", "a = { x = 1\n}", "Unclosed inline table", 11, "a table in braces stands on one line"),
    ("setting-behind-braces", "a = { x = 1\nb = 2", "Unclosed inline table", 11, "this `{` is never closed"),
    ("nothing-known", "a = 1", "Something new", 4, "this is not valid TOML: something new"),
    ("offset-behind-the-end", "a = 1", "Something new", 99, "this is not valid TOML: something new"),
    ("twice-but-not-found", "a = 1", "Cannot overwrite a value", 5, "this is not valid TOML: cannot overwrite a value"),
    ("escape-but-none-there", "a = 1", "Invalid hex value", 5, "this is not valid TOML: invalid hex value"),
    ("unclosed-but-none-open", "a = 1", "Unclosed array", 5, "this is not valid TOML: unclosed array"),
    ("empty-text", "", "Invalid statement", 0, "this is not valid TOML: invalid statement"),
]


@pytest.mark.parametrize(
    ("text", "said", "offset", "message"), [case[1:] for case in FOREIGN], ids=[case[0] for case in FOREIGN]
)
def test_answers_of_other_parsers(text, said, offset, message):
    assert explain_syntax(text, "f", SimpleNamespace(msg=said, pos=offset)).message == message


MESSAGES = (
    "Invalid value",
    "Invalid date",
    "Expected newline",
    "Expected '=' after",
    "Invalid statement",
    "Unclosed array",
    "Invalid initial",
    "Expected ']' at",
    "Unterminated string",
    "Illegal character",
    "Unescaped",
    "Cannot",
    "Other",
)


@pytest.mark.parametrize("said", MESSAGES)
def test_no_pair_of_text_and_offset_breaks_the_explanation(said):
    for text in ('a = [1, {b = "x"}]\n[c.d]\ne="""\n"""', "[[\n]]", "a = 'b", '"', "\\", "[", "{", "= =", "a.\r\n.b"):
        for offset in range(len(text) + 1):
            problem = explain_syntax(text, "f", SimpleNamespace(msg=said, pos=offset))
            assert problem.message
            assert problem.place.line >= 1
            assert problem.place.length >= 1
