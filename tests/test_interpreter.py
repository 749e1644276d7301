"""The command line of Python is taken apart as Python takes it apart."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from launcher.interpreter import Command, as_bytes, parse_command, with_scripts


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(["hello.py"], Command(script="hello.py"), id="script"),
        pytest.param(["hello.py", "-O", "-m"], Command(script="hello.py", arguments=("-O", "-m")), id="arguments"),
        pytest.param(["-m", "pkg.a", "x"], Command(module="pkg.a", arguments=("x",)), id="module"),
        pytest.param(["-mpkg"], Command(module="pkg"), id="module-in-one-word"),
        pytest.param(["-Bmpkg", "-x"], Command(("-B",), module="pkg", arguments=("-x",)), id="module-in-a-cluster"),
        pytest.param(["-c", "print()", "a"], Command(arguments=("a",)), id="code"),
        pytest.param(["-OO", "-B", "a.py"], Command(("-OO", "-B"), script="a.py"), id="switches"),
        pytest.param(["-X", "dev", "-Wall", "a.py"], Command(("-Xdev", "-Wall"), script="a.py"), id="values"),
        pytest.param(["-OWerror", "a.py"], Command(("-O", "-Werror"), script="a.py"), id="value-in-a-cluster"),
        pytest.param(["-iu", "-x", "a.py"], Command(("-u",), script="a.py"), id="left-out"),
        pytest.param(
            ["--check-hash-based-pycs", "always", "a.py"],
            Command(("--check-hash-based-pycs", "always"), script="a.py"),
            id="long",
        ),
        pytest.param(["-", "a"], Command(script="-", arguments=("a",)), id="standard-input"),
        pytest.param([], Command(), id="nothing"),
        pytest.param(["-X"], Command(("-X",)), id="value-that-is-missing"),
    ],
)
def test_parse_command(words: list[str], expected: Command) -> None:
    assert parse_command(["python", *words]) == expected


@pytest.mark.parametrize("words", [["-OO", "-X", "dev"], ["-BsWerror"], ["-I"], ["-bu", "-Xutf8=1"]], ids=" ".join)
def test_options_start_an_interpreter_like_the_first(words: list[str]) -> None:
    program = "import json, sys; print(json.dumps([list(sys.flags), sys.warnoptions, sys._xoptions, sys.orig_argv]))"

    def ask(options: list[str]) -> list[object]:
        done = subprocess.run([sys.executable, *options, "-c", program], capture_output=True, text=True, check=True)
        told: list[object] = json.loads(done.stdout)
        return told

    *first, command = ask(words)
    assert isinstance(command, list)
    assert ask(list(parse_command(command).options))[:3] == first


@pytest.mark.parametrize(
    ("path", "executable", "is_environment", "expected"),
    [
        pytest.param("/usr/bin", "/v/bin/python", True, "/v/bin:/usr/bin", id="environment-that-is-not-activated"),
        pytest.param("/v/bin:/usr/bin", "/v/bin/python", True, "/v/bin:/usr/bin", id="activated"),
        pytest.param("/w/bin:/v/bin", "/v/bin/python", True, "/v/bin:/w/bin:/v/bin", id="another-one-is-activated"),
        pytest.param("", "/v/bin/python", True, "/v/bin", id="no-path"),
        pytest.param("/usr/bin", "/usr/bin/python3", False, "/usr/bin", id="no-environment"),
    ],
)
def test_scripts_of_the_environment_stand_first(
    path: str, executable: str, is_environment: bool, expected: str
) -> None:
    assert with_scripts({"PATH": path}, executable, is_environment=is_environment)["PATH"] == expected


def test_environment_is_utf8_whatever_the_locale_is() -> None:
    assert as_bytes({"NAME": "k\u00e4se", "RAW": "\udcff"}) == {b"NAME": "k\u00e4se".encode(), b"RAW": b"\xff"}
