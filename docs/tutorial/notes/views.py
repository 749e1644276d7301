"""The pages. A view takes the current page and the variables of its URL, and returns a response."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkzeug.exceptions import NotFound
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from notes.forms import BODY_LIMIT, TITLE_LIMIT, Draft, read_draft
from notes.requests import TOKEN_FIELD
from notes.templates import Html, join

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from werkzeug.exceptions import HTTPException
    from werkzeug.routing import MapAdapter

    from notes.requests import Request
    from notes.store import Note, Store
    from notes.templates import Templates

SUMMARY_LENGTH = 180
SEE_OTHER = (
    303  # after a form was accepted: the browser asks for the next page with GET, and "reload" sends nothing twice
)


@dataclass(frozen=True)
class Site:
    """What all requests share."""

    store: Store
    templates: Templates


@dataclass(frozen=True)
class Page:
    """One request being answered."""

    site: Site
    request: Request
    addresses: MapAdapter

    def url(self, endpoint: str, **arguments: object) -> str:
        """Return the address of a view."""
        return self.addresses.build(endpoint, arguments)

    def show(self, title: str, content: Html, status: int = 200, search: str = "") -> Response:
        """Return a whole page: *content* inside the layout that all pages share."""
        html = self.site.templates.render(
            "layout.html",
            title=title,
            content=content,
            search=search,
            static=self.request.root_path + "/static",
            index_url=self.url("index"),
            create_url=self.url("create"),
        )
        return Response(html, status=status, mimetype="text/html")

    def note(self, number: int) -> Note:
        """Return the note of the address, or answer "not found"."""
        found = self.site.store.get(number)
        if found is None:
            raise NotFound("There is no such note. It may have been deleted.")
        return found


def show_index(page: Page) -> Response:
    """List the notes, or those that match the search."""
    search = page.request.args.get("q", "").strip()
    notes = page.site.store.search(search)
    if notes:
        content = page.site.templates.render(
            "index.html", heading=_count(notes, search), notes=join(_cards(page, notes))
        )
    elif search:
        content = page.site.templates.render("nothing-found.html", search=search, index_url=page.url("index"))
    else:
        content = page.site.templates.render("welcome.html", create_url=page.url("create"))
    return page.show("Notes", content, search=search)


def read_note(page: Page, number: int) -> Response:
    """Show one note, with the way to edit and to delete it."""
    note = page.note(number)
    content = page.site.templates.render(
        "note.html",
        title=note.title,
        body=note.body,
        changed=_time(note),
        pin=PIN if note.pinned else "",
        edit_url=page.url("edit", number=number),
        delete_url=page.url("delete", number=number),
        token=_token(page),
    )
    return page.show(note.title, content)


def create_note(page: Page) -> Response:
    """Show the empty form, or store what was typed into it."""
    if page.request.method == "GET":
        return _show_form(page, "New note", Draft(), {}, page.url("index"))
    draft, errors = read_draft(page.request.form)
    if errors:
        return _show_form(page, "New note", draft, errors, page.url("index"))
    number = page.site.store.add(draft)
    return redirect(page.url("read", number=number), SEE_OTHER)


def edit_note(page: Page, number: int) -> Response:
    """Show the form with the note in it, or store what was changed."""
    note = page.note(number)
    back = page.url("read", number=number)
    if page.request.method == "GET":
        return _show_form(page, "Edit note", Draft(note.title, note.body, note.pinned), {}, back)
    draft, errors = read_draft(page.request.form)
    if errors:
        return _show_form(page, "Edit note", draft, errors, back)
    page.site.store.change(number, draft)
    return redirect(back, SEE_OTHER)


def delete_note(page: Page, number: int) -> Response:
    """Delete the note and go back to the list."""
    page.site.store.delete(page.note(number).number)
    return redirect(page.url("index"), SEE_OTHER)


def show_error(page: Page, error: HTTPException) -> Response:
    """Return a page for an error; what the error's own response says (a redirect, allowed methods) is kept."""
    answer = error.get_response(page.request.environ)
    if error.code is None or error.code < 400:
        return Response(answer.get_data(), answer.status, answer.headers)
    content = page.site.templates.render(
        "error.html", name=error.name, text=error.description or "", index_url=page.url("index")
    )
    response = page.show(error.name, content, error.code)
    if "Allow" in answer.headers:
        response.headers["Allow"] = answer.headers["Allow"]
    return response


VIEWS: Mapping[str, Callable[..., Response]] = {
    "index": show_index,
    "read": read_note,
    "create": create_note,
    "edit": edit_note,
    "delete": delete_note,
}

PIN = Html('<span class="pin">Pinned</span>')


def _show_form(page: Page, heading: str, draft: Draft, errors: Mapping[str, str], back: str) -> Response:
    content = page.site.templates.render(
        "form.html",
        heading=heading,
        token=_token(page),
        title=draft.title,
        title_limit=TITLE_LIMIT,
        title_error=errors.get("title", ""),
        body=draft.body,
        body_limit=BODY_LIMIT,
        body_error=errors.get("body", ""),
        checked="checked" if draft.pinned else "",
        back=back,
    )
    return page.show(heading, content, status=422 if errors else 200)


def _cards(page: Page, notes: list[Note]) -> list[Html]:
    return [
        page.site.templates.render(
            "card.html",
            url=page.url("read", number=note.number),
            title=note.title,
            summary=_shorten(note.body),
            changed=_time(note),
            pin=PIN if note.pinned else "",
        )
        for note in notes
    ]


def _token(page: Page) -> Html:
    return page.site.templates.render("token.html", name=TOKEN_FIELD, value=page.request.token)


def _time(note: Note) -> Html:
    text = f"{note.changed.day} {note.changed:%B %Y, %H:%M} UTC"
    return Html(f'<time datetime="{note.changed.isoformat(timespec="seconds")}">{text}</time>')


def _count(notes: list[Note], search: str) -> str:
    number = "1 note" if len(notes) == 1 else f"{len(notes)} notes"
    return f"{number} with “{search}”" if search else number


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SUMMARY_LENGTH else line[:SUMMARY_LENGTH].rstrip() + "…"
