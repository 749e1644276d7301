from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from launcher.web.streams import Streams, event

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    theirs.settimeout(10)
    with ours, theirs:
        yield ours, theirs


def test_an_event_is_a_number_and_nothing_else() -> None:
    assert event(12) == b"data: 12\n\n"
    assert event(12, style=True) == b"event: style\ndata: 12\n\n"


def test_a_client_hears_the_edition_and_each_new_one(pair: Pair) -> None:
    ours, theirs = pair
    streams = Streams()
    streams.advance(3)
    assert streams.open(ours, b"HEAD ")
    assert streams.has(ours)
    streams.advance(4)
    streams.advance(5, style=True)
    assert theirs.recv(4096) == b"HEAD data: 3\n\ndata: 4\n\nevent: style\ndata: 5\n\n"
    assert streams.edition == 5


def test_closing_ends_all_at_once_and_keeps_none_from_then_on(pair: Pair) -> None:
    ours, theirs = pair
    streams = Streams()
    streams.open(ours, b"")
    streams.close()
    assert not streams.has(ours)
    assert theirs.recv(4096) == b"data: 0\n\n"
    assert theirs.recv(4096) == b""
    late, client = socket.socketpair()
    with late, client:
        assert not streams.open(late, b"HEAD ")
        assert client.recv(4096) == b"HEAD data: 0\n\n"
        assert not streams.has(late)


def test_a_client_that_is_gone_is_dropped(pair: Pair) -> None:
    ours, theirs = pair
    streams = Streams()
    streams.open(ours, b"")
    theirs.close()
    streams.advance(1)
    assert not streams.has(ours)
    streams.drop(ours)


def test_a_client_that_does_not_read_holds_nobody_up(pair: Pair) -> None:
    ours, _ = pair
    streams = Streams()
    streams.open(ours, b"")
    for edition in range(1_000_000):
        streams.advance(edition)
        if not streams.has(ours):
            break
    assert not streams.has(ours)


def test_opening_fails_where_the_client_is_gone(pair: Pair) -> None:
    ours, theirs = pair
    theirs.close()
    with pytest.raises(OSError, match="pipe"):
        Streams().open(ours, b"HEAD ")
