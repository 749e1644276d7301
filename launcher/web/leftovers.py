"""What a request has left in the thread that served it, where the next request on that thread would find it.

Asked by `threads.py`, which uses a thread again only where there is nothing. This looks at what Python keeps for a
thread. What an extension module keeps in storage of its own is not to be seen: with those that are known for it the
answer is always that something may be left.
"""

from __future__ import annotations

import ctypes
import gc
import sys
import threading
import weakref

KEEP_IN_C = ("greenlet", "torch", "tensorflow", "jaxlib", "numba", "cupy", "pycuda", "OpenGL", "osgeo")
"""Modules that keep a state for each thread where Python cannot see it: a current greenlet, a mode, a device."""

_HARMLESS = {"Py_Repr"}
"""Keys in a thread's dictionary that mean nothing between two calls: of what the `repr` is being made."""


class Leftovers:
    """Compares *thread*, which makes and asks this itself, with what it was when it had not served anything.

    To be forgotten when the thread ends: what is held here would otherwise outlive it.
    """

    def __init__(self, thread: threading.Thread) -> None:
        self._thread = thread
        self._data = _thread_dictionary()
        self._own = threading.local()
        self._own.is_used = True
        self._sentinel = _sentinel_of(self._own)
        if self._sentinel is None:
            del self._own  # it counts as data
        self._can_notice = self._notices_data()
        self._begun: tuple[object, ...] = ()

    def begin(self) -> None:
        """Remember what the thread is like now. To be called by whom `found` is called: frames know their thread."""
        self._begun = self._state()

    def found(self) -> bool:
        """Return whether something is left, or nobody can know."""
        if not self._can_notice or any(name in sys.modules for name in KEEP_IN_C):
            return True
        return self._has_data() or self._state() != self._begun

    def _notices_data(self) -> bool:
        """Return whether data in a `threading.local` are noticed: not where a library has put its own in the place."""
        if self._has_data():
            return False
        trial = threading.local()
        trial.is_used = True
        is_noticed = self._has_data()
        del trial
        return is_noticed and not self._has_data()

    def _has_data(self) -> bool:
        """Return whether anything is kept for this thread in a `threading.local`, or by an extension module.

        Up to Python 3.12 both are in the thread's dictionary. From 3.13 on, each `threading.local` with data has a weak
        reference to one object, by which it learns that the thread has ended; ours has one.
        """
        if not self._data.keys() <= _HARMLESS:
            return True
        return self._sentinel is not None and weakref.getweakrefcount(self._sentinel) > 1

    def _state(self) -> tuple[object, ...]:
        """Return what else a request can change: hooks, a loop that runs, the thread object, and who knows it."""
        return (
            sys.gettrace(),
            sys.getprofile(),
            sys.get_asyncgen_hooks(),
            sys.get_coroutine_origin_tracking_depth(),
            _running_loop(),
            len(vars(self._thread)),
            sys.getrefcount(self._thread),
            weakref.getweakrefcount(self._thread),
        )


_python = ctypes.PyDLL(None)  # our own, and not `ctypes.pythonapi`: the app may give its functions other types
_python.PyThreadState_GetDict.restype = ctypes.c_void_p


def _thread_dictionary() -> dict[object, object]:
    """Return the dictionary in which extension modules keep data for the calling thread (PyThreadState_GetDict)."""
    found: dict[object, object] = ctypes.cast(_python.PyThreadState_GetDict(), ctypes.py_object).value
    return found


def _sentinel_of(local: threading.local) -> object | None:
    """Return what *local*, which has data, refers to as the end of this thread; None before Python 3.13."""
    for held in gc.get_referents(local):
        if isinstance(held, set):
            for reference in held:
                return reference() if isinstance(reference, weakref.ref) else None
    return None


def _running_loop() -> object:
    """Return the event loop that runs on this thread, as far as it is known; the module may not be loaded."""
    events = sys.modules.get("asyncio.events")
    return events._get_running_loop() if events is not None else None
