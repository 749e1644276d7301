"""Knows while a terminal debugger holds a request, because a reload would end the person's session.

`breakpoint()` and `pdb.set_trace()` return at once and prompt at the next line, so what counts is the request: from the
debugger's creation, which CPython audits (`pdb.Pdb`, `builtins.breakpoint`), to the end of its response.
"""

from __future__ import annotations

from launcher.standard import threading
from launcher.worker import audits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_EVENTS = frozenset({"pdb.Pdb", "builtins.breakpoint"})


class Prompts:
    """A context around each request. Calls `report(True)` when a debugger opens, `report(False)` when all are left.

    `report` is called on the request's thread.
    """

    def __init__(self, report: Callable[[bool], None]) -> None:
        self._report = report
        self._serving: set[int] = set()
        self._held: set[int] = set()
        # Reports leave in the order of what they tell. Reentrant: a signal's handler may open a debugger in here.
        self._lock = threading.RLock()
        audits.hear(_EVENTS, self._debugger_opened)

    def __enter__(self) -> None:
        with self._lock:
            self._serving.add(threading.get_ident())

    def __exit__(self, *_: object) -> None:
        thread = threading.get_ident()
        with self._lock:
            self._serving.discard(thread)
            if thread in self._held:
                self._held.discard(thread)
                self._report(bool(self._held))

    def _debugger_opened(self, _: str, __: tuple[object, ...]) -> None:
        thread = threading.get_ident()
        with self._lock:
            if thread in self._serving and thread not in self._held:
                self._held.add(thread)
                self._report(True)
