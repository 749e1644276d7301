"""Keeps the values of secret variables out of what is shown of the app's own errors: pages, and the terminal.

Which variables are secret is decided with the settings; here are their values, in every spelling in which a traceback
may show them. What a person evaluates in a console is shown as it is.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cached_property
from html import escape
from json import dumps
from urllib.parse import quote, quote_plus, unquote

from werkzeug.urls import uri_to_iri

from launcher.redact import MASK, mask, secret_parts
from launcher.standard import os, re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from launcher.plan import Plan

_SHORTEST = 4
"""Nothing shorter is kept secret: to mask it everywhere would leave no text."""

_WORD = 8
"""Below this length a value is masked where it stands as a word, not within others."""

_ESCAPE = re.compile(r"%[0-9A-F]{2}")
_URL_SAFE = str.maketrans("+/", "-_")
_TOKEN = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1>|<[^>]*>|[^<]+", re.DOTALL | re.IGNORECASE)


class Mask:
    """Masks the secrets of *plan* in texts and pages. Reads the environment when first used, not before."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def text(self, text: str) -> str:
        """Return *text* with every secret masked: the known ones, and what has the shape of one."""
        return _masked(text, self._found_in(text))

    def html(self, page: str) -> str:
        """Return *page* with the same masked in what the reader sees, and in comments; tags and scripts are kept."""
        found = self._found_in(page)
        return _TOKEN.sub(lambda match: _masked(match[0], found) if _is_shown(match[0]) else match[0], page)

    def data(self, value: Any) -> Any:  # Any: what JSON can hold, of the same kind as *value*
        """Return *value* with the same masked in every text within it."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {name: self.data(item) for name, item in value.items()}
        return [self.data(item) for item in value] if isinstance(value, list) else value

    def _found_in(self, text: str) -> re.Pattern[str] | None:
        """Return what finds the secrets in *text*. To look for each alone is quicker than for all of them at once."""
        found = [spelling for spelling in self._looked_for if spelling in text]
        return re.compile("|".join(map(_part, found))) if found else None

    @cached_property
    def _looked_for(self) -> list[str]:
        """All spellings of all secrets, the long ones first: they may contain others."""
        environ = {**os.environ, **self._plan.env}
        found = {spelling for value in _secrets(self._plan.secrets, environ) for spelling in _spellings(value)}
        return sorted(found, key=len, reverse=True)


def _masked(text: str, secrets: re.Pattern[str] | None) -> str:
    return mask(secrets.sub(MASK, text) if secrets else text)


def _is_shown(token: str) -> bool:
    """Return whether a reader of the page sees a piece of it: text, a comment in the source, or a title."""
    return token[0] != "<" or token.startswith(("<!--", "<li title="))


def _secrets(names: Iterable[str], environ: dict[str, str]) -> Iterator[str]:
    """Yield the values of the variables *names*, and the secret parts of all values in the environment."""
    for name in names:
        # A private key has many lines, and a traceback shows one at a time.
        yield from {environ.get(name, ""), *environ.get(name, "").splitlines()}
    for value in environ.values():
        for part in secret_parts(value):
            password = part.partition(":")[2]  # where the part is the user and the password of a URL
            yield from {part, *part.splitlines(), unquote(part), password, unquote(password)}


def _spellings(value: str) -> set[str]:
    """Return how a secret may be written in a message, an address, a header or a page."""
    if len(value.strip()) < _SHORTEST:
        return set()
    data = value.encode(errors="surrogateescape")
    plain = {value, repr(value)[1:-1], repr(data)[2:-1], dumps(value)[1:-1], *_in_addresses(data), *_in_base64(data)}
    numeric = {escape(text).replace("&quot;", "&#34;").replace("&#x27;", "&#39;") for text in plain}
    return plain | numeric | {escape(text) for text in plain}


def _in_addresses(data: bytes) -> Iterator[str]:
    """Yield *data* in percent-encoding: with and without slashes, as in a form, and as the request log shows it."""
    for text in (quote(data), quote(data, safe=""), quote_plus(data)):
        yield text
        yield _ESCAPE.sub(lambda match: match[0].lower(), text)
        yield uri_to_iri(text)


def _in_base64(data: bytes) -> Iterator[str]:
    """Yield *data* in base64, also as a part of something longer: without the digits that its neighbours share."""
    for before in range(3):
        digits = b64encode(bytes(before) + data).decode()
        part = digits[(0, 2, 3)[before] : (before + len(data)) * 8 // 6]
        yield part
        yield part.translate(_URL_SAFE)


def _part(text: str) -> str:
    return re.escape(text) if len(text) >= _WORD else rf"(?<!\w){re.escape(text)}(?!\w)"
