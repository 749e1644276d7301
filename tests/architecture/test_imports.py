"""What a fresh interpreter has loaded after importing one of our modules: start-up time, kept by name."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.architecture.source import ROOT

PROGRAM = "import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
SLOW_PARTS_OF_THE_STANDARD_LIBRARY = {"asyncio", "importlib.metadata", "logging"}


def loaded(*arguments: str) -> set[str]:
    """Return the modules that a fresh interpreter has loaded, as told by the last line that it prints."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "PYTEST_"))}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def unwanted(names: set[str], prefixes: set[str]) -> set[str]:
    """Return those of *names* that are one of the modules *prefixes*, or inside one."""
    return {name for name in names if any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)}


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        pytest.param("launcher", {"typing", "launcher.cli", "launcher.config", "launcher.plan"}, id="package"),
        pytest.param(
            "launcher.cli.main",
            {
                "click",
                "pydantic",
                "werkzeug",
                "tomli",
                "watchfiles",
                "dotenv",
                "launcher.config",
                "launcher.supervisor",
            },
            id="command-line",
        ),
        pytest.param(
            "launcher.config.resolve",
            {"werkzeug", "watchfiles", "click", "dotenv", "launcher.config.toml.positions"},
            id="settings",
        ),
        pytest.param(
            "launcher.supervisor.run",
            {"pydantic", "werkzeug", "click", "tomli", "watchfiles", "launcher.config"},
            id="supervisor",
        ),
        pytest.param(
            "launcher.worker.__main__",
            {
                "pydantic",
                "click",
                "tomli",
                "dotenv",
                "watchfiles",
                "launcher.config",
                "launcher.cli",
                "launcher.supervisor",
            },
            id="worker",
        ),
        pytest.param("launcher.web.stack", {"pydantic", "click", "launcher.config", "launcher.supervisor"}, id="web"),
    ],
)
def test_closure(module, forbidden):
    assert unwanted(loaded("-c", PROGRAM.format(module=module)), forbidden) == set()


@pytest.mark.parametrize("module", ["launcher.cli.main", "launcher.supervisor.run"])
def test_own_start_up_path_avoids_slow_modules(module):
    ours = loaded("-c", PROGRAM.format(module=module))
    click = loaded("-c", PROGRAM.format(module="click"))
    assert unwanted(ours - click, SLOW_PARTS_OF_THE_STANDARD_LIBRARY) == set()


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]], ids=" ".join)
def test_help_and_version_load_click_only(arguments):
    program = (
        "import json, os, sys\n"
        "from launcher.cli.main import run\n"
        f"assert run({arguments!r}, os.environ, sys.stdout, sys.stderr) == 0\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    heavy = {
        "pydantic",
        "werkzeug",
        "tomli",
        "watchfiles",
        "dotenv",
        "launcher.config",
        "launcher.supervisor",
        "launcher.plan",
    }
    assert unwanted(loaded("-c", program), heavy) == set()
