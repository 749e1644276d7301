"""Commands that answer all the same: which problems are shown in full, and when the answer counts as wrong."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Project

FILES = {
    "devserver.toml": """\
        [base.env]
        TOKEN = { required = "ask #infra" }

        [profiles.eager]
        loading = "eger"
        port = 5001

        [profiles.lazy]
        port = 5002
        """
}


@pytest.fixture
def shop(project: Project) -> Project:
    return project.files({name: textwrap.dedent(text) for name, text in FILES.items()})


@pytest.mark.parametrize(
    ("argv", "code", "answer"),
    [
        pytest.param(["explain", "port"], 0, "port = 5000", id="other-setting"),
        pytest.param(["explain", "env.TOKEN"], 2, "env.TOKEN = ", id="missing-variable-itself"),
        pytest.param(["explain", "--profile", "eager", "port"], 0, "port = 5001", id="profile-with-a-wrong-value"),
        pytest.param(["explain", "--profile", "eager", "loading"], 2, 'loading = "eger"', id="wrong-value-itself"),
        pytest.param(["explain"], 2, "TOKEN     (required)", id="everything"),
        pytest.param(["profiles"], 0, "eager", id="list-of-profiles"),
        pytest.param(["profiles", "diff", "(base)", "lazy"], 0, "5002", id="differences-that-are-right"),
        pytest.param(["profiles", "diff", "eager", "lazy"], 2, '"eger"', id="differences-that-are-wrong"),
    ],
)
def test_answer_and_code(shop: Project, argv: list[str], code: int, answer: str) -> None:
    ran = shop.launch(*argv)
    assert ran.code == code
    assert answer in ran.out
    assert ("error[" in ran.err) is (code == 2)
    assert ("elsewhere: launch check" in ran.err) is (code == 0)


def test_note_counts_each_problem_once(shop: Project) -> None:
    assert shop.launch("profiles", "diff", "(base)", "lazy").err == "note: 1 error elsewhere: launch check\n"
    assert shop.launch("explain", "port", "--profile", "eager").err == "note: 2 errors elsewhere: launch check\n"


def test_json_tells_the_problems(shop: Project) -> None:
    told = json.loads(shop.launch("explain", "port", "--json").out)
    assert [problem["slug"] for problem in told["problems"]] == ["env-missing"]


def test_warnings_alone_change_nothing(project: Project) -> None:
    project.files({"devserver.toml": "[base]\nport = 1\n", "profiles/odd.toml": "port = \n"})
    ran = project.launch("explain", "port")
    assert ran.code == 0
    assert ran.err.startswith("warning[")


def test_an_unreadable_profile_file_makes_the_answer_wrong(project: Project) -> None:
    project.files({"devserver.toml": "[base]\nport = 1\n", "profiles/odd.toml": "port = \n"})
    ran = project.launch("explain", "port", "--profile", "odd")
    assert (ran.code, ran.out[:8]) == (2, "port = 1")


def test_what_was_typed_wrongly_is_always_shown(project: Project) -> None:
    ran = project.launch("explain", "port", "--set", "host=localhost")
    assert (ran.code, ran.out[:11]) == (2, "port = 5000")
    assert ran.err.startswith("error[set-syntax]")
