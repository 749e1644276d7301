"""The unlisted command takes what `launcher.run()` left for it, and nothing else."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from launcher.cli.commands.program import make_request, read_told
from launcher.cli.invocation import Invocation
from launcher.cli.main import run
from launcher.cli.root import help_text
from launcher.errors import ExitCode, UsageError
from launcher.plan import Program

TOLD = {"program": {}, "call": {"file": "/p/hello.py", "line": 3, "settings": {"port": 1}}, "profile": "two"}


def descriptor(path: Path, content: bytes) -> int:
    path.write_bytes(content)
    return os.open(path, os.O_RDONLY)


def test_what_was_left_is_read_from_its_beginning_and_closed(tmp_path: Path) -> None:
    number = descriptor(tmp_path / "told", json.dumps(TOLD).encode())
    os.lseek(number, 0, os.SEEK_END)
    assert read_told(number) == TOLD
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(number)


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff", b'{"call": 1}'], ids=str)
def test_anything_else_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UsageError) as caught:
        read_told(descriptor(tmp_path / "told", content))
    assert caught.value.problems[0].slug == "internal-command"


def test_command_is_unlisted_and_refuses_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert "\n  program" not in help_text()
    assert run(["program", "100000"], {}, None, None) == ExitCode.USAGE


@pytest.mark.parametrize(
    ("module", "path", "folder"),
    [
        pytest.param("", "/p/pkg/hello.py", "/p/pkg", id="script"),
        pytest.param("hello", "/p/hello.py", "/p", id="module"),
        pytest.param("pkg.inner.hello", "/p/pkg/inner/hello.py", "/p", id="module-in-packages"),
        pytest.param("pkg.__main__", "/p/pkg/__main__.py", "/p", id="package"),
    ],
)
def test_project_is_looked_for_from_where_the_program_is_imported(module: str, path: str, folder: str) -> None:
    told: dict[str, Any] = TOLD
    request = make_request(
        told, Program(path, module, ("x",), "/cwd"), Invocation((), {"A": "b"}, "/cwd", "/home", None, None)
    )
    assert (request.cwd, request.home, request.environ, request.profile) == (folder, "/home", {"A": "b"}, "two")
    assert request.call is not None
    assert (request.call.line, request.call.settings) == (3, {"port": 1})
