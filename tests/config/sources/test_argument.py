"""An argument of `launcher.run()` is pointed at, and no secret is shown with it."""

from __future__ import annotations

import pytest

from launcher.config.sources.argument import locate_argument
from launcher.config.sources.call import Call
from launcher.errors import Place

CANARY = "c4n4ry-s3cret"


def locate(text: str, *path: str, line: int = 1, masked: bool = False, at_key: bool = False) -> Place:
    return locate_argument(Call("/p/hello.py", line, {}).origin(*path), text, masked, at_key=at_key)


def marked(place: Place) -> str:
    return place.text[place.column - 1 : place.column - 1 + place.length]


@pytest.mark.parametrize(
    ("text", "path", "at_key", "expected"),
    [
        pytest.param("launcher.run(app, port=50)", ("port",), False, (1, "50"), id="value"),
        pytest.param("launcher.run(app, port=50)", ("port",), True, (1, "port"), id="key"),
        pytest.param("run(app, port=50)", ("port",), False, (1, "50"), id="imported-name"),
        pytest.param("run(app,\n  host='ä', port=50)", ("port",), False, (2, "50"), id="later-line-and-code-points"),
        pytest.param("run(reload={'poll': 'x'})", ("reload", "poll"), False, (1, "'x'"), id="in-a-table"),
        pytest.param("run(reload={'pol': 'x'})", ("reload", "pol"), True, (1, "'pol'"), id="key-in-a-table"),
        pytest.param("run(env_files=['a', 5])", ("env_files", "1"), False, (1, "5"), id="item"),
        pytest.param("run(reload=made())", ("reload", "poll"), False, (1, "made()"), id="made-elsewhere"),
        pytest.param("run(port=[\n1])", ("port",), False, (1, "["), id="several-lines"),
        pytest.param("run(app, **settings)", ("port",), False, (1, "run(app, **settings)"), id="not-written-here"),
        pytest.param("x = 1; run(app, port=2); y = 2", ("port",), False, (1, "2"), id="inside-a-line"),
    ],
)  # fmt: skip
def test_place_of_an_argument(text: str, path: tuple[str, ...], at_key: bool, expected: tuple[int, str]) -> None:
    place = locate(text, *path, at_key=at_key)
    assert (place.line, marked(place)) == expected
    assert place.file == "/p/hello.py"


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        pytest.param("run(port=1", 1, Place("/p/hello.py", 1), id="broken-meanwhile"),
        pytest.param("x = 1", 1, Place("/p/hello.py", 1), id="another-line-now"),
        pytest.param("run()", 9, Place("/p/hello.py", 9), id="shorter-now"),
    ],
)
def test_file_that_changed_gives_a_place_without_text(text: str, line: int, expected: Place) -> None:
    assert locate(text, "port", line=line) == expected


@pytest.mark.parametrize(
    ("text", "path", "shown"),
    [
        pytest.param(f"run(env={{'TOKEN': '{CANARY}', 'N': 5}})", ("env", "N"), f"run(env={{'TOKEN': {'*' * 15}, 'N': 5}})", id="neighbour"),
        pytest.param(f"run(port=5, env={{'TOKEN': '{CANARY}'}})", ("port",), "run(port=5, env={'TOKEN': ***})", id="behind"),
        pytest.param(f"run(env={{'TOKEN': '{CANARY}'}})", ("env", "TOKEN"), "run(env={'TOKEN': ***})", id="itself"),
        pytest.param(f"run(env={{'X': {{'value': f'{CANARY}', 'secret': 1}}}})", ("env", "X", "secret"), f"run(env={{'X': {{'value': {'*' * 16}, 'secret': 1}}}})", id="declared"),
        pytest.param(f"run(env={{'TOKEN': get('{CANARY}') + '{CANARY}'}}, port=1)", ("port",), f"run(env={{'TOKEN': get({'*' * 15}) + {'*' * 15}}}, port=1)", id="inside-an-expression"),
        pytest.param(f"run(env={{'URL': 'postgres://u:{CANARY}@h'}}, port=1)", ("port",), f"run(env={{'URL': 'postgres://{'*' * 15}@h'}}, port=1)", id="password-in-url"),
        pytest.param(f"run(env={{'TOKEN': '''a\n{CANARY}''', 'N': 5}})", ("env", "N"), f"{'*' * 16}, 'N': 5}})", id="several-lines"),
        pytest.param("run(tls_key='k.pem', port=1)", ("port",), "run(tls_key='k.pem', port=1)", id="key-file-is-no-secret"),
    ],
)  # fmt: skip
def test_secrets_are_masked(text: str, path: tuple[str, ...], shown: str) -> None:
    for at_key in (False, True):
        place = locate(text, *path, at_key=at_key)
        assert CANARY not in place.text
        assert place.column + place.length - 1 <= len(place.text)
    assert locate(text, *path).text == shown


def test_value_is_masked_on_demand() -> None:
    assert locate("run(host='x')", "host", masked=True).text == "run(host=***)"
