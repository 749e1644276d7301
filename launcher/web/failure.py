"""What is served while the app cannot be loaded: the interactive debugger, a page that names the cause, or a plain 500.

Decides nothing about loading; `worker/run.py` says what has failed.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from launcher.web.accept import form_for
from launcher.web.adjustable import Adjustable
from launcher.web.answer import answer, to_json
from launcher.web.excerpt import printable
from launcher.web.exits import LoadExit
from launcher.web.hosts import check_hosts
from launcher.web.masking import Mask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from launcher.plan import Plan
    from launcher.web.accept import Form
    from launcher.web.consoles import Consoles
    from launcher.web.debugger import Counter
    from launcher.web.livereload import LiveReload

_BAR = """\
<style>
#launch-bar {{ position: sticky; top: 0; z-index: 9; margin: 0; padding: .7rem 1rem; overflow-wrap: anywhere;
  text-align: left; font: 1rem/1.4 system-ui, sans-serif; color: #f4f4f4; background: #20242c;
  border-left: .4rem solid #e5534b; }}
#launch-bar b {{ color: #ffd479; font-weight: 600; }}
</style>
<p id="launch-bar" role="status">{told}</p>
{tag}"""
_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{cause}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1rem/1.5 system-ui, sans-serif; margin: 0; }}
main {{ max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
h1 {{ font-size: 1.4rem; overflow-wrap: anywhere; }}
h1::first-letter {{ text-transform: uppercase; }}
pre {{ overflow-x: auto; padding: 1rem; border: 1px solid; border-radius: .3rem; font: .85rem/1.4 monospace; }}
</style>
</head>
<body>
{bar}
<main>
<h1>{cause}</h1>
{text}
</main>
</body>
</html>
"""
_PLAIN = "The terminal of the server says why the app could not be loaded."
_SILENT = "It left no traceback. What it printed before is in the terminal of the server."
_SHOWN_FILES = 3


@dataclass(frozen=True, slots=True)
class Notice:
    """What the page says: *cause* in one line, *text* as the traceback or output, *changed* the files of the save."""

    cause: str
    text: str
    changed: tuple[str, ...] = ()


def failure_app(
    plan: Plan,
    failure: Notice,
    *,
    exception: BaseException | None = None,
    failures: Counter | None = None,
    live: LiveReload | None = None,
    adjustable: Adjustable | None = None,
    consoles: Consoles | None = None,
) -> WSGIApplication:
    """Return the app to serve instead of the one that cannot be loaded.

    *exception* is what was raised, cleaned of our own frames, or None where the process has died. Without the debugger
    nothing of this is shown. Writes nothing to the error stream: the failure has been reported when it happened.
    """
    bar, now = _bar(plan, failure, live), adjustable or Adjustable(plan)
    if not plan.debugger.enabled:
        app = _page_app(Notice("Internal Server Error", _PLAIN), f"<p>{_PLAIN}</p>", _bar(plan, Notice("", ""), live))
    elif (shown := _shown(exception, failure.cause)) is not None:
        from launcher.web.debugger import Debugger

        raising = _raising(shown, shown.__traceback__)
        debugger = Debugger(raising, plan, failures=failures, quiet=True, bar=bar, consoles=consoles)
        debugger.known_names = lambda: now.names
        app = debugger
    else:
        mask = Mask(plan)
        told = Notice(mask.text(failure.cause), mask.text(failure.text) if failure.text.strip() else _SILENT)
        text = f"<pre>{escape(told.text)}</pre>" if failure.text.strip() else f"<p>{_SILENT}</p>"
        app = _page_app(told, text, bar)
    return check_hosts(live.endpoints(app) if live else app, lambda: now.names)


def _bar(plan: Plan, failure: Notice, live: LiveReload | None) -> Callable[[WSGIEnvironment], str]:
    """Return what makes the bar above the page: which save broke the app, and what happens next."""
    names = [f"<b>{escape(name)}</b>" for name in failure.changed[:_SHOWN_FILES]]
    more = f" and {len(failure.changed) - _SHOWN_FILES} more" if len(failure.changed) > _SHOWN_FILES else ""
    since = f"Since the change of {', '.join(names)}{more} the app cannot be served." if names else (
        "The app cannot be served.")  # fmt: skip

    def make(environ: WSGIEnvironment) -> str:
        tag = live.tag(environ) if live else ""
        if not plan.reload.enabled:
            then = "Mend it, and start the server again."
        elif tag:
            then = "This page comes back by itself as soon as a save mends it."
        else:
            then = "Save what mends it, and the app is loaded again."
        return _BAR.format(told=f"{since} {then}", tag=tag)

    return make


def _page_app(told: Notice, text: str, bar: Callable[[WSGIEnvironment], str]) -> WSGIApplication:
    """Return an app that answers every request with status 500 and with *told*; *text* is the same as HTML."""

    def respond(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body, mimetype = _plain(told, form_for(environ))
        if not body:
            page = _PAGE.format(cause=escape(told.cause), text=text, bar=bar(environ))
            body, mimetype = page.encode(errors="backslashreplace"), "text/html"
        return answer(environ, start_response, "500 Internal Server Error", body, mimetype)

    return respond


def _plain(told: Notice, form: Form) -> tuple[bytes, str]:
    """Return what is said to a client that reads no HTML, and its type; nothing for one that does."""
    if form == "json":
        place: dict[str, object] = {"file": None, "line": None, "frames": []}
        return to_json({"type": "app-not-loaded", "message": told.cause, **place}), "application/json"
    text = told.text if told.text.startswith(told.cause) else f"{told.cause}\n\n{told.text}"
    return (b"" if form == "html" else printable(f"{text.rstrip()}\n").encode()), "text/plain"


def _shown(exception: BaseException | None, cause: str) -> Exception | None:
    """Return what the debugger shows for *exception*, or None: a `SystemExit` or the like must become an `Exception`.

    A complaint of ours has no traceback, and there is nothing to look into.
    """
    if isinstance(exception, Exception):
        told = exception.__traceback__ is not None or isinstance(exception, SyntaxError)
        return exception if told else None
    if exception is None:
        return None
    shown = LoadExit(cause)
    shown.__cause__ = exception
    return shown


def _raising(exception: Exception, traceback: TracebackType | None) -> WSGIApplication:
    """Return an app that raises *exception* with the traceback that it had, not with one that grows by each request."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        raise exception.with_traceback(traceback)

    return answer
