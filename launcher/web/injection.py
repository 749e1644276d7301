"""Putting one script tag into whole HTML pages, and leaving every other answer exactly as it is.

A page is touched only where it is certain that a person's browser will show it as a document, that all of it is HTML,
and how long it is. A body is never collected: what the app hands out piece by piece goes on piece by piece.
"""

from __future__ import annotations

import codecs

from launcher.standard import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    Headers = list[tuple[str, str]]
    MakeTag = Callable[["WSGIEnvironment", list[str]], str]

_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<!--(?:(?!-->).)*-->\s*)*<(?:!doctype\s+html|html)[\s>]", re.I | re.S)
_END = re.compile(rb"</body\s*>(?:\s|<!--(?:(?!-->).)*-->|</html\s*>)*", re.I | re.S)
_IN_HEAD = 8192  # how much of a page is looked at for the two below
_FOREIGN_BASE = re.compile(rb"<base\s[^>]*href\s*=\s*[\"']?\s*(?:[a-z][a-z0-9+.-]*:|//)", re.I)
_META_POLICY = re.compile(rb"http-equiv\s*=\s*[\"']?\s*content-security-policy[\"'\s>]", re.I)
_IN_TAIL = 4096
_LARGE = 1 << 20  # a last chunk above this size is not copied to get the tag into it
_DOCUMENTS = ("document", "iframe", "frame")
_BARRED = ("content-encoding", "transfer-encoding", "content-range", "content-md5", "digest", "content-digest",
           "repr-digest", "signature")  # fmt: skip
_PLAIN = (list, tuple)


def is_navigation(environ: WSGIEnvironment) -> bool:
    """Say whether a browser asks for a document to show, and may ask for it again by itself: a GET for all of it."""
    if environ.get("REQUEST_METHOD") != "GET" or "HTTP_RANGE" in environ:
        return False
    destination = environ.get("HTTP_SEC_FETCH_DEST")
    if destination is None:  # an older browser, plain http under a name, or a program, which does not ask for HTML
        return "text/html" in environ.get("HTTP_ACCEPT", "")
    return destination in _DOCUMENTS


def inject(app: WSGIApplication, make_tag: MakeTag) -> WSGIApplication:
    """Return *app* so that its pages hold what `make_tag(environ, policies)` returns; nothing where that is empty.

    It is called before the app is, with no policies, and again with the page's Content-Security-Policy headers where
    there are any; so what it says of the present cannot be newer than the page.
    """

    def run(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not is_navigation(environ):
            return app(environ, start_response)
        page = _Page(start_response, make_tag(environ, []), lambda policies: make_tag(environ, policies))
        body = app(environ, page.start)
        return page.wrap(body)

    return run


class _Page:
    """One answer. Its head is held back until the first bytes show whether it is a page; other heads go on at once."""

    def __init__(self, start_response: StartResponse, tag: str, with_policies: Callable[[list[str]], str]) -> None:
        self._start_response = start_response
        self._tag = tag.encode()
        self._with_policies = with_policies
        self._head: tuple[str, Headers] | None = None  # while it is held back
        self._left = 0  # bytes of the page that are still to come
        self._write: Callable[[bytes], object] | None = None
        self._sent = False

    def start(
        self,
        status: str,
        headers: Headers,
        exc_info: Any = None,
        /,  # Any: as in PEP 3333
    ) -> Callable[[bytes], object]:
        """Take the head of the answer."""
        if self._sent or not is_page(status, headers):
            # A head that was held back never reached the server, which therefore need not hear why it is replaced.
            replaced = self._head is not None
            self._head, self._sent = None, True
            arguments = (status, headers, exc_info) if exc_info and not replaced else (status, headers)
            return self._start_response(*arguments)
        if self._head is not None and exc_info is None:
            raise AssertionError("the app called start_response twice, without saying which error is the reason")
        self._head = status, headers
        return self._write_directly

    def _write_directly(self, data: bytes) -> object:
        """Write as PEP 3333 allows to older apps: nobody knows how long that goes on."""
        self._send_head()
        assert self._write is not None
        return self._write(data)

    def _send_head(self, added: int = 0) -> None:
        if self._head is not None:
            status, headers = self._head
            if added:
                headers = [(name, _longer(name, value, added)) for name, value in headers]
            self._head, self._sent = None, True
            self._write = self._start_response(status, headers)

    def wrap(self, body: Iterable[bytes]) -> Iterable[bytes]:
        """Return what the server is to iterate over instead of *body*."""
        if self._sent:
            return body
        if type(body) in _PLAIN and self._head is not None:
            return self._whole(list(body))
        return _Body(self, body)

    def _whole(self, chunks: list[bytes]) -> list[bytes]:
        first = next((chunk for chunk in chunks if chunk), b"")
        length = sum(map(len, chunks))
        if self.begin(first, length):
            return [piece for chunk in chunks for piece in self.pieces(chunk)]
        return chunks

    def is_released(self) -> bool:
        """Say whether an empty piece may go on to the server: the head has, as is right for a page without a length."""
        if self._head is not None and _declared(self._head[1]) is None:
            self._send_head()
        return self._sent

    def begin(self, first: bytes, length: int | None = None) -> bool:
        """Send the head, and say whether the tag goes into the page that begins with *first*."""
        if self._head is None:
            return False
        headers = self._head[1]
        declared = _declared(headers)
        known = length if declared is None else declared
        goes_in = known is not None and length in (None, known) and self._settle_tag(first, headers)
        self._left = known or 0
        self._send_head(len(self._tag) if goes_in else 0)
        return goes_in

    def _settle_tag(self, beginning: bytes, headers: Headers) -> bool:
        """Say whether this is a page that the tag may go into, and fit the tag to the page's policy."""
        if not _START.match(beginning, 0, _IN_HEAD) or any(
            found.search(beginning, 0, _IN_HEAD) for found in (_FOREIGN_BASE, _META_POLICY)
        ):
            return False
        policies = [value for name, value in headers if name.lower() == "content-security-policy"]
        if policies:
            self._tag = self._with_policies(policies).encode()
        return bool(self._tag)

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        """Yield *chunk*, with the tag where the page ends."""
        self._left -= len(chunk)
        if self._left > 0 or not self._tag:
            yield chunk
            return
        tag, self._tag = self._tag, b""
        at = _place(chunk) if len(chunk) <= _LARGE else len(chunk)
        if at == len(chunk):
            yield chunk
            yield tag
        else:
            yield chunk[:at] + tag + chunk[at:]


class _Body:
    """The body of an answer whose head may still be held back; closes what the app returned."""

    def __init__(self, page: _Page, body: Iterable[bytes]) -> None:
        self._page = page
        self._body = body
        self._chunks = self._run()

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def _run(self) -> Iterator[bytes]:
        chunks = iter(self._body)
        touched = False
        for chunk in chunks:
            if chunk:
                touched = self._page.begin(chunk)
                yield from self._page.pieces(chunk) if touched else (chunk,)
                break
            if self._page.is_released():
                yield chunk
        else:
            self._page.begin(b"")
        for chunk in chunks:
            if touched:
                yield from self._page.pieces(chunk)
            else:
                yield chunk

    def close(self) -> None:
        """Close the app's body."""
        close = getattr(self._body, "close", None)
        if close is not None:
            close()


def is_page(status: str, headers: Headers) -> bool:
    """Say whether a head may be that of an HTML page which we may change."""
    code = status[:3]
    if code != "200" and code[:1] not in ("4", "5"):
        return False
    values: dict[str, str] = {}
    for name, value in headers:
        values.setdefault(name.lower(), value.lower())
    if values.pop("content-encoding", "identity").strip() not in ("", "identity"):
        return False
    return (
        not any(name in values for name in _BARRED)
        and _is_html(values.get("content-type", ""))
        and not values.get("content-disposition", "").lstrip().startswith("attachment")
        and "no-transform" not in values.get("cache-control", "")
    )


def _is_html(content_type: str) -> bool:
    kind, *parameters = [item.strip() for item in content_type.split(";")]
    charsets = [item[8:].strip("\"' ") for item in parameters if item.startswith("charset=")]
    if kind != "text/html":
        return False
    try:
        return all(codecs.encode("<a>", charset) == b"<a>" for charset in charsets)
    except (LookupError, TypeError, ValueError):
        return False


def _declared(headers: Headers) -> int | None:
    values = [value.strip() for name, value in headers if name.lower() == "content-length"]
    return int(values[0]) if len(values) == 1 and values[0].isascii() and values[0].isdigit() else None


def _longer(name: str, value: str, added: int) -> str:
    return str(int(value) + added) if name.lower() == "content-length" else value


def _place(chunk: bytes) -> int:
    """Return where in the last *chunk* of a page the tag goes: before `</body>` if that ends the page, else the end."""
    start = max(0, len(chunk) - _IN_TAIL)
    at = chunk[start:].lower().rfind(b"</body")
    return start + at if at >= 0 and _END.fullmatch(chunk, start + at) else len(chunk)
