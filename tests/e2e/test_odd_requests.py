"""Requests that no browser sends: each is answered as Werkzeug's own server answers it, in one line of the log."""

from __future__ import annotations

import re
import socket
import ssl
import uuid
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.e2e.harness import LIMIT, Project, Server, free_port

APP = """
def app(environ, start_response):
    length = environ.get("CONTENT_LENGTH") or ""
    size = min(int(length), 100) if length.isdecimal() else 0
    body = environ["wsgi.input"].read(size) if environ["PATH_INFO"] == "/read" else b""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"served " + body]
"""
REFERENCE = "import sys, app, werkzeug; werkzeug.run_simple('127.0.0.1', int(sys.argv[1]), app.app, threaded=True)"


def client_hello() -> bytes:
    """Return what a client sends first that takes the port for one of https."""
    outgoing = ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        context = ssl.create_default_context()
        context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost").do_handshake()
    return outgoing.read()


def get(target: str = "/", *headers: str, version: str = "HTTP/1.1") -> bytes:
    return "\r\n".join([f"GET {target} {version}", "Host: localhost", *headers, "", ""]).encode("latin-1")


def post(*headers: str, body: bytes = b"") -> bytes:
    return "\r\n".join(["POST /read HTTP/1.1", "Host: localhost", *headers, "", ""]).encode() + body


CASES = {
    "old tls": bytes.fromhex("802e0100020015000000100100800300800700c006004002008004008000000400fefe00000afefe0003"),
    "http2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
    "long request line": get("/" + "a" * 70_000),
    "long header": get("/", "X-Long: " + "a" * 70_000),
    "many headers": get("/", *(f"X-{number}: {number}" for number in range(200))),
    "binary": bytes(range(128, 256)) * 8 + b"\r\n\r\n",
    "binary without a line": bytes(range(128, 256)) * 8,
    "escape sequences": b"GET /\x1b]0;title\x07\x1b[2J HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "escape sequences alone": b"\x1b]0;title\x07\x1b[2J\r\n\r\n",
    "one word": b"GET\r\n\r\n",
    "one other word": b"hello\r\n\r\n",
    "four words": b"GET / x HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "bad version": get(version="HTTP/one"),
    "no http": get(version="SMTP/1.0"),
    "version 0.9": get(version="HTTP/0.9"),
    "version 1.99999999999": get(version="HTTP/1.99999999999"),
    "version 3": get(version="HTTP/3.0"),
    "unicode digits": "GET / HTTP/\u00b2.0\r\n\r\n".encode("latin-1"),
    "unknown method": b"BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "odd method": b"G\x01T / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "lone carriage returns": b"GET / HTTP/1.1\rHost: localhost\r\r",
    "lone line feeds": b"GET / HTTP/1.1\nHost: localhost\n\n",
    "carriage return in a header": b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: 1\rX-B: 2\r\n\r\n",
    "nul in the path": b"GET /\0 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "nul in a header": b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: \0\r\n\r\n",
    "nuls": b"\0" * 1000 + b"\r\n\r\n",
    "header without a colon": b"GET / HTTP/1.1\r\nHost: localhost\r\nnonsense\r\n\r\n",
    "header without a name": b"GET / HTTP/1.1\r\nHost: localhost\r\n: x\r\n\r\n",
    "folded header": b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: 1\r\n 2\r\n\r\n",
    "empty lines first": b"\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "two slashes": get("//x/y"),
    "brackets in the path": get("//[x/"),
    "compatibility characters": get("//\u2100/".encode().decode("latin-1")),
    "other server's url": get("http://localhost:1/y"),
    "star": b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "connect": b"CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "no slash": get("abc"),
    "percent": get("/%zz%00%ff"),
    "negative length": post("Content-Length: -1"),
    "length in words": post("Content-Length: many"),
    "superscript length": post("Content-Length: \xb2").decode().encode("latin-1"),
    "two lengths": post("Content-Length: 3", "Content-Length: 4", body=b"abcd"),
    "huge length": post("Content-Length: " + "9" * 50),
    "chunked and length": post("Transfer-Encoding: chunked", "Content-Length: 3", body=b"3\r\nabc\r\n0\r\n\r\n"),
    "expects": post("Expect: 100-continue", "Content-Length: 3", body=b"abc"),
    "half a request line": b"GET / HT",
    "half a head": b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A",
    "half a body": post("Content-Length: 50", body=b"abc"),
    "nothing": b"",
}
REFUSED = {
    # Werkzeug drops these without an answer, and prints a traceback.
    "brackets in the url": get("http://[::1"),
    "port out of range": get("http://localhost:99999/"),
    "port in words": get("http://localhost:http/"),
}


def answer(address: tuple[str, int], data: bytes) -> bytes:
    """Return all that comes back for *data*, after which nothing else is sent."""
    with suppress(ConnectionError), socket.create_connection(address, LIMIT) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(1 << 16), b""))
    return b"reset"


def shape(response: bytes) -> tuple[bytes, bytes]:
    """Return the first line and the body, without what differs from one answer to the next."""
    head, _, body = response.replace(b"HTTP/1.1 100 Continue\r\n\r\n", b"").partition(b"\r\n\r\n")
    return head.partition(b"\r\n")[0], re.sub(rb"\r\nDate: .*", b"", body)


class Pair:
    """A server of ours and one of Werkzeug, with the same app."""

    def __init__(self, project: Project, theirs: Server, port: int) -> None:
        self.ours, self._theirs = project.dev(), theirs
        self._address = ("127.0.0.1", port)
        theirs.until(self._is_up, "Werkzeug's server")
        self.ours.get()

    def _is_up(self) -> bool:
        with suppress(OSError):
            return b"served" in answer(self._address, get())
        return False

    def theirs(self, data: bytes) -> bytes:
        return answer(self._address, data)

    def logged(self, data: bytes) -> tuple[bytes, str]:
        """Return our answer to *data*, and what was logged of it."""
        address = self.ours.address
        assert isinstance(address, tuple)
        before = len(self.ours.log())
        answered = answer(address, data)
        end = f"/end-{uuid.uuid4().hex}"
        self.ours.get(end)
        return answered, self.ours.says(end)[before:].partition(end)[0].rpartition("\n")[0]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    project = Project(tmp_path_factory.mktemp("odd")).files({"app.py": APP})
    try:
        port = free_port()
        yield Pair(project, project.python("-c", REFERENCE, str(port)), port)
        project.end()
    finally:
        project.kill()


@pytest.mark.parametrize("name", CASES)
def test_odd_request_is_answered_as_by_werkzeug(pair: Pair, name: str) -> None:
    ours, log = pair.logged(CASES[name])
    assert shape(ours) == shape(pair.theirs(CASES[name]))
    assert len(log.splitlines()) <= 1, log
    assert log.isprintable()
    assert len(log) < 300


@pytest.mark.parametrize("name", REFUSED)
def test_target_that_cannot_be_read_is_refused(pair: Pair, name: str) -> None:
    ours, log = pair.logged(REFUSED[name])
    assert ours.startswith(b"HTTP/1.1 400 ")
    assert len(log.splitlines()) == 1, log
    assert " 400 -" in log


def test_tls_to_an_http_port_is_refused_at_once_with_one_hint(project: Project) -> None:
    server = project.files({"app.py": APP}).dev()
    for _ in range(3):
        with server.connect() as client:
            client.send_raw(client_hello().replace(b"\n", b""))  # no line ends, and the client waits
            assert b"400" in client.receive_until(b"</html>")
    project.save("app.py", APP + "\n")
    server.says("served again")
    with server.connect() as client:
        client.send_raw(client_hello())
        client.receive_until(b"</html>")
    log = server.says('"TLS handshake" 400 -', times=4)
    assert log.count("tls.adhoc") == 1
    assert "Traceback" not in log


def test_slow_client_holds_up_nobody(project: Project) -> None:
    server = project.files({"app.py": APP}).dev()
    with server.connect() as client:
        for byte in get():
            client.send_raw(bytes([byte]))
            if byte == ord("\n"):
                assert server.get().text == "served "
        assert client.receive().text == "served "


PRIVATE = {
    "command": "/?__debugger__=yes&cmd=PRIVATE&frm=1&s=PRIVATE",
    "pin": "/?__debugger__=yes&cmd=pinauth&pin=PRIVATE&s=PRIVATE",
    "pin asked for": "/?__debugger__=yes&cmd=printpin&s=PRIVATE",
    "resource": "/?__debugger__=yes&cmd=resource&f=PRIVATE",
    "other path": "/deep/er%20?a=1&__debugger__=yes&s=PRIVATE",
    "other spelling": "/?%5F_debugger_%5f=yes&s=PRIVATE",
    "other value": "/?__debugger__=no&s=PRIVATE",
    "two values": "/?__debugger__=no&__debugger__=yes&s=PRIVATE",
    "whole url": "http://localhost/?__debugger__=yes&s=PRIVATE",
    "live reload": "/__launch__/PRIVATE",
    "live reload, other spelling": "/%5F_launch__/PRIVATE",
    "live reload, two slashes": "//__launch__/PRIVATE",
    "live reload, whole url": "http://localhost/__launch__/PRIVATE",
    "space": "/?__debugger__=yes&cmd=pinauth&pin=PRIVATE PRIVATE",
    "broken live reload": "http://[/__launch__/PRIVATE",
}


@pytest.mark.parametrize("name", PRIVATE)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "BREW"])
def test_private_request_is_not_logged(pair: Pair, name: str, method: str) -> None:
    request = get(PRIVATE[name], "Referer: http://localhost/?__debugger__=yes&s=PRIVATE").replace(
        b"GET", method.encode()
    )
    assert pair.logged(request)[1] == ""


@pytest.mark.parametrize("target", ["/?q=debugger", "/?q=__debugger__", "/__debugger__", "/launch"])
def test_ordinary_request_is_logged(pair: Pair, target: str) -> None:
    assert f'"GET {target} HTTP/1.1" 200 -' in pair.logged(get(target))[1]
