from __future__ import annotations

import itertools
from html import unescape
from typing import TYPE_CHECKING

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from launcher.web.hosts import check_hosts, is_address, is_known, known_names, parse_host
from launcher.web.livereload import LiveReload
from launcher.web.stack import build_stack
from launcher.web.streams import Streams
from tests.web.browser import Client as BrowserClient

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from launcher.plan import Plan


@pytest.mark.parametrize(
    ("value", "parsed"),
    [
        pytest.param("localhost", ("localhost", ""), id="name"),
        pytest.param("LocalHost:5000", ("localhost", "5000"), id="capitals-and-port"),
        pytest.param("localhost.", ("localhost", ""), id="dot-at-the-end"),
        pytest.param("localhost.:80", ("localhost", "80"), id="dot-and-port"),
        pytest.param("my_shop.test", ("my_shop.test", ""), id="underscore"),
        pytest.param("xn--bcher-kva.example", ("xn--bcher-kva.example", ""), id="punycode"),
        pytest.param("127.0.0.1:5000", ("127.0.0.1", "5000"), id="ipv4"),
        pytest.param("[::1]", ("::1", ""), id="ipv6"),
        pytest.param("[FD00::A]:65535", ("fd00::a", "65535"), id="ipv6-capitals-and-port"),
        pytest.param("", None, id="missing"),
        pytest.param(".", None, id="dot"),
        pytest.param("..", None, id="dots"),
        pytest.param("localhost..", None, id="two-dots-at-the-end"),
        pytest.param(".localhost", None, id="dot-in-front"),
        pytest.param("a..b", None, id="empty-label"),
        pytest.param("-a", None, id="dash-in-front"),
        pytest.param(":5000", None, id="only-port"),
        pytest.param("localhost:", None, id="empty-port"),
        pytest.param("localhost:65536", None, id="port-too-large"),
        pytest.param("localhost:123456", None, id="port-too-long"),
        pytest.param("localhost:5000:evil.example", None, id="two-ports"),
        pytest.param("localhost:http", None, id="port-in-words"),
        pytest.param("localhost,evil.example", None, id="two-headers"),
        pytest.param("localhost, localhost", None, id="two-equal-headers"),
        pytest.param("evil.example#localhost", None, id="fragment"),
        pytest.param("evil.example/localhost", None, id="path"),
        pytest.param("evil.example\\localhost", None, id="backslash"),
        pytest.param("user@localhost", None, id="user"),
        pytest.param("localhost@evil.example", None, id="name-as-user"),
        pytest.param(" localhost", None, id="space-in-front"),
        pytest.param("localhost\n", None, id="line-break"),
        pytest.param("local host", None, id="space-inside"),
        pytest.param("local%68ost", None, id="percent"),
        pytest.param("localhost%00", None, id="nul"),
        pytest.param("[::1", None, id="open-bracket"),
        pytest.param("::1", None, id="ipv6-without-brackets"),
        pytest.param("[::1]evil.example", None, id="text-behind-brackets"),
        pytest.param("[1.2.3.4]", None, id="ipv4-in-brackets"),
        pytest.param("[:::]", None, id="no-address-in-brackets"),
        pytest.param("[fe80::1%25eth0]", None, id="zone"),
        pytest.param("löcalhost", None, id="beyond-ascii"),
        pytest.param("\uff4cocalhost", None, id="full-width"),
        pytest.param("localho\u017ft", None, id="long-s-that-becomes-s"),
        pytest.param("a." * 130 + "a", None, id="too-long"),
    ],
)
def test_host_headers(value: str, parsed: tuple[str, str] | None) -> None:
    assert parse_host(value) == parsed


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("127.0.0.1", True),
        ("0.0.0.0", True),
        ("192.168.1.20", True),
        ("::1", True),
        ("::ffff:1.2.3.4", True),
        ("127.1", False),
        ("2130706433", False),
        ("0x7f.0.0.1", False),
        ("127.0.0.1.evil.example", False),
        ("1.2.3.4.5", False),
        ("256.1.1.1", False),
        ("a\0", False),
    ],
)
def test_addresses(name: str, is_one: bool) -> None:
    assert is_address(name) is is_one


CASES = [
    pytest.param("127.0.0.1", (), "localhost", 200, id="localhost"),
    pytest.param("127.0.0.1", (), "LOCALHOST:5000", 200, id="localhost-in-capitals"),
    pytest.param("127.0.0.1", (), "localhost.:5000", 200, id="localhost-with-dot"),
    pytest.param("127.0.0.1", (), "shop.localhost", 200, id="below-localhost"),
    pytest.param("127.0.0.1", (), "a.b.localhost:1", 200, id="far-below-localhost"),
    pytest.param("127.0.0.1", (), "127.0.0.1", 200, id="loopback"),
    pytest.param("127.0.0.1", (), "[::1]:5000", 200, id="ipv6-loopback"),
    pytest.param("127.0.0.1", (), "192.168.1.20:5000", 200, id="any-address-literal"),
    pytest.param("fd00::5", (), "[fd00::5]:5000", 200, id="bound-to-ipv6"),
    pytest.param("dev.example", (), "dev.example:5000", 200, id="bound-name"),
    pytest.param("DEV.Example.", (), "dev.example", 200, id="bound-name-in-another-spelling"),
    pytest.param("127.0.0.1", ("shop.test",), "shop.test", 200, id="allowed"),
    pytest.param("127.0.0.1", ("Shop.Test.",), "SHOP.test.", 200, id="allowed-in-another-spelling"),
    pytest.param("127.0.0.1", (".shop.test",), "a.shop.test", 200, id="below-allowed"),
    pytest.param("127.0.0.1", (".shop.test",), "shop.test", 200, id="allowed-itself-with-dot"),
    pytest.param("127.0.0.1", ("",), "evil.example", 403, id="empty-setting-allows-nothing"),
    pytest.param("127.0.0.1", (".",), "evil.example", 403, id="lone-dot-allows-nothing"),
    pytest.param("127.0.0.1", (), "evil.example", 403, id="other-name"),
    pytest.param("127.0.0.1", (), "localhost.evil.example", 403, id="begins-like-localhost"),
    pytest.param("127.0.0.1", (), "evil-localhost", 403, id="ends-like-localhost"),
    pytest.param("127.0.0.1", (), "notlocalhost", 403, id="ends-with-localhost"),
    pytest.param("127.0.0.1", (), "127.0.0.1.evil.example", 403, id="begins-like-an-address"),
    pytest.param("127.0.0.1", (), "127.1", 403, id="short-address-is-a-name"),
    pytest.param("127.0.0.1", ("shop.test",), "a.shop.test", 403, id="below-a-name-without-dot"),
    pytest.param("127.0.0.1", (".shop.test",), "notshop.test", 403, id="ends-like-an-allowed-name"),
    pytest.param("0.0.0.0", (), "evil.example", 403, id="bound-to-all-addresses"),
    pytest.param("127.0.0.1", (), "", 400, id="no-host"),
    pytest.param("127.0.0.1", (), "localhost,localhost", 400, id="two-hosts"),
]


def checked(app: WSGIApplication, plan: Plan) -> WSGIApplication:
    return check_hosts(app, lambda: known_names(plan))


@pytest.mark.parametrize(("bound", "extra", "host", "status"), CASES)
def test_who_is_answered(make_plan, bound: str, extra: tuple[str, ...], host: str, status: int) -> None:
    app = checked(Response("page of the app"), make_plan(host=bound, hosts=extra))
    response = Client(app).get("/", headers={"Host": host})
    assert response.status_code == status
    assert ("page of the app" in response.text) is (status == 200)


@pytest.mark.parametrize(
    ("accept", "mimetype"),
    [("", "text/plain"), ("*/*", "text/plain"), ("text/html", "text/html"), ("application/json", "application/json")],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_refusal_shows_the_toml_that_allows_the_name(make_plan, accept: str, mimetype: str, method: str) -> None:
    client = Client(checked(Response("app"), make_plan()))
    response = client.open("/", method=method, headers={"Host": "shop.test:5000", "Accept": accept})
    assert (response.status_code, response.mimetype) == (403, mimetype)
    if method == "HEAD":
        assert response.data == b""
        assert int(response.headers["Content-Length"]) > 100
        return
    text = response.json["message"] + response.json["hint"] if response.is_json else unescape(response.text)
    assert 'does not answer to "shop.test"' in text
    assert 'allowed-hosts = ["shop.test"]' in text


@pytest.mark.parametrize("header", ["X-Forwarded-Host", "X-Forwarded-For", "Forwarded", "X-Host", "X-Real-IP"])
def test_forwarded_headers_change_nothing(make_plan, header: str) -> None:
    client = Client(checked(Response("app"), make_plan()))
    assert client.get("/", headers={"Host": "evil.example", header: "localhost"}).status_code == 403
    assert client.get("/", headers={"Host": "localhost", header: "evil.example"}).status_code == 200


def test_a_unix_socket_adds_no_name(make_plan) -> None:
    assert known_names(make_plan(host="name", unix="/run/x")) == known_names(make_plan())


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_an_address_that_means_all_is_no_name(make_plan, host: str) -> None:
    assert not is_known(host, known_names(make_plan(host=host)))


# The whole front door: every kind of Host, Origin and Sec-Fetch-Site at every endpoint. What is expected is said in
# words of the browser's user, without looking at the code: see `expected`.

HOSTS = {
    "localhost:5000": "ours",
    "LOCALHOST.:5000": "ours",
    "[::1]:5000": "ours",
    "10.1.2.3:5000": "address",
    "evil.example:5000": "foreign",
    "localhost.evil.example": "foreign",
    "": "broken",
    "localhost:5000,evil.example": "broken",
}
ORIGINS = {
    "none": None,
    "own": "http://{host}",
    "opaque": "null",
    "another-port": "http://localhost:8000",
    "an-address": "http://127.0.0.1:5001",
    "another-site": "https://evil.example",
}
SITES = (None, "same-origin", "none", "same-site", "cross-site", "nonsense")
SECRET = "the-source-and-the-secrets"


@Request.application
def shop(request: Request) -> Response:
    if request.path == "/fail":
        local = SECRET
        raise LookupError(local)
    return Response(SECRET)


class Door:
    """A stack with a debugger that shows a page, and the paths of what can be asked of it."""

    def __init__(self, plan) -> None:
        live = LiveReload("token", Streams(), lambda _: None)
        self.client = BrowserClient(build_stack(shop, plan, live=live))
        page = self.client.get("/fail", headers={"Host": "localhost:5000"}).text
        secret = page.partition('SECRET = "')[2].partition('"')[0]
        frame = page.rpartition('id="frame-')[2].partition('"')[0]
        debugger = "/?__debugger__=yes&cmd="
        self.paths = {
            "app": "/",
            "error-page": "/fail",
            "console": f"{debugger}6*7&frm={frame}&s={secret}",
            "opened": f"{debugger}opened&s={secret}",
            "pin": f"{debugger}pinauth&pin=0&s={secret}",
            "resource": f"{debugger}resource&f=style.css",
            "stream": "/__launch__/token",
            "script": "/__launch__/token.js",
            "nothing": "/__launch__/another",
        }


def expected(host: str, origin: str, site: str | None, endpoint: str, *, locked: bool) -> int:
    """The status. Names first; then everything of ours is for our own pages, and code for names of this machine."""
    if host != "ours" and host != "address":
        return 400 if host == "broken" else 403
    if endpoint in ("app", "error-page", "nothing"):
        return {"app": 200, "error-page": 500, "nothing": 404}[endpoint]
    if site not in (None, "same-origin", "none") or origin not in ("none", "own"):
        return 403
    if locked and endpoint in ("console", "opened"):
        return 403
    if host == "address" and endpoint in ("console", "opened", "pin"):
        return 400
    return 200


def test_a_browser_gets_the_refusal_as_a_page_that_a_phone_can_show(make_plan) -> None:
    client = Client(check_hosts(shop, lambda: known_names(make_plan())))
    page = client.get("/", headers={"Host": "laptop.local:5000", "Accept": "text/html,*/*"})
    assert (page.status_code, page.mimetype) == (403, "text/html")
    assert "width=device-width" in page.text
    assert "does not answer to &quot;laptop.local&quot;" in page.text
    assert page.headers["Content-Security-Policy"] == "frame-ancestors 'self'"
    assert client.get("/", headers={"Host": "laptop.local:5000"}).mimetype == "text/plain"


MATRIX = list(itertools.product(HOSTS, ORIGINS, SITES))


@pytest.mark.parametrize("pin", ["", "123-456-789"], ids=["without-pin", "with-pin"])
def test_the_front_door(make_plan, pin: str, monkeypatch) -> None:
    """8 hosts, 6 origins and 6 sites at 9 endpoints: 2,592 requests each."""
    monkeypatch.setattr("launcher.web.debugger.time.sleep", lambda _: None)
    door = Door(make_plan(pin=pin))
    wrong = []
    # The error page comes last, because each one makes the debugger forget the frames of another one.
    cells = sorted(itertools.product(MATRIX, door.paths.items()), key=lambda cell: cell[1][0] == "error-page")
    for (host, origin, site), (endpoint, path) in cells:
        sent = ORIGINS[origin]
        headers = {"Host": host}
        headers |= {"Origin": sent.format(host=host)} if sent else {}
        headers |= {"Sec-Fetch-Site": site} if site else {}
        response = door.client.get(path, headers=headers)
        want = expected(HOSTS[host], origin, site, endpoint, locked=bool(pin))
        refused = want in (400, 403)
        told = refused and (SECRET in response.text or "test_hosts" in response.text or "42" in response.text)
        if response.status_code != want or told or "Access-Control-Allow-Origin" in response.headers:
            wrong.append((host, origin, site, endpoint, want, response.status_code, told))
    assert len(MATRIX) * len(door.paths) == 2592
    assert wrong == []
