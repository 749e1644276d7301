"""Protects every request: limits its size, and refuses forged forms.

Another site can make the visitor's browser send a forged form to this app. A random token prevents that: the token is
in a cookie, and each form repeats it. Another site can neither read nor guess the token.
"""

from __future__ import annotations

import re
import secrets
from urllib.parse import urlsplit

from werkzeug.exceptions import Forbidden
from werkzeug.utils import cached_property
from werkzeug.wrappers import Request as WerkzeugRequest
from werkzeug.wrappers import Response

TOKEN_COOKIE = "notes_token"
TOKEN_FIELD = "token"
TOKEN_SHAPE = re.compile(r"[\w-]{43}\Z", re.ASCII)

SECURITY_HEADERS = {
    # No script, no style and no frame but our own, whatever a note may contain.
    "Content-Security-Policy": "default-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    # Not "no-referrer": browsers would then hide the origin of our own forms as well.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class Request(WerkzeugRequest):
    """A request that carries at most a note, and knows its token."""

    max_content_length = 256 * 1024
    max_form_memory_size = 256 * 1024

    @cached_property
    def token(self) -> str:
        """The visitor's token: the one of the cookie, or a new one."""
        kept = self.cookies.get(TOKEN_COOKIE, "")
        return kept if TOKEN_SHAPE.match(kept) else secrets.token_urlsafe(32)


def refuse_forgery(request: Request) -> None:
    """Raise `Forbidden` for a form that was not sent from one of our own pages."""
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise Forbidden("The form was sent from another site.")
    if not secrets.compare_digest(request.token.encode(), request.form.get(TOKEN_FIELD, "").encode()):
        raise Forbidden("The form has expired. Go back, load the page again, and send it once more.")


def keep_token(request: Request, response: Response) -> None:
    """Give a visitor without a token the one that the page's forms repeat."""
    if request.cookies.get(TOKEN_COOKIE) != request.token:
        response.set_cookie(TOKEN_COOKIE, request.token, httponly=True, samesite="Strict", secure=request.is_secure)
