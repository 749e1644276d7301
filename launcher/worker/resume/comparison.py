"""Compares the code of a module before and after an edit.

If the edit only changes bodies of functions that have not run, running the module again would lead to the same state,
except for these bodies. Pure: the caller knows what ran and what was read; `body_swap.py` puts the new code in.
"""

from __future__ import annotations

import opcode
import sys
from dataclasses import dataclass, field
from itertools import chain
from types import CodeType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

_VARARGS, _VARKEYWORDS, _HAS_DOCSTRING = 0x4, 0x8, 0x4000000  # CO_* flags of Include/cpython/code.h
_EXTENDED = opcode.opmap["EXTENDED_ARG"]
_STORE_NAME = opcode.opmap["STORE_NAME"]
_LOAD_CONST = opcode.opmap["LOAD_CONST"]
_SMALL_INT = opcode.opmap.get("LOAD_SMALL_INT", -1)
_WITH_CONSTANT = frozenset(opcode.hasconst)
LINE_ATTRIBUTES = ("__firstlineno__", "__static_attributes__")
"""What a class body stores about its own source, from Python 3.13 on."""


class SwapRefused(Exception):  # noqa: N818  # an answer, not an error
    """The edit cannot be swapped in; the text says why."""


@dataclass(frozen=True, slots=True)
class ClassBody:
    """Names a class by the place of its body in the old source."""

    qualname: str
    line: int


@dataclass(slots=True)
class Comparison:
    """What has to be replaced for the new source to be in force."""

    replaced: dict[int, CodeType] = field(default_factory=dict)
    """The new code, by the identity of the old one."""
    attributes: dict[ClassBody, dict[str, object]] = field(default_factory=dict)
    """The new line attributes of classes whose body ran."""


class Comparer:
    """Compares two versions of one module's code. `has_run` and `was_read` are asked about code of the old version."""

    def __init__(self, has_run: Callable[[CodeType], bool], reader_of: Callable[[CodeType], str]) -> None:
        self._has_run = has_run
        self._reader_of = reader_of
        self._found = Comparison()

    def compare(self, old: CodeType, new: CodeType) -> Comparison:
        """Return what has to be replaced; raise `SwapRefused` if the module has to run again. The module itself ran."""
        self._pair_that_ran(old, new)
        return self._found

    def _pair(self, old: CodeType, new: CodeType) -> None:
        if old == new and old.co_qualname == new.co_qualname:
            return
        if _shape(old) != _shape(new):
            raise SwapRefused(f"the signature or docstring of {old.co_qualname} changed")
        if reader := self._reader_of(old):
            raise SwapRefused(f"{reader} read the code of {old.co_qualname} during the import")
        if self._has_run(old):
            self._pair_that_ran(old, new)
        else:
            self._found.replaced[id(old)] = new

    def _pair_that_ran(self, old: CodeType, new: CodeType) -> None:
        """Require the same instructions; lines may move, and nested functions are compared on their own."""
        self._found.replaced[id(old)] = new
        for constant, replacement in self._constants_of(old, new):
            if type(constant) is CodeType and type(replacement) is CodeType:
                self._pair(constant, replacement)

    def _constants_of(self, old: CodeType, new: CodeType) -> Iterator[tuple[object, object]]:
        if _names(old) != _names(new):
            raise _ran(old)
        if old.co_code == new.co_code and _key(old.co_consts) == _key(new.co_consts):
            yield from zip(old.co_consts, new.co_consts, strict=True)
            return
        before, after = _instructions(old), _instructions(new)
        if [part[:2] for part in before] != [part[:2] for part in after]:
            raise _ran(old)
        for (name, _, constant), (_, _, replacement) in zip(before, after, strict=True):
            if name in LINE_ATTRIBUTES and _key(constant) != _key(replacement):
                body = ClassBody(old.co_qualname, old.co_firstlineno)
                self._found.attributes.setdefault(body, {})[str(name)] = replacement
            yield constant, replacement


def nested(code: CodeType) -> list[CodeType]:
    """Return the code of the functions and class bodies directly inside *code*."""
    return [constant for constant in code.co_consts if type(constant) is CodeType]


def with_nested(code: CodeType) -> Iterator[CodeType]:
    """Yield *code* and all code inside of it."""
    yield code
    yield from chain.from_iterable(with_nested(inner) for inner in nested(code))


def _ran(code: CodeType) -> SwapRefused:
    place = "module level" if code.co_name == "<module>" else code.co_qualname
    return SwapRefused(f"code that ran during the import changed ({place})")


def _shape(code: CodeType) -> tuple[object, ...]:
    """Return what a function object copies from its code when it is made, and what its callers can see."""
    flags = code.co_flags
    arguments = code.co_argcount + code.co_kwonlyargcount + bool(flags & _VARARGS) + bool(flags & _VARKEYWORDS)
    return (
        code.co_name,
        code.co_qualname,
        code.co_argcount,
        code.co_posonlyargcount,
        code.co_kwonlyargcount,
        flags,
        code.co_varnames[:arguments],
        code.co_freevars,
        _docstring(code),
    )


def _docstring(code: CodeType) -> str | None:
    first = code.co_consts[0] if code.co_consts else None
    marked = sys.version_info < (3, 14) or code.co_flags & _HAS_DOCSTRING
    return first if type(first) is str and marked else None


def _names(code: CodeType) -> tuple[object, ...]:
    return code.co_names, code.co_varnames, code.co_cellvars, code.co_freevars, code.co_exceptiontable


def _key(value: object) -> object:
    """Return what tells constants apart: 1, 1.0, True, 0.0 and -0.0 all differ, and any two code objects are equal."""
    kind = type(value)
    if isinstance(value, tuple):
        return kind, tuple(map(_key, value))
    if isinstance(value, frozenset):
        return kind, frozenset(map(_key, value))
    if isinstance(value, slice):
        return kind, _key(value.start), _key(value.stop), _key(value.step)
    if isinstance(value, float | complex):
        return kind, repr(value)
    return (kind, None) if kind is CodeType else (kind, value)


def _instructions(code: CodeType) -> list[tuple[Any, Any, Any]]:  # Any: operation number or name, argument, constant
    """Return the instructions, with constants in place of their numbers and the values of line attributes left open."""
    raw, constants, names = code.co_code, code.co_consts, code.co_names
    found: list[tuple[Any, Any, Any]] = []
    extension = 0
    for at in range(0, len(raw), 2):
        operation, argument = raw[at], raw[at + 1] | extension
        extension = argument << 8 if operation == _EXTENDED else 0
        if operation == _EXTENDED:
            continue
        if operation == _SMALL_INT:
            found.append(("constant", (int, argument), argument))
        elif operation in _WITH_CONSTANT:
            name = "constant" if operation == _LOAD_CONST else operation
            found.append((name, _key(constants[argument]), constants[argument]))
        else:
            if operation == _STORE_NAME and names[argument] in LINE_ATTRIBUTES and found[-1][0] == "constant":
                found[-1] = (names[argument], None, found[-1][2])
            found.append((operation, argument, None))
    return found
