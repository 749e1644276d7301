"""Werkzeug's interactive debugger, with our PIN, our hosts and our limits.

Everything that the browser sees is Werkzeug's page. What is added: the PIN is made by the supervisor and is not derived
from the machine, wrong PINs are counted across reloads and one at a time, commands are taken from the page's own origin
only, `/console` is gone, the last tracebacks are kept and not all of them, and no frame of ours is shown.
"""

from __future__ import annotations

import re
import time
from collections import deque
from hashlib import sha256
from threading import Lock

from werkzeug.debug import DebuggedApplication
from werkzeug.debug.tbtools import DebugTraceback
from werkzeug.exceptions import SecurityError
from werkzeug.security import gen_salt
from werkzeug.wrappers import Request, Response

from launcher.web import frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from typing import Any, Protocol

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from launcher.plan import Plan

    class Counter(Protocol):
        """A number that several processes may share, such as `multiprocessing.Value`."""

        value: int


KEPT_TRACEBACKS = 20
ALLOWED_FAILURES = 10  # Werkzeug refuses every further PIN from this number on
_HOST = re.compile(r"(?:(?P<name>[a-z0-9._-]+)|\[(?P<ipv6>[a-f0-9:.]+)\])(?::[0-9]{1,5})?")
_ANY_ADDRESS = ("0.0.0.0", "::", "")  # noqa: S104  # not bound to, but told apart
_HEADERS = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)


class _Count:
    """Wrong PINs of this process only, where nobody gives a shared counter."""

    def __init__(self) -> None:
        self.value = 0


class Debugger(DebuggedApplication):
    """Show the interactive debugger for every exception that leaves *app*.

    An empty PIN in the plan means that none is asked for. With *quiet* the traceback is not written to the error
    stream, for an app whose failure has been reported already. Takes no ownership of *failures*.
    """

    def __init__(
        self, app: WSGIApplication, plan: Plan, *, failures: Counter | None = None, quiet: bool = False
    ) -> None:
        # Werkzeug's own __init__ is not called: it makes a `multiprocessing.Value`, which costs milliseconds at every
        # reload and starts a process beside the app's where the app has chosen the start method "spawn". A test
        # compares the attributes.
        self.app = app
        self.evalex = plan.debugger.console
        self.frames = {}
        self.frame_contexts = {}
        self.request_key = "werkzeug.request"
        self.console_path = ""  # no path is empty, so the console has none
        self.console_init_func = None
        self.show_hidden_frames = False
        self.secret = gen_salt(20)
        self.pin_logging = False
        # Both at once: Werkzeug would otherwise derive both from the machine when it needs the name of the cookie.
        self._pin = plan.debugger.pin or None
        self._pin_cookie = "__launch_" + sha256(plan.project.encode(errors="surrogatepass")).hexdigest()[:20]
        self._failed_pin_auth: Any = failures if failures is not None else _Count()  # Any: narrower than Werkzeug's
        self._pin_lock = Lock()
        self._kept: deque[list[int]] = deque()
        self._kept_lock = Lock()
        self._quiet = quiet
        self.trusted_hosts = trusted_hosts(plan)

    def debug_application(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        """Run the app; close what it returned, always; show the page for an exception."""
        contexts: list[AbstractContextManager[Any]] = []  # Any: whatever the app's contexts give
        if self.evalex:
            environ["werkzeug.debug.preserve_context"] = contexts.append
        head = _Head(start_response)
        try:
            yield from self._run(environ, head)
        except Exception as error:  # noqa: BLE001  # the boundary between a request and the server
            head.error = error
            yield from self._show(error, contexts, environ, head)
            head.error = None

    def _run(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        body = self.app(environ, start_response)
        try:
            # A loop and no `yield from`: that would close the iterator, which need not be the body.
            for chunk in body:  # noqa: UP028
                yield chunk
        finally:
            if hasattr(body, "close"):
                body.close()

    def _show(
        self,
        error: Exception,
        contexts: list[AbstractContextManager[Any]],
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> Iterator[bytes]:
        frame.clean(error)
        traceback = DebugTraceback(error, hide=not self.show_hidden_frames)
        self._keep(traceback, contexts)
        html = traceback.render_debugger_html(
            evalex=self.evalex and self.check_host_trust(environ),
            secret=self.secret,
            evalex_trusted=bool(self.check_pin_trust(environ)),
        )
        response = Response(html, status=500, mimetype="text/html", headers=_HEADERS)
        try:
            yield from response(environ, start_response)
        except Exception:  # noqa: BLE001  # whatever the server raises for a response that has begun
            environ["wsgi.errors"].write("The response had begun when this happened, so the page cannot show it.\n")
        if not self._quiet:
            environ["wsgi.errors"].write(traceback.render_traceback_text())

    def _keep(self, traceback: DebugTraceback, contexts: list[AbstractContextManager[Any]]) -> None:
        """Remember the frames of *traceback* for the page's consoles, and forget those of the oldest page."""
        shown = {id(item): item for item in traceback.all_frames}
        with self._kept_lock:
            if len(self._kept) >= KEPT_TRACEBACKS:
                for old in self._kept.popleft():
                    self.frames.pop(old, None)
                    self.frame_contexts.pop(old, None)
            self._kept.append(list(shown))
            self.frames.update(shown)
            self.frame_contexts.update(dict.fromkeys(shown, contexts))

    def check_host_trust(self, environ: WSGIEnvironment) -> bool:
        """Say whether the page was asked for under a name that is ours, in any spelling of it.

        Not Werkzeug's own check, in which no IPv6 address can match and capitals count.
        """
        match = _HOST.fullmatch(environ.get("HTTP_HOST", "").lower())
        if match is None:
            return False
        name = (match["ipv6"] or match["name"]).removesuffix(".")
        return any(name == known or (known[0] == "." and f".{name}".endswith(known)) for known in self.trusted_hosts)

    def execute_command(self, request: Request, command: str, frame: Any) -> Response:  # Any: private to Werkzeug
        """Run code in a frame, for our own page only."""
        if not is_same_origin(request.environ):
            return _refusal(request)
        return super().execute_command(request, command, frame)

    def pin_auth(self, request: Request) -> Response:
        """Check a PIN, for our own page only, and one at a time.

        Guesses sent all at once must not all be looked at before the first of them counts.
        """
        if not is_same_origin(request.environ):
            return _refusal(request)
        with self._pin_lock:
            return super().pin_auth(request)

    def _fail_pin_auth(self) -> None:
        count = self._failed_pin_auth.value
        self._failed_pin_auth.value = min(count + 1, ALLOWED_FAILURES)
        time.sleep(5.0 if count > 5 else 0.5)


def trusted_hosts(plan: Plan) -> list[str]:
    """Return the names under which the debugger takes commands, without brackets.

    A leading dot means the name itself and all below it, as in Werkzeug and Django.
    """
    names = [".localhost", "127.0.0.1", "::1", *plan.allowed_hosts]
    if plan.address.host not in _ANY_ADDRESS and not plan.address.unix:
        names.append(plan.address.host)
    return list(dict.fromkeys(bare for name in names if (bare := name.lower().strip("[]").rstrip("."))))


def _refusal(request: Request) -> Response:
    # Any: Werkzeug annotates another class than it returns
    refusal: Any = SecurityError("Only the page of the debugger itself may do this.")
    response: Response = refusal.get_response(request.environ)
    return response


def is_same_origin(environ: WSGIEnvironment) -> bool:
    """Say whether a request comes from a page of this server, or from no page at all.

    Browsers say so in `Sec-Fetch-Site` (Fetch Metadata, which a page cannot set), older ones in `Origin`.
    """
    site = environ.get("HTTP_SEC_FETCH_SITE")
    if site is not None:
        return site in ("same-origin", "none")
    origin = environ.get("HTTP_ORIGIN")
    return origin is None or origin.partition("://")[2] == environ.get("HTTP_HOST", "")


class _Head:
    """The server's `start_response`, called so that an error page replaces a head which was given but not sent.

    PEP 3333 allows a second call only with the exception that caused it. Werkzeug's debugger makes it without, and so
    loses its page whenever a streaming app fails before the first chunk.
    """

    def __init__(self, start_response: StartResponse) -> None:
        self._start_response = start_response
        self._started = False
        self.error: Exception | None = None

    def __call__(
        self,
        status: str,
        headers: list[tuple[str, str]],
        exc_info: Any = None,
        /,  # Any: as in PEP 3333
    ) -> Callable[[bytes], object]:
        if self._started and exc_info is None and self.error is not None:
            exc_info = (type(self.error), self.error, self.error.__traceback__)
        self._started = True
        return self._start_response(status, headers, exc_info) if exc_info else self._start_response(status, headers)
