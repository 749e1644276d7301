"""The digest that stands for a file's content, computed alike by the worker (what was read) and the supervisor.

A missing file, or one that cannot be read, has the empty digest.
"""

from __future__ import annotations

import os
import stat
from hashlib import blake2b

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import stat_result

LARGE = 4 << 20
"""Files above this size, in bytes, are told apart by their metadata: hashing them would cost more than a reload."""

MISSING = ""

FOLDER = "/"
"""The digest of every folder: that there is one may decide what an import finds."""


def of_content(content: bytes) -> str:
    """Return the digest of *content*: 16 hexadecimal digits."""
    return blake2b(content, digest_size=8).hexdigest()


def of_read(path: str, content: bytes) -> str:
    """Return the digest of the file *path* whose whole *content* was read: the one that `of_file` gives for it."""
    return of_content(content) if len(content) <= LARGE else of_file(path)


def of_file(path: str) -> str:
    """Return the digest of what *path* holds now, or `MISSING`. Never waits: only regular files are opened."""
    try:
        status = os.stat(path)
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


def _of_status(status: stat_result) -> str:
    return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ino}"
