"""The unit tests mirror the package: every module has its test file, and no test file outlives its module."""

from __future__ import annotations

from tests.architecture.source import ROOT, modules

# Modules without a test file of their own, each with the reason.
WITHOUT = {
    # Records only, without a line that decides: the tests of `state.py` make and compare every one of them.
    "supervisor/events.py",
    # These act and decide nothing: the end-to-end tests, which start the real command, are their tests.
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
    assert code >= WITHOUT, "a module left the package: take it off the list"
    return {mirror_of(module) for module in code - WITHOUT}


def present() -> set[str]:
    tests = ROOT / "tests"
    files = [*tests.glob("test_*.py"), *(path for room in ROOMS for path in (tests / room).rglob("test_*.py"))]
    return {path.relative_to(tests).as_posix() for path in files}


def test_every_module_has_its_test_file():
    assert expected() - present() == set()


def test_every_test_file_has_its_module():
    assert present() - expected() - SURPLUS == set()
