"""What stands between the server and the app, and in which order.

Every wrapper is Werkzeug's own where it has one, imported only where the plan asks for it.
"""

from __future__ import annotations

import sys

from launcher.standard import os
from launcher.web.adjustable import Adjustable
from launcher.web.exits import no_exits
from launcher.web.hosts import check_hosts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from launcher.plan import Plan
    from launcher.web.consoles import Consoles
    from launcher.web.debugger import Counter
    from launcher.web.livereload import LiveReload

_PROXY_HEADERS = ("x_for", "x_proto", "x_host", "x_port", "x_prefix")


def build_stack(
    app: WSGIApplication,
    plan: Plan,
    *,
    failures: Counter | None = None,
    live: LiveReload | None = None,
    adjustable: Adjustable | None = None,
    consoles: Consoles | None = None,
) -> WSGIApplication:
    """Return *app* with everything around it that *plan* asks for.

    The first wrapper is the innermost. *failures* counts wrong PINs, and is shared with the workers before and after.
    *live* refreshes open pages, None where nothing ever does. *adjustable* is what may change later, *consoles* keeps
    the frames of tracebacks.
    """
    wsgi, now = plan.wsgi, adjustable or Adjustable(plan)

    def with_debugger(app: WSGIApplication) -> WSGIApplication:
        from launcher.web.debugger import Debugger

        debugger = Debugger(app, plan, failures=failures, bar=live.tag if live else lambda _: "", consoles=consoles)
        debugger.known_names = lambda: now.names
        return debugger

    layers = (
        (True, no_exits),
        (wsgi.static, lambda app: _with_static(app, wsgi.static)),
        (wsgi.prefix.strip("/"), lambda app: _with_prefix(app, wsgi.prefix)),
        (wsgi.profiler, lambda app: _with_profiler(app, wsgi.profiler)),
        (wsgi.lint, _with_lint),
        (wsgi.proxy_fix, lambda app: _with_proxy_fix(app, wsgi.proxy_fix)),
        (live, lambda app: _when(now, live.in_pages(app), app) if live else app),
        (plan.debugger.enabled, with_debugger),
        (live, lambda app: live.endpoints(app) if live else app),
        (True, lambda app: check_hosts(app, lambda: now.names)),
    )
    for wanted, wrap in layers:
        if wanted:
            app = wrap(app)
    return app


def _when(now: Adjustable, refreshed: WSGIApplication, app: WSGIApplication) -> WSGIApplication:
    """Return *app* as it is, and as it is *refreshed* while pages are to refresh themselves."""

    def run(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return (refreshed if now.live_reload else app)(environ, start_response)

    return run


def _with_static(app: WSGIApplication, folders: Mapping[str, str]) -> WSGIApplication:
    from werkzeug.middleware.shared_data import SharedDataMiddleware

    # Werkzeug lets browsers keep files for 12 hours; while developing each use must ask whether the file has changed.
    return SharedDataMiddleware(app, dict(folders), cache_timeout=0)


def _with_prefix(app: WSGIApplication, prefix: str) -> WSGIApplication:
    from werkzeug.exceptions import NotFound
    from werkzeug.middleware.dispatcher import DispatcherMiddleware

    path = "/" + prefix.strip("/")
    return DispatcherMiddleware(NotFound(f"The app is mounted below {path}/ (setting wsgi.prefix)."), {path: app})


def _with_profiler(app: WSGIApplication, folder: str) -> WSGIApplication:
    from werkzeug.middleware.profiler import ProfilerMiddleware

    os.makedirs(folder, exist_ok=True)
    name: Any = profile_name  # Any: Werkzeug takes a function, but its annotation does not say so
    profiled = ProfilerMiddleware(app, stream=None, profile_dir=folder, filename_format=name)
    return _in_turn(profiled) if sys.version_info >= (3, 12) else profiled


def profile_name(environ: WSGIEnvironment) -> str:
    """Return the file name for the profile of one request: `GET.cart.items.12ms.1700000000.123456.prof`."""
    path = "".join(char if char.isalnum() or char in "-_." else "." for char in environ.get("PATH_INFO", ""))
    measured = environ["werkzeug.profiler"]
    method = environ.get("REQUEST_METHOD", "GET")
    when = f"{measured['elapsed']:.0f}ms.{measured['time']:.6f}"
    return f"{method if method.isalpha() else 'other'}.{path.strip('.')[:100] or 'root'}.{when}.prof"


def _in_turn(app: WSGIApplication) -> WSGIApplication:
    """Let one request at a time into *app*: since Python 3.12 a process can hold one active profiler only."""
    from threading import Lock

    lock = Lock()

    def take_turns(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with lock:
            return app(environ, start_response)

    return take_turns


def _with_lint(app: WSGIApplication) -> WSGIApplication:
    from werkzeug.middleware.lint import LintMiddleware

    return LintMiddleware(app)


def _with_proxy_fix(app: WSGIApplication, trusted: Mapping[str, int]) -> WSGIApplication:
    from werkzeug.middleware.proxy_fix import ProxyFix

    # Werkzeug trusts one proxy for two of the headers by itself; here only what the setting names is trusted.
    counts: dict[str, Any] = dict.fromkeys(_PROXY_HEADERS, 0) | dict(trusted)  # Any: keyword arguments
    return ProxyFix(app, **counts)
