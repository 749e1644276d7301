"""Digests: equal for equal content, and the same for whoever reads."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from launcher.wire.digest import (
    DISTRIBUTIONS,
    FOLDER,
    LARGE,
    MISSING,
    MODULES,
    NAMES,
    PRESENT,
    SPECIAL,
    UNREADABLE,
    matters,
    of_content,
    of_file,
    of_presence,
    of_read,
)

PASSING = [
    "__pycache__",
    ".git",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".coverage",
    ".coverage.host.1.x",
    ".DS_Store",
    "4913",
    ".#app.py",
    "#app.py#",
    "app.py~",
    ".app.py.swp",
    ".app.py.swo",
    "app.py___jb_tmp___",
    "app.py___jb_old___",
    ".goutputstream-1A",
    "tmpab12_xyz",
    "tmpab12_xyz.json",
    "shop.db-journal",
    "shop.db-wal",
    "x.lock",
    ".nfs0001",
]
"""Names that tools leave behind, and side files of editors and databases."""


@pytest.mark.parametrize("content", [b"", b"x", b"x = 1\n", bytes(range(256)), b"a" * LARGE], ids=len)
def test_a_file_has_the_digest_of_its_content(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    assert of_file(str(file)) == of_content(content) == of_read(content, file.stat())


def test_a_digest_is_sixteen_hexadecimal_digits() -> None:
    assert of_content(b"") == "e4a6a0577479b2b4"
    assert of_content(b"") != of_content(b"\0")


def test_a_touch_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    before = of_file(str(file))
    os.utime(file, (1, 1))
    assert of_file(str(file)) == before


def test_a_large_file_is_known_by_its_metadata(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes(LARGE + 1))
    before = of_file(str(file))
    assert of_read(file.read_bytes(), file.stat()) == before
    assert before != of_content(file.read_bytes())
    os.utime(file, (1, 1))
    assert of_file(str(file)) != before


@pytest.mark.parametrize("name", ["nowhere", "loop", "gone", "gone/below", "nul\0byte", "x" * 300, "\ud800"])
def test_a_file_that_nobody_can_find_is_missing(tmp_path: Path, name: str) -> None:
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert of_file(f"{tmp_path}/{name}") == of_presence(f"{tmp_path}/{name}") == MISSING


@pytest.mark.parametrize("name", ["fifo", "socket", "uptime", "/dev/zero", "/proc/uptime", "/sys/kernel/notes"])
def test_a_special_file_has_one_digest(tmp_path: Path, name: str) -> None:
    """Also one of the kernel's, whose content is another one at each look."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "uptime").symlink_to("/proc/uptime")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        path = tmp_path / name
        if path.exists():
            assert of_file(str(path)) == of_presence(str(path)) == of_read(b"x", path.stat()) == SPECIAL


def test_a_file_that_cannot_be_opened_is_not_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    (tmp_path / "file").write_text("x")
    monkeypatch.setattr("launcher.wire.digest.open", refuse)
    assert of_file(str(tmp_path / "file")) == UNREADABLE


@pytest.mark.parametrize(
    ("name", "kind", "is_folder", "expected"),
    [
        ("notes.txt", NAMES, False, True),
        ("notes.txt", MODULES, False, False),
        ("notes.txt", DISTRIBUTIONS, False, False),
        ("plugin.py", MODULES, False, True),
        ("plugin.so", MODULES, False, True),
        ("plugin", MODULES, True, True),
        ("plugin", MODULES, False, False),
        ("a.b", MODULES, True, False),
        ("plugin.py", DISTRIBUTIONS, False, False),
        ("shop-1.0.dist-info", DISTRIBUTIONS, True, True),
        ("shop.egg-info", DISTRIBUTIONS, True, True),
        ("shop.egg-link", DISTRIBUTIONS, False, True),
        *((name, NAMES, False, False) for name in PASSING),
        *((name, NAMES, False, True) for name in ("coverage", "4914", "a.py", ".env", "tmp", "tmpl", "swp", "git")),
    ],
)
def test_which_names_matter(name: str, kind: str, is_folder: bool, expected: bool) -> None:
    assert matters(name, kind, is_folder=is_folder) is expected


def test_every_folder_has_the_same_digest(tmp_path: Path) -> None:
    assert of_file(str(tmp_path)) == of_file(os.curdir) == FOLDER


def test_a_slash_at_the_end_asks_for_the_names_in_a_folder(tmp_path: Path) -> None:
    names = f"{tmp_path}/"
    empty = of_file(names)
    (tmp_path / "a.py").write_text("1")
    one = of_file(names)
    assert one not in (empty, MISSING, FOLDER)
    (tmp_path / "a.py").write_text("22")
    assert of_file(names) == one
    for passing in ("__pycache__", "a.py~", ".a.py.swp", "data.db-journal", ".#a.py"):
        (tmp_path / passing).write_text("")
    assert of_file(names) == one
    (tmp_path / "a.py").unlink()
    (tmp_path / "a.py").mkdir()
    assert of_file(names) not in (one, empty)
    assert of_file(f"{tmp_path}/gone/") == MISSING


def test_presence_says_nothing_of_the_content(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("1")
    assert of_presence(str(tmp_path / "file")) == PRESENT
    assert of_presence(str(tmp_path)) == FOLDER
    assert of_presence(str(tmp_path / "gone")) == MISSING


def test_a_link_has_the_digest_of_its_target(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to("file")
    assert of_file(str(tmp_path / "link")) == of_content(b"x")
