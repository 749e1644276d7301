"""What a worker reads while it imports the app, in memory without a name that both sides hold.

A message for each module would wake the supervisor each time, and cost the import more than a tenth. What stands here
is looked at when a message comes, when something is saved, and now and then; and it is still there when the process
dies in the very next module. Each record ends with a zero byte: a digest, a space and the path. An empty record is a
mark, which stands where a snapshot was taken.
"""

from __future__ import annotations

import sys
from collections import deque

from launcher.standard import os, threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_CHUNK = 1 << 18
_NAME = "launch-reading"


def open_reading_log() -> int:
    """Return a descriptor to an empty log, which the caller closes, or -1 where the system has no such memory."""
    return os.memfd_create(_NAME) if sys.platform == "linux" else -1


class Writer:
    """The worker's end. Owns *descriptor*; -1 stands for no log. May be used from any thread."""

    def __init__(self, descriptor: int = -1) -> None:
        self._descriptor = descriptor
        self._identity = _identity(descriptor)
        self._lock = threading.Lock()

    def write(self, files: Mapping[str, str]) -> bool:
        """Write down the digests of these files, whose paths hold no zero byte; return False if that cannot be done."""
        records = [f"{digest} {path}\0" for path, digest in files.items()]
        return self._append("".join(records).encode("utf-8", "surrogatepass"))

    def mark(self) -> bool:
        """Write a mark: what comes next was read after the snapshot that is told of now."""
        return self._append(b"\0")

    def close(self) -> None:
        """Close the descriptor; nothing can be written afterwards."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0 and _identity(descriptor) == self._identity:
            os.close(descriptor)

    def _is_there(self) -> bool:
        """Return whether the descriptor is still that of the log: the app may have closed it, and use the number."""
        return self._descriptor >= 0 and _identity(self._descriptor) == self._identity

    def _append(self, data: bytes) -> bool:
        with self._lock:  # once it is closed, its number may be somebody else's
            try:
                if self._is_there() and os.write(self._descriptor, data) == len(data):
                    return True
            except OSError:
                pass
            self._end()  # what comes behind half a record would not be understood
            return False


def _identity(descriptor: int) -> tuple[int, int] | None:
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return status.st_dev, status.st_ino


class Reader:
    """The supervisor's end. The descriptor, -1 for no log, stays the caller's."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._position = 0
        self._rest = b""
        self._records: deque[str] = deque()

    def take(self) -> list[dict[str, str]]:
        """Return what was read since the last call, up to the next mark: digests by path, in the order of reading.

        Where a file was read twice with different digests, the second one stands in a mapping of its own.
        """
        self._fill()
        found: list[dict[str, str]] = []
        while self._records and self._records[0]:
            digest, _, path = self._records.popleft().partition(" ")
            if not found or found[-1].get(path, digest) != digest:
                found.append({})
            found[-1][path] = digest
        return found

    def pass_mark(self) -> None:
        """Go on behind the mark at which `take` has stopped."""
        if self._records and not self._records[0]:
            self._records.popleft()

    def _fill(self) -> None:
        while self._descriptor >= 0 and (data := os.pread(self._descriptor, _CHUNK, self._position)):
            self._position += len(data)
            *whole, self._rest = (self._rest + data).split(b"\0")  # the last one may be half written
            self._records.extend(record.decode("utf-8", "surrogatepass") for record in whole)
