"""The channel over real socket pairs: frames in pieces, descriptors and who owns them, and ends that close."""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import select
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.wire import messages
from launcher.wire.channel import Channel, ChannelBroken, ChannelClosed
from launcher.wire.messages import Adopt, Booted, Drain, Drained, Failed, GivenBack, Prompting, encode


@pytest.fixture
def pair() -> Iterator[tuple[Channel, Channel]]:
    left, right = map(Channel, socket.socketpair())
    yield left, right
    left.close()
    right.close()


@pytest.fixture
def raw() -> Iterator[tuple[socket.socket, Channel]]:
    left, right = socket.socketpair()
    channel = Channel(right)
    yield left, channel
    left.close()
    channel.close()


@pytest.fixture(autouse=True)
def _no_descriptor_is_left_open() -> Iterator[None]:
    gc.collect()  # what tests of other modules left in cycles must not be closed meanwhile
    before = open_descriptors()
    yield
    assert open_descriptors() == before


def open_descriptors() -> set[str]:
    found = set()
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # the descriptor with which the folder was read
            found.add(f"{name} {os.readlink(f'/proc/self/fd/{name}')}")
    return found


def hear_all(channel: Channel) -> Iterator[messages.Message]:
    while True:
        select.select([channel], [], [])
        for message, _ in channel.pending():
            yield message


def frame(body: bytes, count: int = 0) -> bytes:
    return struct.pack("!II", len(body), count) + body


def test_a_message_arrives(pair: tuple[Channel, Channel]) -> None:
    left, right = pair
    left.send(Drain(1.0))
    assert right.receive() == (Drain(1.0), None)


def test_both_directions_are_independent(pair: tuple[Channel, Channel]) -> None:
    left, right = pair
    left.send(Drain(1.0))
    right.send(Booted(7))
    assert left.receive() == (Booted(7), None)
    assert right.receive() == (Drain(1.0), None)


def test_messages_keep_their_order(pair: tuple[Channel, Channel]) -> None:
    left, right = pair
    for number in range(50):
        left.send(Drained(number))
    assert [right.receive()[0] for _ in range(50)] == [Drained(number) for number in range(50)]


def test_a_frame_may_come_byte_by_byte(raw: tuple[socket.socket, Channel]) -> None:
    sender, channel = raw
    data = frame(encode(Drain(2.0)))
    for place in range(len(data) - 1):
        sender.send(data[place : place + 1])
        assert list(channel.pending()) == []
    sender.send(data[-1:])
    assert list(channel.pending()) == [(Drain(2.0), None)]


def test_what_is_pending_is_not_waited_for(pair: tuple[Channel, Channel]) -> None:
    """Somebody else may have read what a wait told of."""
    left, right = pair
    left.send(Drain(1.0))
    assert list(right.rest()) == [(Drain(1.0), None)]
    assert list(right.pending()) == []


def test_the_apps_default_timeout_is_none_of_ours() -> None:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(0.01)
    try:
        ends = socket.socketpair()
    finally:
        socket.setdefaulttimeout(before)
    left, right = map(Channel, ends)
    assert [os.get_blocking(channel.fileno()) for channel in (left, right)] == [True, True]
    assert [end.gettimeout() for end in ends] == [None, None]
    left.close()
    right.close()


def test_several_frames_in_one_piece_and_a_half_one(raw: tuple[socket.socket, Channel]) -> None:
    sender, channel = raw
    data = frame(encode(Drain(1.0))) + frame(encode(Drain(2.0)))
    sender.send(data + data[:9])
    assert list(channel.pending()) == [(Drain(1.0), None), (Drain(2.0), None)]
    sender.send(data[9:])
    assert [message for message, _ in channel.pending()] == [Drain(1.0), Drain(2.0)]


def test_a_frame_far_larger_than_the_socket_holds(pair: tuple[Channel, Channel]) -> None:
    left, right = pair
    big = Failed("x", "y" * 5_000_000)
    sender = threading.Thread(target=left.send, args=(big,))
    sender.start()
    assert right.receive() == (big, None)
    sender.join()


def test_threads_do_not_mix_their_frames(pair: tuple[Channel, Channel]) -> None:
    left, right = pair
    texts = [str(number) * 200_000 for number in range(8)]
    senders = [threading.Thread(target=left.send, args=(Failed("x", text),)) for text in texts]
    for sender in senders:
        sender.start()
    got = [right.receive()[0] for _ in texts]
    for sender in senders:
        sender.join()
    assert sorted(message.text for message in got if isinstance(message, Failed)) == sorted(texts)


def test_a_descriptor_arrives_as_a_copy(pair: tuple[Channel, Channel], tmp_path: Path) -> None:
    left, right = pair
    with open(tmp_path / "file", "w+b") as file:
        file.write(b"content")
        file.flush()
        left.send(Adopt(("a", 1)), file.fileno())
        assert not file.closed
    message, descriptor = right.receive()
    assert message == Adopt(("a", 1))
    assert descriptor is not None
    assert not os.get_inheritable(descriptor)
    assert os.pread(descriptor, 99, 0) == b"content"
    os.close(descriptor)


def test_a_descriptor_travels_with_a_large_frame(pair: tuple[Channel, Channel]) -> None:
    left, right = pair
    big = Adopt(("y" * 3_000_000, 1))
    read, write = os.pipe()
    sender = threading.Thread(target=left.send, args=(big, write))
    sender.start()
    message, descriptor = right.receive()
    sender.join()
    assert message == big
    assert descriptor is not None
    os.write(descriptor, b"!")
    assert os.read(read, 1) == b"!"
    for end in (read, write, descriptor):
        os.close(end)


def test_each_message_keeps_its_own_descriptor(pair: tuple[Channel, Channel]) -> None:
    left, right = pair
    pipes = [os.pipe() for _ in range(60)]
    for number, (_, write) in enumerate(pipes):
        left.send(Prompting(True))
        left.send(GivenBack(("x", number)), write)
    for number, (read, write) in enumerate(pipes):
        assert right.receive() == (Prompting(True), None)
        message, descriptor = right.receive()
        assert message == GivenBack(("x", number))
        assert descriptor is not None
        os.write(descriptor, b"%d" % number)
        assert os.read(read, 9) == b"%d" % number
        for end in (read, write, descriptor):
            os.close(end)


def test_descriptors_that_nobody_took_are_closed(pair: tuple[Channel, Channel]) -> None:
    """Covers a message that never became complete, and one that was not asked for. The fixture counts."""
    left, right = pair
    read, write = os.pipe()
    left.send(GivenBack(("x", 1)), write)
    left.send(GivenBack(("x", 2)), write)
    os.close(write)
    message, descriptor = right.receive()
    assert message == GivenBack(("x", 1))
    assert descriptor is not None
    os.close(descriptor)
    right._fill()
    right.close()
    assert os.read(read, 1) == b""  # no copy of the writing end is left
    os.close(read)


def test_a_descriptor_that_cannot_be_received_ends_the_stream(pair: tuple[Channel, Channel]) -> None:
    """Going on would give the next message's descriptor to this one."""
    left, right = pair
    left.send(GivenBack(("x", 1)), 0)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(name) for name in os.listdir("/proc/self/fd"))
    fillers = [os.dup(0) for _ in range(highest)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(fillers), hard))
    try:
        with pytest.raises(ChannelClosed):
            right.receive()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for filler in fillers:
            os.close(filler)


def test_the_end_of_the_stream(pair: tuple[Channel, Channel]) -> None:
    left, right = pair
    left.close()
    with pytest.raises(ChannelClosed):
        right.receive()
    with pytest.raises(ChannelClosed):
        right.send(Drain(1.0))


def test_what_was_said_before_the_end_is_heard(pair: tuple[Channel, Channel]) -> None:
    left, right = pair
    left.send(Drained(1))
    left.send(Drained(2))
    left.close()
    heard = hear_all(right)
    assert next(heard) == Drained(1)
    assert next(heard) == Drained(2)
    with pytest.raises(ChannelClosed):
        next(heard)


def test_an_end_in_the_middle_of_a_frame(raw: tuple[socket.socket, Channel]) -> None:
    sender, channel = raw
    sender.send(frame(encode(Drain(1.0)))[:-1])
    sender.close()
    with pytest.raises(ChannelClosed):
        channel.receive()


def test_a_channel_that_was_closed_here_says_so(pair: tuple[Channel, Channel]) -> None:
    left, _ = pair
    left.close()
    with pytest.raises(ChannelClosed):
        left.send(Drain(1.0))
    with pytest.raises(ChannelClosed):
        left.receive()


def test_the_rest_of_a_peer_that_is_gone(pair: tuple[Channel, Channel]) -> None:
    left, right = pair
    for number in range(3):
        left.send(Drained(number))
    left.close()
    assert [message for message, _ in right.rest()] == [Drained(0), Drained(1), Drained(2)]
    assert list(right.rest()) == []


def test_the_rest_is_not_waited_for_while_others_hold_the_peers_end(pair: tuple[Channel, Channel]) -> None:
    """A process that the worker had forked keeps the worker's end open."""
    left, right = pair
    held = os.dup(left.fileno())
    left.send(Failed("x", "y" * 100_000))
    left.close()
    assert list(right.rest()) == [(Failed("x", "y" * 100_000), None)]
    os.close(held)


def test_it_can_be_waited_for(pair: tuple[Channel, Channel]) -> None:
    import select

    left, right = pair
    assert select.select([right], [], [], 0)[0] == []
    left.send(Drain(1.0))
    assert select.select([right], [], [], 5)[0] == [right]


def test_what_was_read_and_not_handed_out_is_known(pair: tuple[Channel, Channel]) -> None:
    """The system tells only of what was not read."""
    left, right = pair
    assert not right.has_more()
    left.send(Drain(1.0))
    left.send(Drain(2.0))
    assert right.receive() == (Drain(1.0), None)
    assert right.has_more()
    assert right.receive() == (Drain(2.0), None)
    assert not right.has_more()


@pytest.mark.parametrize("garbage", [b"\xff" * 64, b"\0\0\0\x02\0\0\0\0{}", b"\0\0\0\x02\0\0\0\x01[]"])
def test_channel_is_broken_when_garbage_arrives(garbage: bytes):
    ours, theirs = socket.socketpair()
    with theirs:
        channel = Channel(ours)
        theirs.sendall(garbage)
        with pytest.raises(ChannelBroken):
            list(channel.pending())
        assert list(channel.rest()) == []
        channel.close()


def test_channel_sends_nothing_when_its_number_is_another_file(tmp_path: Path):
    ours, theirs = socket.socketpair()
    channel = Channel(ours)
    number = ours.fileno()
    with theirs, (tmp_path / "own.txt").open("w") as file:
        os.dup2(file.fileno(), number)
        assert channel.is_lost()
        with pytest.raises(ChannelClosed):
            channel.send(Adopt(("x", 1)))
    channel.close()
    assert (tmp_path / "own.txt").read_text() == ""
