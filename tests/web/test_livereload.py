from __future__ import annotations

import re
import socket

import pytest
from werkzeug.test import Client, EnvironBuilder
from werkzeug.wrappers import Response

from launcher.web.answer import HEADERS
from launcher.web.livereload import BELOW, LiveReload, read_script
from launcher.web.streams import LeftOpen, Streams

PATH = f"{BELOW}t0ken"
PAGE = "<!doctype html><body></body>"
BROWSER = {"Sec-Fetch-Dest": "document"}


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def live(told: list[str]) -> LiveReload:
    streams = Streams()
    streams.advance(7)
    return LiveReload("t0ken", streams, told.append)


@pytest.fixture
def client(live: LiveReload) -> Client:
    return Client(live.endpoints(Response("the app")))


def test_the_script_is_ours_and_never_stored(client: Client) -> None:
    response = client.get(f"{PATH}.js")
    assert response.data == read_script()
    assert response.mimetype == "text/javascript"
    assert dict(HEADERS).items() <= dict(response.headers).items()


def test_a_server_that_cannot_keep_the_connection_answers_once(client: Client) -> None:
    response = client.get(PATH)
    assert response.data == b"data: 7\n\n"
    assert response.mimetype == "text/event-stream"
    assert dict(HEADERS).items() <= dict(response.headers).items()


def test_the_connection_becomes_a_stream(live: LiveReload) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        environ = EnvironBuilder(PATH, environ_overrides={"werkzeug.socket": ours}).get_environ()
        with pytest.raises(LeftOpen):
            live.endpoints(Response("the app"))(environ, lambda *_: None)
        assert live.streams.has(ours)
        head, _, body = theirs.recv(4096).partition(b"\r\n\r\n")
    assert body == b"data: 7\n\n"
    first, *lines = head.decode().split("\r\n")
    assert first == "HTTP/1.1 200 OK"
    headers = dict(line.split(": ", 1) for line in lines)
    assert dict(HEADERS).items() <= headers.items()
    assert headers["Content-Type"] == "text/event-stream"
    assert "Access-Control-Allow-Origin" not in headers


def test_what_is_said_is_a_number() -> None:
    """No path, no text, no name of anything."""
    assert re.fullmatch(rb"(event: style\n)?data: \d+\n\n", Client(LiveReload("t", Streams(), str).endpoints(
        Response())).get(f"{BELOW}t").data)  # fmt: skip


@pytest.mark.parametrize("path", [PATH, f"{PATH}.js"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9"},
        {"Referer": "http://evil.example/"},
    ],
)
def test_strangers_are_refused(client: Client, path: str, headers: dict[str, str]) -> None:
    assert client.get(path, headers=headers).status_code == 403


@pytest.mark.parametrize("path", [PATH, f"{PATH}.js"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_they_can_only_be_read(client: Client, path: str, method: str) -> None:
    assert client.open(path, method=method).status_code == 405


def corpus() -> list[str]:
    """Paths that try to get at a file, or at the endpoints in another spelling."""
    targets = ["etc/passwd", ".env", "devserver.toml", "livereload.js", "livereload.py", "launcher/plan.py", "t0ken"]
    ways = ["../", "..%2f", "%2e%2e/", "....//", "..\\", "..%5c", "%2e%2e%5c", "/", "//", "./", "%00/", "..;/", "~/"]
    ends = ["", "%00.js", "?raw", "#.js", ".js.map", "/"]
    made = [f"{BELOW}{way}{target}{end}" for target in targets for way in ways for end in ends]
    spelled = [
        f"{PATH}/",
        f"{PATH}.JS",
        f"{PATH}.js/",
        f"{PATH}.js%00",
        f"{PATH.upper()}",
        f"{PATH}%20",
        f"{PATH}x",
        BELOW,
    ]
    return made + spelled


def test_no_path_leads_to_a_file_or_to_another_spelling(client: Client) -> None:
    paths = corpus()
    assert len(paths) > 200
    for path in paths:
        response = client.get(path)
        leaves = not response.request.path.startswith(BELOW)
        assert response.status_code == 404 or (leaves and response.text == "the app"), path


def test_all_other_paths_are_the_apps(client: Client) -> None:
    for path in ("/", "/__launch__", "/__launch", "/x/__launch__/t0ken"):
        assert client.get(path).text == "the app"


def test_pages_get_the_script_of_the_present_edition(live: LiveReload) -> None:
    client = Client(live.in_pages(Response(PAGE, mimetype="text/html")))
    tag = f'<script async src="{PATH}.js" data-edition="7"></script>'
    assert client.get("/", headers=BROWSER).text == f"<!doctype html><body>{tag}</body>"
    live.streams.advance(8)
    assert 'data-edition="8"' in client.get("/", headers=BROWSER).text


def test_a_nonce_is_reused_and_escaped(live: LiveReload) -> None:
    policy = {"Content-Security-Policy": "script-src 'nonce-a\"b'"}
    client = Client(live.in_pages(Response(PAGE, mimetype="text/html", headers=policy)))
    assert ' nonce="a&quot;b"></script>' in client.get("/", headers=BROWSER).text


def test_a_policy_that_forbids_us_is_obeyed_and_told_once(live: LiveReload, told: list[str]) -> None:
    policy = {"Content-Security-Policy": "default-src 'none'"}
    client = Client(live.in_pages(Response(PAGE, mimetype="text/html", headers=policy)))
    for path in ("/a", "/b"):
        assert client.get(path, headers=BROWSER).text == PAGE
    assert len(told) == 1
    assert "/a" in told[0]
    assert "Content-Security-Policy" in told[0]


def test_a_policy_that_names_our_origin_is_understood(live: LiveReload, told: list[str]) -> None:
    policy = {"Content-Security-Policy": "default-src http://localhost:5000"}
    client = Client(live.in_pages(Response(PAGE, mimetype="text/html", headers=policy)))
    assert PATH in client.get("/", headers=BROWSER, base_url="http://localhost:5000").text
    assert told == []


@pytest.mark.parametrize(("method", "has_tag"), [("GET", True), ("POST", False), ("HEAD", False)])
def test_our_own_pages_are_refreshed_where_they_can_be_asked_for_again(live, method: str, has_tag: bool) -> None:
    environ = EnvironBuilder(method=method, headers=BROWSER).get_environ()
    assert bool(live.tag(environ)) is has_tag
