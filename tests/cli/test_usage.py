"""Golden copies: what a wrong command line looks like."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Project

CASES = {
    "unknown-command": (
        "chekc",
        "error[unknown-command]: `chekc` is not a command",
        "launch chekc",
        "       ^^^^^ did you mean `launch check`?",
    ),
    "command-of-another-tool": (
        "run",
        "error[unknown-command]: `run` is not a command",
        "launch run",
        "       ^^^ did you mean `launch dev`?",
    ),
    "error-instead-of-command": (
        "help port-in-use",
        "error[unknown-command]: `port-in-use` is not a command",
        "launch help port-in-use",
        "            ^^^^^^^^^^^ it is an error: launch help error port-in-use",
    ),
    "app-instead-of-command": (
        "shop:app",
        "error[unknown-command]: `shop:app` is not a command",
        "launch shop:app",
        "       ^^^^^^^^ to serve it: launch dev shop:app",
    ),
    "nothing-like-it": (
        "--color never xyzzy",
        "error[unknown-command]: `xyzzy` is not a command",
        "launch --color never xyzzy",
        "                     ^^^^^ all commands: launch --help",
    ),
    "unknown-flag": (
        "dev --prot 80",
        "error[unknown-flag]: `launch dev` has no flag `--prot`",
        "launch dev --prot 80",
        "           ^^^^^^ did you mean `--port`?",
    ),
    "unknown-flag-with-value": (
        "dev --prot=80",
        "error[unknown-flag]: `launch dev` has no flag `--prot`",
        "launch dev --prot=80",
        "           ^^^^^^ did you mean `--port`?",
    ),
    "unknown-short-flag": (
        "dev -xy",
        "error[unknown-flag]: `launch dev` has no flag `-x`",
        "launch dev -xy",
        "            ^ all flags: launch dev --help",
    ),
    "flag-before-command": (
        "--port 80",
        "error[unknown-flag]: `launch` has no flag `--port`",
        "launch --port 80",
        "       ^^^^^^ flags come after the command: launch dev --port",
    ),
    "flag-of-dev-elsewhere": (
        "check --host a",
        "error[unknown-flag]: `launch check` has no flag `--host`",
        "launch check --host a",
        "             ^^^^^^ here, write --set host=...",
    ),
    "missing-value": (
        "dev --port",
        "error[missing-value]: `--port` needs a value",
        "launch dev --port",
        "           ^^^^^^ write --port VALUE",
    ),
    "switch-with-value": (
        "dev --reload=off",
        "error[surplus-value]: `--reload` takes no value",
        "launch dev --reload=off",
        "                    ^^^ to switch it off: --no-reload",
    ),
    "negative-switch-with-value": (
        "dev --no-reload=1",
        "error[surplus-value]: `--no-reload` takes no value",
        "launch dev --no-reload=1",
        "                       ^ write --no-reload alone",
    ),
    "surplus-argument": (
        "dev a:b c",
        "error[surplus-argument]: there is no place for `c`",
        "launch dev a:b c",
        "               ^ launch dev [APP]",
    ),
    "bad-choice": (
        "dev --color alwys",
        "error[bad-choice]: `--color` cannot be `alwys`",
        "launch dev --color alwys",
        "                   ^^^^^ did you mean `always`? one of: auto, always, never",
    ),
    "secret-is-masked": (
        "dev --set env.API_TOKEN=hunter2 --nop",
        "error[unknown-flag]: `launch dev` has no flag `--nop`",
        "launch dev --set 'env.API_TOKEN=***' --nop",
        "                                     ^^^^^ all flags: launch dev --help",
    ),
    "secret-is-masked-after-equals": (
        "dev --set=env.API_TOKEN=hunter2 --nop",
        "error[unknown-flag]: `launch dev` has no flag `--nop`",
        "launch dev '--set=env.API_TOKEN=***' --nop",
        "                                     ^^^^^ all flags: launch dev --help",
    ),
}


@pytest.mark.parametrize(("argv", "headline", "line", "caret"), CASES.values(), ids=CASES.keys())
def test_frames_of_a_wrong_command_line(project: Project, argv: str, headline: str, line: str, caret: str) -> None:
    ran = project.launch(*argv.split())
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"{headline}\n --> command line\n  |\n  | {line}\n  | {caret}\n"


VALUES = {
    "value-of-a-flag": ("dev --port abc", "launch dev --port abc", "                  ^^^"),
    "value-after-equals": ("dev --port=abc", "launch dev --port=abc", "                  ^^^"),
    "quoted-for-the-shell": ("dev --port a&b", "launch dev --port 'a&b'", "                   ^^^"),
    "short-flag": ("dev -p abc", "launch dev -p abc", "              ^^^"),
    "profile": ("dev --profile nope", "launch dev --profile nope", "                     ^^^^"),
    "profile-as-an-argument": (
        "profiles diff base nope",
        "launch profiles diff base nope",
        "                          ^^^^",
    ),
    "part-of-an-assignment": ("check --set prt=1", "launch check --set prt=1", "                   ^^^^^"),
    "secret-elsewhere": (
        "dev --set env.A_KEY='x' --port a",
        "launch dev --set 'env.A_KEY=***' --port a",
        "                                        ^",
    ),
}


@pytest.mark.parametrize(("argv", "line", "caret"), VALUES.values(), ids=VALUES.keys())
def test_wrong_values_are_shown_on_the_whole_line(project: Project, argv: str, line: str, caret: str) -> None:
    project.files({"devserver.toml": "[profiles.one]\nport = 1\n"})
    ran = project.launch(*argv.split())
    assert ran.code == 2
    assert ran.err.splitlines()[1:4] == [" --> command line", "  |", f"  | {line}"]
    assert ran.err.splitlines()[4].startswith(f"  | {caret}")


def test_bad_launch_color_names_the_variable(project: Project) -> None:
    ran = project.launch("--help", LAUNCH_COLOR="alwys")
    assert ran.code == 2
    assert ran.err == textwrap.dedent(
        """\
        error[bad-choice]: LAUNCH_COLOR has to say when to colour
         --> environment
          |
          | LAUNCH_COLOR=alwys
          |              ^^^^^ did you mean `always`? one of: auto, always, never
        """
    )
