"""The ordered record of snapshots and of the files read between them, and the choice of the one to go back to.

Pure: snapshots and files are numbers and names here; starting and resuming processes is done elsewhere. The rule: go
back to the newest snapshot all of whose files agree with the disk. Of the module in which it was taken, only the part
that ran has to agree.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from launcher.wire.digest import FOLDER, MISSING, PRESENT, SPECIAL, UNREADABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from launcher.wire.opening import Opening

_OF_NO_CONTENT = (MISSING, FOLDER, PRESENT, SPECIAL, UNREADABLE)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A frozen worker. `before` names the module that it was about to look for, or is empty for "loaded".

    `opening` tells what has run of the module that imports this one by a statement of its own.
    """

    number: int
    before: str = ""
    opening: Opening | None = None


@dataclass(slots=True)
class _Stretch:
    """What was read after one snapshot (None: after the interpreter's start) and before the next."""

    snapshot: Snapshot | None
    files: dict[str, str] = field(default_factory=dict)


class Timeline:
    """What the newest worker read, in order, and the snapshots on its way."""

    def __init__(self) -> None:
        self._stretches = [_Stretch(None)]
        self.known: dict[str, str] = {}
        """Every file that was read, and the digest of what was read."""
        self.unread: dict[str, str] = {}
        """Files that earlier loads have read, and the load in progress not yet; as they were when this load began."""
        self._pending = ""
        """The source that a copy will read again; until it does, it is not known."""
        self._swapped: set[str] = set()
        """Sources whose new function bodies the newest worker was given: all snapshots still have the old ones."""

    @property
    def snapshots(self) -> list[Snapshot]:
        """The snapshots, oldest first."""
        return [stretch.snapshot for stretch in self._stretches if stretch.snapshot is not None]

    def read(self, files: Mapping[str, str]) -> None:
        """Record files that were read since the newest snapshot.

        The first reading counts: when a second one finds something else, the app was loaded from a mixture, and the
        disk is not what is known. But to ask whether there is a file is less than to read it.
        """
        newest = self._stretches[-1].files
        for path, digest in files.items():
            if path not in self.known or (self.known[path] == PRESENT and digest not in (MISSING, FOLDER)):
                newest[path] = digest
            if path == self._pending:
                self._pending = ""
            if digest != PRESENT:
                self.unread.pop(path, None)
            self._learn(path, digest)

    def agrees(self, files: Mapping[str, str]) -> bool:
        """Return whether what another process read does not contradict what is known."""
        for path, digest in files.items():
            known = self.known.get(path, digest)
            vague = PRESENT in (known, digest) and not {MISSING, FOLDER} & {known, digest}
            if known != digest and not vague:
                return False
        return True

    def add(self, snapshot: Snapshot) -> None:
        """Record that a snapshot was taken now."""
        self._stretches.append(_Stretch(snapshot))

    def set_base(self, base: Snapshot, files: Mapping[str, str], bare: Collection[int]) -> list[Snapshot]:
        """Put a library base at the very beginning, which has read *files* and nothing else.

        *bare* are the numbers of the snapshots that lack libraries which the base has. Returns those, which are
        forgotten.
        """
        for stretch in self._stretches:
            # What the base has read stays known when all that came later is forgotten.
            for path in files.keys() & stretch.files.keys():
                if files[path] != PRESENT or stretch.files[path] == PRESENT:
                    del stretch.files[path]
        self._stretches.insert(1, _Stretch(base, self._stretches[0].files))
        self._stretches[0].files = dict(files)
        for path, digest in files.items():
            self._learn(path, digest)
        useless = [snapshot for snapshot in self.snapshots if snapshot.number in bare]
        for snapshot in useless:
            self.remove(snapshot.number)
        return useless

    def remove(self, number: int) -> None:
        """Forget a snapshot, whose process is gone; what was read after it was read after the one before, too."""
        for index, stretch in enumerate(self._stretches):
            if stretch.snapshot is not None and stretch.snapshot.number == number:
                self._stretches[index - 1].files.update(stretch.files)
                del self._stretches[index]
                return

    def choose(
        self,
        changed: Iterable[str],
        there: Collection[str] = (),
        has_run: Callable[[Opening], bool] = lambda opening: False,
    ) -> Snapshot | None:
        """Return the newest snapshot that agrees with the disk, or None if there is none.

        It has read none of the *changed* files, and of every other file what the newest worker has read: that one may
        have read a file again since. Changed files that are still *there* may have been asked for: the answer would be
        the same. Of the module in which the snapshot was taken, only the opening has to agree, as *has_run* says.
        """
        wanted = self._swapped.union(changed)
        chosen: Snapshot | None = None
        stale: set[str] = set()
        for stretch in self._stretches:
            snapshot = stretch.snapshot
            if snapshot is not None:
                opening = snapshot.opening
                if not stale or (opening is not None and stale == {opening.path} and has_run(opening)):
                    chosen = snapshot
            for path, digest in stretch.files.items():
                if digest == PRESENT and (path not in wanted or path in there):
                    continue
                if path in wanted or digest != self.known.get(path, digest):
                    stale.add(path)
                else:
                    stale.discard(path)
        return chosen

    def to_swap(self, loaded: Snapshot, changed: Iterable[str], is_there: Callable[[str], bool]) -> tuple[str, ...]:
        """Return the sources that a copy of the *loaded* app has to swap in for these changes; empty if it cannot.

        These are the changed files that it has read, and all that an earlier swap has changed: a swap always begins
        with what the snapshot has imported.
        """
        stale = self._swapped.union(changed)
        there = {path for path in stale if is_there(path)}
        read: set[str] = set()
        for stretch in self._stretches:
            if stretch.snapshot == loaded:
                break
            read |= {
                path for path in stale & stretch.files.keys() if path not in there or stretch.files[path] != PRESENT
            }
        return tuple(sorted(read)) if all(path.endswith(".py") and path in there for path in read) else ()

    def swapped(self, loaded: Snapshot, sources: Iterable[str]) -> None:
        """Record that a copy of the *loaded* app is about to swap these sources in, and reads them again for that."""
        self.go_back(loaded)
        self._swapped = set(sources)
        for path in self._swapped & self.known.keys():
            self.unread.setdefault(path, self.known.pop(path))

    def after(self, snapshot: Snapshot) -> list[str]:
        """Return the files whose content was read after *snapshot*, in this order."""
        index = next((i for i, stretch in enumerate(self._stretches) if stretch.snapshot == snapshot), 0)
        return [
            path
            for stretch in self._stretches[index:]
            for path, digest in stretch.files.items()
            if digest not in _OF_NO_CONTENT and path[-1:] != "/"
        ]

    def is_read(self, path: str) -> bool:
        """Return whether the content of this file was read."""
        return self.known.get(path, MISSING) not in _OF_NO_CONTENT

    def go_back(self, snapshot: Snapshot | None) -> list[Snapshot]:
        """Go back to *snapshot*, or to the very beginning for None; return the snapshots that are of no use now.

        What was read later is unread then.
        """
        index = next((i for i, stretch in enumerate(self._stretches) if stretch.snapshot == snapshot), 0)
        gone = self._stretches[index + 1 :]
        del self._stretches[index + 1 :]
        self._swapped = set()
        forgotten = {path for stretch in (*gone, self._stretches[index]) for path in stretch.files} | {self._pending}
        self._pending = ""
        for path in forgotten & self.known.keys():
            self.unread.setdefault(path, self.known.pop(path))
        self._stretches[index].files.clear()
        for stretch in self._stretches:
            for path in forgotten & stretch.files.keys():  # it was asked for before it was read, or read again
                if stretch.files[path] != PRESENT or path not in self.known:
                    self.known[path] = stretch.files[path]
        return [stretch.snapshot for stretch in gone if stretch.snapshot is not None]

    def reads_again(self, opening: Opening) -> None:
        """Take note that a copy goes on behind this opening, and will read that source again, unless it is given up."""
        if (digest := self.known.pop(opening.path, None)) is not None:
            self.unread.setdefault(opening.path, digest)
        self._pending = opening.path

    def _learn(self, path: str, digest: str) -> None:
        known = self.known.get(path)
        if known is None or (known == PRESENT and digest not in (MISSING, FOLDER)):
            self.known[path] = digest
