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
from launcher.worker.library import HEARD, Libraries
sys.path[0] = {project!r}
libraries = Libraries(is_project_file)
finder = Finder([{project!r}], lambda files: None, libraries=libraries, audits={{libraries.audit: HEARD}})
finder.start()
import app
finder.stop()
names = [name for name in libraries.imported() if name.startswith("lib")]
print(json.dumps([names, libraries.patched() or libraries.reason]))
"""

PRELOAD = """
import json, os, sys
sys.path.insert(0, {root!r})
from launcher.worker.finder import is_project_file
from launcher.worker.library import preload
print(json.dumps(preload({names!r}, [{project!r}, *sys.path[1:]], is_project_file)))
"""


GO_ON = """
import builtins, json, os, sys
sys.path.insert(0, {root!r})
from launcher.worker.finder import Finder, is_project_file
from launcher.worker.library import HEARD, Libraries, preload
sys.path[0] = {project!r}
usual = builtins.__import__
assert not preload({asked!r}, sys.path, is_project_file)
class GivenUp(BaseException): pass
def give_up(): raise GivenUp
libraries = Libraries(is_project_file)
finder = Finder([{project!r}], lambda files: None, libraries=libraries, audits={{libraries.audit: HEARD}})
finder.start()
libraries.expect({asked!r}, sys.path, give_up)
try:
    import app
    libraries.settle()
    told = "goes on" if builtins.__import__ is usual else "still follows"
except GivenUp:
    told = "given up"
print(json.dumps(told))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    libraries = tmp_path / "site-packages"
    libraries.mkdir()
    (libraries / "libone.py").write_text("import libtwo")
    (libraries / "libtwo.py").write_text("def f(): pass")
    (libraries / "libback.py").write_text("import space.part")
    (libraries / "libdead.py").write_text("import libtwo\nraise ImportError")
    (libraries / "libmild.py").write_text("try:\n    import libdead\nexcept ImportError:\n    pass")
    (libraries / "libset.py").write_text("import os\ndef set():\n    os.environ['Y'] = '1'\nset()")
    (tmp_path / "project/space").mkdir()
    (tmp_path / "project/space/part.py").write_text("import os\nos.chdir('/')")
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
        ("import libone", ["libone"], ""),
        ("import libone, libtwo", ["libone"], ""),
        ("import libmild", ["libmild"], ""),
        ("import libtwo\ntry:\n    import libdead\nexcept ImportError:\n    import libone", ["libtwo"], ""),
        ("import libset, libtwo", ["libset", "libtwo"], ""),
        ("import libset\nlibset.set()\nimport libtwo", ["libset"], "the app changed the environment"),
        ("import libback, libtwo", ["libback"], "the app changed the working directory"),
        ("import space, libtwo", ["libtwo"], ""),
        ("import libtwo, os\nos.environ['X'] = '1'\nimport libone", ["libtwo"], "the app changed the environment"),
        ("import libtwo, os\nos.chdir('/')\nimport libone", ["libtwo"], "the app changed the working directory"),
        ("import libtwo, sys\nsys.path.append('/x')\nimport libone", ["libtwo"], "the app changed sys.path"),
        ("import libtwo\nlibtwo.f = lambda: 1", ["libtwo"], "the app replaced libtwo.f"),
    ],
    ids=["with-its-own", "its-own-later", "one-that-tries-in-vain", "one-that-fails",
         "environment-by-a-library", "environment-by-a-call", "by-the-project-below-a-library", "not-a-folder-of-the-project", "environment", "directory", "path", "patched"],
)  # fmt: skip
def test_what_is_recorded(project: Path, code: str, names: list[str], reason: str) -> None:
    (project / "app.py").write_text(code)
    assert run(RECORD, project) == [names, reason]


def test_what_is_imported_by_a_call_ends_the_record(project: Path) -> None:
    (project / "app.py").write_text("import importlib, libtwo\nimportlib.import_module('libone')")
    assert run(RECORD, project) == [["libtwo"], "the app imports libone by a call"]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import libone\nimport libmore", "goes on"),
        ("import libone, libmore", "goes on"),
        ("from libone import libtwo\nfrom libmore import part", "goes on"),
        ("import other", "goes on"),
        ("import libone", "given up"),
        ("import libmore, libone", "given up"),
        ("import libone, libnew, libmore", "given up"),
        ("import libone, os\nos.environ['X'] = '1'\nimport libmore", "given up"),
        ("import libone, sys\nsys.path.append('/x')\nimport libmore", "given up"),
        ("import libone, libmore, libnew, os\nos.environ['X'] = '1'", "goes on"),
    ],
    ids=[
        "the-same", "in-one-line", "from", "elsewhere", "one-less", "another-order", "one-more-between",
        "environment-before", "path-before", "changes-afterwards",
    ],
)  # fmt: skip
def test_a_copy_goes_on_while_the_same_is_asked_for(project: Path, code: str, told: str) -> None:
    for name in ("libmore", "libnew"):
        (project.parent / f"site-packages/{name}.py").write_text("part = 1")
    (project / "other.py").write_text("import libone\nfrom libmore import part as x")
    (project / "app.py").write_text(code)
    assert run(GO_ON, project, asked=["libone", "libmore"]) == told


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
