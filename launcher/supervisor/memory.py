"""How much memory is left, and how many snapshots that allows: the machine's, and that of the control group we run in.

A snapshot shares its pages with the worker, but keeps those that the worker has given back or written to since. It is
worth milliseconds; a machine that swaps costs minutes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_MEGABYTE = 1 << 20
_LOW = (0.10, 1024 * _MEGABYTE)
_SHORT = (0.05, 512 * _MEGABYTE)
_UNLIMITED = 1 << 60
FEW = 2


@dataclass(frozen=True, slots=True)
class Memory:
    """What is available and how much there is, in bytes."""

    available: int
    total: int


def allowed(memory: Memory | None, most: int) -> int:
    """Return how many snapshots may be kept: *most*, a few when memory is low, none when it is short.

    Low is less than a tenth of it or a gigabyte, whichever is less; short is half of that. None stands for a system
    that does not tell.
    """
    if memory is None or memory.available >= _bound(_LOW, memory):
        return most
    return min(most, FEW) if memory.available >= _bound(_SHORT, memory) else 0


def look(proc: str = "/proc", groups: str = "/sys/fs/cgroup") -> Memory | None:
    """Return the tightest of the limits that hold for this process; None where the system does not tell."""
    found = [memory for memory in (_machine(proc), *_groups(proc, groups)) if memory is not None]
    return min(found, key=lambda memory: memory.available, default=None)


def _bound(limit: tuple[float, int], memory: Memory) -> float:
    share, most = limit
    return min(share * memory.total, most)


def _machine(proc: str) -> Memory | None:
    """Read meminfo(5): MemAvailable is what can be had without swapping."""
    values = _numbers(os.path.join(proc, "meminfo"))
    if "MemAvailable:" not in values or "MemTotal:" not in values:
        return None
    return Memory(values["MemAvailable:"] * 1024, values["MemTotal:"] * 1024)


def _groups(proc: str, root: str) -> Iterator[Memory | None]:
    """Read the limits of the control groups above this process, of both versions (cgroups(7))."""
    try:
        with open(os.path.join(proc, "self", "cgroup"), encoding="utf-8", errors="replace") as file:
            rows = [line.rstrip("\n").split(":", 2) for line in file]
    except OSError:
        return
    for _, kinds, path in (row for row in rows if len(row) == 3):
        if not kinds:
            names, folder = ("memory.max", "memory.current", "inactive_file"), root
        elif "memory" in kinds.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            folder = os.path.join(root, "memory")
        else:
            continue
        while True:
            yield _group(os.path.join(folder, path.strip("/")), *names)
            if not path.strip("/"):
                break
            path = os.path.dirname(path)


def _group(folder: str, limit: str, usage: str, inactive: str) -> Memory | None:
    """File pages that nobody used lately count as usage, but are given back at once."""
    total = _number(os.path.join(folder, limit))
    used = _number(os.path.join(folder, usage))
    if total is None or used is None or total >= _UNLIMITED:
        return None
    idle = _numbers(os.path.join(folder, "memory.stat")).get(inactive, 0)
    return Memory(max(0, total - used + idle), total)


def _number(path: str) -> int | None:
    try:
        with open(path, encoding="ascii") as file:
            text = file.read().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


def _numbers(path: str) -> dict[str, int]:
    """Return the numbers of a file whose lines begin with a name and a number."""
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            rows = [line.split() for line in file]
    except OSError:
        return {}
    return {row[0]: int(row[1]) for row in rows if len(row) > 1 and row[1].isdigit()}
