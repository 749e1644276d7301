"""Werkzeug's interactive debugger, with our PIN, our hosts and our limits.

What the browser sees is Werkzeug's page, below a bar of ours and in the colours of the reader's system. A client that
reads no HTML gets JSON or the plain traceback. What is added:
the PIN is made by the supervisor and is not derived from the machine, wrong PINs are counted across reloads and one at
a time, commands are taken from the page's own origin only, `/console` is gone, a page outlives the worker that made it
(`consoles.py`), the last tracebacks are kept and not all of them, and no frame of ours is shown.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from hmac import compare_digest
from threading import Lock

from werkzeug.debug import DebuggedApplication
from werkzeug.debug.tbtools import DebugTraceback
from werkzeug.exceptions import HTTPException
from werkzeug.security import gen_salt
from werkzeug.wrappers import Request, Response

from launcher.standard import open, os, time
from launcher.web import excerpt, frame
from launcher.web.accept import form_for
from launcher.web.answer import HEADERS, answer, to_json
from launcher.web.consoles import Consoles, gone
from launcher.web.hosts import is_known, known_names, parse_host
from launcher.web.masking import Mask
from launcher.web.origin import is_same_origin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from contextlib import AbstractContextManager
    from traceback import TracebackException
    from typing import Any, Protocol

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from launcher.plan import Plan

    class Counter(Protocol):
        """A number that several processes may share, such as `multiprocessing.Value`."""

        value: int


ALLOWED_FAILURES = 10  # Werkzeug refuses every further PIN from this number on
OPENED = "opened"
"""The command that a page sends, without a frame, when one of its consoles is opened."""

_SHARED_LENGTH = 20
_MARK = '<div class="debugger">'  # where the body of Werkzeug's page begins
_HEAD_END = "</head>"
_FOLDER = os.path.dirname(os.path.abspath(__file__))
_FOREIGN = b"Only the page of the debugger itself may do this.\n"
_LOCKED = b"The console is locked: it takes commands after the PIN, and none where debugger.console is off.\n"


class _Count:
    """Wrong PINs of this process only, where nobody gives a shared counter."""

    def __init__(self) -> None:
        self.value = 0


class Debugger(DebuggedApplication):
    """Show the interactive debugger for every exception that leaves *app*.

    An empty PIN in the plan means that none is asked for. With *quiet* the traceback is not written to the error
    stream, for an app whose failure has been reported already. *bar* returns HTML to show above Werkzeug's page, for a
    request. *consoles* keeps the frames. Takes no ownership of *failures*.
    """

    def __init__(
        self,
        app: WSGIApplication,
        plan: Plan,
        *,
        failures: Counter | None = None,
        quiet: bool = False,
        bar: Callable[[WSGIEnvironment], str] = lambda _: "",
        consoles: Consoles | None = None,
    ) -> None:
        # Werkzeug's own __init__ is not called: it makes a `multiprocessing.Value`, which costs milliseconds at every
        # reload and starts a process beside the app's where the app has chosen the start method "spawn". A test
        # compares the attributes.
        self.app = app
        self.evalex = plan.debugger.console
        self._consoles = consoles or Consoles()
        self.frames = self._consoles.frames
        self.frame_contexts = self._consoles.contexts
        self.request_key = "werkzeug.request"
        self.console_path = ""  # no path is empty, so the console has none
        self.console_init_func = None
        self.show_hidden_frames = False
        # The first part is the same in every worker of this start, so that a page may ask for the PIN whatever was
        # loaded since; the rest is this worker's own, since a frame's number may come again for another frame.
        start = sha256(f"debugger {plan.browser.token}".encode()).hexdigest()[:_SHARED_LENGTH]
        self._shared = start if plan.browser.token else gen_salt(_SHARED_LENGTH)
        self.secret = self._shared + self._consoles.owner
        self.pin_logging = False
        # Both at once: Werkzeug would otherwise derive both from the machine when it needs the name of the cookie.
        self._pin = plan.debugger.pin or None
        self._pin_cookie = "__launch_" + sha256(plan.project.encode(errors="surrogatepass")).hexdigest()[:20]
        self._failed_pin_auth: Any = failures if failures is not None else _Count()  # Any: narrower than Werkzeug's
        self._pin_lock = Lock()
        self._mask = Mask(plan)
        self._project = plan.project
        self._quiet = quiet
        self._bar = bar
        self.trusted_hosts = []  # Werkzeug's list, which nobody asks: see `check_host_trust`
        names = known_names(plan)
        self.known_names: Callable[[], Collection[str]] = lambda: names
        """Asked which names are answered to; whoever lets them change puts another function here."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Carry out a command of the debugger's own page, or else run the app."""
        if not environ.get("QUERY_STRING"):
            return self.debug_application(environ, start_response)
        arguments = Request(environ).args
        if arguments.get("__debugger__") != "yes":
            return self.debug_application(environ, start_response)
        if not is_same_origin(environ):
            return answer(environ, start_response, "403 Forbidden", _FOREIGN)
        command, secret = arguments.get("cmd", ""), arguments.get("s", "")
        guarded = _with_headers(start_response)
        if command == "resource":
            return super().__call__(environ, guarded)
        if command == "pinauth" and "pin" in arguments and self._is_ours(secret):
            return self._enter(environ, secret)(environ, guarded)
        if command == "printpin" and self._is_ours(secret):
            if secret == self.secret:
                self._consoles.use()  # a console was opened: the page asks for the PIN now
            return self.log_pin_request(Request(environ))(environ, guarded)
        return self._command(environ, guarded, command, secret)

    def _enter(self, environ: WSGIEnvironment, secret: str) -> Response:
        """Look at a PIN. Who enters it has opened a console."""
        told = self.pin_auth(Request(environ))
        if secret == self.secret and isinstance(told, Response) and (told.json or {}).get("auth"):
            self._consoles.use()
        return told

    def _command(
        self, environ: WSGIEnvironment, start_response: StartResponse, command: str, secret: str
    ) -> Iterable[bytes]:
        """Run what was typed into a console: here, or in the worker that holds its frame. Without a frame, note it."""
        trusted = self.evalex and bool(self.check_pin_trust(environ))
        number = Request(environ).args.get("frm", type=int)
        if secret == self.secret and (number in self.frames or (number is None and command == OPENED)):
            if not trusted:
                return answer(environ, start_response, "403 Forbidden", _LOCKED)
            if not self.check_host_trust(environ):
                return answer(environ, start_response, "400 Bad Request", _LOCKED)
            self._consoles.use(number)
            if number is None:
                return answer(environ, start_response, "200 OK", b"")
            return super().__call__(environ, start_response)
        told = b""
        owner = secret[_SHARED_LENGTH:]
        foreign = owner and secret != self.secret  # of ours, the frame would be here
        if trusted and number is not None and foreign and self._is_ours(secret) and self.check_host_trust(environ):
            told = self._consoles.ask(owner, number, command)
        return answer(environ, start_response, "200 OK", told or gone(command), "text/html")

    def _is_ours(self, secret: str) -> bool:
        """Say whether a page of this start sent *secret*, from this worker or one before it."""
        shared = secret[:_SHARED_LENGTH].encode(errors="replace")
        return compare_digest(shared, self._shared.encode())

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
        told, text = self._summarize(error)
        body, mimetype = self._body(error, told, text, contexts, environ)
        try:
            yield from answer(environ, start_response, "500 Internal Server Error", body, mimetype)
        except Exception:  # noqa: BLE001  # whatever the server raises for a response that has begun
            environ["wsgi.errors"].write("The response had begun when this happened, so the page cannot show it.\n")
        if not self._quiet:
            environ["wsgi.errors"].write(text)

    def _summarize(self, error: Exception) -> tuple[TracebackException | None, str]:
        """Return what is shown of *error*, None where that is not possible, and the traceback for a terminal."""
        try:
            told = excerpt.summarize(error)
            text = "".join(told.format())
        except Exception:  # noqa: BLE001  # whatever the exception's own code does
            told, text = None, excerpt.bare_text(error)
        return told, excerpt.printable(self._mask.text(text))

    def _body(
        self,
        error: Exception,
        told: TracebackException | None,
        text: str,
        contexts: list[AbstractContextManager[Any]],
        environ: WSGIEnvironment,
    ) -> tuple[bytes, str]:
        """Return the body of the answer in the form that the client reads, and its type."""
        form = form_for(environ)
        if form == "json":
            return to_json(self._mask.data(excerpt.data_of(error, told, self._project))), "application/json"
        if form == "html" and told is not None:
            try:
                return self._page(DebugTraceback(error, told), contexts, environ), "text/html"
            except Exception:  # noqa: BLE001, S110  # as above: the plain traceback can be shown
                pass
        return text.encode(errors="backslashreplace"), "text/plain"

    def _page(
        self, traceback: DebugTraceback, contexts: list[AbstractContextManager[Any]], environ: WSGIEnvironment
    ) -> bytes:
        """Return Werkzeug's page, with what we add to it. Its consoles work from now on."""
        self._consoles.keep(traceback.all_frames, contexts)
        html = traceback.render_debugger_html(
            evalex=self.evalex and self.check_host_trust(environ),
            secret=self.secret,
            evalex_trusted=bool(self.check_pin_trust(environ)),
        )
        html = self._mask.html(html)
        html = html.replace(_HEAD_END, _added() + _HEAD_END, 1).replace(_MARK, self._bar(environ) + _MARK, 1)
        return html.encode(errors="backslashreplace")

    def get_resource(self, request: Request, filename: str) -> Response:
        """Return a file of Werkzeug's page; 404 or the like for names and headers that no page of ours sends."""
        try:
            return super().get_resource(request, filename)
        except HTTPException as error:
            return Response(error.get_response(request.environ).data, error.code)
        except ValueError:
            return Response(status=404)

    def check_pin_trust(self, environ: WSGIEnvironment) -> bool | None:
        """Return whether the cookie of the PIN came with a request; None where it belongs to another PIN.

        Other programs on this machine set cookies too, in any encoding: what is not UTF-8 is none of ours.
        """
        cookie = environ.get("HTTP_COOKIE", "").encode("latin-1", "replace").decode("utf-8", "replace")
        return super().check_pin_trust({**environ, "HTTP_COOKIE": cookie.encode().decode("latin-1")})

    def check_host_trust(self, environ: WSGIEnvironment) -> bool:
        """Say whether the page was asked for under a name that is ours, in any spelling of it.

        Not Werkzeug's own check, in which no IPv6 address can match and capitals count.
        """
        host = parse_host(environ.get("HTTP_HOST", ""))
        return host is not None and is_known(host[0], self.known_names())

    def pin_auth(self, request: Request) -> Response:
        """Check a PIN, one at a time: of guesses sent all at once, each must count before the next is looked at."""
        with self._pin_lock:
            return super().pin_auth(request)

    def _fail_pin_auth(self) -> None:
        count = self._failed_pin_auth.value
        self._failed_pin_auth.value = min(count + 1, ALLOWED_FAILURES)
        time.sleep(5.0 if count > 5 else 0.5)


@cache
def _added() -> str:
    """Return what the head of Werkzeug's page lacks: a dark and a narrow appearance, and word of consoles in use."""
    texts = []
    for name in ("traceback.css", "traceback.js"):
        with open(os.path.join(_FOLDER, name), encoding="utf-8") as file:
            texts.append(file.read())
    style, script = texts
    return (
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>\n{style}</style>\n<script>\n{script}</script>\n"
    )


def _with_headers(start_response: StartResponse) -> StartResponse:
    """Return *start_response*, adding to an answer of Werkzeug what all answers of ours have."""

    def start(
        status: str,
        headers: list[tuple[str, str]],
        exc_info: Any = None,
        /,  # Any: as in PEP 3333
    ) -> Callable[[bytes], object]:
        given = {name.lower() for name, _ in headers}
        return start_response(status, [*headers, *(item for item in HEADERS if item[0].lower() not in given)], exc_info)

    return start


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
