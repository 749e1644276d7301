"""The listening socket: bound once, owned by the supervisor, lent to every worker.

An address in use is explained by who holds it, where the system tells.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
from contextlib import suppress

from launcher.errors import Problem, StartError
from launcher.supervisor.reach import is_public, other_addresses
from launcher.text import clip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from launcher.plan import Address

BACKLOG = 1024
"""Connections that wait while a worker is exchanged; the kernel caps it at net.core.somaxconn."""

AUTO_TRIES = 200
"""How many ports after the first are tried for `port = "auto"`."""

_LONGEST_COMMAND = 80


class Listener:
    """The socket that the server listens on, which may move to another address. `close` gives the address back."""

    def __init__(self, address: Address) -> None:
        """Listen on *address*. Raises `StartError` as `listen` does."""
        self._address = address
        self._socket = listen(address)
        self._next: tuple[Address, socket.socket] | None = None

    def fileno(self) -> int:
        """Return the descriptor of the socket."""
        return self._socket.fileno()

    def urls(self, address: Address, *, tls: bool) -> list[str]:
        """Return where the server is reached that was asked to listen on *address*, for this machine first."""
        return urls(self._socket, address, tls=tls)

    def is_public(self) -> bool:
        """Return whether others than this machine may reach the server."""
        return is_public(self._socket)

    def prepare(self, address: Address) -> None:
        """Listen on *address* as well, unless it is where we are already; `move` follows. Raises `StartError`."""
        if self._next is not None and self._next[0] == address:
            return
        ours = [self._socket] if self._next is None else [self._socket, self._next[1]]
        stays = address == self._address or _is_at(self._socket, address)
        new = None if stays else listen(address, beside=ours)
        self._drop_next()
        self._next = None if new is None else (address, new)

    def move(self) -> list[tuple[int, tuple[str, int]]]:
        """Leave the old address for the one that was prepared, if there is one.

        Return the connections that waited at the old one, as descriptors with their peers: they are the caller's.
        """
        if self._next is None:
            return []
        old, (self._address, self._socket), self._next = self._socket, self._next, None
        waiting = list(_waiting(old))
        with suppress(OSError):  # workers that are leaving hold it too, and nobody may come to them any more
            old.shutdown(socket.SHUT_RDWR)
        _close(old)
        return waiting

    def close(self) -> None:
        """Stop listening, and take the file of a Unix socket away."""
        self._drop_next()
        _close(self._socket)

    def _drop_next(self) -> None:
        if self._next is not None:
            _close(self._next[1])
            self._next = None


def listen(address: Address, beside: Sequence[socket.socket] = ()) -> socket.socket:
    """Return a socket that listens on *address*; the caller closes it.

    Raises `StartError` when the address is in use or not ours. A port that is chosen by itself is the first free one.
    That one of *beside*, other sockets of ours, has the same port is no obstacle.
    """
    if address.unix:
        return _listen_unix(address.unix)
    ports = _ports(address)
    for port in ports:
        try:
            return _bind(address.host, port, beside)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or not address.auto:
                raise StartError(_problem(address.host, port, error)) from error
        except UnicodeError as error:  # a label of the name is empty, or too long
            raise StartError(_unknown(address.host)) from error
    raise StartError(Problem("port-in-use", f"no free port between {ports[0]} and {ports[-1]}"))


def urls(listener: socket.socket, address: Address, *, tls: bool) -> list[str]:
    """Return the addresses at which the socket is reached, as a browser wants them, or `unix:PATH`.

    The first one is for this machine.
    """
    if address.unix:
        return [f"unix:{address.unix}"]
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # read here, not bound
    scheme = "https" if tls else "http"
    hosts = [host, *other_addresses(listener)]
    return [f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}/" for host in hosts]


def _ports(address: Address) -> range:
    return range(address.port, min(address.port + (AUTO_TRIES if address.auto else 1), 65536))


def _bind(host: str, port: int, beside: Sequence[socket.socket] = ()) -> socket.socket:
    family, where = _resolve(host, port)
    listener = socket.socket(family, socket.SOCK_STREAM)
    ours = [one for one in beside if one.family != socket.AF_UNIX]
    # Two sockets of one user that both say so may overlap, see socket(7).
    overlapping = [*ours, listener] if ours else []
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for one in overlapping:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(where)
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    finally:
        for one in overlapping:
            if one.fileno() >= 0:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 0)
    return listener


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int]]:
    """Return the family and the address to bind to.

    `localhost` may mean ::1 first; as with `flask run`, a name means IPv4 where it can.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, where = min(found, key=lambda one: one[0] != socket.AF_INET)
    return family, (str(where[0]), int(where[1]))


def _is_at(listener: socket.socket, address: Address) -> bool:
    """Return whether a socket listens where *address* wants it: any port will do that the address leaves open."""
    if address.unix or listener.family == socket.AF_UNIX:
        return bool(address.unix == listener.getsockname())
    host, port = listener.getsockname()[:2]
    try:
        _, (wanted, _) = _resolve(address.host, address.port)
    except (OSError, UnicodeError):
        return False
    return bool(host == wanted) and (address.port == 0 or port in _ports(address))


def _waiting(listener: socket.socket) -> Iterator[tuple[int, tuple[str, int]]]:
    """Yield the connections that nobody has accepted yet."""
    listener.setblocking(False)
    while True:
        try:
            connection, peer = listener.accept()
        except OSError:
            return
        yield connection.detach(), peer if isinstance(peer, tuple) else ("<local>", 0)


def _close(listener: socket.socket) -> None:
    path = listener.getsockname() if listener.family == socket.AF_UNIX else ""
    listener.close()
    if path:
        with suppress(FileNotFoundError):
            os.unlink(path)


def _listen_unix(path: str) -> socket.socket:
    """Listen on a socket file. One that a dead server left is replaced; one in use is not, nor any other file."""
    listener = socket.socket(socket.AF_UNIX)
    try:
        if os.path.lexists(path):
            _remove_left_over(path)
        listener.bind(path)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise StartError(Problem("socket-file", f"cannot listen on {path}: {error.strerror or error}")) from error
    except BaseException:
        listener.close()
        raise
    return listener


def _remove_left_over(path: str) -> None:
    if not stat.S_ISSOCK(os.lstat(path).st_mode):
        raise StartError(Problem("socket-file", f"cannot listen on {path}: a file of another kind is there"))
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)  # a server whose queue is full would have us wait
        if probe.connect_ex(path) != errno.ECONNREFUSED:
            raise StartError(Problem("port-in-use", f"another server listens on {path}"))
    os.unlink(path)


def _problem(host: str, port: int, error: OSError) -> Problem:
    if error.errno == errno.EADDRINUSE:
        holder = holder_of(port)
        who = f" by {holder}" if holder else ""
        notes = ("take any free port with `--port auto`, or another one with `--port N`",)
        return Problem("port-in-use", f"port {port} on {host} is in use{who}", notes=notes)
    if error.errno == errno.EACCES:
        notes = ("ports below 1024 need privileges; choose a higher one with `--port N`",)
        return Problem("port-denied", f"this user may not listen on port {port}", notes=notes)
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return _unknown(host)
    return Problem("cannot-listen", f"cannot listen on {host} port {port}: {error.strerror or error}")


def _unknown(host: str) -> Problem:
    notes = ("use `127.0.0.1` for this machine alone",)
    return Problem("host-unknown", f"`{host}` is not an address of this machine", notes=notes)


def holder_of(port: int) -> str:
    """Return `pid 4121 (python shop.py)` for the process that listens on the TCP *port*, or nothing where unknown.

    Reads proc(5), which shows the sockets of this user's processes; other systems do not tell without privileges.
    """
    inodes = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    holders = {pid for pid in _pids() if inodes.intersection(_links(f"/proc/{pid}/fd"))} if inodes else set()
    for pid in sorted(holders):
        if _parent(pid) not in holders:  # workers share the socket of the server that started them
            return f"pid {pid} ({_command(pid)})"
    return ""


def _parent(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def _pids() -> list[int]:
    try:
        return sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
    except OSError:
        return []


def _links(folder: str) -> Iterator[str]:
    """Yield what the descriptors of a process are; none if it is somebody else's."""
    with suppress(OSError):
        for name in os.listdir(folder):
            with suppress(FileNotFoundError):  # closed since it was listed
                yield os.readlink(f"{folder}/{name}")


def _listening_inodes(port: int) -> Iterator[str]:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table, encoding="ascii") as file:
                rows = file.read().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            fields = row.split()
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                yield fields[9]


def _command(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            words = file.read().decode("utf-8", "replace").split("\0")
    except OSError:
        return "command unknown"
    return clip(" ".join(as_typed(words)).strip(), _LONGEST_COMMAND) or "command unknown"


def as_typed(words: list[str]) -> list[str]:
    """Return a command line without folders, and `launch` in place of the Python that runs it."""
    name = os.path.basename(words[1]) if len(words) > 1 else ""
    if name == "launch":
        return words[1:] if name == words[1] else [name, *words[2:]]
    if words[1:3] == ["-m", "launcher"]:
        return ["launch", *words[3:]]
    return [os.path.basename(words[0]), *words[1:]]
