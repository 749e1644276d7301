"""Processes that descend from a worker are found and ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from launcher.supervisor import orphans

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who descends from whom")

FAMILY = """
import os, sys, subprocess
depth = int(sys.argv[1])
if depth:
    subprocess.Popen([sys.executable, "-c", sys.argv[2], str(depth - 1), sys.argv[2]])
else:
    print(os.getpid(), flush=True)
sys.stdin.read()
"""


def is_alive(pid: int) -> bool:
    """Return whether the process runs: a zombie does not."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except OSError:
        return False


@pytest.fixture
def family() -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process, its child and its grandchild, which is the number."""
    argv = [sys.executable, "-c", FAMILY, "2", FAMILY]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        youngest = int(process.stdout.readline())
        yield process, youngest
        for pid in [*orphans.descendants(process.pid), process.pid]:
            orphans.end([pid], signal.SIGKILL)


def test_descendants_are_found_nearest_first(family: tuple[subprocess.Popen[str], int]) -> None:
    process, youngest = family
    found = orphans.descendants(process.pid)
    assert len(found) == 2
    assert found[-1] == youngest
    assert all(is_alive(pid) for pid in found)


def test_they_are_ended(family: tuple[subprocess.Popen[str], int]) -> None:
    process, youngest = family
    found = orphans.descendants(process.pid)
    watch = os.pidfd_open(youngest)
    orphans.end(found, signal.SIGKILL)
    import select

    assert select.select([watch], [], [], 10)[0]
    os.close(watch)
    assert not is_alive(youngest)


def test_who_is_gone_has_no_descendants_and_cannot_be_ended() -> None:
    gone = subprocess.Popen(["/bin/true"])
    gone.wait()
    assert orphans.descendants(gone.pid) == []
    assert not is_alive(gone.pid)
    orphans.end([gone.pid], signal.SIGKILL)


def test_a_zombie_is_not_alive() -> None:
    pid = os.posix_spawn("/bin/true", ["true"], {})
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert not is_alive(pid)
    os.waitpid(pid, 0)


def test_processes_without_a_parent_fall_to_the_subreaper() -> None:
    code = """
import os, sys
from launcher.supervisor import orphans
orphans.become_subreaper()
read, write = os.pipe()
middle = os.fork()
if not middle:
    if os.fork():
        os._exit(0)
    os.read(read, 1)
    os._exit(7)
os.waitpid(middle, 0)
(left,) = orphans.descendants(os.getpid())
os.write(write, b"x")
pid, status = os.waitpid(-1, 0)
print(pid == left, os.waitstatus_to_exitcode(status))
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=os.getcwd())
    assert ended.stdout == "True 7\n"


def test_what_is_started_apart_is_not_ended_with_us() -> None:
    code = """
import os, sys
from launcher.supervisor import orphans
orphans.become_subreaper()
read, write = os.pipe()
os.set_inheritable(write, True)
orphans.start_apart([sys.executable, "-c", f"import os; os.write({write}, b'x')"], os.environ)
os.close(write)
print(orphans.descendants(os.getpid()))
print(os.read(read, 100))
try:
    os.waitpid(-1, 0)
except ChildProcessError:
    print("nobody")
if not (middle := os.fork()):
    os.fork() or os.read(os.pipe()[0], 1)
    os._exit(0)
os.waitpid(middle, 0)
print(len(orphans.descendants(os.getpid())))
for pid in orphans.descendants(os.getpid()):
    os.kill(pid, 9)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=os.getcwd())
    assert ended.stdout == "[]\nb'x'\nnobody\n1\n"


def test_only_who_lost_its_parent_is_ours(family: tuple[subprocess.Popen[str], int]) -> None:
    """A worker that still drains may need what it started."""
    process, youngest = family
    assert orphans.fallen([youngest, process.pid, 1]) == [process.pid]
