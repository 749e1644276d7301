"""A small notes application, written with nothing but Werkzeug and the standard library.

Read it in this order: `wiring` puts the parts together, `urls` says which view answers which address, `views` are the
pages, `forms` checks what people type, `store` keeps the notes in SQLite, `templates` makes HTML. `requests` holds
what every request needs: limits, and the guard against forged forms.

Importing the package opens no file and no database; `create_app` is called once per process and does little more.
"""

from __future__ import annotations

from notes.wiring import create_app

__all__ = ["create_app"]
