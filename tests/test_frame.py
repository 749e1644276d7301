"""Golden copies of the frames: what a person sees for each shape of problem, at 80 columns."""

from __future__ import annotations

import re
import textwrap

import pytest

from launcher.errors import Place, Problem
from launcher.frame import Look, count, render
from launcher.text import width_of

PROT = Place("/p/devserver.toml", 11, 1, "prot = 5000", 4)
TYPE = Place("/p/devserver.toml", 12, 8, 'port = "5O00"', 6)
DEBUG = Place("/p/profiles/debug.toml", 123, 11, 'extends = "eager"', 7)
EAGER = Place("/p/profiles/eager.toml", 3, 11, 'extends = "debug"', 7)
LONG = "a" * 100 + '  = "' + "b" * 100 + '"'

GOLDEN = {
    "place-line-caret-hint": (
        [Problem("unknown-key", "`prot` is not a setting", PROT, "did you mean `port`?")],
        """
        error[unknown-key]: `prot` is not a setting
          --> devserver.toml:11:1
           |
        11 | prot = 5000
           | ^^^^ did you mean `port`?
        """,
    ),
    "long-hint-goes-below-the-caret": (
        [
            Problem(
                "wrong-type",
                "`port` must be a number",
                TYPE,
                "the second character is the letter O; write 5000 without quotes",
            )
        ],
        """
        error[wrong-type]: `port` must be a number
          --> devserver.toml:12:8
           |
        12 | port = "5O00"
           |        ^^^^^^
           | the second character is the letter O; write 5000 without quotes
        """,
    ),
    "other-places-take-part": (
        [
            Problem(
                "extends-cycle",
                "profile `eager` inherits from itself",
                EAGER,
                'extends "debug"',
                (('extends "eager"', DEBUG),),
                ("remove one of the two lines",),
            )
        ],
        """
        error[extends-cycle]: profile `eager` inherits from itself
           --> profiles/eager.toml:3:11
            |
          3 | extends = "debug"
            |           ^^^^^^^ extends "debug"
           --> profiles/debug.toml:123:11
            |
        123 | extends = "eager"
            |           ------- extends "eager"
            = remove one of the two lines
        """,
    ),
    "no-place": (
        [
            Problem(
                "env-missing", "1 variable is required", None, "put it in .env.local", (), ("KEY  devserver.toml:2:1",)
            )
        ],
        """
        error[env-missing]: 1 variable is required
          = put it in .env.local
          = KEY  devserver.toml:2:1
        """,
    ),
    "others-without-a-main-place": (
        [Problem("env-missing", "1 variable is required", None, "", (("ask #infra", PROT),))],
        """
        error[env-missing]: 1 variable is required
          --> devserver.toml:11:1
           |
        11 | prot = 5000
           | ---- ask #infra
        """,
    ),
    "file-without-a-line": (
        [Problem("file-missing", "there is no such file", Place("/elsewhere/x.toml"), "create it")],
        """
        error[file-missing]: there is no such file
         --> /elsewhere/x.toml
          = create it
        """,
    ),
    "argument-as-source-line": (
        [
            Problem(
                "unknown-profile",
                "no profile `egaer`",
                Place("command line", 0, 22, "launch dev --profile egaer", 5),
                "did you mean `eager`?",
            )
        ],
        """
        error[unknown-profile]: no profile `egaer`
         --> command line
          |
          | launch dev --profile egaer
          |                      ^^^^^ did you mean `eager`?
        """,
    ),
    "tabs-are-copied": (
        [Problem("x", "tab", Place("/p/a", 1, 9, "\tport =\t5", 1), "here")],
        """
        error[x]: tab
         --> a:1:9
          |
        1 | \tport =\t5
          | \t      \t^ here
        """,
    ),
    "wide-characters-count-double": (
        [Problem("x", "wide", Place("/p/a", 1, 6, 'k = "日本"; x', 2), "here")],
        """
        error[x]: wide
         --> a:1:6
          |
        1 | k = "日本"; x
          |      ^^^^ here
        """,
    ),
    "control-characters-are-shown-and-counted": (
        [Problem("x", "esc \x1b[2J", Place("/p/\x1b", 1, 5, "k = \x1b;", 1), "a\u202eb", (), ("n\x07",))],
        """
        error[x]: esc \\x1b[2J
         --> \\x1b:1:5
          |
        1 | k = \\x1b;
          |     ^^^^ a\\u202eb
          = n\\x07
        """,
    ),
    "caret-past-the-end": (
        [Problem("x", "unfinished", Place("/p/a", 1, 6, "k = [", 1), "write ]")],
        """
        error[x]: unfinished
         --> a:1:6
          |
        1 | k = [
          |      ^ write ]
        """,
    ),
    "long-line-is-cut-around-the-caret": (
        [Problem("x", "long", Place("/p/a", 1, 141, LONG, 3), "here")],
        """
        error[x]: long
         --> a:1:141
          |
        1 | ...aaaaaaaaaaaaaaaaaaaaaaaaaa  = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb...
          |                                                                      ^^^
          | here
        """,
    ),
    "long-sentence-is-wrapped": (
        [Problem("x", "a sentence of quite some length " * 3)],
        """
        error[x]: a sentence of quite some length a sentence of quite some length a
          sentence of quite some length
        """,
    ),
    "by-file-and-line-count-last": (
        [
            Problem("two", "second in the file", TYPE),
            Problem("three", "other file", EAGER, warning=True),
            Problem("one", "first in the file", PROT),
            Problem("nowhere", "no place"),
        ],
        """
        error[one]: first in the file
          --> devserver.toml:11:1
           |
        11 | prot = 5000
           | ^^^^

        error[two]: second in the file
          --> devserver.toml:12:8
           |
        12 | port = "5O00"
           |        ^^^^^^

        warning[three]: other file
         --> profiles/eager.toml:3:11
          |
        3 | extends = "debug"
          |           ^^^^^^^

        error[nowhere]: no place

        3 errors, 1 warning in 2 files
        """,
    ),
}


@pytest.mark.parametrize(("problems", "expected"), GOLDEN.values(), ids=GOLDEN.keys())
def test_frames(problems: list[Problem], expected: str) -> None:
    lines = render(problems, Look(cwd="/p"))
    assert lines == textwrap.dedent(expected).strip("\n").split("\n")


@pytest.mark.parametrize(("problems", "expected"), GOLDEN.values(), ids=GOLDEN.keys())
def test_colour_changes_no_character(problems: list[Problem], expected: str) -> None:
    coloured = render(problems, Look(cwd="/p", color=True))
    assert [re.sub(r"\x1b\[[\d;]*m", "", line) for line in coloured] == render(problems, Look(cwd="/p"))
    assert any("\x1b[" in line for line in coloured)


@pytest.mark.parametrize("width", [20, 40, 60, 80, 200])
def test_source_lines_fit_the_width(width: int) -> None:
    for column in range(1, len(LONG) + 2, 7):
        for length in (1, 5, 150):
            lines = render(
                [Problem("x", "m", Place("/p/a", 1, column, LONG, length), "hint")], Look(width=width, cwd="/p")
            )
            assert max(map(width_of, lines)) <= width
            source, caret = lines[3], lines[4]
            assert source[caret.index("^")] == (LONG + " ")[column - 1] or column > len(LONG)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/p/q/a.toml", "q/a.toml"),
        ("/pq/a.toml", "/pq/a.toml"),
        ("/p", "/p"),
        ("environment", "environment"),
    ],
)
def test_paths_are_relative_below_the_current_directory(path: str, shown: str) -> None:
    assert Look(cwd="/p").path(path) == shown
    assert Look(cwd="/").path("/p/a") == "/p/a"


def test_count_names_what_there_is() -> None:
    assert count([Problem("x", "m")]) == "1 error"
    assert count([Problem("x", "m", PROT, warning=True)] * 2) == "2 warnings in 1 file"


@pytest.mark.parametrize("char", ["x", "\u0301", "\u6f22"])
def test_a_long_line_is_cut_without_looking_at_all_of_it(char: str) -> None:
    place = Place("f", 1, 30_000, char * 60_000, 1)
    (source, caret) = render([Problem("s", "m", place)], Look(width=40))[3:5]
    assert source.startswith("1 | ...")
    assert source.endswith("...")
    assert "^" in caret
    assert len(source) < 400
