"""Copies of a real process: made, refused, resumed. Each case runs in a process of its own, with one thread."""

from __future__ import annotations

import errno
import os
import py_compile
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launcher.supervisor.child import Child
from launcher.wire import messages
from launcher.wire.channel import Channel, ChannelClosed

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="snapshots need Linux")

SETUP = '''
import os, resource, signal, socket, sys
from launcher.wire.channel import Channel
from launcher.wire.messages import Drained, Failed
from launcher.wire.reading_log import Writer
from launcher.worker.bytecode import Bytecode
from launcher.worker.checkpoint import Checkpoints, Link
from launcher.worker.fork_safety import Ledger
from launcher.worker.resume.code_tracker import CodeTracker

link = Link(Channel(socket.socket(fileno=int(sys.argv[1]))), Writer())
ledger = Ledger(lambda path: path == "<string>")
ledger.start()
checkpoints = Checkpoints(link, ledger, wanted=(), most=8, end_with=lambda fd: None, bytecode=Bytecode(), tracker=CodeTracker())
bytecode = checkpoints._bytecode

def be_limited():
    """Be somebody for whom RLIMIT_NPROC holds: it does not for root."""
    ledger.obstacle(())  # loads what could not be read later
    if not os.getuid():
        import ctypes
        os.setuid(65534)
        ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # PR_SET_DUMPABLE: or proc(5) is closed to us
'''
END = """
link.send(Failed("copy" if resumed else "original", str(seen)))
"""


class Far:
    """The other side of a process that runs a script, which ends with `Failed(which, what it saw)`."""

    def __init__(self, script: str) -> None:
        ours, theirs = socket.socketpair()
        code = SETUP + textwrap.dedent(script) + END
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-c", code, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                cwd=Path(__file__).parents[2],
            )
        self.channel = Channel(ours)
        self.frozen: Channel | None = None

    def hear(self) -> messages.Message:
        message, descriptor = self.channel.receive()
        if isinstance(message, messages.SnapshotTaken) and descriptor is not None:
            if self.frozen is not None:
                self.frozen.close()
            self.frozen = Channel.of(descriptor)
        return message

    def copy(self, edition: int = 1, wanted: tuple[str, ...] = (), last: str = "", most: int = 8) -> Child:
        child = self.copy_in_advance()
        child.tell(messages.GoOn(2, most, wanted, edition, last))
        return child

    def copy_in_advance(self) -> Child:
        assert self.frozen is not None
        return Child.copied_from(self.frozen)

    def close(self) -> None:
        if self.frozen is not None:
            self.frozen.close()
        self.channel.close()
        self.process.kill()
        self.process.wait()


@pytest.fixture
def far(request: pytest.FixtureRequest) -> Iterator[Far]:
    far = Far(request.param)
    yield far
    far.close()


def scripts(*script: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("far", script, indirect=True)


def taken_before(hear: Callable[[], messages.Message]) -> list[str]:
    """Return before which modules snapshots are taken until the script ends."""
    said = []
    while not isinstance(message := hear(), messages.Failed):
        said.append(message)
    return [message.before for message in said if isinstance(message, messages.SnapshotTaken)]


def last_word(child: Child) -> messages.Failed:
    while not isinstance(message := child.channel.receive()[0], messages.Failed):
        assert isinstance(message, messages.Booted)
    return message


@scripts("seen = 1\nresumed = checkpoints.at('views', '/views.py', list)\nseen += 1")
def test_the_original_goes_on_and_so_does_each_copy(far: Far):
    taken = far.hear()
    assert isinstance(taken, messages.SnapshotTaken)
    assert taken.before == "views"
    assert far.hear() == messages.Failed("original", "2")
    for _ in range(3):
        child = far.copy()
        assert last_word(child) == messages.Failed("copy", "2")
        child.close()


@scripts("seen = []\ncheckpoints.show = seen.append\nresumed = checkpoints.at('views', '/views.py', list)")
def test_each_copy_is_told_its_own_edition(far: Far):
    assert isinstance(far.hear(), messages.SnapshotTaken)
    assert far.hear() == messages.Failed("original", "[]")
    for edition in (2, 3):
        child = far.copy(edition)
        assert last_word(child) == messages.Failed("copy", f"[{edition}]")
        child.close()


@scripts(
    """
    from launcher.worker import checkpoint
    resumed = checkpoints.at('shop', '/shop.py', list)
    checkpoint.SPARED = checkpoints._spacing = float('inf')  # whatever time a busy machine takes
    seen = resumed and [checkpoints.at(name, f'/{name}.py', list) for name in ('models', 'other', 'views')]
    """
)
def test_which_snapshots_a_copy_takes(far: Far):
    assert isinstance(far.hear(), messages.SnapshotTaken)
    child = far.copy(wanted=("/views.py", "/models.py"))
    assert taken_before(lambda: child.channel.receive()[0]) == ["views"]
    child.close()


@scripts(
    """
    from launcher.worker import checkpoint
    resumed = checkpoints.at('shop', '/shop.py', list)
    checkpoints._spacing = float('inf')
    while resumed and checkpoints._work() < checkpoint.SPARED:
        pass
    seen = resumed and [checkpoints.at(name, f'/{name}.py', list) for name in ('other', 'models')]
    """
)
def test_a_copy_takes_one_before_what_was_edited_earlier_where_that_spares_work(far: Far):
    assert isinstance(far.hear(), messages.SnapshotTaken)
    child = far.copy(wanted=("/views.py", "/models.py"))
    assert taken_before(lambda: child.channel.receive()[0]) == ["models"]
    child.close()


@scripts(
    """
    checkpoints.most = 3
    checkpoints._await(('/views.py', '/models.py', '/forms.py'), '/last.py')
    names = ('first', 'models', 'forms', 'views', 'last', 'last')
    seen = [checkpoints.at(name, f'/{name}.py', list) for name in names]
    resumed = False
    """
)
def test_places_are_left_for_the_newest_file_and_what_it_imports_last(far: Far):
    assert taken_before(far.hear) == ["first", "views", "last"]


@scripts(
    """
    checkpoints.most = 5
    checkpoints._await(('/views.py', '/models.py', '/data.toml'), '')
    checkpoints._spacing = 0.0
    names = ('first', 'slow', 'slow2', 'slow3', 'models', 'views', 'slow4', 'slow5')
    seen = [checkpoints.at(name, f'/{name}.py', lambda: None) for name in names]
    resumed = False
    """
)
def test_places_are_left_for_other_files_that_were_edited_lately_until_they_have_come(far: Far):
    """Before a data file there is no snapshot."""
    assert taken_before(far.hear) == ["first", "slow", "slow2", "models", "views"]


@scripts(
    """
    from launcher.wire.opening import Opening
    checkpoints._spacing = 0.0
    resumed = checkpoints.at('last', '/last.py', lambda: Opening('/views.py', 1, ''))
    checkpoints._spacing = 0.0
    seen = resumed and [checkpoints.at(name, f'/{name}.py', lambda: None) for name in ('slow', 'slow2', 'models')]
    """
)
def test_a_copy_keeps_no_place_for_where_it_stands(far: Far):
    assert taken_before(far.hear) == ["last"]
    child = far.copy(wanted=("/views.py", "/models.py"), last="/last.py", most=3)
    assert taken_before(lambda: child.channel.receive()[0]) == ["slow", "slow2", "models"]
    child.close()


@scripts("seen = 1\nresumed = checkpoints.at('views', '/views.py', list)")
def test_a_copy_in_advance_says_that_it_waits_and_then_goes_on(far: Far):
    assert isinstance(far.hear(), messages.SnapshotTaken)
    child = far.copy_in_advance()
    assert isinstance(child.channel.receive()[0], messages.Booted)
    child.tell(messages.ReadAhead(("/no/such.py", __file__)))
    assert child.channel.receive()[0] == messages.Waiting()
    child.tell(messages.GoOn(2, 8, (), 1))
    assert last_word(child) == messages.Failed("copy", "1")
    child.close()


@scripts(
    """
    import launcher.worker.bytecode
    launcher.worker.bytecode.is_newer = lambda written, source: True  # the sources are younger than this second
    resumed = checkpoints.at('views', '/views.py', list)
    seen = len(bytecode._ahead)
    """
)
def test_a_snapshot_reads_ahead_for_its_copies_and_makes_them_meanwhile(far: Far, tmp_path: Path):
    """Whoever is told to make a copy makes it first; what is left is read afterwards."""
    sources = [str(tmp_path / f"m{number}.py") for number in range(300)]
    for path in sources:
        Path(path).write_text("X = 1")
        py_compile.compile(path, doraise=True)
    assert isinstance(far.hear(), messages.SnapshotTaken)
    assert far.frozen is not None
    far.frozen.send(messages.ReadAhead(tuple(sources)))
    seen = [0]
    while seen[-1] < len(sources):
        child = far.copy()
        seen.append(int(last_word(child).text))
        child.close()
        assert len(seen) < 1000


@scripts(
    """
    signal.signal(signal.SIGTERM, lambda *_: os._exit(9))
    resumed = checkpoints.at('views', '/views.py', list)
    seen = signal.SIGTERM in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    """
)
def test_a_snapshot_acts_on_no_signal_and_a_copy_does_again(far: Far):
    taken = far.hear()
    assert isinstance(taken, messages.SnapshotTaken)
    os.kill(taken.pid, 15)
    child = far.copy()
    assert last_word(child) == messages.Failed("copy", "False")
    child.close()


@scripts(
    """
    be_limited()
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resumed = seen = checkpoints.at('views', '/views.py', list)
    """
)
def test_a_fork_that_the_system_refuses_is_survived(far: Far):
    refused = far.hear()
    assert isinstance(refused, messages.Unsafe)
    assert refused.reason == f"the system allows no copy: {os.strerror(errno.EAGAIN)}"
    assert far.hear() == messages.Failed("original", "False")


@scripts(
    """
    be_limited()
    resumed = checkpoints.loaded(list, lambda: resource.setrlimit(resource.RLIMIT_NPROC, (0, 0)))
    seen = 0
    """
)
def test_a_copy_that_the_system_refuses_is_told_by_the_end_of_its_channel(far: Far):
    taken = far.hear()
    assert isinstance(taken, messages.SnapshotTaken)
    child = far.copy()
    with pytest.raises(ChannelClosed):
        child.channel.receive()
    child.close()


@scripts(
    """
    end = socket.socket()
    resumed = checkpoints.loaded(list, list)
    end.close()
    resumed = checkpoints.loaded(list, list)
    seen = 0
    """
)
def test_what_stood_in_the_way_may_go_away(far: Far):
    refused = far.hear()
    assert isinstance(refused, messages.Unsafe)
    assert "socket" in refused.reason
    assert isinstance(far.hear(), messages.SnapshotTaken)


@scripts(
    """
    def afterwards():
        raise LookupError
    resumed = checkpoints.loaded(list, afterwards)
    seen = 0
    """
)
def test_a_snapshot_that_fails_ends_and_never_goes_on_as_the_worker(far: Far):
    assert isinstance(far.hear(), messages.SnapshotTaken)
    assert far.hear() == messages.Failed("original", "0")
    assert far.frozen is not None
    with pytest.raises(ChannelClosed):
        far.frozen.receive()


@scripts("resumed = checkpoints.at('views', '/views.py', list)\nseen = 0\nif resumed:\n    os._exit(7)")
def test_how_a_copy_ended_is_told_while_others_are_made(far: Far):
    far.hear()
    assert far.frozen is not None
    child = far.copy()
    booted = child.channel.receive()[0]
    assert isinstance(booted, messages.Booted)
    far.frozen.send(messages.Reap(booted.pid))
    message, _ = far.frozen.receive()
    assert isinstance(message, messages.Reaped)
    assert os.waitstatus_to_exitcode(message.status) == 7
    child.close()
