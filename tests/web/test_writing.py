"""What is sent when. How a client sees the ends of real responses is told in test_server.py."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from launcher.web.writing import CountingWriter

LARGE = b"x" * 70_000
HEAD = b"head"


class Wire:
    """Takes down each piece that is sent; with *gone*, the client is no longer there."""

    def __init__(self, *, gone: bool = False) -> None:
        self.pieces: list[bytes] = []
        self.closed = False
        self._gone = gone

    def write(self, data: bytes) -> int:
        if self._gone:
            raise BrokenPipeError
        self.pieces.append(data)
        return len(data)

    def flush(self) -> None:
        pass


class Response:
    """A writer, what it sends, and the client's end of its connection."""

    def __init__(self, ours: socket.socket, theirs: socket.socket, *, gone: bool = False) -> None:
        self.wire = Wire(gone=gone)
        self.writer = CountingWriter(self.wire, ours)
        self._theirs = theirs

    def begin(self, length: int | None = None, *, chunked: bool = False) -> None:
        self.writer.hold()
        self.writer.write(HEAD)
        self.writer.expect(length, chunked=chunked)

    def has_ended(self) -> bool:
        try:
            return self._theirs.recv(1, socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False


@pytest.fixture
def response() -> Iterator[Response]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Response(ours, theirs)


def test_before_a_response_everything_is_sent_at_once(response: Response) -> None:
    """So says a server that it wants the body: the client waits for that."""
    assert response.writer.write(b"100 Continue") == 12
    assert response.wire.pieces == [b"100 Continue"]
    assert not response.has_ended()


def test_head_and_body_are_one_piece(response: Response) -> None:
    response.begin(4)
    assert response.wire.pieces == []
    assert response.writer.write(b"body") == 4
    assert response.wire.pieces == [b"headbody"]
    assert response.has_ended()


def test_a_head_alone_goes_when_it_is_flushed(response: Response) -> None:
    """An app that hands out an empty chunk wants its head to be seen."""
    response.begin(4)
    response.writer.flush()
    assert response.wire.pieces == [HEAD]
    response.writer.write(b"bo")
    response.writer.flush()
    assert not response.has_ended()
    response.writer.write(b"dy")
    assert response.wire.pieces == [HEAD, b"bo", b"dy"]
    assert response.has_ended()


@pytest.mark.parametrize("data", [b"", b"0\r\n\r\n"])
def test_a_response_without_a_body_ends_with_its_head(response: Response, data: bytes) -> None:
    response.begin(0)
    assert response.wire.pieces == [HEAD]
    assert response.has_ended()
    assert response.writer.write(data) == len(data)
    response.writer.flush()
    assert response.wire.pieces == [HEAD], "nothing comes after the end"


def test_each_chunk_is_one_piece(response: Response) -> None:
    response.begin(chunked=True)
    for data in (b"3", b"\r\n", b"one", b"\r\n"):
        response.writer.write(data)
    response.writer.flush()
    assert response.wire.pieces == [b"head3\r\none\r\n"]
    for data in (b"5", b"\r\n", b"0\r\n\r\n", b"\r\n"):  # content that looks like the end
        response.writer.write(data)
    response.writer.flush()
    assert response.wire.pieces[1:] == [b"5\r\n0\r\n\r\n\r\n"]
    assert not response.has_ended()
    response.writer.write(b"0\r\n\r\n")
    assert response.wire.pieces[2:] == [b"0\r\n\r\n"]
    assert response.has_ended()


def test_where_nobody_knows_the_length_nothing_ends_it(response: Response) -> None:
    response.begin()
    response.writer.write(b"some")
    response.writer.flush()
    response.writer.write(b"more")
    response.writer.flush()
    assert response.wire.pieces == [b"headsome", b"more"]
    assert not response.has_ended()


def test_what_is_large_is_not_held(response: Response) -> None:
    """Nobody flushes for a handler of the project's own that copies a file."""
    response.begin()
    response.writer.write(LARGE)
    assert response.wire.pieces == [HEAD, LARGE]
    for _ in range(200):
        response.writer.write(b"y" * 1000)
    assert sum(map(len, response.wire.pieces)) > len(LARGE) + 100_000


def test_the_end_of_an_answer_to_a_client_that_is_gone() -> None:
    ours, theirs = socket.socketpair()
    theirs.close()
    ours.close()
    response = Response(ours, theirs)
    response.begin(1)
    assert response.writer.write(b"x") == 1
    assert response.wire.pieces == [b"headx"]
    assert not response.writer.closed


def test_that_the_client_is_gone_is_said() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        response = Response(ours, theirs, gone=True)
        response.begin(10)
        with pytest.raises(BrokenPipeError):
            response.writer.flush()
