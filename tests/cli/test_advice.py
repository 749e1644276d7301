from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from launcher.cli.advice import changes, idle_profiles, unset_places, variables_for
from launcher.config import key as keys
from launcher.config.layer import History
from launcher.config.resolve import Request, resolve_profile
from launcher.frame import Look

if TYPE_CHECKING:
    from pathlib import Path

    from launcher.config.resolve import ResolvedProfile

FILES = {
    "devserver.toml": """\
[base]
port = 1
host = "localhost"
env.A = "1"
[profiles.one]
port = 2
[profiles.two]
port = 3
""",
    "profiles/three.toml": "debug = false\n",
    "devserver.local.toml": "[base]\nport = 4\n",
    ".env.local": "B=1\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "profiles").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def resolved(root: Path, **environ: str) -> ResolvedProfile:
    return resolve_profile(Request(cwd=str(root), environ=environ, profile="one"))


def record_of(found: ResolvedProfile, key: str) -> History:
    return found.history.get(keys.split(key), History(keys.split(key), ()))


CASES = {
    "local-hides-what-everyone-has": (
        "port",
        {},
        {
            "once": "launch dev --port VALUE",
            "just me": "devserver.local.toml:2:8",
            "everyone": "devserver.toml:6:8 (hidden by devserver.local.toml:2:8)",
        },
    ),
    "variable-hides-both": (
        "port",
        {"LAUNCH_PORT": "9"},
        {
            "once": "launch dev --port VALUE",
            "just me": "devserver.local.toml:2:8 (hidden by LAUNCH_PORT)",
            "everyone": "devserver.toml:6:8 (hidden by LAUNCH_PORT)",
        },
    ),
    "switch": (
        "reload.enabled",
        {},
        {
            "once": "launch dev --reload, --no-reload",
            "just me": "devserver.local.toml, in [base]",
            "everyone": "devserver.toml, in [base]",
        },
    ),
    "no-flag": (
        "wsgi.lint",
        {},
        {
            "once": "launch dev --set wsgi.lint=VALUE",
            "just me": "devserver.local.toml, in [base]",
            "everyone": "devserver.toml, in [base]",
        },
    ),
    "personal-env-file": (
        "env.B",
        {},
        {
            "once": "launch dev --set 'env.B=\"VALUE\"'",
            "just me": ".env.local:1:3",
            "everyone": "devserver.toml, in [base] (hidden by .env.local:1:3)",
        },
    ),
    "shell": (
        "env.A",
        {"A": "2"},
        {
            "once": "launch dev --set 'env.A=\"VALUE\"'",
            "just me": "devserver.local.toml, in [base] (hidden by A)",
            "everyone": "devserver.toml:4:9 (hidden by A)",
        },
    ),
}


@pytest.mark.parametrize(("key", "environ", "expected"), CASES.values(), ids=CASES.keys())
def test_where_to_change(root: Path, key: str, environ: dict[str, str], expected: dict[str, str]) -> None:
    found = resolved(root, **environ)
    assert changes(found, record_of(found, key), Look(cwd=str(root))) == expected


def test_where_it_is_not_set(root: Path) -> None:
    found = resolved(root)
    look = Look(cwd=str(root))
    assert unset_places(found, record_of(found, "port"), look) == [
        "--port",
        "LAUNCH_PORT",
        "FLASK_RUN_PORT",
        ".env.local",
    ]
    assert unset_places(found, record_of(found, "wsgi.lint"), look) == [
        "--set",
        "LAUNCH_WSGI__LINT",
        ".env.local",
        "devserver.local.toml",
        "devserver.toml",
    ]


def test_profiles_that_are_not_in_use(root: Path) -> None:
    found = resolved(root)
    assert idle_profiles(found, record_of(found, "port")) == ["two"]
    assert idle_profiles(found, record_of(found, "debug")) == ["three"]
    assert idle_profiles(found, record_of(found, "host")) == []


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("port", ["LAUNCH_PORT", "FLASK_RUN_PORT"]),
        ("debug", ["LAUNCH_DEBUG", "FLASK_DEBUG", "FLASK_ENV"]),
        ("wsgi.lint", ["LAUNCH_WSGI__LINT"]),
        ("env.HOME", ["HOME"]),
        ("wsgi.static./x", []),
    ],
)
def test_variables_for(key: str, names: list[str]) -> None:
    assert variables_for(key) == names
