"""Workers by their numbers: real processes that greet, end, and leave nothing behind."""

from __future__ import annotations

import os
import selectors
import signal
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from launcher.supervisor import orphans
from launcher.supervisor.child import Child
from launcher.supervisor.children import Children
from launcher.supervisor.clock import Clock
from launcher.supervisor.signals import Signals
from launcher.wire.messages import Booted, Drain, Drained

if TYPE_CHECKING:
    from launcher.wire.messages import Message

LIMIT = 20.0


class Nursery:
    """Children, what they said, and how they ended."""

    def __init__(self, signals: Signals) -> None:
        self.said: list[tuple[int, Message]] = []
        self.ended: list[tuple[int, str, int | None]] = []
        self.selector = selectors.DefaultSelector()
        self.clock = Clock()
        self.children = Children(self.selector, self.clock, heard=self.hear, gone=self.bury, ask=lambda _: None)
        self.signals = signals
        self.selector.register(signals, selectors.EVENT_READ, self.take_signals)

    def take_signals(self) -> None:
        if signal.SIGCHLD in self.signals.take():
            self.children.reap()

    def hear(self, number: int, child: Child, message: Message, _: int | None) -> None:
        if isinstance(message, Booted):
            self.children.greeted(number, child, message.pid)
        self.said.append((number, message))

    def bury(self, number: int, child: Child, how: str, status: int | None) -> None:
        self.ended.append((number, how, status))
        self.children.bury(child, set())

    def start(self, number: int) -> Child:
        child = Child({"PATH": os.environ["PATH"]})
        self.children.adopt(number, child)
        self.wait(lambda: any(isinstance(said, Booted) for who, said in self.said if who == number))
        return child

    def wait(self, until: Callable[[], object]) -> None:
        while not until():
            ready = self.selector.select(LIMIT)
            assert ready, "nothing happens"
            for key, _ in ready:
                key.data()
            self.clock.strike(lambda: True)


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    with Signals() as signals:
        made = Nursery(signals)
        yield made
        made.children.end_all(set())
        made.children.wait_for_the_end()
        made.selector.close()


def test_a_worker_is_known_by_its_number_until_it_is_gone(nursery: Nursery) -> None:
    child = nursery.start(3)
    assert nursery.children.get(3) is child
    assert nursery.children.get(None) is None
    assert nursery.children.pids() == {child.pid}
    child.end()
    nursery.wait(lambda: nursery.ended)
    assert nursery.ended == [(3, "SIGKILL (killed; the system may be out of memory)", -9)]
    assert nursery.children.get(3) is None


def test_what_a_worker_said_last_is_heard_before_its_end(nursery: Nursery) -> None:
    child = nursery.start(0)
    child.tell(Drain(1.0))
    nursery.wait(lambda: nursery.ended)
    assert nursery.said[-1] == (0, Drained(0))
    assert nursery.ended == [(0, "exit code 0", 0)]


def test_a_worker_that_is_released_is_somebody_elses(nursery: Nursery) -> None:
    child = nursery.start(0)
    assert nursery.children.release(0) is child
    assert nursery.children.release(0) is None
    assert nursery.children.release(None) is None
    child.end()
    child.close()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    nursery.children.reap()
    assert nursery.ended == []


def test_no_process_is_left_at_the_end(nursery: Nursery) -> None:
    for number in range(2):
        nursery.start(number)
    nursery.children.end_all(set())
    nursery.children.wait_for_the_end()
    assert orphans.descendants(os.getpid()) == []
    assert nursery.children.pids() == set()
