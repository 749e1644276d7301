from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import click
import pytest

import launcher
from launcher.errors import LaunchError, Problem, StartError

if TYPE_CHECKING:
    from tests.cli.conftest import Project

ROOT = Path(__file__).parents[2]
HEAVY = {
    "asyncio",
    "dotenv",
    "importlib.metadata",
    "json",
    "logging",
    "pathlib",
    "pydantic",
    "pydantic_core",
    "subprocess",
    "tomli",
    "tomllib",
    "watchfiles",
    "werkzeug",
}
OURS = {
    "launcher",
    "launcher.__main__",
    "launcher.cli",
    "launcher.cli.flags",
    "launcher.cli.invocation",
    "launcher.cli.main",
    "launcher.cli.options",
    "launcher.cli.root",
    "launcher.console",
    "launcher.errors",
    "launcher.frame",
    "launcher.text",
}


def fresh(code: str, *argv: str) -> subprocess.CompletedProcess[str]:
    environ = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    return subprocess.run(
        [sys.executable, "-c", code, *argv], env=environ, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("argv", [("--help",), ("--version",), ()], ids=["help", "version", "nothing"])
def test_what_help_imports(argv: tuple[str, ...]) -> None:
    """`launch --help` loads click and our command line, and nothing else that takes time."""
    code = (
        "import sys\nfrom launcher.cli.main import main\n"
        "try: main()\nexcept SystemExit as end: assert not end.code, end.code\n"
        "print(*sys.modules, sep='\\n', file=sys.stderr)"
    )
    loaded = set(fresh(code, *argv).stderr.split())
    parser = set(fresh("import sys, click, dataclasses; print(*sys.modules)").stdout.split())
    assert "click" in loaded
    assert not (loaded - parser) & HEAVY
    assert not parser & HEAVY
    assert {name for name in loaded if name.partition(".")[0] == "launcher"} <= OURS


def test_import_of_the_package_loads_nothing() -> None:
    done = fresh("import sys; before = set(sys.modules); import launcher; print(*sorted(set(sys.modules) - before))")
    assert set(done.stdout.split()) <= {"__future__", "launcher"}


def test_python_dash_m() -> None:
    environ = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-m", "launcher", "--version"],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, f"launch {launcher.__version__}\n", "")


def test_version_is_the_one_of_the_distribution() -> None:
    metadata = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert re.search(r'^version = "(.*)"$', metadata, re.MULTILINE)[1] == launcher.__version__  # type: ignore[index]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A command `dev` whose module is ours to fill; it is found in the same way as the real one."""
    module = ModuleType("launcher.cli.commands.dev")
    monkeypatch.setitem(sys.modules, "launcher.cli.commands.dev", module)
    return module


def fail_with(module: ModuleType, error: BaseException) -> None:
    def callback() -> int:
        raise error

    module.command = click.Command("dev", callback=callback)  # type: ignore[attr-defined]


def test_the_exit_code_of_a_command_is_passed_on(project: Project, command: ModuleType) -> None:
    command.command = click.Command("dev", callback=lambda: 3)  # type: ignore[attr-defined]
    assert project.launch("dev").code == 3


def test_our_errors_become_frames(project: Project, command: ModuleType) -> None:
    fail_with(command, StartError([Problem("one", "first"), Problem("two", "second")]))
    ran = project.launch("dev")
    assert ran.code == 1
    assert (ran.out, ran.err) == ("", "error[one]: first\n\nerror[two]: second\n\n2 errors\n")


def test_a_bug_of_ours_is_shown_whole(project: Project, command: ModuleType) -> None:
    fail_with(command, ZeroDivisionError("oh"))
    ran = project.launch("dev")
    assert ran.code == 70
    assert ran.err.startswith("error[bug]: launch itself failed")
    assert "Traceback (most recent call last):" in ran.err
    assert ran.err.endswith("ZeroDivisionError: oh\n")


def test_a_bug_of_ours_tells_no_secret_of_the_shell(project: Project, command: ModuleType) -> None:
    fail_with(command, ValueError("bad text: c4n4ry, postgres://ada:c4n4ry2@db"))
    ran = project.launch("dev", API_KEY="c4n4ry")
    assert ran.err.endswith("ValueError: bad text: ***, postgres://***@db\n")


def test_ctrl_c_ends_with_130(project: Project, command: ModuleType) -> None:
    fail_with(command, KeyboardInterrupt())
    ran = project.launch("dev")
    assert (ran.code, ran.out, ran.err) == (130, "", "")


def test_colour_of_errors_follows_the_flag_even_when_the_line_is_wrong(project: Project) -> None:
    assert "\x1b[" in project.launch("dev", "--color", "always", "--prot").err
    assert "\x1b[" in project.launch("nope", "--color=always").err
    assert "\x1b[" not in project.launch("dev", "--prot", "--", "--color", "always").err


def test_a_deleted_folder_is_an_error(project: Project) -> None:
    gone = project.root / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    ran = project.launch("dev")
    assert ran.code == 2
    assert ran.err.startswith("error[no-folder]: the current directory does not exist any more")


@pytest.mark.parametrize(
    ("argv", "code"), [(["--help"], 0), (["nope"], 2), (["check"], 2)], ids=["help", "usage", "check"]
)
def test_exit_code_stays_when_the_reader_leaves(argv: list[str], code: int, tmp_path: Path) -> None:
    """As in `launch check 2>&1 | true`."""
    (tmp_path / "devserver.toml").write_text("[base]\nprot = 1\n")
    read, write = os.pipe()
    os.close(read)
    environ = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    line = [sys.executable, "-m", "launcher", *argv]
    try:
        done = subprocess.run(line, env=environ, stdout=write, stderr=write, timeout=60, check=False, cwd=tmp_path)
    finally:
        os.close(write)
    assert done.returncode == code


def test_closed_streams_are_no_error() -> None:
    environ = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    line = f"exec {sys.executable} -m launcher --help >&- 2>&-"
    assert subprocess.run(["sh", "-c", line], env=environ, timeout=60, check=False).returncode == 0


def test_a_launch_error_without_a_class_of_its_own_ends_with_1(project: Project, command: ModuleType) -> None:
    fail_with(command, LaunchError(Problem("x", "m")))
    assert project.launch("dev").code == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
@pytest.mark.parametrize("streams", ["stdout", "stderr", "both"])
def test_a_full_disk_is_told_and_is_no_bug_of_ours(streams: str) -> None:
    environ = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    argv = ["nope"] if streams == "stderr" else ["--version"]
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "launcher", *argv],
            env=environ,
            stdout=subprocess.PIPE if streams == "stderr" else full,
            stderr=subprocess.PIPE if streams == "stdout" else full,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    if streams == "stdout":
        assert done.stderr == "error[output]: the output cannot be written: No space left on device\n"
