"""Functions of the standard library whose use no audit event tells, replaced while the app is imported.

Each replacement notes the call and then does what the original does. They are taken out when the import is over; who
kept one goes on with it, and it does no more than call the original.
"""

from __future__ import annotations

import _thread
import atexit
import os
import sys
import threading
import weakref
from types import BuiltinFunctionType

from launcher.worker.stand_in import StandIn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any

    Note = Callable[[FrameType, tuple[Any, ...]], None]


_HOMES = {"fork": "os", "thread": "_thread"}
"""In which modules the functions are found, where that is not the name of the kind."""


class Registrars:
    """The replaced functions. `notes` maps the name of a kind to what is told of each call: its frame and arguments.

    The kinds: `atexit`, `fork` (os.register_at_fork), `finalizer` (whose first argument is the `weakref.finalize`), and
    `thread`, which newer interpreters audit.
    """

    def __init__(self, notes: dict[str, Note]) -> None:
        self._notes = notes
        self._places: list[tuple[object, str, object, object]] = []
        self.active = False

    def start(self) -> None:
        """Put the replacements in their places; once."""
        if self.active:
            return
        self.active = True
        self._replace("atexit", atexit, "register")
        self._replace("fork", os, "register_at_fork")
        self._replace("finalizer", weakref.finalize, "__init__")
        if sys.version_info < (3, 12):
            self._replace("thread", _thread, "start_new_thread")
            self._replace("thread", threading, "_start_new_thread")

    def stop(self) -> None:
        """Put the originals back where nobody else put something since."""
        self.active = False
        for owner, name, original, replacement in self._places:
            if vars(owner).get(name) is replacement:
                setattr(owner, name, original)
        self._places.clear()

    def _replace(self, kind: str, owner: object, name: str) -> None:
        original = getattr(owner, name)
        builtin = isinstance(original, BuiltinFunctionType)
        replacement = _Noticing(self._note, kind, original) if builtin else self._noticing(kind, original)
        self._places.append((owner, name, original, replacement))
        setattr(owner, name, replacement)

    def _note(self, kind: str, frame: FrameType, arguments: tuple[Any, ...]) -> None:
        if self.active:
            self._notes[kind](frame, arguments)

    def _noticing(self, kind: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            # First the original: what it refuses is nothing to note.
            result = original(*args, **kwargs)
            self._note(kind, sys._getframe(1), args)
            return result

        call.__name__ = call.__qualname__ = getattr(original, "__name__", kind)
        call.__doc__ = original.__doc__
        return call


class _Noticing(StandIn):
    """Calls the original, and then *note* with the kind, the caller's frame and the arguments."""

    def __init__(
        self, note: Callable[[str, FrameType, tuple[Any, ...]], None], kind: str, original: Callable[..., Any]
    ) -> None:
        super().__init__(original, _HOMES.get(kind, kind))
        self._note = note
        self._kind = kind

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Answer as the original does: what that refuses is nothing to note."""
        result = self.__wrapped__(*args, **kwargs)
        self._note(self._kind, sys._getframe(1), args)
        return result
