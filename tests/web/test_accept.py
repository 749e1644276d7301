from __future__ import annotations

import pytest

from launcher.web.accept import form_for
from tests.web.browser import ACCEPT


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        pytest.param(ACCEPT, "html", id="browser"),
        pytest.param("text/html, */*; q=0.01", "html", id="jquery-html"),
        pytest.param("text/vnd.turbo-stream.html, text/html, application/xhtml+xml", "html", id="turbo"),
        pytest.param("application/xhtml+xml", "html", id="xhtml"),
        pytest.param("TEXT/HTML", "html", id="capitals"),
        pytest.param("application/json,text/html", "html", id="equally-welcome"),
        pytest.param("*/*", "text", id="curl-fetch-and-htmx"),
        pytest.param("", "text", id="empty"),
        pytest.param("text/plain", "text", id="plain"),
        pytest.param("text/*", "text", id="any-text"),
        pytest.param("image/avif,image/webp,*/*;q=0.8", "text", id="image"),
        pytest.param("text/css,*/*;q=0.1", "text", id="stylesheet"),
        pytest.param("text/event-stream", "text", id="event-stream"),
        pytest.param("application/json, text/plain, */*", "json", id="axios"),
        pytest.param("application/json, text/javascript, */*; q=0.01", "json", id="jquery-json"),
        pytest.param("application/problem+json", "json", id="problem"),
        pytest.param("application/vnd.api+json;version=1", "json", id="vendor"),
        pytest.param("text/html;q=0.5, application/json", "json", id="json-more-welcome"),
        pytest.param("text/html; q=0.9, application/json; q=0.8", "html", id="html-more-welcome"),
        pytest.param("text/html;q=0", "text", id="html-refused"),
        pytest.param("text/html;q=0,application/json;q=0", "text", id="both-refused"),
        pytest.param("text/html;q=many", "text", id="no-number"),
        pytest.param("text/html;q=nan", "text", id="not-a-number"),
        pytest.param("text/html;q=-1", "text", id="negative"),
        pytest.param("text/html;q=9", "html", id="above-one"),
        pytest.param(";,;q=1,=,text/html;", "html", id="odd-marks"),
        pytest.param("text/\xb2html;q=\xb2", "text", id="beyond-ascii"),
        pytest.param("notext/html", "text", id="another-type"),
    ],
)
def test_form_follows_the_accept_header(accept: str, form: str) -> None:
    assert form_for({"HTTP_ACCEPT": accept}) == form


def test_form_is_text_without_the_header() -> None:
    assert form_for({}) == "text"
