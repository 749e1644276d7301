"""What an open descriptor means for a copy."""

from __future__ import annotations

import mmap
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from launcher.wire import tally
from launcher.worker import descriptors

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="asks proc(5)")


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("/dev/null", ""),
        ("/dev/urandom", ""),
        ("/dev/pts/3", ""),
        ("/dev/nvidia0", "the device /dev/nvidia0"),
        ("/dev/dri/renderD128", "the device /dev/dri/renderD128"),
        ("/dev/kvm", "the device /dev/kvm"),
        ("pipe:[17]", "a pipe"),
        ("anon_inode:[io_uring]", "a kernel object (io_uring)"),
        ("anon_inode:inotify", "a kernel object (inotify)"),
    ],
)
def test_harm_by_what_the_kernel_calls_it(link: str, expected: str):
    assert descriptors.harm(99, link, ()) == expected


@pytest.mark.parametrize("number", [0, 1, 2])
def test_standard_streams_are_everybodys(number: int):
    assert descriptors.harm(number, "pipe:[17]", ()) == ""


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        pytest.param(os.O_RDONLY, "", id="read"),
        pytest.param(os.O_WRONLY, "x.txt for writing", id="write"),
        pytest.param(os.O_RDWR, "x.txt for writing", id="both"),
        pytest.param(os.O_WRONLY | os.O_APPEND, "", id="append"),
    ],
)
def test_harm_of_files(tmp_path: Path, flags: int, expected: str):
    path = tmp_path / "x.txt"
    path.touch()
    number = os.open(path, flags)
    try:
        assert descriptors.harm(number, str(path), ()) == expected
        assert descriptors.harm(number, str(path), {str(path)}) == "the database x.txt"
    finally:
        os.close(number)


def _listening() -> tuple[socket.socket, ...]:
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen()
    return (server,)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        pytest.param(lambda: (socket.socket(),), "a socket", id="bare"),
        pytest.param(_listening, "a listening socket (127.0.0.1:", id="listening"),
        pytest.param(socket.socketpair, "a connected socket", id="pair"),
    ],
)
def test_harm_of_sockets(make: Callable[[], tuple[socket.socket, ...]], expected: str):
    ends = make()
    try:
        number = ends[0].fileno()
        assert descriptors.harm(number, descriptors.links()[number], ()).startswith(expected)
    finally:
        for end in ends:
            end.close()


def test_a_copy_reads_on_where_the_original_was(tmp_path: Path):
    path = tmp_path / "data"
    path.write_text("abcdef")
    with path.open("rb", buffering=0) as file:
        file.read(2)
        kept = descriptors.positions()
        copy = os.fork()
        if not copy:
            file.read(3)  # moves the position of both
            os._exit(0)
        os.waitpid(copy, 0)
        assert os.lseek(file.fileno(), 0, os.SEEK_CUR) == 5
        descriptors.reopen(kept)
        assert file.read() == b"cdef"
        assert not os.get_inheritable(file.fileno())


def test_the_tally_is_shared_with_copies_on_purpose():
    before = descriptors.shared_maps()
    number = tally.open_tally()
    try:
        kept = tally.Tally(number)
        kept.value = 1
        assert descriptors.shared_maps() == before
    finally:
        os.close(number)
    with mmap.mmap(-1, mmap.PAGESIZE):
        assert len(descriptors.shared_maps()) == len(before) + 1
