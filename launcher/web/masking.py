"""Keeps the values of secret variables out of what is shown of the app's own errors: pages, and the terminal.

Which variables are secret is decided with the settings; here are their values, in every spelling in which a traceback
may show them. What a person evaluates in a console is shown as it is.
"""

from __future__ import annotations

import os
import re
from functools import cached_property
from html import escape
from urllib.parse import unquote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from launcher.plan import Plan

MASK = "***"
_SHORTEST = 4
"""Nothing shorter is kept secret: to mask it everywhere would leave no text."""

_WORD = 8
"""Below this length a value is masked where it stands as a word, not within others."""

_PASSWORD = re.compile(r"(?P<front>\b[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#@:\"'<>]*):(?P<password>[^\s/?#\"'<>]+)@")
_TOKEN = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1>|<[^>]*>|[^<]+", re.DOTALL | re.IGNORECASE)


class Mask:
    """Masks the secrets of *plan* in texts and pages. Reads the environment when first used, not before."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def text(self, text: str) -> str:
        """Return *text* with every secret, and the password of every URL, masked."""
        text = _PASSWORD.sub(rf"\g<front>:{MASK}@", text)
        return self._pattern.sub(MASK, text) if self._pattern else text

    def html(self, page: str) -> str:
        """Return *page* with the same masked in what the reader sees, and in comments; tags and scripts are kept."""
        return _TOKEN.sub(self._mask_token, page)

    def _mask_token(self, match: re.Match[str]) -> str:
        token = match[0]
        return self.text(token) if token.startswith("<!--") or token[0] != "<" else token

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        environ = {**os.environ, **self._plan.env}
        found = {spelling for value in _secrets(self._plan.secrets, environ) for spelling in _spellings(value)}
        parts = [_part(text) for text in sorted(found, key=len, reverse=True)]
        return re.compile("|".join(parts)) if parts else None


def _secrets(names: Iterable[str], environ: dict[str, str]) -> Iterator[str]:
    """Yield the values of the variables *names*, and the passwords of all URLs in the environment."""
    for name in names:
        # A private key has many lines, and a traceback shows one at a time.
        yield from {environ.get(name, ""), *environ.get(name, "").splitlines()}
    for value in environ.values():
        for match in _PASSWORD.finditer(value):
            yield from {match["password"], unquote(match["password"])}


def _spellings(value: str) -> set[str]:
    if len(value.strip()) < _SHORTEST:
        return set()
    plain = {value, repr(value)[1:-1]}
    numeric = {escape(text).replace("&quot;", "&#34;").replace("&#x27;", "&#39;") for text in plain}
    return plain | numeric | {escape(text) for text in plain}


def _part(text: str) -> str:
    return re.escape(text) if len(text) >= _WORD else rf"(?<!\w){re.escape(text)}(?!\w)"
