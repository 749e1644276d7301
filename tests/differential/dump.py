"""What an app is after its import, as text: every module of the project, and all that it may have changed around it.

Becomes a library in the folder `site-packages` of a generated project. Two processes that ran the same code the same way
write the same text. The modules of the libraries are sorted by name, because which of them comes first is no business of
an app; the project's own stand in the order of their import.
"""

from __future__ import annotations

import importlib
import os
import string
import sys
import textwrap
import types

_HIDDEN = {"__builtins__", "__cached__", "__loader__", "__spec__", "__doc__", "__warningregistry__", "__annotations__"}


class App:
    """The WSGI app of generated projects. The first request imports the modules *lazy*; the answer never changes."""

    def __init__(self, root, lazy, extra):
        self.root, self.lazy, self.extra = root, lazy, extra
        self.text = None

    def __call__(self, environ, start_response):
        if self.text is None:
            self.text = self.make()
        body = self.text.encode()
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
        return [body]

    def make(self):
        failed = []
        for name in tuple(self.lazy):  # which may get more meanwhile, without end
            try:
                importlib.import_module(name)
            except BaseException as error:  # noqa: BLE001  # whatever it is, both sides show it
                said = "" if isinstance(error, RecursionError) else error  # in whose call the stack ends is chance
                failed.append(f"{name}: {type(error).__name__}: {said}")
        return "\n".join([*state(self.root), f"extra {value(self.extra)}", *(f"lazy {line}" for line in failed), ""])


def make_app(root, lazy, extra=()):
    return App(root, lazy, extra)


def state(root):
    """Yield lines."""
    libraries = os.path.dirname(os.path.abspath(__file__)) + os.sep
    inside = root + os.sep
    yield f"cwd {os.getcwd()}"
    yield f"argv {sys.argv}"
    yield f"path {[entry for entry in sys.path if (entry + os.sep).startswith((inside, libraries))]}"
    yield f"env {sorted((k, v) for k, v in os.environ.items() if k.startswith(('APP_', 'FLASK_')))}"
    for function in (textwrap.shorten, string.capwords, os.path.basename):
        yield f"patch {function.__module__}.{function.__qualname__}"
    own, theirs = [], []
    for name, module in list(sys.modules.items()):
        values = getattr(module, "__dict__", None)
        if not isinstance(values, dict) or name in ("__main__", "sitecustomize"):
            continue
        file = values.get("__file__") or next(iter(elements(values.get("__path__"))), None)
        if isinstance(file, str) and file.startswith(libraries):
            theirs.append((name, values))
        elif (isinstance(file, str) and file.startswith(inside)) or "FROM_PROJECT" in values:
            own.append((name, values))
    for name, values in (*own, *sorted(theirs, key=lambda pair: pair[0])):
        yield f"module {name}"
        for key, item in list(values.items()):
            if key not in _HIDDEN:
                yield f"  {key} = {value(item)}"


def elements(path):
    """Return a list of what is in *path*. To iterate over that of a namespace package would look for its folders again."""
    while type(path).__name__ == "_NamespacePath":
        path = path._path
    return list(path or ())


def value(item, depth=5):
    """Return a text that is the same in every process."""
    if depth == 0:
        return "..."
    if isinstance(item, (str, bytes, int, float, bool, type(None))):
        return repr(item)
    if isinstance(item, (list, tuple)) or type(item).__name__ in ("_NamespacePath", "deque"):
        return f"{type(item).__name__}[{', '.join(value(each, depth - 1) for each in elements(item))}]"
    if isinstance(item, (set, frozenset)):
        return f"{type(item).__name__}[{', '.join(sorted(value(each, depth - 1) for each in item))}]"
    if isinstance(item, dict):
        return f"dict[{', '.join(f'{value(k, depth - 1)}: {value(v, depth - 1)}' for k, v in list(item.items()) if k != '__builtins__')}]"
    if isinstance(item, types.ModuleType):
        return f"module {item.__name__}"
    if isinstance(item, types.FunctionType):
        code = item.__code__
        constants = [each for each in code.co_consts if isinstance(each, (str, int))]
        return f"function {item.__module__}.{item.__qualname__} {code.co_filename}:{code.co_firstlineno} {constants}"
    if isinstance(item, type):
        inner = {k: v for k, v in vars(item).items() if not k.startswith("__")}
        return f"class {item.__module__}.{item.__qualname__} {value(inner, depth - 1)}"
    if isinstance(item, os.PathLike):
        return f"path {os.fspath(item)}"
    if isinstance(item, BaseException):
        return f"{type(item).__name__}: {item}"
    return f"a {type(item).__name__}"
