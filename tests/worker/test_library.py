"""What a library base may import: recorded in one interpreter, imported in another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

RECORD = """
import json, os, sys
sys.path.insert(0, {root!r})
from launcher.worker.finder import Finder, is_project_file
from launcher.worker.library import Libraries
sys.path[0] = {project!r}
libraries = Libraries(is_project_file)
finder = Finder([{project!r}], lambda files: None, libraries=libraries, audits=(libraries.audit,))
finder.start()
import app
finder.stop()
names = [name for name in libraries.names if name.startswith("lib")]
print(json.dumps([names, libraries.patched() or libraries.reason]))
"""

PRELOAD = """
import json, os, sys
sys.path.insert(0, {root!r})
from launcher.worker.finder import is_project_file
from launcher.worker.library import preload
print(json.dumps(preload({names!r}, [{project!r}, *sys.path[1:]], is_project_file)))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    libraries = tmp_path / "site-packages"
    libraries.mkdir()
    (libraries / "libone.py").write_text("import libtwo")
    (libraries / "libtwo.py").write_text("def f(): pass")
    (libraries / "libback.py").write_text("import space.part")
    (tmp_path / "project/space").mkdir()
    (tmp_path / "project/space/part.py").write_text("")
    return tmp_path / "project"


def run(story: str, project: Path, **values: object) -> object:
    ended = subprocess.run(
        [sys.executable, "-c", story.format(root=str(ROOT), project=str(project), **values)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(project.parent / "site-packages")},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(ended.stdout)


@pytest.mark.parametrize(
    ("code", "names", "reason"),
    [
        ("import libone", ["libone", "libtwo"], ""),
        ("import space.part, libtwo", ["libtwo"], ""),
        ("import libtwo, os\nos.environ['X'] = '1'\nimport libone", ["libtwo"], "the app changed the environment"),
        ("import libtwo, os\nos.chdir('/')\nimport libone", ["libtwo"], "the app changed the working directory"),
        ("import libtwo, sys\nsys.path.append('/x')\nimport libone", ["libtwo"], "the app changed sys.path"),
        ("import libtwo\nlibtwo.f = lambda: 1", ["libtwo"], "the app replaced libtwo.f"),
    ],
    ids=["with-its-own", "not-a-folder-of-the-project", "environment", "directory", "path", "patched"],
)
def test_what_is_recorded(project: Path, code: str, names: list[str], reason: str) -> None:
    (project / "app.py").write_text(code)
    assert run(RECORD, project) == [names, reason]


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["libone"], ""),
        (["libnone"], "libnone cannot be imported by itself (ModuleNotFoundError)"),
        (["libback"], "a library imports the project's space"),
    ],
)
def test_what_stands_in_the_way_of_a_base(project: Path, names: list[str], reason: str) -> None:
    assert run(PRELOAD, project, names=names) == reason
