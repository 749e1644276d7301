"""`launch exec` replaces the process, so each case runs the real command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from launcher.cli.commands import exec as command
from tests.architecture.source import ROOT

if TYPE_CHECKING:
    from tests.cli.conftest import Project

TEXT = "[base]\napp = 'shop:create_app'\nenv.GREETING = 'hello'\n[profiles.loud]\nenv.GREETING = 'HELLO'\n"

KAESE = "k\u00e4se".encode()


def start(project: Project, *argv: str, cwd: str = "", **streams: int) -> subprocess.Popen[str]:
    environ = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "HOME": str(project.root.parent), **project.environ}
    line = [sys.executable, "-m", "launcher", "exec", *argv]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    return subprocess.Popen(line, env=environ, cwd=project.root / cwd, text=True, **pipes)


def ran(project: Project, *argv: str, cwd: str = "") -> tuple[int, str, str]:
    with start(project, *argv, cwd=cwd) as process:
        out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@pytest.fixture
def shop(project: Project) -> Project:
    (project.root / "deep").mkdir()
    return project.files({"devserver.toml": TEXT, "no-program": "echo hi\n"})


def test_command_has_the_apps_variables_and_the_projects_folder(shop: Project) -> None:
    script = "echo $GREETING $FLASK_APP $FLASK_DEBUG $FLASK_RUN_FROM_CLI.; pwd"
    code, out, err = ran(shop, "--", "sh", "-c", script, cwd="deep")
    assert (code, err) == (0, "")
    assert out.splitlines() == ["hello shop:create_app 1 .", os.path.realpath(shop.root)]


def test_profile_and_flags_stand_before_the_command(shop: Project) -> None:
    assert ran(shop, "--profile", "loud", "sh", "-c", "echo $GREETING $0", "--profile")[1] == "HELLO --profile\n"


@pytest.mark.parametrize("code", [0, 1, 2, 70, 255])
def test_exit_code_is_the_commands(shop: Project, code: int) -> None:
    assert ran(shop, "--", "sh", "-c", f"exit {code}")[0] == code


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGKILL", "SIGPIPE"])
def test_death_by_a_signal_is_passed_on(shop: Project, name: str) -> None:
    """A shell reports it as 128 + N."""
    number = getattr(signal, name)
    assert ran(shop, "--", "sh", "-c", f"kill -{number.value} $$")[0] == -number
    argv = f"{sys.executable} -m launcher exec -- sh -c 'kill -{number.value} $$'; exit $?"
    environ = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    shell = subprocess.run(["sh", "-c", argv], env=environ, cwd=shop.root, timeout=60, check=False, capture_output=True)
    assert shell.returncode == 128 + number


def test_signals_reach_the_command(shop: Project) -> None:
    """It waits for nothing but the signal, which is blocked until then and cannot come too early."""
    program = """
import signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
print("ready", flush=True)
signal.sigwait({signal.SIGTERM})
print("got it")
sys.exit(9)
"""
    with start(shop, "--", sys.executable, "-c", program) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read() == "got it\n"
    assert process.returncode == 9


@pytest.mark.parametrize(
    ("argv", "code", "sentence"),
    [
        pytest.param(["--", "no-such-command"], 127, "there is no command `no-such-command`", id="not-in-path"),
        pytest.param(["--", "", "x"], 127, "there is no command ``", id="no-name"),
        pytest.param(["--", "./nope/x"], 127, "looked for it in the project's folder", id="no-file"),
        pytest.param(["--", "./no-program"], 126, "cannot be run: Permission denied", id="not-executable"),
        pytest.param(["--", "./deep"], 126, "cannot be run", id="folder"),
        pytest.param([], 2, "-- CMD... is missing", id="no-command"),
        pytest.param(["--set", "port = 'x'", "--", "true"], 2, "must be a whole number", id="wrong-settings"),
    ],
)
def test_what_cannot_be_run_is_told(shop: Project, argv: list[str], code: int, sentence: str) -> None:
    found, out, err = ran(shop, *argv)
    assert (found, out) == (code, "")
    assert sentence in err
    assert "Traceback" not in err


def test_python_ignores_what_is_given_back(shop: Project) -> None:
    """A program that starts with SIGPIPE ignored would write on into a closed pipe."""
    for name in command._IGNORED_BY_PYTHON:
        assert signal.getsignal(getattr(signal, name)) is signal.SIG_IGN
    with pytest.raises(FileNotFoundError):
        command.replace_process(["no-such-command"], str(shop.root), {"PATH": ""})
    for name in command._IGNORED_BY_PYTHON:
        assert signal.getsignal(getattr(signal, name)) is signal.SIG_IGN


def test_command_is_that_of_the_environment_that_launch_lives_in(shop: Project) -> None:
    """Also when it is not activated: `.venv/bin/launch exec -- pip` runs the pip of .venv."""
    shop.environ["PATH"] = "/usr/bin:/bin"
    assert ran(shop, "sh", "-c", "command -v python")[1].strip() == os.path.join(
        os.path.dirname(sys.executable), "python"
    )


def test_variables_are_utf8_in_an_ascii_locale(project: Project) -> None:
    project.files({"devserver.toml": "[base.env]\nNAME = 'k\u00e4se'\n"})
    project.environ.update(LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    code, out, err = ran(project, sys.executable, "-c", "import os; print(ascii(os.environb[b'NAME']))")
    assert (code, out, err) == (0, f"{KAESE!a}\n", "")


def test_flask_app_is_the_file_that_is_found(project: Project) -> None:
    project.files({"wsgi.py": "app = None\n"})
    assert ran(project, "sh", "-c", "echo $FLASK_APP")[1] == "wsgi.py\n"
