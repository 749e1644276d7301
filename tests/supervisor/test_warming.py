"""Pages of its own for a process that waits: by real processes, each a copy of one that holds much memory."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from launcher.supervisor import warming
from launcher.supervisor.warming import warm

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="proc(5)")

PAGES = 300
COPIES = f"""
import os, resource, sys, threading

memory = bytearray(b"x" * 4096 * {PAGES})

def write():
    for place in range(0, len(memory), 4096):
        memory[place] = 121

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def live(act):
    before = faults()
    if act == b"w":
        write()
    if act == b"t":
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    os.write(1, b"%d %d %d\\n" % (os.getpid(), faults() - before, memory[0]))

pairs = [os.pipe() for _ in range(2)]
for order, _ in pairs:
    if not os.fork():
        for _, end in pairs:
            os.close(end)
        live(b"-")
        while act := os.read(order, 1):
            live(act)
        os._exit(0)
while order := os.read(0, 2):
    os.write(pairs[order[0] - 48][1], order[1:])
"""


class Copies:
    """Two copies of one process, which do what they are told: (w)rite to all pages, start a (t)hread, or nothing."""

    def __init__(self) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", COPIES], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pids = sorted(self._hear()[0] for _ in range(2))
        self.pids = [self.tell(0, "-")[0], self.tell(1, "-")[0]]

    def tell(self, copy: int, act: str) -> tuple[int, int, int]:
        """Return the copy's process, the page faults of what it did, and the first byte of its memory."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{copy}{act}".encode())
        self.process.stdin.flush()
        return self._hear()

    def _hear(self) -> tuple[int, int, int]:
        assert self.process.stdout is not None
        pid, faults, byte = self.process.stdout.readline().split()
        return int(pid), int(faults), int(byte)


@pytest.fixture
def copies() -> Iterator[Copies]:
    copies = Copies()
    yield copies
    with copies.process:
        copies.process.stdin.close()  # type: ignore[union-attr]


def warm_when_it_waits(copies: Copies) -> int:
    """The copy has answered, and is on its way to wait for the next word."""
    for _ in range(10_000):
        if pages := warm(copies.pids[1], copies.pids[0]):
            return pages
        os.sched_yield()
    return 0


def test_pages_that_the_other_has_written_to_cost_no_fault_any_more(copies: Copies) -> None:
    assert copies.tell(0, "w")[1] >= PAGES
    assert warm_when_it_waits(copies) >= PAGES
    _, faults, byte = copies.tell(1, "w")
    assert faults < PAGES / 3
    assert byte == ord("y")


def test_nothing_is_changed(copies: Copies) -> None:
    copies.tell(0, "w")
    warm_when_it_waits(copies)
    assert copies.tell(1, "-")[2] == ord("x")


def test_a_process_with_threads_is_left_alone(copies: Copies) -> None:
    copies.tell(0, "w")
    copies.tell(1, "t")
    assert warm_when_it_waits(copies) == 0


def test_a_process_that_runs_is_left_alone(copies: Copies) -> None:
    copies.tell(0, "w")
    assert warm(os.getpid(), copies.pids[0]) == 0


def test_a_process_that_is_gone(copies: Copies) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    assert warm(ended.pid, copies.pids[0]) == 0
    assert warm(copies.pids[1], ended.pid) == 0


def test_no_more_pages_than_memory_is_spared_for(copies: Copies, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warming, "_MOST", 7)
    copies.tell(0, "w")
    assert warm_when_it_waits(copies) == 7
