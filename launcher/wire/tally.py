"""The few bytes that all workers of one start share: memory without a name, made by the supervisor and passed on.

A worker must not begin to count from nothing, or each reload would allow ten more guesses at the PIN.
"""

from __future__ import annotations

import sys

from launcher.standard import mmap, os

NAME = "launch-tally"
"""What the system calls the memory: it is shared with copies on purpose."""

_FAILURES = 0
_SAID = 1

LIVE_RELOAD, TLS = range(2)
"""What workers say once in a start."""


def open_tally() -> int:
    """Return a descriptor to new shared memory, all zero. The caller closes it."""
    if sys.platform == "linux":
        descriptor = os.memfd_create(NAME)
    else:
        import tempfile

        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, mmap.PAGESIZE)
    return descriptor


class Tally:
    """A worker's view of the memory behind *descriptor*, which may be closed afterwards; without one, of its own.

    `value` counts wrong PINs, as Werkzeug wants it, from 0 to 255.
    """

    def __init__(self, descriptor: int = -1) -> None:
        self._memory = mmap.mmap(descriptor, mmap.PAGESIZE)  # shared, also with processes that are forked later

    @property
    def value(self) -> int:
        """How many wrong PINs came since the last right one."""
        return self._memory[_FAILURES]

    @value.setter
    def value(self, count: int) -> None:
        self._memory[_FAILURES] = count

    def say_once(self, topic: int) -> bool:
        """Return True the first time that a worker of this start asks for this topic."""
        said, self._memory[_SAID + topic] = self._memory[_SAID + topic], 1
        return not said
