from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from launcher.config.json_schema import json_schema
from launcher.config.schema import settings_table

if TYPE_CHECKING:
    from tests.cli.conftest import Project


@pytest.mark.parametrize(
    ("argv", "kind"),
    [
        pytest.param([], "project", id="default"),
        pytest.param(["--for", "project"], "project", id="project"),
        pytest.param(["--for", "profile"], "profile", id="profile"),
    ],
)
def test_schema_for_editors(project: Project, argv: list[str], kind: str) -> None:
    ran = project.launch("schema", *argv)
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out) == json_schema(kind, "0.1.0")


def test_broken_files_of_a_project_do_not_matter(project: Project) -> None:
    assert project.files({"devserver.toml": "["}).launch("schema", LAUNCH_PORT="x").code == 0


def test_one_setting(project: Project) -> None:
    lines = project.launch("schema", "port", "--text").out.splitlines()
    assert lines == [
        "port",
        "  Port to listen on. 0 picks a free port, `auto` the same free port each time.",
        '  Must be a whole number 0-65535 or "auto".',
        "",
        "  default    5000",
        "  flags      -p, --port",
        "  variables  LAUNCH_PORT, FLASK_RUN_PORT",
        "  elsewhere  flask run --port, run_simple(port=...)",
    ]
    assert project.launch("schema", "port").out.splitlines() == lines


@pytest.mark.parametrize("key", ["description", "extends", "unset", "default-profile", "env", "wsgi.static"])
def test_keys_that_are_no_settings_are_explained_too(project: Project, key: str) -> None:
    ran = project.launch("schema", key)
    assert (ran.code, ran.out.splitlines()[0]) == (0, key)


def test_settings_of_a_table(project: Project) -> None:
    out = project.launch("schema", "tls").out
    assert [line.split()[0] for line in out.splitlines()] == ["tls.cert", "tls.key", "tls.adhoc"]


def test_all_names(project: Project) -> None:
    out = project.launch("schema", "--text").out
    for row in settings_table():
        assert any(line.split()[:1] == [row.key] and row.variable in line for line in out.splitlines())
    assert max(map(len, out.splitlines())) < 80


@pytest.mark.parametrize(
    ("key", "hint"), [("prot", "`port`"), ("live_reload", "`browser.live-reload`"), ("x", "--text")]
)
def test_unknown_key(project: Project, key: str, hint: str) -> None:
    ran = project.launch("schema", key)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"error[unknown-key]: `{key}` is not a setting")
    assert hint in ran.err
