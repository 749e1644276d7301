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
    quoted = " ".join(f"'{word}'" for word in ["launch", *words])
    told = completed(
        ["bash", "-c"],
        project,
        f"COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; compopt() {{ :; }}\n"
        "_launch_completion; printf '%s\\n' \"${COMPREPLY[@]}\"",
    )
    assert set(offered) <= set(told.split())
    assert words[0] == "exec" or told.split() == offered


def completed(shell: list[str], project: Project, ask: str, before: str = "") -> str:
    """Return what a shell prints for *ask* once it has read its script; its `launch` is this one, in a project."""
    project.files({"profiles/eager.toml": "description = 'Stop: at \"once\"'\n"})
    bin_folder = project.root.parent / "bin"
    bin_folder.mkdir()
    (bin_folder / "launch").write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m launcher "$@"\n')
    (bin_folder / "launch").chmod(0o755)
    environ = {"PATH": f"{bin_folder}:{os.environ['PATH']}", "HOME": str(project.root.parent)}
    line = [*shell, before + project.launch("completion", shell[0]).out + ask]
    done = subprocess.run(line, env=environ, text=True, capture_output=True, timeout=60, check=False)
    assert done.stderr == ""
    return done.stdout


@pytest.mark.skipif(shutil.which("fish") is None, reason="needs fish")
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        pytest.param("launch check --profile e", ['eager\tStop: at "once"'], id="profile-with-description"),
        pytest.param("launch check --profile=e", ['--profile=eager\tStop: at "once"'], id="behind-an-equals-sign"),
        pytest.param("launch completion f", ["fish"], id="word-without-description"),
        pytest.param("launch nope x", [], id="nothing"),
    ],
)
def test_fish_completes(project: Project, line: str, offered: list[str]) -> None:
    assert completed(["fish", "--no-config", "-c"], project, f"complete -C '{line}'").splitlines() == offered


# The functions of zsh's own completion are stood in for: outside an editing line there are none.
ZSH = """\
compdef() { : }
_describe() { for item in "${(@P)3}"; do print -r -- "$item" "${@[4,-1]}"; done }
"""


@pytest.mark.skipif(shutil.which("zsh") is None, reason="needs zsh")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        pytest.param("check --profile e", ['eager:Stop: at "once"'], id="profile-with-description"),
        pytest.param("check --profile=e", ['--profile=eager:Stop: at "once"'], id="behind-an-equals-sign"),
        pytest.param("completion z", ["zsh"], id="word-without-description"),
        pytest.param(
            "dev --set app-",
            ["app-dir=:Folder that goes to the front of the import path; the project root when empty. -S "],
            id="no-space-behind-an-equals-sign",
        ),
        pytest.param("nope x", [], id="nothing"),
    ],
)
def test_zsh_completes(project: Project, words: str, offered: list[str]) -> None:
    ask = f"words=(launch {words}); CURRENT=${{#words}}; _launch"
    told = completed(["zsh", "-f", "-c"], project, ask, ZSH)
    assert told.splitlines() == offered


def test_unknown_shell(project: Project) -> None:
    ran = project.launch("completion", "bsh")
    assert (ran.code, ran.out) == (2, "")
    assert "did you mean `bash`? one of: bash, zsh, fish, powershell" in ran.err
