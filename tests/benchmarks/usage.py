"""What a server's processes use: memory and processor time, from proc(5)."""

from __future__ import annotations

import os

MEGABYTE = 1 << 20
_TICK = os.sysconf("SC_CLK_TCK")


def session_of(leader: int) -> list[int]:
    """Return the living processes that were started in the session of *leader*, itself included."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            fields = _stat(int(entry))
            if fields and int(fields[3]) == leader and fields[0] not in "ZX":
                found.append(int(entry))
    return found


def shares(pids: list[int]) -> list[float]:
    """Return each process's share of memory in megabytes, where pages of several processes count in part (PSS)."""
    return [size for size in map(_share, pids) if size]


def seconds(pids: list[int]) -> float:
    """Return the processor time that processes have used so far, with that of their children that have ended."""
    found = [_stat(pid) for pid in pids]
    return sum(int(field) for fields in found if fields for field in fields[11:15]) / _TICK


def _share(pid: int) -> float:
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            sizes = [int(line.split()[1]) for line in file if line.startswith("Pss:")]
    except OSError:
        return 0.0
    return sizes[0] * 1024 / MEGABYTE if sizes else 0.0


def _stat(pid: int) -> list[str]:
    """Return the fields of proc(5) stat from the state on; none for a process that is gone."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return []
