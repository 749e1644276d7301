"""Which libraries have to do with each other: what one leaves behind, another may see when it is imported.

Libraries have to do with each other where both, by way of what they import, reach the same one. So all imports are
followed while a base imports its libraries. A few libraries whose functions leave nothing behind that an import would
see do not count, nor does the standard library, which all of them reach: it is looked at what calls have changed there,
as far as an import is likely to see that.
"""

from __future__ import annotations

import sys

from launcher.worker.arrivals import Arrivals
from launcher.worker.asked import Asked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import FrameType

_NEUTRAL = frozenset(
    {
        "_cffi_backend",
        "annotated_types",
        "certifi",
        "charset_normalizer",
        "dateutil",
        "greenlet",
        "idna",
        "launcher",
        "markupsafe",
        "packaging",
        "pytz",
        "six",
        "typing_extensions",
        "tzdata",
    }
)


class Loaded:
    """The libraries that were loaded from now on, by the names of their outermost packages, in this order.

    *is_project* tells by the name of such a package that it is the project's.
    """

    def __init__(self, is_project: Callable[[str], bool]) -> None:
        self.libraries: list[str] = []
        self._is_project = is_project
        self._kinds: dict[str, bool] = {}
        self._arrivals = Arrivals()
        for name in self._arrivals.take():
            self._kinds[outermost(name)] = False

    def look(self) -> list[str]:
        """Take note of what is new since the last look; return the names of the project's modules among it."""
        ours = []
        for name in self._arrivals.take():
            top = outermost(name)
            if top not in self._kinds:
                self._kinds[top] = self._is_project(top)
                if not self._kinds[top] and top not in sys.stdlib_module_names:
                    self.libraries.append(top)
            if self._kinds[top]:
                ours.append(name)
        return ours


class Sharing:
    """Follows, inside of the context, what each library imports. `named` is to be told which comes next each time."""

    def __init__(self) -> None:
        self._imports: dict[str, set[str]] = {}
        self._reached: dict[str, set[str]] = {}
        self._name, self._now = "", set[str]()
        self._asked = Asked(self._hear)
        self._arrivals = Arrivals()
        self._before = {outermost(name) for name in self._arrivals.take()}
        self.came_with: dict[str, str] = {}
        """The modules of libraries that were imported, and with which of the named ones."""

    def __enter__(self) -> Sharing:
        self._asked.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._asked.stop()

    def named(self, name: str) -> None:
        """Take note that the library *name* is imported next."""
        self._name, self._now = name, {outermost(name)}
        self._reached[name] = self._now

    def was_imported(self) -> None:
        """Take note that the library that was named last is imported, with all that came along."""
        for name in self._arrivals.take():
            top = outermost(name)
            if top not in sys.stdlib_module_names:
                self._now.add(top)
                self.came_with.setdefault(name, self._name)

    def of(self, names: Iterable[str]) -> set[str]:
        """Return the outermost packages that the imports of *names* have asked for."""
        return {top for name in names for top in self._reached.get(name, ())}

    def came(self, names: Iterable[str]) -> set[str]:
        """Return those of them that came with *names*, as `Loaded` counts: not what each worker has from the start."""
        return self.of(names) - self._before

    def is_shared(self, name: str, used: Iterable[str]) -> bool:
        """Return whether the import of *name* may see what was called in the libraries *used* (outermost packages)."""
        return not self._reach(used).isdisjoint(self._reach(self.of([name])))

    def _reach(self, tops: Iterable[str]) -> set[str]:
        reached: set[str] = set()
        left = list(tops)
        while left:
            top = left.pop()
            if top in reached or top in _NEUTRAL or top in sys.stdlib_module_names or top not in sys.modules:
                continue
            reached.add(top)
            left += self._imports.get(top, ())
        return reached

    def _hear(self, asker: FrameType, name: str, _: Iterable[str]) -> None:
        top, who = outermost(name), asker.f_globals.get("__name__")
        self._now.add(top)
        self._imports.setdefault(outermost(who) if isinstance(who, str) else "", set()).add(top)


def standard_state() -> str:
    """Return, so that two processes can compare it, what calls change in the standard library and imports may see.

    Not the loggers: many apps set them up before they import the rest, and no import is known that depends on them.
    """
    socket, warnings = sys.modules.get("socket"), sys.modules.get("warnings")
    finders = [kind for kind in map(_kind, sys.meta_path) if not kind.startswith("launcher.")]
    state: list[object] = [sys.getrecursionlimit(), finders, len(sys.path_hooks)]
    state.append(socket.getdefaulttimeout() if socket is not None else None)
    state.append(len(warnings.filters) if warnings is not None else 0)
    return repr(state)


def _kind(value: object) -> str:
    kind = value if isinstance(value, type) else type(value)
    return f"{kind.__module__}.{kind.__qualname__}"


def outermost(name: str) -> str:
    """Return the name of the outermost package of a module."""
    return name.partition(".")[0]
