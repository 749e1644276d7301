"""The server on real sockets: requests, draining, and connections that move to the next server without loss."""

from __future__ import annotations

import contextvars
import errno
import http.client
import io
import os
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import WSGIRequestHandler

from launcher.plan import Address
from launcher.web.livereload import BELOW, LiveReload
from launcher.web.server import Server
from launcher.web.streams import Streams
from launcher.web.threads import ALL_NEW
from tests.web.waiting import LIMIT, wait_for


class Quiet(WSGIRequestHandler):
    def log(self, kind: str, message: str, *args: Any) -> None:
        pass


class Running:
    """A server in a thread of its own; `say` carries words to it as the supervisor's channel does."""

    def __init__(self, listener: socket.socket, app: Any, address: Address | None = None, **options: Any) -> None:
        self.given_back: list[tuple[socket.socket, tuple[str, int]]] = []
        self.cut: int | None = None
        self._ours, self._controls = socket.socketpair()
        options.setdefault("handler", Quiet)
        self.server = Server(listener, app, address or Address(), give_back=self._give_back, **options)
        self.thread = threading.Thread(target=self._run)

    def start(self) -> Running:
        self.thread.start()
        return self

    def drain(self, seconds: float = LIMIT) -> None:
        self._ours.send(f"{seconds}\n".encode())

    def adopt(self, connection: socket.socket, peer: tuple[str, int]) -> None:
        self._adopted = (connection, peer)
        self._ours.send(b"adopt\n")

    def join(self) -> int | None:
        self.thread.join(LIMIT)
        assert not self.thread.is_alive(), "the server did not come to an end"
        return self.cut

    def close(self) -> None:
        if self.thread.ident:
            self.drain(0.0)
            self.join()
        self.server.close()
        self._ours.close()
        self._controls.close()
        for connection, _ in self.given_back:
            connection.close()

    def _run(self) -> None:
        self.cut = self.server.run(self._controls.fileno(), self._control)

    def _control(self) -> None:
        for word in self._controls.recv(4096).decode().split():
            if word == "adopt":
                self.server.adopt(*self._adopted)
            else:
                self.server.drain(float(word))

    def _give_back(self, connection: socket.socket, peer: tuple[str, int]) -> None:
        self.given_back.append((connection.dup(), peer))


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture
def serve(listener: socket.socket) -> Iterator[Callable[..., Running]]:
    running: list[Running] = []

    def start(app: Any, where: socket.socket | None = None, **options: Any) -> Running:
        running.append(Running(where or listener, app, **options))
        return running[-1].start()

    yield start
    for one in running:
        one.close()


@contextmanager
def connected(listener: socket.socket) -> Iterator[socket.socket]:
    with socket.socket(listener.family) as client:
        client.settimeout(LIMIT)
        client.connect(listener.getsockname())
        yield client


def request(path: str = "/", body: bytes = b"") -> bytes:
    head = f"{'POST' if body else 'GET'} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def answer(client: socket.socket) -> bytes:
    """Return the body of the response."""
    response = http.client.HTTPResponse(client)
    try:
        response.begin()
        assert response.status == 200
        return response.read()
    finally:
        response.close()


def ask(listener: socket.socket, path: str = "/", body: bytes = b"") -> bytes:
    with connected(listener) as client:
        client.sendall(request(path, body))
        return answer(client)


def hello(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello ", environ["PATH_INFO"].encode()]


def echo(environ: Any, start_response: Any) -> list[bytes]:
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


class Slow:
    """An app whose requests wait until they are told to go on."""

    def __init__(self) -> None:
        self.began = threading.Semaphore(0)
        self.go = threading.Event()

    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
        self.began.release()
        assert self.go.wait(LIMIT)
        start_response("200 OK", [])
        return [b"slow"]

    def wait_until_in_work(self) -> None:
        assert self.began.acquire(timeout=LIMIT)


@pytest.fixture
def slow() -> Iterator[Slow]:
    app = Slow()
    yield app
    app.go.set()


# Serving


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="threads"),
        pytest.param({"threads": False}, id="one-after-the-other"),
        pytest.param({"processes": 2}, id="processes", marks=pytest.mark.filterwarnings("ignore::DeprecationWarning")),
    ],
)
def test_requests_are_answered(serve: Callable[..., Running], listener: socket.socket, options: dict[str, Any]) -> None:
    serve(hello, **options)
    assert [ask(listener, f"/{number}") for number in range(5)] == [b"hello /%d" % number for number in range(5)]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, (True, False)),
        ({"threads": False}, (False, False)),
        ({"processes": 2}, (False, True)),
        ({"threads": True, "processes": 2}, (False, True)),
    ],
)
def test_the_app_is_told_how_it_runs(
    serve: Callable[..., Running], listener: socket.socket, options: dict[str, Any], expected: tuple[bool, bool]
) -> None:
    running = serve(hello, **options)
    assert (running.server.multithread, running.server.multiprocess) == expected


@pytest.mark.parametrize("size", [0, 1, 16 * 1024, 3_000_000])
def test_bodies_arrive_whole(serve: Callable[..., Running], listener: socket.socket, size: int) -> None:
    serve(echo)
    body = os.urandom(size)
    assert ask(listener, "/", body) == body


def test_a_body_may_come_later_than_its_head(serve: Callable[..., Running], listener: socket.socket) -> None:
    serve(echo)
    with connected(listener) as client:
        whole = request("/", b"x" * 16384)
        client.sendall(whole[:100])
        client.sendall(whole[100:9000])
        client.sendall(whole[9000:])
        assert answer(client) == b"x" * 16384


def test_a_slow_request_does_not_hold_up_others(
    serve: Callable[..., Running], listener: socket.socket, slow: Slow
) -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        return (slow if environ["PATH_INFO"] == "/slow" else hello)(environ, start_response)

    serve(app)
    with connected(listener) as client:
        client.sendall(request("/slow"))
        slow.wait_until_in_work()
        assert ask(listener, "/other") == b"hello /other"
        slow.go.set()
        assert answer(client) == b"slow"


def test_a_silent_client_does_not_hold_up_others(serve: Callable[..., Running], listener: socket.socket) -> None:
    serve(hello, threads=False)
    with connected(listener):
        assert ask(listener) == b"hello /"


def test_a_client_that_hangs_up_does_no_harm(serve: Callable[..., Running], listener: socket.socket) -> None:
    serve(hello)
    for data in (b"", b"GET", request(), request("/", b"x" * 9)[:-1]):
        with connected(listener) as client:
            client.sendall(data)
    assert ask(listener) == b"hello /"


def test_a_client_that_hangs_up_in_the_middle_of_its_answer(
    serve: Callable[..., Running], listener: socket.socket
) -> None:
    ended = threading.Event()

    def endless(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        try:
            while True:
                yield b"x" * 65536
        finally:
            ended.set()

    serve(endless)
    with connected(listener) as client:
        client.sendall(request())
        client.recv(1)
    assert ended.wait(LIMIT)


def test_each_request_is_served_inside_the_context(serve: Callable[..., Running], listener: socket.socket) -> None:
    seen: list[str] = []

    class Around:
        def __enter__(self) -> None:
            seen.append("in")

        def __exit__(self, *_: object) -> None:
            seen.append("out")

    def app(environ: Any, start_response: Any) -> list[bytes]:
        seen.append(environ["PATH_INFO"])
        return hello(environ, start_response)

    running = serve(app, around=Around(), threads=False)
    ask(listener, "/a")
    running.drain()
    running.join()
    assert seen == ["in", "/a", "out"]


def test_an_error_of_ours_or_passed_through_is_logged_and_the_server_goes_on(
    serve: Callable[..., Running], listener: socket.socket
) -> None:
    def broken(environ: Any, start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] == "/broken":
            raise ZeroDivisionError
        return hello(environ, start_response)

    said: list[str] = []
    running = serve(broken, passthrough_errors=True)
    running.server.log = lambda kind, message, *args: said.append(message % args)  # type: ignore[method-assign]
    with connected(listener) as client:
        client.sendall(request("/broken"))
        assert client.recv(100) == b""
    wait_for(lambda: bool(said))
    assert "ZeroDivisionError" in said[0]
    assert ask(listener) == b"hello /"


def test_a_unix_socket(serve: Callable[..., Running], tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    seen: list[str] = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        seen.append(environ["REMOTE_ADDR"])
        return hello(environ, start_response)

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        serve(app, listener, address=Address(unix=path))
        assert ask(listener, "/u") == b"hello /u"
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(LIMIT)
            client.bind(f"\0launch-test-{os.getpid()}")  # the peer's name comes as bytes then
            client.connect(path)
            client.sendall(request("/named"))
            assert answer(client) == b"hello /named"
    assert seen == ["<local>", "<local>"]


def test_ipv6(serve: Callable[..., Running]) -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:
        serve(hello, listener, address=Address("::1"))
        with connected(listener) as client:
            client.sendall(request("/six"))
            assert answer(client) == b"hello /six"


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    pytest.importorskip("cryptography", reason="makes the certificate")
    from werkzeug.serving import make_ssl_devcert

    return make_ssl_devcert(str(tmp_path_factory.mktemp("tls") / "host"), host="localhost")


@pytest.fixture
def tls(certificate: tuple[str, str]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


@pytest.mark.parametrize("threads", [True, False])
def test_tls(
    serve: Callable[..., Running],
    listener: socket.socket,
    tls: ssl.SSLContext,
    certificate: tuple[str, str],
    threads: bool,
) -> None:
    serve(echo, tls=tls, threads=threads)
    trusting = ssl.create_default_context(cafile=certificate[0])
    with connected(listener) as plain, trusting.wrap_socket(plain, server_hostname="localhost") as client:
        client.sendall(request("/", b"x" * 16384))
        assert answer(client) == b"x" * 16384


def test_a_browser_that_does_not_trust_the_certificate_is_one_line(
    serve: Callable[..., Running], listener: socket.socket, tls: ssl.SSLContext, certificate: tuple[str, str]
) -> None:
    said: list[str] = []
    running = serve(hello, tls=tls)
    running.server.log = lambda kind, message, *args: said.append(message % args)  # type: ignore[method-assign]
    with connected(listener) as plain:
        plain.sendall(request())
        with suppress(ConnectionError):
            plain.recv(100)
    wait_for(lambda: bool(said))
    assert said[0].startswith("127.0.0.1: TLS: ")
    assert said[0].count("\n") == 1
    trusting = ssl.create_default_context(cafile=certificate[0])
    with connected(listener) as plain, trusting.wrap_socket(plain, server_hostname="localhost") as client:
        client.sendall(request())
        assert answer(client) == b"hello /"


# Draining


def test_draining_without_work_ends_at_once(serve: Callable[..., Running]) -> None:
    running = serve(hello)
    running.drain()
    assert running.join() == 0


@pytest.mark.parametrize("count", [1, 5])
def test_requests_in_work_are_finished(
    serve: Callable[..., Running], listener: socket.socket, slow: Slow, count: int
) -> None:
    running = serve(slow)
    clients = [socket.create_connection(listener.getsockname(), LIMIT) for _ in range(count)]
    for client in clients:
        client.sendall(request())
        slow.wait_until_in_work()
    running.drain()
    slow.go.set()
    for client in clients:
        assert answer(client) == b"slow"
        client.close()
    assert running.join() == 0


def test_requests_still_in_work_after_the_time_are_counted(
    serve: Callable[..., Running], listener: socket.socket, slow: Slow
) -> None:
    running = serve(slow)
    with connected(listener) as one, connected(listener) as two:
        for client in (one, two):
            client.sendall(request())
            slow.wait_until_in_work()
        running.drain(0.05)
        assert running.join() == 2


def test_a_second_drain_shortens_the_time(serve: Callable[..., Running], listener: socket.socket, slow: Slow) -> None:
    running = serve(slow)
    with connected(listener) as client:
        client.sendall(request())
        slow.wait_until_in_work()
        running.drain(3600.0)
        running.drain(0.05)
        assert running.join() == 1


def test_a_second_drain_does_not_lengthen_the_time(
    serve: Callable[..., Running], listener: socket.socket, slow: Slow
) -> None:
    running = serve(slow)
    with connected(listener) as client:
        client.sendall(request())
        slow.wait_until_in_work()
        running.drain(0.05)
        running.drain(3600.0)
        assert running.join() == 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_request_in_a_process_of_its_own_is_finished(serve: Callable[..., Running], listener: socket.socket) -> None:
    read, write = os.pipe()

    def app(environ: Any, start_response: Any) -> list[bytes]:
        os.read(read, 1)
        start_response("200 OK", [])
        return [b"process %d" % os.getpid()]

    running = serve(app, processes=2)
    with connected(listener) as client:
        client.sendall(request())
        wait_for(lambda: bool(running.server._children))
        running.drain()
        os.write(write, b"x")
        body = answer(client)
    assert running.join() == 0
    assert body != b"process %d" % os.getpid()
    os.close(read)
    os.close(write)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_processes_are_waited_for_even_if_the_app_did_so(
    serve: Callable[..., Running], listener: socket.socket
) -> None:
    running = serve(hello, processes=1 + 1)
    read, write = os.pipe()
    gone = os.fork()
    if not gone:
        os._exit(0)
    os.waitpid(gone, 0)
    running.server._children.add(gone)  # as if the app had waited for it
    os.close(read)
    os.close(write)
    assert ask(listener) == b"hello /"
    running.drain()
    assert running.join() == 0


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_process_that_takes_long_does_not_keep_the_next_request_waiting(
    serve: Callable[..., Running], listener: socket.socket
) -> None:
    reads = [os.pipe() for _ in range(2)]

    def app(environ: Any, start_response: Any) -> list[bytes]:
        number = environ["PATH_INFO"].strip("/")
        if number:
            os.read(reads[int(number)][0], 1)
        start_response("200 OK", [])
        return [b"done " + number.encode()]

    running = serve(app, processes=2)
    with connected(listener) as first, connected(listener) as second:
        for number, client in enumerate((first, second)):
            client.sendall(request(f"/{number}"))
            wait_for(lambda: len(running.server._children) == number + 1)  # noqa: B023  # called at once
        os.write(reads[1][1], b"x")
        assert answer(second) == b"done 1"
        assert ask(listener) == b"done "
        os.write(reads[0][1], b"x")
        assert answer(first) == b"done 0"
    running.drain()
    assert running.join() == 0
    for pipe in reads:
        for end in pipe:
            os.close(end)


def test_a_new_client_is_left_to_the_next_server(
    serve: Callable[..., Running], listener: socket.socket, slow: Slow
) -> None:
    old = serve(slow)
    with connected(listener) as client:
        client.sendall(request())
        slow.wait_until_in_work()
        old.drain()
        wait_for(lambda: old.server._deadline is not None)
        with connected(listener) as late:
            late.sendall(request("/late"))
            serve(hello)
            assert answer(late) == b"hello /late"
        slow.go.set()
        assert answer(client) == b"slow"
    assert old.join() == 0


@pytest.mark.parametrize("said", [b"", request("/moved", b"x" * 16384)[:40]], ids=["silent", "first-bytes-unread"])
def test_a_connection_that_waits_is_given_back_and_adopted(
    serve: Callable[..., Running], listener: socket.socket, said: bytes
) -> None:
    old = serve(echo)
    with connected(listener) as client:
        wait_for(lambda: bool(old.server._waiting))
        old.drain()
        assert old.join() == 0
        ((connection, peer),) = old.given_back
        assert peer == client.getsockname()
        client.sendall(said)
        new = serve(echo)
        new.adopt(connection.dup(), peer)
        client.sendall(request("/moved", b"x" * 16384)[len(said) :])
        assert answer(client) == b"x" * 16384


def test_drain_and_everything_else_in_one_moment(listener: socket.socket) -> None:
    """Whatever the system reports together with the word to drain is neither lost nor an error."""
    old = Running(listener, hello)
    waiting, peer = socket.socketpair()
    old.server.adopt(peer, ("a", 1))  # it waits, and has sent its request already
    waiting.settimeout(LIMIT)
    waiting.sendall(request("/waiting"))
    with connected(listener) as client:
        client.sendall(request("/accepted"))
        old.drain()
        assert len(select.select([listener, peer, old._controls], [], [], LIMIT)[0]) == 3
        old.start()
        assert old.join() == 0
        new = Running(listener, hello).start()
        for connection, address in old.given_back:
            new.adopt(connection.dup(), address)
            assert answer(waiting) == b"hello /waiting"
        assert answer(client) == b"hello /accepted"
        new.close()
    old.close()
    waiting.close()


class DrainFirst(Running):
    """The word to drain is heard before the rest of what the system reported in the same moment."""

    def _control(self) -> None:
        (peer,) = self.server._waiting
        super()._control()
        self.server._accept(None)
        self.server._moved(peer)


def test_the_word_to_drain_comes_first_in_its_moment(listener: socket.socket) -> None:
    old = DrainFirst(listener, hello)
    waiting, peer = socket.socketpair()
    old.server.adopt(peer, ("a", 1))
    old.start()
    old.drain()
    assert old.join() == 0
    assert [address for _, address in old.given_back] == [("a", 1)]
    old.close()
    waiting.close()


def test_the_listener_stays_open(listener: socket.socket, serve: Callable[..., Running]) -> None:
    running = serve(hello)
    running.drain()
    running.join()
    running.server.close()
    serve(hello)
    assert ask(listener) == b"hello /"


def test_an_accept_that_fails_is_tried_again(listener: socket.socket, serve: Callable[..., Running]) -> None:
    """Two servers may be told of one client; the slower one finds nobody."""
    running = serve(hello)
    running.server._accept(None)
    assert ask(listener) == b"hello /"


def test_the_log_goes_where_werkzeug_puts_it(serve: Callable[..., Running], listener: socket.socket) -> None:
    seen = io.StringIO()

    class Loud(WSGIRequestHandler):
        def log(self, kind: str, message: str, *args: Any) -> None:
            seen.write(f"{self.address_string()} {message % args}\n")

    serve(hello, handler=Loud)
    ask(listener, "/seen")
    assert seen.getvalue().startswith("127.0.0.1 ")
    assert '"GET /seen HTTP/1.1" 200' in seen.getvalue()


# The end of a response, which the client sees before the server is done with it


class Held:
    """An app whose response is complete, while its `close` waits until it is told to go on."""

    def __init__(self, status: str, headers: list[tuple[str, str]], parts: list[bytes]) -> None:
        self.status, self.headers, self.parts = status, headers, parts
        self.go = threading.Event()
        self.closed = threading.Event()

    def __call__(self, environ: Any, start_response: Any) -> Held:
        start_response(self.status, self.headers)
        return self

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.parts)

    def close(self) -> None:
        assert self.go.wait(LIMIT)
        self.closed.set()


@pytest.fixture
def hold() -> Iterator[Callable[..., Held]]:
    held: list[Held] = []

    def make(status: str = "200 OK", length: int | None = None, parts: Iterable[bytes] = ()) -> Held:
        headers = [] if length is None else [("Content-Length", str(length))]
        held.append(Held(status, headers, list(parts)))
        return held[-1]

    yield make
    for one in held:
        one.go.set()


def read_to_end(client: socket.socket) -> bytes:
    """Return everything up to the end of the stream, head and all."""
    parts = []
    while part := client.recv(65536):
        parts.append(part)
    return b"".join(parts)


def body_of(whole: bytes) -> bytes:
    return whole.partition(b"\r\n\r\n")[2]


ENDS = {
    "content-length": ("GET", "200 OK", 5, [b"hello"], b"hello"),
    "content-length-in-parts": ("GET", "200 OK", 5, [b"he", b"", b"llo"], b"hello"),
    "content-length-zero": ("GET", "200 OK", 0, [], b""),
    "more-than-its-length": ("GET", "200 OK", 5, [b"hello", b" world"], b"hello"),
    "chunked": ("GET", "200 OK", None, [b"hello", b" world"], b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"),
    "chunked-and-empty": ("GET", "200 OK", None, [], b"0\r\n\r\n"),
    "chunk-like-the-last-one": (
        "GET",
        "200 OK",
        None,
        [b"0\r\n\r\n", b"0\r\n\r\n", b"rest"],
        b"5\r\n0\r\n\r\n\r\n" * 2 + b"4\r\nrest\r\n0\r\n\r\n",
    ),
    "chunk-with-the-last-one-inside": ("GET", "200 OK", None, [b"\r\n0\r\n\r\n"], b"7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n"),
    "head": ("HEAD", "200 OK", 5, [], b""),
    "head-of-unknown-length": ("HEAD", "200 OK", None, [], b""),
    "head-with-a-body": ("HEAD", "200 OK", 5, [b"he", b"llo"], b""),
    "no-content": ("GET", "204 NO CONTENT", None, [], b""),
    "not-modified": ("GET", "304 NOT MODIFIED", None, [], b""),
    "not-modified-with-the-length-it-had": ("GET", "304 NOT MODIFIED", 5, [], b""),
    "error": ("GET", "500 INTERNAL SERVER ERROR", 3, [b"oh!"], b"oh!"),
}


@pytest.mark.parametrize(("method", "status", "length", "parts", "body"), ENDS.values(), ids=ENDS)
def test_the_client_sees_the_end_at_once(
    serve: Callable[..., Running],
    listener: socket.socket,
    hold: Callable[..., Held],
    method: str,
    status: str,
    length: int | None,
    parts: list[bytes],
    body: bytes,
) -> None:
    app = hold(status, length, parts)
    serve(app)
    with connected(listener) as client:
        client.sendall(f"{method} / HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        whole = read_to_end(client)  # the app waits until this is done
        assert whole.startswith(f"HTTP/1.1 {status[:3]} ".encode())
        assert body_of(whole) == body
        app.go.set()
    assert app.closed.wait(LIMIT)


UNKNOWN = {
    "no-length-and-no-chunks": ([], [b"hello"], b"hello"),
    "less-than-its-length": ([("Content-Length", "6")], [b"hello"], b"hello"),
    "a-length-that-is-no-number": ([("Content-Length", "five")], [b"hello"], b"hello"),
    "chunks-of-the-app": (
        [("Transfer-Encoding", "chunked")],
        [b"5\r\n", b"0\r\n\r\n", b"\r\n", b"5\r\n", b"0\r\n\r\n", b"\r\n0\r\n\r\n"],
        b"5\r\n0\r\n\r\n\r\n" * 2 + b"0\r\n\r\n",
    ),
    "chunks-of-the-app-and-a-length": (
        [("Transfer-Encoding", "chunked"), ("Content-Length", "1")],
        [b"1\r\n", b"x\r\n", b"0\r\n\r\n"],
        b"1\r\nx\r\n0\r\n\r\n",
    ),
}


@pytest.mark.parametrize(("headers", "parts", "body"), UNKNOWN.values(), ids=UNKNOWN)
def test_an_end_that_nobody_knows_comes_when_the_app_is_done(
    serve: Callable[..., Running],
    listener: socket.socket,
    headers: list[tuple[str, str]],
    parts: list[bytes],
    body: bytes,
) -> None:
    app = Held("200 OK", headers, parts)
    serve(app, threads=False)  # HTTP/1.0, which has no chunks
    with connected(listener) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        came = b""
        while not came.endswith(body):
            came += client.recv(65536)
        assert not select.select([client], [], [], 0.05)[0], "the end came while the app was at work"
        app.go.set()
        assert body_of(came + read_to_end(client)) == body


def test_an_app_that_writes_after_the_end_goes_on(serve: Callable[..., Running], listener: socket.socket) -> None:
    """With the callable that `start_response` returns, an error would come up in the app."""
    done = threading.Event()

    def app(environ: Any, start_response: Any) -> list[bytes]:
        write = start_response("200 OK", [("Content-Length", "5")])
        for _ in range(50):
            write(b"hello")
        done.set()
        return []

    serve(app)
    assert ask(listener) == b"hello"
    assert done.wait(LIMIT)


def test_another_protocol_goes_on_after_its_head(serve: Callable[..., Running], listener: socket.socket) -> None:
    """As apps for web sockets do it, which use the connection themselves."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("101 Switching Protocols", [("Upgrade", "echo")])(b"")
        connection = environ["werkzeug.socket"]
        connection.sendall(connection.recv(100))
        return []

    serve(app)
    with connected(listener) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: echo\r\n\r\n")
        while not (came := client.recv(65536)).endswith(b"\r\n\r\n"):
            assert came
        client.sendall(b"ping")
        assert read_to_end(client) == b"ping"


def test_a_client_that_asks_whether_to_go_on(serve: Callable[..., Running], listener: socket.socket) -> None:
    serve(echo)
    with connected(listener) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 100 ")
        client.sendall(b"body")
        assert read_to_end(client).endswith(b"\r\n\r\nbody")


def test_tls_has_an_end_of_its_own(
    serve: Callable[..., Running], listener: socket.socket, tls: ssl.SSLContext, certificate: tuple[str, str]
) -> None:
    writers: list[str] = []

    class Noting(Quiet):
        def run_wsgi(self) -> None:
            writers.append(type(self.wfile).__name__)
            super().run_wsgi()

    serve(echo, tls=tls, handler=Noting)
    trusting = ssl.create_default_context(cafile=certificate[0])
    with connected(listener) as plain, trusting.wrap_socket(plain, server_hostname="localhost") as client:
        client.sendall(request("/", b"x" * 16384))
        assert body_of(read_to_end(client)) == b"x" * 16384
    assert writers == ["_SocketWriter"]


# The gate


class Gate:
    """Open or closed by hand; counts how often it was asked."""

    def __init__(self, *, is_open: bool) -> None:
        self.is_open = is_open
        self.asked = 0

    def __call__(self) -> bool:
        self.asked += 1
        return self.is_open

    def wait_until_asked(self) -> None:
        """Wait until the server has taken notice of everything that was there when this was called."""
        before = self.asked
        wait_for(lambda: self.asked > before + 2)


@pytest.mark.parametrize("threads", [True, False])
def test_behind_a_closed_gate_clients_stay_in_the_queue_until_it_opens(
    serve: Callable[..., Running], listener: socket.socket, threads: bool
) -> None:
    gate = Gate(is_open=False)
    running = serve(hello, gate=gate, threads=threads)
    with connected(listener) as one, connected(listener) as two:
        for client in (one, two):
            client.sendall(request("/held"))
        gate.wait_until_asked()
        assert not running.server._waiting
        assert select.select([listener], [], [], 0)[0], "the client was accepted"
        assert not select.select([one, two], [], [], 0)[0]
        gate.is_open = True
        assert [answer(client) for client in (one, two)] == [b"hello /held"] * 2


def test_after_a_glance_a_client_is_accepted_and_its_request_waits_for_the_gate(
    serve: Callable[..., Running], listener: socket.socket
) -> None:
    gate = Gate(is_open=False)
    running = serve(hello, gate=gate, glance=lambda: True)
    with connected(listener) as client:
        client.sendall(request("/held"))
        wait_for(lambda: bool(running.server._held))
        assert not select.select([client], [], [], 0)[0]
        gate.is_open = True
        assert answer(client) == b"hello /held"


def test_nobody_is_accepted_as_long_as_a_glance_tells_not_to(
    serve: Callable[..., Running], listener: socket.socket
) -> None:
    glance = Gate(is_open=False)
    running = serve(hello, gate=lambda: True, glance=glance)
    with connected(listener) as client:
        client.sendall(request("/held"))
        glance.wait_until_asked()
        assert not running.server._waiting
        assert not running.server._held
        glance.is_open = True
        assert answer(client) == b"hello /held"


def test_a_client_that_was_accepted_before_the_gate_closed_is_answered_when_it_opens(
    serve: Callable[..., Running], listener: socket.socket
) -> None:
    gate = Gate(is_open=True)
    running = serve(hello, gate=gate)
    with connected(listener) as client, connected(listener) as silent:
        wait_for(lambda: len(running.server._waiting) == 2)
        gate.is_open = False
        client.sendall(request("/held"))
        gate.wait_until_asked()
        assert not select.select([client], [], [], 0)[0]
        gate.is_open = True
        assert answer(client) == b"hello /held"
        silent.sendall(request("/later"))
        assert answer(silent) == b"hello /later"


def test_the_gate_may_close_again_and_again(serve: Callable[..., Running], listener: socket.socket) -> None:
    gate = Gate(is_open=True)
    serve(hello, gate=gate)
    for number in range(3):
        gate.is_open = False
        with connected(listener) as client:
            client.sendall(request(f"/{number}"))
            gate.wait_until_asked()
            gate.is_open = True
            assert answer(client) == b"hello /%d" % number
        assert ask(listener) == b"hello /"


def test_an_open_gate_is_not_asked_while_nothing_happens(
    serve: Callable[..., Running], listener: socket.socket
) -> None:
    gate = Gate(is_open=True)
    serve(hello, gate=gate)
    assert ask(listener) == b"hello /"
    asked = gate.asked
    threading.Event().wait(0.05)
    assert gate.asked == asked == 2


REFRESH = b"GET /held HTTP/1.1\r\nHost: x\r\nSec-Fetch-Dest: document\r\n\r\n"


def test_a_page_that_refreshes_itself_waits_until_no_save_may_follow(
    serve: Callable[..., Running], listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("launcher.web.server._REFRESH_SECONDS", LIMIT)
    quiet = Gate(is_open=False)
    serve(hello, quiet=quiet)
    with connected(listener) as client:
        client.sendall(REFRESH)
        quiet.wait_until_asked()
        assert not select.select([client], [], [], 0)[0]
        assert ask(listener, "/other") == b"hello /other"
        quiet.is_open = True
        assert answer(client) == b"hello /held"


def test_a_page_that_refreshes_itself_does_not_wait_for_ever(
    serve: Callable[..., Running], listener: socket.socket
) -> None:
    serve(hello, quiet=lambda: False)
    with connected(listener) as client:
        client.sendall(REFRESH)
        assert answer(client) == b"hello /held"


def test_a_refresh_that_waits_is_given_back_unread(
    serve: Callable[..., Running], listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("launcher.web.server._REFRESH_SECONDS", LIMIT)
    old = serve(hello, quiet=lambda: False)
    with connected(listener) as client:
        client.sendall(REFRESH)
        wait_for(lambda: bool(old.server._held))
        old.drain()
        assert old.join() == 0
        ((connection, peer),) = old.given_back
        serve(hello).adopt(connection.dup(), peer)
        assert answer(client) == b"hello /held"


def test_draining_behind_a_closed_gate_leaves_clients_to_the_next_server(
    serve: Callable[..., Running], listener: socket.socket
) -> None:
    gate = Gate(is_open=False)
    old = serve(hello, gate=gate)
    with connected(listener) as client:
        client.sendall(request("/late"))
        gate.wait_until_asked()
        old.drain()
        assert old.join() == 0
        assert old.given_back == []
        serve(hello)
        assert answer(client) == b"hello /late"


def test_a_request_that_is_held_is_given_back_unread(serve: Callable[..., Running], listener: socket.socket) -> None:
    gate = Gate(is_open=True)
    old = serve(echo, gate=gate)
    with connected(listener) as client, connected(listener) as silent:
        wait_for(lambda: len(old.server._waiting) == 2)
        gate.is_open = False
        client.sendall(request("/held", b"x" * 16384))
        wait_for(lambda: bool(old.server._held))
        old.drain()
        assert old.join() == 0
        assert {peer for _, peer in old.given_back} == {client.getsockname(), silent.getsockname()}
        silent.sendall(request("/", b"y"))
        for connection, peer in old.given_back:
            new = serve(echo)
            new.adopt(connection.dup(), peer)
        assert answer(client) == b"x" * 16384
        assert answer(silent) == b"y"


def test_requests_in_work_are_finished_behind_a_closed_gate(
    serve: Callable[..., Running], listener: socket.socket, slow: Slow
) -> None:
    gate = Gate(is_open=True)
    running = serve(slow, gate=gate)
    with connected(listener) as client:
        client.sendall(request())
        slow.wait_until_in_work()
        gate.is_open = False
        running.drain()
        slow.go.set()
        assert answer(client) == b"slow"
    assert running.join() == 0


def streaming(streams: Streams) -> Any:
    return LiveReload("t0ken", streams, lambda _: None).endpoints(hello)


@pytest.mark.parametrize("threads", [True, False], ids=["threads", "one-at-a-time"])
def test_a_stream_stays_open_and_holds_up_nobody(
    serve: Callable[..., Running], listener: socket.socket, threads: bool
) -> None:
    streams = Streams()
    running = serve(streaming(streams), threads=threads, streams=streams)
    with connected(listener) as client:
        client.sendall(request(f"{BELOW}t0ken"))
        came = b""
        while not came.endswith(b"data: 0\n\n"):
            came += client.recv(65536)
        assert came.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n")
        assert ask(listener) == b"hello /"
        streams.advance(1)
        assert client.recv(65536) == b"data: 1\n\n"
        assert not select.select([client], [], [], 0.05)[0], "a stream does not end early"
        running.drain()
        assert client.recv(65536) == b""
    assert running.join() == 0
    assert running.given_back == []


def test_a_server_that_is_closed_leaves_no_stream_open(serve: Callable[..., Running], listener: socket.socket) -> None:
    streams = Streams()
    running = serve(streaming(streams), streams=streams)
    with connected(listener) as client:
        client.sendall(request(f"{BELOW}t0ken"))
        while not client.recv(65536).endswith(b"data: 0\n\n"):
            pass
        running.drain(0.0)
        running.join()
        running.server.close()
        assert client.recv(65536) == b""


@pytest.mark.parametrize("path", ["/page", f"{BELOW}x"])
def test_what_leaves_no_line(serve: Callable[..., Running], listener: socket.socket, path: str) -> None:
    lines: list[str] = []

    class Noting(WSGIRequestHandler):
        def log(self, kind: str, message: str, *args: Any) -> None:
            lines.append(message % args)

    serve(hello, handler=Noting, unlogged=BELOW)
    assert ask(listener, path) == b"hello " + path.encode()
    assert any(path in line for line in lines) is (path == "/page")


def test_a_handler_of_the_project_need_not_flush(serve: Callable[..., Running], listener: socket.socket) -> None:
    """It may even speak another protocol after its head: who waits for that must not wait for ever."""

    class Handler(Quiet):
        def run_wsgi(self) -> None:
            if self.path == "/app":
                super().run_wsgi()
                return
            self.send_response(101)
            self.end_headers()
            assert self.connection.recv(100) == b"go on"
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"part")
            assert self.connection.recv(100) == b"more"
            self.wfile.write(b"whole")
            self.close_connection = True

    serve(hello, handler=Handler)
    with connected(listener) as client:
        client.sendall(request("/own"))
        assert client.recv(4096).startswith(b"HTTP/1.1 101 ")
        client.sendall(b"go on")
        came = b""
        while not came.endswith(b"part"):
            came += client.recv(4096)
        client.sendall(b"more")
        assert read_to_end(client).endswith(b"whole")
    assert ask(listener, "/app") == b"hello /app"


# Threads


def test_each_request_finds_its_thread_as_a_new_one(serve: Callable[..., Running], listener: socket.socket) -> None:
    """What an app keeps for a thread or in a context is that of one request, as with `flask run`."""
    seen, context = threading.local(), contextvars.ContextVar("seen", default=False)

    def app(environ: Any, start_response: Any) -> list[bytes]:
        again = hasattr(seen, "before") or context.get() or hasattr(threading.current_thread(), "before")
        seen.before = threading.current_thread().before = True  # type: ignore[attr-defined]
        context.set(True)
        return hello({**environ, "PATH_INFO": str(again)}, start_response)

    serve(app)
    for _ in range(ALL_NEW + 5):
        assert ask(listener) == b"hello False"


def test_a_thread_serves_again_where_nothing_was_left_in_it(
    serve: Callable[..., Running], listener: socket.socket
) -> None:
    served: list[int] = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        served.append(threading.get_native_id())
        return hello(environ, start_response)

    running = serve(app)
    for _ in range(ALL_NEW + 5):
        assert ask(listener) == b"hello /"
        wait_for(lambda: len(running.server._threads.idle) == 1)
    assert len(set(served)) == ALL_NEW + 1


def test_no_thread_is_left_when_the_server_ends(listener: socket.socket) -> None:
    """A worker stays for the consoles of its pages only if no thread runs in it."""
    before = set(threading.enumerate())
    running = Running(listener, hello).start()
    assert ask(listener) == b"hello /"
    wait_for(lambda: bool(running.server._threads.idle))
    running.drain()
    assert running.join() == 0
    running.close()
    wait_for(lambda: set(threading.enumerate()) <= before)


def test_requests_at_the_same_time_need_no_thread_that_waits(
    serve: Callable[..., Running], listener: socket.socket, slow: Slow
) -> None:
    serve(slow)
    with connected(listener) as one, connected(listener) as two, connected(listener) as three:
        for client in (one, two, three):
            client.sendall(request())
        for _ in range(3):
            slow.wait_until_in_work()
        slow.go.set()
        assert [answer(client) for client in (one, two, three)] == [b"slow"] * 3


@contextmanager
def no_more_threads() -> Iterator[None]:
    """Have every new thread ask for a stack that no machine has."""
    usual = threading.stack_size(1 << 46)
    try:
        yield
    finally:
        threading.stack_size(usual)


@contextmanager
def no_more_processes() -> Iterator[None]:
    def refuse() -> int:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("launcher.standard.os.fork", refuse)
        yield


@pytest.mark.parametrize(
    ("refused", "options"),
    [
        pytest.param(no_more_threads, {}, id="threads"),
        pytest.param(no_more_processes, {"threads": False, "processes": 2}, id="processes"),
    ],
)
def test_a_request_that_nobody_can_serve_is_refused_and_the_next_one_served(
    serve, listener: socket.socket, refused, options: dict[str, Any]
) -> None:
    running = serve(hello, **options)
    assert ask(listener, "/1") == b"hello /1"
    wait_for(lambda: bool(running.server._threads.idle) or options)
    with refused():
        if not options:
            assert ask(listener) == b"hello /", "of the thread that has waited for it"
        for body in (b"", b"x" * 100_000):
            with connected(listener) as client:
                client.sendall(request("/", body))
                response = http.client.HTTPResponse(client)
                response.begin()
                assert response.status == 503
                assert response.headers["Cache-Control"] == "no-store"
                assert b"no more threads or processes" in response.read()
    assert ask(listener, "/2") == b"hello /2"
    running.drain()
    assert running.join() == 0
