from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from launcher.worker.importing import put_first

if TYPE_CHECKING:
    import pytest


def test_a_folder_moves_to_the_front(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", ["/a", "/b", "/c"])
    put_first("/b")
    assert sys.path == ["/b", "/a", "/c"]
    put_first("/b")
    put_first("/d")
    assert sys.path == ["/d", "/b", "/a", "/c"]
