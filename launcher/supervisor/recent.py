"""Which sources people have edited last, as far as a disk tells: most go on where they stopped.

Asked once, before a start has seen an edit of its own; a snapshot is then taken before these files.
"""

from __future__ import annotations

import os
from bisect import bisect_left, bisect_right
from collections import deque

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_ENTRIES = 2_000
"""More files and folders are not looked at: a start must not wait for that, which takes some 10 ms."""

TOGETHER_SECONDS = 1.0
COMPANY = 8
"""More files than these that were written within this time came by a checkout or a tool."""

_OTHERS = frozenset({"__pycache__", "node_modules", "site-packages"})


def edited_last(roots: Iterable[str], most: int) -> tuple[str, ...]:
    """Return the sources below *roots* that were edited last by hand, the newest first, or nothing for a large tree."""
    found: dict[str, float] = {}
    for seen, entry in enumerate(_entries(roots)):
        if seen >= MOST_ENTRIES:
            return ()
        if entry.name.endswith(".py") and entry.is_file(follow_symlinks=False):
            found[entry.path] = entry.stat(follow_symlinks=False).st_mtime
    return by_hand(found, most)


def by_hand(written: dict[str, float], most: int) -> tuple[str, ...]:
    """Return of these files, with the times at which they were *written*, the newest that did not come with others."""
    times = sorted(written.values())
    alone = []
    for path, time in sorted(written.items(), key=lambda item: item[1], reverse=True):
        near = bisect_right(times, time + TOGETHER_SECONDS) - bisect_left(times, time - TOGETHER_SECONDS)
        if near <= COMPANY:
            alone.append(path)
            if len(alone) == most:
                break
    return tuple(alone)


def _entries(roots: Iterable[str]) -> Iterator[os.DirEntry[str]]:
    """Return what is in these folders and below, but for links, hidden folders and what tools have made."""
    folders = deque(dict.fromkeys(roots))
    while folders:
        try:
            with os.scandir(folders.popleft()) as entries:
                inside = list(entries)
        except OSError:
            continue  # gone, or not ours to read
        if any(entry.name == "pyvenv.cfg" for entry in inside):
            continue  # a virtual environment
        for entry in inside:
            yield entry
            if entry.name[0] != "." and entry.name not in _OTHERS and entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
