"""The rule for what is defined twice: the key that is one too many, and the place of the first.

Pure. A parser points behind the second definition; people need to see both.
"""

from __future__ import annotations

from launcher.config.toml.fault import Fault, Mistake
from launcher.config.toml.positions import Found, definitions


def _current(fault: Fault, found: list[Found]) -> Found | None:
    """Return the definition that the parser had just read."""
    ends = (fault.at,) if not fault.head.lstrip().startswith("[") else (fault.at + 1, fault.at + 2)
    exact = [
        item for item in found if item.kind != "implied" and item.value[1] in ends and item.value[0] >= fault.start
    ]
    inside = [item for item in found if fault.start <= item.key[0] < fault.at and item.kind != "implied"]
    return next(iter(exact or inside), None)


def _first(current: Found, found: list[Found]) -> Found | None:
    """Return what *current* collides with: the same path, else the value or table that its path leads through."""
    earlier = [item for item in found if item.key[0] < current.key[0] and item.value[0] < current.value[0]]
    rank = {"value": 0, "table": 1, "tables": 1, "item": 2, "implied": 3}
    inside = [item for item in earlier if item.path == current.path[: len(item.path)]]
    frozen = [item for item in inside if item.path == current.path or item.kind in ("value", "table")]
    return min(frozen, key=lambda item: (-len(item.path), rank[item.kind], item.key[0]), default=None)


def twice(fault: Fault) -> Mistake | None:
    """Recognise a key or table that is defined a second time, or against its first definition."""
    found = definitions(fault.text)
    current = _current(fault, found)
    first = _first(current, found) if current else None
    if current is None or first is None:
        return None
    mentions = [item for item in found if item.path == first.path and fault.start <= item.key[0] < fault.at]
    caret = mentions[0].key if mentions and first.path != current.path else current.key
    name = ".".join(part for part in first.path if not part.isdigit())
    was, now = first.kind == "value", current.kind == "value" and first.path == current.path
    if was and now:
        message, fix = f"`{name}` is set twice", "keep one of the two"
    elif was:
        message, fix = f"`{name}` has a value and cannot be a table too", "keep one of the two"
    elif now:
        message, fix = f"`{name}` is a table and cannot have a value too", "keep one of the two"
    else:
        message, fix = f"the table `{name}` is there twice", "put its settings together in one place"
    return Mistake(caret, message, fix, ("first written here", first.key))
