"""The server on real sockets: requests, draining, and connections that move to the next server without loss."""

from __future__ import annotations

import http.client
import io
import os
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import WSGIRequestHandler

from launcher.plan import Address
from launcher.web.server import Server

LIMIT = 10.0


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


def wait_for(condition: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(int(LIMIT / 0.005)):
        if condition():
            return
        pause.wait(0.005)
    raise AssertionError("it did not happen")


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
        self.server._request_came(peer)


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
