"""A small browser: follows redirects, keeps cookies, and sends the hidden fields of forms."""

from __future__ import annotations

import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from http.cookiejar import CookieJar
from typing import Any

from tests.realapps.apps import Visit

PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de00"
    "00000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)
_HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*>')
_FIELD = re.compile(r'\b(name|value)="([^"]*)"')


@dataclass(frozen=True)
class Page:
    """An answer."""

    status: int
    text: str


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


class Browser:
    """One visitor of the server at *address*."""

    def __init__(self, address: str) -> None:
        jar = urllib.request.HTTPCookieProcessor(CookieJar())
        self._address = address
        self._following = urllib.request.build_opener(jar)
        self._staying = urllib.request.build_opener(jar, _Stay)

    def visit(self, visit: Visit, number: int) -> Page:
        """Make the visit of round *number*; return the answer. Raises `OSError` when there is none."""
        path = visit.path.format(n=number)
        if visit.data:
            return self._open(path, visit, visit.data.encode(), "application/json")
        if visit.form is None:
            return self._open(path, visit)
        fields = {name: value.format(n=number) for name, value in visit.form.items()}
        hidden = self._hidden(self._open(path, Visit(path)).text)
        body, kind = _encode({**hidden, **fields}, visit.upload)
        return self._open(path, visit, body, kind)

    def _hidden(self, text: str) -> dict[str, str]:
        found = [dict(_FIELD.findall(field)) for field in _HIDDEN.findall(text)]
        return {field["name"]: field.get("value", "") for field in found if field.get("name") == "csrfmiddlewaretoken"}

    def _open(self, path: str, visit: Visit, body: bytes | None = None, kind: str = "") -> Page:
        headers = {"Accept": "text/html,*/*;q=0.8", "Referer": self._address}
        request = urllib.request.Request(self._address + path, body, headers | ({"Content-Type": kind} if kind else {}))
        opener = self._following if visit.follow else self._staying
        try:
            with opener.open(request, timeout=60) as answer:
                return Page(answer.status, answer.read().decode("utf-8", "replace"))
        except urllib.error.HTTPError as error:
            with error:
                return Page(error.code, error.read().decode("utf-8", "replace"))


def _encode(fields: dict[str, str], upload: str) -> tuple[bytes, str]:
    """Return the body of a form, and its type."""
    if not upload:
        return urllib.parse.urlencode(fields).encode(), "application/x-www-form-urlencoded"
    parts = [
        f'--mark\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in fields.items()
    ]
    head = f'--mark\r\nContent-Disposition: form-data; name="{upload}"; filename="x.png"\r\nContent-Type: image/png\r\n\r\n'
    return "".join([*parts, head]).encode() + PICTURE + b"\r\n--mark--\r\n", "multipart/form-data; boundary=mark"
