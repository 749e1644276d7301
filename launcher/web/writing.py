"""How a response gets onto the wire: in as few pieces as the app made, and with its end told at once.

Werkzeug sends the head, and of each chunk its size, its content and its end, one by one: each wakes the client. It
closes each connection after its response, but waits ten milliseconds before that, for what the client may still send.
Closing our direction at once spares the client the wait; the other direction stays open for it.
"""

from __future__ import annotations

from werkzeug.serving import WSGIRequestHandler

from launcher.standard import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from launcher.web.server import Server

_LARGE = 1 << 16
"""More bytes are not held, and not joined: that would cost more than it spares."""


class EarlyEnd:
    """A mixin for request handlers: their responses are written by `CountingWriter`."""

    server: Server
    connection: socket.socket
    wfile: Any  # Any: a writer, as in socketserver
    command: str
    protocol_version: str

    def setup(self) -> None:
        """Put a counter before the writer. TLS has an end of its own, which must come last."""
        super().setup()  # type: ignore[misc]  # of the handler that this is mixed into
        self._length: int | None = None
        self._chunked = False
        self._bodiless = False
        self._joins = False
        if self.server.ssl_context is None:
            self.wfile = CountingWriter(self.wfile, self.connection)

    def run_wsgi(self) -> None:
        """Serve a request. What handlers of the project's own write goes at once: they need not flush."""
        run = super().run_wsgi  # type: ignore[misc]
        self._joins = run.__func__ is WSGIRequestHandler.run_wsgi and isinstance(self.wfile, CountingWriter)
        try:
            run()
        finally:
            self._joins = False

    def send_response(self, code: int, message: str | None = None) -> None:
        """Note that a response begins, and whether this status has a body. What comes before, as 100, is none."""
        self._length, self._chunked = None, False
        self._bodiless = self.command == "HEAD" or code in (204, 304)
        if self._joins:
            self.wfile.hold()
        super().send_response(code, message)  # type: ignore[misc]

    def send_header(self, keyword: str, value: str) -> None:
        """Note how the end of the body will be known."""
        if keyword.lower() == "content-length" and value.isdecimal():
            self._length = int(value)
        elif keyword.lower() == "transfer-encoding":
            self._chunked = True
        super().send_header(keyword, value)  # type: ignore[misc]

    def end_headers(self) -> None:
        """Hand the head over; from here on the body is counted."""
        super().end_headers()  # type: ignore[misc]
        if isinstance(self.wfile, CountingWriter):
            # Under the same conditions Werkzeug makes chunks itself; others, which an app makes, are not counted.
            chunked = self._chunked and self._length is None and self.protocol_version >= "HTTP/1.1"
            length = None if self._chunked else self._length
            self.wfile.expect(0 if self._bodiless else length, chunked=chunked and not self._bodiless)


class CountingWriter:
    """Writes a response to *connection*, and closes that direction after the last byte.

    After `hold`, what is written waits for `flush`, which Werkzeug calls after each chunk of the app, or for the end
    of the body. What an app sends after that end, as many do in answer to HEAD, is dropped: an error would cut the app
    short.
    """

    def __init__(self, writer: Any, connection: socket.socket) -> None:
        self._writer = writer
        self._connection = connection
        self._left: int | None = None
        self._writes: int | None = None
        self._holds = False
        self._held: list[bytes] = []
        self._size = 0
        self._ended = False

    def hold(self) -> None:
        """Send nothing until it is flushed, or complete."""
        self._holds = True

    def expect(self, length: int | None, *, chunked: bool) -> None:
        """Count from here on: so many bytes, or chunks, each of which Werkzeug sends with four writes."""
        self._left = None if chunked else length
        self._writes = 0 if chunked else None
        if self._left == 0:
            self._end()

    def write(self, data: bytes) -> int:
        """Write *data*, now or later; return how many bytes that were."""
        if self._ended:
            return len(data)
        if not self._holds:
            written: int = self._writer.write(data)
            return written
        self._held.append(data)
        self._size += len(data)
        if self._writes is not None:
            self._writes += 1
            if self._writes % 4 == 1 and data == b"0\r\n\r\n":
                self._end()
        elif self._left is not None:
            self._left -= len(data)
            if self._left <= 0:
                self._end()
        if self._size > _LARGE:
            self.flush()
        return len(data)

    def flush(self) -> None:
        """Send what is held; `OSError` where the client is gone."""
        held, size = self._held, self._size
        self._held, self._size = [], 0
        for data in held if size > _LARGE else (b"".join(held),):
            if data:
                self._writer.write(data)
        self._writer.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)

    def _end(self) -> None:
        self._ended = True
        self.flush()
        try:
            self._connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the client is gone
