"""What the app and the settings were read from, and what of it is different on the disk now.

Keeps the digests that workers report, tells the watcher which folders matter, and looks at the disk when something
moved. The rules are in `impact.py`; what a change leads to is decided in `state.py`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from launcher.supervisor.impact import NEVER, OWN_PRODUCT, differing, matches, to_examine
from launcher.wire.digest import MISSING, of_content, of_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from launcher.plan import Plan
    from launcher.supervisor.watcher import Watcher

LOCKS = ("index.lock", "HEAD.lock")
"""Files in `.git` that exist while git rewrites the tree."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What moved: files that the app was loaded from, and whether a settings file is among the rest."""

    files: tuple[str, ...] = ()
    settings: bool = False


class Disk:
    """Compares what was read with what is there. Owns nothing; the watcher is the caller's."""

    def __init__(self, plan: Plan, watcher: Watcher) -> None:
        self._watcher = watcher
        self._known: dict[str, str] = {}
        self._moved: set[str] = set()
        self._included: dict[str, str] = {}
        self._settings: dict[str, str] = {}
        self._plan = plan
        self.use(plan)

    def use(self, plan: Plan) -> None:
        """Go on with another plan: its settings files, roots and patterns."""
        self._plan = plan
        self.settings_were_read()
        patterns = plan.reload.include
        self._included = (
            {path: of_file(path) for path in _files(plan.roots) if self._is_included(path)} if patterns else {}
        )

    def settings_were_read(self) -> None:
        """Remember what the settings files hold now."""
        self._settings = {path: _settings_digest(path) for path in self._plan.settings_files}

    def load_began(self) -> None:
        """Forget what an earlier worker read: another one begins from nothing."""
        self._known.clear()
        self._moved.clear()

    def was_read(self, files: Mapping[str, str]) -> Difference:
        """Remember what a worker reports; return which of it has already changed."""
        for path, digest in files.items():
            if not self._is_excluded(path):
                self._known[path] = digest
        late = self._moved.intersection(files).intersection(self._known)
        return Difference(self._differing(path for path in late if self._known[path] != OWN_PRODUCT))

    def watch(self, also: Iterable[str] = ()) -> bool:
        """Have the watcher look at every folder that matters now, and at those of *also*; return whether any is new."""
        folders = set(also)
        folders |= {os.path.dirname(path) for path in (*self._known, *self._plan.settings_files, *self._included)}
        folders.update(path for path in self._plan.settings_files if os.path.isdir(path))
        if self._plan.reload.include:
            folders.update(_folders(self._plan.roots))
        return self._watcher.watch(folders)

    def moved(self, paths: set[str]) -> Difference:
        """Look at what a report of moved *paths* may concern."""
        self._moved |= paths
        files = self._differing(to_examine(self._known, paths))
        if self._plan.reload.include:
            files += self._included_that_differ(paths)
        return Difference(files, self._settings_differ())

    def look(self) -> Difference:
        """Look at everything that was read, whatever was reported: the watcher may have come late."""
        known = (path for path, digest in self._known.items() if digest != OWN_PRODUCT)
        return Difference(self._differing(known), self._settings_differ())

    def knows(self, path: str) -> bool:
        """Say whether a change of *path* leads to a reload."""
        return path in self._known or path in self._included or path in self._settings

    def count(self) -> int:
        """Return how many files the app was loaded from."""
        return sum(1 for digest in self._known.values() if digest not in (MISSING, OWN_PRODUCT))

    def is_locked(self) -> bool:
        """Return whether git is rewriting the tree right now."""
        folder = self._plan.project
        while not os.path.isdir(os.path.join(folder, ".git")):
            folder, below = os.path.dirname(folder), folder
            if folder == below:
                return False
        return any(os.path.exists(os.path.join(folder, ".git", lock)) for lock in LOCKS)

    def _differing(self, paths: Iterable[str]) -> tuple[str, ...]:
        return differing(self._known, {path: of_file(path) for path in paths})

    def _settings_differ(self) -> bool:
        return any(_settings_digest(path) != digest for path, digest in self._settings.items())

    def _included_that_differ(self, paths: set[str]) -> tuple[str, ...]:
        """Compare what matches `reload.include` with what it was, and remember what it is."""
        candidates = set(paths) | to_examine(self._included, paths)
        candidates.update(file for path in paths if os.path.isdir(path) for file in _files((path,)))
        found = []
        for path in sorted(candidates):
            if path not in self._known and (path in self._included or self._is_included(path)):
                digest = of_file(path)
                if digest != self._included.get(path, MISSING):
                    found.append(path)
                self._included[path] = digest
        return tuple(found)

    def _is_included(self, path: str) -> bool:
        return any(
            matches(self._plan.reload.include, path, root) and not matches(NEVER, path, root)
            for root in self._plan.roots
        ) and not self._is_excluded(path)

    def _is_excluded(self, path: str) -> bool:
        patterns = self._plan.reload.exclude
        return bool(patterns) and any(matches(patterns, path, root) for root in self._plan.roots)


def _settings_digest(path: str) -> str:
    """Return the digest of a settings file, or of the names in a folder of them."""
    if os.path.isdir(path):
        return of_content("\0".join(sorted(os.listdir(path))).encode("utf-8", "surrogateescape"))
    return of_file(path)


def _folders(roots: Iterable[str]) -> Iterator[str]:
    for root in roots:
        for folder, below, _ in os.walk(root):
            below[:] = [name for name in below if not matches(NEVER, os.path.join(folder, name, "x"), root)]
            yield folder


def _files(roots: Iterable[str]) -> Iterator[str]:
    for root in roots:
        for folder in _folders((root,)):
            with os.scandir(folder) as entries:
                yield from (entry.path for entry in entries if entry.is_file())
