"""One server under test: started like a user would, and ended with everything that it started."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING

from tests.benchmarks.client import POLL_SECONDS, ask, pause
from tests.benchmarks.usage import session_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.benchmarks.apps import App
    from tests.benchmarks.peers import Peer


class NotServedError(Exception):
    """The server did not do in time what was expected of it."""


class Server:
    """A running server; a context manager that ends it. `begun` is the moment before it was started."""

    def __init__(self, peer: Peer, app: App, environment: Path, log: Path) -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port: int = listener.getsockname()[1]
        programs = environment / "bin"
        command = [word.format(bin=programs, port=self.port) for word in shlex.split(peer.command)]
        # Nothing of our own shell: a stray PYTHONDONTWRITEBYTECODE would make every import a compilation.
        variables = {"PATH": f"{programs}:/usr/bin:/bin", "HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8"}
        self.app, self.log, self.reloads = app, log, peer.reloads
        with log.open("ab") as output:
            self.begun = time.perf_counter()
            self.process = subprocess.Popen(
                command,
                cwd=app.folder,
                env=variables | peer.variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in session_of(self.process.pid):
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    continue
            deadline = time.perf_counter() + 5.0
            while time.perf_counter() < deadline:
                self.process.poll()
                if not session_of(self.process.pid):
                    self.process.wait()
                    return
                pause(0.02)

    def processes(self) -> list[int]:
        """Return all processes of the server."""
        return session_of(self.process.pid)

    def wait_until_served(self, stamp: str, since: float, limit: float) -> float:
        """Ask until *stamp* is in the answer; return the seconds since *since*."""
        while (passed := time.perf_counter() - since) < limit:
            outcome, text = ask(self.port, "/stamps")
            if outcome == "200" and stamp in text.split():
                return time.perf_counter() - since
            if self.process.poll() is not None:
                raise NotServedError(f"the server ended with {self.process.returncode}, see {self.log}")
            pause(POLL_SECONDS)
        raise NotServedError(f"{stamp} was not served within {passed:.0f} s")

    def wait_until_up(self, limit: float = 60.0) -> float:
        """Wait for the first answer; return the seconds since the start."""
        return self.wait_until_served(self.app.stamps["entry"], self.begun, limit)
