"""Records, during an import, the code of each project module, which of it ran, and who read it.

`sys.monitoring` reports the first start of each function, at no measurable cost. The audit event of `__code__` reports
readers. Both need CPython 3.12 or newer; on 3.11 nothing is recorded, and no edit can be swapped in.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from types import FunctionType
from typing import TYPE_CHECKING

from launcher.standard import inspect

if TYPE_CHECKING:
    from types import CodeType
    from typing import Any

AVAILABLE = sys.version_info >= (3, 12)
"""Whether this Python reports which functions run (PEP 669)."""

HEARD = ("object.__getattr__", "gc.get_referents")
"""The audit events that `CodeTracker.audit` wants."""

TOOL = 4
"""Our number as a monitoring tool: one of those that PEP 669 leaves to others."""

TOOL_NAME = "launch"

_SHAPE_READERS = frozenset(
    code
    for reader in (getattr(inspect, name, None) for name in ("_signature_from_function", "_has_code_flag"))
    if (code := getattr(reader, "__code__", None)) is not None
)
"""Functions of `inspect` that look at arguments and flags only, which an edit of a body leaves alone."""

_SHAPE_READER_NAMES = frozenset(
    {("dataclasses", "_update_func_cell_for__class__"), ("sqlalchemy.util.compat", "inspect_getfullargspec")}
)
"""The same, in modules that need not be loaded: module and function."""


@dataclass(frozen=True, slots=True)
class ModuleCode:
    """The code that a module ran, and the module's namespace."""

    code: CodeType
    namespace: dict[str, Any]  # Any: a module's globals


class CodeTracker:
    """What is known of the project's code. A copy of the process goes on with what its snapshot knew."""

    def __init__(self) -> None:
        self._modules: dict[str, list[ModuleCode | None]] = {}
        self._ran: set[int] = set()
        self._readers: dict[int, str] = {}
        self._is_started = False

    def start(self) -> None:
        """Record from now on which functions run; call once. Does nothing where the tool number is taken."""
        if sys.version_info >= (3, 12) and not self._is_started and sys.monitoring.get_tool(TOOL) is None:
            monitoring = sys.monitoring
            monitoring.use_tool_id(TOOL, TOOL_NAME)
            monitoring.register_callback(TOOL, monitoring.events.PY_START, self._starts)
            monitoring.set_events(TOOL, monitoring.events.PY_START)
            self._is_started = True

    def is_watching(self) -> bool:
        """Return whether all code that ran is known: we have watched all along, and no other tool does."""
        if sys.version_info < (3, 12) or not self._is_started or sys.gettrace() or sys.getprofile():
            return False
        return sys.monitoring.get_tool(TOOL) == TOOL_NAME and not any(
            sys.monitoring.get_tool(number) for number in range(6) if number != TOOL
        )

    def loads(self, path: str, code: CodeType | None, namespace: dict[str, Any]) -> None:  # Any: a module's globals
        """Record that a module is about to run *code*, compiled from all of the source *path*; None for a part of it.

        The caller keeps no other reference to the code once the module has run: any that is left counts as a reader's.
        """
        self._modules.setdefault(path, []).append(None if code is None else ModuleCode(code, namespace))

    def module(self, path: str) -> ModuleCode | None:
        """Return what was loaded from *path*; None unless it was loaded exactly once, and as a whole."""
        loaded = self._modules.get(path, ())
        return loaded[0] if len(loaded) == 1 else None

    def has_run(self, code: CodeType) -> bool:
        """Return whether a function with this code has started."""
        return id(code) in self._ran

    def reader_of(self, code: CodeType) -> str:
        """Return who read this code, as `module.function`, or nothing."""
        return self._readers.get(id(code), "")

    def _starts(self, code: CodeType, _: int) -> object:
        if code.co_filename in self._modules:
            self._ran.add(id(code))
        return _DISABLE

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:  # Any: what an event reports
        """Record who reads the code of a function of the project."""
        if event == "gc.get_referents":
            functions = [item for item in arguments[0] if type(item) is FunctionType]
        elif arguments[1] == "__code__" and type(arguments[0]) is FunctionType:
            functions = [arguments[0]]
        else:
            return
        frame = sys._getframe(2)
        name = str(frame.f_globals.get("__name__")), frame.f_code.co_name
        if name[0].startswith("launcher.") or frame.f_code in _SHAPE_READERS or name in _SHAPE_READER_NAMES:
            return
        for function in functions:
            code = code_of(function)
            if code.co_filename in self._modules:
                self._readers.setdefault(id(code), ".".join(name))


def code_of(function: FunctionType) -> CodeType:
    """Return a function's code. Reads from modules of ours do not count."""
    return function.__code__


if sys.version_info >= (3, 12):
    _DISABLE: object = sys.monitoring.DISABLE
else:
    _DISABLE = None
