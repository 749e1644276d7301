"""Runs `launch` in this process, with streams of its own, in a folder of its own."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from launcher.cli.main import run


@dataclass
class Ran:
    code: int
    out: str
    err: str


@dataclass
class Project:
    """A temporary project: files by name, and what the commands printed."""

    root: Path
    environ: dict[str, str] = field(default_factory=dict)

    def files(self, files: dict[str, str]) -> Project:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return self

    def launch(self, *argv: str, **environ: str) -> Ran:
        out, err = io.StringIO(), io.StringIO()
        code = run(argv, {**self.environ, **environ}, out, err)
        return Ran(int(code), out.getvalue(), err.getvalue())


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    root = tmp_path / "shop"
    root.mkdir()
    (root / ".git").mkdir()  # where the search for a project stops
    monkeypatch.chdir(root)
    monkeypatch.setenv("HOME", str(tmp_path))
    return Project(root)
