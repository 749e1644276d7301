"""A real application of other people: httpbin, from the package index."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator

import pytest

from tests.e2e.harness import Project, Server

pytest.importorskip("httpbin", reason="httpbin is not installed")


@pytest.fixture(scope="module")
def httpbin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests of this module: they only ask."""
    project = Project(tmp_path_factory.mktemp("httpbin"))
    try:
        server = project.dev("httpbin:app")
        server.answers("httpbin", "/")
        yield server
        project.end()
    finally:
        project.kill()


@pytest.mark.parametrize(
    ("path", "status"),
    [("/status/418", 418), ("/status/204", 204), ("/html", 200), ("/robots.txt", 200), ("/absent", 404)],
)
def test_status(httpbin: Server, path: str, status: int):
    assert httpbin.get(path).status == status


def test_query_and_headers(httpbin: Server):
    seen = json.loads(httpbin.get("/get?a=1&b=%C3%A4", headers={"X-Own": "yes"}).body)
    assert seen["args"] == {"a": "1", "b": "ä"}
    assert seen["headers"]["X-Own"] == "yes"
    assert seen["origin"] == "127.0.0.1"


def test_post_of_a_form(httpbin: Server):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert json.loads(httpbin.post("/post", b"name=Ada&age=36", form).body)["form"] == {"name": "Ada", "age": "36"}


def test_post_of_a_large_body(httpbin: Server):
    text = {"Content-Type": "text/plain"}
    assert json.loads(httpbin.post("/post", b"x" * 200_000, text).body)["data"] == "x" * 200_000


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_other_methods(httpbin: Server, method: str):
    with httpbin.connect() as client:
        client.send(method, f"/{method.lower()}", b"body")
        assert json.loads(client.receive().body)["data"] == "body"


def test_head(httpbin: Server):
    with httpbin.connect() as client:
        client.send("HEAD", "/get")
        answer = client.receive("HEAD")
    assert (answer.status, answer.body) == (200, b"")


def test_redirects(httpbin: Server):
    answer = httpbin.get("/redirect/2")
    assert answer.status == 302
    assert httpbin.get(answer.headers["location"]).status == 302
    assert httpbin.get("/absolute-redirect/1").headers["location"].endswith("/get")


def test_compressed_answers(httpbin: Server):
    assert json.loads(gzip.decompress(httpbin.get("/gzip").body))["gzipped"] is True
    assert json.loads(zlib.decompress(httpbin.get("/deflate").body))["deflated"] is True


def test_streamed_answers(httpbin: Server):
    lines = httpbin.get("/stream/20").text.splitlines()
    assert [json.loads(line)["id"] for line in lines] == list(range(20))
    assert len(httpbin.get("/stream-bytes/5000?seed=1").body) == 5000
    assert httpbin.get("/drip?duration=0&numbytes=10").body == b"*" * 10


def test_cookies_and_passwords(httpbin: Server):
    assert "flavour=vanilla" in httpbin.get("/cookies/set?flavour=vanilla").headers["set-cookie"]
    assert httpbin.get("/basic-auth/ada/secret").status == 401
    known = {"Authorization": "Basic YWRhOnNlY3JldA=="}
    assert json.loads(httpbin.get("/basic-auth/ada/secret", headers=known).body)["user"] == "ada"


def test_images_and_ranges(httpbin: Server):
    assert httpbin.get("/image/png").body.startswith(b"\x89PNG")
    answer = httpbin.get("/range/26", headers={"Range": "bytes=2-4"})
    assert (answer.status, answer.text) == (206, "cde")
