"""The listings of folders that the import system keeps: made anew, and made in advance where that is safe."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from importlib.machinery import FileFinder, PathFinder
from pathlib import Path

import pytest

from launcher.worker.folders import SETTLED_SECONDS, Folders

LONG_AGO = time.time() - 10 * SETTLED_SECONDS


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that was searched before, and has not changed since."""
    finds(tmp_path, "known_to_nobody")
    yield tmp_path
    sys.path_importer_cache.pop(str(tmp_path), None)


def finds(folder: Path, name: str) -> bool:
    return PathFinder.find_spec(name, [str(folder)]) is not None


def add_unnoticed(folder: Path, name: str, changed: float) -> None:
    """Add a module as if the clock of the file system had not ticked since the folder was listed."""
    (folder / f"{name}.py").write_text("")
    os.utime(folder, (changed, changed))


def list_as_of(folder: Path, changed: float) -> Folders:
    os.utime(folder, (changed, changed))
    folders = Folders()
    folders.forget()
    folders.list()
    return folders


def test_what_is_forgotten_is_listed_anew(folder: Path) -> None:
    list_as_of(folder, LONG_AGO)
    add_unnoticed(folder, "new", LONG_AGO)
    assert not finds(folder, "new"), "the listing was kept"
    Folders().forget()
    assert finds(folder, "new")


def test_a_listing_in_advance_is_kept(folder: Path) -> None:
    folders = list_as_of(folder, LONG_AGO)
    finder = sys.path_importer_cache[str(folder)]
    assert isinstance(finder, FileFinder)
    folders.forget_young()
    add_unnoticed(folder, "new", LONG_AGO)
    assert not finds(folder, "new")


def test_a_listing_soon_after_a_change_is_not_relied_on(folder: Path) -> None:
    now = time.time()
    folders = list_as_of(folder, now)
    add_unnoticed(folder, "new", now)
    folders.forget_young()
    assert finds(folder, "new")


def test_a_change_after_the_listing_is_noticed(folder: Path) -> None:
    folders = list_as_of(folder, LONG_AGO)
    (folder / "new.py").write_text("")
    folders.forget_young()
    assert finds(folder, "new")


def test_a_folder_that_is_gone_may_come_back(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    finds(folder, "known_to_nobody")
    folder.rmdir()
    folders = Folders()
    folders.forget()
    folders.list()
    folder.mkdir()
    (folder / "new.py").write_text("")
    folders.forget_young()
    assert finds(folder, "new")
    sys.path_importer_cache.pop(str(folder), None)
