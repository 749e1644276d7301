"""Threads that serve again, and are as new for each request."""

from __future__ import annotations

import contextvars
import ctypes
import os
import signal
import socket
import sys
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from launcher.web import threads
from launcher.web.threads import MOST_IDLE, Slot, Threads
from tests.web.waiting import LIMIT, wait_for

PEER = ("127.0.0.1", 1)


class Serving:
    """Serves by doing *act*, and tells on which threads."""

    def __init__(self, act: Callable[[], object]) -> None:
        self.threads: list[int] = []
        self.names: list[str] = []
        self._before = set(threading.enumerate())
        self.pool = Threads(self._serve)
        self._act = act
        self._served = threading.Semaphore(0)

    def _serve(self, connection: socket.socket, peer: tuple[str, int]) -> None:
        try:
            self.threads.append(threading.get_native_id())
            self.names.append(threading.current_thread().name)
            self._act()
        finally:
            self._served.release()

    def begin(self) -> None:
        with socket.socket() as connection:
            self.pool.begin(connection, PEER)

    def wait_until_served(self, count: int = 1) -> None:
        for _ in range(count):
            assert self._served.acquire(timeout=LIMIT)

    def serve(self, count: int = 1) -> None:
        """Serve one request after the other, each when a thread waits again."""
        for _ in range(count):
            self.begin()
            self.wait_until_served()
            wait_for(lambda: bool(self.pool.idle))

    def count(self) -> int:
        """Return how many threads there are. Not to be asked when a request ends: who looks at a thread refers to it."""
        return len(set(threading.enumerate()) - self._before)

    def close(self) -> None:
        self.pool.close()
        wait_for(lambda: self.count() == 0)


@pytest.fixture
def serving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Serving]]:
    made: list[Serving] = []

    def make(act: Callable[[], object] = lambda: None, *, new: int | None = None) -> Serving:
        monkeypatch.setattr(threads, "ALL_NEW", new or 0)
        made.append(Serving(act))
        if new is None:  # as if the first requests had been served
            made[-1].pool._leave(Slot())
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_a_thread_serves_again(serving: Callable[..., Serving]) -> None:
    one = serving()
    one.serve(6)
    assert len(set(one.threads)) == 1
    assert len(set(one.names)) == 6, "who follows a request by the name of its thread finds no other one"


def test_the_first_requests_of_a_worker_get_new_threads(serving: Callable[..., Serving]) -> None:
    one = serving(new=3)
    one.serve(6)
    assert len(set(one.threads[:4])) == 4
    assert set(one.threads[3:]) == {one.threads[3]}


local = threading.local()


def test_after_a_request_that_leaves_something_comes_a_new_thread(serving: Callable[..., Serving]) -> None:
    seen: list[bool] = []

    def act() -> None:
        seen.append(hasattr(local, "value"))
        local.value = True

    one = serving(act)
    one.serve(5)
    assert seen == [False] * 5
    assert len(set(one.threads)) == 5


def test_so_many_requests_get_new_threads_then(serving: Callable[..., Serving]) -> None:
    leaves = True

    def act() -> None:
        if leaves:
            local.value = True

    one = serving(act, new=2)
    one.serve(3)
    leaves = False
    one.serve(5)
    assert len(set(one.threads[:6])) == 6
    assert set(one.threads[5:]) == {one.threads[5]}


variable = contextvars.ContextVar("variable", default=0)


def test_each_request_has_a_context_of_its_own(serving: Callable[..., Serving]) -> None:
    seen: list[int] = []

    def act() -> None:
        seen.append(variable.get())
        variable.set(1)

    one = serving(act)
    variable.set(2)  # that of whoever begins a request is nothing to the request
    one.serve(3)
    assert seen == [0, 0, 0]
    assert len(set(one.threads)) == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_request_that_ends_its_thread_does_not_end_those_after_it(serving: Callable[..., Serving]) -> None:
    def end() -> None:
        raise SystemExit

    one = serving(end)
    one.serve(3)
    assert len(set(one.threads)) == 3


@pytest.mark.parametrize("set_hook", [threading.settrace, threading.setprofile])
def test_who_follows_new_threads_is_told_of_each_request(
    serving: Callable[..., Serving], set_hook: Callable[[Any], None]
) -> None:
    told: set[int] = set()

    def hook(*_: object) -> None:
        told.add(threading.get_native_id())

    one = serving()
    one.serve(2)
    set_hook(hook)
    try:
        one.serve(3)
    finally:
        set_hook(None)
    assert len(set(one.threads)) == 4
    assert set(one.threads[2:]) <= told


def test_requests_at_the_same_time_leave_few_threads(serving: Callable[..., Serving]) -> None:
    go = threading.Event()
    one = serving(lambda: go.wait(LIMIT))
    many = MOST_IDLE + 4
    for _ in range(many):
        one.begin()
    wait_for(lambda: len(one.threads) == many)
    assert len(set(one.threads)) == many
    go.set()
    one.wait_until_served(many)
    wait_for(lambda: len(one.pool.idle) == MOST_IDLE)
    wait_for(lambda: one.count() == MOST_IDLE)


def test_threads_at_work_end_after_the_others(serving: Callable[..., Serving]) -> None:
    go = threading.Event()
    one = serving(lambda: go.wait(LIMIT))
    one.begin()
    wait_for(lambda: one.count() == 1)
    one.pool.close()
    one.begin()  # as a connection that was on its way
    wait_for(lambda: len(one.threads) == 2)
    go.set()
    one.wait_until_served(2)
    wait_for(lambda: one.count() == 0)
    assert one.pool.idle == []


def raise_in(thread: int) -> None:
    """Have something raised in the thread of this native number."""
    (found,) = (one for one in threading.enumerate() if one.native_id == thread)
    reached = ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(found.ident or 0), ctypes.py_object(KeyError))
    assert reached == 1


def test_what_was_raised_from_outside_for_a_request_that_is_over_does_not_reach_the_next(
    serving: Callable[..., Serving],
) -> None:
    one = serving()
    one.serve(2)
    raise_in(one.threads[0])
    one.serve(2)
    assert len(set(one.threads)) == 1


class Broken:
    """In the place of what compares threads."""

    def __init__(self, *_: object) -> None:
        raise MemoryError


@pytest.mark.parametrize("module", [None, types.SimpleNamespace(), types.SimpleNamespace(Leftovers=Broken)])
def test_where_nobody_can_look_each_request_gets_a_new_thread(
    serving: Callable[..., Serving], monkeypatch: pytest.MonkeyPatch, module: object
) -> None:
    """Without ctypes, or where memory or open files are short: no request may suffer from it."""
    monkeypatch.setitem(sys.modules, "launcher.web.leftovers", module)  # type: ignore[arg-type]
    one = serving(new=1)
    one.serve(4)
    assert len(set(one.threads)) == 4


INHERITED = {
    "blocked-signal": (
        lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1]),
        lambda: signal.pthread_sigmask(signal.SIG_BLOCK, ()),
    ),
    "priority": (lambda: os.nice(1), lambda: os.getpriority(os.PRIO_PROCESS, 0)),
    "processors": (
        lambda: os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]),
        lambda: os.sched_getaffinity(0),
    ),
}


@pytest.mark.skipif(sys.platform != "linux", reason="what a thread inherits there")
@pytest.mark.parametrize(("change", "ask"), INHERITED.values(), ids=INHERITED)
@pytest.mark.parametrize("new", [None, 9], ids=["used-again", "all-new"])
def test_what_a_request_changes_for_its_thread_is_not_inherited(
    serving: Callable[..., Serving], change: Callable[[], object], ask: Callable[[], object], new: int | None
) -> None:
    seen: list[object] = []

    def act() -> None:
        seen.append(ask())
        if len(seen) == 2:
            change()

    one = serving(act, new=new)
    for _ in range(5):
        one.begin()
        one.wait_until_served()
        wait_for(lambda: bool(one.pool.idle) or one.count() == 0)
    usual = ask()
    if change is INHERITED["processors"][0] and len(os.sched_getaffinity(0)) == 1:
        pytest.skip("there is one processor only")
    assert seen == [usual] * 5
    assert one.threads[1] not in one.threads[2:]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_ends_while_it_should_wait_takes_no_request_along(
    serving: Callable[..., Serving], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is raised from outside may come in any line of ours. The one that it meets here is the first after the list."""
    one = serving()
    one.serve(2)
    take, ended = Slot.take, threading.Event()

    def end_once(slot: Slot) -> Any:
        if not ended.is_set():
            ended.set()
            one.begin()  # it is in the list
            raise KeyError
        return take(slot)

    monkeypatch.setattr(Slot, "take", end_once)
    one.begin()
    one.wait_until_served(2)
    wait_for(lambda: bool(one.pool.idle))
    monkeypatch.undo()
    one.serve(2)
    assert len(one.threads) == 6


def test_a_slot_holds_what_comes_before_it_is_waited_for() -> None:
    slot = Slot()
    with socket.socket() as connection:
        slot.put((connection, PEER))
        assert slot.take() == (connection, PEER)
        slot.put((connection, PEER))
        assert slot.take() == (connection, PEER)
    slot.put(None)
    assert slot.take() is None
