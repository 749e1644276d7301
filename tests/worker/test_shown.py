from __future__ import annotations

import contextvars
import os
import sys
import threading
import time
import types
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from launcher.wire.digest import of_content
from launcher.worker.shown import ShownFiles, forget_templates


class Project:
    """A folder, an app that opens what it is asked for, and what was reported."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        self.reports: list[tuple[str, str, bool]] = []
        self.files = ShownFiles([str(root)], lambda *report: self.reports.append(report))
        self.files.start()
        self.open = lambda path: (root / path).read_text()
        self.client = Client(self.files.around(Request.application(self.answer)))

    def answer(self, request: Request) -> Response:
        self.open(request.args.get("file", request.path.strip("/")))
        return Response("fine")

    def write(self, name: str, text: str = "x") -> str:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(path)

    def names(self) -> list[tuple[str, bool]]:
        return [(os.path.relpath(path, self.root), style) for path, _, style in self.reports]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    project = Project(tmp_path / "shop")
    yield project
    project.files.stop()


def test_a_file_is_reported_once_with_its_digest(project: Project) -> None:
    path = project.write("a.html", "hello")
    for _ in range(3):
        project.client.get("/a.html")
    assert project.reports == [(path, of_content(b"hello"), False)]


def test_a_relative_path_is_made_absolute(project: Project, monkeypatch) -> None:
    path = project.write("a.html")
    monkeypatch.chdir(project.root)
    project.open = lambda name: Path(name).read_text()
    project.client.get("/a.html")
    assert project.reports[0][0] == path


@pytest.mark.parametrize(
    ("url", "style"),
    [
        pytest.param("/s.css", True, id="stylesheet"),
        pytest.param("/static/s.css?file=s.css", True, id="stylesheet-below-a-prefix"),
        pytest.param("/page?file=s.css", False, id="stylesheet-put-into-a-page"),
        pytest.param("/made.css?file=s.scss", False, id="source-of-a-stylesheet"),
    ],
)
def test_what_is_a_mere_stylesheet(project: Project, url: str, style: bool) -> None:
    project.write("s.css")
    project.write("s.scss")
    project.client.get(url)
    assert [found for _, found in project.names()] == [style]


def test_a_stylesheet_that_is_also_put_into_a_page_is_none_any_more(project: Project) -> None:
    project.write("s.css")
    for url in ("/s.css", "/page?file=s.css", "/s.css", "/page?file=s.css"):
        project.client.get(url)
    assert project.names() == [("s.css", True), ("s.css", False)]


@pytest.mark.parametrize("name", ["module.py", "__pycache__/module.pyc", "venv/lib/site-packages/x/a.html", "a.so"])
def test_code_and_libraries_are_no_business_of_ours(project: Project, name: str) -> None:
    project.write(name)
    project.client.get("/", query_string={"file": name})
    assert project.reports == []


def test_files_outside_the_project_are_not_reported(project: Project, tmp_path: Path) -> None:
    (tmp_path / "shop-other.html").write_text("x")
    project.client.get("/", query_string={"file": "../shop-other.html"})
    assert project.reports == []


def test_a_file_that_is_missing_is_not_reported(project: Project) -> None:
    with pytest.raises(FileNotFoundError):
        project.client.get("/nothing.html")
    assert project.reports == []


def test_what_other_threads_and_later_times_read_is_not_reported(project: Project) -> None:
    project.write("a.html")
    thread = threading.Thread(target=project.open, args=("a.html",))
    thread.start()
    thread.join()
    assert project.reports == []
    project.files.stop()
    project.client.get("/a.html")
    assert project.reports == []


def test_what_is_read_elsewhere_in_the_context_of_a_request_is_reported(project: Project) -> None:
    """As by a view that is a coroutine, whose loop runs on a thread of its own."""
    project.write("a.html")
    read = project.open

    def open_elsewhere(path: str) -> None:
        thread = threading.Thread(target=contextvars.copy_context().run, args=(read, path))
        thread.start()
        thread.join()

    project.open = open_elsewhere  # type: ignore[assignment, return-value]
    project.client.get("/a.html")
    assert project.names() == [("a.html", False)]


def test_opening_a_known_file_costs_microseconds(project: Project) -> None:
    project.write("a.html")
    project.client.get("/a.html")
    path = str(project.root / "a.html")
    # Called as the interpreter does, so that the disk is not measured. The best of many, since the machine is shared.
    best = 1.0
    for _ in range(200):
        begun = time.perf_counter()
        for _ in range(100):
            project.files._opened("open", (path, "r", os.O_RDONLY))
        best = min(best, (time.perf_counter() - begun) / 100)
    assert best < 10e-6


def test_templates_that_are_kept_for_good_are_forgotten(monkeypatch) -> None:
    calls: list[str] = []
    django = types.SimpleNamespace(reset_loaders=lambda: calls.append("django"))
    bottle = types.SimpleNamespace(TEMPLATES={"page": "old"})
    monkeypatch.setitem(sys.modules, "django.template.autoreload", django)
    monkeypatch.setitem(
        sys.modules, "django.conf", types.SimpleNamespace(settings=types.SimpleNamespace(configured=True))
    )
    monkeypatch.setitem(sys.modules, "bottle", bottle)
    forget_templates()
    assert calls == ["django"]
    assert bottle.TEMPLATES == {}


def test_frameworks_that_are_not_there_are_not_imported(monkeypatch) -> None:
    for name in ("django.template.autoreload", "django.conf", "bottle"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    forget_templates()
    assert "bottle" not in sys.modules


def test_django_itself_offers_what_we_call() -> None:
    from django.template import autoreload

    assert callable(autoreload.reset_loaders)
