"""Bytecode of the project's modules that certainly belongs to the source that was read.

The standard loader tells bytecode by the time and the size of its source, so an edit of the same second and size is
invisible to it (PEP 552). Here bytecode is trusted only if it was written in a later second than the source was last
changed in any way, and if the source did not move while both were read.
"""

from __future__ import annotations

import importlib.util
import io
from dataclasses import dataclass, replace
from marshal import loads

from launcher.standard import open, os
from launcher.wire.digest import of_read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import CodeType


@dataclass(frozen=True, slots=True)
class Source:
    """A module's source as it was read: the bytes, their digest, and the file's status just before."""

    path: str
    content: bytes
    digest: str
    status: os.stat_result

    def is_unmoved(self) -> bool:
        """Return whether the file at this path is still the one that was read, and was not changed since.

        A symbolic link is not: it may lead elsewhere by and by, and no time and size would tell of it.
        """
        try:
            now = os.lstat(self.path)
        except OSError:
            return False
        then = self.status
        return (now.st_mtime_ns, now.st_ctime_ns, now.st_size, now.st_ino, now.st_dev) == (
            then.st_mtime_ns,
            then.st_ctime_ns,
            then.st_size,
            then.st_ino,
            then.st_dev,
        )


def read_source(path: str) -> Source:
    """Read a module's source; raise `OSError` as the standard loader does."""
    with io.open_code(path) as file:
        status = os.fstat(file.fileno())
        content = file.read()
    return Source(path, content, of_read(content, status), status)


def cache_of(path: str) -> str | None:
    """Return where the bytecode of this source is kept, or None where none is."""
    try:
        return importlib.util.cache_from_source(path)
    except NotImplementedError:
        return None


class Bytecode:
    """Finds the bytecode of sources, and holds what was read ahead of the import, in a process that waits."""

    def __init__(self) -> None:
        self._ahead: dict[str, tuple[Source, CodeType]] = {}

    def of(self, source: Source, cache: str | None) -> CodeType | None:
        """Return the code of this very source, from memory or from the file *cache*; None if there is none."""
        ahead, code = self._ahead.pop(source.path, (source, None))
        if code is not None and ahead.digest == source.digest:
            return code
        return _trusted(source, cache)

    def read_ahead(self, paths: Iterable[str], is_called: Callable[[], bool]) -> bool:
        """Read the bytecode of these sources, until *is_called* says that there is no more time; return if all is read.

        What was read ahead before, perhaps by the process that this one is a copy of, is not read again if it is still
        the same.
        """
        for path in paths:
            if path in self._ahead and self._ahead[path][0].is_unmoved():
                continue
            if is_called():
                return False
            try:
                source = read_source(path)
            except OSError:
                continue
            code = _trusted(source, cache_of(path))
            if code is not None:
                self._ahead[path] = (replace(source, content=b""), code)
        return True

    def forget(self) -> None:
        """Let go of what was read ahead and not imported."""
        self._ahead.clear()


def is_newer(written: float, source: os.stat_result) -> bool:
    """Return whether bytecode was *written* in a later second than its source was changed."""
    return int(written) > int(max(source.st_mtime, source.st_ctime))


def _trusted(source: Source, cache: str | None) -> CodeType | None:
    """Return the code in *cache* if it must come from *source*, else None. The header is that of PEP 552."""
    if cache is None:
        return None
    try:
        with open(cache, "rb", buffering=0) as file:
            written = os.fstat(file.fileno()).st_mtime
            data = file.readall()
    except OSError:
        return None
    status = source.status
    expected = importlib.util.MAGIC_NUMBER + bytes(4)
    expected += (int(status.st_mtime) & 0xFFFFFFFF).to_bytes(4, "little")
    expected += (status.st_size & 0xFFFFFFFF).to_bytes(4, "little")
    if not data.startswith(expected) or not is_newer(written, status) or not source.is_unmoved():
        return None
    try:
        code: CodeType = loads(memoryview(data)[16:])  # noqa: S302  # as the standard loader does
    except (ValueError, EOFError, TypeError):
        return None
    # Damaged bytecode may hold anything.
    return code if getattr(code, "co_filename", None) == source.path else None
