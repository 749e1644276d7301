from __future__ import annotations

from pathlib import Path

import pytest

from launcher.supervisor.shown import MISSING_SECONDS, Change, Shown
from launcher.wire.digest import of_file


@pytest.fixture
def shown() -> Shown:
    return Shown()


def read(shown: Shown, path: Path, text: str = "old", *, style: bool = False) -> str:
    path.write_text(text)
    shown.was_read(str(path), of_file(str(path)), style=style)
    return str(path)


def save(shown: Shown, path: Path, text: str, now: float = 0.0) -> Change:
    path.write_text(text)
    shown.moved([str(path)])
    return shown.look(now)


def test_a_changed_content_is_told_once(shown: Shown, tmp_path: Path) -> None:
    path = read(shown, tmp_path / "a.html")
    assert save(shown, tmp_path / "a.html", "new") == Change((path,))
    assert save(shown, tmp_path / "a.html", "new") == Change()
    assert shown.look(1.0) == Change()


def test_a_touch_changes_nothing(shown: Shown, tmp_path: Path) -> None:
    read(shown, tmp_path / "a.html")
    assert save(shown, tmp_path / "a.html", "old") == Change()


@pytest.mark.parametrize(
    ("names", "style"),
    [
        pytest.param(["a.css"], True, id="one-stylesheet"),
        pytest.param(["a.css", "b.css"], True, id="two-stylesheets"),
        pytest.param(["a.css", "a.html"], False, id="stylesheet-and-template"),
        pytest.param(["a.html"], False, id="template"),
    ],
)
def test_only_stylesheets_are_swapped(shown: Shown, tmp_path: Path, names: list[str], style: bool) -> None:
    for name in names:
        read(shown, tmp_path / name, style=name.endswith(".css"))
        (tmp_path / name).write_text("new")
        shown.moved([str(tmp_path / name)])
    assert shown.look(0.0) == Change(tuple(str(tmp_path / name) for name in names), style)


def test_what_moved_is_ours_or_not(shown: Shown, tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    read(shown, tmp_path / "t" / "a.html")
    assert shown.moved([str(tmp_path / "t" / "a.html")])
    assert shown.moved([str(tmp_path / "t")])
    assert not shown.moved([str(tmp_path / "t" / "b.html"), str(tmp_path / "t" / "a.htm")])


def test_only_what_moved_is_looked_at_unless_all_is_in_doubt(shown: Shown, tmp_path: Path) -> None:
    path = read(shown, tmp_path / "a.html")
    (tmp_path / "a.html").write_text("new")
    assert shown.look(0.0) == Change()
    shown.doubt()
    assert shown.look(0.0) == Change((path,))


def test_a_file_that_is_away_for_a_moment_is_waited_for(shown: Shown, tmp_path: Path) -> None:
    path = read(shown, tmp_path / "a.html")
    (tmp_path / "a.html").unlink()
    shown.moved([path])
    assert shown.is_missing(10.0)
    assert shown.is_missing(10.0 + MISSING_SECONDS / 2)
    (tmp_path / "a.html").write_text("new")
    assert not shown.is_missing(10.0 + MISSING_SECONDS / 2)
    assert shown.look(10.2) == Change((path,))


def test_a_file_that_stays_away_has_changed(shown: Shown, tmp_path: Path) -> None:
    path = read(shown, tmp_path / "a.html")
    (tmp_path / "a.html").unlink()
    shown.moved([path])
    assert shown.is_missing(10.0)
    assert not shown.is_missing(10.0 + MISSING_SECONDS)
    assert shown.look(10.5) == Change((path,))
    assert not shown.is_missing(11.0)


def test_accepted_file_differs_when_it_changes_again(shown: Shown, tmp_path: Path) -> None:
    path = read(shown, tmp_path / "cache.txt")
    (tmp_path / "cache.txt").write_text("of the app")
    shown.accept(shown.states([path, "/unknown"]))
    shown.doubt()
    assert shown.look(0.0) == Change()
    assert save(shown, tmp_path / "cache.txt", "newer") == Change((path,))


def test_a_new_worker_that_read_the_new_content_leaves_nothing_to_tell(shown: Shown, tmp_path: Path) -> None:
    read(shown, tmp_path / "a.html")
    read(shown, tmp_path / "a.html", "new")
    shown.doubt()
    assert shown.look(0.0) == Change()


def test_a_file_is_new_once(shown: Shown) -> None:
    assert shown.was_read("/p/a", "1")
    assert not shown.was_read("/p/a", "2")


@pytest.mark.parametrize(("every", "count"), [(0.1, 15), (0.2, 15), (0.9, 60)])
def test_a_file_that_changes_with_each_refresh_is_given_up(
    shown: Shown, tmp_path: Path, every: float, count: int
) -> None:
    path = read(shown, tmp_path / "counter.txt")
    changes = [save(shown, tmp_path / "counter.txt", f"{number}", number * every) for number in range(count + 2)]
    assert changes == [Change((path,))] * (count - 1) + [Change(noisy=(path,)), Change(), Change()]
    shown.forgive()
    assert save(shown, tmp_path / "counter.txt", "new", 1000.0) == Change((path,))


@pytest.mark.parametrize(("every", "count"), [(1.1, 300), (0.5, 50), (0.05, 14)])
def test_a_person_who_saves_often_is_no_noise(shown: Shown, tmp_path: Path, every: float, count: int) -> None:
    path = read(shown, tmp_path / "a.html")
    for number in range(count):
        assert save(shown, tmp_path / "a.html", f"{number}", number * every) == Change((path,))


def test_there_is_a_limit(shown: Shown, monkeypatch) -> None:
    monkeypatch.setattr("launcher.supervisor.shown.MOST", 2)
    assert [shown.was_read(f"/p/{name}", "1") for name in "abc"] == [True, True, False]
    assert not shown.was_read("/p/a", "2")
