"""The libraries that a base may import before the app: those that would find the same world there.

A library base is a fresh interpreter that has imported the app's libraries, and nothing of the app. It is right only if
a library cannot tell the difference, so what is recorded are modules that an import statement of the project asked for,
up to the moment at which the app changed something that a library can see: the environment, the working directory,
`sys.path`, or a function of another library. What those modules import or change themselves while they are imported,
and what they try in vain, needs no record: importing them does it again.

With each module it is recorded in which of those before it the app may have called something by then (`calls.py`).
Whether its import could see that is known when a base has imported them all (`sharing.py`): there the base ends.
"""

from __future__ import annotations

import builtins
import importlib
import os
import sys

from launcher.worker.calls import Calls, is_import
from launcher.worker.sharing import Sharing, standard_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import CodeType, FrameType, ModuleType
    from typing import Any

_STATEMENT, _CALL, _LIBRARY = "statement", "call", "library"
_FROZEN = "<frozen importlib"
_OURS = (__file__, os.path.join(os.path.dirname(__file__), "finder.py"))
_CHANGES = {
    "os.putenv": "the app changed the environment",
    "os.unsetenv": "the app changed the environment",
    "os.chdir": "the app changed the working directory",
}
HEARD = tuple(_CHANGES)
"""The audit events that `Libraries.audit` wants to hear."""


class Libraries:
    """Records, during one import of the app, what a base may import.

    `names` are in the order in which the project asked, `used` tells for each how many of those before it the app may
    have called something in, `standard` what the standard library was like, `path` is what `sys.path` was, and `reason`
    says in words what ended the record, if anything did.

    `is_project_file` tells the project's code from that of libraries. `calls` is to be told what code of it runs.
    """

    def __init__(self, is_project_file: Callable[[str], bool]) -> None:
        self._is_project_file = is_project_file
        self.calls = Calls(is_project_file)
        self.names: list[str] = []
        self.used: list[int] = []
        self.standard: list[str] = []
        self._expected = ""
        self._called = 0
        self.reason = ""
        self.path: list[str] = []
        self.requests: Requests | None = None
        """In a copy of a base: what must still be asked for."""

    def expect(self, asked: Sequence[str], path: Iterable[str], sharing: Sharing, give_up: Callable[[], None]) -> None:
        """Have *give_up* called when the app asks for other libraries than the base was made of.

        A base has imported what the app asked for when the base was recorded. By now the app may ask for less, for more
        in between, in another order, or after it has changed or called something that a library sees.
        """
        self.path = list(path)
        self._expected = standard_state()
        self.requests = Requests(asked, self._is_project_file, self._is_changed, self.calls, sharing, give_up)
        self.requests.start()

    def settle(self) -> None:
        """The app is loaded: all that the base has must have been asked for."""
        if self.requests is not None:
            self.requests.end()

    def _is_changed(self) -> bool:
        return bool(self.reason) or self.path != sys.path or self._expected != standard_state()

    def audit(self, event: str, _: tuple[object, ...]) -> None:
        """Take an audit event of the interpreter, one of `HEARD`."""
        if not self.reason and self._is_by_project():
            self.reason = _CHANGES[event]

    def imported(self) -> list[str]:
        """Return those of `names` that came before the first one that was found but could not be imported."""
        failed = next((place for place, name in enumerate(self.names) if name not in sys.modules), len(self.names))
        return self.names[:failed]

    def found(self, name: str) -> None:
        """Record that a module which is not the project's was looked for and found."""
        if self.requests is not None and self.requests.pending and self._asker(name) == _STATEMENT:
            self.requests.give_up()
        if self.reason:
            return
        if not self.path:
            self.path = list(sys.path)
        elif self.path != sys.path:
            self.reason = "the app changed sys.path"
            return
        asker = self._asker(name)
        if asker == _CALL:
            self.reason = f"the app imports {name} by a call"
        elif asker == _STATEMENT:
            if self.calls.any_since(_running(2)):
                self._called = len(self.names)
            self.names.append(name)
            self.used.append(self._called)
            self.standard.append(standard_state())

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

    def _asker(self, name: str) -> str:
        """Say what led to the import of *name*: a statement or a call of the project, or none of these.

        Walks up the stack from the import machinery to the project's code. A library on the way means that the library
        asked. While a statement imports it, that is a matter of its own; where the project has called it, no base would
        do the same, which matters if the module begins another library.
        """
        kind = _STATEMENT
        for frame in _callers(3):
            file = frame.f_code.co_filename
            if _is_machinery(file):
                continue
            if self._is_project_file(file):
                if is_import(frame.f_code, frame.f_lasti):
                    return kind if kind == _STATEMENT else ""
                return _CALL if kind == _CALL or _begins_library(name) else ""
            if kind != _LIBRARY:
                kind = _CALL if file == importlib.__file__ else _LIBRARY
                if kind == _LIBRARY and not _begins_library(name):
                    return ""
        return ""

    def _is_by_project(self) -> bool:
        """Return whether the project's code changed something, itself or by a call.

        What a library does while a statement imports it, it does in a base as well.
        """
        by_import = False
        for frame in _callers(2):
            file = frame.f_code.co_filename
            if self._is_project_file(file):
                return not by_import
            if file not in _OURS:
                by_import = file.startswith(_FROZEN)
        return False


class Requests:
    """Follows, in a copy of a base, the project's import statements until they have asked for all that the base has.

    `pending` tells whether something is left. Stands in the place of `__import__` as long as that is so: for a module
    that is imported already the interpreter asks nobody else.
    """

    def __init__(
        self,
        asked: Sequence[str],
        is_project_file: Callable[[str], bool],
        is_changed: Callable[[], bool],
        calls: Calls,
        sharing: Sharing,
        give_up: Callable[[], None],
    ) -> None:
        self._asked_for: list[str] = []
        self._called = 0
        self._left = list(asked)[::-1]
        self._is_project_file = is_project_file
        self._is_changed = is_changed
        self._calls = calls
        self._sharing = sharing
        self._import = builtins.__import__
        self._ours = self._follow
        self.give_up = give_up

    @property
    def pending(self) -> bool:
        """Whether the project has not yet asked for all."""
        return bool(self._left)

    def start(self) -> None:
        """Begin to follow."""
        if self._left:
            builtins.__import__ = self._ours

    def end(self) -> None:
        """Stop following; give up if something is left."""
        self._stop()
        if self._left:
            self.give_up()

    def _follow(self, name: str, *arguments: Any, **more: Any) -> ModuleType:  # Any: those of `__import__`, passed on
        if self._left and self._is_project_file(sys._getframe(1).f_code.co_filename):
            self._asked(name, *arguments[2:], **more)
        return self._import(name, *arguments, **more)

    def _asked(self, name: str, fromlist: Iterable[str] | None = (), level: int = 0, **_: object) -> None:
        parts = name.split(".")
        names = [".".join(parts[: count + 1]) for count in range(len(parts))]
        for candidate in (*names, *(f"{name}.{part}" for part in fromlist or ())) if not level else ():
            if candidate not in self._left:
                continue
            if candidate != self._left[-1] or self._is_changed() or self._is_seen(candidate):
                self.give_up()
            self._asked_for.append(self._left.pop())
        if not self._left:
            self._stop()

    def _is_seen(self, name: str) -> bool:
        """Return whether the import of *name* could see what the app has called by now: it should not be done yet."""
        if self._calls.any_since(_running(4)):
            self._called = len(self._asked_for)
        return self._sharing.is_shared(name, self._asked_for[: self._called])

    def _stop(self) -> None:
        if builtins.__import__ is self._ours:
            builtins.__import__ = self._import


def preload(names: Iterable[str], path: Iterable[str], sharing: Sharing, is_project_file: Callable[[str], bool]) -> str:
    """Import libraries; return why this process is no base now, in words, or nothing.

    An import that fails may leave traces that the app's own attempt would not, so one is enough.
    """
    usual = list(sys.path)
    sys.path[:] = path
    try:
        with sharing:
            for name in names:
                sharing.named(name)
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


def count_alone(names: Sequence[str], used: Sequence[int], standard: Sequence[str], sharing: Sharing) -> int:
    """Return how many of *names*, from the first, cannot see what the app has called before them.

    That is what it called in *used* of those before, and what it changed where the standard library was *standard*.
    """
    for place, name in enumerate(names):
        if sharing.standard[name] != standard[place] or sharing.is_shared(name, names[: used[place]]):
            return place
    return len(names)


def _places(values: dict[str, object]) -> list[str]:
    """Return the file of a module, or the folders of a namespace package, which has no file."""
    file = values.get("__file__")
    if isinstance(file, str):
        return [file]
    folders = getattr(values.get("__path__"), "_path", ())
    return [os.path.join(folder, "") for folder in folders if isinstance(folder, str)]


def _is_machinery(file: str) -> bool:
    return file.startswith(_FROZEN) or file in _OURS


def _begins_library(name: str) -> bool:
    """Return whether *name* is that of a library, not of a module inside of one or of the standard library."""
    return "." not in name and name not in sys.stdlib_module_names


def _running(depth: int) -> list[tuple[CodeType, int]]:
    """Return the code that runs, the outermost first, and the offset of the instruction in each."""
    return [(frame.f_code, frame.f_lasti) for frame in reversed(_callers(depth + 1))]


def _callers(depth: int) -> list[FrameType]:
    frames = []
    frame: FrameType | None = sys._getframe(depth)
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    return frames
