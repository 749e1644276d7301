"""Which file an app is in, by the rules of `flask run`: read from the spec and from the folders, nothing is imported.

The worker imports what this module finds, and `launch check` asks it in advance, so that the two agree.
"""

from __future__ import annotations

import ast
import os
import re
from dataclasses import dataclass, field

from launcher.errors import TargetError, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from launcher.plan import Target

FILE_NAMES = ("wsgi", "app")
_COLON = re.compile(r":(?![\\/])")  # not the colon of a Windows drive


@dataclass(frozen=True, slots=True)
class Reference:
    """A parsed `attr.attr` or `attr.attr(1, debug=True)`. `text` is what the user wrote."""

    text: str
    names: tuple[str, ...]
    called: bool = False
    args: tuple[Any, ...] = ()  # Any: literals
    kwargs: Mapping[str, Any] = field(default_factory=dict)  # Any: literals


def split_spec(spec: str) -> tuple[str, Reference | None]:
    """Cut *spec* at its first colon into module (or path) and reference; raise `TargetError` for what is neither."""
    path, *rest = (part.strip() for part in _COLON.split(spec, maxsplit=1))
    if not path:
        raise TargetError("target-syntax", f"`{spec}` names no module", "write module:name, as in shop:app")
    return path, parse_reference(rest[0]) if rest else None


def parse_reference(text: str) -> Reference:
    """Parse what stands behind the colon: dotted names, then perhaps a call with literal arguments.

    Raise `TargetError` for anything else; nothing is evaluated.
    """
    try:
        tree: ast.expr = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last two: it is nested too deeply
        raise _bad_reference(text) from None
    if not isinstance(tree, ast.Call):
        return Reference(text, _dotted(tree, text))
    try:
        args = tuple(ast.literal_eval(item) for item in tree.args)
        kwargs = {item.arg: ast.literal_eval(item.value) for item in tree.keywords}
    except (ValueError, TypeError, MemoryError, RecursionError):
        raise _bad_arguments(text) from None
    if None in kwargs:
        raise _bad_arguments(text)
    return Reference(text, _dotted(tree.func, text), True, args, {str(name): value for name, value in kwargs.items()})


def _dotted(tree: ast.expr, text: str) -> tuple[str, ...]:
    if isinstance(tree, ast.Name):
        return (tree.id,)
    if isinstance(tree, ast.Attribute):
        return (*_dotted(tree.value, text), tree.attr)
    raise _bad_reference(text)


def _bad_reference(text: str) -> TargetError:
    hint = "write a name, or a call with literal arguments, as in create_app('dev', debug=True)"
    return TargetError("target-syntax", f"`{text}` is neither a name nor a call", hint)


def _bad_arguments(text: str) -> TargetError:
    hint = "write text in quotes, numbers, True, False, None, or lists and dictionaries of these"
    return TargetError("target-syntax", f"the arguments in `{text}` are not all literal values", hint)


def search_file(target: Target) -> str:
    """Return the file to serve where no app is named; raise `TargetError` where there is none."""
    folders = [target.project, target.directory]
    if target.search:
        folders.append(os.path.join(target.directory, "src"))
    for folder in dict.fromkeys(folders):
        for name in FILE_NAMES:
            if (found := file_of(folder, name)) is not None:
                return found
    managed = next((folder for folder in folders if os.path.isfile(os.path.join(folder, "manage.py"))), None)
    if managed is None:
        hint = 'write `app = "module:name"` in devserver.toml, or start with: launch dev module:name'
        raise TargetError("target-not-found", f"there is no wsgi.py and no app.py in {target.project}", hint)
    return _find_django(managed)


def _find_django(folder: str) -> str:
    names = sorted(name for name in os.listdir(folder) if os.path.isfile(os.path.join(folder, name, "wsgi.py")))
    if len(names) == 1:
        return os.path.join(folder, names[0], "wsgi.py")
    if names:
        specs = listed(f"{name}.wsgi:application" for name in names)
        message = f"there is a manage.py in {folder}, and more than one wsgi.py: {specs}"
        raise TargetError("target-ambiguous", message, f'name one: app = "{names[0]}.wsgi:application"')
    hint = 'name it, as in app = "mysite.wsgi:application"'
    raise TargetError("target-not-found", f"there is a manage.py in {folder}, but no folder with a wsgi.py", hint)


def is_path(text: str) -> bool:
    """Say whether *text* means a file or folder rather than a module."""
    return text.endswith(".py") or "/" in text or os.sep in text


def module_of(file: str) -> tuple[str, str]:
    """Return the folder to import from and the dotted name of the Python file *file*."""
    folder, base = os.path.split(file)
    names = [] if base == "__init__.py" else [base.removesuffix(".py")]
    while os.path.isfile(os.path.join(folder, "__init__.py")):
        folder, name = os.path.split(folder)
        names.insert(0, name)
    return folder, ".".join(names)


def file_of(folder: str, name: str) -> str | None:
    """Return the file of module *name* directly in *folder* (the package wins, as in an import), or None."""
    for candidate in (os.path.join(folder, name, "__init__.py"), os.path.join(folder, name + ".py")):
        if os.path.isfile(candidate):
            return candidate
    return None


def find_file(text: str, target: Target) -> str:
    """Return the file that a path in a spec means; raise `TargetError` where there is none."""
    folders = (target.directory, target.project, os.path.join(target.directory, "src"))
    for folder in folders[: 3 if target.search else 2]:
        path = os.path.normpath(os.path.join(folder, text))
        if os.path.isfile(path):
            return _importable(path)
        above, base = os.path.split(path)
        if (found := file_of(above, base)) is not None:
            return found
    folder, base = os.path.split(os.path.normpath(os.path.join(target.directory, text)))
    near = nearest(base, _entries(folder, ".py"))
    hint = f"did you mean {os.path.join(os.path.dirname(text), near)}?" if near else f"looked below {target.directory}"
    raise TargetError("target-file", f"there is no file `{text}`", hint)


def _importable(file: str) -> str:
    base = os.path.basename(file)
    if "." in base.removesuffix(".py"):
        raise TargetError("target-file", f"`{base}` cannot be imported", "take the dot out of its name")
    return file


def find_root(name: str, target: Target) -> tuple[str, str]:
    """Return the folder to put first, and the name under which to import *name* from there."""
    top = name.partition(".")[0]
    here, source = target.directory, os.path.join(target.directory, "src")
    if target.search and file_of(here, top) is None:
        folders = [os.path.isdir(os.path.join(folder, top)) for folder in (here, source)]  # packages without a file
        if file_of(source, top) is not None or folders == [False, True]:
            return source, name
    inside = os.path.isfile(os.path.join(here, "__init__.py"))
    if inside and (file_of(here, top) is not None or os.path.isdir(os.path.join(here, top))):
        # The folder is itself a package, and the module is part of it: `flask run` climbs out of it, too.
        folder, package = module_of(os.path.join(here, "__init__.py"))
        return folder, f"{package}.{name}"
    return here, name


def modules(folder: str) -> list[str]:
    """Return the names of the modules in *folder*, as far as its files and subfolders tell."""
    return [name.removesuffix(".py") for name in _entries(folder, ".py") + _entries(folder, "")]


def _entries(folder: str, suffix: str) -> list[str]:
    """Return the files with *suffix* in *folder*, or for an empty suffix its subfolders; sorted, none if unreadable."""
    try:
        with os.scandir(folder) as entries:
            found = [item.name for item in entries if (item.name.endswith(suffix) if suffix else item.is_dir())]
    except OSError:
        return []
    return sorted(name for name in found if not name.startswith((".", "__")))


def listed(items: Iterable[str]) -> str:
    """Return *items* as they stand in a sentence."""
    return ", ".join(items)
