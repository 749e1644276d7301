"""The opening of a module: its source up to an import statement. Workers tell of it, the supervisor looks for it."""

from __future__ import annotations

from dataclasses import dataclass

from launcher.standard import open, os, stat
from launcher.wire.digest import of_content


@dataclass(frozen=True, slots=True)
class Opening:
    """The first `size` bytes of the source `path`, which have this digest."""

    path: str
    size: int
    digest: str

    @classmethod
    def of(cls, path: str, content: bytes) -> Opening:
        """Return the opening that consists of *content*."""
        return cls(path, len(content), of_content(content))

    def begins(self, content: bytes) -> bool:
        """Return whether *content* begins with it."""
        return of_content(content[: self.size]) == self.digest

    def is_there(self) -> bool:
        """Return whether the file begins with it now. Never waits: only regular files are opened."""
        try:
            if not stat.S_ISREG(os.stat(self.path).st_mode):
                return False
            with open(self.path, "rb", buffering=0) as file:
                return self.begins(file.read(self.size))
        except (OSError, ValueError):
            return False
