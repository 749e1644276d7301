"""Makes HTML from the files in `templates/`, and escapes all values that are not HTML.

A template is plain HTML with `$names` in it (the standard library's `string.Template`). A value is escaped unless it is
`Html`. Only the output of a template and constants in the code are `Html`.
"""

from __future__ import annotations

from html import escape
from string import Template
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Html(str):
    """Text that is HTML, and must not be escaped again."""

    __slots__ = ()


class Templates:
    """The templates of one folder, read again for each page, so that an edit shows at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def render(self, name: str, /, **values: object) -> Html:
        """Return the template *name* with *values* put in; raise `KeyError` when one is missing."""
        template = Template((self.folder / name).read_text(encoding="utf-8"))
        return Html(template.substitute({key: as_html(value) for key, value in values.items()}))


def as_html(value: object) -> Html:
    """Return *value* as HTML: itself if it is that already, else its text, escaped."""
    return value if isinstance(value, Html) else Html(escape(str(value)))


def join(parts: Iterable[Html]) -> Html:
    """Return the parts, one after the other."""
    return Html("\n".join(parts))
