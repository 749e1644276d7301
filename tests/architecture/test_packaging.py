"""The wheel that a user gets: all of the package, nothing else, and the dependencies that are written down."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from email.parser import Parser

import pytest
import tomli

from tests.architecture.source import PACKAGE, ROOT

COPIED = ("launcher", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    # Built from a copy, so that neither the build nor what lies around in the checkout changes the other.
    source = tmp_path_factory.mktemp("source")
    for name in COPIED:
        path = ROOT / name
        if path.is_dir():
            shutil.copytree(path, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, source / name)
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel"],
        cwd=source,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (path,) = (source / "dist").glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


def metadata(wheel, name):
    (path,) = (path for path in wheel.namelist() if path.endswith(f".dist-info/{name}"))
    return wheel.read(path).decode()


def test_wheel_holds_the_package_and_nothing_else(wheel):
    files = (path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    expected = {path.relative_to(ROOT).as_posix() for path in files}
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert packed == expected
    assert "launcher/py.typed" in packed


def test_wheel_brings_the_command(wheel):
    assert "launch = launcher.cli.main:main" in metadata(wheel, "entry_points.txt")


def test_wheel_asks_for_the_run_time_dependencies_only(wheel):
    project = tomli.loads((ROOT / "pyproject.toml").read_text())["project"]
    required = Parser().parsestr(metadata(wheel, "METADATA")).get_all("Requires-Dist")
    assert {name for name in required if "extra ==" not in name} == set(project["dependencies"])


def test_wheel_brings_its_licence(wheel):
    assert "MIT" in metadata(wheel, "licenses/LICENSE")
