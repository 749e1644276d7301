from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from launcher.wire.reading_log import Reader, Writer, open_reading_log

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere files that are read are told by messages")

VIEWS = {"/p/views.py": "0123456789abcdef"}
MODELS = {"/p/models.py": "fedcba9876543210"}


@pytest.fixture
def log() -> Iterator[int]:
    descriptor = open_reading_log()
    yield descriptor
    os.close(descriptor)


@pytest.fixture
def writer(log: int) -> Iterator[Writer]:
    writer = Writer(os.dup(log))
    yield writer
    writer.close()


def test_what_is_written_is_read_once(log: int, writer: Writer) -> None:
    reader = Reader(log)
    assert reader.take() == []
    assert writer.write(VIEWS)
    assert writer.write(MODELS)
    assert reader.take() == [VIEWS | MODELS]
    assert reader.take() == []
    assert writer.write(VIEWS)
    assert reader.take() == [VIEWS]


def test_the_order_of_reading_is_kept(log: int, writer: Writer) -> None:
    for name in "cab":
        writer.write({name: "1"})
    assert [list(files) for files in Reader(log).take()] == [["c", "a", "b"]]


def test_a_file_that_differed_the_second_time_comes_twice(log: int, writer: Writer) -> None:
    """The first reading counts, so it must not be lost."""
    for digest in ("1", "1", "2", "1"):
        writer.write({"/p/a": digest})
    assert Reader(log).take() == [{"/p/a": "1"}, {"/p/a": "2"}, {"/p/a": "1"}]


@pytest.mark.parametrize("digest", ["", "/", "+", "*", "0123456789abcdef", "12-34-56"])
@pytest.mark.parametrize(
    "path",
    ["/p/a.py", "/p/with a space", "/p/with\na line", "/p/é", "/p/\udce9.py", "/p/\ud800", "/p/folder/", " ", "*"],
)
def test_every_digest_and_path_comes_through(log: int, writer: Writer, path: str, digest: str) -> None:
    writer.write({path: digest})
    assert Reader(log).take() == [{path: digest}]


def test_reading_stops_at_a_mark_until_it_is_passed(log: int, writer: Writer) -> None:
    reader = Reader(log)
    writer.write(VIEWS)
    writer.mark()
    writer.write(MODELS)
    writer.mark()
    writer.mark()
    writer.write({"/p/last": "1"})
    assert reader.take() == [VIEWS]
    assert reader.take() == []
    reader.pass_mark()
    assert reader.take() == [MODELS]
    reader.pass_mark()
    assert reader.take() == []
    reader.pass_mark()
    assert reader.take() == [{"/p/last": "1"}]


def test_no_mark_is_passed_where_there_is_none(log: int, writer: Writer) -> None:
    reader = Reader(log)
    reader.pass_mark()
    writer.write(VIEWS)
    reader.pass_mark()
    assert reader.take() == [VIEWS]


def test_a_record_that_is_half_there_waits_for_the_rest(log: int) -> None:
    reader = Reader(log)
    os.write(log, b"1 /p/a\x002 /p")
    assert reader.take() == [{"/p/a": "1"}]
    os.write(log, b"/b\x00")
    assert reader.take() == [{"/p/b": "2"}]


def test_more_than_is_read_at_once(log: int, writer: Writer) -> None:
    files = {f"/p/{'x' * 100}/{number}.py": f"{number:016x}" for number in range(5000)}
    writer.write(files)
    assert Reader(log).take() == [files]


def test_what_a_process_wrote_before_it_died_is_there(log: int) -> None:
    code = (
        "import os, signal; from launcher.wire.reading_log import Writer;"
        f"Writer({log}).write({VIEWS!r}); os.kill(os.getpid(), signal.SIGKILL)"
    )
    environ = {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], pass_fds=[log], timeout=60, env=environ, check=False)
    assert done.returncode == -9
    assert Reader(log).take() == [VIEWS]


def test_without_a_log_nothing_is_written() -> None:
    writer = Writer()
    assert not writer.write(VIEWS)
    assert not writer.mark()
    writer.close()
    assert Reader(-1).take() == []


def test_after_its_end_nothing_is_written(log: int) -> None:
    writer = Writer(os.dup(log))
    writer.close()
    writer.close()
    assert not writer.write(VIEWS)


def test_threads_write_whole_records(log: int, writer: Writer) -> None:
    def write(thread: int) -> None:
        for number in range(300):
            writer.write({f"/p/{thread}/{number}": "1"})

    threads = [threading.Thread(target=write, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (files,) = Reader(log).take()
    assert len(files) == 1200


def test_what_cannot_be_written_is_said(log: int) -> None:
    end, other = os.pipe()
    os.close(other)
    writer = Writer(end)  # the end for reading
    assert not writer.write(VIEWS)
    writer.close()


def test_behind_half_a_record_nothing_is_written(log: int, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = Writer(os.dup(log))
    writer.write(VIEWS)
    write = os.write
    monkeypatch.setattr("launcher.standard.os.write", lambda descriptor, data: write(descriptor, data[:5]))
    assert not writer.write(MODELS), "memory has run out"
    monkeypatch.undo()
    assert not writer.write(MODELS)
    assert Reader(log).take() == [VIEWS]
