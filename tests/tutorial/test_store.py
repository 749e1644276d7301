"""What the notes application keeps, and how it finds it again."""

from __future__ import annotations

import pytest
from notes.forms import Draft, read_draft
from notes.store import Store
from notes.templates import Html, Templates, as_html, join


@pytest.fixture
def store(tmp_path):
    return Store(str(tmp_path / "notes.db"))


@pytest.mark.parametrize(
    ("search", "titles"),
    [
        pytest.param("", {"100 %", "100 pages", "a_b", "aXb"}, id="no-words-find-all"),
        pytest.param("100", {"100 %", "100 pages"}, id="part-of-the-title"),
        pytest.param("PAGES", {"100 pages"}, id="case-does-not-count"),
        pytest.param("blue 100", {"100 pages"}, id="all-words-in-title-or-body"),
        pytest.param("%", {"100 %"}, id="percent-is-a-character"),
        pytest.param("a_b", {"a_b"}, id="underscore-is-a-character"),
        pytest.param("\\", set(), id="backslash-is-a-character"),
        pytest.param("' OR 1 --", set(), id="statement-is-text"),
    ],
)
def test_search(store, search, titles):
    for title, body in [("100 %", ""), ("100 pages", "of blue paper"), ("a_b", ""), ("aXb", "")]:
        store.add(Draft(title, body))
    assert {note.title for note in store.search(search)} == titles


def test_latest_change_comes_first(store):
    first, second = store.add(Draft("first")), store.add(Draft("second"))
    assert [note.number for note in store.search()] == [second, first]
    store.change(first, Draft("first, changed"))
    assert [note.number for note in store.search()] == [first, second]


def test_failed_change_leaves_nothing_behind(store):
    def fail_half_way():
        with store.connect() as connection:
            connection.execute("INSERT INTO note (title, body, changed) VALUES ('half', '', '2026-01-01')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert store.search() == []


@pytest.mark.parametrize(
    ("form", "draft", "wrong"),
    [
        pytest.param({"title": " a \n b ", "body": "x\r\ny\n"}, Draft("a b", "x\ny"), set(), id="spaces-are-tidied"),
        pytest.param({"title": "a", "pinned": "yes"}, Draft("a", "", True), set(), id="pinned"),
        pytest.param({"title": " "}, Draft(), {"title"}, id="title-is-needed"),
        pytest.param({"title": "a", "body": "x" * 20_001}, Draft("a", "x" * 20_001), {"body"}, id="body-has-a-limit"),
        pytest.param({}, Draft(), {"title"}, id="nothing-sent"),
    ],
)
def test_draft(form, draft, wrong):
    found, errors = read_draft(form)
    assert found == draft
    assert set(errors) == wrong


def test_template_escapes_text_and_keeps_html(tmp_path):
    (tmp_path / "a.html").write_text("<p>$text$html</p>")
    page = Templates(tmp_path).render("a.html", text='<"$html">', html=Html("<br>"))
    assert page == "<p>&lt;&quot;$html&quot;&gt;<br></p>"
    assert isinstance(page, Html)


def test_template_complains_about_a_missing_value(tmp_path):
    (tmp_path / "a.html").write_text("$text")
    with pytest.raises(KeyError, match="text"):
        Templates(tmp_path).render("a.html")


def test_joined_html_is_html():
    assert as_html(join([Html("<b>"), Html("</b>")])) == "<b>\n</b>"
