"""Which library files are told of, and in which state: modules that stand for libraries, in a folder of that name."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

from launcher.wire.digest import MISSING, UNCERTAIN, of_file, of_state
from launcher.worker import installed as module
from launcher.worker.installed import Installed

LIBRARY = "launch_tests_library"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "site-packages"
    folder.mkdir()
    (folder / "library.py").write_text("")
    library = ModuleType(LIBRARY)
    library.__file__ = str(folder / "library.py")
    monkeypatch.setitem(sys.modules, LIBRARY, library)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "project"), str(folder)])
    return folder


def told(*names: str, begun: float = 60.0) -> dict[str, str]:
    """Return what is told of these modules by an import that began so many seconds from now."""
    found: dict[str, str] = {}
    installed = Installed(found.update)
    installed._begun = time.time_ns() + int(begun * 1e9)
    installed.tell(names)
    return found


def test_files_of_libraries_and_the_names_beside_them(folder: Path) -> None:
    path, names = str(folder / "library.py"), str(folder / "")
    assert told(LIBRARY) == {path: of_state(path), os.path.join(names, ""): of_file(os.path.join(names, ""))}


@pytest.mark.parametrize("name", ["os", "sys", "no_such_module", __name__])
def test_other_modules_are_passed_over(folder: Path, name: str) -> None:
    assert set(told(name)) == {os.path.join(str(folder), "")}


def test_a_file_that_changed_while_it_may_have_been_read(folder: Path) -> None:
    assert told(LIBRARY, begun=-60.0)[str(folder / "library.py")] == UNCERTAIN


def test_a_file_that_is_gone(folder: Path) -> None:
    (folder / "library.py").unlink()
    assert told(LIBRARY)[str(folder / "library.py")] == MISSING


def test_each_folder_is_told_once_and_many_files_in_parts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BATCH", 1)
    parts: list[dict[str, str]] = []
    installed = Installed(parts.append)
    installed.begin()
    installed.tell([LIBRARY])
    installed.tell([LIBRARY])
    assert [list(part) for part in parts] == [
        [os.path.join(str(folder), "")],
        [str(folder / "library.py")],
        [str(folder / "library.py")],
    ]
