"""How much memory is left, by files as the kernel writes them, and what that allows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from launcher.supervisor.memory import FEW, Memory, allowed, look

GIGABYTE = 1 << 30
MEGABYTE = 1 << 20
MEMINFO = "MemTotal:       16000000 kB\nMemFree:  100 kB\nMemAvailable:    8000000 kB\n"


@pytest.mark.parametrize(
    ("memory", "expected"),
    [
        pytest.param(None, 8, id="not told"),
        pytest.param(Memory(8 * GIGABYTE, 16 * GIGABYTE), 8, id="plenty"),
        pytest.param(Memory(2 * GIGABYTE, 64 * GIGABYTE), 8, id="a small share of much is enough"),
        pytest.param(Memory(900 * MEGABYTE, 64 * GIGABYTE), FEW, id="less than a gigabyte"),
        pytest.param(Memory(400 * MEGABYTE, 64 * GIGABYTE), 0, id="less than half a gigabyte"),
        pytest.param(Memory(60 * MEGABYTE, 512 * MEGABYTE), 8, id="more than a tenth of little"),
        pytest.param(Memory(40 * MEGABYTE, 512 * MEGABYTE), FEW, id="less than a tenth of little"),
        pytest.param(Memory(20 * MEGABYTE, 512 * MEGABYTE), 0, id="less than a twentieth of little"),
    ],
)
def test_allowed(memory: Memory | None, expected: int):
    assert allowed(memory, 8) == expected


def test_few_are_never_more_than_the_most():
    assert allowed(Memory(900 * MEGABYTE, 64 * GIGABYTE), 1) == 1


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({}, None, id="nothing"),
        pytest.param({"proc/meminfo": MEMINFO}, Memory(8000000 * 1024, 16000000 * 1024), id="machine"),
        pytest.param(
            {
                "proc/meminfo": MEMINFO,
                "proc/self/cgroup": "0::/box\n",
                "groups/box/memory.max": "1000\n",
                "groups/box/memory.current": "900\n",
                "groups/box/memory.stat": "anon 5\ninactive_file 40\n",
            },
            Memory(140, 1000),
            id="group of version 2",
        ),
        pytest.param(
            {
                "proc/meminfo": MEMINFO,
                "proc/self/cgroup": "0::/box/inner\n",
                "groups/box/inner/memory.max": "max\n",
                "groups/box/inner/memory.current": "900\n",
                "groups/memory.max": "2000\n",
                "groups/memory.current": "1500\n",
            },
            Memory(500, 2000),
            id="a group above",
        ),
        pytest.param(
            {
                "proc/self/cgroup": "5:cpu:/x\n4:memory:/box\n",
                "groups/memory/box/memory.limit_in_bytes": "1000\n",
                "groups/memory/box/memory.usage_in_bytes": "700\n",
                "groups/memory/box/memory.stat": "total_inactive_file 100\n",
            },
            Memory(400, 1000),
            id="group of version 1",
        ),
        pytest.param(
            {
                "proc/self/cgroup": "4:memory:/\n",
                "groups/memory/memory.limit_in_bytes": "9223372036854771712\n",
                "groups/memory/memory.usage_in_bytes": "700\n",
            },
            None,
            id="no limit in version 1",
        ),
    ],
)
def test_look(tmp_path: Path, files: Mapping[str, str], expected: Memory | None):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert look(str(tmp_path / "proc"), str(tmp_path / "groups")) == expected
