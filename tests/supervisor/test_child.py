"""Workers as real processes: they greet, they obey, and they never outlive the supervisor."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launcher.plan import Address, Plan, Target
from launcher.supervisor.child import Child, describe_exit
from launcher.wire import messages
from launcher.wire.channel import Channel, ChannelClosed
from launcher.wire.messages import Booted, Building, Drain, Drained, Failed, Load, Loading, Reading, Serving

LIMIT = 20.0
ENVIRON = {"PATH": os.environ["PATH"]}


@pytest.fixture
def start() -> Iterator[Callable[..., Child]]:
    started: list[Child] = []

    def start_child(**environ: str) -> Child:
        started.append(Child({**ENVIRON, **environ}))
        return started[-1]

    yield start_child
    for child in started:
        child.end()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(child.pid, 0)
        with contextlib.suppress(OSError):  # the test has closed it
            child.close()


def hear(child: Child) -> messages.Message:
    """Return what *child* says next; the files that it read aside."""
    while True:
        while (found := child.channel._next()) is None:
            assert select.select([child.channel], [], [], LIMIT)[0], "the worker is silent"
            child.channel._fill()
        message, _ = found
        if not isinstance(message, Reading):
            return message


def end_of(child: Child) -> str:
    """Wait until the process ended, and return how."""
    watch = os.pidfd_open(child.pid)
    try:
        assert select.select([watch], [], [], LIMIT)[0], "the worker lives on"
    finally:
        os.close(watch)
    return how_it_ended(child)


def how_it_ended(child: Child) -> str:
    _, status = os.waitpid(child.pid, 0)
    return describe_exit(os.waitstatus_to_exitcode(status))


def load(child: Child, folder: Path, source: str) -> None:
    (folder / "shop.py").write_text(source)
    plan = Plan(
        project=str(folder),
        profile="",
        target=Target("shop:app", str(folder), str(folder)),
        address=Address(),
        roots=(str(folder),),
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        child.tell(Load(plan.to_json(), 1), listener.fileno())


def test_a_worker_greets(start: Callable[..., Child]) -> None:
    child = start()
    assert hear(child) == Booted(child.pid)
    assert child.lived() == 0.0


def test_a_worker_that_is_told_to_drain_leaves(start: Callable[..., Child]) -> None:
    child = start()
    hear(child)
    child.tell(Drain(1.0))
    assert hear(child) == Drained(0)
    assert end_of(child) == "exit code 0"
    child.close()


def test_of_a_worker_that_is_closed_nothing_is_read(start: Callable[..., Child], tmp_path: Path) -> None:
    """Its number may be that of another file by then."""
    child = start()
    load(child, tmp_path, "def app(environ, start_response): ...")
    while not isinstance(hear(child), Serving):
        pass
    assert str(tmp_path / "shop.py") in child.readings.take()[0]
    child.close()
    others = [os.memfd_create("another") for _ in range(8)]
    for other in others:
        os.write(other, b"1 /p/another\0" * 1000)
    assert child.readings.take() == []
    for other in others:
        os.close(other)


def test_a_worker_leaves_when_its_channel_is_closed(start: Callable[..., Child]) -> None:
    child = start()
    hear(child)
    child.channel.close()
    assert end_of(child) == "exit code 0"


ENDLESS = """
import signal
for number in range(1, 32):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    pass
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel does it on Linux only")
def test_a_worker_dies_with_the_supervisor_whatever_it_does(start: Callable[..., Child], tmp_path: Path) -> None:
    """An import that never ends, and that ignores every signal that can be ignored."""
    child = start()
    assert isinstance(hear(child), Booted)
    load(child, tmp_path, ENDLESS)
    assert hear(child) == Loading()
    watch = os.pidfd_open(child.pid)
    os.close(child._lifeline)  # as the kernel does when the supervisor dies
    child._lifeline = os.open(os.devnull, os.O_RDONLY)
    assert select.select([watch], [], [], LIMIT)[0]
    os.close(watch)
    assert how_it_ended(child) == "SIGKILL (killed; the system may be out of memory)"


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel does it on Linux only")
def test_a_worker_dies_even_if_the_supervisor_died_before_it_was_up(start: Callable[..., Child]) -> None:
    child = start()
    os.close(child._lifeline)
    child._lifeline = os.open(os.devnull, os.O_RDONLY)
    assert end_of(child) in ("exit code 0", "SIGKILL (killed; the system may be out of memory)")


def test_an_app_is_loaded_and_served(start: Callable[..., Child], tmp_path: Path) -> None:
    child = start()
    hear(child)
    load(child, tmp_path, "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'x']\n")
    assert hear(child) == Loading()
    message = hear(child)
    assert isinstance(message, Serving)
    assert message.found
    child.tell(Drain(1.0))
    assert hear(child) == Drained(0)
    assert end_of(child) == "exit code 0"


def test_an_app_that_crashes_leaves_a_report(start: Callable[..., Child], tmp_path: Path) -> None:
    child = start()
    hear(child)
    load(child, tmp_path, "import ctypes\nctypes.string_at(0)\n")
    assert end_of(child) == "SIGSEGV (segmentation fault)"
    assert "Segmentation fault" in child.crash_report()
    assert 'shop.py", line 2' in child.crash_report()


def test_what_a_dead_worker_said_is_heard_though_its_own_child_lives(
    start: Callable[..., Child], tmp_path: Path
) -> None:
    """A process that the app forked holds the worker's end of the channel open."""
    child = start()
    hear(child)
    code = f"import os, time\nif not os.fork():\n    os.open({str(tmp_path / 'fifo')!r}, os.O_RDONLY)\nos._exit(4)\n"
    os.mkfifo(tmp_path / "fifo")
    load(child, tmp_path, code)
    assert end_of(child) == "exit code 4"
    assert Loading() in [message for message, _ in child.channel.rest()]
    with open(tmp_path / "fifo", "wb"):
        pass  # the forked process goes


def test_what_an_app_starts_inherits_nothing_of_ours(start: Callable[..., Child], tmp_path: Path) -> None:
    child = start()
    hear(child)
    code = "import os\nos.system('ls -l /proc/self/fd > fds.txt')\nraise SystemExit\n"
    load(child, tmp_path, code)
    assert [hear(child), hear(child)] == [Loading(), Building()]
    assert isinstance(hear(child), Failed)
    text = (tmp_path / "fds.txt").read_text()
    assert "launch-crash" not in text
    assert "socket:" not in text


def test_ctrl_c_while_the_interpreter_boots_is_no_traceback(start: Callable[..., Child]) -> None:
    """The terminal sends it to the whole group; the supervisor decides what it means."""
    child = start()
    child.end(signal.SIGINT)
    assert hear(child) == Booted(child.pid)
    child.end(signal.SIGINT)
    child.tell(Drain(1.0))
    assert hear(child) == Drained(0)
    assert end_of(child) == "exit code 0"


def test_closing_leaves_nothing_open() -> None:
    before = sorted(os.listdir("/proc/self/fd"))
    child = Child(ENVIRON)
    pid = child.pid
    child.close()
    assert os.waitpid(pid, 0)[0] == pid
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_a_process_that_is_closed_is_not_signalled(start: Callable[..., Child]) -> None:
    """Its number may be another process's by then: here it is our own."""
    child = start()
    child.end()
    assert end_of(child) == "SIGKILL (killed; the system may be out of memory)"
    child.close()
    child.pid = os.getpid()
    child.end(signal.SIGKILL)


def test_a_copy_that_has_not_greeted_may_be_ended_twice() -> None:
    before = sorted(os.listdir("/proc/self/fd"))
    ours, snapshot = map(Channel, socket.socketpair())
    copy = Child.copied_from(ours)
    copy.end()
    copy.end()
    copy.close()
    ours.close()
    snapshot.close()
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_the_end_of_a_copy_is_seen_though_its_own_child_holds_its_channel() -> None:
    before = sorted(os.listdir("/proc/self/fd"))
    ours, snapshot = map(Channel, socket.socketpair())
    copy = Child.copied_from(ours)
    pid = os.posix_spawn("/bin/true", ["true"], {})
    copy.greeted(pid)
    assert select.select([copy.watch], [], [], LIMIT)[0]
    os.waitpid(pid, 0)
    copy.close()
    ours.close()
    snapshot.close()
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_telling_a_worker_that_is_gone_is_no_error(start: Callable[..., Child]) -> None:
    child = start()
    child.end()
    end_of(child)
    child.tell(Drain(1.0))
    child.tell(Drain(1.0))
    list(child.channel.rest())
    with pytest.raises(ChannelClosed):
        child.channel.receive()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "exit code 0"),
        (3, "exit code 3"),
        (255, "exit code 255"),
        (-signal.SIGSEGV, "SIGSEGV (segmentation fault)"),
        (-signal.SIGABRT, "SIGABRT (aborted)"),
        (-signal.SIGKILL, "SIGKILL (killed; the system may be out of memory)"),
        (-signal.SIGTERM, "SIGTERM (terminated)"),
        (-signal.SIGINT, "SIGINT (interrupt)"),
        (-63, "signal 63"),
        (-200, "signal 200"),
    ],
)
def test_how_a_process_ended(code: int, words: str) -> None:
    assert describe_exit(code) == words
