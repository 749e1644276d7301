"""Reloads that nobody asked for, and loops of reloads: none of them happens, and what a cold start would see still counts.

Each test ends with a save of `edited.py`. When that is served, the log tells what else has led to a reload.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.harness import Project, Server

RELOADED = "served again after"
APP = """
import edited, importlib, importlib.metadata, importlib.util, os, pkgutil, sys
def attempt(name):
    try:
        return importlib.import_module(name)
    except ImportError:
        return None
{code}
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [edited.version.encode()]
"""


def start(project: Project, code: str, *argv: str) -> Server:
    """Return a server that has answered, of an app that runs *code* while it is imported."""
    project.files({"edited.py": "version = 'one'", "app.py": APP.format(code=code)})
    server = project.dev(*argv)
    server.answers("one")
    return server


def causes(server: Server) -> list[str]:
    """Return what led to each reload so far."""
    return [
        line.split("  ", 2)[-1].split(" changed")[0].strip() for line in server.log().splitlines() if RELOADED in line
    ]


def save_and_look(project: Project, server: Server) -> list[str]:
    """Save a module until that alone leads to a reload; return what else has led to one.

    A save that comes while another reload is on its way is served with that, which has another name in the log.
    """
    for version in ("two", "three", "four", "five"):
        project.save("edited.py", f"version = {version!r}")
        server.answers(version)
        if "edited.py" in causes(server):
            break
    return [cause for cause in causes(server) if cause != "edited.py"]


# What an import may ask for


def folder(path: Path) -> None:
    path.mkdir()


def script(path: Path) -> None:
    path.write_text("#!/bin/sh\n")


def uptime(path: Path) -> None:
    path.symlink_to("/proc/uptime")


def loop(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize(
    ("code", "name", "make"),
    [
        pytest.param("attempt('m')", "m.py", folder, id="folder-named-like-a-module"),
        pytest.param("attempt('m')", "m", folder, id="folder-without-modules"),
        pytest.param("import json", "json", folder, id="folder-before-the-standard-library"),
        pytest.param("attempt('uwsgi')", "uwsgi", script, id="script-without-extension"),
        pytest.param("attempt('m')", "m.py", os.mkfifo, id="pipe-named-like-a-module"),
        pytest.param("attempt('m')", "m.py", loop, id="link-to-itself"),
        pytest.param("open('uptime').read()", "uptime", uptime, id="link-to-proc"),
        pytest.param("try: attempt('uptime')\nexcept SyntaxError: pass", "uptime.py", uptime, id="module-in-proc"),
        pytest.param("os.path.exists('pipe')", "pipe", os.mkfifo, id="pipe"),
        pytest.param("importlib.util.find_spec('x\\0y')", "", None, id="zero-byte"),
        pytest.param("attempt('/etc/passwd')", "", None, id="absolute-name"),
        pytest.param("attempt('a/b'); attempt('x' * 300); attempt('\\ud800')", "a", folder, id="names-of-no-module"),
        pytest.param("os.path.exists('x' * 300); os.path.exists('\\ud800')", "", None, id="names-of-no-file"),
        pytest.param("sys.path.append('core'); import click", "core/click.py", script, id="found-earlier-on-the-path"),
        pytest.param("sys.path.insert(0, 'core'); import m", "core/m.py", Path.touch, id="relative-entry"),
    ],
)
def test_an_odd_question_leads_to_no_reload(
    project: Project, code: str, name: str, make: Callable[[Path], None] | None
) -> None:
    if make is not None:
        (project.root / name).parent.mkdir(exist_ok=True)
        make(project.root / name)
    server = start(project, code)
    assert save_and_look(project, server) == []


def test_a_module_that_becomes_a_folder_leads_to_one_reload(project: Project) -> None:
    project.files({"m.py": ""})
    server = start(project, "attempt('m')")
    (project.root / "m.py").unlink()
    (project.root / "m.py").mkdir()
    server.says(RELOADED)
    assert set(save_and_look(project, server)) <= {"m.py"}
    assert server.log().count(RELOADED) <= 3


# What comes into a folder

VERSION = "importlib.metadata.version('click')"
LISTED = "os.listdir('.')"
WALKED = "[*pkgutil.iter_modules(['plugins'])]"
SEARCHED = "[*pkgutil.iter_modules()]"
SHADOWED = "sys.path.append('core'); import m"
MATTERS = [
    (VERSION, "notes.txt", False),
    (VERSION, "other.py", False),
    (VERSION, "other-1.0.dist-info/METADATA", True),
    (VERSION, "other.egg-info/PKG-INFO", True),
    (SEARCHED, "notes.txt", False),
    (SEARCHED, "other.py", True),
    (WALKED, "plugins/two.py", True),
    (WALKED, "plugins/two/__init__.py", True),
    (WALKED, "plugins/notes.txt", False),
    (LISTED, "notes.txt", True),
    *(
        (LISTED, name, False)
        for name in (".coverage", ".mypy_cache/x", ".pytest_cache/x", ".DS_Store", "4913", ".app.py.swp")
    ),
    *(
        (LISTED, name, False)
        for name in ("app.py~", ".#app.py", "app.py___jb_tmp___", "__pycache__/x.pyc", ".git/index")
    ),
    ("attempt('missing')", "missing.py", True),
    ("attempt('missing')", "missing/__init__.py", True),
    ("attempt('missing')", "missing/part.py", True),
    ("attempt('m')", "m/__init__.py", True),
    (SHADOWED, "m.py", True),
    (SHADOWED, "m/__init__.py", True),
    (SHADOWED, "m/part.py", False),
    ("import wave", "wave.py", True),
    ("import wave", "wave/part.py", False),
    ("import wave", "notes.txt", False),
    ("sys.path.append('later'); import m", "later/m.py", False),
    ("sys.path.insert(0, 'sooner'); import m", "sooner/m.py", True),
]


@pytest.mark.parametrize(("code", "name", "counts"), MATTERS, ids=[f"{code}-{name}" for code, name, _ in MATTERS])
def test_a_new_file_leads_to_a_reload_where_a_cold_start_sees_it(
    project: Project, code: str, name: str, counts: bool
) -> None:
    files = {"plugins/one.py": ""}
    if "import m" in code or "'m'" in code:
        files["core/m.py" if "core" in code else "m.py"] = ""
    server = start(project.files(files), code)
    project.files({name: ""})
    if counts:
        server.says(RELOADED)
    found = save_and_look(project, server)
    assert (set(found) != set()) is counts
    assert not any(cause in ("", ".") for cause in found)
    shutil.rmtree(project.root / ".mypy_cache", ignore_errors=True)


# Loads that lead to themselves

NAMED = "changes with each reload"
BEGUN, ENDED = "begun", "ended"
NOTING = """
def note(text):
    fd = os.open(os.environ["E2E_JOURNAL"], os.O_WRONLY | os.O_APPEND)
    os.write(fd, text.encode() + b"\\n")
    os.close(fd)
note("begun")
"""
BY_LIBRARY = """
import ctypes, time
libc = ctypes.CDLL(None)
def write(path, content):
    fd = libc.creat(path.encode(), 0o644)
    libc.write(fd, content.encode(), len(content))
    libc.close(fd)
"""
READS_MADE = "open('made.txt').read()\n"
LOOPS = [
    pytest.param(READS_MADE + "os.system('date +%N > made.txt')", ["made.txt"], id="child"),
    pytest.param(READS_MADE + BY_LIBRARY + "write('made.txt', str(time.time_ns()))", [], id="library"),
    pytest.param(
        "open('made.txt').read(), open('other.txt').read()\n"
        "count = len(open(os.environ['E2E_JOURNAL']).readlines())\n"
        "os.system('date +%N > ' + ('made.txt', 'other.txt')[count % 2])",
        ["made.txt", "other.txt"],
        id="two-in-turn",
    ),
]


@pytest.mark.parametrize(("code", "names"), LOOPS)
def test_a_file_that_each_import_writes_leads_to_no_endless_loop(project: Project, code: str, names: list[str]) -> None:
    project.files({"made.txt": "", "other.txt": ""})
    server = start(project, NOTING + code)
    if names:
        log = server.says(NAMED)
        assert any(name in log for name in names)
    project.save("edited.py", "version = 'two'")
    server.answers("two")
    assert server.log().count(RELOADED) < 40


def test_a_file_that_differs_without_a_report_is_named_and_the_app_served(project: Project, tmp_path: Path) -> None:
    """Its other name is elsewhere: the system tells of no change in the project."""
    (tmp_path / "elsewhere").write_text("0")
    os.link(tmp_path / "elsewhere", project.root / "made.txt")
    with Writing(tmp_path / "elsewhere", 0.02):
        server = start(project, "open('made.txt').read()")
        server.says(NAMED)
        project.save("edited.py", "version = 'two'")
        server.answers("two")


class Writing:
    """A program that writes a file again and again, while it is a context."""

    def __init__(self, path: Path, seconds: float) -> None:
        self._path, self._seconds = path, seconds
        self._count = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def _write(self) -> None:
        while not self._stop.wait(self._seconds):
            self._count += 1
            self._path.write_text(str(self._count))

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._path.write_text("last")


SLOW = "import time\ntext = open('data.txt').read()\ntime.sleep({seconds})\nedited.version += text"


@pytest.mark.parametrize(("every", "load"), [(0.3, 0.6), (0.5, 0.6), (0.05, 0.2)])
def test_a_program_that_writes_faster_than_the_app_loads_keeps_nobody_waiting(
    project: Project, every: float, load: float
) -> None:
    project.files({"data.txt": "0"})
    with Writing(project.root / "data.txt", every):
        server = start(project, SLOW.format(seconds=load))
        server.says(f"data.txt {NAMED}")
        for version in ("two", "three"):
            project.save("edited.py", f"version = {version!r}")
            server.answers(version)
        assert server.get().status == 200
    server.answers("threelast")


def test_a_program_that_writes_slower_than_the_app_loads_keeps_nobody_waiting(project: Project) -> None:
    project.files({"data.txt": "0"})
    with Writing(project.root / "data.txt", 0.3):
        server = start(project, SLOW.format(seconds=0))
        server.until(lambda: server.log().count(RELOADED) >= 5, "some reloads")
        assert server.get().status == 200
    server.answers("last")


BUILDS = [
    pytest.param(
        "attempt('made')\nos.system('echo x = 1 > made.py')\nimportlib.invalidate_caches()\nimport made", id="module"
    ),
    pytest.param("if not os.path.exists('made.css'): os.system('echo > made.css; sleep 0.3')", id="file"),
    pytest.param("os.listdir('.'); os.system('touch made.txt; sleep 0.3')", id="listed-folder"),
    pytest.param("os.listdir('.')" + BY_LIBRARY + "write('new.duckdb', 'x'); time.sleep(0.3)", id="library"),
    pytest.param("os.path.exists('new.duckdb')" + BY_LIBRARY + "write('new.duckdb', 'x'); time.sleep(0.3)", id="asked"),
]


@pytest.mark.parametrize("code", BUILDS)
def test_an_import_that_writes_files_runs_to_its_end(project: Project, code: str) -> None:
    server = start(project, f"{NOTING}{code}\nnote('ended')")
    found = save_and_look(project, server)
    assert len(found) <= 1
    assert project.journal().count(BEGUN) == project.journal().count(ENDED)
    assert NAMED not in server.log()


def test_a_save_while_a_build_runs_is_not_lost(project: Project) -> None:
    project.files({"edited.py": "version = 'one'", "app.py": APP.format(code=NOTING + "os.system('sleep 1')")})
    server = project.dev()
    project.noted(BEGUN)
    project.save("edited.py", "version = 'two'")
    server.answers("two")


def test_an_import_that_hangs_after_a_build_is_given_up_for_a_save(project: Project) -> None:
    project.files({"edited.py": "version = 'one'"})
    code = NOTING + "os.system('true')\nimport time\nwhile edited.version == 'one': time.sleep(0.01)"
    project.files({"app.py": APP.format(code=code)})
    server = project.dev()
    project.noted(BEGUN)
    project.save("edited.py", "version = 'two'")
    server.answers("two")
