"""Places point at the right characters, and never show a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from launcher.config.layer import Origin, Source
from launcher.config.places import place_of
from launcher.errors import Place

CANARY = "c4n4ry-s3cret"


def toml(tmp_path: Path, text: str, *path: str) -> Origin:
    file = tmp_path / "devserver.toml"
    file.write_text(text, encoding="utf-8")
    return Origin(Source.BASE, file=str(file), path=path)


def envfile(tmp_path: Path, text: str, line: int = 1, column: int = 1, name: str = "") -> Origin:
    file = tmp_path / ".env"
    file.write_text(text, encoding="utf-8")
    return Origin(Source.ENV_FILE, file=str(file), line=line, column=column, name=name)


@pytest.mark.parametrize(
    ("text", "path", "at_key", "expected"),
    [
        pytest.param("[base]\nport = 5000\n", ("base", "port"), False, (2, 8, "port = 5000", 4), id="value"),
        pytest.param("[base]\nport = 5000\n", ("base", "port"), True, (2, 1, "port = 5000", 4), id="key"),
        pytest.param("[base]\r\nport = 5000\r\n", ("base", "port"), False, (2, 8, "port = 5000", 4), id="crlf"),
        pytest.param('[base]\nenv-files = ["a", "bc"]', ("base", "env-files", "1"), False, (2, 19, 'env-files = ["a", "bc"]', 4), id="item"),
        pytest.param('[base]\n"ä".b = 1', ("base", "ä", "b"), False, (2, 9, '"ä".b = 1', 1), id="code-points"),
        pytest.param("[base.tls]\n", ("base", "tls"), True, (1, 7, "[base.tls]", 3), id="table"),
        pytest.param("[base.tls]\n", ("base", "tls"), False, (1, 1, "[base.tls]", 10), id="value-of-a-header-is-the-header"),
        pytest.param("[base]\ntls.adhoc = true\n", ("base", "tls"), False, (2, 1, "tls.adhoc = true", 3), id="table-of-dotted-key"),
        pytest.param("[base]\ntls = { adhoc = true }\n", ("base", "tls"), False, (2, 7, "tls = { adhoc = true }", 16), id="inline-table"),
        pytest.param("[base]\nport = 1", ("base", "port", "inner"), False, (2, 8, "port = 1", 1), id="what-is-inside-a-value"),
        pytest.param("[base]\nport = 1", ("nowhere",), False, (0, 0, "", 1), id="key-that-went-away"),
    ],
)  # fmt: skip
def test_toml_place(
    tmp_path: Path, text: str, path: tuple[str, ...], at_key: bool, expected: tuple[int, int, str, int]
) -> None:
    origin = toml(tmp_path, text, *path)
    place = place_of(origin, at_key=at_key)
    assert (place.line, place.column, place.text, place.length) == expected
    assert place.file == origin.file


def test_file_that_went_away_gives_a_place_without_text(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone.toml")
    assert place_of(Origin(Source.BASE, file=gone, path=("base",))) == Place(gone)
    assert place_of(Origin(Source.ENV_FILE, file=gone, line=3)) == Place(gone, 3)


@pytest.mark.parametrize(
    ("text", "path", "shown"),
    [
        pytest.param(f'[base]\nenv.API_KEY = "{CANARY}"', ("base", "env", "API_KEY"), "env.API_KEY = ***", id="by-name"),
        pytest.param(f'[base.env]\nAPI_KEY = {{ value = "{CANARY}" }}', ("base", "env", "API_KEY"), "API_KEY = { value = *** }", id="table-by-name"),
        pytest.param(f'[base]\nenv.X = {{ value = "{CANARY}", secret = true }}', ("base", "env", "X"), "env.X = { value = ***, secret = true }", id="declared"),
        pytest.param(f'[base]\nenv.X = {{ secret = true, default = "{CANARY}" }}', ("base", "env", "X", "default"), "env.X = { secret = true, default = *** }", id="default"),
        pytest.param(f'[base]\nenv = {{ TOKEN = "{CANARY}", PORT = 5 }}', ("base", "env", "PORT"), "env = { TOKEN = ***************, PORT = 5 }", id="neighbour"),
        pytest.param(f'[base]\nenv.URL = "postgres://u:{CANARY}@h/d"', ("base", "env", "URL"), 'env.URL = "postgres://***@h/d"', id="password-in-url"),
        pytest.param(f'[base]\nenv.TOKEN = """{CANARY}\nx"""', ("base", "env", "TOKEN"), "env.TOKEN = ***", id="several-lines"),
        pytest.param('[base]\nenv.TOKEN = { required = "ask", secret = true }', ("base", "env", "TOKEN"), 'env.TOKEN = { required = "ask", secret = true }', id="requirement-is-shown"),
        pytest.param("[base]\ntls.key = 'k.pem'", ("base", "tls", "key"), "tls.key = 'k.pem'", id="key-file-is-no-secret"),
    ],
)  # fmt: skip
def test_secrets_in_toml_are_masked(tmp_path: Path, text: str, path: tuple[str, ...], shown: str) -> None:
    for at_key in (True, False):
        place = place_of(toml(tmp_path, text, *path), at_key=at_key)
        assert place.text == shown
        assert place.column + place.length - 1 <= len(shown)


def test_value_is_masked_on_demand(tmp_path: Path) -> None:
    assert place_of(toml(tmp_path, '[base]\napp = "x:y"', "base", "app"), masked=True).text == "app = ***"


@pytest.mark.parametrize(
    ("text", "line", "shown"),
    [
        pytest.param(f"X={CANARY}", 1, "X=***", id="value"),
        pytest.param(f"  export X = '{CANARY}'", 1, "  export X = ***", id="export"),
        pytest.param(f"A=1\nMY TOKEN={CANARY}", 2, "MY TOKEN=***", id="broken-name"),
        pytest.param(f"A=1\n{CANARY}", 2, "***", id="line-without-equals"),
        pytest.param("NAME", 1, "NAME", id="plain-name"),
        pytest.param("LAUNCH_PORT=80a", 1, "LAUNCH_PORT=80a", id="our-setting"),
        pytest.param("FLASK_RUN_PORT=80a", 1, "FLASK_RUN_PORT=80a", id="flasks-setting"),
        pytest.param(f"FLASK_SECRET_KEY={CANARY}", 1, "FLASK_SECRET_KEY=***", id="flasks-secret"),
        pytest.param("X=", 1, "X=", id="empty"),
    ],
)
def test_env_files_show_names_only(tmp_path: Path, text: str, line: int, shown: str) -> None:
    for at_key in (True, False):
        place = place_of(envfile(tmp_path, text, line, 3), at_key=at_key)
        assert place.text == shown
        assert place.length >= 1


@pytest.mark.parametrize(
    ("origin", "at_key", "place"),
    [
        pytest.param(Origin(Source.ENVIRONMENT, name="LAUNCH_PORT", text="80a"), False, Place("environment", 0, 13, "LAUNCH_PORT=80a", 3), id="variable"),
        pytest.param(Origin(Source.ENVIRONMENT, name="LAUNCH_PROT", text="1"), True, Place("environment", 0, 1, "LAUNCH_PROT=1", 11), id="variable-name"),
        pytest.param(Origin(Source.FLASK_VARIABLE, name="FLASK_RUN_PORT", text="x"), False, Place("environment", 0, 16, "FLASK_RUN_PORT=x", 1), id="flask-variable"),
        pytest.param(Origin(Source.ENVIRONMENT, name="API_TOKEN", text=CANARY), False, Place("environment", 0, 11, "API_TOKEN=***", 3), id="secret-variable"),
        pytest.param(Origin(Source.COMMAND_LINE, name="--port", text="80a"), False, Place("command line", 0, 8, "--port 80a", 3), id="flag"),
        pytest.param(Origin(Source.COMMAND_LINE, name="--flag", text=""), False, Place("command line", 0, 1, "--flag", 6), id="flag-without-value"),
        pytest.param(Origin(Source.COMMAND_LINE, name="--set", text=f'env.API_KEY="{CANARY}"'), False, Place("command line", 0, 7, "--set env.API_KEY=***", 15), id="secret-in-set"),
        pytest.param(Origin(Source.COMMAND_LINE, name="--set", text="port=1"), False, Place("command line", 0, 7, "--set port=1", 6), id="set"),
        pytest.param(Origin(Source.DEFAULT), False, Place("default"), id="default"),
        pytest.param(Origin(Source.DERIVED, reason="follows debug"), False, Place("derived", text="follows debug"), id="derived"),
    ],
)  # fmt: skip
def test_other_places(origin: Origin, at_key: bool, place: Place) -> None:
    assert place_of(origin, at_key=at_key) == place


def test_masked_flag() -> None:
    assert place_of(Origin(Source.COMMAND_LINE, name="--x", text=CANARY), masked=True).text == "--x ***"
