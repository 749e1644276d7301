"""What is noticed while an app is imported: each story runs in a fresh interpreter and hands back what was reported."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from launcher.wire.digest import FOLDER, MISSING, of_content, of_file
from launcher.worker.finder import is_project_file
from tests.worker.conftest import ROOT, Project


def test_modules_are_reported_with_the_digest_of_what_was_compiled(project: Project) -> None:
    project.files(app="import part", part="x = 1")
    found = project.run("import app")
    assert found["app.py"] == of_content(b"import part")
    assert found["part.py"] == of_content(b"x = 1")


def test_a_module_that_changes_while_it_runs_is_reported_as_it_was_compiled(project: Project) -> None:
    project.files(app="import io, os\nfd = os.open(__file__, os.O_RDONLY)\nx = 1")
    found = project.run("import app\nimport subprocess\nsubprocess.run(['sh', '-c', 'echo y=2 > app.py'])")
    assert found["app.py"] == of_content(b"import io, os\nfd = os.open(__file__, os.O_RDONLY)\nx = 1")


def test_packages_and_their_modules(project: Project) -> None:
    project.write("pkg/__init__.py", "")
    project.write("pkg/sub/__init__.py", "")
    project.write("pkg/sub/mod.py", "x = 1")
    found = project.run("import pkg.sub.mod\nvalue = pkg.sub.mod.x")
    assert project.value == 1
    assert {"pkg/__init__.py", "pkg/sub/__init__.py", "pkg/sub/mod.py"} <= set(found)


def test_namespace_packages(project: Project) -> None:
    project.write("space/mod.py", "x = 1")
    found = project.run("import space.mod\nvalue = space.mod.x")
    assert project.value == 1
    assert found["space/mod.py"] == of_content(b"x = 1")
    assert found["space/__init__.py"] == ""  # were it there, another thing would be imported


def test_modules_outside_the_roots_are_project_files_too(project: Project, tmp_path: Path) -> None:
    """As with an editable install: the module lies elsewhere, and is edited there."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/shared.py").write_text("x = 1")
    found = project.run(f"sys.path.append({str(tmp_path / 'lib')!r})\nimport shared")
    assert found["../lib/shared.py"] == of_content(b"x = 1")


def test_the_standard_library_and_packages_are_not_reported(project: Project, tmp_path: Path) -> None:
    packages = tmp_path / "site-packages"
    packages.mkdir()
    (packages / "library.py").write_text("")
    found = project.run(f"sys.path.append({str(packages)!r})\nimport library, wave, launcher.plan")
    assert not any(path.startswith("..") for path in found)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/home/me/shop/app.py", True),
        ("/home/me/shop/.venv/lib/python3.12/site-packages/flask/app.py", False),
        ("/usr/lib/python3/dist-packages/flask.py", False),
        ("/home/me/shop/__pycache__/app.cpython-312.pyc", False),
        ("app.py", False),
        (os.__file__, False),
        (str(ROOT / "launcher/plan.py"), False),
    ],
)
def test_what_belongs_to_the_project(path: str, expected: bool) -> None:
    assert is_project_file(path) is expected


# What is looked for


MOVING = """
import os
from importlib.machinery import PathFinder
find = PathFinder.find_spec
def find_and_move(name, path=None, target=None):
    spec = find(name, path, target)
    if name == "space":
        {act}
    return spec
PathFinder.find_spec = find_and_move
try:
    import space
except ImportError:
    pass
"""


@pytest.mark.parametrize(
    ("there", "act"), [(True, "os.rmdir('space')"), (False, "os.mkdir('space')")], ids=["deleted", "made"]
)
def test_a_folder_counts_as_it_was_when_it_was_found(project: Project, there: bool, act: str) -> None:
    if there:
        (project.folder / "space").mkdir()
    found = project.run(MOVING.format(act=act).strip())
    assert found["space"] == (FOLDER if there else MISSING)
    assert found["space"] != project.digest("space")


def test_modules_that_were_looked_for_in_vain(project: Project) -> None:
    project.files(app="import missing")
    found = project.run("import app")
    assert project.error == "ModuleNotFoundError"
    assert (found["missing.py"], found["missing/__init__.py"]) == ("", "")


def test_what_would_come_before_a_module_that_was_found(project: Project) -> None:
    project.files(app="x = 1")
    found = project.run("import app")
    assert found["app/__init__.py"] == ""


def test_a_missing_part_of_a_package(project: Project) -> None:
    project.write("pkg/__init__.py", "try:\n    from . import local\nexcept ImportError:\n    pass")
    found = project.run("import pkg")
    assert found["pkg/local.py"] == ""


# Data


def test_data_files_that_are_read(project: Project) -> None:
    project.write("data/prices.json", "[1]")
    project.files(app="import json, os\nfd = os.open('data/prices.json', os.O_RDONLY)\nos.close(fd)")
    found = project.run("import app")
    assert found["data/prices.json"] == of_content(b"[1]")


@pytest.mark.parametrize(
    "code",
    [
        "open('data.txt').read()",
        "open(b'data.txt').read()",
        "import pathlib; pathlib.Path('data.txt').read_text()",
        "import os, pathlib; os.close(os.open(pathlib.Path('data.txt'), os.O_RDONLY))",
        "import os; open(os.path.abspath('data.txt')).close()",
        "import io; io.open_code(__file__.replace('app.py', 'data.txt')).close()",
    ],
)
def test_every_way_to_open_a_file(project: Project, code: str) -> None:
    project.write("data.txt", "x")
    project.files(app=code)
    found = project.run("import app")
    assert project.error == ""
    assert found["data.txt"] == of_content(b"x")


def test_a_data_file_that_is_missing(project: Project) -> None:
    project.files(app="try:\n    open('local.ini')\nexcept OSError:\n    pass")
    assert project.run("import app")["local.ini"] == ""


def test_file_that_is_only_written_is_not_read(project: Project) -> None:
    project.write("count.txt", "1")
    project.files(app="open('count.txt', 'w').write('2')\nopen('new.txt', 'x').close()")
    assert not {"count.txt", "new.txt"} & project.run("import app").keys()


def test_file_that_is_open_for_both_is_read(project: Project) -> None:
    project.write("count.txt", "1")
    project.files(app="open('count.txt', 'r+').write('2')")
    assert project.run("import app")["count.txt"] == of_content(b"1")


def test_folders_and_files_elsewhere_are_of_no_interest(project: Project, tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("x")
    project.files(app=f"import os\nos.close(os.open('.', os.O_RDONLY))\nopen({str(tmp_path / 'other.txt')!r}).close()")
    found = project.run("import app")
    assert {path for path in found if path.endswith(".txt") or path == "."} == set()


@pytest.mark.parametrize("code", ["open('nul\\0byte')", "open(0, closefd=False)", "open('x' * 5000)"])
def test_odd_names_fail_as_they_would_without_us(project: Project, code: str) -> None:
    project.files(
        app=f"import io\ntry:\n    {code}\nexcept (ValueError, OSError) as error:\n    kind = type(error).__name__"
    )
    project.run("import app")
    assert project.error == ""


def test_nothing_is_noticed_after_the_import(project: Project) -> None:
    project.write("later.txt", "x")
    project.files(app="x = 1")
    found = project.run("import app\nfinder.stop()\nopen('later.txt').read()")
    assert "later.txt" not in found


def test_a_module_that_is_imported_later_is_reported(project: Project) -> None:
    project.files(app="x = 1", late="y = 1")
    found = project.run("import app\nfinder.stop()\nimport late")
    assert found["late.py"] == of_content(b"y = 1")


# Others that import


def test_modules_that_foreign_import_hooks_loaded(project: Project) -> None:
    project.files(app="x = 1")
    code = """
from importlib.util import spec_from_file_location
class Foreign:
    def find_spec(self, name, path=None, target=None):
        if name == "strange":
            return spec_from_file_location(name, os.path.abspath("app.py"))
sys.meta_path.insert(0, Foreign())
import strange
value = strange.x
"""
    found = project.run(code)
    assert project.value == 1
    assert found["app.py"] == of_content(b"x = 1")


def test_odd_objects_among_the_modules(project: Project) -> None:
    code = """
class Odd:
    def __getattr__(self, name):
        raise RuntimeError(name)
sys.modules["odd"] = Odd()
sys.modules["none"] = None
import app
"""
    project.files(app="x = 1")
    assert "app.py" in project.run(code)
    assert project.error == ""


def test_the_digests_of_files_that_a_failure_names(project: Project) -> None:
    project.files(app="x = 1", other="y = 1")
    project.run(
        "import app\nvalue = finder.digests([os.path.abspath('app.py'), os.path.abspath('other.py'), os.__file__])"
    )
    assert project.value == {
        str(project.folder / "app.py"): of_content(b"x = 1"),
        str(project.folder / "other.py"): of_content(b"y = 1"),
    }


# What is asked for, and what is listed


@pytest.mark.parametrize(
    "code",
    [
        "import os\nos.listdir('data')",
        "import os\nlist(os.scandir('data'))",
        "import os\nlist(os.walk('data'))",
        "import glob\nglob.glob('data/*.txt')",
        "import pathlib\nlist(pathlib.Path('data').iterdir())",
        "import os\nos.chdir('data')\nos.listdir()",
    ],
)
def test_a_folder_that_is_listed(project: Project, code: str) -> None:
    project.write("data/one.txt", "1")
    project.write("app.py", code)
    found = project.run("import app")
    assert {path for path, digest in found.items() if digest == of_file(f"{project.folder}/data/")} == {"data/"}


def test_the_import_system_lists_folders_for_itself(project: Project) -> None:
    project.write("pkg/__init__.py", "import pkg.mod")
    project.write("pkg/mod.py", "x = 1")
    found = project.run("import pkg")
    assert of_file(f"{project.folder}/pkg/") not in found.values()


@pytest.mark.parametrize(
    ("code", "name", "digest"),
    [
        ("import os\nos.path.exists('local.py')", "local.py", ""),
        ("import os\nos.path.isfile('data')", "data", "/"),
        ("import os\nos.chdir('data')", "data", "/"),
        ("import importlib.util\nimportlib.util.find_spec('data.found')", "data/found.py", "+"),
        ("import os\ntry: os.chdir('none')\nexcept OSError: pass", "none", ""),
        ("import os\nos.path.exists('data/one.txt')", "data/one.txt", "+"),
        ("import pathlib\npathlib.Path('data/none').exists()", "data/none", ""),
    ],
)
def test_what_is_asked_for_and_not_read(project: Project, code: str, name: str, digest: str) -> None:
    project.write("data/one.txt", "1")
    project.write("data/found.py", "")
    project.write("app.py", code)
    assert project.run("import app")[name] == digest


@pytest.mark.parametrize("name", ["odd\\0", "odd\\0name", "\\0\\0"])
def test_a_name_that_no_file_can_have_is_not_told(project: Project, name: str) -> None:
    """In what is told to the supervisor a zero byte ends a name."""
    project.write("app.py", f"import os\nvalue = os.path.exists('{name}')")
    found = project.run("import app\nvalue = app.value")
    assert project.value is False
    assert not any("\0" in path for path in found)


def test_reading_says_more_than_asking(project: Project) -> None:
    project.write("one.txt", "1")
    project.write(
        "app.py", "import os\nif os.path.exists('one.txt'): open('one.txt').read()\nos.path.exists('one.txt')"
    )
    assert project.run("import app")["one.txt"] == of_content(b"1")


def test_a_source_that_another_loader_takes_from_bytecode(project: Project) -> None:
    source = project.write("task.py", "x = 1")
    code = f"import importlib.util\nspec = importlib.util.spec_from_file_location('task', {source!r})\n"
    project.write(
        "app.py", code + "task = importlib.util.module_from_spec(spec)\nspec.loader.exec_module(task)\nx = task.x"
    )
    run = "import app\nvalue = app.x"
    assert project.run(run)["task.py"] == of_content(b"x = 1")
    status = Path(source).stat()
    Path(source).write_text("x = 2")
    os.utime(source, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert project.run(run)["task.py"] == of_content(b"x = 2")
    assert project.value == 2


def test_what_a_module_reads_that_is_imported_after_the_start(project: Project) -> None:
    project.write("late.py", "import os\ntext = open('data.txt').read()\nos.listdir('folder')\nos.path.exists('none')")
    project.write("data.txt", "1")
    project.write("other.txt", "1")
    project.write("folder/file", "1")
    found = project.run("finder.stop()\nimport late\nopen('other.txt').read()")
    assert found["data.txt"] == of_content(b"1")
    assert found["none"] == ""
    assert found["folder/"] == of_file(f"{project.folder}/folder/")
    assert "other.txt" not in found


def test_what_asks_for_files_is_told_as_before(project: Project) -> None:
    code = "value = [os.stat in os.supports_dir_fd, os.stat in os.supports_follow_symlinks, os.stat.__name__]"
    project.run(code)
    assert project.value == [True, True, "stat"]


def test_a_class_may_keep_the_function(project: Project) -> None:
    project.run("class A:\n    stat = os.stat\nvalue = A().stat('.').st_size == os.stat('.').st_size")
    assert project.value is True


def test_who_imports_what_last(project: Project) -> None:
    project.files(app="import one\nimport two\ntry:\n    import three\nexcept ImportError: pass\nimport json, one\n")
    project.files(one="import inner", two="import inner", three="", inner="")
    project.run("import app\nvalue = finder.last_imports")
    assert isinstance(project.value, dict)
    found = {os.path.basename(path): os.path.basename(last) for path, last in project.value.items()}
    assert found == {"app.py": "three.py", "one.py": "inner.py"}
