from __future__ import annotations

import os

import click
import pytest

from launcher.cli.options import SettingsCommand, SurplusArgumentError, flag_options, typed


def parse(*argv: str) -> list[tuple[str, str, str]]:
    command = SettingsCommand(
        "test",
        params=[click.Argument(["app"], required=False), *flag_options()],
        callback=lambda app: None,
        add_help_option=False,
    )
    return list(command.make_context("test", list(argv)).meta["launcher.typed"])


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        pytest.param([], [], id="nothing-typed-nothing-given"),
        pytest.param(["--port", "80"], [("port", "--port", "80")], id="value"),
        pytest.param(["--port=80"], [("port", "--port", "80")], id="value-with-equals"),
        pytest.param(["-p80"], [("port", "--port", "80")], id="short-flag-is-named-by-the-long-one"),
        pytest.param(["--port", ""], [("port", "--port", "")], id="empty-value-is-a-value"),
        pytest.param(["--debug"], [("debug", "--debug", "true")], id="switch-on"),
        pytest.param(["--no-debug"], [("debug", "--no-debug", "false")], id="switch-off"),
        pytest.param(
            ["--debug", "--no-debug", "--debug"],
            [("debug", "--debug", "true"), ("debug", "--no-debug", "false"), ("debug", "--debug", "true")],
            id="repeated-switches-keep-their-order",
        ),
        pytest.param(["--lazy-loading"], [("loading", "--lazy-loading", "lazy")], id="fixed-text"),
        pytest.param(
            ["--lazy-loading", "--loading", "auto", "--lazy-loading"],
            [
                ("loading", "--lazy-loading", "lazy"),
                ("loading", "--loading", "auto"),
                ("loading", "--lazy-loading", "lazy"),
            ],
            id="flags-for-one-key-keep-their-order",
        ),
        pytest.param(
            ["--host", "a", "x:app", "--port", "1", "--host", "b"],
            [("host", "--host", "a"), ("port", "--port", "1"), ("host", "--host", "b")],
            id="order-across-an-argument",
        ),
        pytest.param(["--cert", "a.pem"], [("tls.cert", "--cert", "a.pem")], id="certificate-file"),
        pytest.param(["--cert", "adhoc"], [("tls.adhoc", "--cert", "true")], id="word-for-another-key"),
        pytest.param(
            ["-e", "a", "--port", "1", "-e", "b"],
            [("env-files", "--env-file", "a"), ("port", "--port", "1"), ("env-files", "--env-file", "b")],
            id="repeated-flag",
        ),
        pytest.param(
            ["--extra-files", f"a{os.pathsep}b", "--extra-files", "c"],
            [("reload.include", "--extra-files", text) for text in "abc"],
            id="separated-values-as-flask-run-has-them",
        ),
    ],
)
def test_typed(argv: list[str], expected: list[tuple[str, str, str]]) -> None:
    assert parse(*argv) == expected


def test_no_flag_has_a_default() -> None:
    assert typed({}, []) == []
    assert all(option.default in (None, getattr(click.core, "UNSET", None)) for option in flag_options())


def test_surplus_arguments_are_named() -> None:
    with pytest.raises(SurplusArgumentError) as caught:
        parse("x:app", "y", "z")
    assert caught.value.words == ("y", "z")
