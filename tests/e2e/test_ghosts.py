"""Reloads that nobody asked for, and loops of reloads: none of them happens, and what a cold start would see still counts.

Each test ends with a save of `edited.py`. When that is served, the log tells what else has led to a reload.
"""

from __future__ import annotations

import os
import shutil
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
    """Save a module; when that is served, return what led to each reload before."""
    project.save("edited.py", "version = 'two'")
    server.answers("two")
    server.until(lambda: "edited.py" in causes(server), "the last reload")
    return causes(server)[:-1]


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
