"""A client that reads pages, as browsers do."""

from __future__ import annotations

from typing import Any

from werkzeug.test import Client as PlainClient

ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
"""What browsers send when a page is opened."""


class Client(PlainClient):
    def open(self, *args: Any, headers: Any = None, **options: Any) -> Any:
        return super().open(*args, headers={"Accept": ACCEPT, **(headers or {})}, **options)
