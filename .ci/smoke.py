"""Starts `launch dev` as a user would, and sees it serve.

python .ci/smoke.py PATH_OF_LAUNCH      an installed `launch`, in a temporary project
python .ci/smoke.py --line "SHELL LINE"  a line of the README that ends with `launch dev`, in this folder
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 120.0  # seconds for anything to happen
APP = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%s"]
"""


def write(folder: str, name: str, text: str) -> None:
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(text)


def read_address(server: subprocess.Popen[bytes]) -> str:
    """Return the address that the server prints, and leave its output readable."""
    assert server.stdout is not None
    seen, deadline = b"", time.monotonic() + LIMIT
    with selectors.DefaultSelector() as selector:
        selector.register(server.stdout, selectors.EVENT_READ)
        while time.monotonic() < deadline:
            if selector.select(1.0):
                chunk = os.read(server.stdout.fileno(), 65536)
                seen += chunk
                if found := re.search(rb"http://127\.0\.0\.1:\d+/", seen):
                    return found[0].decode()
                if not chunk:
                    break
    raise SystemExit(f"launch dev printed no address:\n{seen.decode()}")


def wait_for(address: str, body: bytes) -> None:
    """Ask until the answer contains *body*; a refused connection is a failure at once."""
    deadline, answer = time.monotonic() + LIMIT, b""
    while time.monotonic() < deadline:
        with urllib.request.urlopen(address, timeout=LIMIT) as response:
            answer = response.read()
        if body in answer:
            return
        time.sleep(0.02)
    raise SystemExit(f"{address} answered {answer!r}, expected {body!r}")


def try_command(launch: str) -> None:
    """Run the commands in a new project; raise, or leave with a message, when one does not do what it should."""
    with tempfile.TemporaryDirectory() as folder:
        write(folder, "shop.py", APP % "first")
        write(folder, "devserver.toml", '[base]\napp = "shop:app"\nport = 0\n\n[profiles.eager]\nloading = "eager"\n')
        for arguments in (["--help"], ["--version"], ["check"], ["explain", "port"], ["profiles"]):
            print("launch", *arguments)
            subprocess.run([launch, *arguments], cwd=folder, check=True, timeout=LIMIT, stdout=subprocess.DEVNULL)
        with serving([launch, "dev", "--profile", "eager"], folder, dict(os.environ)) as address:
            wait_for(address, b"first")
            write(folder, "shop.py", APP % "second, reloaded")
            wait_for(address, b"second, reloaded")
            print(f"{address} served and reloaded")


def try_line(line: str) -> None:
    """Run the line, and see the notes app, on any free port and with a database of its own."""
    with tempfile.TemporaryDirectory() as folder:
        variables = {"LAUNCH_PORT": "0", "NOTES_DATABASE": os.path.join(folder, "notes.db")}
        with serving(["bash", "-c", line], ".", {**os.environ, **variables}) as address:
            wait_for(address, b"Nothing noted yet")
            print(f"{address} served the notes app")


@contextlib.contextmanager
def serving(command: list[str], folder: str, environment: dict[str, str]) -> Iterator[str]:
    """Start a server and yield its address; stop it with Ctrl-C, which must end with exit code 0."""
    server = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield read_address(server)
        os.killpg(server.pid, signal.SIGINT)
        output, _ = server.communicate(timeout=LIMIT)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()
    if server.returncode != 0:
        raise SystemExit(f"launch dev ended with {server.returncode}:\n{output.decode()}")


if __name__ == "__main__":
    if sys.argv[1] == "--line":
        try_line(sys.argv[2])
    else:
        try_command(sys.argv[1])
