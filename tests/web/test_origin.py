from __future__ import annotations

import pytest

from launcher.web.origin import is_same_origin

CASES = [
    pytest.param({}, True, id="no-browser"),
    pytest.param({"SEC_FETCH_SITE": "same-origin"}, True, id="own-page"),
    pytest.param({"SEC_FETCH_SITE": "none"}, True, id="typed-by-the-user"),
    pytest.param({"SEC_FETCH_SITE": "same-site"}, False, id="another-port"),
    pytest.param({"SEC_FETCH_SITE": "cross-site"}, False, id="another-site"),
    pytest.param({"SEC_FETCH_SITE": ""}, False, id="empty-site"),
    pytest.param({"SEC_FETCH_SITE": "same-origin,none"}, False, id="two-sites"),
    pytest.param({"ORIGIN": "http://localhost:5000"}, True, id="own-origin"),
    pytest.param({"ORIGIN": "http://LOCALHOST:5000"}, True, id="own-origin-in-capitals"),
    pytest.param({"ORIGIN": "https://localhost:5000"}, True, id="own-origin-behind-a-proxy-that-speaks-https"),
    pytest.param({"ORIGIN": "http://localhost:8000"}, False, id="origin-with-another-port"),
    pytest.param({"ORIGIN": "http://localhost"}, False, id="origin-without-the-port"),
    pytest.param({"ORIGIN": "http://127.0.0.1:5000"}, False, id="address-of-the-same-server"),
    pytest.param({"ORIGIN": "http://[::1]:5000"}, False, id="ipv6-address-of-the-same-server"),
    pytest.param({"ORIGIN": "http://evil.localhost:5000"}, False, id="below-localhost"),
    pytest.param({"ORIGIN": "null"}, False, id="opaque-origin"),
    pytest.param({"ORIGIN": ""}, False, id="empty-origin"),
    pytest.param({"ORIGIN": "file://"}, False, id="file"),
    pytest.param({"ORIGIN": "chrome-extension://localhost:5000"}, False, id="extension"),
    pytest.param({"ORIGIN": "http://localhost:5000/"}, False, id="with-a-path"),
    pytest.param({"ORIGIN": "http://localhost:5000 http://evil.example"}, False, id="two-origins"),
    pytest.param({"ORIGIN": "null", "SEC_FETCH_SITE": "same-origin"}, False, id="opaque-whatever-the-site"),
    pytest.param({"ORIGIN": "http://a", "SEC_FETCH_SITE": "same-origin"}, False, id="the-two-must-agree"),
    pytest.param({"ORIGIN": "http://localhost:5000", "SEC_FETCH_SITE": "cross-site"}, False, id="either-way"),
    pytest.param({"REFERER": "http://localhost:5000/cart?a=1"}, True, id="own-page-as-referer"),
    pytest.param({"REFERER": "http://evil.example/localhost:5000"}, False, id="foreign-referer"),
    pytest.param({"REFERER": "nonsense"}, True, id="referer-that-is-none"),
    pytest.param(
        {"REFERER": "http://evil.example/", "SEC_FETCH_SITE": "same-origin"}, True, id="metadata-beat-referer"
    ),
]


@pytest.mark.parametrize(("headers", "same"), CASES)
def test_origins(headers: dict[str, str], same: bool) -> None:
    environ = {f"HTTP_{name}": value for name, value in headers.items()}
    assert is_same_origin({"HTTP_HOST": "localhost:5000", "wsgi.url_scheme": "http", **environ}) is same


@pytest.mark.parametrize(
    ("scheme", "host", "origin", "same"),
    [
        ("http", "shop.test", "http://shop.test", True),
        ("http", "shop.test", "http://shop.test:80", True),
        ("http", "shop.test:80", "http://shop.test", True),
        ("https", "shop.test:443", "https://shop.test", True),
        ("https", "shop.test", "http://shop.test:80", False),
        ("http", "[::1]:5000", "http://[::1]:5000", True),
        ("http", "", "http://", False),
    ],
)
def test_the_standard_port_may_be_left_out(scheme: str, host: str, origin: str, same: bool) -> None:
    environ = {"HTTP_HOST": host, "wsgi.url_scheme": scheme, "HTTP_ORIGIN": origin}
    assert is_same_origin(environ) is same
