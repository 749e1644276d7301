"""Starts the real command in a temporary project, talks to it over raw sockets, and proves that nothing of it is left.

Waiting is for a condition, with a limit that only a broken product reaches. What a server printed stays in a file
beside its project, and is part of every complaint. Linux only: processes and ports are looked up in proc(5).
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import pty
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import termios
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

Value = TypeVar("Value")

APPS = Path(__file__).parents[1] / "apps"
PACKAGE = Path(__file__).parents[2] / "launcher"
LIMIT = 30.0
"""Seconds after which a condition will not come true any more, however slow the machine is."""

STEP = 0.01
TOKEN = "E2E_TOKEN"
JOURNAL = "E2E_JOURNAL"

_AS_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Makes standard input the controlling terminal, and becomes the command. Runs in the child: no `preexec_fn`."""


def need(package: str) -> None:
    """Skip the test without this package; fail where all of them have to be there (extra `packages`)."""
    if importlib.util.find_spec(package) is not None:
        return
    if os.environ.get("LAUNCH_REQUIRE_PACKAGES"):
        pytest.fail(f"{package} is not installed")
    pytest.skip(f"{package} is not installed")


def until(condition: Callable[[], Value], what: str, evidence: Callable[[], str] = str, limit: float = LIMIT) -> Value:
    """Return the first true value of *condition*; fail with *what* and *evidence* when the limit is reached."""
    end = time.monotonic() + limit
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {limit:.0f} s for {what}\n{evidence()}")
        time.sleep(STEP)
    return value


# Requests


class Lost(Exception):
    """A request that got no whole answer."""


class Refused(Lost):
    """Nobody listens."""


class Reset(Lost):
    """The connection was reset."""


class Short(Lost):
    """The connection ended before the answer did."""


@dataclass(frozen=True)
class Answer:
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


class Client:
    """One connection to a server. A context; tells apart the ways in which a request can be lost."""

    def __init__(self, address: tuple[str, int] | str, *, tls: bool = False, timeout: float = LIMIT) -> None:
        """Connect to host and port, or to the path of a Unix socket. Raises `Refused` when nobody listens."""
        self.socket = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
        self.socket.settimeout(timeout)
        self._buffer = b""
        try:
            self.socket.connect(address)
            if tls:
                self.socket = _any_certificate().wrap_socket(self.socket)
        except (ConnectionRefusedError, FileNotFoundError) as error:
            self.socket.close()
            raise Refused from error
        except ConnectionError as error:
            self.socket.close()
            raise Reset from error

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        """Send a request. Raises `Reset`."""
        fields = {"Host": "127.0.0.1", "Connection": "close", "Accept": "text/html,*/*;q=0.8", **(headers or {})}
        if body:
            fields["Content-Length"] = str(len(body))
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self.send_raw(head.encode() + b"\r\n" + body)

    def send_raw(self, data: bytes) -> None:
        """Send bytes. Raises `Reset`."""
        try:
            self.socket.sendall(data)
        except ConnectionError as error:
            raise Reset from error

    def receive(self, method: str = "GET") -> Answer:
        """Return the whole answer. Raises `Reset` or `Short`."""
        while b"\r\n\r\n" not in self._buffer:
            self._more()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
        return Answer(int(first.split()[1]), headers, self._body(headers, method))

    def receive_until(self, mark: bytes) -> bytes:
        """Return what was received when *mark* has come. Raises `Reset` or `Short`."""
        while mark not in self._buffer:
            self._more()
        return self._buffer

    def is_ended(self) -> bool:
        """Wait for more; return whether there was the end instead."""
        try:
            self._more()
        except Lost:
            return True
        return False

    def _body(self, headers: Mapping[str, str], method: str) -> bytes:
        if method == "HEAD":
            return b""
        if headers.get("transfer-encoding") == "chunked":
            return b"".join(self._chunks())
        if "content-length" in headers:
            length = int(headers["content-length"])
            while len(self._buffer) < length:
                self._more()
            return self._buffer[:length]
        while not self.is_ended():
            pass
        return self._buffer

    def _chunks(self) -> Iterator[bytes]:
        while True:
            while b"\r\n" not in self._buffer:
                self._more()
            size, _, self._buffer = self._buffer.partition(b"\r\n")
            length = int(size, 16)
            while len(self._buffer) < length + 2:
                self._more()
            chunk, self._buffer = self._buffer[:length], self._buffer[length + 2 :]
            if not length:
                return
            yield chunk

    def _more(self) -> None:
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionError as error:
            raise Reset from error
        if not data:
            raise Short(f"after {self._buffer[-200:]!r}")
        self._buffer += data


def _any_certificate() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


# Servers


@dataclass
class Server:
    """A `launch` that was started. `log` is all that it printed so far, on both streams."""

    process: subprocess.Popen[bytes]
    output: Path
    root: Path
    token: str
    master: int | None = None
    addresses: list[tuple[str, int] | str] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)

    @property
    def pid(self) -> int:
        """The supervisor."""
        return self.process.pid

    def log(self) -> str:
        """Return what was printed so far, without the colours and carriage returns of a terminal."""
        text = self.output.read_bytes().decode("utf-8", "replace")
        return _COLOUR.sub("", text).replace("\r\n", "\n")

    def until(self, condition: Callable[[], Value], what: str) -> Value:
        """Return the first true value of *condition*, while the server lives."""
        return until(condition, what, self._evidence)

    def says(self, text: str, times: int = 1) -> str:
        """Wait until *text* was printed, so many times; return the log."""
        self.until(lambda: self.log().count(text) >= times or self._ended_in_vain(text, times), f"the words {text!r}")
        return self.log()

    @property
    def address(self) -> tuple[str, int] | str:
        """Where it listens, once it said so; the last place where it says so several times."""
        self.until(lambda: _URL.search(self.log()) or self._ended_in_vain("address", 1), "the address")
        scheme, host, port, path = _URL.findall(self.log())[-1]
        address = path if scheme == "unix:" else (host, int(port))
        if address not in self.addresses:
            self.addresses.append(address)
        return address

    def connect(self, **settings: bool) -> Client:
        """Return a new connection; the end of the test closes it, if nobody else has."""
        self.clients.append(Client(self.address, **settings))
        return self.clients[-1]

    def get(self, path: str = "/", *, tls: bool = False, headers: Mapping[str, str] | None = None) -> Answer:
        """Return the answer to a GET."""
        with Client(self.address, tls=tls) as client:
            client.send("GET", path, headers=headers)
            return client.receive()

    def post(self, path: str, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """Return the answer to a POST."""
        with Client(self.address) as client:
            client.send("POST", path, body, headers)
            return client.receive()

    def answers(self, text: str, path: str = "/", status: int = 200) -> Answer:
        """Ask until the answer contains *text*; return it."""
        answer: list[Answer] = []

        def is_it() -> bool:
            answer[:] = [self.get(path)]
            return answer[0].status == status and text in answer[0].body.decode("utf-8", "replace")

        until(is_it, f"the answer {status} {text!r}", lambda: f"last answer: {answer}\n{self._evidence()}")
        return answer[0]

    def send(self, number: int) -> None:
        """Send a signal to the supervisor alone."""
        os.kill(self.pid, number)

    def exit_code(self) -> int:
        """Wait for the end; return the exit code. One that hangs is made to say where."""
        try:
            self.until(lambda: self.process.poll() is not None, "the end")
        except AssertionError as error:
            self.send(signal.SIGABRT)  # Python's fault handler writes the stacks into the log
            self.process.wait()
            raise AssertionError(f"{error}\n{self.log()}") from None
        return self.process.returncode

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end, if it has not; return the exit code."""
        if self.process.poll() is None:
            self.send(number)
        return self.exit_code()

    def type(self, text: str) -> None:
        """Type on the terminal."""
        assert self.master is not None
        os.write(self.master, text.encode())

    def terminal_state(self) -> list[object]:
        """Return what termios says of the terminal."""
        assert self.master is not None
        return list(termios.tcgetattr(self.master))

    def processes(self) -> dict[int, str]:
        """Return the processes that descend from this server, by pid, with their commands. Zombies do not count."""
        return alive(self.token, self.pid)

    def workers(self) -> list[int]:
        """Return the pids of the workers that are there now."""
        return [pid for pid, command in self.processes().items() if f"worker{os.sep}__main__.py" in command]

    def _ended_in_vain(self, text: str, times: int) -> bool:
        if self.process.poll() is None or self.log().count(text) >= times:
            return False
        raise AssertionError(f"ended with {self.process.returncode} and never said {text!r}\n{self._evidence()}")

    def _evidence(self) -> str:
        how = self.process.poll()
        return f"exit code {how}, processes {self.processes()}, {self.root}\n---\n{self.log()}---"


_COLOUR = re.compile(r"\x1b\[[\d;]*m")
_URL = re.compile(r"(?:➜|>)  (https?://|unix:)(?:([\d.]+):(\d+)/|(\S+))")


def alive(token: str, session: int) -> dict[int, str]:
    """Return the processes that carry the *token* in their environment, or belong to the *session*."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            stat = Path(f"/proc/{entry}/stat").read_bytes().rpartition(b")")[2].split()
            if stat[0] in (b"Z", b"X"):
                continue
            marked = f"{TOKEN}={token}".encode() in Path(f"/proc/{entry}/environ").read_bytes().split(b"\0")
            if marked or int(stat[3]) == session:
                found[int(entry)] = Path(f"/proc/{entry}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
        except (OSError, IndexError):
            continue
    return found


def is_free(address: tuple[str, int] | str) -> bool:
    """Return whether nobody listens at *address*."""
    if isinstance(address, str):
        return not os.path.exists(address)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError:
            return False
        return True


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# Projects


class Project:
    """A folder with an app, and the servers that were started in it."""

    def __init__(self, folder: Path) -> None:
        """Make the project in *folder*, which stays."""
        self.root = folder / "project"
        (self.root / ".git").mkdir(parents=True)  # where the search for settings stops
        self._folder = folder
        self._journal = folder / "journal"
        self._journal.touch()
        self._token = uuid.uuid4().hex
        self.servers: list[Server] = []

    def copy(self, app: str) -> Project:
        """Add the files of one of `tests/apps`."""
        shutil.copytree(APPS / app, self.root, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        return self

    def files(self, files: Mapping[str, str]) -> Project:
        """Add files."""
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return self

    def save(self, name: str, text: str) -> None:
        """Save a file as editors do: under another name, then renamed."""
        draft = self.root / f"{name}~"
        draft.write_text(text)
        draft.replace(self.root / name)

    def save_in_place(self, name: str, text: str) -> None:
        """Save a file by writing over it."""
        (self.root / name).write_text(text)

    def journal(self) -> list[str]:
        """Return what the app wrote down about itself, a line for each event."""
        return self._journal.read_text().splitlines()

    def noted(self, line: str, times: int = 1) -> None:
        """Wait until the app wrote *line* down, so many times."""
        until(lambda: self.journal().count(line) >= times, f"the note {line!r}", self.evidence)

    def evidence(self) -> str:
        """Return what the servers printed and the app wrote down."""
        logs = "".join(f"--- {server.output.name}\n{server.log()}" for server in self.servers)
        return f"{self.root}\n{logs}--- journal\n{self._journal.read_text()}"

    def environ(self, more: Mapping[str, str | None]) -> dict[str, str]:
        """Return the environment of the tests, with marks by which the app and its processes are found."""
        environ: dict[str, str | None] = {**os.environ, "HOME": str(self._folder), "PYTHONUNBUFFERED": "1"}
        environ |= {TOKEN: self._token, JOURNAL: str(self._journal), "PYTHONFAULTHANDLER": "1", **more}
        return {name: value for name, value in environ.items() if value is not None}

    def launch(self, *argv: str, folder: str = "", **environ: str | None) -> Server:
        """Start `launch` with these arguments, without a terminal."""
        return self._start([sys.executable, "-m", "launcher", *argv], folder, environ)

    def run(self, command: list[str], **environ: str | None) -> Server:
        """Start another way to run `launch`."""
        return self._start(command, "", environ)

    def python(self, *argv: str, folder: str = "", **environ: str | None) -> Server:
        """Start Python with these arguments, without a terminal."""
        return self._start([sys.executable, *argv], folder, environ)

    def python_in_terminal(self, *argv: str, **environ: str | None) -> Server:
        """Start Python with these arguments in a terminal of its own."""
        return self._start_in_terminal([sys.executable, *argv], environ)

    def dev(self, *argv: str, folder: str = "", **environ: str | None) -> Server:
        """Start `launch dev` on any free port."""
        return self.launch("dev", "--port", "0", *argv, folder=folder, **environ)

    def dev_in_terminal(self, *argv: str, **environ: str | None) -> Server:
        """Start `launch dev` in a terminal of its own."""
        return self.launch_in_terminal("dev", "--port", "0", *argv, **environ)

    def launch_in_terminal(self, *argv: str, **environ: str | None) -> Server:
        """Start `launch` in a terminal of its own."""
        return self._start_in_terminal([sys.executable, "-m", "launcher", *argv], environ)

    def _start_in_terminal(self, command: list[str], environ: Mapping[str, str | None]) -> Server:
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
        try:
            server = self._start([sys.executable, "-c", _AS_TERMINAL, *command], "", environ, slave)
        finally:
            os.close(slave)
        server.master = master
        threading.Thread(target=_copy, args=(master, server.output), daemon=True).start()
        return server

    def _start(
        self, command: list[str], folder: str, environ: Mapping[str, str | None], terminal: int | None = None
    ) -> Server:
        output = self._folder / f"server-{len(self.servers)}.log"
        with output.open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=self.root / folder,
                env=self.environ(environ),
                stdin=subprocess.DEVNULL if terminal is None else terminal,
                stdout=log if terminal is None else terminal,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        server = Server(process, output, self.root, self._token)
        self.servers.append(server)
        return server

    def end(self) -> None:
        """End what still runs, by asking. Complain about every process that is left, and about every port."""
        for server in self.servers:
            server.stop()
        self.assert_nothing_left()

    def assert_nothing_left(self) -> None:
        """Wait until no process of this project is alive and its addresses are free; the servers must have ended."""
        left: dict[int, str] = {}

        def is_clean() -> bool:
            left.clear()
            for server in self.servers:
                left.update(server.processes())
            return not left and all(is_free(address) for server in self.servers for address in server.addresses)

        try:
            until(is_clean, "all processes to be gone", lambda: f"left: {left}\n{self.evidence()}", limit=10)
        finally:
            for pid in left:
                _kill(pid)

    def kill(self) -> None:
        """End everything, so that a failed test leaves nothing either."""
        for server in self.servers:
            for pid in (server.pid, *server.processes()):
                if pid != server.pid or server.process.poll() is None:
                    _kill(pid)
            server.process.wait()
            for client in server.clients:
                client.socket.close()
            if server.master is not None:
                os.close(server.master)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _copy(master: int, output: Path) -> None:
    """Write down all that a terminal shows, until nobody holds its other side."""
    with output.open("ab", buffering=0) as log:
        while True:
            try:
                data = os.read(master, 1 << 14)
            except OSError:
                return
            if not data:
                return
            log.write(data)
