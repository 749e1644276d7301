"""Problems have the places of their findings, and no secrets in their sentences."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from launcher.config.finding import Finding
from launcher.config.layer import Origin, Source
from launcher.config.problem import problem_of
from launcher.config.sources.files import parse_toml

CANARY = "c4n4ry-s3cret"


def toml(tmp_path: Path, text: str, *path: str) -> Origin:
    file = tmp_path / "devserver.toml"
    file.write_text(text, encoding="utf-8")
    return Origin(Source.BASE, file=str(file), path=path)


def test_problem_has_places_and_no_passwords(tmp_path: Path) -> None:
    origin = toml(tmp_path, "[base]\nport = 1\nhost = 'x'", "base", "port")
    other = Origin(Source.BASE, file=origin.file, path=("base", "host"))
    url = f"postgres://u:{CANARY}@h"
    problem = problem_of(
        Finding(
            "x",
            f"message {url}",
            origin,
            True,
            f"hint {url}",
            ((f"label {url}", other),),
            (f"note {url}",),
            warning=True,
        )
    )
    assert problem.place is not None
    assert (problem.place.line, problem.place.column, problem.warning) == (2, 1, True)
    assert problem.others[0][1].line == 3
    assert CANARY not in repr(problem)


def test_problem_points_at_the_name_in_a_header(tmp_path: Path) -> None:
    problem = problem_of(Finding("x", "message", toml(tmp_path, "[base.tls]\n", "base", "tls")))
    assert problem.place is not None
    assert (problem.place.column, problem.place.length) == (7, 3)


def test_syntax_error_is_retold(tmp_path: Path) -> None:
    origin = toml(tmp_path, "[base]\nhost = localhost\n")
    _, (finding,) = parse_toml((tmp_path / "devserver.toml").read_text(), origin)
    problem = problem_of(finding)
    assert problem.slug == "toml-syntax"
    assert problem.place is not None
    assert (problem.place.line, problem.place.column, problem.place.text) == (2, 8, "host = localhost")


@pytest.mark.parametrize(
    "text",
    [
        f'[base]\nenv.API_KEY = "{CANARY}',
        f"[base.env]\nTOKEN = {CANARY}",
        f'[base]\nenv.X = {{ secret = true, value = "{CANARY}" ',
    ],
)
def test_syntax_errors_show_no_secret(tmp_path: Path, text: str) -> None:
    _, (finding,) = parse_toml(text, toml(tmp_path, text))
    assert CANARY not in json.dumps(repr(problem_of(finding)))
