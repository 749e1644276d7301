"""Whether a request may be answered by this worker: not while a save is known to the system but not yet to us.

The supervisor's side is `supervisor/gate.py`. The page is looked at before and after the queue and the channel: where
it says both times that the same, and all of it, is settled, nothing left the queue in between, and what left it earlier
has come to a word in the channel or to nothing.

Pages that refresh themselves wait a little longer, because saves often come in company.
"""

from __future__ import annotations

# Bound now: a library of green threads may take `poll` out of its module when the app is imported.
from select import POLLIN, poll

from launcher.standard import mmap, socket, struct, time

_COUNTERS = struct.Struct("=QQ")
_QUIET = struct.Struct("=d")
_PEEKED = 4096


class Gate:
    """The worker's side. Borrows the descriptors of the queue and of the channel, and maps the page."""

    def __init__(self, queue: int, page: int) -> None:
        self._queue = queue
        self._channel = -1
        self._news = poll()
        self._page = mmap.mmap(page, mmap.PAGESIZE, prot=mmap.PROT_READ)

    def is_quiet(self) -> bool:
        """Return whether no save is expected that would have a page refreshed again which is made now."""
        (moment,) = _QUIET.unpack_from(self._page, _COUNTERS.size)
        return bool(time.monotonic() >= moment)

    def glance(self) -> bool:
        """Return whether nothing is being decided, as far as the page tells: without asking the system."""
        seen, settled = _COUNTERS.unpack_from(self._page)
        return bool(seen == settled)

    def is_open(self, channel: int) -> bool:
        """Return whether everything that moved on the disk so far has been decided, with no word to us on the way."""
        seen, settled = before = _COUNTERS.unpack_from(self._page)
        if seen != settled:
            return False
        if channel != self._channel:  # that of a copy is another one
            self._news = poll()
            for descriptor in (self._queue, channel):
                self._news.register(descriptor, POLLIN)
            self._channel = channel
        return not self._news.poll(0) and _COUNTERS.unpack_from(self._page) == before


def peek(connection: socket.socket) -> bytes | None:
    """Return how the request begins that came on *connection*, and take nothing from it; None if none has come.

    Empty at the end of the stream, or where the connection is broken.
    """
    try:
        return connection.recv(_PEEKED, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def asks_for_page(head: bytes) -> bool:
    """Return whether a request that begins with *head* is a browser's for a page.

    So soon after a save that is a page which refreshes itself: nobody clicks that fast. Told by Fetch Metadata.
    """
    return b"\r\nsec-fetch-dest: document\r\n" in head.lower()
