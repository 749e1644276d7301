"""Where the app writes down what happened to it: outside of the project, so that nothing is watched."""

from __future__ import annotations

import os


def note(line: str) -> None:
    with open(os.environ["E2E_JOURNAL"], "a") as journal:
        journal.write(f"{line}\n")
