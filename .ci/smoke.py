"""Starts an installed `launch` in a temporary project, as a user would: python .ci/smoke.py PATH_OF_LAUNCH."""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

LIMIT = 60.0  # seconds for anything to happen
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
    """Ask until the answer is *body*; a refused connection is a failure at once."""
    deadline, answer = time.monotonic() + LIMIT, b""
    while time.monotonic() < deadline:
        with urllib.request.urlopen(address, timeout=LIMIT) as response:
            answer = response.read()
        if answer == body:
            return
        time.sleep(0.02)
    raise SystemExit(f"{address} answered {answer!r}, expected {body!r}")


def main(launch: str) -> None:
    """Run the commands; raise, or leave with a message, when one does not do what it should."""
    with tempfile.TemporaryDirectory() as folder:
        write(folder, "shop.py", APP % "first")
        write(folder, "devserver.toml", '[base]\napp = "shop:app"\nport = 0\n\n[profiles.eager]\nloading = "eager"\n')
        for arguments in (["--help"], ["--version"], ["check"], ["explain", "port"], ["profiles"]):
            print("launch", *arguments)
            subprocess.run([launch, *arguments], cwd=folder, check=True, timeout=LIMIT, stdout=subprocess.DEVNULL)
        print("launch dev")
        command = [launch, "dev", "--profile", "eager"]
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as server:
            try:
                address = read_address(server)
                wait_for(address, b"first")
                write(folder, "shop.py", APP % "second, reloaded")
                wait_for(address, b"second, reloaded")
                server.send_signal(signal.SIGINT)
                output, _ = server.communicate(timeout=LIMIT)
            finally:
                server.kill()
        if server.returncode != 0:
            raise SystemExit(f"launch dev ended with {server.returncode}:\n{output.decode()}")
        print(f"served {address}, reloaded, stopped")


if __name__ == "__main__":
    main(sys.argv[1])
