from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


def told_by(story: str, *options: str, **environ: str) -> Any:  # Any: what the story prints
    """Run a story in an interpreter of its own, with nothing else in its environment; return the JSON that it prints."""
    ended = subprocess.run(
        [sys.executable, *options, "-c", story],
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(ended.stdout)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A folder to import from, of which nothing is left in this process afterwards."""
    path, modules = list(sys.path), dict(sys.modules)
    yield tmp_path
    sys.path[:] = path
    for name in set(sys.modules) - set(modules):
        file = getattr(sys.modules[name], "__file__", None) or ""
        paths = list(getattr(sys.modules[name], "__path__", ()))
        if any(entry.startswith(str(tmp_path)) for entry in (file, *paths)):
            del sys.modules[name]
    for entry in [entry for entry in sys.path_importer_cache if entry.startswith(str(tmp_path))]:
        del sys.path_importer_cache[entry]
