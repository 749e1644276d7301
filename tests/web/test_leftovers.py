"""What a request may leave in its thread: everything that a new thread would not have is found."""

from __future__ import annotations

import _threading_local
import asyncio
import ctypes
import decimal
import logging
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from launcher.web.leftovers import KEEP_IN_C, Leftovers

LIMIT = 10.0


def on_a_thread(act: Callable[[], object]) -> None:
    """Have a new thread do this, to which nobody refers, and wait until it has ended."""
    begin, done = threading.Event(), threading.Event()

    def run() -> None:
        assert begin.wait(LIMIT)
        try:
            act()
        finally:
            done.set()

    start(run)
    begin.set()
    assert done.wait(LIMIT)


def start(run: Callable[[], None]) -> None:
    threading.Thread(target=run).start()


def found_after(act: Callable[[], object]) -> bool:
    """Return what is found on a new thread that has done this."""
    answers: list[bool] = []

    def run() -> None:
        leftovers = Leftovers(threading.current_thread())
        leftovers.begin()
        act()
        answers.append(leftovers.found())

    on_a_thread(run)
    (answer,) = answers
    return answer


kept: list[object] = []
shared = threading.local()


@pytest.fixture(autouse=True)
def forget() -> Any:
    yield
    kept.clear()


def local_and_gone() -> None:
    local = threading.local()
    local.value = 1


def raise_and_catch() -> None:
    try:
        raise ValueError
    except ValueError:
        logging.getLogger(__name__).debug("caught", exc_info=True)


def begin_a_thread() -> None:
    thread = threading.Thread(target=lambda: setattr(shared, "value", 2))
    thread.start()
    thread.join()


NOTHING = {
    "nothing": lambda: None,
    "repr-of-what-holds-itself": lambda: repr([kept, [kept]]),
    "local-that-is-gone": local_and_gone,
    "error": raise_and_catch,
    "data-of-another-thread": begin_a_thread,
    "list-of-threads": lambda: len(threading.enumerate()),
    "precision": lambda: setattr(decimal.getcontext(), "prec", 5),  # of a context
}


@pytest.mark.parametrize("act", NOTHING.values(), ids=NOTHING)
def test_nothing_is_left(act: Callable[[], object]) -> None:
    assert not found_after(act)


class OwnLocal(threading.local):
    pass


own_local = OwnLocal()


async def nothing() -> None:
    pass


def keep_a_loop() -> None:
    asyncio.events._set_running_loop(asyncio.new_event_loop())
    kept.append(asyncio.events._get_running_loop())


SOMETHING = {
    "local": lambda: setattr(shared, "value", 1),
    "local-that-is-only-asked": lambda: getattr(shared, "value", None),  # which makes its data
    "local-of-a-class": lambda: setattr(own_local, "value", 1),
    "new-local-that-is-kept": lambda: kept.append(setattr(local := threading.local(), "value", 1) or local),
    "local-in-python": lambda: kept.append(setattr(local := _threading_local.local(), "value", 1) or local),
    "event-loop-that-has-ended": lambda: asyncio.run(nothing()),
    "error-number": lambda: ctypes.CDLL(None, use_errno=True).getpid(),
    "trace-function": lambda: sys.settrace(lambda *_: None),
    "profile-function": lambda: sys.setprofile(lambda *_: None),
    "hooks-of-generators": lambda: sys.set_asyncgen_hooks(firstiter=lambda _: None),
    "origin-of-coroutines": lambda: sys.set_coroutine_origin_tracking_depth(1),
    "attribute-of-the-thread": lambda: setattr(threading.current_thread(), "request", 1),
    "somebody-keeps-the-thread": lambda: kept.append(threading.current_thread()),
    "somebody-waits-for-the-thread": lambda: kept.append(weakref.ref(threading.current_thread(), print)),
}


@pytest.mark.parametrize("act", SOMETHING.values(), ids=SOMETHING)
def test_something_is_left(act: Callable[[], object]) -> None:
    assert found_after(act)


def test_a_loop_that_still_runs_is_found() -> None:
    try:
        assert found_after(keep_a_loop)
    finally:
        for loop in kept:
            assert isinstance(loop, asyncio.AbstractEventLoop)
            loop.close()


@pytest.mark.parametrize("name", KEEP_IN_C)
def test_nobody_knows_what_some_libraries_keep(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setitem(sys.modules, name, sys)
    assert found_after(lambda: None)


def test_a_library_that_replaces_local_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "local", _threading_local.local)
    assert found_after(lambda: None)


def test_data_end_with_their_thread() -> None:
    """What looks at a thread keeps nothing alive that the thread would have ended."""
    ended = threading.Event()

    class Connection:
        def __del__(self) -> None:
            ended.set()

    found_after(lambda: setattr(shared, "connection", Connection()))
    assert ended.wait(LIMIT)


def test_a_second_look_sees_the_same() -> None:
    def run() -> None:
        leftovers = Leftovers(threading.current_thread())
        leftovers.begin()
        kept.append([leftovers.found() for _ in range(3)])
        shared.value = 1
        kept.append([leftovers.found() for _ in range(3)])

    on_a_thread(run)
    assert kept == [[False] * 3, [True] * 3]
