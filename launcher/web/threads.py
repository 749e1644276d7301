"""The threads that answer requests: each finds its thread as if that had been made for it, as with `flask run`.

To make a thread and to end it takes as long as a quarter of a small answer. So one waits in advance, and a thread
serves again where the request before has left nothing in it (`leftovers.py`).
"""

from __future__ import annotations

import contextvars
import sys
from itertools import count

from launcher.standard import os, signal, threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from launcher.web.leftovers import Leftovers

    Request = tuple[socket.socket, tuple[str, int]]

ALL_NEW = 20
"""So many requests get new threads: the first ones, since to look for leftovers takes ctypes, and those after a request
that has left something, since the next one is likely to do the same."""

MOST_IDLE = 8
"""How many threads wait at most: a browser has six connections."""


class Threads:
    """Calls *serve* with each request, on a thread. Made by the loop of the server, which calls `begin` and `close`."""

    def __init__(self, serve: Callable[[socket.socket, tuple[str, int]], None]) -> None:
        self.idle: list[Slot] = []
        """Where threads wait for a request."""
        self._serve = serve
        self._numbers = count(1)
        self._begun = 0
        self._new_until = ALL_NEW
        self._kind: type[Leftovers] | None = None
        self._is_kind_known = False
        self._inherited = _inherited()
        self._is_closed = False
        self._lock = threading.Lock()

    def begin(self, connection: socket.socket, peer: tuple[str, int]) -> None:
        """Have the request on this connection served. `RuntimeError` where the system gives no thread for it."""
        self._begun += 1
        with self._lock:
            if self.idle and not _are_followed():
                self.idle.pop().put((connection, peer))
                return
        self._new_slot().put((connection, peer))

    def close(self) -> None:
        """Have the threads end: those that wait now, those at work when they are done. `begin` may still be called."""
        with self._lock:
            self._is_closed = True
            while self.idle:
                self.idle.pop().put(None)

    def _new_slot(self) -> Slot:
        """Return where a new thread waits. Nothing of ours refers to the thread afterwards."""
        slot = Slot()
        threading.Thread(target=self._work, args=(slot,), daemon=True).start()
        return slot

    def _work(self, slot: Slot) -> None:
        """Serve what comes to *slot*, until a request leaves something in this thread, or it is not needed."""
        leftovers: Leftovers | None = None
        try:
            while request := slot.take():
                threading.current_thread().name = f"Request-{next(self._numbers)}"
                leftovers = leftovers or self._look_here()
                contextvars.Context().run(self._serve, *request)
                request = None
                if leftovers is None or not self._is_as_new(leftovers) or not self._wait_at(slot):
                    return
        finally:
            self._leave(slot)

    def _look_here(self) -> Leftovers | None:
        """Return what compares this thread from now on with what it is; None where nobody looks."""
        if self._kind is None or self._begun <= self._new_until:
            return None
        try:
            leftovers = self._kind(threading.current_thread())
            leftovers.begin()
            return leftovers
        except Exception:  # noqa: BLE001  # as where memory is short: the request can do without
            return None

    def _is_as_new(self, leftovers: Leftovers) -> bool:
        """Return whether the next request would find this thread as it began."""
        if leftovers.found() or _inherited() != self._inherited:
            self._new_until = self._begun + ALL_NEW
            return False
        return True

    def _leave(self, slot: Slot) -> None:
        """Have another thread wait in the place of this one, which ends, and serve what has come to *slot*."""
        with self._lock:
            if slot in self.idle:  # something was raised here from outside (PyThreadState_SetAsyncExc), and too late
                self.idle.remove(slot)
            missed = slot.missed()
        if missed is not None:
            self._new_slot().put(missed)
        if not self._is_kind_known and self._begun >= ALL_NEW:
            self._is_kind_known = True
            self._kind = _kind_of_leftovers()
        self._refill()

    def _refill(self) -> None:
        """Have a new thread wait for the next request, unless one does.

        It inherits what a request may have changed in this thread: then the loop makes it, when it is needed.
        """
        if self.idle or self._is_closed or _inherited() != self._inherited:
            return
        try:
            slot = self._new_slot()
        except RuntimeError:
            return  # the system gives no more threads now
        if not self._wait_at(slot):
            slot.put(None)

    def _wait_at(self, slot: Slot) -> bool:
        """Have the thread of *slot* wait there, unless it is not needed; return whether it is."""
        with self._lock:
            if self._is_closed or len(self.idle) >= MOST_IDLE:
                return False
            self.idle.append(slot)
            return True


class Slot:
    """Where a thread gets its requests. Does not refer to the thread: if anything does, it is the app."""

    def __init__(self) -> None:
        self._filled = threading.Lock()
        self._filled.acquire()
        self._request: Request | None = None
        self._is_over = False

    def put(self, request: Request | None) -> None:
        """Have the thread take this; None means that it may end. Not before it has taken what was put here last."""
        self._request, self._is_over = request, request is None
        if self._filled.locked():
            self._filled.release()

    def take(self) -> Request | None:
        """Wait, and return what was put here."""
        while True:
            try:
                self._filled.acquire()
            except BaseException:  # noqa: BLE001, S110
                # Raised from outside (PyThreadState_SetAsyncExc), as by a timer that ends requests which take too long,
                # and too late: it was not meant for the next one.
                pass
            if self._request is not None or self._is_over:
                return self.missed()

    def missed(self) -> Request | None:
        """Return what was put here and not taken, and take it."""
        request, self._request = self._request, None
        return request


def _are_followed() -> bool:
    """Return whether something, as a debugger, wants to be told when a thread begins."""
    return threading.gettrace() is not None or threading.getprofile() is not None


def _inherited() -> tuple[object, ...]:
    """Return what the system has a new thread take over from the one that makes it, and a request can change."""
    if sys.platform != "linux":
        return ()
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    return blocked, os.getpriority(os.PRIO_PROCESS, 0), os.sched_getaffinity(0)  # 0 is this thread (sched(7))


def _kind_of_leftovers() -> type[Leftovers] | None:
    """Return the class that compares threads; None where that cannot be had, as without ctypes."""
    try:
        from launcher.web.leftovers import Leftovers
    except Exception:  # noqa: BLE001  # whatever it is, no request is to suffer from it
        return None
    return Leftovers
