from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from launcher.cli.complete import SHELLS, VARIABLE
from tests.architecture.source import ROOT

if TYPE_CHECKING:
    from tests.cli.conftest import Project


@pytest.mark.parametrize("shell", SHELLS)
def test_script(project: Project, shell: str) -> None:
    ran = project.launch("completion", shell)
    assert (ran.code, ran.err) == (0, "")
    assert f"launch completion {shell}" in ran.out
    assert VARIABLE in ran.out
    assert "VARIABLE" not in ran.out.replace(VARIABLE, "")


def test_without_a_shell_the_shells_are_named(project: Project) -> None:
    ran = project.launch("completion")
    assert (ran.code, ran.out) == (2, "")
    assert "error[missing-argument]: the name of the shell is missing\n" in ran.err
    assert f"^ one of: {', '.join(SHELLS)}\n" in ran.err


@pytest.mark.parametrize("shell", [shell for shell in ("bash", "zsh", "fish") if shutil.which(shell)])
def test_shell_accepts_the_script(project: Project, shell: str) -> None:
    script = project.launch("completion", shell).out
    done = subprocess.run([shell, "-n"], input=script, text=True, capture_output=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        pytest.param(["check", "--profile", "e"], ["eager"], id="profile"),
        pytest.param(["check", "--profile", "=", "e"], ["eager"], id="profile-behind-an-equals-sign"),
        pytest.param(["explain", "tls."], ["tls.cert", "tls.key", "tls.adhoc"], id="keys"),
        pytest.param(["exec", "--", "bas"], ["bash"], id="command"),
        pytest.param(["nope", "x"], [], id="nothing"),
    ],
)
def test_bash_completes(project: Project, words: list[str], offered: list[str]) -> None:
    project.files({"profiles/eager.toml": ""})
    bin_folder = project.root.parent / "bin"
    bin_folder.mkdir()
    (bin_folder / "launch").write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m launcher "$@"\n')
    (bin_folder / "launch").chmod(0o755)
    quoted = " ".join(f"'{word}'" for word in ["launch", *words])
    script = (
        project.launch("completion", "bash").out
        + f"COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; compopt() {{ :; }}\n"
        + "_launch_completion; printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    environ = {"PATH": f"{bin_folder}:{os.environ['PATH']}", "HOME": str(project.root.parent)}
    done = subprocess.run(["bash", "-c", script], env=environ, text=True, capture_output=True, timeout=60, check=False)
    assert done.stderr == ""
    assert set(offered) <= set(done.stdout.split())
    assert words[0] == "exec" or done.stdout.split() == offered


def test_unknown_shell(project: Project) -> None:
    ran = project.launch("completion", "bsh")
    assert (ran.code, ran.out) == (2, "")
    assert "did you mean `bash`? one of: bash, zsh, fish, powershell" in ran.err
