"""Measures the time from a save to the refreshed page, in headless Chromium.

    python -m tests.benchmarks.refresh [--rounds 20] [--launch COMMAND] [--vite PATH]

The clock starts when the save is done and stops in the page, when its new document has been parsed; both are the
system's clock. Beside `launch dev`: Django's `runserver` with django-browser-reload, where that is installed, and Vite,
where its program is given. All servers run at once and take turns, save by save, so that what else the machine does
meets all of them. Needs `chromium` and the package playwright. Prints a Markdown table; asserts nothing.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import TimeoutError as PlaywrightTimeout
from playwright.sync_api import sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
SEEN = "addEventListener('DOMContentLoaded', () => window.seen = performance.timeOrigin + performance.now())"
ENTRY = """
from flask import Flask
import views

app = Flask(__name__)
app.add_url_rule("/", view_func=views.index)
"""
VIEWS = """
from flask import render_template

WORD = "module-0"


def index():
    return render_template("index.html", word=WORD)
"""
HEAVY = "import numpy, pandas, sqlalchemy\n"
PAGE = """<!doctype html>
<html><head><title>page</title><link rel="stylesheet" href="/static/style.css"></head>
<body><p id="module">{{ word }}</p><p id="template">template-0</p></body></html>
"""
STYLE = "p { margin-left: 0px }\n"
DJANGO = """
import sys
from django.conf import settings
from django.core.management import execute_from_command_line

settings.configure(
    DEBUG=True, SECRET_KEY="x", ROOT_URLCONF="urls", ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=["django.contrib.staticfiles", "django_browser_reload"],
    MIDDLEWARE=["django_browser_reload.middleware.BrowserReloadMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": ["templates"]}],
    STATIC_URL="/static/", STATICFILES_DIRS=["static"],
)
execute_from_command_line(sys.argv)
"""
URLS = """
from django.urls import include, path
import views

urlpatterns = [path("", views.index), path("__reload__/", include("django_browser_reload.urls"))]
"""
DJANGO_VIEWS = """
from django.shortcuts import render

WORD = "module-0"


def index(request):
    return render(request, "index.html", {"word": WORD})
"""
VITE_PAGE = PAGE.replace("{{ word }}", "").replace("/static/", "/").replace(
    "</body>", '<script type="module" src="/main.js"></script></body>'
)  # fmt: skip
VITE_MODULE = 'document.getElementById("module").textContent = "module-0"\n'
SETTLE = 400
"""Milliseconds between a refreshed page and the next save."""


@dataclass
class Contestant:
    """A server, its page, and for each kind of save the file and the times: (whole, until asked, until answered)."""

    name: str
    page: object
    files: dict[str, Path]
    times: dict[str, list[tuple[float, float, float]]] = field(default_factory=dict)
    rounds: int = 0

    def save(self, kind: str) -> None:
        """Save one file, wait for the page to show that, and note the time; None of it counts in the first round."""
        file = self.files[kind]
        self.rounds += 1
        text = file.read_text()
        mark = "stylesheet" if kind == "stylesheet" else "template" if "template-" in text else "module"
        page = self.page
        page.wait_for_timeout(SETTLE)
        if kind == "stylesheet":
            begun = write(file, re.sub(r"\d+px", f"{self.rounds}px", text))
            page.wait_for_function(
                "text => { const p = document.querySelector('p'); return p && getComputedStyle(p).marginLeft === text; }",
                arg=f"{self.rounds}px",
                timeout=20_000,
            )
            self.times.setdefault(kind, []).append((time.time() * 1000 - begun, 0.0, 0.0))
            return
        begun = write(file, re.sub(rf"{mark}-\d+", f"{mark}-{self.rounds}", text))
        page.wait_for_function(
            "([place, text]) => window.seen && document.getElementById(place)?.textContent === text",
            arg=[mark, f"{mark}-{self.rounds}"],
            timeout=20_000,
        )
        seen, origin, answered = page.evaluate(
            "[seen, performance.timeOrigin, performance.getEntriesByType('navigation')[0].responseStart]"
        )
        self.times.setdefault(kind, []).append((seen - begun, origin - begun, origin - begun + answered))


def write(path: Path, text: str) -> float:
    """Save as an editor does; return the time in milliseconds at which that was done."""
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(text)
    draft.replace(path)
    return time.time() * 1000


def make_project(root: Path, files: dict[str, str]) -> dict[str, Path]:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return {name: root / name for name in files}


@contextmanager
def served(command: list[str], root: Path, ready: str) -> Iterator[str]:
    """Run a server and yield its address, as the pattern *ready* finds it in what it prints."""
    log = root.with_suffix(".log")
    environ = {**os.environ, "NO_COLOR": "1", "FORCE_COLOR": "0"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=root, env=environ, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        end = time.monotonic() + 60
        while not (found := re.search(ready, log.read_text("utf-8", "replace"))):
            assert process.poll() is None, log.read_text("utf-8", "replace")
            assert time.monotonic() < end, log.read_text("utf-8", "replace")
            time.sleep(0.05)
        yield found[1].rstrip("/")
    finally:
        process.terminate()
        process.wait(20)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def contestants(
    folder: Path, launch: list[str], vite: str
) -> Iterator[tuple[str, list[str], Path, str, dict[str, str]]]:
    """Yield name, command, folder, pattern of the address, and which file is saved for each kind."""
    pages = {"templates/index.html": PAGE, "static/style.css": STYLE}
    kinds = {"module": "views.py", "template": "templates/index.html", "stylesheet": "static/style.css"}
    apps = {"tiny app": ENTRY}
    if importlib.util.find_spec("pandas") and importlib.util.find_spec("sqlalchemy"):
        apps["pandas app"] = HEAVY + ENTRY
    for name, entry in apps.items():
        root = folder / name.replace(" ", "-")
        make_project(root, {"app.py": entry, "views.py": VIEWS, **pages})
        command = [*launch, "dev", "--port=0", "--app=app:app"]
        yield f"launch dev, {name}", command, root, r"(http://127\.0\.0\.1:\d+)", kinds
    if importlib.util.find_spec("django_browser_reload"):
        root = folder / "django"
        make_project(root, {"manage.py": DJANGO, "urls.py": URLS, "views.py": DJANGO_VIEWS, **pages})
        command = [sys.executable, "-u", "manage.py", "runserver", f"127.0.0.1:{free_port()}"]
        yield "runserver, django-browser-reload", command, root, r"at (http://127\.0\.0\.1:\d+)", kinds
    if vite:
        root = folder / "vite"
        make_project(root, {"index.html": VITE_PAGE, "main.js": VITE_MODULE, "style.css": STYLE})
        command = [vite, "--host=127.0.0.1", f"--port={free_port()}", "--strictPort", "--clearScreen=false"]
        files = {"module": "main.js", "template": "index.html"}
        yield "Vite, full page reload", command, root, r"(http://127\.0\.0\.1:\d+)", files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--launch", default=f"{sys.executable} -m launcher", help="the command to measure")
    parser.add_argument("--vite", default="", help="the program node_modules/.bin/vite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright, ExitStack() as stack:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS, headless=True)
        context = browser.new_context()
        field_of = []
        for name, command, root, ready, files in contestants(Path(folder), options.launch.split(), options.vite):
            address = stack.enter_context(served(command, root, ready))
            page = context.new_page()
            page.add_init_script(SEEN)
            page.goto(address + "/")
            field_of.append(Contestant(name, page, {kind: root / file for kind, file in files.items()}))
        run(field_of, options.rounds)
        print(f"Chromium {browser.version}, CPython {platform.python_version()}, {os.cpu_count()} cores\n")
        report(field_of)
        browser.close()


def run(field_of: list[Contestant], rounds: int) -> None:
    """Let all take turns; the first round is practice, for whatever a server prepares in the background."""
    for number in range(rounds + 1):
        for one in field_of:
            for kind in list(one.files):
                try:
                    one.save(kind)
                except PlaywrightTimeout:
                    del one.files[kind]
        if number == 0:
            for one in field_of:
                one.times.clear()


def report(field_of: list[Contestant]) -> None:
    print("| server | saved | median | best | worst | until the page asks | until it is answered | n |")
    print("|---|---|---|---|---|---|---|---|")
    for one in field_of:
        for kind, times in one.times.items():
            whole, asked, answered = (statistics.median(column) for column in zip(*times, strict=True))
            best, worst = min(times)[0], max(times)[0]
            parts = f"{asked:.0f} ms | {answered:.0f} ms" if asked else "|"
            print(f"| {one.name} | {kind} | {whole:.0f} ms | {best:.0f} ms | {worst:.0f} ms | {parts} | {len(times)} |")


if __name__ == "__main__":
    main()
