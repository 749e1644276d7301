"""Validates forms: returns a draft to store, or a message for each wrong field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

TITLE_LIMIT = 120
BODY_LIMIT = 20_000


@dataclass(frozen=True)
class Draft:
    """A note before it is stored."""

    title: str = ""
    body: str = ""
    pinned: bool = False


def read_draft(form: Mapping[str, str]) -> tuple[Draft, dict[str, str]]:
    """Return the draft in *form*, and a message for each field that must be corrected."""
    draft = Draft(
        title=" ".join(form.get("title", "").split()),
        body=form.get("body", "").replace("\r\n", "\n").strip(),
        pinned="pinned" in form,
    )
    errors = {}
    if not draft.title:
        errors["title"] = "A note needs a title."
    elif len(draft.title) > TITLE_LIMIT:
        errors["title"] = f"The title has {len(draft.title)} characters; {TITLE_LIMIT} is the limit."
    if len(draft.body) > BODY_LIMIT:
        errors["body"] = f"The text has {len(draft.body)} characters; {BODY_LIMIT} is the limit."
    return draft, errors
