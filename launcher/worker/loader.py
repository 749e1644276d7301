"""Loads one project module: reads its source, takes or writes its bytecode, and runs it, or the rest behind an opening.

It does this itself, so that the digest that is reported is that of the very bytes that were compiled, and so that
bytecode older than an edit of the same second is not used. Which modules are loaded like this, and what becomes of what
is noted, is the business of the finder; `bytecode.py` says which bytecode can be trusted, `opening.py` what the rest of
a module is.
"""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import SourceFileLoader

from launcher.wire.digest import PRESENT, UNREADABLE
from launcher.worker.bytecode import read_source
from launcher.worker.opening import Superseded, has_annotations, rest_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import CodeType, ModuleType

    from launcher.worker.bytecode import Source
    from launcher.worker.finder import Finder


class Loader(SourceFileLoader):
    """Loads a project module from its source, or from bytecode that is certain to belong to it."""

    def __init__(self, spec: ModuleSpec, finder: Finder) -> None:
        super().__init__(spec.name, spec.origin or "")
        self._cache = spec.cached
        self._finder = finder
        self._rest: tuple[Source, int] | None = None
        self._module: ModuleType | None = None
        self.code: CodeType | None = None
        """The code that runs now."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the module; in a request, too, what it reads counts."""
        if self._finder.is_active():
            self._finder.loads(self.path)
            while not self._is_run(module):
                pass
        else:
            with self._finder.late():
                super().exec_module(module)

    def _is_run(self, module: ModuleType) -> bool:
        """Run the module, or the rest of it; return whether that was all, and not superseded."""
        self._module = module
        if self._rest is None:
            self._finder.runs(self.path)
        try:
            super().exec_module(module)
        except Superseded as error:
            if error.loader is not self:
                raise
            return False
        finally:
            self.code = None  # a body swap counts who still holds the code
        return True

    def expect(self, source: Source, line: int) -> None:
        """Have the rest of *source* run next, from the statement on that begins on this line."""
        self._rest = source, line

    def get_code(self, fullname: str) -> CodeType:
        """Return the module's code object; raise `SyntaxError` or `OSError` as the standard loader does."""
        path = self.get_filename(fullname)
        (rest, self._rest), (module, self._module) = (self._rest, None), (self._module, None)
        is_whole = rest is None
        if module is None:
            self._finder.looks_into(path)  # somebody else asks
        if rest is not None:
            self._finder.torn.add(path)
        with self._finder.quiet():
            source = rest[0] if rest is not None else self._read(path)
            self._finder.note(path, source.digest)
            code = self._finder.bytecode.of(source, self._cache)
        if code is None:
            code = self.source_to_code(source.content, path)
            with self._finder.quiet():
                self._keep(code, source)
        if rest is not None and module is not None:
            values = vars(module)
            if not has_annotations(code) and not values.get("__annotations__"):
                values.pop("__annotations__", None)  # made at the beginning, for what is no more there
            code = rest_of(source.content, path, rest[1], code.co_flags)
            self._finder.torn.discard(path)
        self.code = code
        self._finder.begins(fullname, code)
        if module is not None:
            self._finder.tracker.loads(path, code if is_whole else None, vars(module))
        return code

    def _read(self, path: str) -> Source:
        try:
            return read_source(path)
        except OSError as error:
            # It was there when it was found: whoever looks again sees whether what was in the way is gone.
            self._finder.note(path, PRESENT if isinstance(error, FileNotFoundError) else UNREADABLE)
            raise

    def _keep(self, code: CodeType, source: Source) -> None:
        """Write bytecode for the next start, unless the source moved on while it was compiled."""
        if self._cache is not None and not sys.dont_write_bytecode and source.is_unmoved():
            data = importlib._bootstrap_external._code_to_timestamp_pyc(  # type: ignore[attr-defined]
                code, int(source.status.st_mtime), source.status.st_size
            )
            self._cache_bytecode(self.path, self._cache, data)  # type: ignore[attr-defined]
