"""Connects the parts: the factory that a server calls, and the WSGI app that the factory returns."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException
from werkzeug.middleware.shared_data import SharedDataMiddleware
from werkzeug.wrappers import Response

from notes import views
from notes.requests import SECURITY_HEADERS, Request, keep_token, refuse_forgery
from notes.store import Store
from notes.templates import Templates
from notes.urls import URLS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HERE = Path(__file__).parent
DEFAULT_DATABASE = "notes.db"


def create_app(database: str | None = None) -> WSGIApplication:
    """Return the app. Without *database*, the variable NOTES_DATABASE names the file of the notes."""
    path = database or os.environ.get("NOTES_DATABASE") or DEFAULT_DATABASE
    site = views.Site(store=Store(path), templates=Templates(HERE / "templates"))
    return SharedDataMiddleware(Notes(site), {"/static": str(HERE / "static")})


class Notes:
    """The application itself: one request in, one response out."""

    def __init__(self, site: views.Site) -> None:
        self.site = site

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        response = self.respond(request)
        response.headers.extend(SECURITY_HEADERS)
        return response(environ, start_response)

    def respond(self, request: Request) -> Response:
        """Find the view for the request and call it. An HTTP error becomes a page, too."""
        addresses = URLS.bind_to_environ(request.environ)
        page = views.Page(self.site, request, addresses)
        try:
            endpoint, arguments = addresses.match()
            refuse_forgery(request)
            response = views.VIEWS[endpoint](page, **arguments)
        except HTTPException as error:
            response = views.show_error(page, error)
        keep_token(request, response)
        return response
