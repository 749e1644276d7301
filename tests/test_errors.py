"""Guesses at what was meant, and errors that hold all their problems."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.errors import (
    ConfigError,
    ExitCode,
    LaunchError,
    Place,
    PlanError,
    Problem,
    StartError,
    TargetError,
    UsageError,
    distance,
    nearest,
)

WORDS = st.text(alphabet="abc", max_size=6)


@pytest.mark.parametrize(
    ("left", "right", "edits"),
    [
        ("", "", 0),
        ("port", "port", 0),
        ("port", "", 4),
        ("", "port", 4),
        ("prot", "port", 1),
        ("prt", "port", 1),
        ("porrt", "port", 1),
        ("pert", "port", 1),
        ("abcd", "badc", 2),
        ("egar", "eager", 2),
        ("ca", "abc", 3),
    ],
)
def test_distance(left: str, right: str, edits: int) -> None:
    assert distance(left, right) == edits


@given(WORDS, WORDS)
def test_distance_is_symmetric_and_zero_for_equals_only(left: str, right: str) -> None:
    assert distance(left, right) == distance(right, left)
    assert (distance(left, right) == 0) == (left == right)


@given(WORDS, WORDS)
def test_distance_is_bounded_by_the_lengths(left: str, right: str) -> None:
    assert abs(len(left) - len(right)) <= distance(left, right) <= max(len(left), len(right))


@pytest.mark.parametrize(
    ("word", "known", "limit", "guess"),
    [
        pytest.param("prot", ("host", "port"), 0, "port", id="transposed"),
        pytest.param("HOST", ("host", "port"), 0, "host", id="case"),
        pytest.param("xyz", ("host", "port"), 0, None, id="nothing-near"),
        pytest.param("a", ("b",), 0, "b", id="at-least-one-edit"),
        pytest.param("pot", ("port", "post"), 0, "port", id="first-of-equals"),
        pytest.param("egaer", ("lazy", "eager"), 0, "eager", id="a-third-of-the-letters"),
        pytest.param("egar", ("eager",), 0, None, id="two-edits-are-too-many-for-four-letters"),
        pytest.param("egar", ("eager",), 2, "eager", id="given-limit"),
        pytest.param("port", (), 0, None, id="nothing-known"),
        pytest.param("prots", ("ports", "prots"), 0, "prots", id="best-not-first"),
    ],
)
def test_nearest(word: str, known: tuple[str, ...], limit: int, guess: str | None) -> None:
    assert nearest(word, known, limit) == guess


@pytest.mark.parametrize(
    ("kind", "code"),
    [(LaunchError, 1), (UsageError, 2), (ConfigError, 2), (PlanError, 2), (StartError, 1)],
)
def test_exit_codes(kind: type[LaunchError], code: int) -> None:
    assert kind(Problem("slug", "message")).exit_code == code


def test_exit_codes_are_what_the_documentation_says() -> None:
    assert {code.name: code.value for code in ExitCode} == {
        "STOPPED": 0,
        "FAILED": 1,
        "USAGE": 2,
        "WARNINGS": 3,
        "BUG": 70,
        "INTERRUPTED": 130,
    }


def test_error_holds_one_problem_or_many() -> None:
    one, two = Problem("a", "first"), Problem("b", "second")
    assert LaunchError(one).problems == (one,)
    assert LaunchError([one, two]).problems == (one, two)
    assert str(LaunchError([one, two])) == "error[a]: first\nerror[b]: second"


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        pytest.param(Problem("a", "wrong", hint="mend it"), "error[a]: wrong; mend it", id="hint"),
        pytest.param(Problem("a", "wrong", Place("/x", 2, 7)), "error[a]: wrong (/x:2:7)", id="place"),
        pytest.param(Problem("a", "wrong", Place("environment")), "error[a]: wrong (environment)", id="no-line"),
        pytest.param(
            Problem(
                "a", "twice", Place("/x", 2, 7), "take one away", (("first here", Place("/x", 1, 1)),), ("or both",)
            ),
            "error[a]: twice (/x:2:7); first here (/x:1:1); take one away; or both",
            id="all-places-and-notes",
        ),
        pytest.param(Problem("a", "odd", warning=True), "warning[a]: odd", id="warning"),
        pytest.param(Problem("a", "a\x1b[2J\nb"), "error[a]: a\\x1b[2J\\nb", id="control-characters"),
    ],
)
def test_error_as_text_has_its_slug_place_and_hints(problem: Problem, line: str) -> None:
    assert str(LaunchError(problem)) == line


def test_target_error_is_not_a_launch_error() -> None:
    error = TargetError("no-app", "there is no app", "write one")
    assert (error.slug, str(error), error.hint) == ("no-app", "there is no app", "write one")
    assert not isinstance(error, LaunchError)
