"""The libraries that a base may import before the app: those that would find the same world there.

A library base is a fresh interpreter that has imported the app's libraries, and nothing of the app. It is right only if
a library cannot tell the difference, so what is recorded are modules that an import statement of the project asked for
(and what those import themselves), up to the moment at which the app changed something that a library can see: the
environment, the working directory, `sys.path`, or a function of another library.
"""

from __future__ import annotations

import importlib
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import FrameType

_CHANGES = {
    "os.putenv": "the app changed the environment",
    "os.unsetenv": "the app changed the environment",
    "os.chdir": "the app changed the working directory",
}


class Libraries:
    """Records, during one import of the app, what a base may import.

    `names` are in the order of the first look, `path` is what `sys.path` was then, and `reason` says in words what
    ended the record, if anything did.

    `is_project_file` tells the project's code from that of libraries.
    """

    def __init__(self, is_project_file: Callable[[str], bool]) -> None:
        self._is_project_file = is_project_file
        self.names: list[str] = []
        self.reason = ""
        self.path: list[str] = []

    def audit(self, event: str, _: tuple[object, ...]) -> None:
        """Take an audit event of the interpreter; called for every one of them."""
        if not self.reason and event in _CHANGES and self._is_by_project():
            self.reason = _CHANGES[event]

    def found(self, name: str) -> None:
        """Record that a module which is not the project's was looked for and found."""
        if self.reason:
            return
        if not self.path:
            self.path = list(sys.path)
        elif self.path != sys.path:
            self.reason = "the app changed sys.path"
            return
        if self._is_asked_for_by_project():
            self.names.append(name)

    def patched(self) -> str:
        """Return which function of a library was replaced by the app, or nothing. Looks at every module: takes long."""
        for name, module in list(sys.modules.items()):
            values = getattr(module, "__dict__", None)
            path = values.get("__file__") if isinstance(values, dict) else None
            if not isinstance(path, str) or self._is_project_file(path) or name == "__main__":
                continue
            for attribute, value in list(values.items()):  # type: ignore[union-attr]  # a dictionary, as just asked
                if self._is_foreign(value, name):
                    return f"the app replaced {name}.{attribute}"
        return ""

    def _is_foreign(self, value: object, module: str) -> bool:
        """Return whether a function of the project stands in a library's place, also in one of its classes."""
        if self._is_project_function(value):
            return True
        if isinstance(value, type) and value.__module__ == module:
            return any(self._is_project_function(item) for item in list(vars(value).values()))
        return False

    def _is_project_function(self, value: object) -> bool:
        code = getattr(value, "__code__", None) if type(value).__name__ in ("function", "method") else None
        return code is not None and self._is_project_file(code.co_filename)

    def _is_asked_for_by_project(self) -> bool:
        """Return whether the module-level import statement at the bottom of this chain of imports is the project's.

        Walks up the stack: import machinery, perhaps modules of libraries that import each other, then whoever began.
        A library's function on the way means that the library decided, perhaps by what it was told before.
        """
        for frame in _callers(3):
            code = frame.f_code
            if code.co_filename.startswith("<frozen importlib"):
                continue
            if self._is_project_file(code.co_filename):
                return True
            if code.co_name != "<module>" and not _is_import_machinery(code.co_filename):
                return False
        return False

    def _is_by_project(self) -> bool:
        """Return whether the project's code is what changed something, itself or by a call."""
        return any(self._is_project_file(frame.f_code.co_filename) for frame in _callers(2))


def preload(names: Iterable[str], path: Iterable[str], is_project_file: Callable[[str], bool]) -> str:
    """Import libraries; return why this process is no base now, in words, or nothing.

    An import that fails may leave traces that the app's own attempt would not, so one is enough.
    """
    usual = list(sys.path)
    sys.path[:] = path
    try:
        for name in names:
            importlib.import_module(name)
    except BaseException as error:  # noqa: BLE001  # whatever a library raises, this process is given up
        return f"{name} cannot be imported by itself ({type(error).__name__})"
    finally:
        sys.path[:] = usual
    for name, module in list(sys.modules.items()):
        values = getattr(module, "__dict__", None)
        if name != "__main__" and isinstance(values, dict) and any(map(is_project_file, _places(values))):
            return f"a library imports the project's {name}"
    return ""


def _places(values: dict[str, object]) -> list[str]:
    """Return the file of a module, or the folders of a namespace package, which has no file."""
    file = values.get("__file__")
    if isinstance(file, str):
        return [file]
    folders = getattr(values.get("__path__"), "_path", ())
    return [os.path.join(folder, "") for folder in folders if isinstance(folder, str)]


def _is_import_machinery(filename: str) -> bool:
    return filename.endswith((f"importlib{os.sep}__init__.py", f"worker{os.sep}finder.py"))


def _callers(depth: int) -> list[FrameType]:
    frames = []
    frame: FrameType | None = sys._getframe(depth)
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    return frames
