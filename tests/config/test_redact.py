"""Which names hold secrets, and what is left of a text that has one."""

from __future__ import annotations

import pytest

from launcher.config import redact


@pytest.mark.parametrize(
    "name",
    ["API_KEY", "STRIPE_KEY", "APIKEY", "api_key", "SECRET_KEY", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "TOKEN", "ACCESSTOKEN", "MY_SECRET", "SECRETS",
     "DB_PASSWORD", "PASSWORDS", "PGPASSWORD", "MYSQL_PWD", "PASSPHRASE", "PIN", "debugger.pin", "LAUNCH_DEBUGGER__PIN", "GOOGLE_CREDENTIALS", "x-api-key"],
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
        "SPIN",
        "PING",
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
        ("postgres://u:p/a?s#s@host/db", "postgres://***@host/db"),
        ("http://localhost:3000/@vite/client", "http://localhost:3000/@vite/client"),
        ("https:/u:p@host", "https:/***@host"),
        ("x" * 60_000, "x" * 60_000),
        ("://u:" * 20_000, "://u:" * 20_000),
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


@pytest.mark.parametrize(
    ("key", "value", "hidden"),
    [
        ("debugger.pin", "123-456", True),
        ("debugger.pin", "random", False),
        ("debugger.pin", "off", False),
        ("tls.key", "dev.key", False),
        ("port", 5000, False),
    ],
)
def test_settings_that_are_secret(key: str, value: object, hidden: bool) -> None:
    assert redact.hides_setting(key, value) is hidden


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        ("env.DSN", True),
        ('env."DSN"', True),
        ("env", True),
        ("API_KEY", True),
        ("debugger.pin", True),
        ("a.password.b", True),
        ("--token", True),
        ("port", False),
        ("tls.key", False),
        ("reload.engine", False),
    ],
)
def test_keys_of_a_command_line(key: str, secret: bool) -> None:
    assert redact.is_secret_key(key) is secret


def test_secrets_of_the_environment_are_taken_out_of_any_text() -> None:
    environ = {"API_KEY": "abcd", "OTHER_TOKEN": "abcdef", "SHORT_KEY": "abc", "HOME": "/home"}
    text = "abcdef abcd abc /home postgres://u:p@h"
    assert redact.without_secrets(text, environ) == "*** *** abc /home postgres://***@h"
