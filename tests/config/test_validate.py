"""Wrong values become findings that say where, what is expected, and what was probably meant."""

from __future__ import annotations

import datetime

import pytest

from launcher.config import schema, validate
from launcher.config.finding import Finding
from launcher.config.layer import Entry, Layer, Origin, Source
from launcher.config.sources import pairs
from launcher.config.sources.files import table_entries
from launcher.config.stack import merge, nest

BASE = Origin(Source.BASE, file="/p/devserver.toml", path=("base",))
KEYS = "keys here: allowed-hosts, app, app-dir, browser, debug, debugger, env, env-files, host, ignore-variables, loading, port, processes, reload, threads, tls, wsgi"


def file_layer(table: dict[str, object], origin: Origin = BASE) -> Layer:
    return Layer(origin.source, "", tuple(table_entries(table, origin)))


def text_layer(source: Source, name: str, key: str, text: str) -> Layer:
    row = schema.by_key()[key]
    origin = Origin(source, name=name, text=text)
    return Layer(source, "", (Entry(tuple(key.split(".")), pairs.parse_text(text, row.kinds), origin),))


def check(table: dict[str, object]) -> list[Finding]:
    return validate.check_layer(file_layer(table))


@pytest.mark.parametrize(
    ("table", "slug", "message", "hint"),
    [
        pytest.param({"prot": 1}, "unknown-key", "`base.prot` is not a setting", f"did you mean `port`?  {KEYS}", id="typo"),
        pytest.param({"zzzzzz": 1}, "unknown-key", "`base.zzzzzz` is not a setting", KEYS, id="nothing-near"),
        pytest.param({"app_dir": "x"}, "unknown-key", "`base.app_dir` is not a setting", "did you mean `app-dir`?", id="underscore"),
        pytest.param({"reload": {"engin": "x"}}, "unknown-key", "`base.reload.engin` is not a setting", "did you mean `engine`?  keys here: drain-seconds, enabled, engine, exclude, include, poll", id="in-a-table"),
        pytest.param({"use_reloader": True}, "unknown-key", "`base.use_reloader` is not a setting", f"did you mean `reload.enabled`?  {KEYS}", id="werkzeugs-name"),
        pytest.param({"extra_files": []}, "unknown-key", "`base.extra_files` is not a setting", f"did you mean `reload.include`?  {KEYS}", id="flasks-name"),
        pytest.param({"env": {"X": {"valu": "a"}}}, "unknown-key", "`base.env.X.valu` is not a setting", "did you mean `value`?  keys here: default, override, required, secret, value", id="in-a-variable"),
        pytest.param({"engine": "auto"}, "wrong-place", "`engine` belongs in [reload]", "write reload.engine = ...", id="key-of-a-table"),
        pytest.param({"reload": {"port": 1}}, "wrong-place", "`port` belongs in [base] or a profile, outside of any table", "write port = ...", id="key-of-no-table"),
        pytest.param({"enabled": True}, "wrong-place", "`enabled` belongs in [reload]", "write reload.enabled or debugger.enabled = ...", id="key-of-two-tables"),
        pytest.param({"default-profile": "x"}, "wrong-place", "`default-profile` belongs at the top of the file, above all tables", "a profile cannot choose a profile", id="selector"),
        pytest.param({"base": {"port": 1}}, "wrong-place", "`base` belongs in devserver.toml", "a file in the folder profiles has the settings without a table around them", id="wrapper"),
        pytest.param({"extends": "x"}, "wrong-place", "`extends` belongs in a profile", "[base] is the root of all profiles", id="extends-in-base"),
        pytest.param({"port": "5000"}, "wrong-type", '`base.port` must be a whole number 0-65535 or "auto", this is text', "write 5000 without quotes", id="number-in-quotes"),
        pytest.param({"port": "5O00"}, "wrong-type", '`base.port` must be a whole number 0-65535 or "auto", this is text', "character 2 is the letter O; write 5000 without quotes", id="letter-o"),
        pytest.param({"port": "auot"}, "wrong-type", '`base.port` must be a whole number 0-65535 or "auto", this is text', 'did you mean "auto"?', id="number-or-word"),
        pytest.param({"port": "80x"}, "wrong-type", '`base.port` must be a whole number 0-65535 or "auto", this is text', "", id="neither-number-nor-word"),
        pytest.param({"port": 65536}, "out-of-range", '`base.port` must be a whole number 0-65535 or "auto", this is 65536', "", id="too-high"),
        pytest.param({"port": 1.5}, "wrong-type", '`base.port` must be a whole number 0-65535 or "auto", this is a number', "", id="decimal-for-whole-number"),
        pytest.param({"port": True}, "wrong-type", '`base.port` must be a whole number 0-65535 or "auto", this is true', "", id="true-for-number"),
        pytest.param({"processes": 0}, "out-of-range", "`base.processes` must be a whole number, 1 or more, this is 0", "", id="too-low"),
        pytest.param({"debug": "off"}, "wrong-type", "`base.debug` must be true or false, this is text", "write false without quotes", id="switch-in-quotes"),
        pytest.param({"debug": "maybe"}, "wrong-type", "`base.debug` must be true or false, this is text", "", id="no-switch"),
        pytest.param({"debug": 1}, "wrong-type", "`base.debug` must be true or false, this is a whole number", "", id="number-for-switch"),
        pytest.param({"app": 5}, "wrong-type", "`base.app` must be text, this is a whole number", "put it in quotes", id="number-for-text"),
        pytest.param({"app": datetime.date(2020, 1, 1)}, "wrong-type", "`base.app` must be text, this is a date", "", id="date"),
        pytest.param({"app": []}, "wrong-type", "`base.app` must be text, this is a list", "", id="list-for-text"),
        pytest.param({"app": {"a": 1}}, "wrong-type", "`base.app` must be text, this is a table", "", id="table-for-text"),
        pytest.param({"tls": True}, "wrong-type", "`base.tls` must be a table, this is true", "", id="value-for-table"),
        pytest.param({"env-files": ".env"}, "wrong-type", "`base.env-files` must be a list of texts, this is text", 'write [".env"]', id="text-for-list"),
        pytest.param({"reload": {"include": ["a", 3]}}, "wrong-type", "item 2 of `base.reload.include` must be text, this is a whole number", "put it in quotes", id="item-of-a-list"),
        pytest.param({"wsgi": {"static": {"/s": 3}}}, "wrong-type", "`base.wsgi.static./s` must be text, this is a whole number", "put it in quotes", id="value-of-a-map"),
        pytest.param({"browser": {"open": 3}}, "wrong-type", "`base.browser.open` must be true or false or text, this is a whole number", "put it in quotes", id="switch-or-text"),
        pytest.param({"loading": "eagr"}, "bad-choice", '`base.loading` cannot be "eagr"', 'did you mean "eager"?  must be one of "auto", "eager", "lazy"', id="choice"),
        pytest.param({"loading": "background"}, "bad-choice", '`base.loading` cannot be "background"', 'must be one of "auto", "eager", "lazy"', id="choice-nothing-near"),
        pytest.param({"loading": 3}, "wrong-type", '`base.loading` must be one of "auto", "eager", "lazy", this is a whole number', "", id="number-for-choice"),
        pytest.param({"env": {"X": 12345}}, "wrong-type", "`base.env.X` must be text, or a table with value, default or required, this is a whole number", "put it in quotes", id="variable"),
        pytest.param({"env": {"X": {"required": True}}}, "wrong-type", "`base.env.X.required` must be text, this is true", 'write how to get a value: required = "ask the team"', id="requirement-without-a-text"),
        pytest.param({"env": {"X": {"secret": True}}}, "wrong-type", "`base.env.X` must be a table with exactly one of value, default, required, this has none of them", "", id="variable-of-no-kind"),
        pytest.param({"env": {"X": {"value": "a", "required": "b"}}}, "wrong-type", "`base.env.X` must be a table with exactly one of value, default, required, this has value and required", "", id="variable-of-two-kinds"),
        pytest.param({"env": {"X": {"value": "a", "secret": "yes"}}}, "wrong-type", "`base.env.X.secret` must be true or false, this is text", "write true without quotes", id="mark-of-a-variable"),
        pytest.param({"env": {"X": {"value": 3}}}, "wrong-type", "`base.env.X.value` must be text, this is a whole number", "put it in quotes", id="value-of-a-variable"),
        pytest.param({"env": "x"}, "wrong-type", "`base.env` must be a table of variables, each text or a table, this is text", "", id="no-table-of-variables"),
        pytest.param({"env": {"A=B": "x"}}, "env-name", "`A=B` cannot be the name of a variable", "a name is not empty and contains no =", id="equals-in-a-name"),
        pytest.param({"env": {"": "x"}}, "env-name", "`` cannot be the name of a variable", "a name is not empty and contains no =", id="empty-name"),
        pytest.param({"env": {"A": {"value": "a\0"}}}, "env-name", "the value of A contains a NUL character", "no environment variable can", id="nul"),
        pytest.param({"env": {"LAUNCH_PORT": "1"}}, "env-name", "LAUNCH_PORT sets nothing here: it is read before the app has an environment", "write the setting itself", id="ours-in-env"),
    ],
)  # fmt: skip
def test_wrong_value_in_a_file(table: dict[str, object], slug: str, message: str, hint: str) -> None:
    (finding,) = check(table)
    assert (finding.slug, finding.message, finding.hint) == (slug, message, hint)
    assert finding.origin is not None
    assert finding.origin.path[0] == "base"
    assert finding.at_key or slug not in ("unknown-key", "wrong-place")


@pytest.mark.parametrize(
    ("table", "path"),
    [
        pytest.param({"reload": {"engine": "x"}}, ("base", "reload", "engine"), id="value"),
        pytest.param({"relod": {"engine": "x", "poll": 1}}, ("base", "relod"), id="unknown-table-points-at-the-table"),
        pytest.param({"reload": {"include": ["a", 1]}}, ("base", "reload", "include", "1"), id="item"),
        pytest.param({"env": {"X": {"valu": "x"}}}, ("base", "env", "X", "valu"), id="inside-a-variable"),
        pytest.param({"tls": 3}, ("base", "tls"), id="value-for-table"),
    ],
)
def test_origin_of_a_wrong_value(table: dict[str, object], path: tuple[str, ...]) -> None:
    (finding,) = check(table)
    assert finding.origin is not None
    assert finding.origin.path == path


def test_all_problems_of_a_layer_are_told_at_once() -> None:
    found = check({"prot": 1, "port": "x", "loading": 3, "env": {"A": 1, "B": 2}})
    assert sorted(finding.slug for finding in found) == [
        "unknown-key",
        "wrong-type",
        "wrong-type",
        "wrong-type",
        "wrong-type",
    ]


def test_pyproject_path_is_not_part_of_the_name() -> None:
    origin = Origin(Source.BASE, file="/p/pyproject.toml", path=("tool", "launch", "base"))
    (finding,) = validate.check_layer(file_layer({"port": "x"}, origin))
    assert finding.message.startswith("`base.port` must be")


@pytest.mark.parametrize(
    ("source", "name", "key", "text", "slug", "message", "hint"),
    [
        pytest.param(Source.ENVIRONMENT, "LAUNCH_PORT", "port", "80a", "env-value", 'LAUNCH_PORT="80a" must be a whole number 0-65535 or "auto"', "", id="variable"),
        pytest.param(Source.ENVIRONMENT, "LAUNCH_PORT", "port", "70000", "env-value", 'LAUNCH_PORT="70000" must be a whole number 0-65535 or "auto"', "", id="variable-out-of-range"),
        pytest.param(Source.ENVIRONMENT, "LAUNCH_DEBUG", "debug", "ja", "env-value", 'LAUNCH_DEBUG="ja" must be true or false', "write true or false", id="switch"),
        pytest.param(Source.ENVIRONMENT, "LAUNCH_LOADING", "loading", "lasy", "env-value", 'LAUNCH_LOADING="lasy" must be one of "auto", "eager", "lazy"', "did you mean lazy?", id="choice"),
        pytest.param(Source.ENVIRONMENT, "LAUNCH_ALLOWED_HOSTS", "allowed-hosts", "[1]", "env-value", 'LAUNCH_ALLOWED_HOSTS="[1]" must be a list of texts', "", id="item-of-a-list"),
        pytest.param(Source.FLASK_VARIABLE, "FLASK_RUN_PORT", "port", "x", "env-value", 'FLASK_RUN_PORT="x" must be a whole number 0-65535 or "auto"', "", id="flask-variable"),
        pytest.param(Source.ENV_FILE, "LAUNCH_PORT", "port", "x", "env-value", 'LAUNCH_PORT="x" must be a whole number 0-65535 or "auto"', "", id="env-file"),
        pytest.param(Source.COMMAND_LINE, "--port", "port", "80a", "flag-value", '--port 80a must be a whole number 0-65535 or "auto"', "", id="flag"),
    ],
)  # fmt: skip
def test_wrong_text(source: Source, name: str, key: str, text: str, slug: str, message: str, hint: str) -> None:
    (finding,) = validate.check_layer(text_layer(source, name, key, text))
    assert (finding.slug, finding.message, finding.hint) == (slug, message, hint)


def test_unset_is_not_validated_as_a_value() -> None:
    assert validate.check_layer(Layer(Source.BASE, "", (Entry(("port",), None, BASE, unset=True),))) == []


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        pytest.param(("port",), None, id="setting"),
        pytest.param(("tls",), None, id="table"),
        pytest.param(("env", "ANYTHING"), None, id="variable"),
        pytest.param(("wsgi", "static", "/x"), None, id="item-of-a-map"),
        pytest.param(("prt",), "did you mean `port`?", id="typo"),
        pytest.param(("reload", "engin"), "did you mean `reload.engine`?", id="typo-in-a-table"),
        pytest.param(("zzzz",), "", id="nothing-near"),
    ],
)
def test_check_unset(key: tuple[str, ...], hint: str | None) -> None:
    assert [finding.hint for finding in validate.check_unset(Entry(key, None, BASE, unset=True))] == (
        [] if hint is None else [hint]
    )


@pytest.mark.parametrize(
    ("low", "high", "hint"),
    [
        pytest.param({"tls": {"cert": "c"}}, {"tls": True}, "write tls.adhoc = true", id="tls"),
        pytest.param({"reload": False}, {"reload": {"poll": 1}}, "write reload.enabled = false", id="reload"),
        pytest.param({"wsgi": {"lint": True}}, {"wsgi": "x"}, "`wsgi` is a table", id="no-switch-there"),
        pytest.param({"port": {"x": 1}}, {"port": 1}, '`port` is a whole number 0-65535 or "auto"', id="value"),
    ],
)
def test_conflict_shows_both_places(low: dict[str, object], high: dict[str, object], hint: str) -> None:
    local = Origin(Source.LOCAL_BASE, file="/p/devserver.local.toml", path=("base",))
    (finding,) = validate.check_conflicts(merge([file_layer(low), file_layer(high, local)]))
    assert (finding.slug, finding.hint) == ("type-conflict", hint)
    assert finding.origin is not None
    assert (finding.origin.file, finding.others[0][1].file) == ("/p/devserver.local.toml", "/p/devserver.toml")


def test_conflict_points_at_the_table_not_into_it() -> None:
    local = Origin(Source.LOCAL_BASE, file="/l", path=("base",))
    (finding,) = validate.check_conflicts(merge([file_layer({"tls": {"cert": "c"}}), file_layer({"tls": True}, local)]))
    assert finding.others[0][1].path == ("base", "tls")


def test_conflict_of_flags_has_no_path() -> None:
    flags = [
        Layer(Source.COMMAND_LINE, "", (Entry(key, value, Origin(Source.COMMAND_LINE, name="--set")),))
        for key, value in ((("tls",), True), (("tls", "cert"), "c"))
    ]
    (finding,) = validate.check_conflicts(merge(flags))
    assert finding.origin == Origin(Source.COMMAND_LINE, name="--set")


def test_one_conflict_for_one_pair_of_places() -> None:
    local = Origin(Source.LOCAL_BASE, file="/l", path=("base",))
    assert (
        len(
            validate.check_conflicts(
                merge([file_layer({"tls": {"cert": "c", "key": "k"}}), file_layer({"tls": True}, local)])
            )
        )
        == 1
    )


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        *[(host, True) for host in ("127.0.0.1", "127.9.9.9", "127.1", "localhost", "LOCALHOST", "localhost.", "app.localhost", "::1", "[::1]", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "unix:/tmp/x")],
        *[(host, False) for host in ("0.0.0.0", "::", "[::]", "192.168.1.5", "127.0.0.1.example.com", "example.com", "localhost.example.com", "12.7.0.0", "127x", "")],
    ],
)  # fmt: skip
def test_is_loopback(host: str, loopback: bool) -> None:
    assert validate.is_loopback(host) is loopback


def together(*layers: Layer) -> list[Finding]:
    defaults = Layer(
        Source.DEFAULT,
        "",
        tuple(
            Entry(tuple(row.key.split(".")), row.default, Origin(Source.DEFAULT))
            for row in schema.settings_table()
            if row.kinds != ("map",)
        ),
    )
    merged = merge([defaults, *layers])
    return validate.check_together(validate.build_settings(nest(merged.values)), merged)


@pytest.mark.parametrize(
    ("origin", "refused"),
    [
        pytest.param(BASE, True, id="base"),
        pytest.param(Origin(Source.PROFILE, file="/p/profiles/lan.toml"), True, id="profile"),
        pytest.param(Origin(Source.ENV_FILE, file="/p/.env"), True, id="env-file"),
        pytest.param(Origin(Source.ENV_FILE, file="/p/.flaskenv"), True, id="flaskenv"),
        pytest.param(Origin(Source.ENV_FILE, file="/p/.env.local"), False, id="personal-env-file"),
        pytest.param(Origin(Source.LOCAL_BASE, file="/p/devserver.local.toml"), False, id="personal-file"),
        pytest.param(Origin(Source.LOCAL_PROFILE, file="/p/devserver.local.toml"), False, id="personal-profile"),
        pytest.param(Origin(Source.FLASK_VARIABLE, name="FLASK_RUN_HOST"), False, id="flask-variable"),
        pytest.param(Origin(Source.ENVIRONMENT, name="LAUNCH_HOST"), False, id="variable"),
        pytest.param(Origin(Source.COMMAND_LINE, name="--host"), False, id="flag"),
    ],
)
def test_debugger_on_the_network_needs_a_word_on_this_machine(origin: Origin, refused: bool) -> None:
    found = together(Layer(origin.source, "", (Entry(("host",), "0.0.0.0", origin),)))
    assert [finding.slug for finding in found] == (["unsafe-bind"] if refused else [])


def test_without_debugger_the_network_is_fine() -> None:
    assert together(file_layer({"host": "0.0.0.0", "debugger": {"enabled": False}})) == []


def test_unsafe_bind_shows_the_switch_where_it_is_written() -> None:
    (finding,) = together(file_layer({"host": "0.0.0.0", "debugger": {"enabled": True}}))
    assert [label for label, _ in finding.others] == ["and the debugger is on"]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        pytest.param(
            {"tls": {"adhoc": True, "cert": "c"}},
            "`tls.adhoc` makes a certificate, and `tls.cert` names one",
            id="two-certificates",
        ),
        pytest.param({"tls": {"key": "k"}}, "`tls.key` has no certificate", id="key-alone"),
        pytest.param(
            {"threads": True, "processes": 2},
            "the server has either threads or several processes",
            id="threads-and-processes",
        ),
    ],
)
def test_settings_that_exclude_each_other(table: dict[str, object], message: str) -> None:
    (finding,) = together(file_layer(table))
    assert (finding.slug, finding.message) == ("bad-combination", message)


@pytest.mark.parametrize(
    "table",
    [
        {"tls": {"cert": "c", "key": "k"}},
        {"tls": {"cert": "c"}},
        {"tls": {"adhoc": True}},
        {"threads": False, "processes": 2},
        {"threads": True},
    ],
)
def test_settings_that_go_together(table: dict[str, object]) -> None:
    assert together(file_layer(table)) == []


def test_a_flag_given_twice_is_blamed_where_it_counts() -> None:
    flags = [Origin(Source.COMMAND_LINE, name="--port", text=text) for text in ("1", "abc")]
    entries = (Entry(("port",), 1, flags[0]), Entry(("port",), "abc", flags[1]))
    assert [finding.origin for finding in validate.check_layer(Layer(Source.COMMAND_LINE, "flags", entries))] == [
        flags[1]
    ]
