"""Whether a worker may stay for its consoles, and what it does then; each process of a test does one forbidden thing."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from launcher.web.consoles import Consoles
from launcher.wire.channel import Channel
from launcher.wire.messages import Drain, Edition, Evaluate
from launcher.worker.staying import evaluate, stay

LIMIT = 20.0
linux = pytest.mark.skipif(sys.platform != "linux", reason="proc(5)")

SETUPS = {
    "nothing": ("", ""),
    "a-client-socket-and-a-database": (
        "import sqlite3\nkept = (sqlite3.connect(':memory:'), socket.socketpair(), open('/dev/null', 'w'))",
        "",
    ),
    "a-thread": ("threading.Thread(target=threading.Event().wait, daemon=True).start()", "a thread is running"),
    "a-thread-that-has-ended": ("t = threading.Thread(target=int); t.start(); t.join()", ""),
    "a-process": ("kept = subprocess.Popen(['sleep', '20'])", "a process was started"),
    "a-snapshot": ("kept = subprocess.Popen(['sleep', '20']); snapshots.add(kept.pid)", ""),
    "a-listening-socket": ("kept = socket.create_server(('127.0.0.1', 0))", "a socket is bound"),
    "a-datagram-socket": (
        "kept = socket.socket(type=socket.SOCK_DGRAM); kept.bind(('127.0.0.1', 0))",
        "a socket is bound",
    ),
    "a-file-lock": (
        "import fcntl; kept = open(sys.argv[1], 'w'); fcntl.flock(kept, fcntl.LOCK_EX)",
        "a file lock is held (flock)",
    ),
}
PROGRAM = """
import os, socket, subprocess, sys, threading
from launcher.web.consoles import Consoles
from launcher.worker.staying import may_stay, obstacle
snapshots = set()
{setup}
consoles = Consoles()
assert not may_stay(consoles, snapshots), "nobody has used a console"
consoles.use()
found = obstacle(snapshots)
assert may_stay(consoles, snapshots) is not bool(found)
print(found, end="")
sys.stdout.flush()
for pid in [kept.pid] if "kept" in globals() and hasattr(kept, "pid") else []:
    os.kill(pid, 9)
os._exit(0)
"""


@linux
@pytest.mark.parametrize(("setup", "told"), SETUPS.values(), ids=SETUPS)
def test_what_keeps_a_worker_from_staying(tmp_path: Path, setup: str, told: str) -> None:
    argv = [sys.executable, "-c", PROGRAM.format(setup=setup), str(tmp_path / "lock")]
    root = Path(__file__).parents[2]
    done = subprocess.run(argv, cwd=root, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == (told, "")


class Frame:
    filename = "<string>"

    def eval(self, code: str) -> str:
        return f"<i>{code}</i>"


class Stayer:
    """A worker that stays, in a thread of this process, and the supervisor's end of its channel."""

    def __init__(self, snapshots: tuple[int, ...] = ()) -> None:
        self.consoles, self.frame = Consoles(), Frame()
        self.consoles.keep([self.frame], [])
        self.consoles.use()
        ours, theirs = socket.socketpair()
        self.channel, self._far = Channel(ours), Channel(theirs)
        self.thread = threading.Thread(target=stay, args=(self._far, self.consoles, snapshots))
        self.thread.start()

    def ask(self, frame: int, code: str) -> bytes:
        ours, theirs = socket.socketpair()
        with ours:
            ours.settimeout(LIMIT)
            with theirs:
                self.channel.send(Evaluate(frame, code), theirs.fileno())
            return b"".join(iter(lambda: ours.recv(100), b""))

    def has_left(self) -> bool:
        self.thread.join(LIMIT)
        self._far.close()
        self.channel.close()
        return not self.thread.is_alive()


def test_a_worker_that_stays_runs_what_is_typed_until_it_is_told_to_leave() -> None:
    stayer = Stayer()
    assert stayer.ask(id(stayer.frame), "a") == b"<i>a</i>"
    stayer.channel.send(Edition(3))
    assert stayer.ask(7, "a") == b""
    stayer.channel.send(Drain(0.0))
    assert stayer.has_left()


def test_a_worker_that_stays_leaves_with_the_supervisor() -> None:
    stayer = Stayer()
    stayer.channel.close()
    assert stayer.has_left()


def test_a_worker_leaves_when_its_consoles_were_not_used_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("launcher.worker.staying.STAY_SECONDS", 0.2)
    assert Stayer().has_left()


def test_a_snapshot_that_ended_is_reaped() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    stayer = Stayer((child.pid,))
    assert stayer.ask(id(stayer.frame), "a") == b"<i>a</i>"
    with pytest.raises(ChildProcessError):
        os.waitpid(child.pid, os.WNOHANG)
    child.returncode = 0
    stayer.channel.close()
    assert stayer.has_left()


def test_one_who_asked_and_is_gone_disturbs_nobody() -> None:
    consoles, frame = Consoles(), Frame()
    consoles.keep([frame], [])
    ours, theirs = socket.socketpair()
    ours.close()
    evaluate(Evaluate(id(frame), "a"), theirs.detach(), consoles)
    for thread in [thread for thread in threading.enumerate() if thread.name == "launch-console"]:
        thread.join(LIMIT)
    assert consoles.idle() is not None
