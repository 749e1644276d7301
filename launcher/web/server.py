"""Werkzeug's server on a socket that belongs to the supervisor: accept, serve, drain.

One loop on the main thread waits for everything: new connections, connections that have not sent anything yet, and the
owner's `controls`. A connection is served only once its first byte is there; until then it can be given back unharmed.
Werkzeug closes each connection after one response, so there is nothing else that could be lost.
"""

from __future__ import annotations

import os
import selectors
import socket
import threading
import time
from collections import deque
from contextlib import nullcontext

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler

from launcher.web.streams import LeftOpen, Streams

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import Any

    from _typeshed.wsgi import WSGIApplication

    from launcher.plan import Address

_STOPPED_CHILD_SECONDS = 0.05


class Server(BaseWSGIServer):
    """Serves *app* on *listener*, which stays the caller's.

    `threads` and `processes` have the meaning that they have for `werkzeug.serving.run_simple`. `give_back` gets each
    connection that has sent nothing yet when draining begins, with its peer; it must copy the descriptor. Each request
    is served inside `around`, on the thread that serves it. `streams` keeps connections beyond their request; draining
    ends them. Requests for paths below `unlogged` leave no line in the terminal.
    """

    def __init__(
        self,
        listener: socket.socket,
        app: WSGIApplication,
        address: Address,
        *,
        threads: bool = True,
        processes: int = 1,
        give_back: Callable[[socket.socket, tuple[str, int]], None],
        handler: type[WSGIRequestHandler] | None = None,
        passthrough_errors: bool = False,
        tls: ssl.SSLContext | None = None,
        around: AbstractContextManager[object] | None = None,
        streams: Streams | None = None,
        unlogged: str = "",
    ) -> None:
        self.multiprocess = processes > 1
        self.multithread = threads and not self.multiprocess
        host = f"unix://{address.unix}" if address.unix else address.host
        own = _handler(handler or WSGIRequestHandler, unlogged)
        super().__init__(host, address.port, app, own, passthrough_errors, None, fd=listener.fileno())
        self.ssl_context = tls
        self._processes = processes
        self._give_back = give_back
        self._around = around or nullcontext()
        self._streams = streams or Streams()
        self._left_open: deque[socket.socket] = deque()
        self._selector = selectors.DefaultSelector()
        self._waiting: dict[socket.socket, tuple[str, int]] = {}
        self._in_work = 0
        self._lock = threading.Lock()
        self._wake, self._woken = socket.socketpair()
        self._children: set[int] = set()
        self._deadline: float | None = None
        self.socket.setblocking(False)

    def adopt(self, connection: socket.socket, peer: tuple[str, int]) -> None:
        """Serve a connection that another worker had accepted. Takes the connection over."""
        connection.setblocking(True)
        self._waiting[connection] = peer
        self._selector.register(connection, selectors.EVENT_READ, self._request_came)

    def drain(self, seconds: float) -> None:
        """Stop accepting, give back what has sent nothing yet, and have `run` return when the rest is done."""
        if self._deadline is not None:
            return
        self._deadline = time.monotonic() + seconds
        self._streams.close()
        self._selector.unregister(self.socket)
        for connection, peer in list(self._waiting.items()):
            self._selector.unregister(connection)
            self._give_back(connection, peer)
            connection.close()
        self._waiting.clear()

    def run(self, controls: int, control: Callable[[], None]) -> int:
        """Serve until drained; return how many requests were still in work when the time was up.

        *control* is called on this thread whenever the descriptor *controls* can be read.
        """
        self._selector.register(self.socket, selectors.EVENT_READ, self._accept)
        self._selector.register(controls, selectors.EVENT_READ, lambda _: control())
        self._selector.register(self._woken, selectors.EVENT_READ, lambda _: self._wake_up())
        while not self._is_done():
            for key, _ in self._selector.select(self._patience()):
                key.data(key.fileobj)
        return self._in_work + len(self._children)

    def _patience(self) -> float | None:
        """Return how long to wait for events, in seconds; None for ever."""
        if self._children:
            return _STOPPED_CHILD_SECONDS
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def _is_done(self) -> bool:
        self._reap()
        if self._deadline is None:
            return False
        return not (self._in_work or self._children) or time.monotonic() >= self._deadline

    def _accept(self, _: object) -> None:
        try:
            connection, peer = self.socket.accept()
        except (BlockingIOError, ConnectionError):
            return  # another worker was faster, or the client gave up
        self.adopt(connection, peer)

    def _request_came(self, connection: socket.socket) -> None:
        self._selector.unregister(connection)
        peer = self._waiting.pop(connection)
        with self._lock:
            self._in_work += 1
        if self.multithread:
            threading.Thread(target=self._serve, args=(connection, peer), daemon=True).start()
        elif self.multiprocess:
            self._serve_in_child(connection, peer)
        else:
            self._serve(connection, peer)

    def _wake_up(self) -> None:
        """Take note of what the threads of the requests have done: watch the connections that they left open."""
        self._woken.recv(4096)
        while self._left_open:
            self._selector.register(self._left_open.popleft(), selectors.EVENT_READ, self._stream_moved)

    def _stream_moved(self, connection: socket.socket) -> None:
        """Close a stream that has ended. Clients have nothing to say on one."""
        try:
            if connection.recv(4096):
                return
        except OSError as error:
            # For TLS "there is nothing yet" is an error of its own, known by its number: SSL_ERROR_WANT_READ.
            if isinstance(error, BlockingIOError) or (self.ssl_context is not None and error.errno == 2):
                return
        self._selector.unregister(connection)
        self._streams.drop(connection)
        connection.close()

    def _serve(self, connection: socket.socket, peer: tuple[str, int]) -> None:
        """Serve the one request of *connection*, and close it unless it has become a stream."""
        try:
            if self.ssl_context is not None:
                connection = self.ssl_context.wrap_socket(connection, server_side=True)
            with self._around:
                self.finish_request(connection, peer)
        except Exception as error:  # noqa: BLE001  # the boundary of a request; the server goes on
            self._report_error(error, connection, peer)
        finally:
            if streams := self._streams.has(connection):
                self._left_open.append(connection)
            else:
                self.shutdown_request(connection)
            with self._lock:
                self._in_work -= 1
            if streams or self._deadline is not None:
                self._wake.send(b"x")

    def _report_error(self, error: Exception, connection: socket.socket, peer: tuple[str, int]) -> None:
        if self.ssl_context is not None and isinstance(error, OSError):
            # A browser that does not trust the certificate hangs up in the middle of the handshake.
            self.log("error", "%s", f"{peer[0] if peer else '<local>'}: TLS: {error}\n")
        elif not isinstance(error, ConnectionError):
            self.handle_error(connection, peer)

    def _serve_in_child(self, connection: socket.socket, peer: tuple[str, int]) -> None:
        """Serve the request in a process of its own, as `processes` asks for; at most so many at once."""
        while len(self._children) >= self._processes:
            self._reap(block=True)
        child = os.fork()
        if child:
            self._children.add(child)
            self._in_work -= 1
            connection.close()
            return
        try:
            self._serve(connection, peer)
        finally:
            os._exit(0)

    def _reap(self, *, block: bool = False) -> None:
        for child in list(self._children):
            pid, _ = os.waitpid(child, 0 if block else os.WNOHANG)
            if pid:
                self._children.discard(pid)
                return

    def handle_error(self, request: Any, client_address: Any) -> None:  # Any: as in socketserver
        """Print the traceback of a failure outside the app; with `passthrough-errors`, that of the app as well."""
        import traceback

        self.log("error", "%s", "Error while a request was served:\n" + traceback.format_exc())


def _handler(base: type[WSGIRequestHandler], unlogged: str) -> type[WSGIRequestHandler]:
    """Return a request handler like *base* that leaves streams alone, and keeps quiet about paths below *unlogged*."""

    class Handler(base):  # type: ignore[misc,valid-type]
        def connection_dropped(self, error: BaseException, environ: Any = None) -> None:  # Any: as in Werkzeug
            if isinstance(error, LeftOpen):
                self.close_connection = True  # no further request is read from it
            else:
                super().connection_dropped(error, environ)

        def log_request(self, code: Any = "-", size: Any = "-") -> None:  # Any: as in Werkzeug
            if not (unlogged and self.path.startswith(unlogged)):
                super().log_request(code, size)

    return Handler
