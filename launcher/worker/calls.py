"""Whether the project's code may have called anything between two imports.

An import of a library may see what was called in another one before. So the code of the project is looked at that ran
in between: where it does nothing but import, bind names and build constants, nothing was called. What can be more than
that counts as a call, whether it is one or not.
"""

from __future__ import annotations

import re
from opcode import opmap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import CodeType

_HARMLESS = re.compile(
    "CACHE|EXTENDED_ARG|NOP|RESUME|POP_TOP|COPY|SWAP|DUP_TOP|DUP_TOP_TWO|ROT_.*"
    "|IMPORT_.*|CALL_INTRINSIC_1"  # from 3.12 on, `from x import *` is one of these; none calls a library
    "|LOAD_(CONST|NAME|GLOBAL|FAST.*|CLOSURE|DEREF|LOCALS)|STORE_(NAME|GLOBAL|FAST.*|DEREF)|DELETE_(NAME|GLOBAL|FAST)"
    "|MAKE_FUNCTION|SET_FUNCTION_ATTRIBUTE|MAKE_CELL|COPY_FREE_VARS|SETUP_ANNOTATIONS"
    "|BUILD_(TUPLE|LIST|SET|MAP|CONST_KEY_MAP)|LIST_EXTEND|LIST_TO_TUPLE|SET_UPDATE|TO_BOOL"
    "|JUMP_FORWARD|POP_JUMP_(FORWARD_)?IF_.*|SETUP_FINALLY|POP_BLOCK|POP_EXCEPT|PUSH_EXC_INFO|CHECK_EXC_MATCH"
    "|JUMP_IF_NOT_EXC_MATCH|RERAISE|RETURN_VALUE|RETURN_CONST"
)
_CALL = re.compile(
    b"[^" + re.escape(bytes(code for name, code in opmap.items() if code < 256 and _HARMLESS.fullmatch(name))) + b"]",
    re.DOTALL,
)
_WORD = 2
"""The bytes of an instruction: what it does, and its argument."""
_IMPORTS = frozenset(code for name, code in opmap.items() if name in ("IMPORT_NAME", "IMPORT_FROM", "IMPORT_STAR"))


class Calls:
    """Follows the project's code while it is imported. `begins` is told of each module's code before it runs."""

    def __init__(self, is_project_file: Callable[[str], bool]) -> None:
        self._is_project_file = is_project_file
        self._begun: list[CodeType | None] = []
        self._stack: list[tuple[CodeType, int]] = []

    def begins(self, code: CodeType | None) -> None:
        """Take note that a module of the project runs; None for one whose code is not known."""
        self._begun.append(code)

    def any_since(self, stack: Iterable[tuple[CodeType, int]]) -> bool:
        """Return whether code of the project may have called something since this was asked last.

        *stack* has the code that runs now, the outermost first, and the offset of the instruction in each.
        """
        before, now = self._stack, [(code, at) for code, at in stack if self._is_project_file(code.co_filename)]
        begun, self._stack, self._begun = self._begun, now, []
        ran: list[tuple[CodeType | None, int, int | None]] = []
        shared = 0
        for (code, left), (same, at) in zip(before, now, strict=False):
            if code is not same:
                break
            ran.append((code, left + _WORD, at + _WORD))
            shared += 1
        ran += ((code, left + _WORD, None) for code, left in before[shared:])
        ran += ((code, 0, at + _WORD) for code, at in now[shared:])
        here = {id(code) for code, _ in now}
        ran += ((code, 0, None) for code in begun if id(code) not in here)
        return any(may_call(code, start, end) for code, start, end in ran)


def may_call(code: CodeType | None, start: int = 0, end: int | None = None) -> bool:
    """Return whether *code* may call something in the bytes from *start* up to *end*; None counts as code that does."""
    if code is None or (end is not None and end < start):  # it has gone back, so it has run in a loop
        return True
    does = code.co_code[::_WORD]
    return _CALL.search(does, start // _WORD, len(does) if end is None else end // _WORD) is not None


def is_import(code: CodeType, at: int) -> bool:
    """Return whether the instruction of *code* at this offset is part of an import statement."""
    return code.co_code[at] in _IMPORTS
