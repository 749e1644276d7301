"""Which sources people have edited last, as far as a disk tells: most go on where they stopped.

Asked once, before a start has seen an edit of its own; a snapshot is then taken before these files.
"""

from __future__ import annotations

import os
from bisect import bisect_left, bisect_right
from collections import deque
from itertools import islice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_ENTRIES = 2_000
"""More files and folders are not looked at: a start has to wait for this, some 5 ms for a thousand."""

TOGETHER_SECONDS = 1.0
COMPANY = 8
"""More files than these that were written within this time came by a checkout or a tool."""

_OTHERS = frozenset({"__pycache__", "node_modules", "site-packages", "tests"})
"""Folders of which hardly any app imports what people edit."""


def edited_last(roots: Iterable[str], most: int) -> tuple[str, ...]:
    """Return the sources below *roots* that were edited last by hand, the newest first, or nothing for a large tree."""
    found: dict[str, float] = {}
    folders, left = deque(dict.fromkeys(roots)), MOST_ENTRIES
    known = set(folders)
    while folders:
        try:
            with os.scandir(folders.popleft()) as entries:
                inside = list(islice(entries, left + 1))
        except OSError:
            continue  # gone, or not ours to read
        left -= len(inside)
        if left < 0:
            return ()
        if any(entry.name == "pyvenv.cfg" for entry in inside):
            continue  # a virtual environment
        for entry in inside:
            try:
                if entry.name.endswith(".py") and entry.is_file(follow_symlinks=False):
                    found[entry.path] = entry.stat(follow_symlinks=False).st_mtime
                elif entry.name[0] == "." or entry.name in _OTHERS or entry.path in known:
                    continue
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
            except OSError:
                pass  # as above
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
