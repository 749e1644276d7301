"""In which form a client reads an error: a page, JSON or plain text."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    from _typeshed.wsgi import WSGIEnvironment

    Form = Literal["html", "json", "text"]

_KINDS: dict[str, Form] = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "application/json": "json",
    "text/json": "json",
    "text/plain": "text",
    "text/*": "text",
}


def form_for(environ: WSGIEnvironment) -> Form:
    """Return the form that the `Accept` header of a request names; plain text where it names none, as `*/*`.

    Of forms that are equally welcome a page comes first, then JSON.
    """
    best: Form = "text"
    most = 0.0
    for form, quality in _named(environ.get("HTTP_ACCEPT", "")):
        if quality > most or (quality == most > 0 and form < best):  # html, json, text: as in the alphabet
            best, most = form, quality
    return best


def _named(header: str) -> Iterator[tuple[Form, float]]:
    for item in header.lower().split(","):
        kind, *parameters = (part.strip() for part in item.split(";"))
        form = "json" if kind.endswith("+json") else _KINDS.get(kind)
        if form is not None:
            yield form, _quality(parameters)


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
