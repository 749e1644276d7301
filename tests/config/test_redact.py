"""Which names hold secrets, and what is left of a text that has one."""

from __future__ import annotations

import pytest

from launcher.config import redact


@pytest.mark.parametrize(
    "name",
    ["API_KEY", "STRIPE_KEY", "APIKEY", "api_key", "SECRET_KEY", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "TOKEN", "ACCESSTOKEN", "MY_SECRET", "SECRETS",
     "DB_PASSWORD", "PASSWORDS", "PGPASSWORD", "MYSQL_PWD", "PASSPHRASE", "GOOGLE_CREDENTIALS", "x-api-key"],
)  # fmt: skip
def test_secret_names(name: str) -> None:
    assert redact.is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "PORT",
        "DATABASE_URL",
        "MONKEY",
        "KEYBOARD",
        "KEY",
        "tls.key",
        "LAUNCH_TLS__KEY",
        "FLASK_RUN_KEY",
        "PWD",
        "OLDPWD",
        "HOKEY",
        "",
    ],
)
def test_other_names(name: str) -> None:
    assert not redact.is_secret_name(name)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("postgres://user:pass@host/db", "postgres://***@host/db"),
        ("redis://:pass@host", "redis://***@host"),
        ("https://token@host/x", "https://token@host/x"),
        ("https://host/x", "https://host/x"),
        ("a postgres://u:p@h b https://u:q@i", "a postgres://***@h b https://***@i"),
        ("postgresql+psycopg://u:p%40@h", "postgresql+psycopg://***@h"),
        ("user:pass@host", "user:pass@host"),
        ("https://host/a@b", "https://host/a@b"),
        ("postgres://u:p@ss@host/db", "postgres://***@host/db"),
    ],
)
def test_mask_url(text: str, masked: str) -> None:
    assert redact.mask_url(text) == masked


def test_mask_url_can_keep_the_length() -> None:
    text = "x postgres://user:pass@host/db y"
    assert redact.mask_url(text, keep=True) == "x postgres://*********@host/db y"


@pytest.mark.parametrize(
    ("name", "text", "secret", "shown"),
    [
        ("API_KEY", "abc", False, "***"),
        ("API_KEY", "", False, ""),
        ("DATABASE_URL", "postgres://u:p@h", False, "postgres://***@h"),
        ("DATABASE_URL", "postgres://u:p@h", True, "***"),
        ("PORT", "80", False, "80"),
    ],
)
def test_shown(name: str, text: str, secret: bool, shown: str) -> None:
    assert redact.shown(name, text, secret=secret) == shown
