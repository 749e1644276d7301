"""`browser.open`: a program in the place of a browser writes down what it was asked to open."""

from __future__ import annotations

import urllib.request
from pathlib import Path

import pytest

from tests.browser.conftest import until


@pytest.fixture
def fake_browser(tmp_path: Path) -> tuple[dict[str, str], Path]:
    """The environment that names it, and its notes: the address, and what it got from there."""
    notes = tmp_path / "opened"
    program = tmp_path / "browser.sh"
    program.write_text(f'#!/bin/sh\necho "$1 $(curl -s -o /dev/null -w "%{{http_code}}" "$1")" >>{notes}\n')
    program.chmod(0o755)
    return {"BROWSER": f"{program} %s"}, notes


@pytest.mark.parametrize(("setting", "path"), [("true", "/"), ("'/plain'", "/plain"), ("'plain'", "/plain")])
def test_it_is_opened_once_when_ready(launch, fake_browser, setting: str, path: str) -> None:
    environ, notes = fake_browser
    server = launch("--set", f"browser.open={setting}", environ=environ)
    until(notes.exists, "the browser", server.log)
    server.edit("shop.py", '"one"', '"two"')
    server.heard("served again")
    with urllib.request.urlopen(server.url) as response:
        assert response.status == 200
    server.stop()
    assert notes.read_text() == f"{server.url}{path} 200\n"


def test_it_stays_closed_unless_asked_for(launch, fake_browser) -> None:
    environ, notes = fake_browser
    server = launch(environ=environ)
    with urllib.request.urlopen(server.url) as response:
        assert response.status == 200
    server.stop()
    assert not notes.exists()
