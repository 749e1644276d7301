"""Refreshing open pages: the script tag that goes into them, the script, and the event stream that it listens to.

The two endpoints have a random path, serve nobody but pages of this server, and say nothing but a number. What is a new
edition, and when, is decided in the supervisor.
"""

from __future__ import annotations

from hmac import compare_digest
from html import escape

from launcher.standard import open, os
from launcher.web.answer import HEADERS, answer
from launcher.web.injection import inject, is_navigation
from launcher.web.origin import is_same_origin
from launcher.web.policy import nonce_for
from launcher.web.streams import LeftOpen, event

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from launcher.web.streams import Streams

BELOW = "/__launch__/"
"""Below this path everything is ours, also what does not exist: a page of an earlier start learns that it is over."""

_SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "livereload.js")
_HEAD = [("Content-Type", "text/event-stream"), *HEADERS, ("X-Accel-Buffering", "no"), ("Connection", "close")]
_STREAM_HEAD = "".join(["HTTP/1.1 200 OK\r\n", *(f"{name}: {value}\r\n" for name, value in _HEAD), "\r\n"]).encode()


class LiveReload:
    """The tag and the endpoints of one worker. *token* is the random part of the path, the same for a whole start.

    *barred* is called once with a sentence for the terminal where a page's own policy keeps our script out.
    """

    def __init__(self, token: str, streams: Streams, barred: Callable[[str], None]) -> None:
        self.streams = streams
        self._path = f"{BELOW}{token}"
        self._barred: Callable[[str], None] | None = barred

    def in_pages(self, app: WSGIApplication) -> WSGIApplication:
        """Return *app* with the script in its pages."""
        return inject(app, self._make_tag)

    def tag(self, environ: WSGIEnvironment) -> str:
        """Return the script tag for a page of our own; empty where the page must not be asked for again by itself."""
        return self._tag("") if is_navigation(environ) else ""

    def _make_tag(self, environ: WSGIEnvironment, policies: list[str]) -> str:
        origin = f"{environ.get('wsgi.url_scheme', 'http')}://{environ.get('HTTP_HOST', '')}"
        nonce = nonce_for(policies, origin)
        if nonce is None:
            self._say_barred(environ)
            return ""
        return self._tag(nonce)

    def _tag(self, nonce: str) -> str:
        allowed = f' nonce="{escape(nonce)}"' if nonce else ""
        return f'<script async src="{self._path}.js" data-edition="{self.streams.edition}"{allowed}></script>'

    def _say_barred(self, environ: WSGIEnvironment) -> None:
        barred, self._barred = self._barred, None
        if barred is not None:
            where = environ.get("PATH_INFO", "/")
            barred(f"the Content-Security-Policy of {where} allows no script of its own origin: it is not refreshed")

    def endpoints(self, app: WSGIApplication) -> WSGIApplication:
        """Return *app* with the script and the event stream beside it."""

        def run(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            path = environ.get("PATH_INFO", "")
            if not path.startswith(BELOW):
                return app(environ, start_response)
            return self._answer(path, environ, start_response)

        return run

    def _answer(self, path: str, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        is_script = _same(path, f"{self._path}.js")
        if not (is_script or _same(path, self._path)):
            return answer(environ, start_response, "404 Not Found", b"There is nothing here.\n")
        if not is_same_origin(environ):
            return answer(environ, start_response, "403 Forbidden", b"Only pages of this server may ask for this.\n")
        if environ.get("REQUEST_METHOD") not in ("GET", "HEAD"):
            return answer(environ, start_response, "405 Method Not Allowed", b"This can only be read.\n")
        if is_script:
            return answer(environ, start_response, "200 OK", read_script(), "text/javascript")
        return self._listen(environ, start_response)

    def _listen(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Make the connection a stream; where that cannot be, answer once, and the script asks again."""
        connection = environ.get("werkzeug.socket")
        if connection is None or environ.get("wsgi.multiprocess") or environ["REQUEST_METHOD"] == "HEAD":
            return answer(environ, start_response, "200 OK", event(self.streams.edition), "text/event-stream")
        self.streams.open(connection, _STREAM_HEAD)
        raise LeftOpen


def read_script() -> bytes:
    """Return the browser's side: the only file that we serve."""
    with open(_SCRIPT, "rb") as file:
        return file.read()


def _same(path: str, ours: str) -> bool:
    # In constant time, so that the path cannot be guessed letter by letter.
    return compare_digest(path.encode("utf-8", "surrogateescape"), ours.encode())
