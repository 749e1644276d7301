"""Keys, headers, strings and brackets gone wrong: place, sentence, fix."""

from __future__ import annotations

import pytest
import tomli

from launcher.config.toml.syntax import explain_syntax

# id, text, "line:column+length", message, hint, place of the first definition
CASES = [
    (
        "comma-missing-in-braces-over-lines",
        "a = {\nb = 1\nc = 2\n}",
        "3:1+1",
        "a comma is missing before this",
        "separate the values with commas",
        "",
    ),
    ("colon", "a: 1", "1:2+1", "a value is set with `=`, not with `:`", "write a = 1", ""),
    ("colon-unquoted", "a: x y", "1:2+1", "a value is set with `=`, not with `:`", 'write a = "x y"', ""),
    ("colon-in-braces", 'a = { "b": 1 }', "1:10+1", "a value is set with `=`, not with `:`", 'write "b" = 1', ""),
    ("plus-equals", "a += 1", "1:3+2", "TOML has no `+=`; a value replaces the lower one", "write =", ""),
    ("curly-key", "“a” = 1", "1:1+3", "typographic quotes are not quotes in TOML", 'write "a"', ""),
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
    ("slashes-comment", "// c", "1:1+4", "a comment begins with `#`", "write # instead", ""),
    ("semicolon-comment", "; c", "1:1+3", "a comment begins with `#`", "write # instead", ""),
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
    ("nul", "a=\x00", "1:3+1", "a control character (U+0000) stands here", "delete it", ""),
    ("control-in-text", 'a = "a\tb\x01"', "1:9+1", "a control character (U+0001) stands here", "delete it", ""),
    ("control-in-comment", "# x\x01", "1:4+1", "a control character (U+0001) stands here", "delete it", ""),
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
