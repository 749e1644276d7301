"""Whether a source begins as it did."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from launcher.wire.opening import Opening


@pytest.mark.parametrize(
    ("content", "is_there"),
    [
        (b"import a\n", True),
        (b"import a\nX = 1\n", True),
        (b"import b\nX = 1\n", False),
        (b"import a", False),
        (b"", False),
    ],
)
def test_whether_a_file_begins_like_this(tmp_path: Path, content: bytes, is_there: bool) -> None:
    path = tmp_path / "app.py"
    path.write_bytes(content)
    opening = Opening.of(str(path), b"import a\n")
    assert opening.begins(content) is opening.is_there() is is_there


@pytest.mark.parametrize("name", ["none.py", ".", "pipe", "\0.py"])
def test_what_cannot_be_read_begins_with_nothing(tmp_path: Path, name: str) -> None:
    """Nor is anything waited for that never comes."""
    os.mkfifo(tmp_path / "pipe")
    assert not Opening.of(f"{tmp_path}/{name}", b"import a\n").is_there()
