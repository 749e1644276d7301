"""Who may import whom: the contracts of pyproject.toml, the owners of libraries, and the pure modules."""

from __future__ import annotations

import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest
import tomli

from tests.architecture.source import ROOT, Import, imports, modules

# Each library has one home. A library that is not here, or is imported anywhere else, fails the test.
OWNERS = {
    "a2wsgi": ("worker/target.py",),
    "cryptography": ("web/tls.py",),
    "click": ("cli/main.py", "cli/root.py", "cli/options.py", "cli/usage.py", "cli/commands/*.py"),
    "dotenv": ("config/sources/envfile.py",),
    "pydantic": ("config/schema.py", "config/validate.py"),
    "pydantic_core": ("config/schema.py", "config/validate.py"),
    "tomli": ("config/sources/files.py",),
    "watchfiles": ("supervisor/watcher.py",),
    "werkzeug": ("web/*.py", "worker/handler.py"),
}

# These decide and touch nothing: no clock, no file, no environment. Time and paths come in as arguments.
PURE = (
    "errors.py",
    "interpreter.py",
    "plan.py",
    "cli/flags.py",
    "config/finding.py",
    "config/toml/duplicate.py",
    "config/toml/fault.py",
    "config/toml/limits.py",
    "config/toml/wrong_shape.py",
    "config/toml/wrong_value.py",
    "config/key.py",
    "config/layer.py",
    "config/toml/mistakes.py",
    "config/sources/pairs.py",
    "config/toml/positions.py",
    "redact.py",
    "config/stack.py",
    "config/toml/syntax.py",
    "config/variables.py",
    "supervisor/events.py",
    "supervisor/impact.py",
    "supervisor/loops.py",
    "supervisor/state.py",
    "supervisor/timeline.py",
    "wire/messages.py",
)
PURE_IMPORTS = {
    "__future__",
    "bisect",
    "collections",
    "collections.abc",
    "dataclasses",
    "enum",
    "functools",
    "json",
    "re",
    "launcher.errors",
    "launcher.standard",  # copies of the modules above
    "launcher.wire.digest",  # for the names of special digests
    *("launcher." + module.removesuffix(".py").replace("/", ".") for module in PURE),
}


def test_contracts_of_pyproject_are_kept():
    program = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("module", modules())
def test_library_is_imported_by_its_owner_only(module):
    def is_allowed(found: Import) -> bool:
        return any(fnmatch(module, owner) for owner in OWNERS.get(found.library, ()))

    wrong = [
        f"{module}:{found.line} imports {found.module}"
        for found in imports(module)
        if found.third_party and not is_allowed(found)
    ]
    assert wrong == []


def test_every_dependency_has_an_owner():
    project = tomli.loads((ROOT / "pyproject.toml").read_text())["project"]
    libraries = {found.library for module in modules() for found in imports(module) if found.third_party}
    imported_as = {"python-dotenv": "dotenv"}
    names = [re.split("[<>]", requirement)[0] for requirement in project["dependencies"]]
    unused = [name for name in names if imported_as.get(name, name) not in libraries]
    assert unused == []


@pytest.mark.parametrize("module", PURE)
def test_pure_module_imports_nothing_that_acts(module):
    wrong = [
        f"{module}:{found.line} imports {found.module}" for found in imports(module) if found.module not in PURE_IMPORTS
    ]
    assert wrong == []


@pytest.mark.parametrize("package", ["", "cli", "cli/commands", "config", "supervisor", "web", "wire", "worker"])
def test_package_file_holds_a_docstring_and_little_else(package):
    source = (ROOT / "launcher" / package / "__init__.py").read_text()
    eager = [found.module for found in imports(str(Path(package) / "__init__.py")) if not found.late]
    assert source.startswith('"""')
    assert [module for module in eager if module != "__future__"] == []
