from __future__ import annotations

import datetime
import json

import pytest

from launcher.cli.telling import candidate_json, document, origin_json, problem_json, shown_candidate, shown_value, spot
from launcher.config.layer import Candidate, Origin, Source
from launcher.errors import Place, Problem
from launcher.frame import Look


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (5000, "5000"),
        (0.5, "0.5"),
        ('a"b\n', '"a\\"b\\n"'),
        ("naïve", '"naïve"'),
        (("a", "b"), '["a", "b"]'),
        ([], "[]"),
        ({"default": "x", "secret": False}, '{ default = "x", secret = false }'),
        ({}, "{}"),
        ("redis://:pass@host", '"redis://***@host"'),
    ],
)
def test_values_are_written_as_in_toml(value: object, text: str) -> None:
    assert shown_value(value) == text


@pytest.mark.parametrize(
    ("candidate", "text"),
    [
        pytest.param(Candidate("x", Origin(Source.BASE)), "***", id="text"),
        pytest.param(
            Candidate({"value": "x", "secret": True}, Origin(Source.BASE)),
            '{ value = "***", secret = true }',
            id="table",
        ),
        pytest.param(Candidate({"required": "ask"}, Origin(Source.BASE)), '{ required = "ask" }', id="requirement"),
        pytest.param(Candidate(None, Origin(Source.BASE), unset=True), "(unset)", id="unset"),
    ],
)
def test_secrets_are_masked(candidate: Candidate, text: str) -> None:
    assert shown_candidate(candidate, secret=True) == text


@pytest.mark.parametrize(
    ("origin", "text"),
    [
        (Origin(Source.DEFAULT), "default"),
        (Origin(Source.ENVIRONMENT, name="LAUNCH_PORT", text="1"), "LAUNCH_PORT"),
        (Origin(Source.COMMAND_LINE, name="--port", text="1"), "--port"),
        (Origin(Source.COMMAND_LINE, name="--set", text="env.A_KEY = 'x'"), "--set env.A_KEY"),
        (Origin(Source.COMMAND_LINE, name="--unset", text="tls"), "--unset tls"),
        (Origin(Source.DERIVED, name="debug", reason="follows debug"), "follows debug"),
        (Origin(Source.ENV_FILE, file="/p/.env", line=3, column=4), ".env:3"),
    ],
)
def test_spot(origin: Origin, text: str) -> None:
    assert spot(origin, Look(cwd="/p")).startswith(text)


def test_origin_for_programs_leaves_out_what_is_unknown() -> None:
    assert origin_json(Origin(Source.LOCAL_BASE)) == {"source": "local-base"}
    assert origin_json(Origin(Source.COMMAND_LINE, name="--set", text="env.A_KEY='x'")) == {
        "source": "command-line",
        "name": "--set",
    }


def test_candidate_for_programs() -> None:
    origin = Origin(Source.BASE)
    assert candidate_json(Candidate(("a", {"b": "p://u:pw@h"}), origin), secret=False)["value"] == [
        "a",
        {"b": "p://***@h"},
    ]
    assert candidate_json(Candidate("x", origin), secret=True) == {"secret": True, "origin": {"source": "base"}}
    assert candidate_json(Candidate(None, origin, unset=True), secret=False)["unset"] is True


def test_dates_are_texts_for_programs() -> None:
    candidate = Candidate(datetime.date(2024, 5, 1), Origin(Source.PROFILE, "/p/devserver.toml", ("env", "A"), 3, 1))
    assert json.loads(document(found=candidate_json(candidate, secret=False)))["found"]["value"] == "2024-05-01"


def test_problem_for_programs() -> None:
    told = problem_json(Problem("s", "m", None, "h", (("l", Place("/p/a", 1, 2, "text", 3)),), ("n",), warning=True))
    assert told == {
        "slug": "s",
        "warning": True,
        "message": "m",
        "hint": "h",
        "place": None,
        "others": [{"label": "l", "place": {"file": "/p/a", "line": 1, "column": 2, "length": 3}}],
        "notes": ["n"],
    }


def test_document_is_ascii_and_says_its_version() -> None:
    text = document(a="\x1b\u202e\udc80")
    assert text.isascii()
    assert "\x1b" not in text
    assert json.loads(text) == {"format_version": 1, "a": "\x1b\u202e\udc80"}
