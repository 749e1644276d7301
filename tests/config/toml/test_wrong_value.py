"""Values that are missing or wrong, and what stands behind them: place, sentence, fix."""

from __future__ import annotations

import pytest
import tomli

from launcher.config.toml.syntax import explain_syntax

# id, text, "line:column+length", message, hint, place of the first definition
CASES = [
    ("unquoted-text", "[base]\nhost = localhost", "2:8+9", "text values need quotes", 'write host = "localhost"', ""),
    ("unquoted-text-before-comment", "a = foo bar # c", "1:5+7", "text values need quotes", 'write a = "foo bar"', ""),
    ("unquoted-path", "a = /tmp/x", "1:5+6", "text values need quotes", 'write a = "/tmp/x"', ""),
    ("unquoted-address", "a = 127.0.0.1", "1:5+9", "text values need quotes", 'write a = "127.0.0.1"', ""),
    ("letter-in-number", "a = 5O00", "1:5+4", "text values need quotes", 'write a = "5O00"', ""),
    ("number-with-unit", "a = 10s", "1:5+3", "text values need quotes", 'write a = "10s"', ""),
    ("two-words-first-a-number", "a = 1 2", "1:5+3", "text values need quotes", 'write a = "1 2"', ""),
    ("unquoted-items", "a = [hello, world]", "1:6+5", "text values need quotes", 'write "hello"', ""),
    ("unquoted-quote-inside", 'a = +"', "1:5+2", "text values need quotes", "write a = '+\"'", ""),
    ("shell-variable", "a = ${X}", "1:5+4", "text values need quotes", 'write a = "${X}"', ""),
    ("true-with-capital", "a = True", "1:5+4", "true and false are written in small letters", "write a = true", ""),
    ("false-in-capitals", "a = FALSE", "1:5+5", "true and false are written in small letters", "write a = false", ""),
    ("yes", "a = yes", "1:5+3", "a switch is true or false, not yes", "write a = true", ""),
    ("off", "a = off", "1:5+3", "a switch is true or false, not off", "write a = false", ""),
    (
        "none",
        "a = None",
        "1:5+4",
        "TOML has no empty value",
        'remove the line; unset = ["a"] removes a lower value',
        "",
    ),
    (
        "null",
        "a = null",
        "1:5+4",
        "TOML has no empty value",
        'remove the line; unset = ["a"] removes a lower value',
        "",
    ),
    ("double-equals", "a == 1", "1:4+1", "one `=` sets a value", "write a = 1", ""),
    ("double-equals-text", "a == b", "1:4+1", "one `=` sets a value", 'write a = "b"', ""),
    ("curly-quotes", "a = “x”", "1:5+3", "typographic quotes are not quotes in TOML", 'write a = "x"', ""),
    ("leading-zero", "a = 012", "1:5+3", "a whole number does not begin with 0", 'write a = 12, or "012" for text', ""),
    ("two-zeros", "a = 00", "1:5+2", "a whole number does not begin with 0", 'write a = 0, or "00" for text', ""),
    ("thousands", "a = 1,000", "1:5+5", "a number has no commas inside", "write a = 1000", ""),
    ("double-underscore", "a = 1__0", "1:5+4", "an underscore stands between two digits", "write a = 10", ""),
    ("no-digit-before-point", "a = .5", "1:5+2", "a number needs a digit before its point", "write a = 0.5", ""),
    ("no-digit-after-point", "a = 5.", "1:5+2", "a number needs a digit after its point", "write a = 5.0", ""),
    (
        "bad-date",
        "a = 2020-13-01",
        "1:5+10",
        "this is not a date",
        "a date is written YYYY-MM-DD; text needs quotes",
        "",
    ),
    ("tuple", "a = (1, 2)", "1:5+6", "lists are written in square brackets", "write a = [1, 2]", ""),
    ("text-after-header", "[a] x", "1:5+1", "only a comment may follow a table's header", "start a new line", ""),
    (
        "apostrophe-in-literal",
        "a = 'it's'",
        "1:8+1",
        "this quote ends the text too early",
        "use double quotes around the text",
        "",
    ),
    (
        "quote-in-text",
        'a = "he said "x""',
        "1:14+1",
        "this quote ends the text too early",
        'write \\" inside, or single quotes around the text',
        "",
    ),
    (
        "doubled-quotes",
        'a = ""x""',
        "1:5+5",
        "the text ends where it begins",
        "one pair of quotes goes around the whole value",
        "",
    ),
    ("comma-alone", "a = [,]", "1:6+1", "a value is missing before this comma", "remove the comma", ""),
    ("no-value", "a =", "1:4+1", "`a` has no value", "write a value after `a =`, or remove the line", ""),
    (
        "no-value-but-comment",
        "a =  # c",
        "1:6+1",
        "`a` has no value",
        "write a value after `a =`, or remove the line",
        "",
    ),
    (
        "no-value-in-braces",
        "a = {b = , c = 1}",
        "1:10+1",
        "`b` has no value",
        "write a value after `b =`, or remove the line",
        "",
    ),
    (
        "second-value",
        'a = "x" "y"',
        "1:9+3",
        "only a comment may follow a value",
        "for several values write a list: [..., ...]",
        "",
    ),
    (
        "two-settings-on-a-line",
        "a = 1 b = 2",
        "1:7+1",
        "each setting needs a line of its own",
        "put `b` on the next line",
        "",
    ),
    (
        "two-settings-with-comma",
        "a = 1, b = 2",
        "1:8+1",
        "each setting needs a line of its own",
        "put `b` on the next line",
        "",
    ),
    ("comma-at-end", "a=1,", "1:4+1", "a line does not end with a comma", "remove it", ""),
    ("semicolon-at-end", "a = 1;", "1:6+1", "a line does not end with a semicolon", "remove it", ""),
    ("bracket-too-many", "a = [1, 2]]", "1:11+1", "there is one `]` too many", "remove it", ""),
    ("slashes-behind-value", "a=1 // c", "1:5+4", "a comment begins with `#`", "write # instead", ""),
    ("windows-lines", "a = 1\r\nb = two\r\nc = 3\r\n", "2:5+3", "text values need quotes", 'write b = "two"', ""),
    ("tabs-count-as-one", "\t\ta = b", "1:7+1", "text values need quotes", 'write a = "b"', ""),
    (
        "wide-letters-count-as-one",
        'a = "日本" x',
        "1:10+1",
        "only a comment may follow a value",
        "for several values write a list: [..., ...]",
        "",
    ),
]


def at(place):
    return f"{place.line}:{place.column}+{place.length}"


@pytest.mark.parametrize(
    ("text", "place", "message", "hint", "first"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_mistake(text, place, message, hint, first):
    with pytest.raises(tomli.TOMLDecodeError) as caught:
        tomli.loads(text)
    problem = explain_syntax(text, "devserver.toml", caught.value)
    assert (problem.slug, at(problem.place), problem.message, problem.hint) == ("toml-syntax", place, message, hint)
    assert [at(other) for _, other in problem.others] == ([first] if first else [])
    assert problem.place.text == text.replace("\r\n", "\n").split("\n")[problem.place.line - 1]
    assert problem.place.file == "devserver.toml"
