"""Outside of a worker nobody takes an app."""

from __future__ import annotations

import subprocess
import sys


def test_nothing_is_there_in_a_process_that_is_no_worker() -> None:
    program = "from launcher import handover; print(handover.taker, handover.in_worker)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["None", "False"]
