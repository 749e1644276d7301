from __future__ import annotations

import pytest

from launcher.cli.flags import FLAGS, Flag, flags_for
from launcher.config.schema import by_key


def test_every_flag_sets_a_setting() -> None:
    assert [flag.key for flag in FLAGS if flag.key not in by_key()] == []
    assert [word[1] for flag in FLAGS for word in flag.words if word[1] not in by_key()] == []
    assert [flag.name for flag in FLAGS if flag.text and flag.text not in by_key()[flag.key].choices] == []
    assert [flag.name for flag in FLAGS if flag.off and "switch" not in by_key()[flag.key].kinds] == []


def test_no_spelling_belongs_to_two_flags() -> None:
    spellings = [spelling for flag in FLAGS for spelling in (*flag.names, *flag.off)]
    assert len(spellings) == len(set(spellings))
    assert "-h" not in spellings


def test_every_flag_is_named_by_a_long_spelling() -> None:
    assert all(flag.name.startswith("--") and "_" not in flag.name for flag in FLAGS)


@pytest.mark.parametrize(
    ("flag", "takes_value"),
    [
        (Flag("g", "port", ("-p", "--port")), True),
        (Flag("g", "debug", ("--debug",), off=("--no-debug",)), False),
        (Flag("g", "loading", ("--eager-loading",), text="eager"), False),
    ],
)
def test_what_takes_a_value(flag: Flag, takes_value: bool) -> None:
    assert flag.takes_value is takes_value


def test_flags_for_a_key_begin_with_the_general_one() -> None:
    assert [flag.name for flag in flags_for("loading")] == ["--loading", "--eager-loading", "--lazy-loading"]
    assert flags_for("wsgi.lint") == ()


FLASK_RUN = [
    "--app",
    "--env-file",
    "--debug",
    "--no-debug",
    "--host",
    "--port",
    "--cert",
    "--key",
    "--reload",
    "--no-reload",
    "--debugger",
    "--no-debugger",
    "--with-threads",
    "--without-threads",
    "--eager-loading",
    "--lazy-loading",
    "--extra-files",
    "--exclude-patterns",
]


@pytest.mark.parametrize("spelling", FLASK_RUN)
def test_the_flags_of_flask_run_are_known(spelling: str) -> None:
    assert any(spelling in (*flag.names, *flag.off) for flag in FLAGS)
