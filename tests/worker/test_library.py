"""What a library base may import: recorded in one interpreter, imported in another."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.worker.conftest import told_by

pytestmark = pytest.mark.skipif(sys.version_info >= (3, 14), reason="there is no library base on newer Pythons")

ROOT = Path(__file__).parents[2]

RECORD = """
import json, os, sys, werkzeug  # which each worker has from the start
sys.path.insert(0, {root!r})
from launcher.worker.finder import Finder, is_project_file
from launcher.worker.library import HEARD, Libraries
sys.path[0] = {project!r}
libraries = Libraries(is_project_file)
finder = Finder([{project!r}], lambda files: None, libraries=libraries, audits={{libraries.audit: HEARD}})
finder.start()
import app
finder.stop()
names, missed = libraries.imported()
told = {{"libraries": names, "loaded": libraries.loaded, "used": libraries.used[: len(names)],
         "standard": libraries.standard[: len(names)]}}
print(json.dumps([told, libraries.patched() or libraries.reason, getattr(app, "SEEN", None), missed]))
"""

PRELOAD = """
import json, os, sys
sys.path.insert(0, {root!r})
from launcher.wire.messages import Preload
from launcher.worker.finder import is_project_file
from launcher.worker.library import preload
from launcher.worker.sharing import Sharing, standard_state
names = {names!r}
loaded = list(dict.fromkeys(name.partition(".")[0] for name in names))
told = Preload({{}}, names, loaded, {used!r}, [standard_state()] * len(names), [{project!r}, *sys.path[1:]])
obstacle, count = preload(told, Sharing(), is_project_file)
print(json.dumps(obstacle or count))
"""

GO_ON = """
import builtins, json, os, sys, werkzeug
sys.path.insert(0, {root!r})
from launcher.wire.messages import Preload
from launcher.worker.finder import Finder, is_project_file
from launcher.worker.library import HEARD, Libraries, preload
from launcher.worker.sharing import Sharing, standard_state
sys.path[0] = {project!r}
told = {told!r}
if isinstance(told, list):
    import logging, socket, warnings
    told = dict(libraries=told, loaded=[], used=[0] * len(told), standard=[standard_state()] * len(told))
usual, sharing = builtins.__import__, Sharing()
obstacle, count = preload(Preload(plan={{}}, path=sys.path, **told), sharing, is_project_file)
if obstacle or count < len(told["libraries"]):
    print(json.dumps([obstacle or count, None]))
    sys.exit()
class GivenUp(BaseException): pass
def give_up(): raise GivenUp
libraries = Libraries(is_project_file)
finder = Finder([{project!r}], lambda files: None, libraries=libraries, audits={{libraries.audit: HEARD}})
libraries.expect(told["libraries"], sys.path, sharing, give_up)
finder.start()
try:
    import app
    libraries.settle()
    ended = "goes on" if builtins.__import__ is usual else "still follows"
except GivenUp:
    ended, app = "given up", None
print(json.dumps([ended, getattr(app, "SEEN", None)]))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    libraries = tmp_path / "site-packages"
    libraries.mkdir()
    (libraries / "libone.py").write_text("import libtwo")
    (libraries / "libtwo.py").write_text("def f(): pass")
    (libraries / "libthree.py").write_text("import libone")
    (libraries / "libfour.py").write_text("import typing_extensions")
    (libraries / "libfive.py").write_text("import json, typing_extensions\ndef f(): import libnew")
    (libraries / "libnew.py").write_text("")
    (libraries / "libwarn.py").write_text("import warnings\nwarnings.filterwarnings('ignore', 'mine')")
    (libraries / "pack").mkdir()
    (libraries / "pack/__init__.py").write_text("def f(): from . import late")
    (libraries / "pack/late.py").write_text("")
    (libraries / "pack/part.py").write_text("from . import f")
    (libraries / "typing_extensions.py").write_text("import json")
    (libraries / "libback.py").write_text("import space.part")
    (libraries / "libdead.py").write_text("import libtwo\nraise ImportError")
    (libraries / "libmild.py").write_text("try:\n    import libdead\nexcept ImportError:\n    pass")
    (libraries / "libset.py").write_text("import os\ndef set():\n    os.environ['Y'] = '1'\nset()")
    (tmp_path / "project/space").mkdir()
    (tmp_path / "project/space/part.py").write_text("import os\nos.chdir('/')")
    return tmp_path / "project"


def run(story: str, project: Path, **values: object) -> Any:  # Any: what the story prints
    path = str(project.parent / "site-packages")
    return told_by(story.format(root=str(ROOT), project=str(project), **values), PYTHONPATH=path)


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
        ("import importlib, libtwo\nimportlib.import_module('libone')", ["libtwo"], "the app imports libone by a call"),
        ("import libtwo\n__import__('libone')", ["libtwo"], "the app imports libone by a call"),
        ("import libfive\nlibfive.f()\nimport libone", ["libfive"], "the app imports libnew by a call"),
        ("import pack\npack.f()\nimport libone", ["libone"], ""),
        ("import time, libtwo\ntime.strptime('1', '%d')\nimport libone", ["libtwo", "libone"], ""),
    ],
    ids=["with-its-own", "its-own-later", "one-that-tries-in-vain", "one-that-fails",
         "environment-by-a-library", "environment-by-a-call", "by-the-project-below-a-library", "not-a-folder-of-the-project",
         "environment", "directory", "path", "patched",
         "by-import-module", "by-__import__", "by-a-function-of-a-library", "more-of-the-same-library", "by-the-standard-library"],
)  # fmt: skip
def test_what_is_recorded(project: Path, code: str, names: list[str], reason: str) -> None:
    """The record ends where the app changes what a library sees, or imports something by a call."""
    (project / "app.py").write_text(code)
    told, said, *_ = run(RECORD, project)
    assert ([name for name in told["libraries"] if name.startswith("lib")], said) == (names, reason)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import os, libtwo\nos.environ['X'] = '1'", ""),
        ("import os, libtwo\nos.environ['X'] = '1'\nimport libtwo, wave", ""),
        ("import os, libtwo\nos.environ['X'] = '1'\nimport libone", "the app changed the environment"),
        (
            "import os, libtwo\nos.environ['X'] = '1'\nlibthree = __import__('libthree')",
            "the app changed the environment",
        ),
        ("import libtwo\n__import__('libone')", "the app imports libone by a call"),
        ("import sys, libtwo\nsys.path.append('/x')\nimport libone", "the app changed sys.path"),
        ("try:\n    import libdead\nexcept ImportError: pass\nimport libone", "libdead could not be imported"),
    ],
)
def test_why_not_more_libraries_are_kept(project: Path, code: str, reason: str) -> None:
    (project / "app.py").write_text(code)
    assert run(RECORD, project)[3] == reason


@pytest.mark.parametrize(
    ("code", "used"),
    [
        ("import libtwo\nimport libone", [0, 0]),
        ("import libtwo\ntry:\n    import libnone\nexcept ImportError:\n    x = {}\nimport libone", [0, 0]),
        ("import libtwo\ndef f(x=(1, 2)): return libtwo.f()\nX = ['a', 'b', 'c', 'd']\nimport libone", [0, 0]),
        ("import libtwo\nlibtwo.f()\nimport libone, libfour", [0, 1, 1]),
        ("import libtwo\nlibtwo.f.x = 1\nimport libone", [0, 1]),
        ("import libtwo\n@libtwo.f\ndef g(): pass\nimport libone", [0, 1]),
        ("import libtwo\nclass C(libtwo.C): pass\nimport libone", [0, 1]),
        ("import libtwo\nfor x in libtwo.L:\n    import libone", [0, 1]),
        ("import libtwo\ndef f():\n    import libone\nf()\nimport libfour", [0, 1, 1]),
        ("import libtwo, quiet\nimport libone", [0, 0]),
        ("import libtwo, calling\nimport libone", [0, 1]),
        ("import libtwo, importing\nimport libone", [0, 0, 3]),
        ("import calling\nimport libone", [0, 1]),
        ("import libtwo\nimport _lsprof\nimport libone", [0, 1]),
    ],
    ids=["imports", "one-in-vain", "definitions", "call", "attribute", "decorator", "class", "loop", "function",
         "module", "module-that-calls", "module-that-imports-and-calls", "module-with-its-own", "not-python"],
)  # fmt: skip
def test_what_was_called_before_an_import(project: Path, code: str, used: list[int]) -> None:
    for name in ("libtwo", "libone"):
        (project.parent / f"site-packages/{name}.py").write_text("def f(*_): pass\nclass C: pass\nL = [1]")
    (project / "quiet.py").write_text(
        '"""It says."""\nfrom __future__ import annotations\nfrom libtwo import *\nX = 1\n'
    )
    (project / "calling.py").write_text("from libtwo import f\nf()")
    (project / "importing.py").write_text("import libfour\nlibfour.x = 1")
    shutil.copy(str(importlib.util.find_spec("_lsprof").origin), project / "_lsprof.so")
    (project / "app.py").write_text(code)
    told = run(RECORD, project)[0]
    kept = [count for name, count in zip(told["libraries"], told["used"], strict=True) if name.startswith("lib")]
    assert kept == used


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
        ("import libone\nlibone.libtwo.f()\nimport libmore", "goes on"),
    ],
    ids=[
        "the-same", "in-one-line", "from", "elsewhere", "one-less", "another-order", "one-more-between",
        "environment-before", "path-before", "changes-afterwards", "calls-before",
    ],
)  # fmt: skip
def test_a_copy_goes_on_while_the_same_is_asked_for(project: Path, code: str, told: str) -> None:
    for name in ("libmore", "libnew"):
        (project.parent / f"site-packages/{name}.py").write_text("part = 1")
    (project / "other.py").write_text("import libone\nfrom libmore import part as x")
    (project / "app.py").write_text(code)
    assert run(GO_ON, project, told=["libone", "libmore"])[0] == told


@pytest.mark.parametrize(("call", "told"), [("", "goes on"), ("libtwo.f()", "given up")])
def test_a_copy_is_given_up_where_an_import_could_see_a_call(project: Path, call: str, told: str) -> None:
    (project / "app.py").write_text(f"import libtwo\n{call}\nimport libone")
    assert run(GO_ON, project, told=["libtwo", "libone"])[0] == told


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import logging\ndef f(): pass\nlogging.info = f\nimport libtwo", "given up"),
        ("import logging\ndef f(): logging.info = f\nf()\nimport libtwo", "given up"),
        ("import logging\ndef f(): pass\nsetattr(logging.Formatter, 'format', f)\nimport libtwo", "given up"),
        ("import logging\ndef f(): pass\nlogging.info = f\ndel logging\nimport libtwo", "given up"),
        ("import logging\ndef f(): pass\nlogging.NOTE = 1\nimport libtwo", "goes on"),
        ("class C: pass\nC.f = lambda: 1\nimport libtwo", "goes on"),
        ("class C: pass\nc = C()\nc.f = lambda: 1\nimport libtwo", "goes on"),
    ],
)
def test_a_copy_is_given_up_where_a_function_of_a_library_is_replaced(project: Path, code: str, told: str) -> None:
    (project / "app.py").write_text(code)
    assert run(GO_ON, project, told=["libtwo"])[0] == told


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import libtwo\nimport libthree", "given up"),
        ("import libtwo\nlibtwo.f()\nimport libthree", "given up"),
        ("import libthree\nimport libtwo, libone", "goes on"),
        ("import json\nimport libthree", "goes on"),
    ],
)
def test_a_copy_is_given_up_where_what_came_with_a_library_is_asked_for_before_it(
    project: Path, code: str, told: str
) -> None:
    (project / "app.py").write_text(code)
    assert run(GO_ON, project, told=["libthree"])[0] == told


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("logging.getLogger(__name__)", "goes on"),
        ("logging.basicConfig()", "goes on"),
        ("warnings.simplefilter('ignore')", "given up"),
        ("socket.setdefaulttimeout(9)", "given up"),
        ("sys.setrecursionlimit(1234)", "given up"),
    ],
)
def test_a_copy_is_given_up_where_the_standard_library_was_changed(project: Path, call: str, told: str) -> None:
    (project / "app.py").write_text(f"import logging, socket, sys, warnings, libtwo\n{call}\nimport libfour")
    assert run(GO_ON, project, told=["libtwo", "libfour"])[0] == told


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["libnone"], "libnone cannot be imported by itself (ModuleNotFoundError)"),
        (["libback"], "a library imports the project's space"),
    ],
)
def test_what_stands_in_the_way_of_a_base(project: Path, names: list[str], reason: str) -> None:
    assert (run(PRELOAD, project, names=names, used=[0]) or "") == reason


@pytest.mark.parametrize(
    ("names", "used", "count"),
    [
        (["libtwo", "libone"], [0, 0], 2),
        (["libtwo", "libone"], [0, 1], 1),
        (["libtwo", "libone", "libfour"], [0, 1, 1], 1),
        (["libtwo", "libfour", "libthree"], [0, 1, 2], 2),
        (["libfour", "libtwo", "libthree"], [0, 0, 1], 3),
        (["libfour", "libfive"], [0, 1], 2),
        (["pack", "pack.part"], [0, 0], 2),
        (["pack", "pack.part"], [0, 1], 1),
        (["json", "libone", "wave"], [0, 1, 2], 3),
    ],
    ids=["not-called", "called", "and-what-comes-after", "by-way-of-another", "another-called", "neutral",
         "part", "part-called", "standard-library"],
)  # fmt: skip
def test_a_base_ends_where_an_import_could_see_a_call(
    project: Path, names: list[str], used: list[int], count: int
) -> None:
    assert run(PRELOAD, project, names=names, used=used) == count


def test_a_base_ends_where_the_standard_library_was_another(project: Path) -> None:
    """The record has what it was like before the first; one of the libraries changes it, which the app's own did not."""
    assert run(PRELOAD, project, names=["libtwo", "libwarn", "libone"], used=[0, 0, 0]) == 2


FIRST = "CALLS = []\ncall = CALLS.append\n"
SECOND = "import first\nSEEN = list(first.CALLS)\n"
WORLDS: dict[str, tuple[str, dict[str, str]]] = {
    "handler": (
        "import first\ntry:\n    import missing\nexcept ImportError:\n    first.call('x')\nimport second",
        {},
    ),
    "class-in-a-handler": (
        "import first\ntry:\n    import missing\nexcept ImportError:\n    class C:\n        first.call('x')\nimport second",
        {},
    ),
    "finally": ("import first\ntry:\n    import third\nfinally:\n    first.call('x')\nimport second", {}),
    "one-function-twice": (
        "def plug(name):\n    global first, second\n    if name == 'a': import first\n    else: import second\n"
        "    first.call(name)\nlist(map(plug, ('a', 'b')))",
        {},
    ),
    "called-by-a-library": (
        "import third\ndef a():\n    global first\n    import first\ndef b(): first.call('b')\n"
        "def c():\n    global second\n    import second\nthird.each(a, b, c)",
        {},
    ),
    "loop": (
        "for name in ('a', 'b'):\n    if name == 'a': import first\n    else: import second\n    first.call(name)",
        {},
    ),
    "loaded-by-the-way": (
        "from front import App\nApp()\nimport second",
        {"site-packages/front.py": "def App():\n    import first\n    first.call('x')"},
    ),
    "made-when-taken": (
        "from front import App\nApp()\nimport second",
        {
            "site-packages/front/__init__.py": "def __getattr__(name):\n    if name != 'App': raise AttributeError\n"
            "    import first\n    return lambda: first.call('x')"
        },
    ),
    "imported-by-a-call-of-a-library": (
        "import first\nfirst.call('x')\nimport late",
        {"site-packages/late.py": "import importlib\nSEEN = list(importlib.import_module('first').CALLS)"},
    ),
    "another-finder": (
        "import first\nimport finders\nimport shop\nimport second",
        {
            "elsewhere/shop.py": "import first\nfirst.call('x')",
            "site-packages/finders.py": "import sys\nfrom importlib.machinery import PathFinder\nclass Finder:\n"
            "    @staticmethod\n    def find_spec(name, path=None, target=None):\n"
            "        if name == 'shop': return PathFinder.find_spec(name, [sys.path[0] + '/../elsewhere'])\n"
            "sys.meta_path.append(Finder)",
        },
    ),
    "meta-path-by-a-call": (
        "import third\nthird.hook()\nimport last",
        {"site-packages/last.py": "import sys\nSEEN = [str(kind) for kind in sys.meta_path if 'Hook' in str(kind)]"},
    ),
    "many-names": ("\n".join(f"n{n} = 1" for n in range(400)) + "\nimport first\nfirst.call('x')\nimport second", {}),
    "of-what-each-worker-has": (
        "import werkzeug.middleware.lint\nwerkzeug.middleware.lint.LintMiddleware(0)\n"
        "import werkzeug.middleware.profiler\nimport second",
        {},
    ),
    "nothing-called": ("import first\nimport second", {}),
    "another-called": ("import third\nthird.each()\nimport first\nimport second", {}),
}


@pytest.mark.parametrize(("code", "files"), WORLDS.values(), ids=WORLDS)
def test_a_copy_of_a_base_is_the_same_world(project: Path, code: str, files: dict[str, str]) -> None:
    """A base that is made as it was recorded, again with less where it says so, and the app in a copy of it."""
    site = project.parent / "site-packages"
    (site / "first.py").write_text(FIRST)
    (site / "second.py").write_text(SECOND)
    (site / "third.py").write_text(
        "def each(*functions):\n    for function in functions: function()\n"
        "def hook():\n    import sys\n    sys.meta_path.append(type('Hook', (), {'find_spec': lambda *_: None}))\n"
    )
    for name, text in files.items():
        (project.parent / name).parent.mkdir(exist_ok=True)
        (project.parent / name).write_text(text)
    last = "last" if "import last" in code else "late" if "import late" in code else "second"
    (project / "app.py").write_text(f"{code}\nimport {last} as seen\nSEEN = seen.SEEN\n")
    told, _, cold, _ = run(RECORD, project)
    ended = len(told["libraries"])
    while isinstance(ended, int):
        told = {key: value[:ended] if key != "loaded" else value for key, value in told.items()}
        ended, seen = run(GO_ON, project, told=told)
    assert ended == "goes on", "code that is what was recorded"
    if ended == "goes on":
        assert seen == cold
