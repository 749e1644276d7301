"""Whether the project's code may have called anything between two imports, and whose attributes it sets.

An import of a library may see what was called in another one before. So the code of the project is looked at that ran
in between: where it does nothing but import, bind names and build constants, nothing was called. What can be more than
that counts as a call, whether it is one or not. Only truth and hash of an object are asked for without being counted.
"""

from __future__ import annotations

from opcode import opmap

from launcher.standard import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import CodeType

_HARMLESS = re.compile(
    "CACHE|EXTENDED_ARG|NOP|RESUME|POP_TOP|COPY|SWAP|DUP_TOP|DUP_TOP_TWO|ROT_.*|IMPORT_.*"
    "|LOAD_(CONST|NAME|GLOBAL|FAST.*|CLOSURE|DEREF|LOCALS)|STORE_(NAME|GLOBAL|FAST.*|DEREF)|DELETE_(NAME|GLOBAL|FAST)"
    "|MAKE_FUNCTION|SET_FUNCTION_ATTRIBUTE|MAKE_CELL|COPY_FREE_VARS|SETUP_ANNOTATIONS|IS_OP|TO_BOOL"
    "|BUILD_(TUPLE|LIST|SET|MAP|CONST_KEY_MAP)|LIST_TO_TUPLE|LIST_APPEND|SET_ADD|MAP_ADD"
    "|JUMP_FORWARD|JUMP_BACKWARD(_NO_INTERRUPT)?|POP_JUMP_(FORWARD_)?IF_.*"  # backwards at the end of a handler
    "|SETUP_FINALLY|POP_BLOCK|POP_EXCEPT|PUSH_EXC_INFO|CHECK_EXC_MATCH|JUMP_IF_NOT_EXC_MATCH|RERAISE"
    "|RETURN_VALUE|RETURN_CONST"
)
_CALL = re.compile(
    b"[^" + re.escape(bytes(code for name, code in opmap.items() if code < 256 and _HARMLESS.fullmatch(name))) + b"]",
    re.DOTALL,
)
_WORD = 2
"""The bytes of an instruction: what it does, and its argument."""

_NONE = -1
_EXTENDED = opmap["EXTENDED_ARG"]
_CONSTANT = opmap["LOAD_CONST"]
_LOOP = opmap["FOR_ITER"]
_IMPORT = opmap["IMPORT_NAME"]
_SET = opmap["STORE_ATTR"]
_FROM_CONSTANTS = (opmap.get("LIST_EXTEND", _NONE), opmap.get("SET_UPDATE", _NONE))
_INTRINSIC = opmap.get("CALL_INTRINSIC_1", _NONE)
_GLOBAL = opmap["LOAD_GLOBAL"]
_NAMED = (_GLOBAL, opmap["LOAD_NAME"])
_PART = tuple(opmap[name] for name in ("CACHE", "LOAD_ATTR", "EXTENDED_ARG") if name in opmap)
_LOCAL_OR_AUGMENTED = bytes(
    code
    for name, code in opmap.items()
    if code < 256 and re.fullmatch("LOAD_FAST.*|LOAD_DEREF|STORE_FAST_LOAD_FAST|SWAP|ROT_TWO", name)
)
_HARMLESS_INTRINSICS = (2, 6)
"""`from x import *`, and a list that becomes a tuple (`Include/internal/pycore_intrinsics.h`, Python 3.12)."""


class Calls:
    """Follows the project's code while it is imported. `begins` is told of each module's code before it runs."""

    def __init__(self, is_project_file: Callable[[str], bool]) -> None:
        self._is_project_file = is_project_file
        self._begun: list[CodeType | None] = []
        self._stack: list[tuple[CodeType, int]] = []

    def begins(self, code: CodeType | None) -> None:
        """Take note that a module of the project runs; None for one whose code is not known."""
        self._begun.append(code)

    def forget(self) -> None:
        """Let go of all code: nobody asks any more."""
        self._begun, self._stack = [], []

    def any_since(self, stack: Iterable[tuple[CodeType, int]]) -> bool:
        """Return whether code of the project may have called something since this was asked last.

        *stack* has the code that runs now, the outermost first, and the offset of the instruction in each.
        """
        before, now = self._stack, [(code, at) for code, at in stack if self._is_project_file(code.co_filename)]
        begun, self._stack, self._begun = self._begun, now, []
        if any(not is_import(code, at) for code, at in now[:-1]):
            return True  # one that has called something, which has not returned
        ran: list[tuple[CodeType | None, int | None, int | None]] = []
        shared = 0
        for (code, left), (same, at) in zip(before, now, strict=False):
            if code is not same:
                break
            ran.append((code, left, at))
            shared += 1
        ran += ((code, left, None) for code, left in before[shared:])
        ran += ((code, None, at) for code, at in now[shared:])
        here = {id(code) for code, _ in now}
        ran += ((code, None, None) for code in begun if id(code) not in here)
        return any(may_call(code, left, at) for code, left, at in ran)


def may_call(code: CodeType | None, left: int | None = None, at: int | None = None) -> bool:
    """Return whether *code* may call something on the way from one instruction to another; None counts as if it did.

    *left* and *at* are the offsets of these two, None for the beginning and the end. What stands on the lines between
    them may have run, wherever its instructions are: those of an exception handler stand at the end.
    """
    if code is None or (left is not None and at is not None and at < left):
        return True
    does = code.co_code[::_WORD]
    if left is None and at is None:
        return _finds_call(code, does, 0, len(does))
    if _LOOP in does[: len(does) if at is None else at // _WORD]:
        return True  # the way may have led through all of it
    return any(_finds_call(code, does, start, end) for start, end in _stretches(code, left, at))


def is_import(code: CodeType, at: int) -> bool:
    """Return whether the instruction of *code* at this offset is that of an import statement."""
    does = code.co_code
    while does[at] == _EXTENDED:  # up to Python 3.10 it stands for the instruction that it belongs to
        at += _WORD
    return does[at] == _IMPORT


def owners(code: CodeType) -> set[str]:
    """Return the global names whose attributes *code* sets, in its functions as well; the empty one for another owner.

    Of objects that a function has got or made nothing is told, unless the function imports something, and of what is
    set to its value and something more (`a.b += 1`) neither: no function is put there.
    """
    found = {name for inner in code.co_consts if isinstance(inner, type(code)) for name in owners(inner)}
    if "setattr" in code.co_names:
        found.add("")
    does, arguments = code.co_code[::_WORD], code.co_code[1::_WORD]
    at = does.find(_SET)
    if at >= 0 and _IMPORT in does and code.co_name != "<module>":
        found.add("")
    while at >= 0:
        owner = at - 1
        while does[owner] in _PART:
            owner -= 1
        if does[owner] in _NAMED:
            argument = arguments[owner]
            for place in range(owner - 1, -1, -1):
                if does[place] != _EXTENDED:
                    break
                argument |= arguments[place] << 8 * (owner - place)
            found.add(code.co_names[argument >> 1 if does[owner] == _GLOBAL else argument])
        elif does[owner] not in _LOCAL_OR_AUGMENTED:
            found.add("")
        at = does.find(_SET, at + 1)
    return found


def _stretches(code: CodeType, left: int | None, at: int | None) -> list[tuple[int, int]]:
    """Return from where to where, in instructions, the code stands that may run between *left* and *at*."""
    lines = list(code.co_lines())
    first = _line_of(lines, left) if left is not None else -1
    last = _line_of(lines, at) if at is not None else max((line or 0 for _, _, line in lines), default=0) + 1
    found = []
    for start, end, line in lines:
        if line is None or first < line < last:
            found.append((start, end))
        elif first == line or line == last:
            found.append(
                (max(start, left + _WORD if left is not None else 0), min(end, at + _WORD if at is not None else end))
            )
    return [(start // _WORD, end // _WORD) for start, end in found if start < end]


def _line_of(lines: Sequence[tuple[int, int, int | None]], at: int) -> int:
    return next((line for start, end, line in lines if start <= at < end and line is not None), 0)


def _finds_call(code: CodeType, does: bytes, start: int, end: int) -> bool:
    for match in _CALL.finditer(does, start, end):
        place = match.start()
        if does[place] in _FROM_CONSTANTS and does[place - 1] == _CONSTANT:
            continue
        if does[place] == _INTRINSIC and code.co_code[place * _WORD + 1] in _HARMLESS_INTRINSICS:
            continue
        return True
    return False
