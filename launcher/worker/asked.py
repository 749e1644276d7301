"""Who asks for which module, also where it is imported already: then the interpreter asks no finder.

Puts functions in the place of `__import__` and of what `importlib.import_module` calls, for a while.
"""

from __future__ import annotations

import builtins
import importlib
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import FrameType, ModuleType
    from typing import Any, TypeAlias

    Hear: TypeAlias = Callable[[FrameType, str, Iterable[str]], None]

_NAME = "<frozen importlib._bootstrap, followed>"
"""What our functions say they are: `warnings` passes over the import system when it looks for who is to blame."""

_bootstrap: Any = importlib._bootstrap  # Any: what is replaced there is no public name


class Asked:
    """Tells *hear* who asks for a module by its full name: the frame that asks, the name, and what is taken from it.

    Whatever *hear* raises ends the import.
    """

    def __init__(self, hear: Hear) -> None:
        self._hear = hear
        self._import = builtins.__import__
        self._find = _bootstrap._gcd_import
        self._ours = (self._by_statement, self._by_call)

    def start(self) -> None:
        """Begin to tell."""
        builtins.__import__, _bootstrap._gcd_import = self._ours

    def stop(self) -> None:
        """Stop, but for where somebody else has taken the place since: that leads to us for ever."""
        if builtins.__import__ is self._ours[0]:
            builtins.__import__ = self._import
        if _bootstrap._gcd_import is self._ours[1]:
            _bootstrap._gcd_import = self._find

    def _by_statement(self, name: str, *arguments: Any, **more: Any) -> ModuleType:  # Any: those of `__import__`
        level = arguments[3] if len(arguments) > 3 else more.get("level", 0)
        if not level and type(name) is str:
            taken = arguments[2] if len(arguments) > 2 else more.get("fromlist")
            self._hear(sys._getframe(1), name, taken or ())
        return self._import(name, *arguments, **more)

    def _by_call(self, name: str, package: str | None = None, level: int = 0) -> ModuleType:
        asker = sys._getframe(1).f_back  # beyond that of `import_module`
        if not level and type(name) is str and asker is not None:
            self._hear(asker, name, ())
        found: ModuleType = self._find(name, package, level)
        return found


for _function in (Asked._by_statement, Asked._by_call):
    _function.__code__ = _function.__code__.replace(co_filename=_NAME)
