"""The merge: layers from low to high become one set of values, and a history for each key.

Tables merge by key, everything else replaces, `unset` removes what is below it. Pure; every command that explains a
value reads the history that is made here, so nothing is ever merged a second time.
"""

from __future__ import annotations

from dataclasses import dataclass

from launcher.config.layer import Candidate, History

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from launcher.config.layer import Entry, Layer

    Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """A table in one layer and something else in another: the two keys, one inside the other, and their candidates."""

    higher_key: Key
    lower_key: Key
    higher: Candidate
    lower: Candidate

    @property
    def key(self) -> Key:
        """The key that is both: the shorter one."""
        return min(self.higher_key, self.lower_key, key=len)


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge gives: winning values by key, the history of every key, and conflicts between layers."""

    values: Mapping[Key, object]
    history: Mapping[Key, History]
    conflicts: tuple[Conflict, ...]


def merge(layers: Iterable[Layer]) -> Merged:
    """Return the values that win when *layers*, given from low to high, are put on top of each other."""
    pile = _Pile()
    for layer in layers:
        for entry in layer.entries:
            if entry.unset:
                pile.remove(entry)
            else:
                pile.offer(entry)
    history = {key: History(key, tuple(reversed(candidates))) for key, candidates in pile.rising.items()}
    values = {key: found.winner.value for key, found in history.items() if not found.winner.unset}
    return Merged(values, history, tuple(pile.conflicts))


def nest(values: Mapping[Key, object]) -> dict[str, object]:
    """Return *values* as nested tables; a key inside another one that is no table is left out."""
    root: dict[str, object] = {}
    for key in sorted(values, key=len):
        table: object = root
        for part in key[:-1]:
            table = table.setdefault(part, {}) if isinstance(table, dict) else None
        if isinstance(table, dict):
            value = values[key]
            table[key[-1]] = dict(value) if isinstance(value, dict) else value
    return root


class _Pile:
    """Candidates by key, the lowest first, and for each table the keys inside it."""

    def __init__(self) -> None:
        self.rising: dict[Key, list[Candidate]] = {}
        self.conflicts: list[Conflict] = []
        self._inside: dict[Key, list[Key]] = {}

    def offer(self, entry: Entry) -> None:
        """Put a value on top; what it contradicts, above or below in the tree, is hidden and noted as a conflict."""
        candidate = Candidate(entry.value, entry.origin)
        above = [key for key in _tables(entry.key) if self._has_plain(key)]
        below = [] if isinstance(entry.value, dict) else self._live_inside(entry.key)
        for other in (*above, *below):
            self.conflicts.append(Conflict(entry.key, other, candidate, self.rising[other][-1]))
            self._put(other, Candidate(None, entry.origin, unset=True))
        self._put(entry.key, candidate)

    def remove(self, entry: Entry) -> None:
        """Note for the key, and for every key inside it, that nothing below counts."""
        for key in (entry.key, *self._inside.get(entry.key, ())):
            self._put(key, Candidate(None, entry.origin, unset=True))

    def _put(self, key: Key, candidate: Candidate) -> None:
        if key not in self.rising:
            self.rising[key] = []
            for table in _tables(key):
                self._inside.setdefault(table, []).append(key)
        self.rising[key].append(candidate)

    def _has_plain(self, key: Key) -> bool:
        """Return whether *key* has a value now that is no table."""
        top = self.rising[key][-1] if key in self.rising else None
        return top is not None and not top.unset and not isinstance(top.value, dict)

    def _live_inside(self, key: Key) -> list[Key]:
        return [inner for inner in self._inside.get(key, ()) if not self.rising[inner][-1].unset]


def _tables(key: Key) -> list[Key]:
    return [key[:length] for length in range(1, len(key))]
