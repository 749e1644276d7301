"""What pages of other sites can do to a running server, tried out in a browser."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

from tests.browser.conftest import until


@pytest.fixture
def stranger() -> Iterator[str]:
    """The address of another local server: as near to us as a foreign page can be."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>stranger</title>")

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def ours(browser, launch):
    """A running server, and the random path that its pages know."""
    server = launch()
    page = browser.new_page()
    page.goto(server.url)
    path = page.evaluate("document.querySelector('script[data-edition]').src").removesuffix(".js")
    return server, path


FETCH = "async url => { try { const r = await fetch(url); return await r.text(); } catch (e) { return 'refused'; } }"
LISTEN = """url => new Promise(done => {
    const source = new EventSource(url);
    source.onmessage = () => done("heard");
    source.onerror = () => { source.close(); done("refused"); };
})"""
LOAD = """url => new Promise(done => {
    const script = document.createElement("script");
    script.src = url;
    script.onload = () => done("loaded");
    script.onerror = () => done("refused");
    document.head.append(script);
})"""


@pytest.mark.parametrize(
    ("attempt", "end"),
    [
        pytest.param(FETCH, "", id="read-the-stream"),
        pytest.param(LISTEN, "", id="listen"),
        pytest.param(LOAD, ".js", id="run-the-script"),
        pytest.param(FETCH, ".js", id="read-the-script"),
    ],
)
def test_a_stranger_who_knows_the_path_gets_nothing(browser, ours, stranger: str, attempt: str, end: str) -> None:
    _, path = ours
    page = browser.new_page()
    page.goto(stranger)
    assert page.evaluate(attempt, path + end) == "refused"


def test_the_debuggers_files_do_not_give_the_server_away(browser, ours, stranger: str) -> None:
    server, _ = ours
    page = browser.new_page()
    page.goto(stranger)
    for name in ("debugger.js", "style.css"):
        assert page.evaluate(LOAD, f"{server.url}/?__debugger__=yes&cmd=resource&f={name}") == "refused"


def test_an_error_page_cannot_be_put_into_a_strangers_frame(browser, ours, stranger: str) -> None:
    server, _ = ours
    page = browser.new_page()
    page.goto(stranger)
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.evaluate(
        "url => { const f = document.createElement('iframe'); f.src = url; document.body.append(f) }",
        f"{server.url}/fail",
    )
    until(
        lambda: any("frame-ancestors" in text for text in told), "a refusal", lambda: str(told), page.wait_for_timeout
    )


def test_a_name_that_resolves_to_us_is_not_ours(browser, ours) -> None:
    """DNS rebinding: Chromium resolves all below localhost to us, so another name is sent in its place."""
    server, _ = ours
    page = browser.new_page()
    page.route("**/*", lambda route: route.continue_(headers={**route.request.headers, "host": "evil.example"}))
    response = page.goto(server.url)
    assert response.status in (200, 403)
    if response.status == 403:
        assert "allowed-hosts" in page.content()
