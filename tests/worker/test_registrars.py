"""Calls that no audit event tells are noted while it matters, and then no more."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import weakref

import pytest

from launcher.worker.registrars import Registrars


class Thing:
    pass


@pytest.fixture
def noted() -> list[tuple[str, str, object]]:
    return []


@pytest.fixture
def registrars(noted):
    def note(kind):
        return lambda frame, arguments: noted.append((kind, frame.f_code.co_filename, arguments[0]))

    registrars = Registrars({kind: note(kind) for kind in ("atexit", "fork", "finalizer", "thread")})
    registrars.start()
    yield registrars
    registrars.stop()


def test_atexit(registrars, noted):
    assert atexit.register(int) is int
    atexit.unregister(int)
    assert noted == [("atexit", __file__, int)]


def test_finalizer(registrars, noted):
    thing = Thing()
    finalizer = weakref.finalize(thing, list)
    assert ("finalizer", __file__, finalizer) in noted
    finalizer.detach()


def test_what_is_refused_is_not_noted(registrars, noted):
    with pytest.raises(TypeError):
        atexit.register()
    with pytest.raises(TypeError):
        os.register_at_fork()
    assert noted == []


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="is audited")
def test_thread(registrars, noted):
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
    assert [kind for kind, _, _ in noted] == ["thread"]


def test_all_is_put_back_and_a_kept_function_still_works(noted):
    before = (atexit.register, os.register_at_fork, weakref.finalize.__init__, threading.Thread.start)
    registrars = Registrars({"atexit": lambda *_: noted.append(("atexit", "", None))})
    registrars.start()
    registrars.start()
    kept = atexit.register
    assert kept is not before[0]
    registrars.stop()
    assert (atexit.register, os.register_at_fork, weakref.finalize.__init__, threading.Thread.start) == before
    assert kept(int) is int
    atexit.unregister(int)
    assert noted == []
