"""Werkzeug's server on a socket that belongs to the supervisor: accept, serve, drain.

One loop on the main thread waits for everything: new connections, connections that have not sent anything yet, and the
owner's `controls`. A connection is served only once its first byte is there; until then it can be given back unharmed.
Werkzeug closes each connection after one response, so there is nothing else that could be lost.
"""

from __future__ import annotations

import _socket
import errno
import sys
from collections import deque
from contextlib import nullcontext, suppress
from socketserver import BaseServer

from werkzeug import serving
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler

from launcher.standard import os, selectors, signal, socket, threading, time
from launcher.web import frame
from launcher.web.answer import HEADERS
from launcher.web.excerpt import printable, text_of
from launcher.web.gate import asks_for_page, peek
from launcher.web.handler import handler_like
from launcher.web.streams import Streams
from launcher.web.threads import Threads

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import Any

    from _typeshed.wsgi import WSGIApplication

    from launcher.plan import Address

_STOPPED_CHILD_SECONDS = 0.05
_NO_DESCRIPTOR_SECONDS = 0.02
_FULL_SECONDS = 0.005
"""How often a request that waits for a process looks whether one has ended."""

_HELD_SECONDS = 0.001
"""How often the gate is asked again for a request that waits: the supervisor decides within milliseconds."""

_REFRESH_SECONDS = 0.25
"""How long a page that refreshes itself waits at most, where saves never end."""


_NO_MORE = b"The system gives this server no more threads or processes. Try again.\n"
_REFUSAL = b"\r\n".join(
    [
        b"HTTP/1.1 503 Service Unavailable",
        b"Content-Type: text/plain; charset=utf-8",
        b"Content-Length: %d" % len(_NO_MORE),
        b"Retry-After: 1",
        *(f"{name}: {value}".encode() for name, value in HEADERS),
        b"Connection: close",
        b"",
        _NO_MORE,
    ]
)


def _how(status: int) -> str:
    """Return a wait status in words."""
    code = os.waitstatus_to_exitcode(status)
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


class Server(BaseWSGIServer):
    """Serves *app* on *listener*, which stays the caller's.

    `threads` and `processes` have the meaning that they have for `werkzeug.serving.run_simple`. `give_back` gets each
    connection that has sent nothing yet when draining begins, with its peer; it must copy the descriptor. Each request
    is served inside `around`, on the thread that serves it. No request is begun before `gate` answers True, no client
    is accepted before `glance` does, which may be less certain and has to be quicker, and no page that refreshes itself
    is made, for a while, before `quiet` does. `streams` keeps connections beyond their request; draining ends them.
    A process that `processes` asks for calls `in_process` first.
    Requests for paths below `unlogged` leave no line in the terminal. `mask` takes secrets out of the log. `tls_came`
    is called when a client speaks TLS to a server without it.
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
        gate: Callable[[], bool] | None = None,
        glance: Callable[[], bool] | None = None,
        quiet: Callable[[], bool] | None = None,
        streams: Streams | None = None,
        in_process: Callable[[], object] = lambda: None,
        unlogged: str = "",
        mask: Callable[[str], str] = str,
        tls_came: Callable[[], None] = lambda: None,
    ) -> None:
        # Werkzeug colours the lines of requests even where they go to a file.
        serving._log_add_style = sys.stderr is not None and sys.stderr.isatty() and not os.environ.get("NO_COLOR")
        self.multiprocess = processes > 1
        self.multithread = threads and not self.multiprocess
        self.host = f"unix://{address.unix}" if address.unix else address.host
        self.port = address.port
        self.app = app
        self.passthrough_errors = passthrough_errors
        self.ssl_context = tls
        base = handler or WSGIRequestHandler
        own = handler_like(base, unlogged)
        if "protocol_version" not in vars(base) and (self.multithread or self.multiprocess):
            own.protocol_version = "HTTP/1.1"  # as Werkzeug's server does it
        # Not the constructor of Werkzeug's server: it would bind, and look up Werkzeug's version at every reload.
        BaseServer.__init__(self, listener.getsockname(), own)
        self.address_family = listener.family
        self.socket = socket.fromfd(listener.fileno(), listener.family, socket.SOCK_STREAM)
        self._server_version = "Werkzeug"
        self._processes = processes
        self._give_back = give_back
        self._around = around or nullcontext()
        self._gate = gate or (lambda: True)
        self._glance = glance or self._gate
        self._quiet = quiet
        self._in_process = in_process
        self.mask = mask
        self.tls_came = tls_came
        self._held: dict[socket.socket, float] = {}
        self._accepts = False
        self._streams = streams or Streams()
        self._left_open: deque[socket.socket] = deque()
        self._selector = selectors.DefaultSelector()
        self._waiting: dict[socket.socket, tuple[str, int]] = {}
        self._in_work = 0
        self._threads = Threads(self._serve)
        self._lock = threading.Lock()
        self._wake, self._woken = socket.socketpair()
        self._children: set[int] = set()
        self._deadline: float | None = None
        self.socket.setblocking(False)

    def adopt(self, connection: socket.socket, peer: tuple[str, int]) -> None:
        """Serve a connection that another worker had accepted. Takes the connection over."""
        connection.setblocking(True)
        self._take(connection, peer)

    def _take(self, connection: socket.socket, peer: tuple[str, int]) -> None:
        self._waiting[connection] = peer
        if (head := peek(connection)) is None:
            self._selector.register(connection, selectors.EVENT_READ, self._moved)
        else:  # as is usual: whoever connects has something to say
            self._request_came(connection, head)

    @property
    def is_draining(self) -> bool:
        """Whether `drain` was called."""
        return self._deadline is not None

    def drain(self, seconds: float) -> None:
        """Stop accepting, give back what has sent nothing yet, and have `run` return when the rest is done.

        A second call may only shorten the time.
        """
        deadline = time.monotonic() + seconds
        if self._deadline is not None:
            self._deadline = min(self._deadline, deadline)
            return
        self._deadline = deadline
        self._streams.close()
        self._threads.close()
        self._accept_none()
        for connection, peer in list(self._waiting.items()):
            if connection not in self._held:
                self._selector.unregister(connection)
            self._give_back(connection, peer)
            connection.close()
        self._waiting.clear()
        self._held.clear()

    def run(self, controls: int, control: Callable[[], None]) -> int:
        """Serve until drained; return how many requests were still in work when the time was up.

        *control* is called on this thread whenever the descriptor *controls* can be read.
        """
        self._accept_some()
        self._selector.register(controls, selectors.EVENT_READ, lambda _: control())
        self._selector.register(self._woken, selectors.EVENT_READ, lambda _: self._wake_up())
        while not self._is_done():
            ready = [key for key, _ in self._selector.select(self._patience())]
            # The controls last: draining gives back what nobody has asked for, and nothing may be accepted after it.
            if len(ready) > 1:
                ready.sort(key=lambda key: key.fileobj == controls)
            for key in ready:
                key.data(key.fileobj)
            if self._is_held_up() and self._gate() and self._has_room():
                self._accept_some()
                for connection in list(self._held):
                    self._let_in(connection)
        return self._in_work + len(self._children)

    def close(self) -> None:
        """Release what `run` needs. Requests that were cut may still be in work, and find nobody to tell."""
        ended = [key.fileobj for key in (self._selector.get_map() or {}).values() if key.data == self._stream_moved]
        self._selector.close()
        self._wake.close()
        self._woken.close()
        for connection in (*self._waiting, *self._left_open, *ended):
            if isinstance(connection, socket.socket):
                connection.close()
        self.server_close()

    def _patience(self) -> float | None:
        """Return how long to wait for events, in seconds; None for ever."""
        if self._is_held_up():
            return _HELD_SECONDS if self._has_room() else _FULL_SECONDS
        if self._children:
            return _STOPPED_CHILD_SECONDS
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def _is_done(self) -> bool:
        self._reap()
        if self._deadline is None:
            return False
        return not (self._in_work or self._children) or time.monotonic() >= self._deadline

    def _accept(self, _: object) -> None:
        if self._deadline is not None:
            return  # draining began after the wait that told of this client: the next worker accepts it
        if not (self._glance() and self._has_room()):
            self._accept_none()
            return
        try:
            connection, peer = _accept(self.socket)
        except OSError as error:  # another worker was faster, the client gave up, or no descriptor is left
            if error.errno in (errno.EMFILE, errno.ENFILE):
                time.sleep(_NO_DESCRIPTOR_SECONDS)  # the client stays in the queue, and would wake this loop at once
            return
        # The app may have called `socket.setdefaulttimeout`, and elsewhere a connection is as its listener is.
        if sys.platform != "linux" or connection.gettimeout() is not None:
            connection.setblocking(True)
        self._take(connection, peer if isinstance(peer, tuple) else ("<local>", 0))

    def _accept_some(self) -> None:
        if not self._accepts and self._deadline is None:
            self._accepts = True
            self._selector.register(self.socket, selectors.EVENT_READ, self._accept)

    def _accept_none(self) -> None:
        """Leave clients in the kernel's queue: whoever accepts one may be ended before it could give it back."""
        if self._accepts:
            self._accepts = False
            self._selector.unregister(self.socket)

    def _is_held_up(self) -> bool:
        """Return whether a client may wait for the gate, or for a process."""
        return bool(self._held) or (self._deadline is None and not self._accepts)

    def _moved(self, connection: socket.socket) -> None:
        if connection not in self._waiting:
            return  # given back after the wait that told of its request
        self._selector.unregister(connection)
        self._request_came(connection, peek(connection) or b"")

    def _request_came(self, connection: socket.socket, head: bytes) -> None:
        waits = self._quiet is not None and self.ssl_context is None and asks_for_page(head)
        self._held[connection] = time.monotonic() + _REFRESH_SECONDS if waits else 0.0
        if self._gate():
            self._let_in(connection)

    def _let_in(self, connection: socket.socket) -> None:
        """Begin the request of a connection, unless its page would have to be refreshed again at once."""
        if not self._has_room():
            return
        if self._quiet is None or time.monotonic() >= self._held[connection] or self._quiet():
            del self._held[connection]
            self._begin(connection)

    def _begin(self, connection: socket.socket) -> None:
        """Serve the request of a connection in the way that the plan asks for."""
        peer = self._waiting.pop(connection)
        with self._lock:
            self._in_work += 1
        if not (self.multithread or self.multiprocess):
            self._serve(connection, peer)
            return
        try:
            if self.multithread:
                self._threads.begin(connection, peer)
            else:
                self._serve_in_child(connection, peer)
        except (RuntimeError, OSError) as error:  # so say `Thread.start` and `os.fork` that the system refuses
            self._refuse(connection, error)

    def _refuse(self, connection: socket.socket, why: Exception) -> None:
        """Answer that there is no thread or process for a request; later ones may find one again."""
        with self._lock:
            self._in_work -= 1
        self.log("error", "%s", f"A request was answered with 503, since the system gives no more: {why}\n")
        with suppress(OSError):
            if self.ssl_context is None:  # a handshake would hold up everybody else
                connection.setblocking(False)
                connection.send(_REFUSAL)
            connection.shutdown(socket.SHUT_WR)
        # Closed when the client has done so: the request was not read, and closing now would take the answer back.
        self._selector.register(connection, selectors.EVENT_READ, self._stream_moved)

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
                with suppress(OSError):  # `close` was faster
                    self._wake.send(b"x")

    def _report_error(self, error: Exception, connection: socket.socket, peer: tuple[str, int]) -> None:
        if self.ssl_context is not None and isinstance(error, OSError):
            # A browser that does not trust the certificate hangs up in the middle of the handshake.
            self.log("error", "%s", f"{peer[0] if peer else '<local>'}: TLS: {error}\n")
        elif not isinstance(error, ConnectionError):
            self.handle_error(connection, peer)

    def _serve_in_child(self, connection: socket.socket, peer: tuple[str, int]) -> None:
        """Serve the request in a process of its own, as `processes` asks for. To be called where there is room."""
        child = os.fork()
        if child:
            self._children.add(child)
            self._in_work -= 1
            connection.close()
            return
        try:
            self._in_process()
            self.socket.close()
            for other in self._waiting:
                other.close()
            self._serve(connection, peer)
        finally:
            os._exit(0)

    def _has_room(self) -> bool:
        """Return whether another request can begin: of those in processes of their own, only so many at once.

        This loop never waits for room: it has to hear the controls, and a save must not wait for slow requests.
        """
        if not self.multiprocess or len(self._children) < self._processes:
            return True
        self._reap()
        return len(self._children) < self._processes

    def _reap(self) -> None:
        for child in list(self._children):
            try:
                pid, status = os.waitpid(child, os.WNOHANG)
            except ChildProcessError:
                pid, status = child, 0  # the app waits for any child, or has the system do it
            if pid:
                self._children.discard(pid)
            if status:
                self.log(
                    "error", "%s", f"The process of a request ended before the request was finished: {_how(status)}\n"
                )

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  # named as in Werkzeug; Any: as there
        """Write to the terminal, errors of the app without what nobody may see."""
        if type == "error":
            message, args = "%s", (printable(self.mask(message % args if args else message)),)
        super().log(type, message, *args)

    def handle_error(self, request: Any, client_address: Any) -> None:  # Any: as in socketserver
        """Print the traceback of a failure outside the app; with `passthrough-errors`, that of the app as well."""
        error = sys.exc_info()[1]
        if error is not None:
            frame.clean(error)
            self.log("error", "%s", f"Error while a request was served:\n{text_of(error)}")


def _accept(listener: socket.socket) -> tuple[socket.socket, Any]:  # Any: an address, by the family
    """Accept a client as `socket.accept` does, but for what the app may have put in place of `socket.socket`."""
    if not isinstance(listener, _socket.socket):
        return listener.accept()  # of gevent
    descriptor, peer = listener._accept()  # type: ignore[attr-defined]  # as the standard library does
    return socket.socket(listener.family, listener.type, listener.proto, fileno=descriptor), peer
