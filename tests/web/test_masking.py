"""What is masked, in texts and in pages."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from markupsafe import escape

from launcher.web.masking import Mask

KEY = "-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END KEY-----"
ENV = {
    "API_KEY": "sk-live-4242",
    "PIN_TOKEN": "hunter",
    "TINY_TOKEN": "abc",
    "EMPTY_TOKEN": "",
    "ODD_SECRET": """it's <b>"quoted"</b> & \\ more""",
    "PRIVATE_KEY": KEY,
    "DATABASE_URL": "postgresql://shop:p%40ssw0rd@db/shop",
    "JDBC": "jdbc:postgresql://db/shop?user=shop&password=part-of-jdbc",
    "NAME": "an open name",
}
SECRETS = ("API_KEY", "PIN_TOKEN", "TINY_TOKEN", "EMPTY_TOKEN", "ODD_SECRET", "PRIVATE_KEY", "MISSING_KEY")


@pytest.fixture
def mask(make_plan) -> Mask:
    return Mask(replace(make_plan(), env=ENV, secrets=SECRETS))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("no key sk-live-4242 here", "no key *** here", id="a-value"),
        pytest.param("KeyError: 'xsk-live-4242x'", "KeyError: 'x***x'", id="a-long-value-within-a-word"),
        pytest.param("user hunter, hunters", "user ***, hunters", id="a-short-value-as-a-word-only"),
        pytest.param("abc is short", "abc is short", id="a-value-too-short-to-be-one"),
        pytest.param("an open name", "an open name", id="no-secret"),
        pytest.param(ENV["ODD_SECRET"], "***", id="odd-characters"),
        pytest.param(f"ValueError({ENV['ODD_SECRET']!r})", "ValueError('***')", id="in-a-repr"),
        pytest.param(f"bad: {KEY}", "bad: ***", id="many-lines"),
        pytest.param('  key = """-----BEGIN KEY-----', '  key = """***', id="one-line-of-many"),
        pytest.param("at postgresql://shop:p%40ssw0rd@db/shop", "at postgresql://***@db/shop", id="a-url"),
        pytest.param("at redis://:other-one@cache", "at redis://***@cache", id="a-url-of-nobody"),
        pytest.param("sent Bearer abcdef123456", "sent Bearer ***", id="a-token-of-nobody"),
        pytest.param("known: part-of-jdbc", "known: ***", id="a-parameter-of-a-value"),
        pytest.param("    connect(a, password=password)", "    connect(a, password=password)", id="code"),
        pytest.param("    password=password,", "    password=password,", id="code-on-a-line-of-its-own"),
        pytest.param('password="p@ssw0rd"', 'password="***"', id="the-password-of-a-url"),
        pytest.param("q=it%27s%20%3Cb%3E%22quoted%22%3C%2Fb%3E%20%26%20%5C%20more&", "q=***&", id="percent-encoded"),
        pytest.param("q=it%27s%20%3cb%3e%22quoted%22%3c%2fb%3e%20%26%20%5c%20more&", "q=***&", id="in-lower-case"),
        pytest.param("/it%27s%20%3Cb%3E%22quoted%22%3C/b%3E%20%26%20%5C%20more/", "/***/", id="in-a-path"),
        pytest.param("q=it%27s+%3Cb%3E%22quoted%22%3C%2Fb%3E+%26+%5C+more&", "q=***&", id="in-a-form"),
        pytest.param('{"key": "it\'s <b>\\"quoted\\"</b> & \\\\ more"}', '{"key": "***"}', id="in-json"),
        pytest.param(f"sent {ENV['API_KEY'].encode()!r}", "sent b'***'", id="in-bytes"),
        pytest.param("at http://localhost:5000/@x", "at http://localhost:5000/@x", id="a-port-is-no-password"),
    ],
)
def test_texts(mask: Mask, text: str, shown: str) -> None:
    assert mask.text(text) == shown


@pytest.mark.parametrize("before", ["", "a", "ab", "user:", "user1:"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_of_a_secret_is_masked_wherever_it_begins(make_plan, before: str, encode) -> None:
    secret = "s\u00fc\xff~?>secret"
    mask = Mask(replace(make_plan(), env={"API_KEY": secret}, secrets=("API_KEY",)))
    encoded = encode(f"{before}{secret}:after".encode()).decode()
    shown = mask.text(f"Authorization: Basic {encoded}")
    assert "***" in shown
    left = shown.removeprefix("Authorization: Basic ").replace("***", "")
    assert len(left) <= len(encode(f"{before}:after".encode())) + 4


def test_data_are_masked_in_every_text(mask: Mask) -> None:
    data = {"message": "no sk-live-4242", "line": 3, "frames": [{"code": "key = 'sk-live-4242'", "file": None}]}
    assert mask.data(data) == {"message": "no ***", "line": 3, "frames": [{"code": "key = '***'", "file": None}]}


def test_values_of_the_shell_are_masked_too(make_plan, monkeypatch) -> None:
    monkeypatch.setenv("SHELL_TOKEN", "from-the-shell")
    assert Mask(replace(make_plan(), secrets=("SHELL_TOKEN",))).text("a from-the-shell b") == "a *** b"


def test_without_secrets_a_text_stays_as_it_is(make_plan) -> None:
    assert Mask(make_plan()).text("nothing = 'here'") == "nothing = 'here'"


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        pytest.param("<p class='hunter'>hunter</p>", "<p class='hunter'>***</p>", id="tags-stay"),
        pytest.param("<script>hunter < 1</script>hunter", "<script>hunter < 1</script>***", id="scripts-stay"),
        pytest.param("<STYLE>hunter{}</STYLE>", "<STYLE>hunter{}</STYLE>", id="styles-stay"),
        pytest.param("<!-- <module> hunter -->", "<!-- <module> *** -->", id="comments-do-not"),
        pytest.param("<li title='hunter'>x", "<li title='***'>x", id="titles-do-not"),
        pytest.param("<title>hunter</title>", "<title>***</title>", id="the-title"),
        pytest.param(f"<pre>{escape(ENV['ODD_SECRET'])}</pre>", "<pre>***</pre>", id="escaped"),
        pytest.param(f"<pre>{escape(repr(ENV['ODD_SECRET']))}</pre>", "<pre>&#39;***&#39;</pre>", id="escaped-repr"),
    ],
)
def test_pages(mask: Mask, page: str, shown: str) -> None:
    assert mask.html(page) == shown
