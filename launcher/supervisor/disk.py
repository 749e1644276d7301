"""What the app and the settings were read from, and what of it is different on the disk now.

Keeps the digests that workers report, tells the watcher which folders matter, and looks at the disk when something
moved. The rules are in `impact.py`; what a change leads to is decided in `state.py`.
"""

from __future__ import annotations

import os
import stat
import time
from dataclasses import dataclass

from launcher.supervisor.impact import NEVER, differing, matches, to_examine
from launcher.supervisor.watcher import is_quiet
from launcher.supervisor.writes import Writes
from launcher.wire.digest import (
    DISTRIBUTIONS,
    FOLDER,
    MISSING,
    MODULES,
    NAMES,
    PRESENT,
    of_content,
    of_file,
    of_presence,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from launcher.plan import Plan
    from launcher.supervisor.timeline import Timeline
    from launcher.supervisor.watcher import Watcher
    from launcher.supervisor.writes import Verdict

SETTLED_NS = 2_000_000_000
"""Files that did not change for this time, in nanoseconds, are known by their times; the coarsest clock ticks so."""

LOCKS = ("index.lock", "HEAD.lock")
"""Files in `.git` that exist while git rewrites the tree."""

LOCK_SECONDS = 5.0
"""An older lock was left behind by a git that crashed, or belongs to one that waits for an editor."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What moved: files that the app was loaded from, and whether a settings file is among the rest."""

    files: tuple[str, ...] = ()
    settings: bool = False

    def is_of_names(self) -> bool:
        """Return whether only the names in folders are different."""
        return not self.settings and all(path[-1:] == "/" for path in self.files)


_LONGEST_CHAIN = 40
"""As many symbolic links lead to one another as Linux follows, see path_resolution(7)."""


class Disk:
    """Compares what was read with what is there. Owns nothing; the watcher is the caller's."""

    def __init__(self, plan: Plan, watcher: Watcher, timeline: Timeline, writes: Writes | None = None) -> None:
        self.watcher = watcher
        """Told which folders matter; the caller's."""
        self._timeline = timeline
        self._writes = writes or Writes()
        self._accepted: dict[str, str] = {}
        """Files that the app has written itself since it read them, and their digests afterwards."""
        self._digests: dict[str, tuple[tuple[int, ...], str]] = {}
        self._moved: set[str] = set()
        """What moved while a worker reads."""
        self._is_loading = False
        self._links: dict[str, set[str]] = {}
        """Files that are reached by symbolic links, and the names by which they are known."""
        self._hard: set[str] = set()
        """Files that have more hard links than one."""
        self._folders: set[str] = set()
        self._also: frozenset[str] = frozenset()
        self._covered: set[str] = set()
        """The folders of all files that were known when the watcher was told last; some do not exist."""
        self.is_watched = False
        """Whether the watcher sees every file that was read."""
        self._included: dict[str, str] = {}
        self._settings: dict[str, str] = {}
        self._plan = plan
        self.use(plan)

    def use(self, plan: Plan) -> None:
        """Go on with another plan: its settings files, roots and patterns."""
        self._plan = plan
        # What was seen before the plan was made counts: a file may have changed while it was being read.
        known = self._settings
        self._settings = {
            path: known[path] if path in known else _settings_digest(path) for path in plan.settings_files
        }
        patterns = plan.reload.include
        self._included = (
            {path: of_file(path) for path in _files(plan.roots) if self._is_included(path)} if patterns else {}
        )

    def settings_were_read(self) -> None:
        """Remember what the settings files hold now. To be called just before they are read again."""
        self._settings = {path: _settings_digest(path) for path in self._plan.settings_files}

    def load_began(self, changed: Iterable[str]) -> None:
        """Remember from now on which paths move: what the worker reports as read may be older than that.

        *changed* has led to the load, which will find it as it is now.
        """
        self._moved.clear()
        self._is_loading = True
        watched = self._timeline.known.keys() | self._timeline.unread.keys()
        self._timeline.unread.update({path: self._digest(path) for path in watched.intersection(changed)})

    def load_succeeded(self) -> None:
        """Watch only what this load has read."""
        self._timeline.unread.clear()

    def load_failed(self) -> None:
        """Keep watching what this load did not come to read, whatever ended it: a change there may repair it."""
        self.was_read(dict(self._timeline.unread))

    def load_ended(self) -> None:
        """Forget which paths moved. What is read from now on is compared with the disk at once."""
        self._moved.clear()
        self._is_loading = False

    def was_read(self, files: Mapping[str, str]) -> Difference:
        """Remember what a worker reports; return which of it has already changed."""
        for path in files:
            if self._is_link(path):  # perhaps one that leads nowhere yet
                self._follow_link(path)
                self.is_watched = False
            elif os.path.dirname(path) not in self._covered:
                self.is_watched = False
        self._timeline.read({path: digest for path, digest in files.items() if not self._is_excluded(path)})
        known = self._timeline.known
        for path in self._accepted.keys() & files.keys():
            if known.get(path) == files[path]:
                del self._accepted[path]
        late = [path for path in files if not self._is_loading or self._has_moved(path)]
        return Difference(self._differing(path for path in late if path in known))

    def _is_link(self, path: str) -> bool:
        """Return whether this is a symbolic link. A file with another hard link is watched by itself from now on.

        What is written through the other link is not reported for the folder of this one.
        """
        try:
            status = os.lstat(path)
        except (OSError, ValueError):
            return False
        if stat.S_ISREG(status.st_mode) and status.st_nlink > 1 and path not in self._hard:
            self._hard.add(path)
            self.is_watched = False
        return stat.S_ISLNK(status.st_mode)

    def _follow_link(self, path: str) -> None:
        """Remember each file on the way that a symbolic link leads."""
        step = path
        for _ in range(_LONGEST_CHAIN):
            try:
                step = os.path.normpath(os.path.join(os.path.dirname(step), os.readlink(step)))
            except OSError:
                return  # no link, or none any more
            self._links.setdefault(step, set()).add(path)

    def _has_moved(self, path: str) -> bool:
        """Return whether something moved at this path, above it, or in the folder whose names it stands for."""
        while path not in self._moved:
            above = os.path.dirname(path)
            if above == path:
                return False
            path = above
        return True

    def watch(self, also: Iterable[str] | None = None) -> bool:
        """Have the watcher look at every folder that matters now; return whether one is new.

        Those of *also* matter from now on besides; without it, those that were named last.
        """
        self._also = self._also if also is None else frozenset(also)
        read = (*self._timeline.known, *self._timeline.unread)
        files = (*read, *self._plan.settings_files, *self._included, *self._links)
        self._covered = {os.path.dirname(path) for path in files}
        self.is_watched = True
        folders = {_existing(folder) for folder in self._covered}
        folders.update(_existing(folder) for folder in self._also)
        folders.update(self._above(folders))
        folders.update(path for path in self._plan.settings_files if os.path.isdir(path))
        if self._plan.reload.include:
            folders.update(_folders(self._plan.roots))
        self._folders = folders
        self._hard.intersection_update(self._timeline.known)
        return self.watcher.watch(folders | self._hard)

    def _above(self, folders: Iterable[str]) -> set[str]:
        """Return the folders of the project in which these lie: each may be renamed, or be a link that is switched."""
        found: set[str] = set()
        roots = tuple(root.rstrip("/") + "/" for root in self._plan.roots)
        for folder in folders:
            while folder.startswith(roots) and (folder := os.path.dirname(folder)) not in found:
                found.add(folder)
        return found

    def states(self, verdict: Verdict) -> dict[str, str]:
        """Return the digests of what the app has changed, and nobody else."""
        known = self._timeline.known
        own = to_examine(known, self._with_links(verdict.own))
        foreign = to_examine(known, self._with_links(verdict.foreign))
        spoiled = {path for path in foreign if path[-1:] != "/"} | to_examine(known, verdict.names)
        return {path: self._digest(path) for path in own - spoiled}

    def accept(self, states: Mapping[str, str]) -> None:
        """Take these digests for what the app knows: it has written the files itself."""
        self._accepted.update(states)

    def ended(self, paths: Iterable[str]) -> None:
        """Accept what the app has written at these paths, though the system did not say so."""
        if is_quiet(self.watcher):
            known = self._timeline.known
            self.accept({path: self._digest(path) for path in to_examine(known, self._with_links(paths))})

    def outdated(self) -> tuple[str, ...]:
        """Return the files that the app has read, and has written since: a fresh start would read something else."""
        known = self._timeline.known
        return tuple(path for path, digest in self._accepted.items() if known.get(path, digest) != digest)

    def _with_links(self, paths: Iterable[str]) -> set[str]:
        """Return *paths*, and the symbolic links to them by which files are known."""
        found = set(paths)
        return found.union(*(self._links[path] for path in self._links.keys() & found))

    def moved(
        self, paths: set[str], foreign: Collection[str] = (), judged: Collection[str] = frozenset()
    ) -> Difference:
        """Look at what a report of moved *paths* may concern, except for files that are *judged* already.

        The *foreign* paths were not changed by the app.
        """
        paths |= self._with_links(paths)
        if self._is_loading:
            self._moved |= paths
            folders = {path[: path.rfind("/")] for path in paths}
            self._moved.update(folder + kind for folder in folders for kind in (NAMES, MODULES, DISTRIBUTIONS))
        known = self._timeline.known
        for path in paths & known.keys():
            self._is_link(path)  # the first hard link to it may have been made just now
        if not self.is_watched or any(path in self._folders or os.path.isdir(path) for path in paths):
            # A new folder is empty at first: what comes into it next has to be seen too, or to be there already. For
            # one that is gone the folder above it is watched.
            while self.watch():
                pass
        files = self._differing(to_examine(known, paths).difference(judged), to_examine(known, foreign))
        if self._plan.reload.include:
            files += self._included_that_differ(paths)
        return Difference(files, self._settings_differ())

    def why_not(self, path: str) -> str:
        """Return in words why a report that *path* moved led to nothing; nothing for what never matters to anybody."""
        if any(matches(NEVER, path, root) for root in self._plan.roots) or os.path.isdir(path):
            return ""
        digest = self._timeline.known.get(path)
        if digest is not None:
            return "its content is what the app was loaded from"
        if not os.path.lexists(path):
            return ""  # it came and went, as what editors write before they put it into the place of a file
        return (
            "excluded by reload.exclude" if self._is_excluded(path) else "the app did not read it while it was imported"
        )

    def without_passing_names(self, difference: Difference) -> Difference:
        """Return the difference without folders whose names are as they were: a file came and went."""
        names = [path for path in difference.files if path[-1:] == "/"]
        passed = set(names).difference(self._differing(names, names))
        return Difference(tuple(path for path in difference.files if path not in passed), difference.settings)

    def look(self) -> Difference:
        """Look at everything that was read, whatever was reported: the watcher may have come late."""
        files = self._differing(self._timeline.known)
        if self._plan.reload.include:
            files += self._included_that_differ({*self._included, *_files(self._plan.roots)})
        return Difference(files, self._settings_differ())

    def knows(self, path: str) -> bool:
        """Say whether a change of *path* leads to a reload."""
        known = self._timeline.known.get(path, PRESENT)  # of what was only asked for, the content does not matter
        return known != PRESENT or path in self._included or path in self._settings

    def count(self) -> int:
        """Return how many files the app was loaded from."""
        apart = (MISSING, FOLDER, PRESENT)
        return sum(digest not in apart and path[-1:] != "/" for path, digest in self._timeline.known.items())

    def lock(self) -> str:
        """Return the lock file with which git is rewriting the tree right now, or nothing."""
        folder = _git_folder(self._plan.project)
        locks = (os.path.join(folder, lock) for lock in LOCKS)
        return next((lock for lock in locks if folder and _is_recent(lock)), "")

    def _differing(self, paths: Iterable[str], foreign: Collection[str] = ()) -> tuple[str, ...]:
        now = {path: self._digest(path) for path in paths}
        found = differing(self._timeline.known, now)
        return tuple(
            path
            for path in found
            if self._accepted.get(path) != now[path] and (path in foreign or not self._is_own(path, now[path]))
        )

    def _is_own(self, path: str, digest: str) -> bool:
        """Return whether the app has said that it changes this path, and nothing tells whether that is over."""
        if not self._writes.covers(path):
            return False
        if is_quiet(self.watcher):  # otherwise the change will be judged in a moment
            self._accepted[path] = digest
        return True

    def _digest(self, path: str) -> str:
        """Return the digest to compare with what is known of *path*."""
        known = self._timeline.known.get(path, self._timeline.unread.get(path))
        return of_presence(path) if known == PRESENT else self._content_digest(path)

    def _content_digest(self, path: str) -> str:
        """Return the digest of a file, from memory if nothing about the file can have changed since it was computed.

        A file that was changed just now may change again without another time of change: clocks of file systems tick.
        """
        try:
            status = os.stat(path)
        except (OSError, ValueError):
            return MISSING
        mark = (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev)
        known = self._digests.get(path)
        if known is not None and known[0] == mark:
            return known[1]
        digest = of_file(path)
        if time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) > SETTLED_NS:
            self._digests[path] = (mark, digest)
        return digest

    def _settings_differ(self) -> bool:
        return any(_settings_digest(path) != digest for path, digest in self._settings.items())

    def _included_that_differ(self, paths: set[str]) -> tuple[str, ...]:
        """Compare what matches `reload.include` with what it was, and remember what it is."""
        candidates = set(paths) | to_examine(self._included, paths)
        candidates.update(file for path in paths if os.path.isdir(path) for file in _files((path,)))
        found = []
        for path in sorted(candidates):
            if path not in self._timeline.known and (path in self._included or self._is_included(path)):
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
    if not os.path.isdir(path):
        return of_file(path)
    try:
        return of_content("\0".join(sorted(os.listdir(path))).encode("utf-8", "surrogateescape"))
    except OSError:
        return MISSING


def _git_folder(project: str) -> str:
    """Return where git keeps the index of the project's tree, or nothing. In a linked worktree `.git` is a file."""
    folder, below = project, ""
    while folder != below:
        git = os.path.join(folder, ".git")
        if os.path.isdir(git):
            return git
        if os.path.isfile(git):
            return _linked(git)
        folder, below = os.path.dirname(folder), folder
    return ""


def _linked(file: str) -> str:
    """Return the folder that a `.git` file names."""
    try:
        with open(file, encoding="utf-8", errors="surrogateescape") as lines:
            return os.path.join(os.path.dirname(file), lines.readline().removeprefix("gitdir: ").rstrip("\n"))
    except OSError:
        return ""


def _is_recent(lock: str) -> bool:
    try:
        return abs(time.time() - os.stat(lock).st_mtime) < LOCK_SECONDS
    except OSError:
        return False


def _existing(folder: str) -> str:
    """Return the folder, or the nearest one above it that exists: there its coming back will be seen."""
    while not os.path.isdir(folder) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
    return folder


def _folders(roots: Iterable[str]) -> Iterator[str]:
    for root in roots:
        for folder, below, _ in os.walk(root):
            below[:] = [name for name in below if not matches(NEVER, os.path.join(folder, name, "x"), root)]
            yield folder


def _files(roots: Iterable[str]) -> Iterator[str]:
    for root in roots:
        for folder in _folders((root,)):
            try:
                with os.scandir(folder) as entries:
                    yield from [entry.path for entry in entries if _is_file(entry)]
            except OSError:
                pass  # it went since it was found


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False  # a link that leads to itself
