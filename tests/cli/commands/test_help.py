from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from launcher.cli.explanation import read_explanations
from launcher.cli.root import command_names, help_text

if TYPE_CHECKING:
    from tests.cli.conftest import Project


def test_help_of_launch_itself(project: Project) -> None:
    assert project.launch("help").out == help_text() + "\n"


@pytest.mark.parametrize("name", command_names())
def test_help_of_a_command_is_what_its_flag_shows(project: Project, name: str) -> None:
    assert project.launch("help", name).out == project.launch(name, "--help").out


def test_an_error_in_full(project: Project) -> None:
    ran = project.launch("help", "error", "env-value")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "error[env-value]\n\n"
        "  The text of a LAUNCH_ or FLASK_RUN_ variable cannot be converted to the type\n"
        "  of its setting. The variable is set in the shell or in a .env file.\n\n"
        "  For example:\n\n"
        "      $ LAUNCH_PORT=80a launch check\n\n"
        "  Instead:\n\n"
        "      $ LAUNCH_PORT=8080 launch check\n"
    )


def test_files_of_an_example_are_shown(project: Project) -> None:
    out = project.launch("help", "error", "unknown-key").out
    assert (
        "  For example, in devserver.toml:\n\n      [base]\n      prot = 5001\n\n  and:\n\n      $ launch check\n"
        in out
    )
    assert out.endswith("  Instead, in devserver.toml:\n\n      [base]\n      port = 5001\n")


@pytest.mark.parametrize("spelled", ["wrong-type", "error[wrong-type]", "[wrong-type]"])
def test_brackets_may_be_copied_too(project: Project, spelled: str) -> None:
    assert project.launch("help", "error", spelled).out.startswith("error[wrong-type]\n")


def test_all_slugs(project: Project) -> None:
    out = project.launch("help", "error").out
    assert all(slug in out for slug in read_explanations())
    assert max(map(len, out.splitlines())) <= 80
    assert json.loads(project.launch("help", "error", "--json").out)["errors"] == list(read_explanations())


def test_json(project: Project) -> None:
    told = json.loads(project.launch("help", "error", "env-value", "--json").out)
    assert told["wrong"] == {"files": {}, "environ": {"LAUNCH_PORT": "80a"}, "command": "LAUNCH_PORT=80a launch check"}


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        pytest.param(["error", "wrong-typ"], "did you mean `wrong-type`?", id="mistyped-error"),
        pytest.param(["error", "x"], "all of them: launch help error", id="no-error"),
        pytest.param(["explian"], "did you mean `launch explain`?", id="mistyped-command"),
        pytest.param(["error", "a", "b"], "this takes the name of a command", id="too-many"),
    ],
)
def test_nothing_to_help_with(project: Project, argv: list[str], sentence: str) -> None:
    ran = project.launch("help", *argv)
    assert (ran.code, ran.out) == (2, "")
    assert sentence in ran.err
