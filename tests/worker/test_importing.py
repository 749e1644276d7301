from __future__ import annotations

import sys
from pathlib import Path

import pytest

from launcher.worker.importing import file_of, is_path, module_of, put_first


@pytest.mark.parametrize(
    ("packages", "file", "folder", "name"),
    [
        pytest.param((), "shop.py", "", "shop", id="file"),
        pytest.param((), "web/shop.py", "web", "shop", id="file-in-folder"),
        pytest.param(("shop",), "shop/__init__.py", "", "shop", id="package"),
        pytest.param(("shop",), "shop/web.py", "", "shop.web", id="file-in-package"),
        pytest.param(("a", "a/b"), "a/b/c.py", "", "a.b.c", id="two-packages"),
        pytest.param(("a/b",), "a/b/c.py", "a", "b.c", id="climbs-to-the-first-folder-that-is-none"),
    ],
)
def test_a_file_has_its_name_in_the_outermost_package(
    packages: tuple[str, ...], file: str, folder: str, name: str, tmp_path: Path
) -> None:
    for package in packages:
        (tmp_path / package).mkdir(parents=True, exist_ok=True)
        (tmp_path / package / "__init__.py").touch()
    assert module_of(str(tmp_path / file)) == (str(tmp_path / folder), name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("shop", False), ("shop.web", False), ("shop.py", True), ("web/shop", True), ("./shop", True)],
)
def test_a_path_has_a_slash_or_a_suffix(text: str, expected: bool) -> None:
    assert is_path(text) is expected


def test_a_package_wins_over_a_file_of_the_same_name(tmp_path: Path) -> None:
    assert file_of(str(tmp_path), "app") is None
    (tmp_path / "app").mkdir()
    assert file_of(str(tmp_path), "app") is None
    (tmp_path / "app.py").touch()
    assert file_of(str(tmp_path), "app") == str(tmp_path / "app.py")
    (tmp_path / "app/__init__.py").touch()
    assert file_of(str(tmp_path), "app") == str(tmp_path / "app/__init__.py")


def test_a_folder_moves_to_the_front(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", ["/a", "/b", "/c"])
    put_first("/b")
    assert sys.path == ["/b", "/a", "/c"]
    put_first("/b")
    put_first("/d")
    assert sys.path == ["/d", "/b", "/a", "/c"]
