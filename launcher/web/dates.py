"""The two dates of an answer, that of its head and that in the log, made once a second.

To make both takes as long as a fiftieth of a small answer (`http.server` makes them for each).
"""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler

from launcher.standard import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Dates(BaseHTTPRequestHandler):
    """A request handler, or a part of one, that says a date as `http.server` does."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the date of *timestamp*, by default of now, as in the head of an answer."""
        if timestamp is not None:
            return super().date_time_string(timestamp)
        return _head.text(super().date_time_string)

    def log_date_time_string(self) -> str:
        """Return the date of now as in a log."""
        return _log.text(super().log_date_time_string)


class _Once:
    """Keeps a text for the second in which it was made. Threads that ask at the same time get one or the other."""

    def __init__(self) -> None:
        self._made = (-1, "")

    def text(self, make: Callable[[], str]) -> str:
        second, text = self._made
        now = int(time.time())
        if now != second:
            text = make()
            self._made = (now, text)
        return text


_head, _log = _Once(), _Once()


def keeps_dates(handler: type[BaseHTTPRequestHandler]) -> bool:
    """Return whether a handler class says its dates as `http.server` does, so that `Dates` may take its place."""
    return all(
        getattr(handler, name) is getattr(BaseHTTPRequestHandler, name)
        for name in ("date_time_string", "log_date_time_string")
    )
