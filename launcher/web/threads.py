"""The threads that answer requests: each finds its thread as if that had been made for it, as with `flask run`.

To make a thread and to end it takes as long as a quarter of a small answer. So one waits in advance, and a thread
serves again where the request before has left nothing in it (`leftovers.py`).
"""

from __future__ import annotations

import contextvars
import threading
from itertools import count

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from launcher.web.leftovers import Leftovers

    Request = tuple[socket.socket, tuple[str, int]]

ALL_NEW = 20
"""So many requests get new threads: the first ones, which are urgent, while to look for leftovers takes ctypes; and
those after a request that has left something, since the next one is likely to do the same."""

MOST_IDLE = 8
"""How many threads wait at most: a browser has six connections."""


class Threads:
    """Calls *serve* with each request, on a thread. The loop of the server calls `begin` and `close`."""

    def __init__(self, serve: Callable[[socket.socket, tuple[str, int]], None]) -> None:
        self.idle: list[Slot] = []
        """Where threads wait for a request."""
        self._serve = serve
        self._numbers = count(1)
        self._begun = 0
        self._new_until = ALL_NEW
        self._is_closed = False
        self._lock = threading.Lock()

    def begin(self, connection: socket.socket, peer: tuple[str, int]) -> None:
        """Have the request on this connection served. `RuntimeError` where the system gives no thread for it."""
        self._begun += 1
        slot = None
        with self._lock:
            if self.idle and not _are_followed():
                slot = self.idle.pop()
        (slot or self._new_slot()).put((connection, peer))

    def close(self) -> None:
        """Have the threads end: those that wait now, those at work when they are done. `begin` may still be called."""
        with self._lock:
            self._is_closed = True
            idle, self.idle = self.idle, []
        for slot in idle:
            slot.put(None)

    def _new_slot(self) -> Slot:
        """Return where a new thread waits. Nothing of ours refers to the thread afterwards."""
        slot = Slot()
        threading.Thread(target=self._work, args=(slot,), daemon=True).start()
        return slot

    def _work(self, slot: Slot) -> None:
        """Serve what comes to *slot*, until a request leaves something in this thread, or it is not needed."""
        leftovers: Leftovers | None = None
        while request := slot.take():
            threading.current_thread().name = f"Request-{next(self._numbers)}"
            if leftovers is None and self._begun > self._new_until and not _are_followed():
                leftovers = _leftovers_here()
                if leftovers is not None:
                    leftovers.begin()
            is_as_new = False
            try:
                contextvars.Context().run(self._serve, *request)
                request = None
                is_as_new = leftovers is not None and not leftovers.found()
                if leftovers is not None and not is_as_new:
                    self._new_until = self._begun + ALL_NEW
            finally:
                if not is_as_new:
                    self._refill()
            if not is_as_new or not self._wait_at(slot):
                return

    def _refill(self) -> None:
        """Have a new thread wait for the next request, unless one waits."""
        if self.idle or self._is_closed:
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
                request, self._request = self._request, None
                return request


def _are_followed() -> bool:
    """Return whether something, as a debugger, wants to be told when a thread begins."""
    return threading.gettrace() is not None or threading.getprofile() is not None


def _leftovers_here() -> Leftovers | None:
    """Return what compares this thread; None where this Python cannot tell."""
    try:
        from launcher.web.leftovers import Leftovers
    except ImportError:  # without ctypes
        return None
    return Leftovers(threading.current_thread())
