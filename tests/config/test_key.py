"""Spellings of keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.config import key as keys


@pytest.mark.parametrize(
    ("dotted", "parts", "variable", "attribute", "flag"),
    [
        ("port", ("port",), "LAUNCH_PORT", "port", "--port"),
        ("app-dir", ("app-dir",), "LAUNCH_APP_DIR", "app_dir", "--app-dir"),
        ("reload.engine", ("reload", "engine"), "LAUNCH_RELOAD__ENGINE", "reload.engine", "--reload-engine"),
        (
            "reload.drain-seconds",
            ("reload", "drain-seconds"),
            "LAUNCH_RELOAD__DRAIN_SECONDS",
            "reload.drain_seconds",
            "--reload-drain-seconds",
        ),
        (
            "wsgi.proxy-fix.x-for",
            ("wsgi", "proxy-fix", "x-for"),
            "LAUNCH_WSGI__PROXY_FIX__X_FOR",
            "wsgi.proxy_fix.x_for",
            "--wsgi-proxy-fix-x-for",
        ),
    ],
)
def test_spellings(dotted: str, parts: tuple[str, ...], variable: str, attribute: str, flag: str) -> None:
    assert keys.split(dotted) == parts
    assert keys.join(parts) == dotted
    assert keys.variable(dotted) == variable
    assert keys.attribute(dotted) == attribute
    assert keys.flag(dotted) == flag


@pytest.mark.parametrize(
    ("dotted", "parts"),
    [
        pytest.param("env", ("env",), id="the-table-itself"),
        pytest.param("env.A", ("env", "A"), id="one-part"),
        pytest.param("env.A.B", ("env", "A.B"), id="dots-belong-to-the-name"),
        pytest.param("env-files", ("env-files",), id="another-key-that-begins-alike"),
        pytest.param("environment.x", ("environment", "x"), id="another-table-that-begins-alike"),
    ],
)
def test_names_of_variables_are_free(dotted: str, parts: tuple[str, ...]) -> None:
    assert keys.split(dotted) == parts


@pytest.mark.parametrize(
    ("parts", "whole"),
    [(("env", "A"), True), (("env",), False), (("env", "A", "value"), False), (("wsgi", "static"), False)],
)
def test_is_whole(parts: tuple[str, ...], whole: bool) -> None:
    assert keys.is_whole(parts) is whole


@given(st.lists(st.from_regex(r"[a-z]+(-[a-z]+)*", fullmatch=True).filter(lambda part: part != "env"), min_size=1))
def test_law_split_undoes_join(parts: list[str]) -> None:
    assert keys.split(keys.join(parts)) == tuple(parts)
