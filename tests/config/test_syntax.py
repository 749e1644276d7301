"""A table of TOML mistakes: where we point, what we say, what we propose."""

from __future__ import annotations

import re
from time import process_time
from types import SimpleNamespace

import pytest
import tomli

from launcher.config.syntax import check_limits, explain_syntax
from launcher.errors import Place

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
    ("colon", "a: 1", "1:2+1", "a value is set with `=`, not with `:`", "write a = 1", ""),
    ("colon-unquoted", "a: x y", "1:2+1", "a value is set with `=`, not with `:`", 'write a = "x y"', ""),
    ("colon-in-braces", 'a = { "b": 1 }', "1:10+1", "a value is set with `=`, not with `:`", 'write "b" = 1', ""),
    ("double-equals", "a == 1", "1:4+1", "one `=` sets a value", "write a = 1", ""),
    ("double-equals-text", "a == b", "1:4+1", "one `=` sets a value", 'write a = "b"', ""),
    ("plus-equals", "a += 1", "1:3+2", "TOML has no `+=`; a value replaces the lower one", "write =", ""),
    ("curly-quotes", "a = “x”", "1:5+3", "typographic quotes are not quotes in TOML", 'write a = "x"', ""),
    ("curly-key", "“a” = 1", "1:1+3", "typographic quotes are not quotes in TOML", 'write "a"', ""),
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
    (
        "windows-path-hex",
        'a = "C:\\Users"',
        "1:8+2",
        "a backslash in double quotes begins an escape",
        "write a = 'C:\\Users'",
        "",
    ),
    (
        "windows-path-second-escape",
        'a = "C:\\new\\Udir"',
        "1:12+2",
        "a backslash in double quotes begins an escape",
        "write a = 'C:\\new\\Udir'",
        "",
    ),
    (
        "windows-path-last-backslash",
        'a = "C:\\dir\\"',
        "1:8+2",
        "a backslash in double quotes begins an escape",
        "write a = 'C:\\dir\\'",
        "",
    ),
    (
        "text-ends-with-backslash",
        'a = "dir\\"',
        "1:9+2",
        "this backslash keeps the quote from ending the text",
        "use single quotes for it",
        "",
    ),
    (
        "unknown-escape",
        'a = "\\d+"',
        "1:6+2",
        "no escape begins like this",
        "write \\\\ for a backslash, or single quotes around the text",
        "",
    ),
    (
        "short-hex-escape",
        'a = "\\xZZ"',
        "1:6+2",
        "this escape needs 2 hexadecimal digits of a character",
        "write \\\\ for a backslash",
        "",
    ),
    (
        "surrogate-escape",
        'a = "\\ud800"',
        "1:6+6",
        "this escape needs 4 hexadecimal digits of a character",
        "write \\\\ for a backslash",
        "",
    ),
    ("header-not-closed", "[base", "1:1+5", "this header is not closed with `]`", "write [base]", ""),
    ("header-not-closed-then-setting", "[a\nb=1", "1:1+2", "this header is not closed with `]`", "write [a]", ""),
    ("double-header-closed-once", "[[a]", "1:1+3", "this header is not closed with `]]`", "write [[a]]", ""),
    (
        "header-not-opened",
        "profiles.eager]",
        "1:15+1",
        "this header is not opened with `[`",
        "write [profiles.eager]",
        "",
    ),
    ("header-empty", "[]", "1:1+2", "the name of this table is missing", "write [base] or [profiles.NAME]", ""),
    (
        "header-ends-with-dot",
        "[a.]",
        "1:3+1",
        "a name is missing beside this dot",
        "remove the dot, or complete the key",
        "",
    ),
    (
        "header-begins-with-dot",
        "[.a]",
        "1:2+1",
        "a name is missing beside this dot",
        "remove the dot, or complete the key",
        "",
    ),
    (
        "key-ends-with-dot",
        "a. = 1",
        "1:2+1",
        "a name is missing beside this dot",
        "remove the dot, or complete the key",
        "",
    ),
    (
        "header-with-space",
        "[my profile]",
        "1:2+10",
        "a name with other signs than A-Z, a-z, 0-9, - and _ needs quotes",
        'write ["my profile"]',
        "",
    ),
    (
        "header-with-letter",
        "[größe]",
        "1:2+5",
        "a name with other signs than A-Z, a-z, 0-9, - and _ needs quotes",
        'write ["größe"]',
        "",
    ),
    ("spaced-brackets", "[ [a] ]", "1:1+3", "no space may stand between the brackets", "write [[ and ]]", ""),
    ("text-after-header", "[a] x", "1:5+1", "only a comment may follow a table's header", "start a new line", ""),
    ("text-not-closed-at-end", 'a = "x', "1:5+2", 'this text is not closed with "', 'add " at its end', ""),
    (
        "text-not-closed-on-line",
        'a = "x\nb = 1',
        "1:5+2",
        'this text is not closed with "',
        'add " at its end; several lines need """',
        "",
    ),
    ("literal-not-closed", "a = 'x", "1:5+2", "this text is not closed with '", "add ' at its end", ""),
    (
        "literal-not-closed-on-line",
        "a = 'x\nb = 1",
        "1:5+2",
        "this text is not closed with '",
        "add ' at its end; several lines need '''",
        "",
    ),
    ("several-lines-not-closed", 'a = """x\ny', "1:5+4", 'this text is not closed with """', 'add """ at its end', ""),
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
    ("brace-not-closed-at-end", "a = {x=1", "1:5+1", "this `{` is never closed", "add `}` at its end", ""),
    (
        "brace-not-closed-before-setting",
        "a = {x=1\nb = 2",
        "1:5+1",
        "this `{` is never closed",
        "add `}` at its end",
        "",
    ),
    ("list-not-closed-at-end", "a = [1,", "1:5+1", "this `[` is never closed", "add `]` at its end", ""),
    ("inner-list-not-closed", "a = [[1]", "1:5+1", "this `[` is never closed", "add `]` at its end", ""),
    (
        "list-not-closed-before-setting",
        'a = ["x",\nb = 1',
        "1:5+1",
        "this `[` is never closed",
        "add `]` at its end",
        "",
    ),
    ("list-not-closed-no-comma", 'a = ["x"\nb = 1', "1:5+1", "this `[` is never closed", "add `]` at its end", ""),
    (
        "list-not-closed-before-header",
        'a = ["x"\n[b]\nc=1',
        "1:5+1",
        "this `[` is never closed",
        "add `]` at its end",
        "",
    ),
    (
        "list-comma-not-closed-before-header",
        'a = ["x",\n[b]\nc=1',
        "1:5+1",
        "this `[` is never closed",
        "add `]` at its end",
        "",
    ),
    ("list-closed-with-brace", "a = [1}", "1:7+1", "`[` is closed with `]`, not with `}`", "write ]", "1:5+1"),
    ("brace-closed-with-bracket", "a = {x=1]", "1:9+1", "`{` is closed with `}`, not with `]`", "write }", "1:5+1"),
    (
        "comma-missing-in-list",
        "a = [1 2]",
        "1:8+1",
        "a comma is missing before this",
        "separate the values with commas",
        "",
    ),
    (
        "comma-missing-between-lines",
        'a = [\n  "x"\n  "y"\n]',
        "3:3+3",
        "a comma is missing before this",
        "separate the values with commas",
        "",
    ),
    (
        "comma-missing-in-braces",
        "a = {a=1 b=2}",
        "1:10+3",
        "a comma is missing before this",
        "separate the values with commas",
        "",
    ),
    ("comma-too-many-in-braces", "a = {a=1,,}", "1:10+1", "there is one comma too many", "remove it", ""),
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
    ("key-alone", "a=1\nb\n", "2:1+1", "`b` has no value", "write b = ...", ""),
    ("key-missing", "= 1", "1:1+1", "the name before `=` is missing", "write key = value", ""),
    ("key-with-space", "a b = 1", "1:1+3", "a name with a space needs quotes", 'write a-b, or "a b"', ""),
    (
        "key-with-letter",
        "größe = 1",
        "1:1+5",
        "a name may hold A-Z, a-z, 0-9, - and _ only, unless it is quoted",
        'write "größe"',
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
    ("slashes-comment", "// c", "1:1+4", "a comment begins with `#`", "write # instead", ""),
    ("semicolon-comment", "; c", "1:1+3", "a comment begins with `#`", "write # instead", ""),
    ("slashes-behind-value", "a=1 // c", "1:5+4", "a comment begins with `#`", "write # instead", ""),
    ("json", '{"a": 1}', "1:1+1", "this looks like JSON; settings files are TOML", "write key = value", ""),
    (
        "merge-conflict",
        "<<<<<<< HEAD",
        "1:1+12",
        "a merge conflict was left in this file",
        "choose one side, and remove the marker lines",
        "",
    ),
    ("yaml-list", "- a", "1:1+1", "this looks like YAML; settings files are TOML", "write key = value", ""),
    ("yaml-start", "---\n", "1:1+3", "this looks like YAML; settings files are TOML", "write key = value", ""),
    ("shell-export", "export A=1", "1:1+6", "`export` belongs to a shell", 'write env.NAME = "value" in [base]', ""),
    ("bracket-alone", "]", "1:1+1", "nothing is open that this `]` could close", "remove it", ""),
    (
        "carriage-return",
        "a=1\r",
        "1:4+1",
        "a carriage return without a line feed (U+000D) stands here",
        "delete it",
        "",
    ),
    ("nul", "a=\x00", "1:3+1", "a control character (U+0000) stands here", "delete it", ""),
    ("control-in-text", 'a = "a\tb\x01"', "1:9+1", "a control character (U+0001) stands here", "delete it", ""),
    ("control-in-comment", "# x\x01", "1:4+1", "a control character (U+0001) stands here", "delete it", ""),
    ("no-break-space", "a\xa0= 1", "1:2+1", "a no-break space (U+00A0) stands here", "delete it", ""),
    ("byte-order-mark", "\ufeffa = 1", "1:1+1", "a byte order mark (U+FEFF) stands here", "delete it", ""),
    ("value-twice", "a=1\na=2", "2:1+1", "`a` is set twice", "keep one of the two", "1:1+1"),
    (
        "value-twice-in-table",
        "[b]\na=1\n\n[c]\na=1\n\n[d]\na=1\na = 3",
        "9:1+1",
        "`d.a` is set twice",
        "keep one of the two",
        "8:1+1",
    ),
    ("value-twice-in-braces", "a = {a=1, a=2}", "1:11+1", "`a.a` is set twice", "keep one of the two", "1:6+1"),
    ("quoted-key-twice", 'a=1\n"a"=2', "2:1+3", "`a` is set twice", "keep one of the two", "1:1+1"),
    (
        "table-twice",
        "[a]\nx=1\n[a]\ny=1",
        "3:2+1",
        "the table `a` is there twice",
        "put its settings together in one place",
        "1:2+1",
    ),
    (
        "value-over-dotted",
        "a.b=1\na=2",
        "2:1+1",
        "`a` is a table and cannot have a value too",
        "keep one of the two",
        "1:1+1",
    ),
    (
        "dotted-over-value",
        "a=1\na.b=2",
        "2:1+1",
        "`a` has a value and cannot be a table too",
        "keep one of the two",
        "1:1+1",
    ),
    (
        "table-over-value",
        "a=1\n[a]",
        "2:2+1",
        "`a` has a value and cannot be a table too",
        "keep one of the two",
        "1:1+1",
    ),
    (
        "table-below-value",
        "[a]\nb=1\n[a.b]\n",
        "3:4+1",
        "`a.b` has a value and cannot be a table too",
        "keep one of the two",
        "2:1+1",
    ),
    (
        "table-over-tables",
        "[[a]]\n[a]",
        "2:2+1",
        "the table `a` is there twice",
        "put its settings together in one place",
        "1:3+1",
    ),
    (
        "tables-over-table",
        "[a]\n[[a]]",
        "2:3+1",
        "the table `a` is there twice",
        "put its settings together in one place",
        "1:2+1",
    ),
    (
        "table-over-braces",
        "a={b=1}\n[a]",
        "2:2+1",
        "`a` has a value and cannot be a table too",
        "keep one of the two",
        "1:1+1",
    ),
    (
        "dotted-into-braces",
        "a={b=1}\na.c=1",
        "2:1+1",
        "`a` has a value and cannot be a table too",
        "keep one of the two",
        "1:1+1",
    ),
    (
        "table-in-item-twice",
        "[[a]]\n[[a.b]]\n[a.b]",
        "3:4+1",
        "the table `a.b` is there twice",
        "put its settings together in one place",
        "2:5+1",
    ),
    (
        "dotted-into-table",
        "[a.b]\n[a]\nb.c=1",
        "3:1+1",
        "the table `a.b` is there twice",
        "put its settings together in one place",
        "1:4+1",
    ),
    (
        "tables-over-list",
        "fruit=[]\n[[fruit]]",
        "2:3+5",
        "`fruit` has a value and cannot be a table too",
        "keep one of the two",
        "1:1+5",
    ),
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


def refuse(text):
    with pytest.raises(tomli.TOMLDecodeError) as caught:
        tomli.loads(text)
    return explain_syntax(text, "devserver.toml", caught.value)


def at(place):
    return f"{place.line}:{place.column}+{place.length}"


@pytest.mark.parametrize(
    ("text", "place", "message", "hint", "first"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_mistake(text, place, message, hint, first):
    problem = refuse(text)
    assert (problem.slug, at(problem.place), problem.message, problem.hint) == ("toml-syntax", place, message, hint)
    assert [at(other) for _, other in problem.others] == ([first] if first else [])
    lines = text.replace("\r\n", "\n").split("\n")
    assert problem.place.text == lines[problem.place.line - 1]
    assert problem.place.file == "devserver.toml"


def test_every_case_has_its_own_name():
    assert len({case[0] for case in CASES}) == len(CASES) > 100


# id, text with `hunter2` as the secret, lines that must still be readable
SECRETS = [
    ("by-name", "API_KEY = hunter2", "API_KEY = "),
    ("by-dotted-name", "env.DB_PASSWORD = hunter2", "env.DB_PASSWORD = "),
    ("by-name-of-its-table", "[env.API_TOKEN]\nvalue = hunter2", "value = "),
    ("marked-in-braces", "env.DB = { value = hunter2, secret = true }", "env.DB ="),
    ("marked-in-table", "[env.DB]\nvalue = hunter2\nsecret = true", "value = "),
    ("equals-missing", 'API_KEY "hunter2"', "API_KEY"),
    ("colon", "password: hunter2", "password"),
    ("in-braces-behind-others", 'env = { PORT = "1", API_KEY = hunter2 }', 'env = { PORT = "1", API_KEY ='),
    ("list-over-lines", 'API_TOKENS = [\n  "x",\n  hunter2\n]', "  "),
    ("text-over-lines", 'SECRET_PEM = """\nabc=\nhunter2 = \\q\n"""', ""),
    ("no-quote-at-end", 'API_KEY = "hunter2', "API_KEY = "),
    ("second-value", 'API_KEY = "a" "hunter2"', "API_KEY = "),
]


@pytest.mark.parametrize(("text", "readable"), [case[1:] for case in SECRETS], ids=[case[0] for case in SECRETS])
def test_a_secret_is_never_shown(text, readable):
    problem = refuse(text)
    assert "hunter2" not in repr(problem)
    assert problem.place.text.startswith(readable)
    assert len(problem.place.text) == len(text.split("\n")[problem.place.line - 1])


def test_a_secret_hides_nothing_of_its_neighbours():
    problem = refuse('API_KEY = "x"\nhost = localhost\n')
    assert problem.place == Place("devserver.toml", 2, 8, "host = localhost", 9)


# What older parsers refuse, and answers that no parser of today gives: text, message, offset, our message.
FOREIGN = [
    ("line-break-in-braces", "a = { x = 1\n}", "Unclosed inline table", 11, "a table in braces stands on one line"),
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


NESTED = "a = " + "[" * 64 + "]" * 64
LONG = ".".join("k" * 32)

# id, text, None or "line:column" of the place
LIMITS = [
    ("empty", "", None),
    ("deepest-allowed", NESTED, None),
    ("one-too-deep", "x = 1\na = " + "[" * 65 + "]" * 65, "2:69"),
    ("braces-count", "a = " + "{b = " * 65, "1:325"),
    ("mixed-count", "a = " + "[{b = " * 33, "1:197"),
    ("depth-is-not-a-sum", "a = [" + "[], " * 500 + "]", None),
    ("many-headers", "[a.b]\n[[c]]\n" * 500, None),
    ("brackets-in-text", 'a = "' + "[" * 500 + '"', None),
    ("brackets-in-literal", "a = '" + "[" * 500 + "'", None),
    ("brackets-in-long-text", 'a = """\n' + "[\n" * 500 + '"""', None),
    ("brackets-in-long-literal", "a = '''\n" + "{\n" * 500 + "'''", None),
    ("brackets-in-comment", "# " + "[" * 500 + "\na = 1", None),
    ("brackets-behind-escaped-quote", 'a = "\\"' + "[" * 500 + '"', None),
    ("quote-in-comment-hides-nothing", "# it's \"\na = " + "[" * 65, "2:69"),
    ("text-ends-before-brackets", 'a = ["x\\\\", ' + "[" * 65, "1:76"),
    ("five-quotes-end-a-long-text", 'a = [""""x""""", ' + "[" * 64, "1:81"),
    ("apostrophe-in-text-hides-nothing", 'a = ["it\'s", ' + "[" * 64, "1:77"),
    ("text-without-end", 'a = "' + "[" * 500, None),
    ("longest-key", LONG + " = 1", None),
    ("one-part-too-many", LONG + ".k = 1", "1:64"),
    ("long-key-with-spaces", " . ".join("k" * 33) + " = 1", "1:127"),
    ("long-key-in-quotes", ".".join(['"k"'] * 33) + " = 1", "1:128"),
    ("long-header", "[" + LONG + ".k]", "1:65"),
    ("long-key-in-braces", "a = { " + LONG + ".k = 1 }", "1:70"),
    ("many-floats", "a = [" + "1.5, " * 500 + "]", None),
    ("dots-in-text", 'a = "' + "." * 500 + '"', None),
    ("dots-in-quoted-key", '"' + "." * 500 + '" = 1', None),
    ("many-dotted-keys", "a.b.c = 1.5\n" * 500, None),
]


@pytest.mark.parametrize(("text", "place"), [case[1:] for case in LIMITS], ids=[case[0] for case in LIMITS])
def test_limits(text, place):
    problem = check_limits(text)
    assert (problem and f"{problem.place.line}:{problem.place.column}") == place
    assert problem is None or (problem.slug == "too-deep" and re.search(r"64 deep|32 parts", problem.message))


# Each would take minutes if any part of it were looked at again and again.
HOSTILE = {
    "open-lists": "a = " + "[" * 200_000,
    "open-list-lines": "a=[\n" * 40_000,
    "open-texts": 'a=["""\n' * 40_000,
    "escaped-quotes": 'a = """' + '\\"""x' * 40_000,
    "apostrophes": "'" * 200_000,
    "quotes": '"' * 200_000,
    "backslashes": 'a="' + "\\" * 200_001,
    "half-ends": "a = '''" + "''x" * 60_000,
    "dots": "a" + ".a" * 100_000,
    "headers": "[a.b.c]\n" * 20_000,
    "spaces": " " * 200_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_takes_linear_time(name):
    text, before = HOSTILE[name], process_time()
    check_limits(text)
    for said in ("Unterminated string", "Unescaped", "Cannot overwrite a value", "Unclosed array"):
        assert explain_syntax(text, "f", SimpleNamespace(msg=said, pos=len(text))).message
    assert process_time() - before < 20
