"""What clients and the terminal get of an error, in a request and while the app is loaded."""

from __future__ import annotations

import json

import pytest

from tests.apps.hostile import KINDS
from tests.e2e.harness import APPS, Answer, Project, Server

APP = """
import hostile

def app(environ, start_response):
    name = environ["PATH_INFO"].lstrip("/")
    if name in hostile.KINDS:
        hostile.KINDS[name]()
    if name == "secret":
        raise LookupError("no key s%2Fcr%C3%A9t%20one, czIvc2Vj cmd9, at s/cr\u00e9t one")
    start_response("200 OK", [])
    return [b"served"]
"""
SECRETS = "[base.env]\nAPI_KEY = { value = 's/cr\u00e9t one', secret = true }\n"
DIVISION = "def connect():\n    return 1 / 0\n\nconnect()\n"
TYPES = {"text/html": "text/html", "*/*": "text/plain", "application/json": "application/json"}


@pytest.fixture
def server(project: Project) -> Server:
    return project.files({"app.py": APP, "hostile.py": (APPS / "hostile.py").read_text()}).dev()


def ask(server: Server, path: str, accept: str, method: str = "GET", **headers: str) -> Answer:
    with server.connect() as client:
        client.send(method, path, headers={"Accept": accept, **headers})
        return client.receive(method)


def type_of(answer: Answer) -> str:
    return answer.headers["content-type"].partition(";")[0]


def test_hostile_exceptions_leave_a_server_that_answers(server: Server) -> None:
    for name in KINDS:
        answer = ask(server, f"/{name}", "*/*")
        assert (answer.status, type_of(answer)) == (500, "text/plain"), name
        assert answer.body, name
    assert server.get("/").text == "served"
    log = server.log()
    assert "\x1b" not in log
    assert "launcher/" not in log


@pytest.mark.parametrize(
    "cookie", ["a=\u00b2|x".encode("latin-1"), "\u00b2|x".encode(), b"\xff\xfe=\x80", b"a=" + b"9" * 9000]
)
def test_page_is_shown_whatever_cookie_comes(server: Server, cookie: bytes) -> None:
    with server.connect() as client:
        head = b"GET /odd_notes HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nCookie: "
        client.send_raw(head + cookie + b"\r\n\r\n")
        assert "Werkzeug Debugger" in client.receive().text
    assert "UnicodeDecodeError" not in server.log()


@pytest.mark.parametrize("accept", TYPES)
@pytest.mark.parametrize("moment", ["request", "load"])
def test_error_comes_in_the_form_that_is_accepted(project: Project, accept: str, moment: str) -> None:
    body = (
        DIVISION if moment == "load" else DIVISION.replace("\nconnect()", "\ndef app(environ, start):\n    connect()")
    )
    server = project.files({"app.py": body}).dev("--loading", "lazy")
    answer = ask(server, "/", accept)
    assert (answer.status, type_of(answer)) == (500, TYPES[accept])
    assert "ZeroDivisionError" in answer.text
    if accept == "application/json":
        error = json.loads(answer.body)
        assert (error["type"], error["message"]) == ("ZeroDivisionError", "division by zero")
        assert (error["file"], error["line"]) == (str(project.root / "app.py"), 2)
        assert error["frames"][-1]["function"] == "connect"
        assert error["frames"][-1]["code"] == "return 1 / 0"
    assert ("<html" in answer.text) is (accept == "text/html")
    head = ask(server, "/", accept, "HEAD")
    assert (head.status, type_of(head), head.body) == (500, TYPES[accept], b"")


@pytest.mark.parametrize("accept", TYPES)
def test_app_that_died_is_told_in_the_form_that_is_accepted(project: Project, accept: str) -> None:
    answer = ask(project.files({"app.py": "import os\nos._exit(7)\n"}).dev("--loading", "lazy"), "/", accept)
    assert (answer.status, type_of(answer)) == (500, TYPES[accept])
    assert "exit code 7" in answer.text


@pytest.mark.parametrize("accept", TYPES)
def test_secret_is_masked_in_every_form_and_spelling(project: Project, accept: str) -> None:
    server = project.files(
        {"app.py": APP.replace("import hostile\n", "class hostile:\n    KINDS = {}\n"), "devserver.toml": SECRETS}
    ).dev()
    text = ask(server, "/secret?key=s%2Fcr%C3%A9t%20one", accept).text
    assert "no key ***" in text
    log = server.says("no key ***, ")
    for shown in (text, log):
        assert "cr%C3%A9t" not in shown
        assert "s/cr\u00e9t one" not in shown


def test_request_to_a_foreign_name_shows_the_line_that_allows_it(server: Server) -> None:
    answer = ask(server, "/", "*/*", Host="shop.test")
    assert (answer.status, type_of(answer)) == (403, "text/plain")
    assert '    allowed-hosts = ["shop.test"]\n' in answer.text
