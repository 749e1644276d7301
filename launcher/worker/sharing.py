"""Which libraries have to do with each other: what one leaves behind, another may see when it is imported.

A library can see another only by importing it, so all import statements are followed while libraries are imported.
Libraries have to do with each other where both, by way of what they import, reach the same one. A few whose functions
leave nothing behind that an import would see do not count, nor does the standard library, which all of them reach: it
is looked at what calls have changed there, as far as an import is likely to see that.
"""

from __future__ import annotations

import builtins
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType
    from typing import Any

_NEUTRAL = frozenset({"annotated_types", "certifi", "dateutil", "idna", "launcher", "packaging", "pytz", "six",
                      "typing_extensions", "tzdata"})  # fmt: skip


class Sharing:
    """Follows import statements inside of the context, in the place of `__import__`.

    `named` is to be told before which import each time. `standard` has what `standard_state` said then.
    """

    def __init__(self) -> None:
        self.standard: dict[str, str] = {}
        self._imports: dict[str, set[str]] = {}
        self._asked: dict[str, set[str]] = {}
        self._now: set[str] = set()

    def __enter__(self) -> Sharing:
        self._import = builtins.__import__
        builtins.__import__ = self._follow
        return self

    def __exit__(self, *_: object) -> None:
        builtins.__import__ = self._import

    def named(self, name: str) -> None:
        """Take note that the library *name* is imported next."""
        self._now = self._asked[name] = {_top(name)}
        self.standard[name] = standard_state()

    def is_shared(self, name: str, used: Iterable[str]) -> bool:
        """Return whether the import of *name* may see what was called in the libraries *used*."""
        return not self._reach(map(_top, used)).isdisjoint(self._reach(self._asked.get(name, ())))

    def _reach(self, tops: Iterable[str]) -> set[str]:
        reached: set[str] = set()
        left = list(tops)
        while left:
            top = left.pop()
            if top not in reached and top not in _NEUTRAL and top not in sys.stdlib_module_names:
                reached.add(top)
                left += self._imports.get(top, ())
        return reached

    def _follow(self, name: str, *arguments: Any, **more: Any) -> ModuleType:  # Any: those of `__import__`, passed on
        level = arguments[3] if len(arguments) > 3 else more.get("level", 0)
        if not level:
            top = _top(name)
            self._now.add(top)
            asker = sys._getframe(1).f_globals.get("__name__")
            self._imports.setdefault(_top(asker) if isinstance(asker, str) else "", set()).add(top)
        return self._import(name, *arguments, **more)


def standard_state() -> str:
    """Return, so that two processes can compare it, what calls change in the standard library and imports may see."""
    logging, socket, warnings = (sys.modules.get(name) for name in ("logging", "socket", "warnings"))
    state: list[object] = [sys.getrecursionlimit()]
    state.append(socket.getdefaulttimeout() if socket is not None else None)
    state.append(len(warnings.filters) if warnings is not None else 0)
    root = logging.getLogger() if logging is not None else None
    state += (30, 0, 0) if root is None else (root.level, root.manager.disable, len(root.handlers))
    return repr(state)


def _top(name: str) -> str:
    return name.partition(".")[0]
