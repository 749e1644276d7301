from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Project

TEXT = """\
[base]
app = "shop:create_app"
env.API_KEY = "t0psecret"
env.DATABASE_URL = "postgres://me:hunter2@db/dev"
env.GREETING = "it's me"
"""


@pytest.fixture
def shop(project: Project) -> Project:
    return project.files({"devserver.toml": TEXT})


def test_lines_for_a_dotenv_file_with_secrets_masked(shop: Project) -> None:
    ran = shop.launch("env")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "API_KEY='***'",
        "DATABASE_URL='postgres://***@db/dev'",
        "FLASK_APP=shop:create_app",
        "FLASK_DEBUG=1",
        "GREETING='it\\'s me'",
    ]
    assert ran.err == "note: 2 values masked; --reveal shows all\n"


@pytest.mark.parametrize("form", ["dotenv", "shell", "json"])
def test_no_format_gives_a_secret_away_unless_asked(shop: Project, form: str) -> None:
    masked = shop.launch("env", "--format", form)
    assert not any(secret in masked.out + masked.err for secret in ("t0psecret", "hunter2"))
    revealed = shop.launch("env", "--format", form, "--reveal")
    assert all(secret in revealed.out for secret in ("t0psecret", "hunter2"))
    assert revealed.err == ""


def test_a_shell_takes_the_lines(shop: Project) -> None:
    script = shop.launch("env", "--format", "shell", "--reveal").out + 'printf %s "$GREETING,$API_KEY"'
    assert subprocess.run(["sh", "-c", script], capture_output=True, check=True).stdout == b"it's me,t0psecret"


def test_a_shell_is_told_what_to_remove(shop: Project) -> None:
    assert shop.launch("env", "--format", "shell", "--unset", "env.GREETING").out.startswith("unset GREETING\n")


@pytest.mark.parametrize("argv", [["--json"], ["--format", "json"]], ids=" ".join)
def test_json(shop: Project, argv: list[str]) -> None:
    told = json.loads(shop.launch("env", *argv, GREETING="hello").out)
    assert told["format_version"] == 1
    assert told["variables"]["API_KEY"]["secret"] is True
    assert told["variables"]["GREETING"] == {"value": "hello", "origin": {"source": "environment", "name": "GREETING"}}
    assert told["removed"] == []


def test_missing_variables_are_an_error(project: Project) -> None:
    project.files({"devserver.toml": "[base.env]\nA = {required = 'ask'}\n"})
    ran = project.launch("env")
    assert (ran.code, ran.out) == (2, "")
