"""Digests: equal for equal content, and the same for whoever reads."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from launcher.wire.digest import FOLDER, LARGE, MISSING, PRESENT, of_content, of_file, of_presence, of_read


@pytest.mark.parametrize("content", [b"", b"x", b"x = 1\n", bytes(range(256)), b"a" * LARGE], ids=len)
def test_a_file_has_the_digest_of_its_content(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    assert of_file(str(file)) == of_content(content) == of_read(str(file), content)


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
    assert of_read(str(file), file.read_bytes()) == before
    assert before != of_content(file.read_bytes())
    os.utime(file, (1, 1))
    assert of_file(str(file)) != before


def test_what_is_no_readable_file_is_missing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        for name in ("fifo", "nowhere", "loop", "socket", "gone", "gone/below", "nul\0byte"):
            assert of_file(str(tmp_path / name)) == MISSING, name
    assert of_file("/dev/zero") == MISSING


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
