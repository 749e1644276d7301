"""Exceptions that defy whoever shows them, by their names: for tests, in requests and while an app is loaded."""

from __future__ import annotations

import sys
from collections.abc import Callable


class Own(Exception):
    """An exception with code of its own."""


def surrogates() -> None:
    namespace: dict[str, object] = {}
    source = "def \xe9t\xe9():\n    r\xe9sum\xe9 = '\\udcff'\n    raise ValueError(r\xe9sum\xe9 + '\\ud800')\n"
    exec(compile(source, "/gone/\udcff.py", "exec"), namespace)
    namespace["\xe9t\xe9"]()  # type: ignore[operator]


def escapes() -> None:
    raise ValueError("\x1b]0;title\x07\x1b[2J\x9b31m \u202e \r\b end")


def chain() -> None:
    error: Exception = ValueError("the first")
    for number in range(3000):
        following = ValueError(f"number {number}")
        following.__cause__ = error
        error = following
    raise error


def contexts() -> None:
    error: Exception = ValueError("the first")
    for number in range(3000):
        following = ValueError(f"number {number}")
        following.__context__ = error
        error = following
    raise error


def circle() -> None:
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    raise one


def recursion() -> None:
    recursion()


def mutual_recursion() -> None:
    def back() -> None:
        mutual_recursion()

    back()


def str_raises() -> None:
    class Error(Own):
        def __str__(self) -> str:
            raise RuntimeError("in __str__")

        __repr__ = __str__

    raise Error


def str_exits() -> None:
    class Error(Own):
        def __str__(self) -> str:
            sys.exit(3)

        __repr__ = __str__

    raise Error


def str_returns_a_number() -> None:
    class Error(Own):
        def __str__(self) -> str:
            return 3  # type: ignore[return-value]

        __repr__ = __str__

    raise Error


def args_raise() -> None:
    class Error(Own):
        @property
        def exceptions(self) -> object:
            raise RuntimeError("in a property")

        args = exceptions  # type: ignore[assignment]

    raise Error


def falsehood_raises() -> None:
    class Error(Own):
        def __bool__(self) -> bool:
            raise RuntimeError("in __bool__")

    raise Error


def no_module() -> None:
    raise type("Error", (Own,), {"__module__": None})("no module")


def hides() -> None:
    __traceback_hide__: list[object] = []
    raise ValueError("hides by a list")


def informs() -> None:
    class Info:
        def __html__(self) -> str:
            raise RuntimeError("in __html__")

    __traceback_info__ = Info()
    raise ValueError("informs by an object")


def group() -> None:
    error: Exception = ValueError("inside")
    for number in range(200):
        error = ExceptionGroup(f"level {number}", [error, KeyError(number)])  # new in 3.11
    raise error


def wide_group() -> None:
    raise ExceptionGroup("wide", [ValueError(number) for number in range(5000)])


def huge() -> None:
    raise ValueError("x" * 10_000_000)


def huge_note() -> None:
    error = ValueError("with notes")
    error.__notes__ = ["x" * 10_000_000, 3, None]  # type: ignore[attr-defined]
    raise error


def odd_notes() -> None:
    error = ValueError("with a note")
    error.__notes__ = 42  # type: ignore[attr-defined]
    raise error


def syntax(*details: object) -> Callable[[], None]:
    def fail() -> None:
        raise SyntaxError("odd", details)

    return fail


def syntax_attributes() -> None:
    error = SyntaxError("odd")
    error.filename, error.lineno, error.text, error.offset, error.msg = 1, "x", b"y", "z", []  # type: ignore[assignment]
    raise error


def exit_code() -> None:
    class Code:
        def __repr__(self) -> str:
            raise RuntimeError("in __repr__")

    sys.exit(Code())  # type: ignore[arg-type]


def long_exit_code() -> None:
    sys.exit("x" * 1_000_000)


KINDS: dict[str, Callable[[], None]] = {
    function.__name__: function
    for function in (
        surrogates, escapes, chain, contexts, circle, recursion, mutual_recursion, str_raises, str_exits,
        str_returns_a_number, args_raise, falsehood_raises, no_module, hides, informs, huge, huge_note, odd_notes,
        syntax_attributes, exit_code, long_exit_code,
    )
}  # fmt: skip
KINDS |= {
    "syntax_beyond_the_line": syntax("/gone.py", 3, 500, "short\n", 3, 1_000_000_000),
    "syntax_before_the_line": syntax("/gone.py", -3, -5, "short\n", -3, -7),
    "syntax_without_a_file": syntax(None, None, None, None),
    "syntax_with_a_huge_line": syntax("/gone.py", 1, 9_000_000, "x" * 10_000_000),
}
KINDS |= {"group": group, "wide_group": wide_group}
