from __future__ import annotations

import ast
import builtins
import json
import os
import socket
import time
from pathlib import Path

import pytest

from launcher import standard

OURS = Path(standard.__file__).parent
REAL = {
    "worker/registrars.py": "replaces functions for the app",
    "web/leftovers.py": "looks at what the app finds in a thread",
    "worker/__main__.py": "runs before everything else",
}
"""Modules that use the modules themselves."""


def test_copies_keep_their_functions_when_the_app_replaces_them(monkeypatch: pytest.MonkeyPatch):
    now = standard.time.monotonic
    assert standard.open is open
    assert standard.json.dumps([]) == "[]"
    assert standard.socket.socket is socket.socket
    for module, name in ((time, "monotonic"), (json, "dumps"), (socket, "socket"), (builtins, "open")):
        monkeypatch.setattr(module, name, None)
    ends = standard.socket.socketpair()
    for end in ends:
        end.close()
    assert standard.time.monotonic is now
    assert standard.json.dumps([]) == "[]"
    assert standard.open is not None


def test_copies_share_the_environment():
    assert standard.os.environ is os.environ


def test_copies_follow_green_threads(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(standard.time, "sleep", standard.time.sleep)
    monkeypatch.setattr(time, "sleep", max)
    standard.follow_green_threads()
    assert standard.time.sleep is max


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=str(path.relative_to(OURS)))
        for folder in ("wire", "web", "worker")
        for path in sorted((OURS / folder).rglob("*.py"))
        if str(path.relative_to(OURS)) not in REAL
    ],
)
def test_code_beside_the_app_uses_the_copies(path: Path):
    tree = ast.parse(path.read_text())
    checks = [node for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    exempt = {inner for check in checks for inner in ast.walk(check)}
    imported = [
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import) and node not in exempt
        for alias in node.names
    ]
    assert not standard.COPIED.intersection(imported), (
        "an app may replace its functions: import it from launcher.standard"
    )
    if any(isinstance(node, ast.Call) and ast.unparse(node.func) == "open" for node in ast.walk(tree)):
        names = [alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names]
        assert "open" in names, "an app may replace `open`: import it from launcher.standard"
