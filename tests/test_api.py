from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import launcher
from launcher.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "devserver.toml").write_text("[base]\nport = 1\n[profiles.one]\nport = 2\n", encoding="utf-8")
    (tmp_path / "below").mkdir()
    return tmp_path


def test_resolve_reads_the_project_around_the_current_directory(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project / "below")
    monkeypatch.delenv("LAUNCH_PROFILE", raising=False)
    assert launcher.resolve().settings.port == 1
    monkeypatch.setenv("LAUNCH_PROFILE", "one")
    assert launcher.resolve().settings.port == 2


def test_resolve_takes_profile_directory_and_environment(project: Path) -> None:
    found = launcher.resolve("one", directory=str(project), environ={"LAUNCH_HOST": "localhost"})
    assert (found.profile, found.settings.port, found.settings.host) == ("one", 2, "localhost")
    assert found.where("port") == "devserver.toml:4:8"
    assert launcher.resolve("one", directory=str(project), environ={"LAUNCH_PORT": "3"}).settings.port == 3


def test_resolve_can_leave_everything_out(project: Path) -> None:
    assert launcher.resolve(directory=str(project), environ={"LAUNCH_PORT": "3"}, isolated=True).settings.port == 5000


def test_resolve_reads_the_file_it_is_given(project: Path) -> None:
    (project / "other.toml").write_text("[base]\nport = 7\n", encoding="utf-8")
    assert launcher.resolve(directory=str(project), config="other.toml", environ={}).settings.port == 7


def test_resolve_raises_with_every_problem(project: Path) -> None:
    (project / "devserver.toml").write_text("[base]\nprot = 1\nport = 'x'\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        launcher.resolve(directory=str(project), environ={})
    assert [problem.slug for problem in caught.value.problems] == ["unknown-key", "wrong-type"]


def test_unknown_attributes_are_what_python_says() -> None:
    with pytest.raises(AttributeError, match="module 'launcher' has no attribute 'nothing'"):
        launcher.nothing  # noqa: B018


def test_dir_lists_the_api() -> None:
    assert {"__version__", "resolve"} <= set(dir(launcher))
