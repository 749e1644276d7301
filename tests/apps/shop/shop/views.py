"""What is served: a page for each thing that an app may do to its server."""

from __future__ import annotations

import atexit
import hashlib
import os
import subprocess
import sys
import time

from shop import cart
from shop.journal import note

RELEASE = "release"


def slow(environ):
    """Answer when a file appears."""
    note("slow")
    while not os.path.exists(os.environ["E2E_JOURNAL"] + ".release"):
        time.sleep(0.01)
    return [f"slow {cart.version()}".encode()]


def events(environ):
    """Never end."""
    note("events")
    yield b"data: hello\n\n"
    while True:
        time.sleep(0.02)
        yield b": still here\n\n"


def echo(environ):
    """Digest what was sent."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return [f"{cart.version()} {len(body)} {hashlib.sha256(body).hexdigest()}".encode()]


def spawn(environ):
    """Start programs that would outlive the app: one in its group, one that left it, one that ignores SIGTERM."""
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(999)"
    children = [
        subprocess.Popen(["sleep", "999"]),
        subprocess.Popen(["sleep", "999"], start_new_session=True),
        subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE),
    ]
    children[-1].stdout.readline()
    return ["\n".join(str(child.pid) for child in children).encode()]


def stop(environ):
    """Enter the terminal debugger."""
    secret = 6 * 7
    breakpoint()
    return [f"left with {secret}".encode()]


def raw(environ):
    """Make the terminal raw, and stay."""
    import tty

    tty.setraw(0)
    note("raw")
    time.sleep(999)
    return [b""]


PAGES = {
    "/": lambda environ: [cart.version().encode()],
    "/pid": lambda environ: [str(os.getpid()).encode()],
    "/modules": lambda environ: ["\n".join(sorted(sys.modules)).encode()],
    "/environ": lambda environ: ["\n".join(f"{name}={value}" for name, value in os.environ.items()).encode()],
    "/flags": lambda environ: [f"{sys.flags}\n{sys.argv}\n{os.getcwd()}\n{sys.path}".encode()],
    "/exit": lambda environ: os._exit(5),
    "/at-exit": lambda environ: [str(atexit.register(note, "atexit")).encode()],
    "/slow": slow,
    "/events": events,
    "/echo": echo,
    "/spawn": spawn,
    "/stop": stop,
    "/raw": raw,
}


def answer(environ, start_response):
    page = PAGES.get(environ["PATH_INFO"])
    if page is None:
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"no such page"]
    kind = "text/event-stream" if page is events else "text/plain"
    body = page(environ)
    start_response("200 OK", [("Content-Type", kind)])
    return body
