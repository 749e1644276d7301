"""Gives a copy that waits the pages of its own that it will need, while there is time.

A copy shares all memory with its snapshot, and pays for the first write to each page when it is in a hurry. The worker
before it has written to much the same pages: to each of them one byte is written that stands there already. Linux only,
see proc(5). Whatever the system refuses is left as it is: then the copy does it itself, later.
"""

from __future__ import annotations

import os
from array import array

_PAGE = os.sysconf("SC_PAGESIZE")
_EXCLUSIVE, _OF_FILE, _PRESENT = 1 << 56, 1 << 61, 1 << 63
_KINDS = _EXCLUSIVE | _OF_FILE | _PRESENT
_LARGEST = 1 << 30
"""Maps above this size, in bytes, are passed over: to look at them would take longer than the faults."""
_MOST = 1_200
"""Pages at most, 5 MB: where a reload writes to more, their faults are a small part of it, and memory is dear."""


def warm(pid: int, like: int) -> int:
    """Write to the pages of *pid* that the process *like* has written to; return how many, `_MOST` at most.

    The process must have one thread, and that must wait for something that only the caller does. Returns 0 where it
    does not, or where the system does not allow to see it.
    """
    try:
        if not _is_waiting(pid):
            return 0
        with open(f"/proc/{pid}/mem", "rb+", buffering=0) as memory:
            return sum(_touch(memory.fileno(), page) for page in _pages(pid, like)[:_MOST])
    except (OSError, ValueError):
        return 0


def _is_waiting(pid: int) -> bool:
    with open(f"/proc/{pid}/stat", "rb") as file:
        state = file.read().rpartition(b")")[2].split()[0]
    return state == b"S" and len(os.listdir(f"/proc/{pid}/task")) == 1


def _touch(memory: int, page: int) -> bool:
    byte = os.pread(memory, 1, page)
    return bool(byte) and os.pwrite(memory, byte, page) == 1


def _pages(pid: int, like: int) -> list[int]:
    """Return the addresses of pages that *pid* shares and *like* does not."""
    found: list[int] = []
    ours, theirs = f"/proc/{pid}/pagemap", f"/proc/{like}/pagemap"
    with open(ours, "rb", buffering=0) as one, open(theirs, "rb", buffering=0) as other:
        for begin, end in _private_maps(pid):
            words = zip(_words(one.fileno(), begin, end), _words(other.fileno(), begin, end), strict=False)
            found += [
                begin + place * _PAGE
                for place, (own, model) in enumerate(words)
                if own & _KINDS == _PRESENT and model & _KINDS == _EXCLUSIVE | _PRESENT
            ]
    return found


def _private_maps(pid: int) -> list[tuple[int, int]]:
    """Return begin and end of the maps that can be written to and belong to the process alone."""
    with open(f"/proc/{pid}/maps", "rb") as file:
        rows = [line.split(None, 2) for line in file]
    ends = [row[0].split(b"-") for row in rows if row[1] == b"rw-p"]
    maps = [(int(begin, 16), int(end, 16)) for begin, end in ends]
    return [(begin, end) for begin, end in maps if end - begin <= _LARGEST]


def _words(map_: int, begin: int, end: int) -> array[int]:
    """Return the words that the kernel has for the pages of a map (Documentation/admin-guide/mm/pagemap.rst)."""
    words = array("Q")
    words.frombytes(os.pread(map_, (end - begin) // _PAGE * 8, begin // _PAGE * 8))
    return words
