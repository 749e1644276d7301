"""A client that adds as little as possible: one connection per request, and a word for everything that goes wrong."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

POLL_SECONDS = 0.002


def pause(seconds: float) -> None:
    """Let time pass: the pace of the client, never a guess at when something is ready."""
    time.sleep(seconds)


def ask(
    port: int, path: str, body: bytes | None = None, timeout: float = 15.0, *, keep: bool = False
) -> tuple[str, str]:
    """Send one request on a new connection; return the status, or a word for the failure, and the body.

    With *keep* it asks for the connection to be kept alive, and closes it after the answer by itself.
    """
    word = "keep-alive" if keep else "close"
    head = f"{'GET' if body is None else 'POST'} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: {word}\r\n"
    if body is not None:
        head += f"Content-Type: application/octet-stream\r\nContent-Length: {len(body)}\r\n"
    answer = b""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
            connection.sendall(head.encode() + b"\r\n" + (body or b""))
            while not (keep and _is_whole(answer)) and (chunk := connection.recv(65536)):
                answer += chunk
    except ConnectionRefusedError:
        return "refused", ""
    except TimeoutError:
        return "timeout", ""
    except OSError:
        return "reset", ""
    if b"\r\ncontent-length:" in answer.lower() and not _is_whole(answer):
        return "short", ""
    status, _, text = answer.decode("latin-1").partition("\r\n\r\n")
    return (status.split(" ")[1], text) if status.startswith("HTTP/1.") else ("empty", "")


class Caller:
    """One client that asks for one thing after the other, on one connection as long as the server keeps it."""

    def __init__(self, port: int, path: str, *, keep: bool) -> None:
        self._port = port
        word = "keep-alive" if keep else "close"
        self._request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: {word}\r\n\r\n".encode()
        self._keep = keep
        self._connection: socket.socket | None = None

    def call(self) -> None:
        """Ask once and read the whole answer; raises `OSError` where there is none."""
        if self._connection is None:
            self._connection = socket.create_connection(("127.0.0.1", self._port), timeout=15.0)
        self._connection.sendall(self._request)
        answer = b""
        while not (ended := _is_whole(answer)):
            chunk = self._connection.recv(65536)
            if not chunk:
                break
            answer += chunk
        if not answer.startswith(b"HTTP/1.1 200"):
            raise OSError(f"no answer: {answer[:60]!r}")
        if not (self._keep and ended and b"connection: close" not in answer.lower()):
            self.close()

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _is_whole(answer: bytes) -> bool:
    """Return whether the answer has the length that it says; not known for one that says none."""
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end:
        return False
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(lengths) and len(body) >= int(lengths[0])


class Stream:
    """An event stream that is opened again whenever the server ends it."""

    def __init__(self, port: int) -> None:
        self.opened = 0
        self._port = port
        self._halt = threading.Event()
        self._thread = threading.Thread(target=self._follow)

    def __enter__(self) -> Stream:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._halt.set()
        self._thread.join()

    def _follow(self) -> None:
        while not self._halt.is_set():
            try:
                with socket.create_connection(("127.0.0.1", self._port), timeout=1.0) as connection:
                    connection.sendall(b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                    self.opened += 1
                    while not self._halt.is_set() and connection.recv(4096):
                        pass
            except OSError:
                pause(0.05)


@dataclass
class Load:
    """Requests at a steady pace, whatever the server does: each is sent when its time has come. Half ask for keep-alive."""

    port: int
    per_second: int = 50
    outcomes: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    halt: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Load:
        self.pool = ThreadPoolExecutor(256)
        self.pacer = threading.Thread(target=self._pace)
        self.pacer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.halt.set()
        self.pacer.join()
        self.pool.shutdown()

    @property
    def lost(self) -> int:
        """How many requests did not get their answer."""
        return sum(outcome != "200" for outcome in self.outcomes)

    def _pace(self) -> None:
        begun, number = time.perf_counter(), 0
        while not self.halt.wait(max(0.0, begun + number / self.per_second - time.perf_counter())):
            self.pool.submit(self._send, number)
            number += 1

    def _send(self, number: int) -> None:
        begun, keep = time.perf_counter(), number % 4 > 1
        if number % 5 == 0:
            outcome, text = ask(self.port, "/echo", bytes(16384), 30.0, keep=keep)
            outcome = outcome if outcome != "200" or text == "16384" else "garbled"
        else:
            outcome, _ = ask(self.port, "/slow" if number % 10 == 1 else "/stamps", timeout=30.0, keep=keep)
        self.outcomes.append(outcome)
        if number % 10 != 1:
            self.waits.append(time.perf_counter() - begun)
