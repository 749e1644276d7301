"""Whether a request may be answered by this worker: not while a save is known to the system but not yet to us.

The supervisor's side is `supervisor/gate.py`. The order of the three looks matters: what left the queue is on the page,
and what left the page is in the channel.
"""

from __future__ import annotations

import mmap
import struct

# Bound now: a library of green threads may take `poll` out of its module when the app is imported.
from select import POLLIN, poll

_COUNTERS = struct.Struct("=QQ")


class Gate:
    """The worker's side. Borrows the descriptors of the queue and of the channel, and maps the page."""

    def __init__(self, queue: int, page: int) -> None:
        self._queue = queue
        self._page = mmap.mmap(page, mmap.PAGESIZE, prot=mmap.PROT_READ)

    def is_open(self, channel: int) -> bool:
        """Return whether everything that moved on the disk so far has been decided, with no word to us on the way."""
        if _readable(self._queue):
            return False
        seen, settled = _COUNTERS.unpack_from(self._page)
        return bool(seen == settled) and not _readable(channel)


def _readable(descriptor: int) -> bool:
    asked = poll()
    asked.register(descriptor, POLLIN)
    return bool(asked.poll(0))
