"""What a worker puts in the place of a built-in function, to notice the app's calls: alike in all but identity.

Not a Python function: those become methods where a class keeps them as an attribute.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class StandIn:
    """A callable that compares, prints, pickles and copies as *original* does. Subclasses say what a call does."""

    def __init__(self, original: Callable[..., Any], module: str) -> None:
        """Take the place of *original* as an attribute of *module*."""
        self.__wrapped__ = original
        self._module = module
        self.__doc__ = original.__doc__
        self.__module__ = original.__module__

    def __getattr__(self, name: str) -> Any:  # Any: whatever the original has
        return getattr(self.__dict__["__wrapped__"], name)

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return type(self.__wrapped__)

    def __eq__(self, other: object) -> bool:
        return other is self or other is self.__wrapped__

    def __hash__(self) -> int:
        return hash(self.__wrapped__)

    def __repr__(self) -> str:
        return repr(self.__wrapped__)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle as the attribute of its module, which exists in processes without this package too."""
        return getattr, (_Module(self._module), self.__wrapped__.__name__)

    def __copy__(self) -> StandIn:
        return self

    def __deepcopy__(self, _: object) -> StandIn:
        return self


class _Module:
    """Pickles as the module of this name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __reduce__(self) -> tuple[object, ...]:
        return import_module, (self._name,)
