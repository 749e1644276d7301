"""The libraries that a base may import before the app: those that would find the same world there.

A library base is a fresh interpreter that has imported the app's libraries, and nothing of the app. It is right only if
a library cannot tell the difference, so what is recorded are modules that an import statement of the project asked for,
up to the moment at which the app changed something that a library can see: the environment, the working directory,
`sys.path`, or a function of another library. What those modules import or change themselves while they are imported,
and what they try in vain, needs no record: importing them does it again.

With each module it is recorded in which libraries the app may have called something by then (`calls.py`). Whether its
import could see that is known when a base has imported it (`sharing.py`): there the base ends.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

from launcher.standard import os
from launcher.worker.asked import Asked
from launcher.worker.calls import Calls, is_import, owners
from launcher.worker.opening import FROZEN
from launcher.worker.sharing import Loaded, outermost, standard_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import CodeType, FrameType

    from launcher.wire.messages import Preload
    from launcher.worker.sharing import Sharing

_STATEMENT, _CALL, _LIBRARY = "statement", "call", "library"
_OURS = (__file__, *(os.path.join(os.path.dirname(__file__), name) for name in ("finder.py", "loader.py")))
_CHANGES = {
    "os.putenv": "the app changed the environment",
    "os.unsetenv": "the app changed the environment",
    "os.chdir": "the app changed the working directory",
}
HEARD = tuple(_CHANGES)
"""The audit events that `Libraries.audit` wants to hear."""


class Libraries:
    """Records, during one import of the app, what a base may import.

    `names` are in the order in which the project asked. `loaded` are the outermost packages of all libraries that came,
    `used` tells for each name in how many of those the app may have called something by then, `standard` what the
    standard library was like, `path` is what `sys.path` was, and `reason` says in words what ended the record, if
    anything did; `missed` tells whether another library came after that.

    `is_project_file` tells the project's code from that of libraries. `begins` is to be told what code of it runs.
    """

    def __init__(self, is_project_file: Callable[[str], bool]) -> None:
        self._is_project_file = is_project_file
        self._calls = Calls(is_project_file)
        self.names: list[str] = []
        self.used: list[int] = []
        self.standard: list[str] = []
        self.reason = ""
        self.missed = False
        self.path: list[str] = []
        self.requests: Requests | None = None
        """In a copy of a base: what must still be asked for."""
        self._expected = ""
        self._called = 0
        self._came = Loaded(self._is_of_project)
        self._ran: set[str] = set()
        self._owners: dict[str, set[str]] = {}
        """In a copy of a base: by modules of the project, the global names whose attributes they set."""

    @property
    def loaded(self) -> list[str]:
        """The outermost packages of the libraries that were loaded, in this order."""
        return self._came.libraries

    def begins(self, name: str, code: CodeType | None) -> None:
        """Take note that the project's module *name* runs this code; None for what is no Python code."""
        if not self.reason or self._is_pending():
            self._ran.add(name)
            self._calls.begins(code)
        if self._is_pending() and code is not None and (names := owners(code)):
            self._owners.setdefault(name, set()).update(names)

    def called(self) -> bool:
        """Return whether the project may have called something since this was asked last, and see what was loaded."""
        for name in self._came.look():
            if name not in self._ran and _has_file(name):
                self._calls.begins(None)  # somebody else's finder has loaded it
        return self._calls.any_since(_running(3))

    def _is_of_project(self, top: str) -> bool:
        values = getattr(sys.modules.get(top), "__dict__", None)
        return isinstance(values, dict) and any(map(self._is_project_file, _places(values)))

    def _is_pending(self) -> bool:
        return self.requests is not None and self.requests.pending

    def expect(self, asked: Sequence[str], path: Iterable[str], sharing: Sharing, give_up: Callable[[], None]) -> None:
        """Have *give_up* called when the app asks for other libraries than the base was made of.

        A base has imported what the app asked for when the base was recorded. By now the app may ask for less, for more
        in between, in another order, or after it has changed or called something that a library sees.
        """
        self.path = list(path)
        self._expected = standard_state()
        self._came = Loaded(self._is_of_project)
        self.requests = Requests(asked, self, sharing, give_up)
        self.requests.start()

    def settle(self) -> None:
        """The app is loaded: all that the base has must have been asked for, and no function have been replaced."""
        if self.requests is not None:
            self.requests.end()
            if self._may_have_patched() and self.patched():
                self.requests.give_up()
        self._calls.forget()
        self._owners.clear()

    def _may_have_patched(self) -> bool:
        """Return whether code of the project sets attributes of a module or a class: else it takes no look at all."""
        for name, names in self._owners.items():
            values = getattr(sys.modules.get(name), "__dict__", {})
            if any(issubclass(type(values.get(owner, sys)), (type, ModuleType)) for owner in names):
                return True  # or it is not known by now what was set
        return False

    def is_project_frame(self, frame: FrameType) -> bool:
        """Return whether code of the project runs in this frame."""
        return self._is_project_file(frame.f_code.co_filename)

    def is_changed(self) -> bool:
        """Return whether the app has changed something that a library can see, since a copy went on."""
        return bool(self.reason) or self.path != sys.path or self._expected != standard_state()

    def audit(self, event: str, _: tuple[object, ...]) -> None:
        """Take an audit event of the interpreter, one of `HEARD`."""
        if not self.reason and self._is_by_project():
            self.reason = _CHANGES[event]

    def imported(self) -> tuple[list[str], str]:
        """Return those of `names` that came before the first one that was found but could not be imported.

        With them comes why there are not more, in words; nothing if no more libraries were imported.
        """
        for place, name in enumerate(self.names):
            if name not in sys.modules:
                return self.names[:place], f"{name} could not be imported"
        return list(self.names), self.reason if self.missed else ""

    def found(self, name: str) -> None:
        """Record that a module which is not the project's was looked for and found."""
        if self._is_pending() and self.requests is not None and self._asker(name) == _STATEMENT:
            self.requests.give_up()
        if self.missed:
            return
        if not self.path:
            self.path = list(sys.path)
        asker = self._asker(name)
        if not self.reason and self.path != sys.path:
            self.reason = "the app changed sys.path"
        if not self.reason and asker == _CALL:
            self.reason = f"the app imports {name} by a call"
        if self.reason:
            self.missed = bool(asker) and _begins_library(name)
        elif asker == _STATEMENT:
            if self.called():
                self._called = len(self.loaded)
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
        # Asked of the type: an object that stands for another, as Django's settings do, would have to make that one.
        if issubclass(type(value), type) and value.__module__ == module:
            return any(self._is_project_function(item) for item in list(vars(value).values()))
        return False

    def _is_project_function(self, value: object) -> bool:
        code = getattr(value, "__code__", None) if type(value).__name__ in ("function", "method") else None
        return code is not None and self._is_project_file(code.co_filename)

    def _asker(self, name: str) -> str:
        """Say what led to the import of *name*: a statement or a call of the project, or none of these.

        Walks up the stack from the import machinery to the project's code. A library on the way means that the library
        asked. While a statement imports it, that is a matter of its own; where the project has called it, or has taken
        from it what it makes by a function (PEP 562), no base would do the same, which matters if the module begins
        another library.
        """
        kind, above, is_made = _STATEMENT, "", False
        for frame in _callers(3):
            file = frame.f_code.co_filename
            if _is_machinery(file):
                if frame.f_code.co_name == "_handle_fromlist":
                    is_made = above == _LIBRARY
                above = ""
            elif self._is_project_file(file):
                is_statement = is_import(frame.f_code, frame.f_lasti) and not is_made
                if is_statement:
                    return kind if kind == _STATEMENT else ""
                return _CALL if kind == _CALL or _begins_library(name) else ""
            else:
                if kind != _LIBRARY:
                    kind = _CALL if file == importlib.__file__ else _LIBRARY
                    if kind == _LIBRARY and not _begins_library(name):
                        return ""
                above, is_made = _LIBRARY, False
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
                by_import = file.startswith(FROZEN)
        return False


class Requests:
    """Follows, in a copy of a base, the project's imports until they have asked for all that the base has.

    `pending` tells whether something is left.
    """

    def __init__(
        self, names: Sequence[str], libraries: Libraries, sharing: Sharing, give_up: Callable[[], None]
    ) -> None:
        self._left = list(names)[::-1]
        self._had: list[str] = []
        self._used: set[str] = set()
        self._libraries = libraries
        self._sharing = sharing
        self._asked = Asked(self._hear)
        self.give_up = give_up

    @property
    def pending(self) -> bool:
        """Whether the project has not yet asked for all."""
        return bool(self._left)

    def start(self) -> None:
        """Begin to follow."""
        if self._left:
            self._asked.start()

    def end(self) -> None:
        """Stop following; give up if something is left."""
        self._asked.stop()
        if self._left:
            self.give_up()

    def _hear(self, asker: FrameType, name: str, taken: Iterable[str]) -> None:
        if not self._left:
            return
        parts = name.split(".")
        names = [".".join(parts[: count + 1]) for count in range(len(parts))]
        for candidate in (*names, *(f"{name}.{part}" for part in taken)):
            if candidate in self._left:
                self._is_asked(candidate, asker)
            elif self._sharing.came_with.get(candidate) in self._left:
                self.give_up()  # it would be imported now, and has come with a library that is asked for later
        if not self._left:
            self._asked.stop()

    def _is_asked(self, name: str, asker: FrameType) -> None:
        """Take note that somebody asks for a library of the base. Only the project may, in the order of the base."""
        if not self._libraries.is_project_frame(asker):
            if outermost(name) not in sys.stdlib_module_names:
                self.give_up()  # called by the project: it would be imported now, and is already
            return
        if not is_import(asker.f_code, asker.f_lasti) or name != self._left[-1] or self._libraries.is_changed():
            self.give_up()
        if self._libraries.called():
            self._used = {*self._sharing.came(self._had), *self._libraries.loaded}
        if self._sharing.is_shared(name, self._used):
            self.give_up()  # its import would see what was called, and was done before
        self._had.append(self._left.pop())


def preload(told: Preload, sharing: Sharing, is_project_file: Callable[[str], bool]) -> tuple[str, int]:
    """Import libraries; return why this process is no base now, in words, or nothing, and how many can be in one.

    Ends before the first one that would see what the app has called or changed by then, or behind it where only its
    import shows that: then the process is no base either. An import that fails may leave traces that the app's own
    attempt would not, so one is enough for a reason.
    """
    usual = list(sys.path)
    sys.path[:] = told.path
    count = 0
    try:
        with sharing:
            for name, used, standard in zip(told.libraries, told.used, told.standard, strict=True):
                if standard != standard_state():
                    break
                sharing.named(name)
                importlib.import_module(name)
                sharing.was_imported()
                if sharing.is_shared(name, told.loaded[:used]):
                    break
                count += 1
    except BaseException as error:  # noqa: BLE001  # whatever a library raises, this process is given up
        return f"{name} cannot be imported by itself ({type(error).__name__})", 0
    finally:
        sys.path[:] = usual
    for name, module in list(sys.modules.items()):
        values = getattr(module, "__dict__", None)
        if name != "__main__" and isinstance(values, dict) and any(map(is_project_file, _places(values))):
            return f"a library imports the project's {name}", 0
    return "", count


def _has_file(name: str) -> bool:
    values = getattr(sys.modules.get(name), "__dict__", None)
    return isinstance(values, dict) and isinstance(values.get("__file__"), str)


def _places(values: dict[str, object]) -> list[str]:
    """Return the file of a module, or the folders of a namespace package, which has no file."""
    file = values.get("__file__")
    if isinstance(file, str):
        return [file]
    folders = getattr(values.get("__path__"), "_path", ())
    return [os.path.join(folder, "") for folder in folders if isinstance(folder, str)]


def _is_machinery(file: str) -> bool:
    return file.startswith(FROZEN) or file in _OURS


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
