"""An exception as text and as data, cut to what can be shown, whatever the exception does.

Used where the app is loaded and where a request fails. Nothing here raises: an exception that cannot be described is
shown with its type and its frames only.
"""

from __future__ import annotations

from traceback import TracebackException

from launcher.text import escape
from launcher.web import frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LONGEST = 20_000
"""Characters of a message, a note or a line of source that are shown."""

MOST_CHAINED = 50
"""Exceptions of a chain that are shown: Werkzeug's page takes a level of Python's stack for each."""

_MORE = "Exceptions before this one are not shown."


def summarize(exception: BaseException) -> TracebackException:
    """Return what `traceback` shows of *exception*, with the parts cut that are too long. May raise."""
    told = TracebackException.from_exception(exception, lookup_lines=False)
    waiting: list[tuple[Any, int]] = [(told, 1)]  # Any: `__notes__` is new in 3.11
    while waiting:
        one, place = waiting.pop()
        _shorten(one)
        if place == MOST_CHAINED and (one.__cause__ or one.__context__):
            one.__cause__ = one.__context__ = None
            notes = getattr(one, "__notes__", None)
            one.__notes__ = [*(notes if isinstance(notes, list) else ()), _MORE]
        near = (one.__cause__, one.__context__, *(getattr(one, "exceptions", None) or ()))
        waiting += [(other, place + 1) for other in near if other is not None]
    return told


def text_of(exception: BaseException) -> str:
    """Return the traceback of *exception* as Python prints it."""
    try:
        return "".join(summarize(exception).format())
    except Exception:  # noqa: BLE001  # the exception's own code, or a combination that `traceback` cannot show
        return bare_text(exception)


def bare_text(exception: BaseException) -> str:
    """Return the frames and the type of an exception that cannot be shown otherwise."""
    places = [
        f'  File "{item.f_code.co_filename}", line {line}, in {item.f_code.co_name}\n'
        for item, line in frame.frames(exception.__traceback__)
    ]
    head = ["Traceback (most recent call last):\n"] if places else []
    return "".join([*head, *places, f"{name_of(exception)}: <this exception cannot be shown>\n"])


def name_of(exception: BaseException) -> str:
    """Return the type of *exception* as tracebacks name it."""
    kind = type(exception)
    module = kind.__module__
    plain = module in ("builtins", "__main__") or not isinstance(module, str)
    return kind.__qualname__ if plain else f"{module}.{kind.__qualname__}"


def printable(text: str) -> str:
    """Return *text* so that a terminal shows it and does not act on it; its lines stay."""
    return "\n".join(escape(line) for line in text.split("\n"))


def data_of(exception: BaseException, told: TracebackException | None, project: str) -> dict[str, Any]:
    """Return type, message, place and frames of *exception*; the place is the last one in *project*, if there is one.

    *told* is what `summarize` says, None where that was not possible.
    """
    frames = [
        {"file": item.f_code.co_filename, "line": line, "function": item.f_code.co_name, "code": ""}
        for item, line in frame.frames(exception.__traceback__)
    ]
    if told is not None:
        frames = [
            {"file": item.filename, "line": item.lineno, "function": item.name, "code": item.line or ""}
            for item in told.stack
        ]
    own = [item for item in frames if _is_in(str(item["file"]), project)]
    last = (own or frames or [{"file": None, "line": None}])[-1]
    place = {"file": last["file"], "line": last["line"]}
    if told is not None and isinstance(exception, SyntaxError) and isinstance(exception.filename, str):
        place = {"file": exception.filename, "line": exception.lineno}
    message = "" if told is None else str(told)
    return {"type": name_of(exception), "message": message, **place, "frames": frames}


def _is_in(file: str, project: str) -> bool:
    return file.startswith(project.rstrip("/") + "/") and "/site-packages/" not in file


def _shorten(told: Any) -> None:  # Any: as above
    """Cut the texts of one exception, and put numbers right that would make `traceback` print without end."""
    text = getattr(told, "_str", None)
    if isinstance(text, str):
        told._str = _cut(text)  # where CPython keeps the message
    notes = getattr(told, "__notes__", None)
    if isinstance(notes, list):
        told.__notes__ = [_cut(note) if isinstance(note, str) else note for note in notes]
    if hasattr(told, "offset"):
        _shorten_syntax_error(told)


def _shorten_syntax_error(told: Any) -> None:  # Any: a `TracebackException` of a SyntaxError
    """Do the same for the line of source in a SyntaxError, which programs make with anything in it."""
    told.text = _cut(told.text) if isinstance(told.text, str) else None
    told.msg = _cut(told.msg) if isinstance(told.msg, str) else told.msg and str(type(told.msg))
    length = len(told.text or "") + 1
    told.offset = min(told.offset, length) if isinstance(told.offset, int) else None
    told.end_offset = min(told.end_offset, length) if isinstance(told.end_offset, int) else None


def _cut(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}... ({len(text) - LONGEST} more characters)"
