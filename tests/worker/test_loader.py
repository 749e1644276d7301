"""How the project's modules are loaded: each story runs in a fresh interpreter and hands back what was reported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from launcher.wire.digest import LARGE, PRESENT, UNCERTAIN, UNREADABLE, of_content
from tests.worker.conftest import ROOT, Project, told_by

with_openings = pytest.mark.skipif(sys.version_info >= (3, 14), reason="annotations are those of the whole module")

# Bytecode


def stale(project: Project, seconds: int) -> None:
    """Import a module, so that its bytecode is written; then edit it to the same size within the same second."""
    source = project.folder / "app.py"
    project.files(app="x = 1")
    os.utime(source, (seconds, seconds))
    project.run("import app")
    source.write_text("x = 2")
    os.utime(source, (seconds, seconds))


def test_an_edit_of_the_same_second_and_size_is_loaded(project: Project) -> None:
    stale(project, 1_700_000_000)
    found = project.run("import app\nvalue = app.x")
    assert project.value == 2
    assert found["app.py"] == of_content(b"x = 2")


def test_without_the_finder_that_edit_would_be_missed(project: Project) -> None:
    """The test above is about something: Python itself loads the old bytecode."""
    stale(project, 1_700_000_000)
    code = f"import sys; sys.path.insert(0, {str(project.folder)!r}); import app; print(app.x)"
    cached = sorted((project.folder / "__pycache__").iterdir())
    if cached:
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert ended.stdout == "1\n"


def age(folder: Path) -> None:
    """Have everything in *folder* look like bytecode that was written well after its source was last touched."""
    later = os.stat(folder.parent / "app.py").st_ctime + 5
    for file in folder.iterdir():
        os.utime(file, (later, later))


def test_bytecode_is_written_and_used_at_the_next_start(project: Project) -> None:
    project.files(app="x = 1")
    project.run("import app")
    cache = project.folder / "__pycache__"
    (file,) = cache.iterdir()
    age(cache)
    before = file.stat().st_mtime_ns
    found = project.run("import app\nvalue = [app.x, app.__spec__.cached]")
    assert project.value == [1, str(file)]
    assert found["app.py"] == of_content(b"x = 1")
    assert file.stat().st_mtime_ns == before  # not written again: it was used


def test_bytecode_that_is_broken_is_replaced(project: Project) -> None:
    project.files(app="x = 1")
    project.run("import app")
    cache = project.folder / "__pycache__"
    (file,) = cache.iterdir()
    whole = file.read_bytes()
    for broken in (whole[:16], whole[:30], b"", b"nonsense", whole[:16] + b"N"):
        file.write_bytes(broken)
        age(cache)
        project.run("import app\nvalue = app.x")
        assert (project.value, project.error) == (1, "")
        assert file.read_bytes() == whole


def test_bytecode_of_another_place_is_not_used(project: Project, tmp_path: Path) -> None:
    """A copied folder brings bytecode along that names the old files in its tracebacks."""
    project.files(app="def f():\n    pass")
    project.run("import app")
    moved = tmp_path / "moved"
    project.folder.rename(moved)
    project.folder = moved
    age(moved / "__pycache__")
    project.run("import app\nvalue = app.f.__code__.co_filename")
    assert project.value == str(moved / "app.py")


@pytest.mark.parametrize(
    ("options", "environ"),
    [(("-B",), {}), ((), {"PYTHONDONTWRITEBYTECODE": "1"})],
    ids=["option", "variable"],
)
def test_no_bytecode_where_the_person_wants_none(
    project: Project, options: tuple[str, ...], environ: dict[str, str]
) -> None:
    project.files(app="x = 1")
    project.run("import app", *options, **environ)
    assert not (project.folder / "__pycache__").exists()


def test_a_cache_prefix_is_honoured(project: Project, tmp_path: Path) -> None:
    project.files(app="x = 1")
    project.run("import app", PYTHONPYCACHEPREFIX=str(tmp_path / "cache"))
    assert not (project.folder / "__pycache__").exists()
    assert [path for path in (tmp_path / "cache").rglob("*.pyc") if path.name.startswith("app.")]


def test_a_folder_that_cannot_be_written_is_no_error(project: Project) -> None:
    project.files(app="x = 1")
    (project.folder / "__pycache__").write_text("a file where the folder would be")
    project.run("import app\nvalue = app.x")
    assert (project.value, project.error) == (1, "")


# Failures


def test_a_syntax_error_is_reported_with_what_was_read(project: Project) -> None:
    project.files(app="import part", part="x = (")
    found = project.run("import app")
    assert project.error == "SyntaxError"
    assert found["part.py"] == of_content(b"x = (")
    assert found["app.py"] == of_content(b"import part")


VANISHES = """
spec = finder.find_spec("views")
os.rename("views.py", "gone.py")
if {unreadable}:
    os.mkdir("views.py")
spec.loader.get_code("views")
"""


@pytest.mark.parametrize(
    ("unreadable", "digest", "error"), [(False, PRESENT, "FileNotFoundError"), (True, UNREADABLE, "IsADirectoryError")]
)
def test_a_module_that_cannot_be_read_after_it_was_found(
    project: Project, unreadable: bool, digest: str, error: str
) -> None:
    """It is told so that a look at the disk finds a difference, or the end of what was in the way."""
    found = project.files(views="X = 1").run(VANISHES.format(unreadable=unreadable))
    assert (found["views.py"], project.error) == (digest, error)


def test_a_file_that_is_no_text(project: Project) -> None:
    (project.folder / "app.py").write_bytes(b"\xff\xfe = 1")
    found = project.run("import app")
    assert project.error == "SyntaxError"
    assert found["app.py"] == of_content(b"\xff\xfe = 1")


# Source


def test_a_very_large_module_has_the_digest_that_the_supervisor_computes(project: Project) -> None:
    """Otherwise it would look changed for ever."""
    project.write("app.py", "# " + "x" * LARGE + "\n")
    assert project.run("import app")["app.py"] == project.digest("app.py")


def test_source_can_still_be_inspected(project: Project) -> None:
    project.files(app="def f():\n    return 1\n")
    project.run(
        "import app, inspect, pkgutil, importlib\nvalue = inspect.getsource(app.f) + str(importlib.reload(app).f())"
    )
    assert project.value == "def f():\n    return 1\n1"


# The rest behind an opening


GOES_ON = """
import json, os, sys
sys.path.insert(0, {root!r})
from launcher.worker.finder import Finder
sys.path[0] = {project!r}
os.chdir({project!r})
reports, asked, opening = [], [], None

def checkpoint(name, path, prepare):
    asked.append(name)
    if name.rpartition('.')[2] != "views":
        return False
    global opening, before
    opening, before = prepare(), len(reports)
    with finder.quiet():
        {edit}
    return True

checkpoint.__code__ = checkpoint.__code__.replace(co_filename=Finder.find_spec.__code__.co_filename)  # ours, as in a worker
finder = Finder([{project!r}], reports.append, checkpoint=checkpoint)
finder.start()
import app
finder.stop()
found = {{os.path.basename(path): digest for report in reports[before:] for path, digest in report.items()}}
size = opening.size if opening is not None else None
print(json.dumps([app.RAN, size, found.get("app.py"), asked, finder.is_torn()]))
"""

ENTRY = "RAN = ['top']\nimport sys\nimport views\nRAN.append(1)\n"
CHANGED = "open('app.py', 'w').write({!r})"


def go_on(project: Project, edit: str) -> Any:  # Any: what the story prints
    """Import the app, and have it changed when a copy goes on before `views`, which it imports."""
    return told_by(GOES_ON.format(root=str(ROOT), project=str(project.folder), edit=edit))


@pytest.mark.parametrize(
    ("edited", "ran"),
    [
        (ENTRY.replace("(1)", "(2)"), ["top", 2]),
        (ENTRY + "RAN.append(3)\n", ["top", 1, 3]),
        (ENTRY.partition("RAN.append")[0], ["top"]),
        (ENTRY.replace("RAN.append", "import other\nRAN.append"), ["top", 1]),
        (ENTRY, ["top", 1]),
    ],
    ids=["changed", "more", "less", "imports-more", "the-same"],
)
@with_openings
def test_a_copy_runs_the_rest_of_what_imports_as_it_is_now(project: Project, edited: str, ran: list[object]) -> None:
    project.files(app=ENTRY, views="X = 1", other="Y = 1")
    found, size, digest, asked, torn = go_on(project, CHANGED.format(edited))
    assert not torn
    assert found == ran
    assert size == len(ENTRY.partition("RAN.append")[0])
    assert digest == of_content(edited.encode())
    assert asked == ["app", "views", *(["other"] if "other" in edited else [])]


@pytest.mark.parametrize(
    "edit",
    [CHANGED.format(ENTRY.replace("top", "new")), "os.rename('app.py', 'gone.py')"],
    ids=["in-the-opening", "gone"],
)
@with_openings
def test_a_copy_of_another_opening_does_not_hide_it(project: Project, edit: str) -> None:
    """The supervisor did not know yet. No file ever has that digest: it will see the difference."""
    project.files(app=ENTRY, views="X = 1")
    assert go_on(project, edit)[:3] == [["top", 1], len(ENTRY.partition("RAN.append")[0]), UNCERTAIN]


@pytest.mark.parametrize(
    "entry",
    [
        "RAN = ['top']\ntry:\n    import views\nfinally:\n    RAN.append(1)\n",
        "RAN = ['top']\ndef f():\n    import views\n    RAN.append(1)\nf()\n",
        "import importlib\nRAN = ['top']\nimportlib.import_module('views')\nRAN.append(1)\n",
        "RAN = ['top']\nimport between\nRAN.append(1)\n",
        "RAN = ['top']\nopen(__file__).close()\nimport views\nRAN.append(1)\n",
        "import os\nRAN = ['top']\nos.stat(__file__)\nimport views\nRAN.append(1)\n",
        "RAN = ['top']\n__loader__.get_code(__name__)\nimport views\nRAN.append(1)\n",
        "RAN = ['top']\nimport again\nimport views\nRAN.append(1)\n",
        "import importlib.machinery as m\nm.SourceFileLoader.source_to_code = lambda self, data, path, **_: compile(data, path, 'exec')\n"
        "RAN = ['top']\nimport views\nRAN.append(1)\n",
        "RAN = ['top']\nfrom box import views\nRAN.append(1)\n",
        "RAN = ['top']\nimport views; RAN.append(1)\n",
        "RAN = ['top']\nexec('import views')\nRAN.append(1)\n",
    ],
    ids=["in-a-block", "in-a-function", "by-a-call", "by-another-one", "it-reads-itself", "it-asks-for-itself", "it-has-itself-compiled", "it-runs-twice",
         "another-compiler", "asked-of-a-function", "two-on-a-line",
         "other-code"],
)  # fmt: skip
def test_what_has_no_opening_goes_on_as_it_was(project: Project, entry: str) -> None:
    project.files(app=entry, views="X = 1", between="def f():\n    import views\nf()\n")
    project.files(again="import sys\ndel sys.modules['app']\nimport app")
    project.write("box/__init__.py", "def __getattr__(name): raise AttributeError(name)")
    project.write("box/views.py", "")
    changed = entry.replace("append(1)", "append(2)")
    found, size, digest, *_ = go_on(project, CHANGED.format(changed))
    assert (found, size, digest) == (["top", 1], None, None)


@with_openings
def test_a_package_goes_on_in_its_own_source(project: Project) -> None:
    """One statement may ask for more than one module; what is there is not run again."""
    package = "RAN = ['top']\nfrom . import first, views\nRAN.append(first.COUNT)\n"
    project.write("app/__init__.py", package)
    project.write("app/first.py", "import sys\nsys.count = COUNT = getattr(sys, 'count', 0) + 1")
    project.write("app/views.py", "import app\nSEEN = list(app.RAN)")
    edited = package + "RAN.append(views.SEEN)\n"
    found, size, _, asked, _ = go_on(project, CHANGED.replace("app.py", "app/__init__.py").format(edited))
    assert (found, size, asked) == (["top", 1, ["top"]], 41, ["app", "app.first", "app.views"])


@pytest.mark.parametrize(("rest", "torn"), [("(", True), ("1 / 0", False)], ids=["no-code", "fails"])
@with_openings
def test_an_app_that_goes_on_without_the_rest(project: Project, rest: str, torn: bool) -> None:
    """Where the source is no code, a fresh start does not run the opening either."""
    app = "RAN = ['top']\ntry:\n    import plugin\nexcept Exception:\n    RAN.append(1)\n"
    project.files(app=app, plugin="import views\nX = 1\n", views="")
    edit = CHANGED.replace("app.py", "plugin.py").format(f"import views\n{rest}\n")
    found, size, *_, is_torn = go_on(project, edit)
    assert (found, size, is_torn) == (["top", 1], len("import views\n"), torn)


@with_openings
def test_the_error_of_the_rest_is_the_only_one(project: Project) -> None:
    project.files(app=ENTRY, views="X = 1")
    with pytest.raises(subprocess.CalledProcessError) as caught:
        go_on(project, CHANGED.format(ENTRY + "1 / 0\n"))
    assert "line 5, in <module>" in caught.value.stderr
    assert "ZeroDivisionError" in caught.value.stderr
    assert "Superseded" not in caught.value.stderr
    assert "another exception" not in caught.value.stderr
