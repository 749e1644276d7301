from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from launcher.wire.digest import of_file

ROOT = Path(__file__).parents[2]

STORY = """
import json, os, sys
sys.path.insert(0, {root!r})
from launcher.worker.finder import Finder
sys.path[0] = {project!r}
os.chdir({project!r})
reports = []
finder = Finder([{project!r}], reports.append)
finder.start()
error = ""
value = None
try:
{code}
except BaseException as problem:
    error = type(problem).__name__
finder.stop()
found = {{}}
for report in reports:
    found.update(report)
print(json.dumps([found, value, error]))
"""


def told_by(story: str, *options: str, **environ: str) -> Any:  # Any: what the story prints
    """Run a story in an interpreter of its own, with nothing else in its environment; return the JSON that it prints."""
    ended = subprocess.run(
        [sys.executable, *options, "-c", story],
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(ended.stdout)


class Project:
    """A folder of modules, and what an interpreter that imports from it reports."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        self.folder.mkdir()
        self.error = ""
        self.value: object = None

    def files(self, **texts: str) -> Project:
        for name, text in texts.items():
            self.write(f"{name}.py", text)
        return self

    def write(self, name: str, text: str) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return str(path)

    def run(self, code: str, *options: str, **environ: str) -> dict[str, str]:
        """Return the reports of all files, by their path below the folder; with a slash for the names in a folder."""
        lines = "".join(f"    {line}\n" for line in code.splitlines())
        story = STORY.format(root=str(ROOT), project=str(self.folder), code=lines)
        found, self.value, self.error = told_by(story, *options, **environ)
        return {os.path.relpath(path, self.folder) + path[-1:] * path.endswith("/"): found[path] for path in found}

    def digest(self, name: str) -> str:
        return of_file(str(self.folder / name))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A folder to import from, of which nothing is left in this process afterwards."""
    path, modules = list(sys.path), dict(sys.modules)
    yield tmp_path
    sys.path[:] = path
    for name in set(sys.modules) - set(modules):
        file = getattr(sys.modules[name], "__file__", None) or ""
        paths = list(getattr(sys.modules[name], "__path__", ()))
        if any(entry.startswith(str(tmp_path)) for entry in (file, *paths)):
            del sys.modules[name]
    for entry in [entry for entry in sys.path_importer_cache if entry.startswith(str(tmp_path))]:
        del sys.path_importer_cache[entry]
