from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING

import pytest

from launcher.cli.commands.check import exit_code
from launcher.errors import Problem

if TYPE_CHECKING:
    from tests.cli.conftest import Project

ERROR, WARNING = Problem("x", "m"), Problem("x", "m", warning=True)


@pytest.mark.parametrize(
    ("problems", "strict", "code"),
    [
        ([], False, 0),
        ([], True, 0),
        ([WARNING], False, 0),
        ([WARNING], True, 3),
        ([ERROR], False, 2),
        ([WARNING, ERROR], True, 2),
    ],
)
def test_exit_code(problems: list[Problem], strict: bool, code: int) -> None:
    assert exit_code(problems, strict=strict) == code


@pytest.fixture(autouse=True)
def an_app(project: Project) -> None:
    project.files({"a.py": "", "app.py": ""})


def test_all_is_well(project: Project) -> None:
    project.files({"devserver.toml": '[base]\napp = "a:b"\n[profiles.one]\nport = 1\n'})
    ran = project.launch("check", "--strict")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "  ok  (base)\n  ok  one\n\nNo problem in 2 profiles.\n"


def test_every_profile_is_validated(project: Project) -> None:
    project.files(
        {
            "devserver.toml": '[base]\napp = "a:b"\n[profiles.good]\nport = 1\n[profiles.bad]\nprot = 1\n',
            "profiles/worse.toml": 'loading = "egar"\nport = "x"\n',
        }
    )
    ran = project.launch("check")
    assert ran.code == 2
    assert ran.err == textwrap.dedent(
        """\
        error[unknown-key]: `profiles.bad.prot` is not a setting
         --> devserver.toml:6:1
          |
        6 | prot = 1
          | ^^^^
          | did you mean `port`?  keys here: allowed-hosts, app, app-dir, browser,
          | debug, debugger, env, env-files, host, ignore-variables, loading, port,
          | processes, reload, threads, tls, wsgi

        error[bad-choice]: `loading` cannot be "egar"
         --> profiles/worse.toml:1:11
          |
        1 | loading = "egar"
          |           ^^^^^^
          | did you mean "eager"?  must be one of "auto", "eager", "lazy"

        error[wrong-type]: `port` must be a whole number 0-65535 or "auto", this is text
         --> profiles/worse.toml:2:8
          |
        2 | port = "x"
          |        ^^^

        3 errors in 2 files
        """
    )
    assert "  fail  bad     1 error in 1 file\n" in ran.out
    assert "  fail  worse   2 errors in 1 file\n" in ran.out
    assert "  ok    good\n" in ran.out


def test_one_profile_only(project: Project) -> None:
    project.files({"devserver.toml": "[profiles.good]\nport = 1\n[profiles.bad]\nprot = 1\n"})
    assert project.launch("check", "--profile", "good").code == 0
    assert project.launch("check", "--profile", "bad").code == 2
    assert "error[unknown-profile]" in project.launch("check", "--profile", "ugly").err


def test_settings_that_can_never_win(project: Project) -> None:
    project.files(
        {
            "devserver.toml": 'default-profile = "one"\n[base]\nport = 1\n',
            "profiles/one.toml": "port = 2\n",
            "profiles/two.toml": "port = 3\n",
        }
    )
    ran = project.launch("check")
    assert ran.code == 0
    assert ran.err.startswith("warning[never-used]: `port` is set here and never used\n --> devserver.toml:3:1\n")
    assert project.launch("check", "--strict").code == 3


def test_what_is_missing_on_this_machine_is_a_warning(project: Project) -> None:
    project.files({"devserver.toml": '[base]\napp = "a:b"\ntls.cert = "no.pem"\ntls.key = "no.key"\n'})
    ran = project.launch("check")
    assert ran.code == 0
    assert ran.err.startswith("warning[")
    assert "  warn  (base)  2 warnings" in ran.out


def test_a_file_that_cannot_be_read(project: Project) -> None:
    project.files({"devserver.toml": "[base\n"})
    ran = project.launch("check")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error[toml-syntax]")


def test_json(project: Project) -> None:
    project.files({"devserver.toml": "[profiles.good]\nport = 1\n[profiles.bad]\nprot = 1\n"})
    ran = project.launch("check", "--json")
    assert (ran.code, ran.err) == (2, "")
    told = json.loads(ran.out)
    assert (told["format_version"], told["exit_code"]) == (1, 2)
    assert told["profiles"] == [
        {"name": "", "errors": 0, "warnings": 0},
        {"name": "good", "errors": 0, "warnings": 0},
        {"name": "bad", "errors": 1, "warnings": 0},
    ]
    (problem,) = told["problems"]
    assert (problem["slug"], problem["warning"]) == ("unknown-key", False)
    assert problem["place"] == {"file": str(project.root / "devserver.toml"), "line": 4, "column": 1, "length": 4}


def test_json_of_a_file_that_cannot_be_read(project: Project) -> None:
    project.files({"devserver.toml": "[base\n"})
    told = json.loads(project.launch("check", "--json").out)
    assert told["profiles"] == []
    assert [problem["slug"] for problem in told["problems"]] == ["toml-syntax"]
