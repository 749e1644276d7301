"""The dates of answers: those of `http.server`, made once a second."""

from __future__ import annotations

import time
from http.server import BaseHTTPRequestHandler

import pytest
from werkzeug.serving import WSGIRequestHandler

from launcher.web.dates import Dates, keeps_dates

ours, theirs = Dates.__new__(Dates), BaseHTTPRequestHandler.__new__(BaseHTTPRequestHandler)


@pytest.mark.parametrize("now", [1_800_000_000.0, 1_800_000_000.9, 1_800_000_001.0, 0.5])
def test_dates_are_those_of_http_server(monkeypatch: pytest.MonkeyPatch, now: float) -> None:
    monkeypatch.setattr(time, "time", lambda: now)
    monkeypatch.setattr("launcher.standard.time.time", lambda: now)
    for _ in range(2):
        assert ours.date_time_string() == theirs.date_time_string()
        assert ours.log_date_time_string() == theirs.log_date_time_string()
    assert ours.date_time_string(12345.6) == theirs.date_time_string(12345.6)


def test_a_date_is_made_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    monkeypatch.setattr(BaseHTTPRequestHandler, "log_date_time_string", lambda self: made.append(1) or "then")
    for now in (2_000_000_000.0, 2_000_000_000.4, 2_000_000_001.0):
        monkeypatch.setattr("launcher.standard.time.time", lambda now=now: now)
        assert ours.log_date_time_string() == "then"
    assert len(made) == 2


def test_a_handler_with_dates_of_its_own_keeps_them() -> None:
    class Precise(WSGIRequestHandler):
        def log_date_time_string(self) -> str:
            return "to the microsecond"

    assert keeps_dates(WSGIRequestHandler)
    assert not keeps_dates(Precise)
