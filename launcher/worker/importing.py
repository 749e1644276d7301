"""The module that a person named, imported by its name, and the place on `sys.path` that makes this possible.

Tells "there is no such module" (`TargetError`) from an import that fails further inside, which is never touched. What
is looked for in the module is the business of `target.py`.
"""

from __future__ import annotations

import importlib
import sys

from launcher.errors import TargetError, nearest
from launcher.locate import find_file, find_root, is_path, module_of, modules
from launcher.standard import os
from launcher.web import frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

    from launcher.plan import Target


def put_first(folder: str) -> None:
    """Make *folder* the first entry of `sys.path`, and an entry only once."""
    if sys.path and sys.path[0] == folder:
        return
    sys.path[:] = [folder, *(entry for entry in sys.path if entry != folder)]


def import_target(text: str, target: Target) -> ModuleType:
    """Import what stands before the colon: a module's name or the path of a file.

    Raise `TargetError` where it does not exist; whatever the module itself raises passes through.
    """
    put_first(target.directory)
    if is_path(text):
        return import_file(find_file(text, target))
    if not all(text.split(".")):
        raise TargetError("target-syntax", f"`{text}` is not the name of a module", "write module:name, as in shop:app")
    folder, name = find_root(text, target)
    put_first(folder)
    return _import(name, text, folder, target)


def import_file(file: str) -> ModuleType:
    """Import the Python file *file* (absolute) under the name that it has in its outermost package.

    As `flask run` does it: climb while there is an `__init__.py`; the first folder without one goes to the front of
    `sys.path`. Raise `TargetError` where another module already has that name.
    """
    folder, name = module_of(file)
    put_first(folder)
    importlib.invalidate_caches()
    module = importlib.import_module(name)
    loaded = getattr(module, "__file__", None)
    if loaded is None or not _same(loaded, file):
        raise TargetError(
            "target-shadowed",
            f"`{name}` is already the name of {loaded or 'a built-in module'}, so {file} was not imported",
            "rename the file",
        )
    return module


def _import(name: str, text: str, folder: str, target: Target) -> ModuleType:
    importlib.invalidate_caches()
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if not _is_absent(error, name):
            raise
        absent = error.name or name
    raise TargetError("target-module", *_explain(absent, text, folder, target))


def _is_absent(error: ModuleNotFoundError, name: str) -> bool:
    """Say whether *error* means that the named module is not there, as opposed to something that a module imports."""
    named = error.name is not None and (name + ".").startswith(error.name + ".")
    return named and next(frame.frames(error.__traceback__), None) is None


def _explain(absent: str, text: str, folder: str, target: Target) -> tuple[str, str]:
    above, _, last = absent.rpartition(".")
    package = sys.modules.get(above)
    if package is None:
        near = nearest(last, modules(folder) + modules(os.path.join(target.directory, "src")))
        hint = f"did you mean {_swap(text, last, near)}?" if near else f"looked in {folder}, then where Python looks"
        return f"there is no module `{absent}`", hint
    if last in vars(package):
        return f"`{absent}` is not a module", f"write a colon before the name: {above}:{last}"
    paths = getattr(package, "__path__", None)
    if paths is None:
        message = f"there is no module `{absent}`: `{above}` is a file, not a package"
        return message, f"write {above}:{last} for a name in it"
    near = nearest(last, [name for path in paths for name in modules(path)])
    hint = f"did you mean {_swap(text, last, near)}?" if near else f"looked in the package {above}"
    return f"there is no module `{absent}`", hint


def _swap(text: str, old: str, new: str) -> str:
    return ".".join(new if part == old else part for part in text.split("."))


def _same(left: str, right: str) -> bool:
    try:
        return os.path.samefile(left, right)
    except OSError:
        return False
