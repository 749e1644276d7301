"""Real headless Chromium in front of the real command.

The browser is the system's own (`apt-get install chromium`), driven by Playwright's Python client; nothing is
downloaded. Where one of the two is missing these tests are skipped, unless LAUNCH_REQUIRE_BROWSER is set.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LIMIT = 40.0
"""Seconds after which a condition will not come true any more."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


def missing() -> str:
    """Say what is not there, in words; nothing where all is."""
    if shutil.which("chromium") is None:
        return "no chromium on PATH (Debian: apt-get install chromium)"
    try:
        import playwright  # noqa: F401
    except ImportError:
        return "no playwright (pip install playwright; without `playwright install`)"
    return ""


def until(
    condition: Callable[[], object],
    what: str,
    evidence: Callable[[], str] = str,
    wait: Callable[[float], None] = lambda milliseconds: time.sleep(milliseconds / 1000),
) -> None:
    """Wait until *condition* holds; fail with *what* and *evidence* at the limit. Pages need their own *wait*."""
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, f"waited {LIMIT:.0f} s for {what}\n{evidence()}"
        wait(10)


@pytest.fixture(scope="session")
def chromium():
    """The browser, one for all tests, with a profile of its own for each."""
    if reason := missing():
        assert not os.environ.get("LAUNCH_REQUIRE_BROWSER"), reason
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as profile:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=shutil.which("chromium"),
            args=FLAGS[1:],
            headless=True,
            ignore_https_errors=True,
        )
        yield context
        context.close()


@pytest.fixture
def browser(chromium) -> Iterator[object]:
    """The browser without open pages; those that a test opens are closed."""
    yield chromium
    for page in chromium.pages[1:]:
        page.close()
    chromium.pages[0].goto("about:blank")


class Server:
    """A running `launch dev` for the project in *root*."""

    def __init__(self, root: Path, *arguments: str, environ: dict[str, str] | None = None) -> None:
        self.root = root
        self.output = root.parent / f"{root.name}.log"
        self._command = [sys.executable, "-m", "launcher", "dev", *arguments]
        self._environ = {
            name: value for name, value in os.environ.items() if not name.startswith(("LAUNCH_", "FLASK_"))
        }
        self._environ |= {"PYTHONPATH": str(Path(__file__).parents[2]), **(environ or {})}
        self.url = ""
        self.start()

    def start(self, port: int | None = None) -> None:
        """Start, and wait for the address."""
        already = len(self.log())
        command = [*self._command, *([f"--port={port}"] if port else [])]
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                command, cwd=self.root, env=self._environ, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        until(lambda: self._find_url(already), "the server's address", self.log)

    def _find_url(self, already: int) -> bool:
        assert self.process.poll() is None, self.log()
        found = re.search(r"https?://[\w.\[\]:]+/", self.log()[already:])
        self.url = found[0].rstrip("/") if found else ""
        return bool(found)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rpartition(":")[2])

    def log(self) -> str:
        """Return what was printed so far."""
        return self.output.read_text("utf-8", "replace") if self.output.exists() else ""

    def heard(self, text: str, times: int = 1) -> None:
        """Wait until *text* was printed so many times."""
        until(lambda: self.log().count(text) >= times, f"{text!r} in the terminal", self.log)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it, and wait until it is gone."""
        if self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(LIMIT)

    def write(self, name: str, text: str) -> None:
        """Save a file as an editor does, and at once."""
        path = self.root / name
        draft = path.with_name(f".{path.name}.draft")
        draft.write_text(text)
        draft.replace(path)

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text that stands in a file once."""
        text = (self.root / name).read_text()
        assert text.count(old) == 1
        self.write(name, text.replace(old, new))


APP = """
from flask import Flask, render_template, request, Response

app = Flask(__name__)
app.jinja_env.auto_reload = True
WORD = "one"


@app.get("/")
def index():
    return render_template("index.html", word=WORD)


@app.get("/plain")
def plain():
    return Response("just text", mimetype="text/plain")


@app.get("/cached")
def cached():
    response = Response("<!doctype html><title>cached</title><body><h1>always the same</h1></body>")
    response.set_etag("constant")
    return response.make_conditional(request)


@app.get("/policy")
def policy():
    response = Response(f"<!doctype html><title>policy</title><body><h1 id='word'>{WORD}</h1></body>")
    response.headers["Content-Security-Policy"] = "default-src 'none'; connect-src 'self'; script-src 'nonce-abc'"
    return response


@app.route("/form", methods=["GET", "POST"])
def form():
    return f"<!doctype html><title>form</title><body><form method=post><button>{WORD} {request.method}</button></form>"


@app.get("/fail")
def fail():
    answer = 6 * 7
    raise LookupError(WORD)
"""
PAGE = """<!doctype html>
<html><head><title>shop</title><link rel="stylesheet" href="/static/style.css"></head>
<body><h1 id="word">{{ word }}</h1><p id="note">first note</p><div style="height: 5000px"></div></body></html>
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A Flask app with a template and a stylesheet."""
    root = tmp_path / "shop"
    (root / "templates").mkdir(parents=True)
    (root / "static").mkdir()
    (root / "devserver.toml").write_text('[base]\napp = "shop:app"\nport = 0\n')
    (root / "shop.py").write_text(APP)
    (root / "templates" / "index.html").write_text(PAGE)
    (root / "static" / "style.css").write_text("h1 { color: rgb(1, 2, 3) }\n")
    return root


@pytest.fixture
def launch(project: Path) -> Iterator[Callable[..., Server]]:
    """A function that starts `launch dev` for the project; what it started is stopped."""
    started: list[Server] = []

    def start(*arguments: str, environ: dict[str, str] | None = None) -> Server:
        started.append(Server(project, *arguments, environ=environ))
        return started[-1]

    yield start
    for server in started:
        server.stop()
