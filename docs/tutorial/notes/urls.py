"""Maps each URL to its view. The endpoints are the keys of `views.VIEWS`."""

from __future__ import annotations

from werkzeug.routing import Map, Rule

URLS = Map(
    [
        Rule("/", endpoint="index", methods=["GET"]),
        Rule("/notes/new", endpoint="create", methods=["GET", "POST"]),
        Rule("/notes/<int:number>", endpoint="read", methods=["GET"]),
        Rule("/notes/<int:number>/edit", endpoint="edit", methods=["GET", "POST"]),
        Rule("/notes/<int:number>/delete", endpoint="delete", methods=["POST"]),
    ]
)
