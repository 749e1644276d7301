"""What the tables of mistakes have in common: a case, how it is judged, and texts that are made to take long."""

from __future__ import annotations

import pytest
import tomli

from launcher.config.toml.syntax import explain_syntax

Case = tuple[str, str, str, str, str, str]
"""A name, a text, `line:column+length` of the mistake, the message, the hint, and the place of the first of two."""


def table(cases: list[Case]) -> pytest.MarkDecorator:
    """Have a test called with each case but its name."""
    return pytest.mark.parametrize("case", [case[1:] for case in cases], ids=[case[0] for case in cases])


def judge(case: tuple[str, str, str, str, str]) -> None:
    """Say of a text, which tomli refuses, all that the case wants said."""
    text, place, message, hint, first = case
    with pytest.raises(tomli.TOMLDecodeError) as caught:
        tomli.loads(text)
    problem = explain_syntax(text, "devserver.toml", caught.value)
    assert problem.place is not None
    assert (problem.slug, at(problem.place), problem.message, problem.hint) == ("toml-syntax", place, message, hint)
    assert [at(other) for _, other in problem.others] == ([first] if first else [])
    assert problem.place.text == text.replace("\r\n", "\n").split("\n")[problem.place.line - 1]
    assert problem.place.file == "devserver.toml"


def at(place):
    return f"{place.line}:{place.column}+{place.length}"


# Each would take minutes if any part of it were looked at again and again.
HOSTILE = {
    "open-lists": "a = " + "[" * 50_000,
    "open-list-lines": "a=[\n" * 10_000,
    "open-texts": 'a=["""\n' * 10_000,
    "escaped-quotes": 'a = """' + '\\"""x' * 10_000,
    "apostrophes": "'" * 50_000,
    "quotes": '"' * 50_000,
    "backslashes": 'a="' + "\\" * 50_001,
    "half-ends": "a = '''" + "''x" * 20_000,
    "dots": "a" + ".a" * 30_000,
    "headers": "[a.b.c]\n" * 20_000,
    "spaces": " " * 50_000,
    "spaces-in-a-value": "a = b" + " " * 50_000 + "c",
}
