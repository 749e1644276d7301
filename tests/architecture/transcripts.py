"""Runs the commands that a page shows, in a project made as the page says.

python -m tests.architecture.transcripts PAGE...           prints the pages with the output that the commands have now
python -m tests.architecture.transcripts --write PAGE...   writes them

A transcript is an indented block. `$ cat FILE` makes the file where there is none yet, and shows it otherwise;
`$ export`, `$ unset`, `$ rm` and `$ launch` do what they say; `$ launch dev` goes as far as the plan (tests/e2e/test_pages.py
goes further). A line that needs a shell gets bash. Each section of a page (##) begins with an empty folder and an empty
shell. An output that is `...` alone is not compared.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from launcher.cli.commands.dev import command as dev
from launcher.cli.invocation import Invocation
from launcher.cli.main import run
from launcher.cli.options import make_request
from launcher.cli.root import root
from launcher.config.resolve import resolve_profile
from launcher.planner import build_plan
from tests.architecture.source import ROOT

INDENT = "    "


class Shell:
    """A folder and an environment in which the commands of one section run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ: dict[str, str] = {}
        self.code = 0
        (folder / ".git").mkdir()  # where the search for a project ends

    def perform(self, line: str, shown: list[str]) -> list[str]:
        """Run one line, and return what it prints."""
        words = words_of(line)
        if words[0] in ("mkdir", "source", "eval") or ">" in words:
            return self._bash(line)
        if words[0] == "launch":
            return self._launch(words[1:])
        if words[0] == "cat":
            return self._cat(words[1], shown)
        if words[0] == "export":
            self.environ.update(dict(word.split("=", 1) for word in words[1:]))
        elif words[0] == "unset":
            for name in words[1:]:
                del self.environ[name]
        elif words[0] == "rm":
            (self.folder / words[1]).unlink()
        else:
            raise ValueError(f"nobody knows how to perform: {line}")
        return []

    def _cat(self, name: str, shown: list[str]) -> list[str]:
        path = self.folder / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join(shown) + "\n", encoding="utf-8")
        return path.read_text(encoding="utf-8").rstrip("\n").split("\n")

    def _launch(self, words: list[str]) -> list[str]:
        before = Path.cwd()
        os.chdir(self.folder)
        try:
            if words[0] == "dev" and "--help" not in words:
                return self.serve(words)
            if words[0] == "exec":  # it would replace this process
                return self.execute(words)
            stream = io.StringIO()
            self.code = run(words, self.environ, stream, stream)
            return stream.getvalue().rstrip("\n").split("\n")
        finally:
            os.chdir(before)

    def _bash(self, line: str) -> list[str]:
        """Run a line in bash, where `launch` is ours; standard output and what goes wrong are told."""
        ours = f'launch() {{ {shlex.quote(sys.executable)} -m launcher "$@"; }}\nset -o pipefail\n'
        environ = {**self.environ, "PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "HOME": str(self.folder)}
        done = subprocess.run(
            ["bash", "-c", ours + line],
            cwd=self.folder,
            env=environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.code = done.returncode
        return (done.stdout + done.stderr).splitlines()

    def execute(self, words: list[str]) -> list[str]:
        """Start `true` instead of a command that may not be there."""
        line = [sys.executable, "-m", "launcher", "exec", "--", "true", *words[2:]]
        environ = {**self.environ, "PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
        subprocess.run(line, env=environ, check=True, timeout=60)
        return ["..."]

    def serve(self, words: list[str]) -> list[str]:
        """Go as far as the plan; what a server says depends on the day."""
        given = Invocation(tuple(words), self.environ, str(self.folder), "", None, None)
        with (
            root().make_context("launch", [], obj=given) as above,
            dev.make_context("dev", words[1:], parent=above) as ctx,
        ):
            build_plan(resolve_profile(make_request(ctx, ctx.params, ctx.params.pop("app"))), pin="")
        return ["..."]


def words_of(line: str) -> list[str]:
    """Return the words of a line without the remark behind it."""
    return shlex.split(line.partition("  #")[0])


def sections(text: str) -> list[str]:
    """Return the parts of a page that begin with a heading of the second level, and what stands before the first."""
    return re.split(r"(?m)^(?=## )", text)


def performed(section: str, shell: Shell) -> str:
    """Return a section with every output as it is now."""
    lines: list[str] = []
    for block in re.split(r"(?m)(?<=\n)(?=    \$ )", section):
        lines.append(_performed(block, shell))
    return "".join(lines)


def _performed(block: str, shell: Shell) -> str:
    """Return a block that begins with a command, with its output as it is now, and what follows it."""
    if not block.startswith(f"{INDENT}$ "):
        return block
    head, _, rest = block.partition("\n")
    output = re.match(r"(?:    [^\n]*\n|\n(?=(?:\n)*    [^$\n]))*", rest)
    assert output is not None
    shown = [line.removeprefix(INDENT) for line in output[0].split("\n")[:-1]]
    told = shell.perform(head.removeprefix(f"{INDENT}$ "), shown)
    if shown == ["..."] or told == ["..."]:
        told = shown
    text = "".join(f"{INDENT}{line}".rstrip() + "\n" for line in told if told != [""])
    return f"{head}\n{text}{rest[output.end() :]}"


def page(text: str, make_shell: Callable[[Path], Shell] = Shell) -> str:
    """Return a page with every output as it is now, from a new shell for each section."""
    parts: Iterator[str] = iter(sections(text))
    made = []
    for part in parts:
        with tempfile.TemporaryDirectory() as folder:
            made.append(performed(part, make_shell(Path(os.path.realpath(folder)))))
    return "".join(made)


if __name__ == "__main__":
    for name in [name for name in sys.argv[1:] if name != "--write"]:
        found = page(Path(name).read_text(encoding="utf-8"))
        if "--write" in sys.argv:
            Path(name).write_text(found, encoding="utf-8")
        else:
            print(found)
