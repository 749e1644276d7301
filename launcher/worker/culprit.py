"""Who did it: the project's file, or the library that it used, in the words of a message."""

from __future__ import annotations

import sys

from launcher.standard import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

_OURS = os.path.dirname(os.path.dirname(os.path.realpath(__file__))) + os.sep
_LIBRARIES = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")


class Culprit:
    """Names whose code is running. `is_project_file` tells the project's files, named as seen from *folder*."""

    def __init__(self, is_project_file: Callable[[str], bool], folder: str) -> None:
        self._is_project_file = is_project_file
        self._folder = folder.rstrip(os.sep) + os.sep

    def now(self) -> str:
        """Return `shop/billing.py`, or `redis, used by shop/billing.py`: whose code called; nothing if it was ours."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename.startswith(_OURS):
            frame = frame.f_back  # the audit hooks themselves
        return self.of(frame)

    def of(self, frame: FrameType | None) -> str:
        """Return as `now` does who runs in *frame* or has called it, the innermost first."""
        library = ""
        while frame is not None:
            file = frame.f_code.co_filename
            if self._is_project_file(file):
                return f"{library}, used by {self._short(file)}" if library else self._short(file)
            library = library or library_of(file)
            if file.startswith(_OURS):
                return library
            frame = frame.f_back
        return library

    def _short(self, file: str) -> str:
        return file[len(self._folder) :] if file.startswith(self._folder) else os.path.basename(file)


def library_of(file: str) -> str:
    """Return the name of the installed package that *file* belongs to, or nothing."""
    if file.startswith(_OURS):
        return ""
    for part in _LIBRARIES:
        _, found, rest = file.rpartition(part)
        if found:
            return rest.partition(os.sep)[0].removesuffix(".py")
    return ""
