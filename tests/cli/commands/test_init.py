from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.cli.init_projects import PROJECTS

if TYPE_CHECKING:
    from tests.cli.conftest import Project
    from tests.cli.init_projects import Case

FILES = {
    ".flaskenv": "FLASK_APP=shop:create_app\nFLASK_RUN_PORT=8000\nGREETING=hi\nAPI_KEY=t0psecret\n",
    "shop.py": "def create_app():\n    raise SystemExit('imported')\n",
    ".gitignore": "*.pyc\n",
}


@pytest.fixture
def shop(project: Project) -> Project:
    return project.files(FILES)


def files(project: Project) -> set[str]:
    return {path.relative_to(project.root).as_posix() for path in project.root.rglob("*") if path.is_file()}


def test_writes_what_it_found_and_touches_nothing_else(shop: Project) -> None:
    ran = shop.launch("init")
    assert (ran.code, ran.err) == (0, "")
    assert files(shop) == {*FILES, "devserver.toml", ".launch/devserver.schema.json"}
    assert (shop.root / ".flaskenv").read_text() == FILES[".flaskenv"]
    assert (shop.root / ".gitignore").read_text().startswith("*.pyc\n\n# launch")
    assert "t0psecret" not in ran.out + (shop.root / "devserver.toml").read_text()
    assert max(map(len, ran.out.splitlines())) <= 80


def test_what_it_wrote_is_right(shop: Project) -> None:
    shop.launch("init")
    (shop.root / ".flaskenv").unlink()
    assert shop.launch("check", "--strict", API_KEY="x").code == 0
    told = shop.launch("explain", API_KEY="x").out
    assert '"shop:create_app"  devserver.toml' in told
    assert "8000" in told


def test_is_content_with_what_it_wrote_while_flaskenv_is_there(shop: Project) -> None:
    shop.launch("init")
    assert shop.launch("check").code == 0


def test_dry_run_shows_the_difference_and_writes_nothing(shop: Project) -> None:
    ran = shop.launch("init", "--dry-run")
    assert files(shop) == set(FILES)
    lines = ran.out.splitlines()
    assert lines[:3] == ["--- /dev/null", "+++ b/devserver.toml", "@@ -0,0 +1,11 @@"]
    assert "+#:schema ./.launch/devserver.schema.json" in lines
    assert "+devserver.local.toml" in lines
    assert "t0psecret" not in ran.out


@pytest.mark.parametrize(
    ("there", "below"),
    [
        pytest.param({"devserver.toml": "[base]\n"}, "", id="same-folder"),
        pytest.param({"devserver.toml": "[base]\n", "deep/app.py": ""}, "deep", id="folder-above"),
        pytest.param({"pyproject.toml": "[tool.launch.base]\n"}, "", id="pyproject"),
        pytest.param({"devserver.toml/x": ""}, "", id="folder-of-that-name"),
    ],
)
def test_settings_that_are_there_are_never_overwritten(project: Project, there: dict[str, str], below: str) -> None:
    project.files(there)
    os.chdir(project.root / below)
    ran = project.launch("init")
    assert (ran.code, ran.out) == (2, "")
    assert "error[init-exists]" in ran.err
    assert files(project) == set(there)


def test_a_folder_that_cannot_be_written_is_told(project: Project) -> None:
    ran = project.files({".launch": ""}).launch("init")
    assert ran.code == 2
    assert ran.err.startswith("error[not-written]: devserver.schema.json cannot be written")
    assert "devserver.toml" not in files(project)  # so that the next try is not refused


@pytest.mark.parametrize("content", [b"caf\xe9\n", b"x" * 100_000], ids=["another-encoding", "large"])
def test_an_ignore_file_that_cannot_be_read_is_left_alone(project: Project, content: bytes) -> None:
    (project.root / ".gitignore").write_bytes(content)
    ran = project.launch("init")
    assert (ran.code, ran.err) == (0, "")
    assert (project.root / ".gitignore").read_bytes() == content
    assert ".gitignore cannot be read: add devserver.local.toml, .env*.local," in " ".join(ran.out.split())
    assert ".launch/devserver.schema.json" in files(project)


def test_an_old_schema_stays(project: Project) -> None:
    project.files({".launch/devserver.schema.json": "{}"}).launch("init")
    assert (project.root / ".launch" / "devserver.schema.json").read_text() == "{}"


def test_nothing_found_is_said(project: Project) -> None:
    out = project.launch("init").out
    assert "no settings to copy" in out
    assert 'next   write app = "module:name" in devserver.toml' in out
    assert project.launch("check").code == 0


def test_a_file_that_is_searched_anyway_needs_no_name(project: Project) -> None:
    project.files({"app.py": "app = lambda environ, start_response: []\n"})
    out = project.launch("init").out
    assert "no settings to copy" in out
    assert "next   launch check, then launch dev" in out


@pytest.mark.parametrize("case", PROJECTS, ids=lambda case: case.id)
def test_init_writes_what_check_finds_right(case: Case, project: Project) -> None:
    ran = project.files(case.files).launch("init")
    assert ran.code == 0, ran.err
    text = (project.root / "devserver.toml").read_text(encoding="utf-8")
    assert [line for line in case.lines if line not in text] == [], text
    assert [words for words in case.told if words not in " ".join(ran.out.split())] == [], ran.out
    assert "debug = false" not in text
    assert "change-me" not in text
    (project.root / ".flaskenv").unlink(missing_ok=True)  # it would win, and check says so
    checked = project.launch("check")
    assert (checked.code, checked.err) == (0, ""), text
