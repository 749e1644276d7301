"""Answers of our own: short, never stored, never embedded by another site, and never taken for something else.

Used for refusals, for the live-reload endpoints and for the pages shown instead of the app. The app's own answers never
pass here.
"""

from __future__ import annotations

from json import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HEADERS = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Content-Security-Policy", "frame-ancestors 'self'"),
)
"""On everything that is ours. CORP also protects where browsers send no Fetch Metadata: on plain http with a name."""


def answer(
    environ: WSGIEnvironment, start_response: StartResponse, status: str, body: bytes, mimetype: str = "text/plain"
) -> Iterable[bytes]:
    """Send *body* with *status* and `HEADERS`, without the body for HEAD; return what the server iterates over."""
    headers = [("Content-Type", f"{mimetype}; charset=utf-8"), ("Content-Length", str(len(body))), *HEADERS]
    start_response(status, headers)
    return [] if environ.get("REQUEST_METHOD") == "HEAD" else [body]


def to_json(data: Mapping[str, object]) -> bytes:
    """Return *data* as the body of an answer in JSON."""
    return f"{dumps(data, indent=2)}\n".encode()
