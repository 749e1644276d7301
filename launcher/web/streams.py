"""The open event streams of one worker: connections that a request has left behind, told of each new edition.

An edition is a number that counts what the pages could show: it grows with each change that matters, in the supervisor.
A stream holds no thread, since it may be open for hours; the server's loop notices when its client is gone.
"""

from __future__ import annotations

import contextlib

from launcher.standard import socket, threading

_SEND_SECONDS = 5.0


class LeftOpen(ConnectionError):  # noqa: N818  # no error: Werkzeug takes it for a client that hung up
    """The request was answered on its socket, which now belongs to the streams; the server writes nothing more."""


class Streams:
    """Knows the connections that were given to `open`, and ends them: one with `drop`, all with `close`.

    To end a connection is to shut it down, which both sides notice at once; the server's loop waits for that, and
    closes it. `edition` is that of the code and the files that this worker shows. Safe to use from any thread.
    """

    def __init__(self) -> None:
        self.edition = 0
        self._open: set[socket.socket] = set()
        self._closed = False
        self._lock = threading.Lock()

    def open(self, connection: socket.socket, head: bytes) -> bool:
        """Send *head* and the edition on *connection*; return whether it is a stream now, or may be closed.

        A worker that is leaving keeps none: the client asks again, and reaches the next worker. Raises `OSError` when
        the client is gone.
        """
        with self._lock:
            connection.settimeout(_SEND_SECONDS)
            connection.sendall(head + event(self.edition))
            if not self._closed:
                connection.setblocking(False)
                self._open.add(connection)
            return not self._closed

    def has(self, connection: socket.socket) -> bool:
        """Say whether *connection* is an open stream."""
        with self._lock:
            return connection in self._open

    def advance(self, edition: int, *, style: bool = False) -> None:
        """Tell every client that there is a new *edition*; *style* says that only stylesheets differ."""
        with self._lock:
            self.edition = edition
            for connection in list(self._open):
                try:
                    connection.send(event(edition, style=style))
                except OSError:  # the client is gone, or has not read for so long that its buffer is full
                    self._drop(connection)

    def drop(self, connection: socket.socket) -> None:
        """End one stream."""
        with self._lock:
            self._drop(connection)

    def close(self) -> None:
        """End all streams, and keep none from now on."""
        with self._lock:
            self._closed = True
            for connection in list(self._open):
                self._drop(connection)

    def _drop(self, connection: socket.socket) -> None:
        self._open.discard(connection)
        with contextlib.suppress(OSError):  # the client may be gone already
            connection.shutdown(socket.SHUT_RDWR)


def event(edition: int, *, style: bool = False) -> bytes:
    """Return what is sent for an edition: a number, and no more than that."""
    return b"%sdata: %d\n\n" % (b"event: style\n" if style else b"", edition)
