"""The digest that stands for a file's content, computed alike by the worker (what was read) and the supervisor.

A missing file has the empty digest. A path that ends with a slash stands for the names in a folder; with two or three
slashes it stands for the names that matter to a search (`MODULES`, `DISTRIBUTIONS`).
"""

from __future__ import annotations

from hashlib import blake2b

from launcher.standard import open, os, re, stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import stat_result

_lstat = os.lstat
_stat = os.stat  # the finder puts a function in its place that notices who asks

LARGE = 4 << 20
"""Files above this size, in bytes, are told apart by their metadata: hashing them would cost more than a reload."""

MISSING = ""

FOLDER = "/"
"""The digest of every folder: that there is one may decide what an import finds."""

PRESENT = "+"
"""Stands for the digest of a file that was asked for and not read: all that counts is that it is there."""

UNCERTAIN = "?"
"""The state of a file that changed about when it was read: no file ever has it."""

SPECIAL = "!"
"""The digest of a device, a pipe, a socket, or a file that the kernel generates: the content cannot be compared."""

UNREADABLE = "-"
"""The digest of a file that exists and cannot be opened."""

NAMES = "/"
"""Behind the path of a folder: all names in it."""

MODULES = "//"
"""Behind the path of a folder: the names of modules and of folders, which may be packages."""

DISTRIBUTIONS = "///"
"""Behind the path of a folder: the names under which package metadata is found."""

_DISTRIBUTION_ENDS = (".dist-info", ".egg-info", ".egg", ".egg-link")
_MODULE_ENDS = (".py", ".so", ".pyd")

_PASSING = re.compile(
    r"""
    __pycache__ | \.(git|hg|svn|mypy_cache|pytest_cache|ruff_cache|hypothesis|tox|nox|idea|vscode|DS_Store)
    | \.coverage (\..*)? | Thumbs\.db | desktop\.ini | \.directory        # left by tools and file managers
    | 4913 | \.\#.* | \#.*\# | \.goutputstream-.* | \.nfs[0-9a-f]+         # side files of editors, and of NFS
    | tmp[a-z0-9_]{8} (\..*)?                                             # tempfile's names
    | .*( ~ | \.py[co] | \.sw[a-z] | \.kate-swp | ___jb_(tmp|old|bak)___ | \.tmp | \.bck )
    | .*( -journal | -wal | -shm | \.lock )                              # side files of databases
    """,
    re.VERBOSE | re.DOTALL,
)
"""Names that come and go in a folder without any meaning to an app that lists it."""

_GENERATED = ("/proc", "/sys", "/sys/fs/cgroup")


def of_content(content: bytes) -> str:
    """Return the digest of *content*: 16 hexadecimal digits."""
    return blake2b(content, digest_size=8).hexdigest()


def of_read(content: bytes, status: stat_result) -> str:
    """Return the digest that `of_file` gives for a file that had this *status* when its whole *content* was read."""
    return _without_reading(status) or of_content(content)


def of_file(path: str) -> str:
    """Return the digest of what *path* holds now, or `MISSING`. Never waits: only regular files are opened."""
    if path.endswith("/"):
        return _of_names(path)
    try:
        status = _stat(path)
    except (OSError, ValueError):
        return MISSING
    return _without_reading(status) or _of_readable(path)


def of_presence(path: str) -> str:
    """Return `PRESENT` for a regular file, and what `of_file` returns for everything else."""
    try:
        digest = _without_reading(_stat(path))
    except (OSError, ValueError):
        return MISSING
    return digest if digest in (FOLDER, SPECIAL) else PRESENT


def matters(name: str, kind: str, *, is_folder: bool) -> bool:
    """Return whether *name* in a folder is one of the names that *kind* stands for: `NAMES`, `MODULES`, ..."""
    if _PASSING.fullmatch(name):
        return False
    if kind == DISTRIBUTIONS:
        return name.endswith(_DISTRIBUTION_ENDS)
    if kind == MODULES:
        return "." not in name if is_folder else name.endswith(_MODULE_ENDS)
    return True


def _device(folder: str) -> int:
    try:
        return _stat(folder).st_dev
    except OSError:
        return -1


_KERNEL = {_device(folder) for folder in _GENERATED} - {_device("/")}
"""The devices of the file systems whose files are other ones at each look."""


def _without_reading(status: stat_result) -> str:
    """Return the digest of what need not be read to know it; empty for a regular file of ordinary size."""
    if stat.S_ISDIR(status.st_mode):
        return FOLDER
    if not stat.S_ISREG(status.st_mode) or status.st_dev in _KERNEL:
        return SPECIAL
    return _of_status(status) if status.st_size > LARGE else ""


def _of_readable(path: str) -> str:
    try:
        with open(path, "rb", buffering=0) as file:
            return of_content(file.read(LARGE + 1))
    except (FileNotFoundError, NotADirectoryError):
        return MISSING  # it went since it was looked at
    except OSError:
        return UNREADABLE


def of_state(path: str) -> str:
    """Return what changes with each change of a file or of the names in a folder, without reading it; or `MISSING`."""
    try:
        status = _stat(path)
    except (OSError, ValueError):
        return MISSING
    return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ctime_ns}-{status.st_ino}"


def identity(path: str) -> str:
    """Return what a file keeps when it is renamed, and no later file has; or `MISSING`."""
    try:
        status = _lstat(path)
    except (OSError, ValueError):
        return MISSING
    return f"{status.st_ino}-{status.st_size}-{status.st_mtime_ns}"


def _of_names(path: str) -> str:
    """Return the digest of the names in a folder that matter, and which of them are folders."""
    folder = path.rstrip("/") or "/"
    kind = path[len(folder.rstrip("/")) :]
    names = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                is_folder = _is_folder(entry)
                if matters(entry.name, kind, is_folder=is_folder):
                    names.append(entry.name + "/" if is_folder else entry.name)
    except (OSError, ValueError):
        return MISSING
    return of_content("\0".join(sorted(names)).encode("utf-8", "surrogateescape"))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # a link that leads to itself


def _of_status(status: stat_result) -> str:
    return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ino}"
