"""The consoles of one worker's traceback pages: the frames that they look into, and where other pages' code runs.

A page outlives the worker that made it. What is typed into its console then reaches the worker that serves now, which
has it carried out by the worker that holds the frame, as long as that one stays (`worker/staying.py`).
"""

from __future__ import annotations

from collections import deque
from contextlib import ExitStack
from hashlib import sha256
from html import escape
from threading import Lock

from launcher.standard import open, os, time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager
    from typing import Any, Protocol

    class Frame(Protocol):
        """A frame of a traceback as Werkzeug's debugger keeps it."""

        filename: str

        def eval(self, code: str) -> str:
            """Run *code* in the frame; return what the page shows."""


KEPT_TRACEBACKS = 16
"""How many tracebacks the worker that serves keeps. With two workers that stay, 20 are kept in all."""

KEPT_STAYING = 2
"""How many a worker keeps that stays for its consoles."""

_GONE = (
    "<strong>This frame is gone.</strong> The code was loaded again after a save, and the old process has ended since. "
    "Refresh the page to see where things stand now.\n"
)
_CHANGED = (
    "<strong>This frame belongs to code that is gone.</strong> {file} was changed after this happened. "
    "Refresh the page to see where things stand now.\n"
)


class Consoles:
    """The frames of the last tracebacks of one worker. Safe to use from any thread.

    `owner` names this worker in its pages. *ask* has code run in a frame of another worker, given that one's name, the
    frame and the code; it returns what the page shows, nothing where that worker is gone. *opened* is called when a
    console of this worker is used for the first time.
    """

    def __init__(
        self,
        ask: Callable[[str, int, str], bytes] = lambda *_: b"",
        opened: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.owner = os.urandom(10).hex()
        self.ask = ask
        self._opened = opened
        self._used: float | None = None
        self.frames: dict[int, Any] = {}  # Any: narrower in Werkzeug, whose debugger looks in here
        self.contexts: dict[int, list[AbstractContextManager[Any]]] = {}
        self._kept: deque[list[int]] = deque()
        self._digests: dict[str, str] = {}
        self._lock = Lock()

    def keep(self, frames: Iterable[Frame], contexts: list[AbstractContextManager[Any]]) -> None:
        """Remember the frames of one traceback, which live within *contexts*; forget those of the oldest one."""
        shown = {id(item): item for item in frames}
        for item in shown.values():
            if item.filename not in self._digests:
                self._digests[item.filename] = _digest(item.filename)
        with self._lock:
            self._forget(KEPT_TRACEBACKS - 1)
            self._kept.append(list(shown))
            self.frames.update(shown)
            self.contexts.update(dict.fromkeys(shown, contexts))

    def keep_few(self) -> None:
        """Forget all tracebacks but the last ones that were used or shown: this worker stays for their sake only."""
        with self._lock:
            self._forget(KEPT_STAYING)

    def _forget(self, most: int) -> None:
        while len(self._kept) > most:
            for old in self._kept.popleft():
                self.frames.pop(old, None)
                self.contexts.pop(old, None)

    def use(self, number: int | None = None) -> None:
        """Take note that somebody has a console of this worker open: that of the frame *number*, if it is known."""
        with self._lock:
            used = next((shown for shown in self._kept if number in shown), None)
            if used is not None:
                self._kept.remove(used)
                self._kept.append(used)
        first, self._used = self._used is None, time.monotonic()
        if first:
            self._opened(self.owner)

    def idle(self) -> float | None:
        """Return for how many seconds no console was used; None where none ever was."""
        return None if self._used is None else time.monotonic() - self._used

    def run(self, number: int, code: str) -> bytes:
        """Run *code* in a frame for a page that outlived us; return what the page shows, nothing for no such frame.

        The code of the frame must be what its file says today.
        """
        frame = self.frames.get(number)
        if frame is None:
            return b""
        self.use(number)
        if _digest(frame.filename) != self._digests.get(frame.filename):
            return _told(code, _CHANGED.format(file=escape(os.path.basename(frame.filename))))
        with ExitStack() as stack:
            for context in self.contexts.get(number, ()):
                stack.enter_context(context)
            return str(frame.eval(code)).encode(errors="replace")


def gone(code: str) -> bytes:
    """Return what a page shows when the frame is gone in which *code* was to run."""
    return _told(code, _GONE)


def _told(code: str, text: str) -> bytes:
    return f"&gt;&gt;&gt; {escape(code)}\n{text}".encode(errors="replace")


def _digest(path: str) -> str:
    """Return what stands for the content of a file; nothing where there is none, as for code made at run time."""
    try:
        with open(path, "rb") as file:
            return sha256(file.read()).hexdigest()
    except (OSError, ValueError):
        return ""
