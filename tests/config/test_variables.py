"""Which text wins for a variable of the app, and which ones are missing."""

from __future__ import annotations

import pytest

from launcher.config.layer import Candidate, History, Origin, Source
from launcher.config.variables import gather_variables, is_secret, settle, text_of

BASE, LOCAL, FILE, SHELL, FLAG = (
    Source.BASE,
    Source.LOCAL_BASE,
    Source.ENV_FILE,
    Source.ENVIRONMENT,
    Source.COMMAND_LINE,
)
UNSET = object()


def history(*values: tuple[Source, object], name: str = "X") -> History:
    candidates = [
        Candidate(None if value is UNSET else value, Origin(source), unset=value is UNSET) for source, value in values
    ]
    return History(("env", name), tuple(reversed(candidates)))


@pytest.mark.parametrize(
    ("record", "winner"),
    [
        pytest.param(history((BASE, "a")), BASE, id="alone"),
        pytest.param(history((BASE, "a"), (LOCAL, "b")), LOCAL, id="personal-file-over-team"),
        pytest.param(history((BASE, "a"), (FILE, "b")), FILE, id="env-file-over-table"),
        pytest.param(history((BASE, "a"), (FILE, "b"), (SHELL, "c")), SHELL, id="shell-over-all-files"),
        pytest.param(
            history((BASE, {"value": "a", "override": True}), (FILE, "b"), (SHELL, "c")), BASE, id="override-over-shell"
        ),
        pytest.param(
            history((BASE, {"default": "a", "override": True}), (SHELL, "c")), BASE, id="override-with-default"
        ),
        pytest.param(
            history((BASE, {"value": "a", "override": True}), (LOCAL, "b"), (SHELL, "c")),
            SHELL,
            id="hidden-override-is-gone",
        ),
        pytest.param(history((BASE, {"value": "a", "override": False}), (SHELL, "c")), SHELL, id="override-false"),
        pytest.param(
            history((BASE, {"value": "a", "override": True}), (SHELL, "c"), (FLAG, "d")), FLAG, id="flag-over-override"
        ),
        pytest.param(
            history((BASE, {"value": "a", "override": True}), (LOCAL, UNSET), (SHELL, "c")),
            SHELL,
            id="unset-ends-override",
        ),
        pytest.param(history((SHELL, "c")), SHELL, id="no-table-at-all"),
    ],
)
def test_settle(record: History, winner: Source) -> None:
    settled = settle(record)
    assert settled.winner.origin.source is winner
    assert sorted(settled.candidates, key=id) == sorted(record.candidates, key=id)


@pytest.mark.parametrize(
    ("record", "text", "from_shell"),
    [
        pytest.param(history((BASE, "a")), "a", False, id="text"),
        pytest.param(history((BASE, {"value": "a"})), "a", False, id="table"),
        pytest.param(history((BASE, {"default": "a"})), "a", False, id="default"),
        pytest.param(history((BASE, "a"), (SHELL, "")), "", True, id="empty-counts-as-set"),
        pytest.param(history((BASE, {"required": "ask"}), (FILE, "a")), "a", False, id="requirement-met"),
        pytest.param(history((BASE, {"default": "a"}), (SHELL, "c")), "c", True, id="shell"),
    ],
)
def test_text_and_where_it_comes_from(record: History, text: str, from_shell: bool) -> None:
    variables, missing = gather_variables({record.key: record})
    assert missing == []
    assert (variables["X"].value, variables["X"].from_shell) == (text, from_shell)
    assert variables["X"].hidden == record.candidates[1:]


@pytest.mark.parametrize("value", [3, {}, {"secret": True}, ["a"]])
def test_wrong_value_is_neither_there_nor_missing(value: object) -> None:
    record = history((BASE, value))
    assert gather_variables({record.key: record}) == ({}, [])


def test_unset_variable_is_not_there() -> None:
    record = history((BASE, "a"), (LOCAL, UNSET))
    assert gather_variables({record.key: record}) == ({}, [])


def test_other_keys_are_passed_over() -> None:
    record = History(("port",), (Candidate(1, Origin(BASE)),))
    assert gather_variables({record.key: record}) == ({}, [])


def test_all_missing_variables_are_told_at_once_with_the_teams_words() -> None:
    records = [history((BASE, {"required": text}), name=name) for name, text in (("A", "ask anna"), ("B", "ask bert"))]
    variables, (finding,) = gather_variables({record.key: record for record in records})
    assert variables == {}
    assert (finding.slug, finding.message, finding.hint) == (
        "env-missing",
        "2 variables are required and set nowhere",
        "ask anna",
    )
    assert [label for label, _ in finding.others] == ["B: ask bert"]


def test_a_requirement_that_is_no_text_is_no_hint() -> None:
    records = [history((BASE, {"required": True}), name=name) for name in ("A", "B")]
    (finding,) = gather_variables({record.key: record for record in records})[1]
    assert (finding.hint, [label for label, _ in finding.others]) == ("", ["B"])


def test_one_missing_variable_is_named() -> None:
    record = history((BASE, {"required": "ask anna"}), name="A")
    assert gather_variables({record.key: record})[1][0].message == "A is required and set nowhere"


@pytest.mark.parametrize(
    ("record", "secret"),
    [
        pytest.param(history((BASE, "a")), False, id="plain"),
        pytest.param(history((BASE, {"value": "a", "secret": True})), True, id="declared"),
        pytest.param(
            history((BASE, {"required": "a", "secret": True}), (FILE, "b")), True, id="declared-below-still-counts"
        ),
        pytest.param(history((BASE, {"value": "a", "secret": False})), False, id="declared-not"),
        pytest.param(history((BASE, "a"), name="API_TOKEN"), True, id="by-name"),
    ],
)
def test_is_secret(record: History, secret: bool) -> None:
    assert is_secret(record) is secret


def test_what_contains_a_secret_is_one() -> None:
    records = [
        history((FILE, "hunter2"), name="PASSWORD"),
        history((FILE, "x:hunter2@y"), name="URL"),
        history((FILE, "x"), name="Z"),
    ]
    variables, _ = gather_variables({record.key: record for record in records})
    assert {name: variable.secret for name, variable in variables.items()} == {
        "PASSWORD": True,
        "URL": True,
        "Z": False,
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), ({"value": "a"}, "a"), ({"default": "a"}, "a"), ({"required": "a"}, None), (3, None)],
)
def test_text_of(value: object, text: str | None) -> None:
    assert text_of(Candidate(value, Origin(BASE))) == text


def test_empty_text_does_not_meet_a_requirement() -> None:
    record = history((BASE, {"required": "ask"}), (SHELL, ""))
    variables, (finding,) = gather_variables({record.key: record})
    assert variables == {}
    assert finding.message == "X is required and empty"
    assert [label for label, _ in finding.others] == ["the empty text"]
