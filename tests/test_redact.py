"""Which names hold secrets, and what is left of a text that has one."""

from __future__ import annotations

import pytest

from launcher import redact
from launcher.config.schema import by_key

SECRET_NAMES = [
    "API_KEY",
    "STRIPE_KEY",
    "APIKEY",
    "api_key",
    "SECRET_KEY",
    "AWS_SECRET_ACCESS_KEY",
    "GITHUB_TOKEN",
    "TOKEN",
    "ACCESSTOKEN",
    "MY_SECRET",
    "SECRETS",
    "PIN",
    "DB_PASSWORD",
    "PASSWORDS",
    "PGPASSWORD",
    "MYSQL_PWD",
    "PASSPHRASE",
    "debugger.pin",
    "LAUNCH_DEBUGGER__PIN",
    "GOOGLE_CREDENTIALS",
    "x-api-key",
    "DB_PASS",
    "SMTP_PASS",
    "DBPASS",
    "PASS",
    "PASSWD",
    "DB_PASSWD",
    "GH_PAT",
    "PAT",
    "STRIPE_SK",
    "SK",
    "AUTH",
    "BASIC_AUTH",
    "SENTRY_DSN",
    "DSN",
    "PASSWORD_SALT",
    "SALT",
    "SECURITY_PASSWORD_SALT",
    "SESSION_COOKIE",
    "COOKIE",
    "SLACK_WEBHOOK",
    "SLACK_WEBHOOK_URL",
    "DISCORD_WEBHOOK_URL",
    "CONNECTION_STRING",
    "AZURE_STORAGE_CONNECTION_STRING",
    "PRIVATE_KEY",
    "PRIVATE_KEY_PEM",
    "JWT_PRIVATE_KEY",
    "ENCRYPTION_KEY",
    "SIGNING_KEY",
    "ACCESS_KEY",
    "FERNET_KEY",
    "MAILGUN_KEY",
    "LICENSE_KEY",
    "API_KEYS",
    "SECRET_KEY_BASE",
    "SECRET_KEY_FALLBACKS",
    "API_KEY_V2",
    "API_KEY_2",
    "PASSWORD2",
    "DB_PASS_PROD",
    "TOKEN_GITHUB",
    "PASSWORD_DB",
    "CLIENT_SECRET",
    "clientSecret",
    "dbPassword",
    "apiKey",
    "APIKey",
    "accessToken",
    "gitHubPAT",
    "TWILIO_AUTH_TOKEN",
    "CSRF_TOKEN",
    "REDIS_AUTH",
    "HTTP_AUTHORIZATION",
    "VAULT_SECRET_ID",
    "OTP",
    "TOTP",
    "JWT",
    "DB_CREDS",
    "DJANGO_SECRET_KEY",
    "SENTRY_AUTH_TOKEN",
    "HEROKU_API_KEY",
    "COOKIE_SECRET",
    "cookie-secret",
    "MYSQLPWD",
    "USERPASS",
    "SHARED_ACCESS_SIGNATURE",
    "PEPPER",
    "AUTH0_CLIENT_SECRET",
    "STORAGE_KEY",
    "wsgi.token",
    "app.db.pass",
]
OPEN_NAMES = [
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
    "PATH",
    "SKIP",
    "PASSWORD_MIN_LENGTH",
    "BYPASS",
    "AUTHOR",
    "AUTHORS",
    "PASSENGER",
    "PASSENGER_APP_ENV",
    "TOKENIZERS_PARALLELISM",
    "KEY_PREFIX",
    "COOKIE_SECURE",
    "COOKIE_NAME",
    "SESSION_COOKIE_NAME",
    "SESSION_COOKIE_HTTPONLY",
    "SESSION_COOKIE_SAMESITE",
    "COOKIE_DOMAIN",
    "PRIMARY_KEY",
    "FOREIGN_KEY",
    "PUBLIC_KEY",
    "STRIPE_PUBLISHABLE_KEY",
    "CACHE_KEY",
    "CACHE_KEY_PREFIX",
    "SORT_KEY",
    "COMPASS_URL",
    "PASSTHROUGH",
    "PASS_THROUGH",
    "SSH_ASKPASS",
    "SSH_AUTH_SOCK",
    "AUTH_USER_MODEL",
    "AUTH_URL",
    "OAUTH_TOKEN_URL",
    "TOKEN_EXPIRY",
    "TOKEN_TTL",
    "PASSWORD_RESET_TIMEOUT",
    "PASSWORD_HASHERS",
    "AUTH_PASSWORD_VALIDATORS",
    "AWS_ACCESS_KEY_ID",
    "API_KEY_HEADER",
    "SECRET_KEY_FILE",
    "PRIVATE_KEY_PATH",
    "MAX_TOKENS",
    "OPENAI_MAX_TOKENS",
    "AUTH_ENABLED",
    "AUTH0_DOMAIN",
    "AUTH0_CLIENT_ID",
    "WEBHOOK_PORT",
    "WEBHOOK_PATH",
    "SALT_ROUNDS",
    "JWT_ALGORITHM",
    "JWT_ACCESS_TOKEN_EXPIRES",
    "PATTERN",
    "PATIENT",
    "DISPATCH",
    "SKU",
    "TASK",
    "DISK",
    "ASK",
    "MASK",
    "RISK",
    "DESK",
    "SALTED_CARAMEL",
    "COOKIECUTTER",
    "DSNAME",
    "OPINION",
    "PINECONE",
    "PINECONE_HOST",
    "KEYCLOAK_URL",
    "KEYSTONE_HOST",
    "TURKEY",
    "WHISKEY",
    "MONKEYPATCH",
    "JSON_SORT_KEYS",
    "HOME",
    "USER",
    "LANG",
    "SHELL",
    "LS_COLORS",
    "XAUTHORITY",
    "TOKENIZER",
    "SECRETARY",
    "PASSIVE",
    "SESSION_LIFETIME",
]


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_name_is_secret(name: str) -> None:
    assert redact.is_secret_name(name)


@pytest.mark.parametrize("name", [*OPEN_NAMES, "", "123", "é"])
def test_name_is_open(name: str) -> None:
    assert not redact.is_secret_name(name)


def test_of_all_settings_only_the_pin_is_called_like_a_secret() -> None:
    assert [key for key in by_key() if redact.is_secret_name(key)] == ["debugger.pin"]


@pytest.mark.parametrize("text", ["", "0", "1", "true", "False", "no", "on", "/etc/keys/dev.json", "./dev.pem"])
def test_switch_or_path_is_no_secret(text: str) -> None:
    assert redact.shown("API_KEY", text) == text


def test_file_name_alone_may_be_a_secret() -> None:
    assert redact.shown("API_KEY", "a.json") == "***"


B64 = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="
HEX = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("postgres://user:pass@host/db", "postgres://***@host/db"),
        ("redis://:pass@host", "redis://***@host"),
        ("https://token@host/x", "https://token@host/x"),
        ("ssh://git@host/x", "ssh://git@host/x"),
        (f"https://{HEX}@o1.ingest.sentry.io/4", "https://***@o1.ingest.sentry.io/4"),
        ("https://host/x", "https://host/x"),
        ("a postgres://u:p@h b https://u:q@i", "a postgres://***@h b https://***@i"),
        ("postgresql+psycopg://u:p%40@h", "postgresql+psycopg://***@h"),
        ("user:pass@host", "user:pass@host"),
        ("https://host/a@b", "https://host/a@b"),
        ("postgres://u:p@ss@host/db", "postgres://***@host/db"),
        ("postgres://u:p/a?s#s@host/db", "postgres://***@host/db"),
        ("http://localhost:3000/@vite/client", "http://localhost:3000/@vite/client"),
        ("https:/u:p@host", "https:/***@host"),
        ("jdbc:postgresql://h/db?user=a&password=p%20w&ssl=1", "jdbc:postgresql://h/db?user=a&password=***&ssl=1"),
        ("jdbc:sqlserver://h;user=a;password={a;b};x=1", "jdbc:sqlserver://h;user=a;password=***;x=1"),
        ("Server=h;Uid=a;Pwd=hunter2;", "Server=h;Uid=a;Pwd=***;"),
        ("host=h user=a password=hunter2 dbname=d", "host=h user=a password=*** dbname=d"),
        ("password='hunter 2' host=h", "password='***' host=h"),
        ("https://h/hook?token=abc", "https://h/hook?token=***"),
        ("https://h/blob?sv=1&sig=a%2Bb", "https://h/blob?sv=1&sig=***"),
        (f"AccountName=a;AccountKey={B64};E=x", "AccountName=a;AccountKey=***;E=x"),
        (f"Endpoint=sb://h/;SharedAccessKeyName=n;SharedAccessKey={B64}", "Endpoint=sb://h/;SharedAccessKeyName=n;SharedAccessKey=***"),
        ("https://hooks.slack.com/services/T0/B0/xyz", "https://hooks.slack.com/***"),
        ("https://discord.com/api/webhooks/123/abc-def", "https://discord.com/api/webhooks/***"),
        ("https://discordapp.com/api/webhooks/123/abc", "https://discordapp.com/api/webhooks/***"),
        ("Bearer abcdef123456", "Bearer ***"),
        ("Bearer secretletters", "Bearer ***"),
        ("Authorization: Basic YWRhOnBhc3M=", "Authorization: Basic ***"),
        ("Basic authentication is off", "Basic authentication is off"),
        ("the bearer of this letter", "the bearer of this letter"),
        ("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nx", "***\nx"),
        ("-----BEGIN PRIVATE KEY-----\\nabc\\n-----END PRIVATE KEY-----\\n", "***\\n"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nabc", "***"),
        ("-----BEGIN PGP PRIVATE KEY BLOCK-----\nabc", "***"),
        ("-----BEGIN CERTIFICATE-----\nabc", "-----BEGIN CERTIFICATE-----\nabc"),
        ("-----BEGIN PUBLIC KEY-----\nabc", "-----BEGIN PUBLIC KEY-----\nabc"),
        ("key AKIAIOSFODNN7EXAMPLE used", "key *** used"),
        (f"ghp_{HEX}", "***"),
        (f"github_pat_{HEX}_x", "***"),
        (f"glpat-{HEX}", "***"),
        (f"sk_live_{HEX}", "***"),
        (f"sk_test_{HEX}", "***"),
        (f"pk_live_{HEX}", f"pk_live_{HEX}"),
        (f"sk-proj-{HEX}", "***"),
        ("xoxb-123456789-abcdef", "***"),
        (f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.{HEX}", "***"),
        (f"AIza{HEX}abc", "***"),
        (f"SG.{HEX}.{HEX}", "***"),
        ("https://api.telegram.org/bot123456789:" + "a" * 35 + "/x", "https://api.telegram.org/***/x"),
        ("task-name", "task-name"),
        ("sk-learn-is-a-library-of-python", "sk-learn-is-a-library-of-python"),
        ("def f(a, password=None):", "def f(a, password=None):"),
        ("f(password=password)", "f(password=password)"),
        ("    token=token,", "    token=token,"),
        ("tokens=5 max_token=7", "tokens=5 max_token=7"),
        ('"?password={password}"', '"?password={password}"'),
        ("x" * 60_000, "x" * 60_000),
        ("://u:" * 20_000, "://u:" * 20_000),
        ("eyJ" * 20_000, "eyJ" * 20_000),
        ("a_eyJaaaaaa-" * 5_000, "a_eyJaaaaaa-" * 5_000),
        ("bearer " * 20_000, "bearer " * 20_000),
        ("password=" + "\"a" * 20_000, 'password="***"' + "a" + '"a' * 19_998),
        ("://" + "a1" * 20_000, "://" + "a1" * 20_000),
        ("-----BEGIN " * 10_000, "-----BEGIN " * 10_000),
    ],
)  # fmt: skip
def test_mask(text: str, masked: str) -> None:
    assert redact.mask(text) == masked


@pytest.mark.parametrize("text", ["a Bearer abcdef123456", f"https://h/?token={HEX}&a=1", "host=h password='a b'"])
def test_secret_parts_are_what_mask_takes_out(text: str) -> None:
    (part,) = redact.secret_parts(text)
    assert text.replace(part, "***") == redact.mask(text)


def test_mask_can_keep_the_length() -> None:
    text = "x postgres://user:pass@host/db y"
    assert redact.mask(text, keep=True) == "x postgres://*********@host/db y"


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
