"""The unit tests mirror the package: every module has its test file, and no test file outlives its module."""

from __future__ import annotations

from tests.architecture.source import ROOT, modules

# Modules that act and decide nothing: the end-to-end tests, which start the real command, are their tests.
COVERED_END_TO_END = {
    "__main__.py",
    "cli/commands/dev.py",
    "supervisor/run.py",
    "worker/__main__.py",
}
# Test files that are about more than one module.
SURPLUS = {
    "cli/commands/test_dev.py",  # of its parsing
    "config/test_corpus.py",
}
ROOMS = ("cli", "config", "supervisor", "web", "wire", "worker")


def mirror_of(module: str) -> str:
    folder, _, name = module.rpartition("/")
    return f"{folder}/test_{name}" if folder else f"test_{name}"


def expected() -> set[str]:
    code = {module for module in modules() if not module.endswith("__init__.py")}
    assert code >= COVERED_END_TO_END, "a module left the package: take it off the list"
    return {mirror_of(module) for module in code - COVERED_END_TO_END}


def present() -> set[str]:
    tests = ROOT / "tests"
    files = [*tests.glob("test_*.py"), *(path for room in ROOMS for path in (tests / room).rglob("test_*.py"))]
    return {path.relative_to(tests).as_posix() for path in files}


def test_every_module_has_its_test_file():
    assert expected() - present() == set()


def test_every_test_file_has_its_module():
    assert present() - expected() - SURPLUS == set()
