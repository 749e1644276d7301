"""Which files are taken for those that people have edited last."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from launcher.supervisor import recent
from launcher.supervisor.recent import COMPANY, by_hand, edited_last

CHECKOUT = {f"{number}.py": 1000.0 + number / 100 for number in range(COMPANY + 1)}
CASES = {
    "nothing": ({}, ()),
    "the-newest-first": ({"a": 10.0, "b": 30.0, "c": 20.0}, ("b", "c", "a")),
    "so-many": ({"a": 10.0, "b": 30.0, "c": 20.0, "d": 40.0}, ("d", "b", "c")),
    "what-came-together-was-not-edited": (CHECKOUT, ()),
    "edited-after-a-checkout": ({**CHECKOUT, "a": 2000.0}, ("a",)),
    "edited-before-a-checkout": ({**CHECKOUT, "a": 10.0}, ("a",)),
    "a-few-at-once": ({str(number): 10.0 for number in range(COMPANY)}, ("0", "1", "2")),
}


@pytest.mark.parametrize(("written", "expected"), CASES.values(), ids=CASES)
def test_by_hand(written: dict[str, float], expected: tuple[str, ...]) -> None:
    assert by_hand(written, 3) == expected


def write(path: Path, time: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    os.utime(path, (time, time))


def test_sources_of_the_project_are_looked_at(tmp_path: Path) -> None:
    write(tmp_path / "app.py", 100.0)
    write(tmp_path / "shop/cart.py", 200.0)
    newer = 300.0
    for name in ("page.html", ".git/x.py", "node_modules/x.py", "shop/__pycache__/x.py", "env/lib/x.py", "tests/x.py"):
        write(tmp_path / name, newer)
    (tmp_path / "env/pyvenv.cfg").write_text("")
    (tmp_path / "link.py").symlink_to(tmp_path / "page.html")
    (tmp_path / "again").symlink_to(tmp_path)
    found = edited_last([str(tmp_path), str(tmp_path / "shop"), str(tmp_path / "missing")], 5)
    assert found == (str(tmp_path / "shop/cart.py"), str(tmp_path / "app.py"))


class Vanishing:
    """What a folder holds, as told a moment ago."""

    name, path = "gone.py", "/nowhere/gone.py"

    def is_file(self, *, follow_symlinks: bool) -> bool:
        return True

    def stat(self, *, follow_symlinks: bool) -> os.stat_result:
        return os.lstat(self.path)


def test_a_file_that_vanishes_meanwhile_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "scandir", lambda _: contextlib.nullcontext([Vanishing()]))
    assert edited_last([str(tmp_path)], 5) == ()


def test_folders_that_nobody_may_enter(tmp_path: Path) -> None:
    write(tmp_path / "shut/x.py", 200.0)
    write(tmp_path / "app.py", 100.0)
    (tmp_path / "shut").chmod(0o444)
    try:
        found = edited_last([str(tmp_path)], 5)
    finally:
        (tmp_path / "shut").chmod(0o755)
    assert found[-1] == str(tmp_path / "app.py")  # root may enter any folder


def test_a_large_tree_is_not_looked_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "MOST_ENTRIES", 3)
    for name in ("a.py", "b.py", "c.py"):
        write(tmp_path / name, 100.0)
    assert len(edited_last([str(tmp_path)], 5)) == 3
    write(tmp_path / "d.py", 100.0)
    assert edited_last([str(tmp_path)], 5) == ()
