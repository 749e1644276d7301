"""Makes an environment and a project for an app, and starts `launch dev` or the app's own server in it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
import uuid
from copy import copy
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.harness import TOKEN, alive, free_port
from tests.realapps.apps import Recipe

SOURCE = Path(__file__).parents[2]
_URL = re.compile(r"http://127\.0\.0\.1:\d+")


@dataclass
class Running:
    """A server that was started."""

    process: subprocess.Popen[bytes]
    output: Path
    token: str
    address: str
    is_launch: bool = False

    def log(self) -> str:
        """Return all that it has printed."""
        return re.sub(r"\x1b\[[\d;]*m", "", self.output.read_text(errors="replace"))

    def processes(self) -> dict[int, str]:
        """Return its processes by pid, with their commands."""
        return alive(self.token, self.process.pid)

    def stop(self) -> dict[int, str]:
        """End the server; return the processes that it left, which are ended too."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        left = self.processes()
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        return left


class Workshop:
    """The environment and the project of one recipe, made once in *folder*."""

    def __init__(self, recipe: Recipe, folder: Path, python: str) -> None:
        self.recipe = recipe
        self.folder = folder / recipe.name
        self.environment = self.folder / "env"
        self.project = self.folder / "project"
        self._python = python
        self._count = 0

    def make(self) -> None:
        """Install the packages and `launch`, and make the project, unless that was done before."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.environment.exists():
            subprocess.run(["uv", "venv", "-q", "--python", self._python, str(self.environment)], check=True)
        variables = {**os.environ, "VIRTUAL_ENV": str(self.environment)}
        command = [
            "uv",
            "pip",
            "install",
            "-q",
            "--reinstall-package",
            "launch-dev",
            str(SOURCE),
            *self.recipe.packages,
        ]
        subprocess.run(command, env=variables, check=True)
        if not self.project.exists():
            self.recipe.make(self.project, self.environment)
        (self.project / "devserver.toml").write_text(self.recipe.settings)

    def copy(self, name: str) -> Workshop:
        """Return a workshop with the same environment and a new copy of the project."""
        other = copy(self)
        other.project = self.folder / f"copy-{name}"
        shutil.rmtree(other.project, ignore_errors=True)
        shutil.copytree(self.project, other.project, ignore=shutil.ignore_patterns("__pycache__"))
        return other

    def launch(self, *flags: str) -> Running:
        """Start `launch dev`; return it when it says its address."""
        running = self._start("launch", "dev", "--port", "0", *flags)
        wait_until(lambda: bool(_URL.search(running.log())), f"the address of {self.recipe.name}", running)
        running.address, running.is_launch = _URL.findall(running.log())[0], True
        return running

    def own(self) -> Running:
        """Start the app's own server."""
        port = free_port()
        running = self._start(*(word.format(port=port) for word in self.recipe.own_server))
        running.address = f"http://127.0.0.1:{port}"
        return running

    def _start(self, *command: str) -> Running:
        self._count += 1
        output, token = self.folder / f"{self.project.name}-{os.getpid()}-{self._count}.log", uuid.uuid4().hex
        variables = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        variables |= {"PATH": f"{self.environment / 'bin'}:/usr/bin:/bin", "HOME": str(self.folder), TOKEN: token}
        with output.open("wb") as log:
            process = subprocess.Popen(
                [str(self.environment / "bin" / command[0]), *command[1:]],
                cwd=self.project,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return Running(process, output, token, "")


def wait_until(condition, what: str, running: Running, limit: float = 120.0) -> None:  # type: ignore[no-untyped-def]
    """Wait until *condition* is true. Raises `RuntimeError` with what the server printed."""
    end = time.monotonic() + limit
    while not condition():
        if running.process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"waited for {what}\n{running.log()}")
        time.sleep(0.02)
