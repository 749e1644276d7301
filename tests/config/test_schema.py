"""The schema is complete, spelled without collisions, and its own defaults validate."""

from __future__ import annotations

import inspect

import pytest
from pydantic import ValidationError
from werkzeug.serving import run_simple

from launcher.config import key as keys
from launcher.config import schema
from launcher.config.sources.pairs import FLASK, FOREIGN, RESERVED, parse_text

ROWS = schema.settings_table()


@pytest.mark.parametrize("row", ROWS, ids=[row.key for row in ROWS])
def test_every_setting_is_described(row: schema.Setting) -> None:
    assert row.help.endswith(".")
    assert row.type
    assert row.kinds
    assert row.variable == ("" if row.key == "env" else keys.variable(row.key))


def test_defaults_validate() -> None:
    values: dict[str, object] = {}
    for row in ROWS:
        table = values
        *above, last = keys.split(row.key)
        for part in above:
            table = table.setdefault(part, {})  # type: ignore[assignment]
        table[last] = row.default
    assert schema.Settings.model_validate(values) == schema.Settings()


@pytest.mark.parametrize("spell", [keys.variable, keys.flag, keys.attribute], ids=["variable", "flag", "attribute"])
def test_no_two_settings_share_a_spelling(spell: object) -> None:
    spelled = [spell(row.key) for row in ROWS]  # type: ignore[operator]
    assert len(set(spelled)) == len(spelled)


def test_names_are_kebab_case_without_double_dashes() -> None:
    for row in ROWS:
        for part in keys.split(row.key):
            assert part == part.lower()
            assert "_" not in part
            assert "--" not in part


def test_no_setting_is_called_like_a_reserved_variable() -> None:
    names = {row.variable for row in ROWS}
    assert not names & set(RESERVED)
    assert not [name for name in names if name.startswith(FOREIGN)]


def test_tables() -> None:
    assert schema.tables() == ("browser", "debugger", "env", "reload", "tls", "wsgi", "wsgi.proxy-fix", "wsgi.static")


def test_by_key() -> None:
    assert schema.by_key()["port"].default == 5000
    assert schema.by_key()["port"].type == 'a whole number 0-65535 or "auto"'
    assert schema.by_key()["loading"].choices == ("auto", "eager", "lazy")
    assert schema.by_key()["processes"].type == "a whole number, 1 or more"


def test_everything_that_run_simple_takes_has_a_setting() -> None:
    known = {row.werkzeug for row in ROWS}
    assert set(inspect.signature(run_simple).parameters) <= known


def test_everything_that_flask_run_takes_has_a_setting() -> None:
    from flask.cli import run_command

    taken = {option for parameter in run_command.params for option in parameter.opts if option.startswith("--")}
    known = {word for row in ROWS for word in row.flask.split()}
    assert taken <= known
    assert {f"FLASK_RUN_{option[2:].replace('-', '_').upper()}" for option in taken} <= set(FLASK) | {"FLASK_RUN_DEBUG"}


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"port": "5000"}, id="text-is-no-number"),
        pytest.param({"port": True}, id="true-is-not-one"),
        pytest.param({"port": 1.0}, id="decimal-is-no-whole-number"),
        pytest.param({"port": 65536}, id="port-too-high"),
        pytest.param({"debug": 1}, id="one-is-not-true"),
        pytest.param({"debug": "yes"}, id="yes-is-not-true"),
        pytest.param({"host": ""}, id="empty-host"),
        pytest.param({"reload": {"poll": float("nan")}}, id="nan"),
        pytest.param({"reload": {"poll": -1}}, id="negative-seconds"),
        pytest.param({"reload": {"include": "x"}}, id="text-is-no-list"),
        pytest.param({"reload": {"include": [1]}}, id="list-of-numbers"),
        pytest.param({"debugger": {"pin": "12a"}}, id="pin-of-letters"),
        pytest.param({"wsgi": {"prefix": "api"}}, id="prefix-without-slash"),
        pytest.param({"wsgi": {"prefix": "/api/"}}, id="prefix-with-last-slash"),
        pytest.param({"wsgi": {"request-handler": "Handler"}}, id="handler-without-module"),
        pytest.param({"app_dir": "x"}, id="underscore-is-another-key"),
        pytest.param({"env": {"X": {"value": "a", "default": "b"}}}, id="two-kinds-of-variable"),
        pytest.param({"env": {"X": {}}}, id="no-kind-of-variable"),
        pytest.param({"env": {"X": 1}}, id="number-as-variable"),
    ],
)
def test_strict(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        schema.Settings.model_validate(values)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"port": "auto"}, id="automatic-port"),
        pytest.param({"port": 0}, id="any-port"),
        pytest.param({"reload": {"poll": 1}}, id="whole-number-of-seconds"),
        pytest.param({"debugger": {"pin": "123-456-789"}}, id="pin-with-dashes"),
        pytest.param({"wsgi": {"prefix": "/a"}}, id="short-prefix"),
        pytest.param({"browser": {"open": "/admin"}}, id="path-to-open"),
        pytest.param({"env": {"X": "", "Y": {"required": "ask", "secret": True, "override": True}}}, id="variables"),
    ],
)
def test_accepted(values: dict[str, object]) -> None:
    schema.Settings.model_validate(values)


@pytest.mark.parametrize("row", [row for row in ROWS if row.choices], ids=lambda row: row.key)
def test_choices_can_be_given_as_text(row: schema.Setting) -> None:
    for choice in row.choices:
        assert parse_text(choice, row.kinds) == choice
