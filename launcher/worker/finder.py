"""Notices what is read while the app is imported: project modules, data files, and files that were looked for in vain.

An import hook loads project modules itself, so that the digest it reports is that of the very bytes it compiled, and so
that bytecode older than an edit of the same second is not used. An audit hook sees every other file. What becomes of the
findings is the business of whoever passes `report`.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import threading
from importlib.machinery import PathFinder, SourceFileLoader
from marshal import loads

from launcher.wire.digest import MISSING, of_file, of_read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from importlib.machinery import ModuleSpec
    from types import CodeType, ModuleType

_LIBRARY = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}", f"{os.sep}__pycache__{os.sep}")
_STANDARD = os.path.dirname(os.path.realpath(os.__file__)) + os.sep
_OURS = os.path.dirname(os.path.dirname(os.path.realpath(__file__))) + os.sep
_BATCH = 256


def is_project_file(path: str) -> bool:
    """Return whether the file belongs to people who edit it: not to the standard library, a package, or to us."""
    return os.path.isabs(path) and not any(part in path for part in _LIBRARY) and not path.startswith((_STANDARD, _OURS))


class Finder:
    """The import hook and the audit hook of one worker. `roots` bound the data files that are of interest.

    `report` gets mappings from path to digest, on the thread that reads. `start` begins, `stop` ends the noticing; the
    audit hook itself cannot be removed from an interpreter, and sleeps after that.
    """

    def __init__(self, roots: Iterable[str], report: Callable[[dict[str, str]], None]) -> None:
        self._roots = tuple(root.rstrip(os.sep) + os.sep for root in roots)
        self._report = report
        self._known: dict[str, str] = {}
        self._written: set[str] = set()
        self._absent: dict[str, str] = {}
        self._busy = threading.local()
        self._active = False

    def start(self) -> None:
        """Begin to notice. Comes before the path finder, after the finders for built-in and frozen modules."""
        self._active = True
        place = next((i for i, finder in enumerate(sys.meta_path) if finder is PathFinder), len(sys.meta_path))
        sys.meta_path.insert(place, self)
        sys.addaudithook(self._audit)

    def stop(self) -> None:
        """Report what is left, also modules that other import hooks loaded, and stop noticing data files."""
        self._active = False
        for module in list(sys.modules.values()):
            path = _origin(module)
            if path and path not in self._known and is_project_file(path):
                self._absent[path] = of_file(path)
        self.flush()

    def flush(self) -> None:
        """Report the files that were looked for in vain."""
        found, self._absent = self._absent, {}
        items = [(path, digest) for path, digest in found.items() if path not in self._known and path not in self._written]
        for start in range(0, len(items), _BATCH):
            self._report(dict(items[start : start + _BATCH]))

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module as the path finder does, and have project modules loaded by `_Loader`."""
        spec = PathFinder.find_spec(name, path, target)
        origin = spec.origin if spec else None
        if self._active:
            self._note_absent(name, sys.path if path is None else path, origin)
        if spec and origin and type(spec.loader) is SourceFileLoader and is_project_file(origin):
            spec.loader = _Loader(name, origin, self)
        return spec

    def note(self, path: str, digest: str) -> None:
        """Remember and report that a file was read with this content."""
        if self._known.get(path) != digest and path not in self._written:
            self._known[path] = digest
            self._report({path: digest})

    def digests(self, paths: Iterable[str]) -> dict[str, str]:
        """Return the digests of files that a failure names: as they were read, or as they are now."""
        with self.quiet():
            return {path: self._known.get(path) or of_file(path) for path in paths if is_project_file(path)}

    def quiet(self) -> _Quiet:
        """Return a context in which this thread's own reading is not noticed."""
        return _Quiet(self._busy)

    def _note_absent(self, name: str, entries: Iterable[str], origin: str | None) -> None:
        tail = name.rpartition(".")[2]
        for entry in entries:
            if not isinstance(entry, str) or not (entry + os.sep).startswith(self._roots) or not is_project_file(entry + os.sep):
                continue
            for candidate in (os.path.join(entry, tail, "__init__.py"), os.path.join(entry, f"{tail}.py")):
                if candidate == origin:
                    return
                self._absent[candidate] = MISSING

    def _audit(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self._active or event != "open" or getattr(self._busy, "on", False):
            return
        path, _, flags = arguments
        if not isinstance(path, str | bytes) or not isinstance(flags, int):
            return
        path = os.path.abspath(os.fsdecode(path))
        if not path.startswith(self._roots) or not is_project_file(path):
            return
        if flags & os.O_ACCMODE != os.O_RDONLY:
            # What the app writes while it is imported is its own product: watching it would never come to rest.
            self._written.add(path)
            if self._known.pop(path, None) is not None:
                self._report({path: "*"})
        elif not os.path.isdir(path):
            with self.quiet():
                # Hashed before it is opened: if it changes in between, the next look finds a difference and loads again.
                self.note(path, of_file(path))


class _Quiet:
    """Marks the current thread as reading for us."""

    def __init__(self, busy: threading.local) -> None:
        self._busy = busy

    def __enter__(self) -> None:
        self._busy.on = True

    def __exit__(self, *_: object) -> None:
        self._busy.on = False


class _Loader(SourceFileLoader):
    """Loads a project module from its source, or from bytecode that is certain to belong to it."""

    def __init__(self, name: str, path: str, finder: Finder) -> None:
        super().__init__(name, path)
        self._finder = finder

    def get_code(self, fullname: str) -> CodeType:
        """Return the module's code object; raise `SyntaxError` or `OSError` as the standard loader does."""
        path = self.get_filename(fullname)
        with self._finder.quiet():
            before = os.stat(path)
            source = self.get_data(path)
            self._finder.note(path, of_read(path, source))
            cache = _cache_path(path)
            code = _trusted_bytecode(cache, path, before)
            if code is not None:
                return code
        code = self.source_to_code(source, path)
        with self._finder.quiet():
            self._keep(cache, code, before)
        return code

    def _keep(self, cache: str | None, code: CodeType, before: os.stat_result) -> None:
        """Write bytecode for the next start, unless the source moved on while it was compiled."""
        if cache is None or sys.dont_write_bytecode:
            return
        try:
            now = os.stat(self.path)
        except OSError:
            return
        if (now.st_mtime_ns, now.st_ctime_ns, now.st_size) == (before.st_mtime_ns, before.st_ctime_ns, before.st_size):
            data = importlib._bootstrap_external._code_to_timestamp_pyc(  # type: ignore[attr-defined]
                code, int(before.st_mtime), before.st_size
            )
            self._cache_bytecode(self.path, cache, data)  # type: ignore[attr-defined]


def _cache_path(path: str) -> str | None:
    try:
        return importlib.util.cache_from_source(path)
    except NotImplementedError:
        return None


def _trusted_bytecode(cache: str | None, path: str, source: os.stat_result) -> CodeType | None:
    """Return the code in *cache* if it must come from the source at *path* with this status, else None.

    The header names the source's modification time in whole seconds and its size, so an edit of the same second and
    size is invisible to it (PEP 552). Bytecode is trusted only if it was written in a later second than the source was
    last changed in any way.
    """
    if cache is None:
        return None
    try:
        with open(cache, "rb") as file:
            data = file.read()
            written = os.fstat(file.fileno()).st_mtime
    except OSError:
        return None
    expected = importlib.util.MAGIC_NUMBER + bytes(4)
    expected += (int(source.st_mtime) & 0xFFFFFFFF).to_bytes(4, "little")
    expected += (source.st_size & 0xFFFFFFFF).to_bytes(4, "little")
    if not data.startswith(expected) or int(written) <= int(max(source.st_mtime, source.st_ctime)):
        return None
    try:
        code: CodeType = loads(memoryview(data)[16:])  # noqa: S302  # as the standard loader does
    except (ValueError, EOFError, TypeError):
        return None
    # Damaged bytecode may hold anything.
    return code if getattr(code, "co_filename", None) == path else None


def _origin(module: ModuleType) -> str | None:
    """Return the source path of a loaded module. Asks the dictionary: odd objects in `sys.modules` run code on access."""
    values = getattr(module, "__dict__", None)
    path = values.get("__file__") if isinstance(values, dict) else None
    return path if isinstance(path, str) and path.endswith(".py") else None
