"""Every exception is shown, in every form, whatever it does: `tests/apps/hostile.py` has the list."""

from __future__ import annotations

import json
from io import StringIO

import pytest

from launcher.plan import Target
from launcher.web.debugger import Debugger
from launcher.web.excerpt import LONGEST, printable, text_of
from launcher.web.exits import no_exits
from launcher.worker.loading import failure_of
from tests.apps.hostile import KINDS
from tests.web.browser import ACCEPT, Client

FORMS = {ACCEPT: "text/html", "*/*": "text/plain", "application/json": "application/json"}
WITHOUT_PAGE = ("hides", "informs", "no_module", "falsehood_raises")
"""What Werkzeug's page cannot show, on some Python at least: browsers get the plain traceback."""


def raised(name: str) -> BaseException:
    try:
        KINDS[name]()
    except BaseException as error:  # noqa: BLE001  # it is what is asked for
        return error
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("accept", FORMS)
def test_exception_is_answered_and_printed_whatever_it_does(make_plan, name: str, accept: str) -> None:
    def app(environ, start_response):
        KINDS[name]()

    errors = StringIO()
    client = Client(Debugger(no_exits(app), make_plan()))
    response = client.get("/", headers={"Accept": accept}, errors_stream=errors)
    assert response.status_code == 500
    expected = {FORMS[accept]} | ({"text/plain"} if accept == ACCEPT and name in WITHOUT_PAGE else set())
    assert response.mimetype in expected
    assert len(response.data) < 10_000_000
    printed = errors.getvalue()
    assert 0 < len(printed) < 500_000
    assert printed.replace("\n", "").isprintable()
    printed.encode()
    if response.is_json:
        assert set(json.loads(response.data)) == {"type", "message", "file", "line", "frames"}


@pytest.mark.parametrize("name", KINDS)
def test_failure_to_load_is_described_whatever_it_does(name: str) -> None:
    failure = failure_of(raised(name), Target("", "/project", "/project"))
    assert len(failure.cause) <= 200
    assert failure.cause.isprintable()
    assert 0 < len(failure.text) < 500_000


def test_long_message_says_how_much_is_left_out() -> None:
    assert f"... ({10_000_000 - LONGEST} more characters)" in text_of(raised("huge"))


def test_long_chain_ends_with_the_newest_exception() -> None:
    text = text_of(raised("chain"))
    assert text.rstrip().endswith("ValueError: number 2999")
    assert "Exceptions before this one are not shown." in text
    assert "the first" not in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\n", "a\nb\n"),
        ("\x1b[31m\x9b\x07\r", "\\x1b[31m\\x9b\\x07\\r"),
        ("\u202e\ud800", "\\u202e\\ud800"),
    ],
)
def test_text_for_a_terminal_is_escaped_line_by_line(text: str, shown: str) -> None:
    assert printable(text) == shown
