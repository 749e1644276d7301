"""One audit hook for all that we want to hear of: an interpreter asks each hook about every event, for ever.

A hook cannot be removed (PEP 578), and a request raises several events that nobody here wants.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeAlias

    Act: TypeAlias = Callable[[str, tuple[Any, ...]], None]  # Any: what an event tells

_acts: dict[str, tuple[Act, ...]] = {}


def hear(events: Iterable[str], act: Act) -> None:
    """Have *act* called with each of these *events* and its arguments, on the thread where it happens, for ever.

    What it raises ends what was about to happen there.
    """
    is_first = not _acts
    for event in events:
        _acts[event] = (*_acts.get(event, ()), act)
    if is_first:
        sys.addaudithook(_hook)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    for act in _acts.get(event, ()):
        act(event, arguments)
