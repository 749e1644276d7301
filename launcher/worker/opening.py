"""How far a module has run when it imports another one: its opening; and how to run the rest of it as it is now.

A snapshot that was taken before an imported module is looked for stands in the middle of the module that imports it. Is
that one changed further down only, a fresh start would come to the same point in the same way. So a copy need not run
the opening again: it leaves the old code behind, and runs the new code from the import statement on.

This holds where the statement stands alone on its lines, outside of all blocks, and is the module's own: no function
and no library is on the way from it to the import system. Then nothing of the old code catches what leaves it. And it
holds only of a source that has run once, and that nobody has looked into.
"""

from __future__ import annotations
import __future__

import sys
import warnings
from importlib.machinery import SourceFileLoader
from opcode import opmap

from launcher.standard import re
from launcher.wire.digest import LARGE
from launcher.wire.opening import Opening

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType

_STATEMENT = re.compile(
    rb"(?:import|from)[ \t][^\n;()\\#'\"]*(?:\((?:[^()\\#'\"]|#[^\n]*\n)*\)[ \t]*)?\r?(?:#[^\n]*)?\n"
)
_OTHER_CODING = re.compile(rb"coding[=:](?!\s*utf-?8\b)", re.IGNORECASE)
_FUTURES = 0
for _name in __future__.all_feature_names:
    _FUTURES |= getattr(__future__, _name).compiler_flag
FROZEN = "<frozen importlib"
"""How the file names of the import system begin."""
_SETS_UP_ANNOTATIONS = opmap.get("SETUP_ANNOTATIONS", -1)
_compiles = SourceFileLoader.source_to_code


class Superseded(BaseException):
    """Leaves the old code of a module, up to *loader*, which runs the rest of the new one."""

    def __init__(self, loader: object) -> None:
        super().__init__()
        self.loader = loader


def opening_of(content: bytes, path: str, line: int) -> Opening | None:
    """Return the opening of the source *path* up to the import statement that begins on this line, with it.

    None where the statement does not stand alone outside of all blocks, or is written so that this is not certain.
    """
    if sys.version_info >= (3, 14) or len(content) > LARGE:  # from 3.14 on annotations are those of the whole module
        return None
    if SourceFileLoader.source_to_code is not _compiles:  # somebody transforms what is compiled
        return None
    if _OTHER_CODING.search(b"\n".join(content.split(b"\n", 2)[:2])):
        return None
    start = _start_of(content, line)
    match = _STATEMENT.match(content, start) if start >= 0 else None
    if content[: max(start, 0)].endswith((b"\\\n", b"\\\r\n")):  # the line before goes on: `if X: \`
        return None
    if match is None or b"\r" in content[: match.end()].replace(b"\r\n", b""):  # alone, it ends a line for Python
        return None
    return Opening.of(path, content[: match.end()])


def rest_of(content: bytes, path: str, line: int, flags: int) -> CodeType:
    """Return the code of the source *path* from the statement on that begins on this line.

    *flags* are those of the code of all of it, from which it is known that it can be compiled.
    """
    rest = b"\n" * (line - 1) + content[_start_of(content, line) :]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they were given when all of it was compiled
        code: CodeType = compile(rest, path, "exec", flags & _FUTURES, dont_inherit=True)
    return code


def has_annotations(code: CodeType) -> bool:
    """Return whether the code of a module makes its `__annotations__`, as it does at its very beginning."""
    return _SETS_UP_ANNOTATIONS in code.co_code[::2]


def _start_of(content: bytes, line: int) -> int:
    """Return where a line begins, or -1 where there are not so many."""
    start = 0
    for _ in range(line - 1):
        start = content.find(b"\n", start) + 1
        if not start:
            return -1
    return start


def importer(ours: str) -> FrameType | None:
    """Return the frame of whoever had the import system call this, past all files whose path begins with *ours*."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith((FROZEN, ours)):
        frame = frame.f_back
    return frame
