"""Measures the time from a save to the refreshed page, in headless Chromium.

    python -m tests.benchmarks.refresh [--rounds 20] [--launch PATH]

The clock starts when the save is done and stops in the page, when its new document has been parsed; both are the
system's clock. Beside `launch dev`: Django's `runserver` with django-browser-reload, where that is installed. Needs
`chromium` and the package playwright. Prints a Markdown table; asserts nothing.
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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import TimeoutError as PlaywrightTimeout
from playwright.sync_api import sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
SEEN = "addEventListener('DOMContentLoaded', () => window.seen = performance.timeOrigin + performance.now())"
FLASK = """
from flask import Flask, render_template

app = Flask(__name__)
WORD = "module-0"


@app.get("/")
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
from django.shortcuts import render
from django.urls import include, path

WORD = "module-0"


def index(request):
    return render(request, "index.html", {"word": WORD})


urlpatterns = [path("", index), path("__reload__/", include("django_browser_reload.urls"))]
"""


def write(path: Path, text: str) -> float:
    """Save as an editor does; return the time in milliseconds at which that was done."""
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(text)
    draft.replace(path)
    return time.time() * 1000


def make_project(root: Path, entry: str, source: str) -> None:
    for folder in ("templates", "static"):
        (root / folder).mkdir(parents=True)
    (root / entry).write_text(source)
    (root / "templates" / "index.html").write_text(PAGE)
    (root / "static" / "style.css").write_text(STYLE)


@contextmanager
def served(command: list[str], root: Path, ready: str) -> Iterator[str]:
    """Run a server and yield its address, as the pattern *ready* finds it in what it prints."""
    log = root.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=root, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
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


def module_saves(page, root: Path, entry: str, rounds: int) -> list[float]:
    source = (root / entry).read_text()
    return [
        measure(page, root / entry, source.replace("module-0", f"module-{number}"), "module", f"module-{number}")
        for number in range(1, rounds + 1)
    ]


def template_saves(page, root: Path, entry: str, rounds: int) -> list[float]:
    file = root / "templates" / "index.html"
    return [
        measure(page, file, PAGE.replace("template-0", f"template-{number}"), "template", f"template-{number}")
        for number in range(1, rounds + 1)
    ]


def style_saves(page, root: Path, entry: str, rounds: int) -> list[float]:
    """Until the new style is in force: a swapped stylesheet and a refreshed page both count."""
    file = root / "static" / "style.css"
    times = []
    for number in range(1, rounds + 1):
        page.wait_for_timeout(300)
        begun = write(file, STYLE.replace("0px", f"{number}px"))
        page.wait_for_function(
            """margin => {
                const first = document.querySelector("p");
                return first && getComputedStyle(first).marginLeft === margin;
            }""",
            arg=f"{number}px",
        )
        times.append(time.time() * 1000 - begun)
    return times


def measure(page, file: Path, text: str, place: str, expected: str) -> float:
    page.wait_for_timeout(300)
    begun = write(file, text)
    page.wait_for_function(
        "([place, text]) => window.seen && document.getElementById(place)?.textContent === text", arg=[place, expected]
    )
    return float(page.evaluate("seen")) - begun


KINDS: dict[str, Callable[..., list[float]]] = {
    "module": module_saves,
    "template": template_saves,
    "stylesheet": style_saves,
}


def run(context, name: str, command: list[str], root: Path, entry: str, ready: str, rounds: int) -> None:
    with served(command, root, ready) as address:
        page = context.new_page()
        page.add_init_script(SEEN)
        page.goto(address + "/")
        page.wait_for_timeout(1500)
        for kind, saves in KINDS.items():
            try:
                times = sorted(saves(page, root, entry, rounds))
            except PlaywrightTimeout:
                print(f"| {name} | {kind} | not refreshed | | | |", flush=True)
                continue
            middle, last = statistics.median(times), times[-1]
            print(
                f"| {name} | {kind} | {middle:.0f} ms | {times[0]:.0f} ms | {last:.0f} ms | {len(times)} |", flush=True
            )
        page.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--launch", default=f"{sys.executable} -m launcher", help="the command to measure")
    options = parser.parse_args()
    launch = [*options.launch.split(), "dev", "--port=0"]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS, headless=True)
        context = browser.new_context()
        print(f"Chromium {browser.version}, CPython {platform.python_version()}, {os.cpu_count()} cores\n")
        print("| server | saved | median | best | worst | n |\n|---|---|---|---|---|---|")
        apps = {"tiny app": FLASK}
        if importlib.util.find_spec("pandas") and importlib.util.find_spec("sqlalchemy"):
            apps["pandas app"] = HEAVY + FLASK
        for name, source in apps.items():
            root = Path(folder) / name.replace(" ", "-")
            make_project(root, "app.py", source)
            ready = r"(http://127\.0\.0\.1:\d+)"
            run(context, f"launch dev, {name}", [*launch, "--app=app:app"], root, "app.py", ready, options.rounds)
        if importlib.util.find_spec("django_browser_reload"):
            root = Path(folder) / "django"
            make_project(root, "urls.py", URLS)
            (root / "manage.py").write_text(DJANGO)
            command = [sys.executable, "-u", "manage.py", "runserver", f"127.0.0.1:{free_port()}"]
            ready = r"at (http://127\.0\.0\.1:\d+)"
            run(context, "runserver, django-browser-reload", command, root, "urls.py", ready, options.rounds)
        browser.close()


if __name__ == "__main__":
    main()
