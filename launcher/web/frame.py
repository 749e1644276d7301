"""Whose frames a traceback shows: the user's, never ours and never those of the import machinery.

Used where the app is loaded (`worker/loading.py`) and where a request fails (`web/debugger.py`), so that both show the
same traceback. Knows exceptions only; what is shown of them is decided by the callers.
"""

from __future__ import annotations

import importlib

from launcher.standard import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType, TracebackType

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_IMPORTLIB = os.path.dirname(os.path.abspath(importlib.__file__)) + os.sep
_RUNPY = os.path.join(os.path.dirname(os.path.dirname(_IMPORTLIB)), "runpy.py")
_FROZEN = ("<frozen importlib", "<frozen runpy", "<frozen zipimport")


def is_hidden(filename: str) -> bool:
    """Say whether code of the file *filename* is no business of the user: ours, the import machinery or `runpy`."""
    return filename.startswith((_OURS, _IMPORTLIB, *_FROZEN)) or filename == _RUNPY


def frames(traceback: TracebackType | None) -> Iterator[tuple[FrameType, int]]:
    """Yield the user's frames of *traceback* with their line numbers, outermost first."""
    while traceback is not None:
        if not is_hidden(traceback.tb_frame.f_code.co_filename):
            yield traceback.tb_frame, traceback.tb_lineno
        traceback = traceback.tb_next


def family(exception: BaseException) -> Iterator[BaseException]:
    """Yield *exception* and all that hangs on it (causes, contexts, members of groups), each once."""
    waiting, seen = [exception], {id(exception)}
    while waiting:
        member = waiting.pop()
        yield member
        near = (member.__cause__, member.__context__, *_members(member))
        for other in near:
            if isinstance(other, BaseException) and id(other) not in seen:
                seen.add(id(other))
                waiting.append(other)


def _members(exception: BaseException) -> tuple[object, ...]:
    """Return the members of a group. Other exceptions have an attribute of that name too, which may run anything."""
    try:
        inside = getattr(exception, "exceptions", ())
    except Exception:  # noqa: BLE001
        return ()
    return inside if isinstance(inside, tuple) else ()


def clean(exception: BaseException) -> None:
    """Take every hidden frame out of the tracebacks of *exception* and of all that hangs on it, in place."""
    for member in family(exception):
        member.__traceback__ = _cut(member.__traceback__)


def _cut(traceback: TracebackType | None) -> TracebackType | None:
    kept = []
    while traceback is not None:
        if not is_hidden(traceback.tb_frame.f_code.co_filename):
            kept.append(traceback)
        traceback = traceback.tb_next
    following = None
    for entry in reversed(kept):
        # A copy, because somebody else may be walking the old entries at this moment: requests run in threads.
        following = type(entry)(following, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return following
