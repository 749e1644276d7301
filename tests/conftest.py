"""What holds for all tests: nothing of the developer's own shell takes part, and a slow machine is no failure."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import settings

# `nohup` and shells that start a job in the background ignore SIGINT, and what we start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("default", deadline=None)
settings.load_profile("default")

# Names that change what our commands do. A test that is about one of them sets it.
FOREIGN = ("LAUNCH_", "FLASK_", "WERKZEUG_", "NOTES_")
FOREIGN_NAMES = {"CLICOLOR", "FORCE_COLOR", "NO_COLOR", "PYTHONBREAKPOINT", "PYTHONDONTWRITEBYTECODE"}


@pytest.fixture(autouse=True)
def _own_shell_takes_no_part(monkeypatch):
    for name in list(os.environ):
        if name.startswith(FOREIGN) or name in FOREIGN_NAMES:
            monkeypatch.delenv(name)
