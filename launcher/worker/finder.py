"""Notices what is read while the app is imported: project modules, data files, folders, and what is not there.

An import hook has project modules loaded by a loader of ours (`loader.py`), which tells what it has read. An audit hook
sees every other file that is opened and every folder that is listed; a function in the place of `os.stat` sees what is
only asked for, as by `os.path.exists`. Modules that are imported later, in a request, count like those of the start.
What becomes of the findings is the business of whoever passes `report`.
"""

from __future__ import annotations

import importlib.util
import sys
from importlib.machinery import PathFinder, SourceFileLoader
from types import MappingProxyType

from launcher.standard import os, threading
from launcher.wire.digest import (
    DISTRIBUTIONS,
    FOLDER,
    MISSING,
    MODULES,
    NAMES,
    PRESENT,
    UNCERTAIN,
    of_file,
    of_presence,
)
from launcher.worker.arrivals import Arrivals
from launcher.worker.audits import hear
from launcher.worker.bytecode import Bytecode, is_newer, read_source
from launcher.worker.loader import Loader
from launcher.worker.opening import Superseded, importer, opening_of
from launcher.worker.resume.code_tracker import CodeTracker
from launcher.worker.stand_in import StandIn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from importlib.machinery import ModuleSpec
    from types import CodeType, FrameType, ModuleType
    from typing import Any

    from launcher.wire.opening import Opening
    from launcher.worker.audits import Act
    from launcher.worker.installed import Installed
    from launcher.worker.library import Libraries

_LIBRARY = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}", f"{os.sep}__pycache__{os.sep}")
_STANDARD = os.path.dirname(os.path.realpath(os.__file__)) + os.sep
_OURS = os.path.dirname(os.path.dirname(os.path.realpath(__file__))) + os.sep
_BATCH = 256
_CACHE = f"{os.sep}__pycache__{os.sep}"
_stat = os.stat
_LISTS = ("os.listdir", "os.scandir")
_SEARCHES = {
    "importlib.metadata": DISTRIBUTIONS,
    "importlib_metadata": DISTRIBUTIONS,
    "pkg_resources": DISTRIBUTIONS,
    "pkgutil": MODULES,
    "importlib._bootstrap_external": MODULES,
    "_frozen_importlib_external": MODULES,
}
"""Modules that list folders in search of something, and the names that matter to them."""


_KERNEL = ("/proc/", "/sys/", "/dev/")
"""What the kernel generates: a project may be in the root folder, and these differ at each look."""
_MEMORY = "/dev/shm/"  # noqa: S108  # a person's files, if a project is there


def is_project_file(path: str) -> bool:
    """Return whether the file belongs to people who edit it: not to the standard library, a package, or to us."""
    if not os.path.isabs(path) or any(part in path for part in _LIBRARY) or path.startswith((_STANDARD, _OURS)):
        return False
    return path.startswith(_MEMORY) or not path.startswith(_KERNEL)


class Finder:
    """The import hook and the audit hook of one worker. `roots` bound the data files that are of interest.

    `checkpoint` is asked before a project module is loaded, with its name, its path and what to do before a copy is
    made; it answers True in a copy. `libraries` is told which other modules were found, `mark` which are looked for,
    `audits` get the audit events that they want to hear. `arrivals` knows the modules that need not be looked at any
    more, `installed` is told of the others, and `bytecode` may have read some ahead. `tracker` records the code
    that modules run.

    `report` gets mappings from path to digest, on the thread that reads. `start` begins, `stop` ends the noticing; the
    audit hook itself cannot be removed from an interpreter, and sleeps after that.
    """

    def __init__(
        self,
        roots: Iterable[str],
        report: Callable[[dict[str, str]], None],
        *,
        checkpoint: Callable[[str, str, Callable[[], Opening | None]], bool] | None = None,
        libraries: Libraries | None = None,
        audits: Mapping[Act, Iterable[str]] = MappingProxyType({}),
        mark: Callable[[str], None] | None = None,
        arrivals: Arrivals | None = None,
        installed: Installed | None = None,
        bytecode: Bytecode | None = None,
        tracker: CodeTracker | None = None,
    ) -> None:
        self._roots = tuple(root.rstrip(os.sep) + os.sep for root in roots)
        self._report = report
        self._checkpoint = checkpoint
        self._libraries = libraries
        self._audits: dict[str, list[Act]] = {event: [] for event in ("open", "os.chdir", *_LISTS)}
        for act, events in audits.items():
            for event in events:
                self._audits.setdefault(event, []).append(act)
        self._mark = mark
        self._known: dict[str, str] = {}
        self._absent: dict[str, str] = {}
        self._quiet: set[int] = set()
        self._arrivals = arrivals or Arrivals()
        self._installed = installed
        self.bytecode = bytecode or Bytecode()
        self.tracker = tracker or CodeTracker()
        self.last_imports: dict[str, str] = {}
        """By the source of each module that imports others by a statement: the one that was loaded last by one."""
        self._run: set[str] = set()
        self._looked_into: set[str] = set()
        self._importing: tuple[Loader, int, Opening] | None = None
        self._again = ""
        """The module at whose import statement the rest of another one runs, until it is looked for again."""
        self.torn: set[str] = set()
        """Sources of which an opening has run, and whose rest could not be compiled: a fresh start runs neither."""
        self._searched: dict[str, tuple[str, bool]] = {}
        self._active = False
        self._late: set[int] = set()

    def start(self) -> None:
        """Begin to notice. Comes before the path finder, after the finders for built-in and frozen modules."""
        self._active = True
        place = next((i for i, finder in enumerate(sys.meta_path) if finder is PathFinder), len(sys.meta_path))
        sys.meta_path.insert(place, self)
        hear(self._audits, self._audit)
        self._notice_questions()

    def stop(self) -> None:
        """Report what is left, and stop noticing data files."""
        self._active = False
        self.catch_up()
        self.bytecode.forget()

    def leave(self) -> None:
        """Stop, and take no part in finding modules any more."""
        self.stop()
        sys.meta_path.remove(self)

    def catch_up(self) -> None:
        """Report modules that other import hooks loaded, and files that were looked for in vain."""
        names = self._arrivals.take()
        if self._installed is not None:
            self._installed.tell(names)
        for name in names:
            path = _origin(sys.modules.get(name))
            if path and not self._is_read(path) and is_project_file(path):
                with self.quiet():
                    self.note(path, of_file(path))
        self.flush()

    def flush(self) -> None:
        """Report the files that were looked for in vain."""
        found, self._absent = self._absent, {}
        items = [(path, digest) for path, digest in found.items() if path not in self._known]
        self._known.update(items)
        for start in range(0, len(items), _BATCH):
            self._report(dict(items[start : start + _BATCH]))

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module as the path finder does, and have project modules loaded by `Loader`."""
        if self._active and self._mark is not None:
            self._mark(name)
        spec = self._find(name, path, target)
        is_source = _is_source(spec)
        if is_source and self._active and self._comes_again(name, spec):
            spec = self._find(name, path, target)
            is_source = _is_source(spec)
        self._note_absent(name, sys.path if path is None else path, spec)
        if is_source and spec is not None:
            spec.loader = Loader(spec, self)
        elif spec is not None and (self._active or self._late):
            self._found_other(name, spec)
        return spec

    def _comes_again(self, name: str, spec: ModuleSpec | None) -> bool:
        """Ask for a snapshot before anything of this module counts as read; return whether this is a copy of one.

        In a copy that is resumed the disk may be another one. Raises `Superseded` where the module that imports this
        one is.
        """
        if self._checkpoint is None or spec is None:
            return False
        if name == self._again:
            self._again = ""
            return False  # there is a snapshot of this place, from which this copy comes
        if not self._checkpoint(name, spec.origin or "", lambda: self._prepare(name)):
            return False
        if self._importing:
            self._look_again(name, *self._importing)
        return True

    def _prepare(self, name: str) -> Opening | None:
        """Do what is to be done before a snapshot; return the opening of the module that imports this one."""
        self.catch_up()
        self._importing = self._inside_of(name)
        return self._importing[2] if self._importing else None

    def _importer(self) -> tuple[Loader, FrameType] | None:
        """Return the loader of the project's module that runs an import statement of its own, and its frame."""
        frame = importer(_OURS)
        loader = frame.f_globals.get("__loader__") if frame is not None else None
        if frame is None or not isinstance(loader, Loader) or loader.code is not frame.f_code:
            return None
        return loader, frame

    def _inside_of(self, name: str) -> tuple[Loader, int, Opening] | None:
        """Return the loader of the module that imports *name*, the line there, and its opening.

        None where it has no opening, where anything but its loader has looked into its source, or that has moved on;
        and where to ask a package for its modules once more is to call a function of it (PEP 562).
        """
        found = self._importer()
        package = sys.modules.get(name.rpartition(".")[0])
        if found is None or found[0].path in self._looked_into or hasattr(package, "__getattr__"):
            return None
        loader, frame = found
        with self.quiet():
            try:
                source = read_source(loader.path)
            except OSError:
                return None
        opening = opening_of(source.content, loader.path, frame.f_lineno)
        moved = self._known.get(loader.path) != source.digest
        return (loader, frame.f_lineno, opening) if opening and not moved else None

    def _look_again(self, name: str, loader: Loader, line: int, opening: Opening) -> None:
        """Look, in a copy before *name*, at what imports it; raise `Superseded` if that changed behind its opening."""
        with self.quiet():
            try:
                source = read_source(loader.path)
            except OSError:
                source = None
        known = self._known.pop(loader.path)
        if source is None or not opening.begins(source.content):
            self.note(loader.path, UNCERTAIN)  # it has changed again: whoever looks at the disk will see it
            return
        if source.digest != known:
            self._again = name
            loader.expect(source, line)
            raise Superseded(loader)
        self.note(loader.path, known)

    def _find(self, name: str, path: Sequence[str] | None, target: ModuleType | None) -> ModuleSpec | None:
        """Ask the path finder, whose listing of folders is not the app's."""
        with self.quiet():
            return PathFinder.find_spec(name, path, target)

    def _found_other(self, name: str, spec: ModuleSpec) -> None:
        """Take note of a library, or of what the project has besides modules in source: extensions and folders."""
        if spec.origin is not None and spec.has_location:
            if is_project_file(spec.origin):
                with self.quiet():
                    self.note(spec.origin, of_file(spec.origin))
                self.begins(name, None)
                return
        elif any(is_project_file(os.path.join(folder, "")) for folder in _portions(spec)):
            return
        if self._active and self._libraries is not None:
            self._libraries.found(name)

    def loads(self, path: str) -> None:
        """Take note that the project's module of this source is loaded now."""
        found = self._importer()
        if found is not None:
            self.last_imports[found[0].path] = path

    def is_torn(self) -> bool:
        """Return whether an opening has run without its rest, though the app is loaded. No fresh start does that."""
        return bool(self.torn or self._again)

    def runs(self, path: str) -> None:
        """Take note that a source begins to run. The opening of one that runs twice is only a part of what it did."""
        if path in self._run:
            self.looks_into(path)
        self._run.add(path)

    def looks_into(self, path: str) -> None:
        """Take note that somebody wants to know more of this source than to run it."""
        self._looked_into.add(path)

    def was_looked_into(self, path: str) -> bool:
        """Return whether anything but the import has read this source."""
        return path in self._looked_into

    def begins(self, name: str, code: CodeType | None) -> None:
        """Take note that the project's module *name* runs; None stands for what is no Python code."""
        if self._active and self._libraries is not None:
            self._libraries.begins(name, code)

    def note(self, path: str, digest: str) -> None:
        """Remember and report that a file was read with this content."""
        if self._known.get(path) != digest:
            self._known[path] = digest
            self._report({path: digest})

    def reads_again(self, path: str, digest: str) -> None:
        """Report that a copy has read a file again, also if it is as it was: the supervisor waits to hear of it."""
        self._known[path] = digest
        self._report({path: digest})

    def digests(self, paths: Iterable[str]) -> dict[str, str]:
        """Return the digests of files that a failure names: as they were read, or as they are now."""
        with self.quiet():
            return {
                path: self._known[path] if self._is_read(path) else of_file(path)
                for path in paths
                if is_project_file(path)
            }

    def _is_read(self, path: str) -> bool:
        return self._known.get(path, PRESENT) not in (MISSING, PRESENT)

    def is_active(self) -> bool:
        """Return whether everything that is read counts: while the app is imported."""
        return self._active

    def late(self) -> _Marked:
        """Return a context in which this thread's reading counts."""
        return _Marked(self._late)

    def quiet(self) -> _Marked:
        """Return a context in which this thread's own reading is not noticed."""
        return _Marked(self._quiet)

    def _is_quiet(self) -> bool:
        return bool(self._quiet) and threading.get_ident() in self._quiet

    def _note_absent(self, name: str, entries: Iterable[object], spec: ModuleSpec | None) -> None:
        """Record the places that were searched on the way to *spec*, as they were when it was found.

        They may have changed since: a package that is deleted file by file is a mere folder for a moment.
        """
        tail, portions = name.rpartition(".")[2], _portions(spec)
        if not tail or os.sep in tail or "\0" in tail:
            return  # no file in a folder has this name
        found = None if spec is None or portions else spec.origin
        for entry in self._searched_entries(tail, entries, found):
            stem = os.path.join(entry, tail)
            is_there = self._note_places(stem, found, _listing(entry))
            if found is None:
                self._absent[f"{stem}/."] = FOLDER if stem in portions else MISSING
            elif is_there:
                break
        self._tell_absent()

    def _note_places(self, stem: str, found: str | None, names: Collection[str] | None) -> bool:
        """Record both places where a source may be in an entry of the path; return whether the module is in this one.

        *names* are those that the import system found in the entry: whoever is not among them need not be looked for.
        """
        folder = os.path.basename(stem)
        for place, listed in ((f"{stem}/__init__", folder), (stem, f"{folder}.py")):
            source = f"{place}.py"
            if source == found:
                self._absent[source] = PRESENT  # it may be looked for and not loaded
                return True
            is_here = found is not None and _is_of(found, place)
            if is_here and not str(found).endswith(".pyc"):
                return True  # an extension, which is looked for before a source
            is_known = names is not None and listed not in names
            self._absent[source] = MISSING if is_known else _of_no_module(source)
            if is_here:
                return True
        return False

    def _searched_entries(self, tail: str, entries: Iterable[object], found: str | None) -> list[str]:
        """Return the folders of the project that were searched: those up to the one in which the module is.

        None where nothing tells in which one that is, as with an import hook for a path of its own kind.
        """
        searched: list[str] = []
        for entry in entries:
            folder, is_own = self._entry(entry)
            if is_own:
                searched.append(folder)
            stem = os.path.join(folder, tail)
            if found is not None and (_is_of(found, stem) or _is_of(found, f"{stem}/__init__")):
                return searched
        return searched if found is None else []

    def _entry(self, entry: object) -> tuple[str, bool]:
        """Return the folder of an entry of a search path, and whether it is the project's; asked often for few."""
        known = self._searched.get(entry) if isinstance(entry, str) else ("", False)
        if known is None and isinstance(entry, str):
            folder = os.path.join(os.getcwd(), entry).rstrip(os.sep)
            whole = folder + os.sep
            known = folder, whole.startswith(self._roots) and is_project_file(whole)
            if os.path.isabs(entry):
                self._searched[entry] = known
        return known or ("", False)

    def _tell_absent(self) -> None:
        """Report at once what was looked for in vain, but for the import of the app: that has much, told together."""
        if not self._active:
            self.flush()

    def _audit(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self._active and (not self._late or threading.get_ident() not in self._late):
            return
        if self._is_quiet():
            return
        if self._active:
            for act in self._audits[event]:
                act(event, arguments)
        if event == "open":
            self._opened(*arguments)
        elif event in _LISTS:
            self._listed(arguments[0])
        elif event == "os.chdir":
            self._asked(arguments[0])

    def _opened(self, given: object, _: object, flags: object) -> None:
        path = self._inside(given) if isinstance(flags, int) else ""
        if not path or not isinstance(flags, int):
            return
        if flags & os.O_ACCMODE == os.O_WRONLY or flags & (os.O_TRUNC | os.O_EXCL):
            return  # nothing of it is read
        with self.quiet():
            if _CACHE in path:
                self._opened_bytecode(path)
            elif is_project_file(path) and not os.path.isdir(path):
                self.looks_into(path)
                # Hashed before it is opened: if it changes in between, the next look finds a difference and loads
                # again.
                self.note(path, of_file(path))

    def _opened_bytecode(self, cache: str) -> None:
        """Take note of the source for which another loader than ours uses this bytecode, if it may."""
        try:
            source = importlib.util.source_from_cache(cache)
            status = _stat(source)
        except (ValueError, OSError):
            return
        if not is_project_file(source):
            return
        self.looks_into(source)
        self.note(source, of_file(source))
        try:
            if not is_newer(_stat(cache).st_mtime, status):
                os.unlink(cache)  # it may be older than an edit of the same second
        except OSError:
            pass

    def _listed(self, given: object) -> None:
        """Record that the names in a folder were read: those that matter to the code that lists them."""
        path = self._inside("." if given is None else given)
        if path and is_project_file(path + os.sep):
            names = path.rstrip(os.sep) + _kind_of_listing()
            with self.quiet():
                self.note(names, of_file(names))

    def _inside(self, given: object) -> str:
        """Return the absolute path, if it lies in the project, else nothing. No file has a zero byte in its name."""
        if not isinstance(given, str | bytes | os.PathLike):
            return ""
        path = os.path.abspath(os.fsdecode(given))
        return path if (path + os.sep).startswith(self._roots) and "\0" not in path else ""

    def _notice_questions(self) -> None:
        """Wrap the functions that ask whether there is a file."""
        namespace = vars(sys.modules["os"])
        for original in (os.lstat, os.access, os.readlink):
            namespace[original.__name__] = _Question(original, self._is_asked)
        namespace["stat"] = _Question(_stat, self._is_asked)

    def _is_asked(self, given: object) -> None:
        """Take note of a question to `os.stat`, if it is one of the app's."""
        if (self._active or threading.get_ident() in self._late) and not self._is_quiet():
            self._asked(given)

    def _asked(self, given: object) -> None:
        """Take note that the app asked whether there is a file, and what kind."""
        if type(given) is str and given[:1] == os.sep and not given.startswith(self._roots):
            return
        path = self._inside(given)
        if path in self._known:
            self.looks_into(path)
        elif path and path not in self._absent and is_project_file(path):
            self._absent[path] = of_presence(path)
            self._tell_absent()


class _Question(StandIn):
    """Stands in the place of `os.stat` or another function that asks about a path."""

    def __init__(self, original: Callable[..., Any], notice: Callable[[object], None]) -> None:
        super().__init__(original, "os")
        self._notice = notice

    def __call__(self, path: object, *arguments: object, **more: object) -> Any:  # Any: whatever the original answers
        """Answer as the original does."""
        self._notice(path)
        return self.__wrapped__(path, *arguments, **more)


class _Marked:
    """Has the current thread stand among *threads*, by its number: a `threading.local` would stay in the thread."""

    def __init__(self, threads: set[int]) -> None:
        self._threads = threads

    def __enter__(self) -> None:
        self._thread = threading.get_ident()
        self._is_outer = self._thread not in self._threads
        self._threads.add(self._thread)

    def __exit__(self, *_: object) -> None:
        if self._is_outer:
            self._threads.discard(self._thread)


def _is_source(spec: ModuleSpec | None) -> bool:
    """Return whether a module is a project's source file."""
    return bool(spec and spec.origin and type(spec.loader) is SourceFileLoader and is_project_file(spec.origin))


def _portions(spec: ModuleSpec | None) -> list[str]:
    """Return the folders of a namespace package."""
    folders = getattr(spec.submodule_search_locations, "_path", ()) if spec is not None else ()
    return [folder for folder in folders if isinstance(folder, str)]


def _is_of(found: str, stem: str) -> bool:
    """Return whether the file *found* is the module *stem*, which has no suffix yet."""
    rest = found[len(stem) :]
    return found.startswith(stem) and rest[:1] == "." and os.sep not in rest


def _listing(entry: str) -> Collection[str] | None:
    """Return the names that the import system has found in an entry of the path; None where it does not say."""
    names = getattr(sys.path_importer_cache.get(entry), "_path_cache", None)
    return names if isinstance(names, set) else None


def _of_no_module(path: str) -> str:
    """Return the digest of a place where the import system found no file: only another kind of thing may be there."""
    digest = of_presence(path)
    return MISSING if digest == PRESENT else digest


def _kind_of_listing() -> str:
    """Return which names in a folder matter to the code that lists it: Python's own searches want only a few."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back
    name = str(frame.f_globals.get("__name__", "")) if frame is not None else ""
    return _SEARCHES.get(name) or _SEARCHES.get(name.rpartition(".")[2], NAMES)  # vendored copies have longer names


def _origin(module: ModuleType | None) -> str | None:
    """Return the source path of a loaded module. Asks the dictionary: odd objects in `sys.modules` act on access."""
    values = getattr(module, "__dict__", None)
    path = values.get("__file__") if isinstance(values, dict) else None
    return path if isinstance(path, str) and path.endswith(".py") else None
