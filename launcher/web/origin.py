"""Whether a request comes from a page of this very server: asked before the debugger and our own endpoints act.

Cookies know no ports, so that a page of another local project is as foreign as one on the internet. Addresses are no
exception: `http://127.0.0.1:8000` is not `http://localhost:5000`.
"""

from __future__ import annotations

from launcher.web.hosts import parse_host

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_PORTS = {"http": "80", "https": "443"}


def is_same_origin(environ: WSGIEnvironment) -> bool:
    """Say whether a request comes from a page of this server, or from no page at all.

    Browsers say so in `Sec-Fetch-Site` (Fetch Metadata), which a page cannot set, and which they leave out where the
    server is reached by plain http under a name that is not local; then `Origin`, or else `Referer`, tells. All that
    is there must agree. `Origin: null` is a page without an origin, and foreign.
    """
    if environ.get("HTTP_SEC_FETCH_SITE", "none") not in ("same-origin", "none"):
        return False
    origin = environ.get("HTTP_ORIGIN")
    if origin is None and "HTTP_SEC_FETCH_SITE" not in environ:
        origin = _origin_of(environ.get("HTTP_REFERER"))
    return origin is None or _is_here(origin, environ)


def _origin_of(url: str | None) -> str | None:
    scheme, mark, rest = (url or "").partition("://")
    return f"{scheme}{mark}{rest.partition('/')[0]}" if mark else None


def _is_here(origin: str, environ: WSGIEnvironment) -> bool:
    scheme, _, rest = origin.partition("://")
    host, here = parse_host(rest), parse_host(environ.get("HTTP_HOST", ""))
    if scheme not in _PORTS or host is None or here is None:
        return False
    # The scheme itself is not compared: behind a proxy that speaks https for us the two differ, and no two servers can
    # have the same port.
    standard = _PORTS.get(environ.get("wsgi.url_scheme", "http"), "")
    return host == here or (host[0], host[1] or _PORTS[scheme]) == (here[0], here[1] or standard)
