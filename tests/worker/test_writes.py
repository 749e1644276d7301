"""What a process says of its writes: run in an interpreter of its own, since an audit hook stays."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import json, os, shutil, sqlite3, sys, tempfile
from launcher.worker.writes import Writes
told = []
Writes([os.getcwd()], lambda m: told.append([os.path.relpath(m.path), m.how]), is_of_interest=lambda path: "skip" not in path).start()
exec(sys.argv[1])
print(json.dumps(told))
"""


@pytest.mark.parametrize(
    ("code", "told"),
    [
        pytest.param("open('a').close()", [], id="read"),
        pytest.param("open('a', 'w').close()", [["a", "open"]], id="written"),
        pytest.param("open(b'a', 'r+').close()", [["a", "open"]], id="updated"),
        pytest.param("os.close(os.open('a', os.O_WRONLY | os.O_APPEND))", [["a", "open"]], id="by-the-system-call"),
        pytest.param("os.truncate('a', 0)", [["a", "open"]], id="truncated"),
        pytest.param("file = open('a', 'w'); os.truncate(file.fileno(), 0)", [["a", "open"]] * 2, id="by-a-number"),
        pytest.param("os.replace('a', 'b')", [["a", "remove"], ["b", "replace"]], id="replaced"),
        pytest.param("os.replace('../out', 'b')", [["b", "replace"]], id="replaced-from-elsewhere"),
        pytest.param(
            "file = open('a', 'w'); os.replace('a', 'b')",
            [["a", "open"], ["a", "remove"], ["b", "open"], ["b", "replace"]],
            id="replaced-while-open",
        ),
        pytest.param("os.remove('a'); os.mkdir('b')", [["a", "remove"], ["b", "make"]], id="removed-and-made"),
        pytest.param("os.link('a', 'b'); os.symlink('a', 'c')", [["b", "make"], ["c", "make"]], id="links"),
        pytest.param("shutil.rmtree('folder')", [["folder/x", "remove"], ["folder", "remove"]], id="tree"),
        pytest.param("os.rmdir('x') if os.path.exists('x') else None", [], id="asked"),
        pytest.param("sqlite3.connect('a.db')", [["a.db", "open"]], id="database"),
        pytest.param("sqlite3.connect('file:a%20b?mode=rwc', uri=True)", [["a b", "open"]], id="database-by-uri"),
        pytest.param("sqlite3.connect(':memory:')", [], id="database-in-memory"),
        pytest.param("open('../out', 'w').close(); open('skip', 'w').close()", [], id="of-no-interest"),
    ],
)
def test_reports(tmp_path: Path, code: str, told: list[list[str]]) -> None:
    root = tmp_path / "root"
    (root / "folder").mkdir(parents=True)
    for name in ("root/a", "out", "root/folder/x"):
        (tmp_path / name).write_text("x")
    done = subprocess.run([sys.executable, "-c", CODE, code], cwd=root, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == told
