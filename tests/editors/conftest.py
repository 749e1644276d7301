"""The two programs that TOML extensions of editors are made of, Tombi and Taplo, and what they say about files.

Both come as packages (`pip install -e '.[editors]'`) and need no network: the schema is a file beside the settings. Where
one is missing its tests are skipped, unless LAUNCH_REQUIRE_EDITORS is set.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from launcher.config.json_schema import KINDS, json_schema

SCHEMAS = {kind: f"{kind}.schema.json" for kind in KINDS}
Found = dict[str, set[tuple[int, int]]]
"""Lines and columns of the errors, by file."""


def program(name: str) -> str:
    """The path of a program, beside this interpreter or on PATH; skip the test where there is none."""
    path = shutil.which(name, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if path is None:
        reason = f"no {name} (pip install {name})"
        assert not os.environ.get("LAUNCH_REQUIRE_EDITORS"), reason
        pytest.skip(reason)
    return path


def ran(line: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a program as on a machine without network and without settings for the program."""
    offline = {"HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache"), "PATH": os.environ["PATH"]}
    unreachable = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
    return subprocess.run(
        line, cwd=folder, env={**offline, **unreachable}, capture_output=True, text=True, check=False, timeout=120
    )


def by_tombi(folder: Path, names: list[str]) -> Found:
    """Return what Tombi finds wrong; its remarks on style do not count."""
    output = ["--diagnostics-format", "json-lines", "--diagnostics-file", "found.json"]
    done = ran([program("tombi"), "lint", "--offline", "--quiet", *output, *names], folder)
    lines = (folder / "found.json").read_text(encoding="utf-8").splitlines()
    told = [json.loads(line) for line in lines]
    found: Found = {name: set() for name in names}
    for item in told:
        missing = item["code"] == "schema-file-not-found" or "schema file not found" in item["message"]
        if item["level"] == "error" or missing:
            start = item["range"]["start"]
            found[item["path"]].add((start["line"], start["column"]))
    assert done.returncode == (1 if any(item["level"] == "error" for item in told) else 0), done.stderr
    return found


def by_taplo(folder: Path, names: list[str]) -> Found:
    """Return what Taplo finds wrong. For a key that is not known it underlines the table and all that stands in it."""
    done = ran([program("taplo"), "lint", "--no-auto-config", "--colors", "never", *names], folder)
    found: Found = {name: set() for name in names}
    for path, line, column in re.findall(r"┌─ (.+):(\d+):(\d+)$", done.stderr, flags=re.MULTILINE):
        found[Path(path).relative_to(folder.resolve()).as_posix()].add((int(line), int(column)))
    assert done.returncode == (1 if any(found.values()) else 0), done.stderr  # not 0 where the schema is missing, too
    return found


CHECKERS: dict[str, Callable[[Path, list[str]], Found]] = {"tombi": by_tombi, "taplo": by_taplo}


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write files, and the schemas beside them."""
    for kind, name in SCHEMAS.items():
        (folder / name).write_text(json.dumps(json_schema(kind, "1")), encoding="utf-8")
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


@pytest.fixture(params=CHECKERS)
def checker(request: pytest.FixtureRequest) -> str:
    """The name of a program that is there."""
    program(request.param)
    return str(request.param)
