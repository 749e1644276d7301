"""Processes that the app started: found, adopted, and ended with the server. Only Linux tells who descends from whom.

A worker ends its own children as its code says; what is left when it is gone is nobody's, and would keep ports and
files.
"""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_PR_SET_CHILD_SUBREAPER = 36


def become_subreaper() -> None:
    """Have processes whose parent dies fall to this one instead of init (prctl(2)), which can then end them."""
    _adopt(True)


def start_apart(argv: Sequence[str], environ: Mapping[str, str]) -> None:
    """Start a program, silent, that does not descend from this process, and so is not ended with it. Raises `OSError`.

    A shell starts it and leaves; while that happens, this process adopts nobody.
    """
    _adopt(False)
    try:
        shell = os.posix_spawn("/bin/sh", ["sh", "-c", '"$@" >/dev/null 2>&1 &', "sh", *argv], dict(environ))
        os.waitpid(shell, 0)
    finally:
        _adopt(True)


def _adopt(wanted: bool) -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0)


def descendants(pid: int) -> list[int]:
    """Return the processes that descend from *pid*, nearest first (proc(5), task/children)."""
    found: list[int] = []
    rest = [pid]
    while rest:
        below = [child for parent in rest for child in _children(parent)]
        found += below
        rest = below
    return found


def end(pids: Iterable[int], how: signal.Signals) -> None:
    """Send a signal to each process that is still there."""
    for pid in pids:
        try:
            os.kill(pid, how)
        except ProcessLookupError:
            pass


def fallen(pids: Iterable[int]) -> list[int]:
    """Return those whose parent is gone, so that they are ours: the others may still be needed by theirs."""
    mine = set(_children(os.getpid()))
    return [pid for pid in pids if pid in mine]


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", "rb") as file:
                found += [int(word) for word in file.read().split()]
    except OSError:
        pass  # it ended while we looked
    return found
