"""The digest that stands for a file's content, computed alike by the worker (what was read) and the supervisor.

A missing file, or one that cannot be read, has the empty digest. A path that ends with a slash stands for what a folder
holds: the names in it.
"""

from __future__ import annotations

import os
import stat
from hashlib import blake2b

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import stat_result

_stat = os.stat  # the finder puts a function in its place that notices who asks

LARGE = 4 << 20
"""Files above this size, in bytes, are told apart by their metadata: hashing them would cost more than a reload."""

MISSING = ""

FOLDER = "/"
"""The digest of every folder: that there is one may decide what an import finds."""

PRESENT = "+"
"""Stands for the digest of a file that was asked for and not read: all that counts is that it is there."""

OWN_PRODUCT = "*"
"""Stands for the digest of a file that the app writes itself: its changes are of no interest."""

PASSING = ("__pycache__", ".git", ".hg", ".svn")
PASSING_ENDS = ("~", ".pyc", ".pyo", ".swp", ".swx", ".tmp", "-journal", "-wal", "-shm", ".lock")
"""Names that come and go in a folder by themselves: caches, version control, side files of editors and databases."""


def of_content(content: bytes) -> str:
    """Return the digest of *content*: 16 hexadecimal digits."""
    return blake2b(content, digest_size=8).hexdigest()


def of_read(path: str, content: bytes) -> str:
    """Return the digest of the file *path* whose whole *content* was read: the one that `of_file` gives for it."""
    return of_content(content) if len(content) <= LARGE else of_file(path)


def of_file(path: str) -> str:
    """Return the digest of what *path* holds now, or `MISSING`. Never waits: only regular files are opened."""
    if path.endswith("/"):
        return _of_names(path)
    try:
        status = _stat(path)
        if stat.S_ISDIR(status.st_mode):
            return FOLDER
        if not stat.S_ISREG(status.st_mode):
            return MISSING
        if status.st_size > LARGE:
            return _of_status(status)
        with open(path, "rb", buffering=0) as file:
            return of_content(file.read(LARGE + 1))
    except (OSError, ValueError):
        return MISSING


def of_presence(path: str) -> str:
    """Return `PRESENT` for a file, as `of_file` does for a folder and for what is missing."""
    try:
        return FOLDER if stat.S_ISDIR(_stat(path).st_mode) else PRESENT
    except (OSError, ValueError):
        return MISSING


def _of_names(folder: str) -> str:
    """Return the digest of the names in a folder, and which of them are folders."""
    names = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                if name not in PASSING and not name.endswith(PASSING_ENDS) and not name.startswith(".#"):
                    names.append(name + "/" if _is_folder(entry) else name)
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
