"""A golden set of answers: which get the tag, where, and that all others stay byte for byte what they are."""

from __future__ import annotations

import pytest
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app

from launcher.web.injection import inject, is_navigation, is_page

TAG = "<tag>"
DOCUMENT = b"<!doctype html><html><body><p>hello</p></body></html>"
TAGGED = b"<!doctype html><html><body><p>hello</p><tag></body></html>"
HTML = ("Content-Type", "text/html; charset=utf-8")
BROWSER = {"HTTP_SEC_FETCH_DEST": "document"}


def serve(body, *headers, status="200 OK", length=True, environ=BROWSER, method="GET", tag=TAG):
    """What a server gets of an app that answers like this, and what it would have got."""
    chunks = [body] if isinstance(body, bytes) else body
    given = [*(headers or (HTML,))]
    if length:
        given.append(("Content-Length", str(sum(map(len, chunks)))))

    def app(environ, start_response):
        start_response(status, list(given))
        return list(chunks) if length else iter(chunks)

    asked = EnvironBuilder(method=method, environ_overrides=environ).get_environ()
    got, got_status, got_headers = run_wsgi_app(inject(app, lambda _, policies: tag), asked, buffered=True)
    return b"".join(got), got_status, list(got_headers), b"".join(chunks), given


def document(before: bytes = b"", inside: bytes = b"<p>hello</p>", after: bytes = b"") -> bytes:
    return before + b"<!doctype html><html><body>" + inside + b"</body></html>" + after


GOLDEN_TAGGED = [
    pytest.param(DOCUMENT, TAGGED, id="document"),
    pytest.param(DOCUMENT.upper(), TAGGED.upper().replace(b"<TAG>", b"<tag>"), id="capitals"),
    pytest.param(b"<html><p>hello", b"<html><p>hello<tag>", id="no-end-tags"),
    pytest.param(b"<!doctype html>\n<p>hello\n", b"<!doctype html>\n<p>hello\n<tag>", id="only-a-doctype"),
    pytest.param(b"\xef\xbb\xbf" + DOCUMENT, b"\xef\xbb\xbf" + TAGGED, id="byte-order-mark"),
    pytest.param(b" \r\n\t" + DOCUMENT, b" \r\n\t" + TAGGED, id="space-in-front"),
    pytest.param(b"<!-- a --><!-- b -->\n" + DOCUMENT, b"<!-- a --><!-- b -->\n" + TAGGED, id="comments-in-front"),
    pytest.param(DOCUMENT + b"\n<!-- 12 ms -->\n", TAGGED + b"\n<!-- 12 ms -->\n", id="comment-behind"),
    pytest.param(
        document(inside=b"<script>'</body>'</script>"),
        b"<!doctype html><html><body><script>'</body>'</script><tag></body></html>",
        id="end-tag-in-a-script",
    ),
    pytest.param(
        b"<!doctype html><script>'</body>'</script>",
        b"<!doctype html><script>'</body>'</script><tag>",
        id="end-tag-in-a-script-only",
    ),
    pytest.param(DOCUMENT + b"<!-- </body> -->", DOCUMENT + b"<!-- </body> --><tag>", id="end-tag-in-a-comment"),
    pytest.param(b"<html lang=de></html>", b"<html lang=de></html><tag>", id="without-a-body"),
    pytest.param(
        b'<!doctype html><base href="/app/"></body>', b'<!doctype html><base href="/app/"><tag></body>', id="own-base"
    ),
]


@pytest.mark.parametrize(("body", "expected"), GOLDEN_TAGGED)
def test_whole_documents_get_the_tag_before_their_end(body: bytes, expected: bytes) -> None:
    got, status, headers, _, given = serve(body)
    assert got == expected
    assert status == "200 OK"
    assert headers == [*given[:-1], ("Content-Length", str(len(expected)))]


@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request", "404 Not Found", "422 Odd", "500 Error", "503 Wait"])
def test_pages_of_errors_get_it_too(status: str) -> None:
    assert serve(DOCUMENT, status=status)[0] == TAGGED


GOLDEN_UNTOUCHED = [
    pytest.param({"body": b"<p>a fragment</p>"}, id="fragment"),
    pytest.param({"body": b"<div><html></html></div>"}, id="html-inside"),
    pytest.param({"body": b"<htmlx>"}, id="another-element"),
    pytest.param({"body": b"<!doctype htmlx><p>"}, id="another-doctype"),
    pytest.param({"body": b""}, id="empty"),
    pytest.param({"body": b"hello"}, id="text"),
    pytest.param({"body": b"<!-- " + b"x" * 9000 + b" -->" + DOCUMENT}, id="document-far-behind"),
    pytest.param({"body": b'<!doctype html><base href="https://cdn.example/">'}, id="base-of-another-site"),
    pytest.param({"body": b"<!doctype html><base target=_top href='//cdn.example/'>"}, id="base-without-scheme"),
    pytest.param(
        {"body": b'<!doctype html><meta http-equiv="Content-Security-Policy" content="script-src \'none\'">'},
        id="policy-in-the-page",
    ),
    pytest.param({"headers": [("Content-Type", "text/plain")]}, id="text-type"),
    pytest.param({"headers": [("Content-Type", "application/xhtml+xml")]}, id="xhtml"),
    pytest.param({"headers": [("Content-Type", "text/html; charset=utf-16")]}, id="two-bytes-each"),
    pytest.param({"headers": [("Content-Type", "text/html; charset=nonsense")]}, id="unknown-charset"),
    pytest.param({"headers": [("X-Nothing", "1")]}, id="no-type"),
    pytest.param({"headers": [HTML, ("Content-Encoding", "gzip")]}, id="gzip"),
    pytest.param({"headers": [HTML, ("Content-Encoding", "br")]}, id="brotli"),
    pytest.param({"headers": [HTML, ("Content-Disposition", "attachment; filename=a.html")]}, id="attachment"),
    pytest.param({"headers": [HTML, ("content-disposition", "ATTACHMENT")]}, id="attachment-in-capitals"),
    pytest.param({"headers": [HTML, ("Content-Range", "bytes 0-5/10")], "status": "206 Partial Content"}, id="206"),
    pytest.param({"headers": [HTML, ("Cache-Control", "public, no-transform")]}, id="no-transform"),
    pytest.param({"headers": [HTML, ("Content-Digest", "sha-256=:x=:")]}, id="digest"),
    pytest.param({"status": "201 Created"}, id="201"),
    pytest.param({"status": "204 No Content", "body": b""}, id="204"),
    pytest.param({"status": "302 Found"}, id="302"),
    pytest.param({"status": "304 Not Modified", "body": b""}, id="304"),
    pytest.param({"length": False}, id="stream-without-a-length"),
    pytest.param({"tag": ""}, id="barred"),
    pytest.param({"method": "HEAD"}, id="head"),
    pytest.param({"method": "POST"}, id="post"),
    pytest.param({"environ": BROWSER | {"HTTP_RANGE": "bytes=0-"}}, id="range"),
    pytest.param({"environ": {"HTTP_SEC_FETCH_DEST": "empty", "HTTP_ACCEPT": "text/html"}}, id="fetched-by-a-script"),
    pytest.param({"environ": {"HTTP_SEC_FETCH_DEST": "image"}}, id="image"),
    pytest.param({"environ": {"HTTP_ACCEPT": "*/*"}}, id="program"),
    pytest.param({"environ": {}}, id="program-that-says-nothing"),
]


@pytest.mark.parametrize("case", GOLDEN_UNTOUCHED)
def test_all_else_stays_as_it_is(case: dict) -> None:
    body = case.pop("body", DOCUMENT)
    headers = case.pop("headers", [])
    status = case.get("status", "200 OK")
    got, got_status, got_headers, sent, given = serve(body, *headers, **case)
    assert (got, got_status, got_headers) == (sent, status, given)


def test_the_golden_set_is_as_large_as_promised() -> None:
    assert len(GOLDEN_TAGGED) + len(GOLDEN_UNTOUCHED) >= 40


def test_the_tag_of_another_origin_s_frame_and_of_older_browsers() -> None:
    assert serve(DOCUMENT, environ={"HTTP_SEC_FETCH_DEST": "iframe"})[0] == TAGGED
    assert serve(DOCUMENT, environ={"HTTP_ACCEPT": "text/html,*/*;q=0.8"})[0] == TAGGED


def test_other_headers_keep_their_order_spelling_and_values() -> None:
    headers = [("ETag", '"a"'), HTML, ("Accept-Ranges", "bytes"), ("set-cookie", "a=1"), ("set-cookie", "b=2")]
    got_headers = serve(DOCUMENT, *headers)[2]
    assert got_headers == [*headers, ("Content-Length", str(len(TAGGED)))]


@pytest.mark.parametrize("size", [1, 7, 16, 1000])
def test_a_page_in_pieces_keeps_its_length(size: int) -> None:
    pieces = [DOCUMENT[at : at + size] for at in range(0, len(DOCUMENT), size)]
    got, _, headers, sent, _ = serve(pieces)
    assert dict(headers)["Content-Length"] == str(len(got))
    assert got.replace(b"<tag>", b"") == sent
    assert got.count(b"<tag>") == (1 if size > len("<!doctype html>") else 0)


def generated(pieces, headers, log):
    def app(environ, start_response):
        start_response("200 OK", headers)
        for piece in pieces:
            log.append(piece)
            yield piece

    return app


def test_a_page_of_known_length_goes_on_piece_by_piece() -> None:
    """Nothing is collected: each piece leaves before the next one is asked for."""
    pieces = [b"<!doctype html><body>", b"x" * 10, b"</body>"]
    log: list[bytes] = []
    headers = [HTML, ("Content-Length", str(sum(map(len, pieces))))]
    environ = EnvironBuilder(environ_overrides=BROWSER).get_environ()
    seen = []

    def start(status, headers, exc_info=None):
        seen.append(dict(headers)["Content-Length"])
        return seen.append

    body = iter(inject(generated(pieces, headers, log), lambda *_: TAG)(environ, start))
    assert next(body) == pieces[0]
    assert (seen, log) == ([str(21 + 10 + 7 + 5)], pieces[:1])
    assert next(body) == pieces[1]
    assert log == pieces[:2]
    assert list(body) == [b"<tag></body>"]


def test_a_stream_is_the_apps_own_and_never_waits() -> None:
    log: list[bytes] = []
    app = inject(generated([b"", b"<html>", b"more"], [HTML], log), lambda *_: TAG)
    environ = EnvironBuilder(environ_overrides=BROWSER).get_environ()
    seen = []
    body = iter(app(environ, lambda *head: seen.append(head) or seen.append))
    assert next(body) == b""
    assert len(seen) == 1
    assert next(body) == b"<html>"
    assert log == [b"", b"<html>"]


def test_what_is_no_page_is_handed_on_untouched() -> None:
    """So that the server sees the app's own list, file wrapper or generator."""
    original = iter([b"{}"])

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "application/json")])
        return original

    environ = EnvironBuilder(environ_overrides=BROWSER).get_environ()
    assert inject(app, lambda *_: TAG)(environ, lambda *_: None) is original


def test_a_large_page_is_not_copied() -> None:
    large = DOCUMENT.replace(b"hello", b"x" * (1 << 20))
    environ = EnvironBuilder(environ_overrides=BROWSER).get_environ()

    def app(environ, start_response):
        start_response("200 OK", [HTML])
        return [large]

    body = inject(app, lambda *_: TAG)(environ, lambda *_: None)
    assert body[0] is large
    assert body[1:] == [b"<tag>"]


def test_the_body_is_closed() -> None:
    class Body(list):
        closed = 0

        def close(self) -> None:
            self.closed += 1

    body = Body([DOCUMENT])

    def app(environ, start_response):
        start_response("200 OK", [HTML, ("Content-Length", str(len(DOCUMENT)))])
        return body

    got, _, _ = run_wsgi_app(
        inject(app, lambda *_: TAG), EnvironBuilder(environ_overrides=BROWSER).get_environ(), buffered=True
    )
    assert (b"".join(got), body.closed) == (TAGGED, 1)


def test_an_app_may_write() -> None:
    def app(environ, start_response):
        start_response("200 OK", [HTML])(DOCUMENT)
        return []

    got, _, _ = run_wsgi_app(inject(app, lambda *_: TAG), EnvironBuilder(environ_overrides=BROWSER).get_environ())
    assert b"".join(got) == DOCUMENT


def test_an_app_may_change_its_mind_because_of_an_error() -> None:
    def app(environ, start_response):
        start_response("200 OK", [HTML])
        try:
            raise LookupError
        except LookupError as error:
            start_response("500 Oh", [("Content-Type", "text/plain")], (LookupError, error, None))
        return [DOCUMENT]

    got, status, _ = run_wsgi_app(inject(app, lambda *_: TAG), EnvironBuilder(environ_overrides=BROWSER).get_environ())
    assert (b"".join(got), status) == (DOCUMENT, "500 Oh")


def test_a_second_head_without_a_reason_is_a_mistake() -> None:
    def app(environ, start_response):
        start_response("200 OK", [HTML])
        start_response("200 OK", [HTML])
        return [DOCUMENT]

    with pytest.raises(AssertionError, match="start_response twice"):
        Client(inject(app, lambda *_: TAG)).get("/", headers={"Sec-Fetch-Dest": "document"})


def test_a_page_whose_length_is_wrong_is_left_to_the_server() -> None:
    def app(environ, start_response):
        start_response("200 OK", [HTML, ("Content-Length", "7")])
        return [DOCUMENT]

    got, _, headers = run_wsgi_app(inject(app, lambda *_: TAG), EnvironBuilder(environ_overrides=BROWSER).get_environ())
    assert (b"".join(got), headers["Content-Length"]) == (DOCUMENT, "7")


def test_the_tag_is_made_before_the_app_runs() -> None:
    """What it says of the present must not be newer than the page."""
    order = []

    def app(environ, start_response):
        order.append("app")
        start_response("200 OK", [HTML])
        return [DOCUMENT]

    def make(environ, policies):
        order.append(f"tag {policies}")
        return TAG

    Client(inject(app, make)).get("/", headers={"Sec-Fetch-Dest": "document"})
    assert order == ["tag []", "app"]


def test_policies_are_handed_on() -> None:
    def app(environ, start_response):
        start_response("200 OK", [HTML, ("Content-Security-Policy", "a"), ("content-security-policy", "b")])
        return [DOCUMENT]

    client = Client(inject(app, lambda _, policies: f"<{''.join(policies)}>" if policies else TAG))
    assert "<ab></body>" in client.get("/", headers={"Sec-Fetch-Dest": "document"}).text


def test_questions() -> None:
    assert is_page("200 OK", [HTML])
    assert is_navigation({"REQUEST_METHOD": "GET", "HTTP_SEC_FETCH_DEST": "frame"})
