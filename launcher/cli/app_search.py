"""Which apps the code of a project seems to hold, read from its syntax; nothing is imported and nothing is run.

A guess for `launch init`, in the order of likelihood. Which app is served is decided by the worker.
"""

from __future__ import annotations

import ast
import os
from dataclasses import dataclass
from itertools import islice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

APP_CLASSES = ("Flask", "Quart", "APIFlask", "Bottle", "App", "API", "Dash", "Pyramid", "Sanic")
"""Names of what frameworks call to make an app; `App` and `API` count only as falcon.App and falcon.API."""

APP_CALLS = ("get_wsgi_application", "make_wsgi_app")
APP_NAMES = ("app", "application")
FACTORY_NAMES = ("create_app", "make_app")
_FILES = ("wsgi.py", "app.py", "application.py", "main.py", "run.py", "server.py", "__init__.py")
_SKIPPED = {"tests", "test", "docs", "node_modules", "migrations", "build", "dist", "venv", "env", "site-packages"}
_NO_APPS = ("setup.py", "conftest.py", "manage.py", "noxfile.py", "tasks.py", "fabfile.py")
_MAX_BYTES = 512 * 1024
_MOST_FILES = 100


@dataclass(frozen=True, slots=True)
class FoundApp:
    """An app: how it is named (`shop:create_app`), and where its definition stands."""

    spec: str
    file: str
    line: int


def find_apps(root: str) -> list[FoundApp]:
    """Return the apps in the files of *root* that usually hold one, and in those of its packages, the likeliest first.

    Objects come before factories, and files in the order of their usual names. Where these hold none, the others are
    looked into, as many as are read in a moment. Unreadable files are passed over.
    """
    return _find_in(_candidates(root, _usual)) or _find_in(islice(_candidates(root, _others), _MOST_FILES))


def _find_in(candidates: Iterable[tuple[str, str]]) -> list[FoundApp]:
    found = [
        (rank, place, FoundApp(f"{module}:{name}", file, line))
        for place, (module, file) in enumerate(candidates)
        for rank, name, line in _apps_in(file)
    ]
    return [app for _, _, app in sorted(found, key=lambda item: item[:2])]


def _candidates(root: str, names_in: Callable[[str], Iterable[str]]) -> Iterator[tuple[str, str]]:
    """Yield modules and their files: those in *root* and in `src`, then those of the packages in there."""
    folders = [folder for folder in (root, os.path.join(root, "src")) if os.path.isdir(folder)]
    for folder in folders:
        yield from _modules_in(folder, "", names_in)
    for folder in folders:
        for name in sorted(os.listdir(folder)):
            package = os.path.join(folder, name)
            if name.isidentifier() and name not in _SKIPPED and os.path.isdir(package) and not os.path.islink(package):
                yield from _modules_in(package, name, names_in)


def _modules_in(folder: str, package: str, names_in: Callable[[str], Iterable[str]]) -> Iterator[tuple[str, str]]:
    for name in names_in(folder):
        file = os.path.join(folder, name)
        module = name.removesuffix(".py")
        if os.path.isfile(file) and (package or module != "__init__"):
            yield package if module == "__init__" else f"{package}.{module}".lstrip("."), file


def _usual(folder: str) -> Iterable[str]:
    return _FILES


def _others(folder: str) -> Iterable[str]:
    """Return the names of the modules of a folder that are not looked into first, without tests and tools."""
    try:
        names = os.listdir(folder)
    except OSError:
        return ()
    return [
        name
        for name in sorted(names)
        if name.endswith(".py")
        and name.removesuffix(".py").isidentifier()
        and name not in (*_FILES, *_NO_APPS)
        and not name.startswith("test_")
    ]


def _apps_in(file: str) -> Iterator[tuple[int, str, int]]:
    """Yield rank, name and line of everything in a file that looks like an app or makes one."""
    try:
        with open(file, "rb") as stream:
            tree = ast.parse(stream.read(_MAX_BYTES))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in tree.body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and (made := _makes_app(node.value)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    name = target.id + (".server" if made == "Dash" else "")
                    yield (0 if target.id in APP_NAMES else 1), name, node.lineno
        elif isinstance(node, ast.FunctionDef) and node.name in FACTORY_NAMES:
            yield 2, node.name, node.lineno
        elif isinstance(node, ast.FunctionDef) and [arg.arg for arg in node.args.args] == ["environ", "start_response"]:
            yield (0 if node.name in APP_NAMES else 3), node.name, node.lineno


def _makes_app(value: ast.expr | None) -> str:
    """Return the name of what is called to make an app, or nothing where *value* is no such call."""
    if not isinstance(value, ast.Call):
        return ""
    called = value.func
    if isinstance(called, ast.Attribute):
        owner = called.value.id if isinstance(called.value, ast.Name) else ""
        is_app = called.attr in (*APP_CLASSES, *APP_CALLS) and (called.attr not in ("App", "API") or owner == "falcon")
        return called.attr if is_app or called.attr in FACTORY_NAMES else ""
    name = called.id if isinstance(called, ast.Name) else ""
    return name if name in (*APP_CLASSES, *APP_CALLS, *FACTORY_NAMES) and name not in ("App", "API") else ""
