"""Whose changes they are: reports of the app, and what the system says happened."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from launcher.supervisor.inotify import Act
from launcher.supervisor.writes import Verdict, Writes
from launcher.wire.digest import identity
from launcher.wire.messages import Writing


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "data.json"
    path.write_text("1")
    return str(path)


def judge(writes: Writes, file: str, *kinds: str, held: bool = False) -> str:
    """Return who made these changes: `own`, `foreign`, or both."""
    status = os.stat(file)
    verdict = Verdict()
    acts = [Act(file, kind) for kind in kinds]  # type: ignore[arg-type]
    writes.judge(acts, {(status.st_dev, status.st_ino)} if held else set(), verdict)
    return " ".join(name for name in ("own", "foreign") if getattr(verdict, name))


@pytest.mark.parametrize(
    ("reports", "kinds", "who"),
    [
        pytest.param("", "modified closed", "foreign", id="no-report"),
        pytest.param("open", "modified closed", "own", id="written"),
        pytest.param("open", "made modified closed", "own", id="new-file"),
        pytest.param("open", "modified", "own", id="not-closed-yet"),
        pytest.param("open", "modified closed modified closed", "own foreign", id="somebody-after-the-app"),
        pytest.param("open open", "modified closed modified closed", "own", id="twice"),
        pytest.param("open", "removed", "foreign", id="removed-by-somebody"),
        pytest.param("open", "arrived", "foreign", id="replaced-by-somebody"),
        pytest.param("remove", "removed", "own", id="removed"),
        pytest.param("remove open", "removed made modified closed", "own", id="removed-and-made"),
        pytest.param("make", "made", "own", id="folder"),
        pytest.param("make", "made removed made", "own foreign", id="folder-of-somebody"),
        pytest.param("replace", "arrived", "own", id="replaced"),
        pytest.param("replace", "arrived modified closed", "own foreign", id="replaced-and-edited"),
    ],
)
def test_judge(file: str, reports: str, kinds: str, who: str) -> None:
    writes = Writes()
    for how in reports.split():
        writes.report(Writing(file, how, identity(file) if how == "replace" else ""))
    assert judge(writes, file, *kinds.split()) == who


def test_another_file_that_arrives_is_foreign(file: str) -> None:
    writes = Writes()
    writes.report(Writing(file, "replace", identity(file)))
    Path(file).write_text("another content")
    assert judge(writes, file, "arrived") == "foreign"


def test_close_is_foreign_while_the_app_keeps_the_file_open(file: str) -> None:
    writes = Writes()
    writes.report(Writing(file, "open"))
    assert judge(writes, file, "modified", held=True) == "own"
    assert judge(writes, file, "modified", "closed", held=True) == "own foreign"
    assert judge(writes, file, "modified", held=True) == "own"


def test_file_that_the_app_holds_without_a_report_is_own_until_it_is_closed(file: str) -> None:
    """As databases that are written by C libraries."""
    assert judge(Writes(), file, "modified", held=True) == "own"
    assert judge(Writes(), file, "modified", "closed", held=True) == "own foreign"


def test_report_by_a_link_counts_for_its_target(file: str, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("data.json")
    writes = Writes()
    writes.report(Writing(str(tmp_path / "link"), "open"))
    assert judge(writes, file, "modified", "closed") == "own"


def test_report_is_retired_when_the_file_is_not_held(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("launcher.supervisor.writes.RETIRE_SECONDS", 0.0)
    writes = Writes(lambda: [os.getpid()])
    writes.report(Writing(file, "open"))
    with open(file, "a"):
        assert writes.retire(writes.held()) == []
        assert writes.covers(file)
        assert writes.covers(os.path.dirname(file) + "/")
    assert writes.retire(writes.held()) == [file]
    assert not writes.covers(file)
    assert not writes.is_waiting()
