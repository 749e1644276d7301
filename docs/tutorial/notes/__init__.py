"""A small notes application, written with nothing but Werkzeug and the standard library.

Read the modules in this order: `wiring` connects the parts, `urls` maps URLs to views, `views` has the pages, `forms`
validates forms, `store` keeps the notes in SQLite, and `templates` makes HTML. `requests` protects every request: it
limits the size, and refuses forged forms.

The import of the package opens no file and no database. `create_app` is called once per process, and opens none either.
"""

from __future__ import annotations

from notes.wiring import create_app

__all__ = ["create_app"]
