"""Texts become values by the declared type, and variables become entries by the schema's names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.config import schema
from launcher.config.layer import Origin, Source
from launcher.config.sources.pairs import FLASK, Pair, flask_entries, launch_entries, parse_text, spread

BY_KEY = schema.by_key()
BY_VARIABLE = {row.variable: row for row in schema.settings_table() if row.variable}


def pair(name: str, text: str) -> Pair:
    return Pair(name, text, Origin(Source.ENVIRONMENT, name=name, text=text))


@pytest.mark.parametrize(
    ("kinds", "text", "value"),
    [
        *[
            pytest.param(("switch",), text, True, id=f"true-{text}")
            for text in ("1", "true", "TRUE", "t", "yes", "Y", "on", "On")
        ],
        *[
            pytest.param(("switch",), text, False, id=f"false-{text}")
            for text in ("0", "false", "False", "f", "no", "N", "off", "OFF")
        ],
        pytest.param(("switch",), "maybe", "maybe", id="no-switch-stays-text"),
        pytest.param(("number",), "8000", 8000, id="number"),
        pytest.param(("number",), " 8000 ", 8000, id="number-with-spaces"),
        pytest.param(("number",), "-1", -1, id="negative"),
        pytest.param(("number",), "80a", "80a", id="no-number-stays-text"),
        pytest.param(("number",), "1_000", "1_000", id="underscore-is-no-digit"),
        pytest.param(("number",), "٣", "٣", id="digits-of-other-scripts-are-text"),
        pytest.param(("number",), "9" * 5000, "9" * 5000, id="number-of-thousands-of-digits-stays-text"),
        pytest.param(("decimal",), "0.5", 0.5, id="decimal"),
        pytest.param(("decimal",), "2", 2.0, id="decimal-without-point"),
        pytest.param(("decimal",), "nan", "nan", id="nan-stays-text"),
        pytest.param(("decimal",), "1e9", "1e9", id="exponent-stays-text"),
        pytest.param(("list",), "a,b", ("a", "b"), id="list-by-comma"),
        pytest.param(("list",), " a , b ,", ("a", "b"), id="list-spaces-and-last-comma"),
        pytest.param(("list",), '["a,b", "c"]', ("a,b", "c"), id="list-as-json"),
        pytest.param(("list",), "[1", "[1", id="broken-json-stays-text"),
        pytest.param(("list",), "[" * 20000, "[" * 20000, id="deep-json-stays-text"),
        pytest.param(("list",), '{"a": 1}', ('{"a": 1}',), id="list-of-one"),
        pytest.param(("map",), '{"/s": "static"}', {"/s": "static"}, id="map-as-json"),
        pytest.param(("map",), "[1]", "[1]", id="list-is-no-map"),
        pytest.param(("text",), " 1 ", " 1 ", id="text-keeps-its-spaces"),
        pytest.param(("number", "text"), "auto", "auto", id="number-or-text"),
        pytest.param(("number", "text"), "8000", 8000, id="number-before-text"),
        pytest.param(("switch", "text"), "/admin", "/admin", id="switch-or-text"),
    ],
)
def test_parse_text(kinds: tuple[str, ...], text: str, value: object) -> None:
    parsed = parse_text(text, kinds)
    assert parsed == value
    assert type(parsed) is type(value)


@given(st.text(), st.lists(st.sampled_from(["switch", "number", "decimal", "list", "map", "text"]), max_size=3))
def test_parse_text_never_fails(text: str, kinds: list[str]) -> None:
    parse_text(text, kinds)


@pytest.mark.parametrize(
    ("name", "text", "entries"),
    [
        pytest.param("LAUNCH_PORT", "8000", {("port",): 8000}, id="number"),
        pytest.param("LAUNCH_DEBUG", "off", {("debug",): False}, id="off-is-false"),
        pytest.param("LAUNCH_RELOAD__ENGINE", "restart", {("reload", "engine"): "restart"}, id="two-underscores"),
        pytest.param(
            "LAUNCH_RELOAD__DRAIN_SECONDS", "2", {("reload", "drain-seconds"): 2.0}, id="both-kinds-of-underscore"
        ),
        pytest.param(
            "LAUNCH_WSGI__STATIC",
            '{"/s": "x", "/t.u": "y"}',
            {("wsgi", "static", "/s"): "x", ("wsgi", "static", "/t.u"): "y"},
            id="map",
        ),
        pytest.param("LAUNCH_PORT", "", {}, id="empty-is-not-given"),
        pytest.param("LAUNCH_PROFILE", "x", {}, id="reserved"),
        pytest.param("LAUNCH_COLOR", "never", {}, id="reserved-color"),
        pytest.param("LAUNCH_EDITOR", "code", {}, id="of-another-tool"),
        pytest.param("LAUNCH_DARKLY_SDK_KEY", "x", {}, id="of-another-product"),
        pytest.param("PORT", "1", {}, id="without-prefix"),
    ],
)
def test_launch_entries(name: str, text: str, entries: dict[tuple[str, ...], object]) -> None:
    found, findings = launch_entries([pair(name, text)], BY_VARIABLE)
    assert {entry.key: entry.value for entry in found} == entries
    assert findings == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        pytest.param("LAUNCH_PROT", "did you mean LAUNCH_PORT?", id="typo"),
        pytest.param("LAUNCH_RELOAD_ENGINE", "did you mean LAUNCH_RELOAD__ENGINE?", id="one-underscore"),
        pytest.param(
            "LAUNCH_ENV__DATABASE_URL",
            "variables for the app need no prefix: set DATABASE_URL itself",
            id="app-variable",
        ),
    ],
)
def test_unknown_name_is_an_error_also_when_empty(name: str, hint: str) -> None:
    for text in ("", "x"):
        entries, (finding,) = launch_entries([pair(name, text)], BY_VARIABLE)
        assert entries == []
        assert (finding.slug, finding.hint, finding.warning) == ("env-unknown", hint, False)


@pytest.mark.parametrize("name", ["LAUNCH_DATE", "LAUNCH_SOMETHING_ELSE", "LAUNCH_PAD"])
def test_unknown_name_is_a_warning_when_no_name_is_near(name: str) -> None:
    _, (finding,) = launch_entries([pair(name, "x")], BY_VARIABLE)
    assert (finding.slug, finding.warning) == ("env-unknown", True)
    assert finding.hint == f'if it belongs to another program: ignore-variables = ["{name}"]'


@pytest.mark.parametrize(
    ("environ", "entries"),
    [
        pytest.param({"FLASK_APP": "hello"}, {"app": "hello"}, id="app"),
        pytest.param({"FLASK_APP": ""}, {}, id="empty-app-is-not-given"),
        pytest.param(
            {"FLASK_RUN_HOST": "::1", "FLASK_RUN_PORT": "80"}, {"host": "::1", "port": 80}, id="host-and-port"
        ),
        pytest.param({"FLASK_RUN_PORT": "x"}, {"port": "x"}, id="wrong-port-is-left-to-the-validator"),
        pytest.param(
            {"FLASK_RUN_CERT": "c.pem", "FLASK_RUN_KEY": "k.pem"}, {"tls.cert": "c.pem", "tls.key": "k.pem"}, id="cert"
        ),
        pytest.param({"FLASK_RUN_CERT": "adhoc"}, {"tls.adhoc": True}, id="adhoc-cert"),
        pytest.param(
            {"FLASK_RUN_RELOAD": "off", "FLASK_RUN_DEBUGGER": "1"},
            {"reload.enabled": False, "debugger.enabled": True},
            id="switches",
        ),
        pytest.param({"FLASK_RUN_WITH_THREADS": "no"}, {"threads": False}, id="threads"),
        pytest.param({"FLASK_RUN_EXTRA_FILES": "a:b::c,d"}, {"reload.include": ("a", "b", "c,d")}, id="extra-files"),
        pytest.param(
            {"FLASK_RUN_EXCLUDE_PATTERNS": "*.log:x"}, {"reload.exclude": ("*.log", "x")}, id="exclude-patterns"
        ),
        pytest.param({"FLASK_RUN_SOMETHING": "1", "FLASK_SECRET_KEY": "x"}, {}, id="others-are-the-apps"),
        *[
            pytest.param({"FLASK_DEBUG": text}, {"debug": False}, id=f"debug-off-{text}")
            for text in ("0", "false", "FALSE", "no", "No", "off", "n", "f", " ")
        ],
        pytest.param({"FLASK_DEBUG": ""}, {}, id="debug-empty-is-not-given"),
        *[
            pytest.param({"FLASK_DEBUG": text}, {"debug": True}, id=f"debug-on-{text}")
            for text in ("1", "true", "yes", "on", "2")
        ],
        pytest.param({"FLASK_ENV": "development"}, {"debug": True}, id="development"),
        pytest.param({"FLASK_ENV": "production"}, {"debug": False}, id="production"),
        pytest.param({"FLASK_ENV": "Development"}, {"debug": False}, id="environment-is-compared-exactly"),
        pytest.param({"FLASK_ENV": ""}, {}, id="empty-environment-is-not-given"),
        pytest.param({"FLASK_ENV": "development", "FLASK_DEBUG": "0"}, {"debug": False}, id="debug-beats-environment"),
        pytest.param({"FLASK_ENV": "production", "FLASK_DEBUG": "1"}, {"debug": True}, id="debug-beats-production"),
        pytest.param(
            {"FLASK_ENV": "development", "FLASK_DEBUG": ""}, {"debug": True}, id="empty-debug-leaves-it-to-environment"
        ),
    ],
)
def test_flask_entries(environ: dict[str, str], entries: dict[str, object]) -> None:
    decided = bool(environ.get("FLASK_DEBUG"))
    found = flask_entries(
        {name: pair(name, text) for name, text in environ.items()}, BY_KEY, ":", debug_decided=decided
    )
    assert {".".join(entry.key): entry.value for entry in found} == entries
    assert all(entry.origin.name in environ for entry in found)


def test_environment_is_ignored_where_another_source_decides_debug() -> None:
    assert flask_entries({"FLASK_ENV": pair("FLASK_ENV", "production")}, BY_KEY, ":", debug_decided=True) == []


def test_every_flask_name_leads_to_a_setting() -> None:
    assert set(FLASK.values()) <= set(BY_KEY)


@pytest.mark.parametrize(
    ("key", "value", "entries"),
    [
        pytest.param(("tls",), {"cert": "a", "key": "b"}, {("tls", "cert"): "a", ("tls", "key"): "b"}, id="table"),
        pytest.param(("tls",), {}, {("tls",): {}}, id="empty-table-is-a-leaf"),
        pytest.param(("env", "X"), {"value": "a"}, {("env", "X"): {"value": "a"}}, id="app-variable-is-a-leaf"),
        pytest.param(("env",), {"X": {"value": "a"}}, {("env", "X"): {"value": "a"}}, id="inside-env"),
        pytest.param(("port",), 1, {("port",): 1}, id="plain"),
    ],
)
def test_spread(key: tuple[str, ...], value: object, entries: dict[tuple[str, ...], object]) -> None:
    assert {entry.key: entry.value for entry in spread(key, value, Origin(Source.ENVIRONMENT))} == entries
