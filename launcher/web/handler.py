"""The request handler of the server: what the log says of a request, and the answer to one that cannot be parsed.

The log holds no request of the debugger and none of our own endpoints: their addresses contain what unlocks them.
"""

from __future__ import annotations

from urllib.parse import unquote, unquote_plus, urlsplit

from launcher.standard import socket
from launcher.text import clip, escape
from launcher.web.dates import Dates, keeps_dates
from launcher.web.streams import LeftOpen
from launcher.web.writing import EarlyEnd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.serving import WSGIRequestHandler

    from launcher.web.server import Server

DEBUGGER = "__debugger__"
"""The argument that marks a request of the debugger's page."""

_HANDSHAKE = b"\x16"
"""The first byte of a TLS connection (RFC 8446, section 5.1). No HTTP request begins with it."""

_LONGEST_LINE = 100
"""Columns of a line that cannot be parsed that are shown: it may be 64 KB of anything."""


def handler_like(base: type[WSGIRequestHandler], unlogged: str = "") -> type[WSGIRequestHandler]:
    """Return a request handler like *base* that ends responses early, and leaves streams alone.

    It does not log requests for paths below *unlogged*.
    """

    class Handler(EarlyEnd, base):  # type: ignore[misc,valid-type]
        server: Server
        _is_private = False
        _is_refused = False

        def handle_one_request(self) -> None:
            if self.server.ssl_context is None and self.connection.recv(1, socket.MSG_PEEK) == _HANDSHAKE:
                self._refuse_tls()
            else:
                super().handle_one_request()

        def _refuse_tls(self) -> None:
            """Answer at once: a handshake has no end of line to wait for, and its client waits for an answer."""
            self.raw_requestline = self.connection.recv(1 << 16)
            self.requestline, self.request_version, self.command = "TLS handshake", self.default_request_version, ""
            self.close_connection = True
            self.send_error(400, "This port speaks http, not https")
            self.server.tls_came()

        def run_wsgi(self) -> None:
            if _is_target(self.path):
                super().run_wsgi()
            else:
                self.close_connection = True
                self.send_error(400, "Bad request target")

        def make_environ(self) -> WSGIEnvironment:
            environ: WSGIEnvironment = super().make_environ()
            self._is_private = is_private(environ["PATH_INFO"], environ["QUERY_STRING"], unlogged)
            return environ

        def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
            self._is_refused = True
            super().send_error(code, message, explain)

        def connection_dropped(self, error: BaseException, environ: Any = None) -> None:  # Any: as in Werkzeug
            if isinstance(error, LeftOpen):
                self.close_connection = True  # no further request is read from it
            else:
                super().connection_dropped(error, environ)

        def log_request(self, code: Any = "-", size: Any = "-") -> None:  # Any: as in Werkzeug
            if self._is_refused:
                self._log_refused(code)
            elif not self._is_private:
                super().log_request(code, size)

        def _log_refused(self, code: Any) -> None:
            line = self.requestline or str(self.raw_requestline[: 2 * _LONGEST_LINE], "latin-1").rstrip("\r\n")
            if not _may_be_private(line, unlogged):
                self.log("info", '"%s" %s -', clip(escape(line[: 2 * _LONGEST_LINE]), _LONGEST_LINE), int(code))

        def log_error(self, format: str, *args: Any) -> None:  # noqa: A002  # named as in Werkzeug
            if not self._is_refused:  # else the line of the request says it
                super().log_error(format, *args)

        def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  # named as in Werkzeug
            text = message % args if args else message
            if (masked := self.server.mask(text)) != text:
                message, args = "%s", (masked,)
            super().log(type, message, *args)

    return type("Handler", (Dates, Handler), {}) if keeps_dates(base) else Handler


def is_private(path: str, query: str, unlogged: str) -> bool:
    """Return whether a request belongs below the path *unlogged*, or to the debugger."""
    if unlogged and path.startswith(unlogged):
        return True
    return any(unquote_plus(pair.partition("=")[0]) == DEBUGGER for pair in query.split("&")) if query else False


def _may_be_private(line: str, unlogged: str) -> bool:
    """Return whether a line that is no request may hold parts of one that is not logged."""
    plain = unquote(line)
    return DEBUGGER in plain or bool(unlogged and unlogged in plain)


def _is_target(target: str) -> bool:
    """Return whether Werkzeug can take the *target* of a request apart."""
    try:
        urlsplit(target).port  # noqa: B018  # raises where the port is no number
    except ValueError:
        return False
    return True
