from __future__ import annotations

import pytest

from launcher.web.policy import nonce_for

ORIGIN = "http://localhost:5000"


@pytest.mark.parametrize(
    ("policies", "nonce"),
    [
        pytest.param([], "", id="no-policy"),
        pytest.param([""], "", id="empty"),
        pytest.param(["img-src 'none'"], "", id="says-nothing-of-scripts"),
        pytest.param(["default-src 'self'"], "", id="own-origin-by-default"),
        pytest.param(["DEFAULT-SRC 'SELF'"], "", id="capitals"),
        pytest.param(["default-src *"], "", id="everything"),
        pytest.param(["default-src http:"], "", id="own-scheme"),
        pytest.param([f"script-src {ORIGIN}; connect-src localhost:5000"], "", id="own-origin-written-out"),
        pytest.param(["default-src 'none'; script-src 'self'; connect-src 'self'"], "", id="only-what-is-needed"),
        pytest.param(["script-src 'self' 'unsafe-inline'"], "", id="more-than-is-needed"),
        pytest.param(["script-src 'nonce-abc'"], "abc", id="nonce"),
        pytest.param(["script-src 'self' 'nonce-abc'"], "abc", id="nonce-and-self"),
        pytest.param(["script-src 'nonce-abc' 'strict-dynamic'"], "abc", id="nonce-and-strict-dynamic"),
        pytest.param(["script-src 'none'; script-src-elem 'nonce-x'"], "x", id="elements-beat-scripts"),
        pytest.param(["default-src 'nonce-abc' 'self'"], "abc", id="nonce-by-default"),
        pytest.param(["script-src 'nonce-a'", "script-src 'nonce-a'"], "a", id="two-headers-one-nonce"),
        pytest.param(["script-src 'nonce-a', script-src 'self'"], "a", id="two-policies-in-one-header"),
        pytest.param(["script-src 'self', script-src 'nonce-a'"], "a", id="the-other-way-round"),
        pytest.param(["script-src 'self'; script-src 'none'"], "", id="the-first-of-one-name-counts"),
        pytest.param(["sandbox allow-scripts allow-same-origin"], "", id="sandbox-with-all-that-is-needed"),
        pytest.param(["default-src 'none'"], None, id="nothing"),
        pytest.param(["script-src"], None, id="empty-list"),
        pytest.param(["script-src 'none'"], None, id="no-scripts"),
        pytest.param(["script-src 'sha256-abc='"], None, id="only-hashes"),
        pytest.param(["script-src 'self' 'strict-dynamic'"], None, id="strict-dynamic-voids-self"),
        pytest.param(["script-src https://cdn.example"], None, id="other-origin"),
        pytest.param(["script-src https:"], None, id="other-scheme"),
        pytest.param(["script-src 'self'; connect-src 'none'"], None, id="may-not-listen"),
        pytest.param(["script-src 'nonce-a'; default-src 'none'"], None, id="may-not-listen-by-default"),
        pytest.param(["script-src 'nonce-a'", "script-src 'nonce-b'"], None, id="two-nonces"),
        pytest.param(["script-src 'self', script-src 'none'"], None, id="one-of-two-forbids"),
        pytest.param(["sandbox"], None, id="sandbox"),
        pytest.param(["sandbox allow-scripts"], None, id="sandbox-without-an-origin"),
    ],
)
def test_policies(policies: list[str], nonce: str | None) -> None:
    assert nonce_for(policies, ORIGIN) == nonce
