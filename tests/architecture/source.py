"""The source of `launcher`, read and never imported: its modules, and every import that they make."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "launcher"


@dataclass(frozen=True)
class Import:
    """One import statement: which module names, on which line, inside a function or at the top."""

    module: str
    line: int
    late: bool

    @property
    def library(self) -> str:
        """The first part of the name: `werkzeug` of `werkzeug.serving`."""
        return self.module.partition(".")[0]

    @property
    def third_party(self) -> bool:
        """Is this neither ours nor the standard library's?"""
        return self.library != "launcher" and self.library not in sys.stdlib_module_names


def modules() -> list[str]:
    """Return all modules of the package as paths below it, such as `config/stack.py`."""
    return sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def imports(module: str) -> list[Import]:
    """Return what a module imports when it runs; imports for type checkers are left out."""
    found: list[Import] = []
    _walk(ast.parse((PACKAGE / module).read_bytes()), False, found)
    return found


def _module_of(package: str, name: str) -> str:
    """Return which module `from package import name` is about: the one called *name*, or *package* itself."""
    inside = PACKAGE.parent / package.replace(".", "/") / f"{name}.py"
    return f"{package}.{name}" if package.startswith("launcher") and inside.exists() else package


def _walk(node: ast.AST, late: bool, found: list[Import]) -> None:
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        for child in node.orelse:
            _walk(child, late, found)
        return
    if isinstance(node, ast.Import):
        found.extend(Import(alias.name, node.lineno, late) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"line {node.lineno}: relative imports hide which package is meant"
        assert node.module is not None
        found.extend(Import(_module_of(node.module, alias.name), node.lineno, late) for alias in node.names)
    late = late or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    for child in ast.iter_child_nodes(node):
        _walk(child, late, found)
