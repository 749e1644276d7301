"""What is served while the app cannot be loaded: the interactive debugger, a page that names the cause, or a plain 500.

Decides nothing about loading; `worker/run.py` says what has failed.
"""

from __future__ import annotations

from html import escape

from launcher.web.exits import LoadExit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from launcher.plan import Plan
    from launcher.web.debugger import Counter

_HEADERS = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{cause}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 3rem auto; padding: 0 1rem; }}
h1 {{ font-size: 1.4rem; overflow-wrap: anywhere; }}
pre {{ overflow-x: auto; padding: 1rem; border: 1px solid; border-radius: .3rem; font: .85rem/1.4 monospace; }}
</style>
</head>
<body>
<h1>{cause}</h1>
<pre>{text}</pre>
<p>The app cannot be served until this is mended. Save a file, and it is loaded again.</p>
</body>
</html>
"""
_PLAIN = "Internal Server Error\n\nThe app could not be loaded. The terminal of the server says why.\n"


def failure_app(
    plan: Plan, *, cause: str, text: str, exception: BaseException | None = None, failures: Counter | None = None
) -> WSGIApplication:
    """Return the app to serve instead of the one that cannot be loaded.

    *cause* is one line, *text* the traceback or output, *exception* what was raised, cleaned of our own frames, or None
    where the process has died. Without the debugger nothing of this is shown. Writes nothing to the error stream: the
    failure has been reported when it happened.
    """
    if not plan.debugger.enabled:
        return page_app("text/plain", _PLAIN)
    if exception is not None and not isinstance(exception, Exception):
        exception = _shown(exception, cause)
    elif exception is not None and exception.__traceback__ is None and not isinstance(exception, SyntaxError):
        exception = None  # a complaint of ours: there is nothing to look into
    if isinstance(exception, Exception):
        from launcher.web.debugger import Debugger

        return Debugger(_raising(exception, exception.__traceback__), plan, failures=failures, quiet=True)
    return page_app("text/html", _PAGE.format(cause=escape(cause), text=escape(text)))


def page_app(mimetype: str, page: str) -> WSGIApplication:
    """Return an app that answers every request with status 500 and *page*."""
    body = page.encode(errors="backslashreplace")
    headers = [("Content-Type", f"{mimetype}; charset=utf-8"), ("Content-Length", str(len(body))), *_HEADERS]

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("500 Internal Server Error", list(headers))
        return [] if environ.get("REQUEST_METHOD") == "HEAD" else [body]

    return answer


def _shown(exit_asked: BaseException, cause: str) -> Exception:
    """Return *exit_asked*, a `SystemExit` or the like, as something that the debugger catches."""
    shown = LoadExit(cause)
    shown.__cause__ = exit_asked
    return shown


def _raising(exception: Exception, traceback: TracebackType | None) -> WSGIApplication:
    """Return an app that raises *exception* with the traceback that it had, not with one that grows by each request."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        raise exception.with_traceback(traceback)

    return answer
