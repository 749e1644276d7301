"""The worker's side of the gate: three looks, at the queue of moves, at the page and at the channel."""

from __future__ import annotations

import mmap
import os
import select
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from launcher.supervisor.inotify import Inotify
from launcher.web.gate import Gate, asks_for_page, peek


@dataclass
class Sides:
    """A gate, and what the supervisor holds of it."""

    gate: Gate
    queue: Inotify
    page: mmap.mmap
    channel: socket.socket
    supervisor: socket.socket

    def is_open(self) -> bool:
        return self.gate.is_open(self.channel.fileno())

    def write(self, seen: int, settled: int) -> None:
        struct.pack_into("=QQ", self.page, 0, seen, settled)


@pytest.fixture
def sides(tmp_path: Path) -> Iterator[Sides]:
    descriptor = os.memfd_create("test")
    os.ftruncate(descriptor, mmap.PAGESIZE)
    queue = Inotify()
    queue.watch([str(tmp_path)])
    channel, supervisor = socket.socketpair()
    with channel, supervisor, mmap.mmap(descriptor, mmap.PAGESIZE) as page:
        gate = Gate(queue.fileno(), descriptor)
        os.close(descriptor)  # only borrowed
        yield Sides(gate, queue, page, channel, supervisor)
    queue.close()


def test_it_is_open_while_nothing_happens(sides: Sides) -> None:
    assert sides.is_open()
    sides.write(7, 7)
    assert sides.is_open()


def test_green_threads_may_take_the_modules_functions_away(sides: Sides, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `eventlet.monkey_patch()` does, in an app."""
    monkeypatch.delattr(select, "poll")
    assert sides.is_open()


def test_a_save_that_nobody_has_looked_at_closes_it_at_once(sides: Sides, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("x")
    assert not sides.is_open()
    assert not sides.is_open(), "looking took the move from the queue"
    assert sides.queue.take() == {str(tmp_path / "app.py")}
    assert sides.is_open()


def test_a_save_that_is_being_decided_about_closes_it(sides: Sides) -> None:
    sides.write(3, 2)
    assert not sides.is_open()
    assert not sides.gate.glance()
    sides.write(3, 3)
    assert sides.is_open()
    assert sides.gate.glance()


@pytest.mark.parametrize("settled", [False, True], ids=["being-decided", "decided"])
def test_a_save_that_is_taken_from_the_queue_just_then_closes_it(sides: Sides, settled: bool) -> None:
    """Neither look at the page alone would tell: the first comes before it, and the second one after."""
    assert sides.is_open()

    class Poll:
        def poll(self, _: int) -> list[tuple[int, int]]:
            sides.write(1, 1 if settled else 0)
            return []

    sides.gate._news = Poll()  # type: ignore[assignment]
    assert not sides.is_open()


def test_at_a_glance_what_waits_in_the_queue_or_the_channel_is_not_seen(sides: Sides, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("x")
    sides.supervisor.send(b"drain")
    assert sides.gate.glance()


def test_a_word_on_the_way_closes_it(sides: Sides) -> None:
    sides.supervisor.send(b"drain")
    assert not sides.is_open()
    sides.channel.recv(100)
    assert sides.is_open()


@pytest.mark.parametrize(("ahead", "quiet"), [(0.01, False), (0.0, True), (-1.0, True)])
def test_whether_another_save_is_expected(
    sides: Sides, monkeypatch: pytest.MonkeyPatch, ahead: float, quiet: bool
) -> None:
    monkeypatch.setattr("launcher.web.gate.time.monotonic", lambda: 1000.0)
    struct.pack_into("=QQd", sides.page, 0, 1, 1, 1000.0 + ahead)
    assert sides.gate.is_quiet() is quiet
    assert sides.is_open(), "other requests do not wait"


def head(*lines: str) -> bytes:
    return "\r\n".join(["GET / HTTP/1.1", "Host: localhost:5000", *lines, "", ""]).encode()


@pytest.mark.parametrize(
    ("sent", "page"),
    [
        pytest.param(head("Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"), True, id="a-refresh"),
        pytest.param(head("sec-fetch-dest: document"), True, id="other-spelling"),
        pytest.param(head("Sec-Fetch-Dest: document", "Sec-Fetch-User: ?1"), True, id="after-a-click"),
        pytest.param(head("Sec-Fetch-Dest: empty"), False, id="a-fetch"),
        pytest.param(head("Sec-Fetch-Dest: image"), False, id="an-image"),
        pytest.param(head(), False, id="no-browser"),
        pytest.param(head("X-Sec-Fetch-Dest: document"), False, id="another-header"),
        pytest.param(b"\x16\x03\x01", False, id="tls"),
        pytest.param(b"", False, id="nothing"),
    ],
)
def test_which_requests_ask_for_a_page(sent: bytes, page: bool) -> None:
    assert asks_for_page(sent) is page


def test_how_a_request_begins_is_looked_at_and_not_taken() -> None:
    server, client = socket.socketpair()
    with server, client:
        assert peek(server) is None
        client.sendall(b"GET /")
        assert [peek(server), peek(server)] == [b"GET /", b"GET /"]
        client.shutdown(socket.SHUT_WR)
        assert server.recv(5000) == b"GET /"
        assert peek(server) == b"", "the end has come"


def test_a_broken_connection_has_nothing_more_to_say() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # end it with a reset
        client.close()
        with server:
            select.select([server], [], [], 10)
            assert peek(server) == b""


def test_a_supervisor_that_is_gone_closes_it(sides: Sides) -> None:
    sides.supervisor.close()
    assert not sides.is_open()
