"""Random numbers in copies: generators that nobody seeded must differ from one copy to the next, the others must not.

A fresh start would give an unseeded generator another state each time, and a seeded one the same. The `random` module
renews its own state after a fork, whoever seeded it; NumPy does not; and private generators are copied as they are.
"""

from __future__ import annotations

import random
import sys
import weakref

from launcher.worker.arrivals import Arrivals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_MOST_CHOSEN = 1 << 64
"""Entropy above this was drawn by NumPy (128 bits), or is a seed so long that we cannot tell."""


class Randomness:
    """Knows which generators of `random` were seeded from `start` to `stop`. `keep` before a fork, `renew` after."""

    def __init__(self) -> None:
        self._unseeded: weakref.WeakSet[random.Random] = weakref.WeakSet()
        self._seeded = False
        self._state: tuple[Any, ...] | None = None
        self._replaced: list[tuple[object, str, object, object]] = []

    def start(self) -> None:
        """Begin to watch; once. Replaces four functions of `random`."""
        if self._replaced:
            return
        for name in ("seed", "setstate"):
            self._replace(random.Random, name, self._of_instance)
            self._replace(random, name, self._of_module)

    def stop(self) -> None:
        """Stop watching."""
        for owner, name, original, replacement in self._replaced:
            if vars(owner).get(name) is replacement:
                setattr(owner, name, original)
        self._replaced.clear()

    def keep(self) -> None:
        """Remember, just before a fork, what the fork handler of `random` would overwrite."""
        self._state = random.getstate() if self._seeded else None

    def renew(self) -> None:
        """Make the state of this copy what it would be after a fresh start."""
        if self._state is not None:
            random.setstate(self._state)
        for generator in list(self._unseeded):
            generator.seed()
        _renew_numpy()

    def _replace(self, owner: object, name: str, wrap: Callable[[str, Callable[..., Any]], Callable[..., Any]]) -> None:
        original = getattr(owner, name)
        replacement = wrap(name, original)
        replacement.__name__ = replacement.__qualname__ = name
        replacement.__doc__ = original.__doc__
        self._replaced.append((owner, name, original, replacement))
        setattr(owner, name, replacement)

    def _of_instance(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(generator: random.Random, *args: Any, **kwargs: Any) -> Any:
            result = original(generator, *args, **kwargs)
            if _is_chosen(name, args, kwargs):
                self._unseeded.discard(generator)
            else:
                self._unseeded.add(generator)
            return result

        return call

    def _of_module(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            self._seeded = _is_chosen(name, args, kwargs)
            return result

        return call


class Generators:
    """Looks for generators of NumPy in the project's modules, which *is_project_file* tells."""

    def __init__(self, is_project_file: Callable[[str], bool]) -> None:
        self._is_project_file = is_project_file
        self._arrivals = Arrivals()
        self._names: list[str] = []

    def unseeded(self) -> str:
        """Return which global name of the project holds a generator that all copies would share, or nothing.

        It cannot be renewed, since nothing tells for certain whether its state was chosen.
        """
        generator = sys.modules.get("numpy.random._generator")
        mtrand = sys.modules.get("numpy.random.mtrand")
        if generator is None or mtrand is None:
            return ""
        kinds = (generator.Generator, mtrand.RandomState)
        self._names += [name for name in self._arrivals.take() if self._is_projects(_values(name))]
        for name in self._names:
            for attribute, value in list(_values(name).items()):
                if type(value) in kinds and _was_drawn(value):
                    return f"{name}.{attribute} is a random generator of NumPy without a seed"
        return ""

    def _is_projects(self, values: dict[str, Any]) -> bool:
        file = values.get("__file__")
        return isinstance(file, str) and self._is_project_file(file)


def _values(name: str) -> dict[str, Any]:
    """Return the global names of a module. Odd objects in `sys.modules` have none."""
    values = getattr(sys.modules.get(name), "__dict__", None)
    return values if isinstance(values, dict) else {}


def _is_chosen(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    return name == "setstate" or (args[0] if args else kwargs.get("a")) is not None


def _was_drawn(generator: Any) -> bool:
    bits = getattr(generator, "bit_generator", None) or getattr(generator, "_bit_generator", None)
    entropy = getattr(_seed_sequence(bits), "entropy", None)
    return isinstance(entropy, int) and entropy >= _MOST_CHOSEN


def _seed_sequence(bits: Any) -> Any:
    """Return the source of a bit generator's state: None after it was seeded in the old way."""
    return getattr(bits, "seed_seq", None) or getattr(bits, "_seed_seq", None)


def _renew_numpy() -> None:
    """Give NumPy's global generator another state, unless somebody seeded it. `seed` would hide that nobody did."""
    mtrand = sys.modules.get("numpy.random.mtrand")
    state = getattr(mtrand, "_rand", None)
    if mtrand is not None and state is not None and _seed_sequence(state._bit_generator) is not None:
        state.set_state(mtrand.RandomState().get_state())
