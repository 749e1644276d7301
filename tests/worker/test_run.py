"""The worker's life, played by real processes that are told by messages what to do."""

from __future__ import annotations

import http.client
import os
import re
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from launcher.plan import Address, Debugger, Plan, Target, Wsgi
from launcher.wire.channel import Channel
from launcher.wire.messages import (
    Accept,
    Adopt,
    Booted,
    ConsoleOpened,
    Drain,
    Drained,
    Evaluate,
    Failed,
    GivenBack,
    Load,
    Loading,
    Reading,
    ServeFailure,
    Serving,
)

if TYPE_CHECKING:
    from launcher.wire.messages import Message, ToWorker

LIMIT = 20.0
PROGRAM = Path(__file__).parents[2] / "launcher/worker/__main__.py"
APP = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]
"""


class Far:
    """A worker as a process, and this side of its channel."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.read: dict[str, str] = {}
        self.lets_accept = True
        ours, theirs = socket.socketpair()
        lifeline, self._lifeline = os.pipe()
        with open(folder / "crash", "wb") as crash:
            fds = (theirs.fileno(), lifeline, crash.fileno())
            argv = [sys.executable, str(PROGRAM), *map(str, fds)]
            self.process = subprocess.Popen(
                argv, pass_fds=fds, env={"PATH": os.environ["PATH"]}, stderr=subprocess.PIPE
            )
        theirs.close()
        os.close(lifeline)
        self.channel = Channel(ours)
        self.listener = socket.create_server(("127.0.0.1", 0))
        assert isinstance(self.hear()[0], Booted)

    def hear(self) -> tuple[Message, int | None]:
        """Return what the worker says next, and remember which files it read. Let it accept clients when it is ready."""
        while True:
            while (found := self.channel._next()) is None:
                assert select.select([self.channel], [], [], LIMIT)[0], "the worker is silent"
                self.channel._fill()
            if isinstance(found[0], Serving) and self.lets_accept:
                self.say(Accept())
            if not isinstance(found[0], Reading):
                return found
            self.read.update(found[0].files)

    def say(self, message: ToWorker) -> None:
        carries = isinstance(message, Load | ServeFailure)
        self.channel.send(message, self.listener.fileno() if carries else None)

    def plan(self, source: str, **changes: object) -> Plan:
        (self.folder / "shop.py").write_text(source)
        target = Target("shop:app", str(self.folder), str(self.folder))
        plan = Plan(str(self.folder), "", target, Address(), roots=(str(self.folder),))
        return replace(plan, **changes)  # type: ignore[arg-type]

    def load(self, source: str, *, wait: bool = False, **changes: object) -> Plan:
        plan = self.plan(source, **changes)
        self.say(Load(plan.to_json(), 1, wait))
        return plan

    def get(self, path: str = "/") -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(*self.listener.getsockname(), timeout=LIMIT)
        connection.request("GET", path, headers={"Accept": "text/html"})
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response.status, body

    def evaluate(self, frame: int, code: str) -> bytes:
        """Have code run in a frame, as the supervisor does for a page of this worker; return what the page shows."""
        ours, theirs = socket.socketpair()
        with ours:
            ours.settimeout(LIMIT)
            with theirs:
                self.channel.send(Evaluate(frame, code), theirs.fileno())
            return b"".join(iter(lambda: ours.recv(4096), b""))

    def end(self) -> tuple[int, str]:
        """Have the worker drain; return its exit code and what it printed."""
        self.say(Drain(5.0))
        while not isinstance(self.hear()[0], Drained):
            pass
        _, printed = self.process.communicate(timeout=LIMIT)
        return self.process.returncode, printed.decode()

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()
        self.channel.close()
        self.listener.close()
        os.close(self._lifeline)


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Far]:
    far = Far(tmp_path)
    yield far
    far.close()


def test_an_app_is_loaded_served_and_drained(far: Far) -> None:
    far.load(APP)
    assert far.hear()[0] == Loading()
    message = far.hear()[0]
    assert isinstance(message, Serving)
    assert (message.found, message.failure) == ("shop:app", False)
    assert str(far.folder / "shop.py") in far.read
    assert far.get() == (200, b"hello")
    code, printed = far.end()
    assert code == 0
    assert "Traceback" not in printed


def test_a_worker_holds_no_connection_before_it_may_accept(far: Far) -> None:
    far.lets_accept = False
    with socket.create_connection(far.listener.getsockname(), LIMIT) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        far.load(APP)
        while not isinstance(far.hear()[0], Serving):
            pass
        far.process.kill()
        far.process.wait()
        accepted, _ = far.listener.accept()
        with accepted:
            assert accepted.recv(3) == b"GET"


def test_a_worker_drains_although_it_was_never_let_accept(far: Far) -> None:
    far.lets_accept = False
    far.load(APP)
    while not isinstance(far.hear()[0], Serving):
        pass
    assert far.end()[0] == 0


def test_no_secret_is_in_what_is_told_of_a_failure(far: Far) -> None:
    source = "import os\nraise ValueError('no such key: ' + os.environ['API_KEY'])\n"
    far.load(source, env={"API_KEY": "sk-live-4242"}, secrets=("API_KEY",))
    assert far.hear()[0] == Loading()
    failed = far.hear()[0]
    assert isinstance(failed, Failed)
    assert "ValueError: no such key: ***" in failed.text
    assert "4242" not in failed.text


def test_no_secret_is_in_what_is_told_of_a_request_that_fails_without_the_debugger(far: Far) -> None:
    source = APP.replace("    start", "    raise ValueError('no such key: sk-live-4242')\n    start")
    far.load(source, env={"API_KEY": "sk-live-4242"}, secrets=("API_KEY",), debugger=Debugger(enabled=False))
    while not isinstance(far.hear()[0], Serving):
        pass
    assert b"4242" not in far.get()[1]
    _, printed = far.end()
    assert "ValueError: no such key: ***" in printed
    assert "ValueError: no such key: sk" not in printed


def test_a_worker_that_waits_loads_with_the_first_connection(far: Far) -> None:
    far.load(APP, wait=True)
    assert not select.select([far.channel], [], [], 0.2)[0]
    with socket.create_connection(far.listener.getsockname(), LIMIT) as client:
        assert far.hear()[0] == Loading()
        assert isinstance(far.hear()[0], Serving)
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert client.recv(12).startswith(b"HTTP/1.")


def test_a_worker_that_waits_can_be_told_to_leave(far: Far) -> None:
    far.load(APP, wait=True)
    assert far.end() == (0, "")


def test_a_failure_is_told_and_shown(far: Far) -> None:
    plan = far.load("import missing_module_of_the_shop\n")
    assert far.hear()[0] == Loading()
    message = far.hear()[0]
    assert isinstance(message, Failed)
    assert message.cause == "ModuleNotFoundError in shop.py:1"
    assert not message.busy
    assert far.read[str(far.folder / "missing_module_of_the_shop.py")] == ""
    far.say(ServeFailure(plan.to_json(), 1, message.cause, message.text))
    assert far.hear()[0] == Serving("", 0.0, failure=True)
    status, body = far.get()
    assert status == 500
    assert b"missing_module_of_the_shop" in body
    assert far.end()[0] == 0


def test_the_failure_of_another_worker_is_shown(far: Far) -> None:
    far.say(ServeFailure(far.plan(APP).to_json(), 3, "exit code 3", "the stack"))
    assert far.hear()[0] == Serving("", 0.0, failure=True)
    assert far.get()[0] == 500
    assert far.end()[0] == 0


def test_a_worker_that_failed_can_be_told_to_leave(far: Far) -> None:
    far.load("raise SystemExit(3)\n")
    assert far.hear()[0] == Loading()
    message = far.hear()[0]
    assert isinstance(message, Failed)
    assert message.cause == "the app called sys.exit(3) while loading"
    assert far.end() == (0, "")


HANDLER = (
    "from werkzeug.serving import WSGIRequestHandler\nclass Mine(WSGIRequestHandler):\n    server_version = 'Mine'\n"
)


def test_a_request_handler_of_the_project(far: Far) -> None:
    (far.folder / "mine.py").write_text(HANDLER)
    far.load(APP, wsgi=Wsgi(request_handler="mine:Mine"))
    assert far.hear()[0] == Loading()
    assert isinstance(far.hear()[0], Serving)
    assert str(far.folder / "mine.py") in far.read
    assert far.get() == (200, b"hello")


@pytest.mark.parametrize(
    ("spec", "cause"),
    [("shop:app", "`shop:app` is not a request handler"), ("nowhere:X", "ModuleNotFoundError while loading the app")],
)
def test_a_request_handler_that_is_none_is_a_failure_with_a_page(far: Far, spec: str, cause: str) -> None:
    plan = far.load(APP, wsgi=Wsgi(request_handler=spec))
    assert far.hear()[0] == Loading()
    message = far.hear()[0]
    assert isinstance(message, Failed)
    assert message.cause == cause
    far.say(ServeFailure(plan.to_json(), 1, message.cause, message.text))
    assert far.hear()[0] == Serving("", 0.0, failure=True)
    assert far.get()[0] == 500


def test_a_silent_connection_is_given_back_and_adopted_by_another_worker(far: Far, tmp_path: Path) -> None:
    far.load(APP)
    far.hear()
    far.hear()
    with socket.create_connection(far.listener.getsockname(), LIMIT) as client:
        assert far.get() == (200, b"hello")  # and so the silent one, which came first, is accepted
        far.say(Drain(5.0))
        message, descriptor = far.hear()
        assert isinstance(message, GivenBack)
        assert message.peer == client.getsockname()
        assert descriptor is not None
        assert far.hear()[0] == Drained(0)
        (tmp_path / "other").mkdir()
        other = Far(tmp_path / "other")
        other.load(APP)
        other.hear()
        other.hear()
        other.channel.send(Adopt(message.peer), descriptor)
        os.close(descriptor)
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert client.recv(4096).startswith(b"HTTP/1.")
        other.close()


PROBE = """
import json, os, sys
def app(environ, start_response):
    start_response("200 OK", [])
    names = ("A", "GONE", "WERKZEUG_RUN_MAIN")
    environment = {name: os.environ.get(name) for name in names}
    listening = int(os.environ["WERKZEUG_SERVER_FD"])
    return [json.dumps([environment, os.getcwd(), sys.argv, os.fstat(listening).st_mode >> 12]).encode()]
"""


def test_the_process_is_what_the_plan_says(far: Far) -> None:
    import json
    import stat

    far.load(PROBE, env={"A": "1"}, unset_env=("GONE", "PATH"))
    far.hear()
    far.hear()
    environment, folder, argv, kind = json.loads(far.get()[1])
    assert environment == {"A": "1", "GONE": None, "WERKZEUG_RUN_MAIN": "true"}
    assert folder == str(far.folder)
    assert argv == ["launch", "dev"]
    assert kind == stat.S_IFSOCK >> 12


def test_the_worker_leaves_without_a_word_when_the_supervisor_does(far: Far) -> None:
    far.load(APP)
    far.hear()
    far.hear()
    far.channel.close()
    _, printed = far.process.communicate(timeout=LIMIT)
    assert (far.process.returncode, printed) == (0, b"")


FAILING = """
def app(environ, start_response):
    answer = 42
    raise LookupError("no row")
"""


def test_a_worker_whose_console_is_in_use_stays_and_gives_its_socket_up(far: Far) -> None:
    plan = far.load(FAILING, debugger=Debugger(pin=""), threads=False)
    while not isinstance(far.hear()[0], Serving):
        pass
    _, page = far.get()
    secret = re.search(rb'SECRET = "(\w+)"', page)[1].decode()
    frame = re.findall(rb'id="frame-(\d+)"', page)[-1].decode()
    assert b"42" in far.get(f"/?__debugger__=yes&cmd=answer&frm={frame}&s={secret}")[1]
    opened = far.hear()[0]
    assert isinstance(opened, ConsoleOpened)
    assert secret.endswith(opened.owner)
    far.say(Drain(5.0))
    assert far.hear()[0] == Drained(0, stays=True)
    port = far.listener.getsockname()
    far.listener.close()
    far.listener = socket.create_server(port)
    assert b"43" in far.evaluate(int(frame), "answer + 1")
    (far.folder / "shop.py").write_text(FAILING + "\n")
    assert b"shop.py was changed" in far.evaluate(int(frame), "answer + 1")
    assert far.process.poll() is None
    far.say(Drain(0.0))
    assert far.process.wait(LIMIT) == 0
    assert plan.debugger.console


def test_a_worker_does_not_stay_when_the_server_ends(far: Far) -> None:
    far.load(FAILING, debugger=Debugger(pin=""), threads=False)
    while not isinstance(far.hear()[0], Serving):
        pass
    _, page = far.get()
    secret = re.search(rb'SECRET = "(\w+)"', page)[1].decode()
    far.get(f"/?__debugger__=yes&cmd=opened&s={secret}")
    assert isinstance(far.hear()[0], ConsoleOpened)
    far.say(Drain(5.0, stop=True))
    assert far.hear()[0] == Drained(0)
    assert far.process.wait(LIMIT) == 0
