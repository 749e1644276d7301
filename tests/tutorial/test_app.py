"""The notes application as a browser meets it."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from notes import create_app
from notes.requests import TOKEN_COOKIE
from werkzeug.test import Client

MARKUP = "<script>alert('&')</script>"


@pytest.fixture
def client(tmp_path):
    return Client(create_app(str(tmp_path / "notes.db")))


def token_of(response):
    return re.search(r'name="token" value="([^"]+)"', response.text)[1]


def write(client, title="Milk", body="and bread", **more):
    token = token_of(client.get("/notes/new"))
    return client.post("/notes/new", data={"token": token, "title": title, "body": body, **more})


def test_new_visitor_is_invited_to_write(client):
    response = client.get("/")
    assert response.status_code == 200
    assert "Nothing noted yet" in response.text


def test_note_is_written_read_edited_and_deleted(client):
    written = write(client)
    assert (written.status_code, written.location) == (303, "/notes/1")
    assert "and bread" in client.get("/notes/1").text

    token = token_of(client.get("/notes/1/edit"))
    client.post("/notes/1/edit", data={"token": token, "title": "Milk", "body": "and honey"})
    assert "and honey" in client.get("/notes/1").text

    gone = client.post("/notes/1/delete", data={"token": token}, follow_redirects=True)
    assert "Nothing noted yet" in gone.text
    assert client.get("/notes/1").status_code == 404


def test_notes_outlive_the_process(tmp_path):
    database = str(tmp_path / "notes.db")
    write(Client(create_app(database)), title="Kept")
    assert "Kept" in Client(create_app(database)).get("/").text


def test_database_is_named_by_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("NOTES_DATABASE", str(tmp_path / "mine.db"))
    Client(create_app()).get("/")
    assert (tmp_path / "mine.db").exists()


def test_search_shows_what_matches_only(client):
    write(client, title="Milk")
    write(client, title="Stamps", body="for the letter")
    found = client.get("/", query_string={"q": "letter"}).text
    assert "Stamps" in found
    assert "Milk" not in found
    assert "Nothing found" in client.get("/", query_string={"q": "cheese"}).text


def test_pinned_note_comes_first(client):
    write(client, title="First", pinned="yes")
    write(client, title="Second")
    text = client.get("/").text
    assert text.index("First") < text.index("Second")


@pytest.mark.parametrize(
    ("path", "data"),
    [
        pytest.param("/notes/new", {"title": "", "body": "kept"}, id="title-is-needed"),
        pytest.param("/notes/new", {"title": "x" * 121, "body": "kept"}, id="title-is-too-long"),
    ],
)
def test_rejected_form_comes_back_with_what_was_typed(client, path, data):
    response = client.post(path, data={"token": token_of(client.get(path)), **data})
    assert response.status_code == 422
    assert "kept" in response.text
    assert "Nothing noted yet" in client.get("/").text


def test_everything_typed_is_escaped_wherever_it_is_shown(client):
    write(client, title=MARKUP, body=MARKUP)
    token = token_of(client.get("/notes/new"))
    pages = [
        client.get("/"),
        client.get("/notes/1"),
        client.get("/notes/1/edit"),
        client.get("/", query_string={"q": MARKUP}),
        client.get("/", query_string={"q": MARKUP + "none"}),
        client.post("/notes/new", data={"token": token, "title": "", "body": MARKUP}),
    ]
    assert [page for page in pages if "<script" in page.text] == []
    assert all("&lt;script&gt;" in page.text for page in pages)


@pytest.mark.parametrize("forged", ["", "x" * 43, None], ids=["empty", "guessed", "absent"])
def test_form_without_the_token_is_refused(client, forged):
    client.get("/notes/new")
    data = {"title": "Forged"} if forged is None else {"title": "Forged", "token": forged}
    assert client.post("/notes/new", data=data).status_code == 403
    assert "Nothing noted yet" in client.get("/").text


def test_form_from_another_site_is_refused(client):
    token = token_of(client.get("/notes/new"))
    headers = {"Origin": "http://evil.example"}
    answer = client.post("/notes/new", data={"token": token, "title": "Forged"}, headers=headers)
    assert answer.status_code == 403


def test_token_is_kept_from_other_sites_and_from_scripts(client):
    cookie = client.get("/notes/new").headers["Set-Cookie"]
    assert cookie.startswith(TOKEN_COOKIE)
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Set-Cookie" not in client.get("/notes/new").headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/nowhere", 404, id="unknown-address"),
        pytest.param("GET", "/notes/7", 404, id="unknown-note"),
        pytest.param("GET", "/notes/99999999999999999999", 404, id="number-beyond-the-database"),
        pytest.param("GET", "/notes/7/delete", 405, id="deleting-needs-a-form"),
        pytest.param("GET", "/static/../wiring.py", 404, id="code-is-not-served"),
        pytest.param("GET", "/static/style.css", 200, id="stylesheet"),
    ],
)
def test_status(client, method, path, status):
    with client.open(path, method=method) as response:
        assert response.status_code == status


def test_wrong_method_says_which_ones_are_right(client):
    assert client.get("/notes/7/delete").headers["Allow"] == "POST"


def test_large_body_is_refused(client):
    response = write(client, body="x" * 300_000)
    assert response.status_code == 413


def test_page_allows_no_foreign_content(client):
    headers = client.get("/").headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_app_below_a_prefix_links_to_itself(client):
    text = client.get("/", base_url="http://localhost/below/").text
    assert 'href="/below/notes/new"' in text
    assert 'href="/below/static/style.css"' in text


def test_importing_and_creating_opens_no_database(tmp_path):
    program = "import sys; from notes import create_app; create_app('notes.db')"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environment, check=True, timeout=60)
    assert list(tmp_path.iterdir()) == []
