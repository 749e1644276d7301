from __future__ import annotations

import pytest
from werkzeug.test import Client

from launcher.web.answer import HEADERS, answer


def ours(environ, start_response):
    return answer(environ, start_response, "403 Forbidden", b"no", "text/html")


def test_an_answer_is_neither_stored_nor_embedded_nor_guessed_at() -> None:
    response = Client(ours).get("/")
    assert (response.status, response.data, response.mimetype) == ("403 Forbidden", b"no", "text/html")
    assert dict(HEADERS).items() <= dict(response.headers).items()
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"] == "frame-ancestors 'self'"


@pytest.mark.parametrize(("method", "body"), [("GET", b"no"), ("HEAD", b""), ("POST", b"no")])
def test_only_head_has_no_body(method: str, body: bytes) -> None:
    response = Client(ours).open("/", method=method)
    assert response.data == body
    assert response.headers["Content-Length"] == "2"
