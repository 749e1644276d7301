"""The open descriptors of this process: which a copy could not share with it, and which it must open anew.

Copies share the open file itself with this process: its position, its locks, what it is connected to (fork(2)). Linux
only: proc(5) tells what a descriptor leads to.
"""

from __future__ import annotations

import fcntl

from launcher.standard import open, os, socket, stat
from launcher.wire import tally

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

_HARMLESS_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/pts/")


def links() -> dict[int, str]:
    """Return what each open descriptor leads to, in the spelling of the kernel."""
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[int(name)] = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            pass  # the one that listed the folder
    return found


def harm(number: int, link: str, databases: Collection[str]) -> str:
    """Return in words what is open and must not be shared with a copy, or nothing if it may. *databases* are paths."""
    if number <= 2 or link == f"/proc/{os.getpid()}/fd":
        return ""
    if link.startswith("socket:"):
        return _describe_socket(number)
    if link.startswith("anon_inode:"):
        return f"a kernel object ({link.removeprefix('anon_inode:').strip('[]')})"
    if link.startswith("pipe:"):
        return "a pipe"
    if link.startswith("/dev/") and not link.startswith("/dev/shm/"):  # noqa: S108  # files
        return "" if link.startswith(_HARMLESS_DEVICES) else f"the device {link}"
    return _harm_of_file(number, link, databases)


def positions() -> dict[int, int]:
    """Return the regular files that are open for reading only, each with its position, which copies would move."""
    found = {}
    for name in os.listdir("/proc/self/fd"):
        number = int(name)
        if number > 2 and _is_regular(number) and _flags(number) & os.O_ACCMODE == os.O_RDONLY:
            found[number] = os.lseek(number, 0, os.SEEK_CUR)
    return found


def reopen(kept: dict[int, int]) -> None:
    """Open the files of `positions` anew under the same numbers, so that nobody else moves them. Raises `OSError`."""
    for number, position in kept.items():
        inheritable = os.get_inheritable(number)
        fresh = os.open(f"/proc/self/fd/{number}", os.O_RDONLY | os.O_CLOEXEC)
        os.lseek(fresh, position, os.SEEK_SET)
        os.dup2(fresh, number, inheritable)
        os.close(fresh)


def locked_files() -> list[str]:
    """Return the kinds of the file locks that this process holds (proc(5), locks)."""
    try:
        with open("/proc/locks", encoding="ascii", errors="replace") as file:
            rows = [line.split() for line in file]
    except OSError:
        return []
    ours = str(os.getpid())
    return [row[1] for row in rows if len(row) > 4 and row[4] == ours and row[1] != "->"]


def shared_maps() -> list[str]:
    """Return the memory maps through which writes of a copy would reach this process, by the name of what is mapped.

    The tally is left out: copies are meant to share it.
    """
    found = []
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as file:
        for line in file:
            parts = line.split(maxsplit=5)
            if parts[1].startswith("rw") and parts[1].endswith("s"):
                found.append(os.path.basename(parts[5].strip()) if len(parts) > 5 else "memory")
    return [name for name in found if not name.startswith(f"memfd:{tally.NAME}")]


def shared_memory() -> int:
    """Return how much shared memory this process has touched, in kilobytes. Quicker than to look at each map."""
    with open("/proc/self/status", "rb") as file:
        return next((int(line.split()[1]) for line in file if line.startswith(b"RssShmem:")), 0)


def _describe_socket(number: int) -> str:
    with socket.socket(fileno=os.dup(number)) as end:
        try:
            if end.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                return f"a listening socket ({_address(end.getsockname())})"
        except OSError:
            pass
        try:
            peer = _address(end.getpeername())
        except OSError:
            return "a socket"
        return f"a connection to {peer}" if peer else "a connected socket"


def _address(name: object) -> str:
    if isinstance(name, tuple) and len(name) >= 2:
        return f"{name[0]}:{name[1]}"
    return os.fsdecode(name).replace("\0", "@") if isinstance(name, str | bytes) else ""


def _harm_of_file(number: int, link: str, databases: Collection[str]) -> str:
    """A file open for writing has one position for all copies; one that is only appended to has none."""
    if link in databases:
        return f"the database {os.path.basename(link)}"
    flags = _flags(number)
    if flags & os.O_ACCMODE == os.O_RDONLY or flags & os.O_APPEND or flags & os.O_PATH:
        return ""
    return f"{os.path.basename(link)} for writing"


def _is_regular(number: int) -> bool:
    try:
        return stat.S_ISREG(os.fstat(number).st_mode)
    except OSError:
        return False


def _flags(number: int) -> int:
    try:
        return fcntl.fcntl(number, fcntl.F_GETFL)
    except OSError:
        return 0
