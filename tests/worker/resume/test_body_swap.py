"""Edits of function bodies, swapped into a process that has imported the module."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import NamedTuple

import pytest

from launcher.worker.resume.code_tracker import AVAILABLE

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="needs sys.monitoring")
NEW_ATTRIBUTES = pytest.mark.skipif(sys.version_info < (3, 13), reason="line attributes are new in 3.13")


class Case(NamedTuple):
    before: str
    old: str
    new: str
    show: str = "f()"
    shown: str = "6"


def case(name: str, before: str, old: str, new: str, show: str = "f()", shown: str = "6", marks=()):
    return pytest.param(Case(before, old, new, show, shown), id=name, marks=marks)


F = "def f():\n    return 5\n"
TO_6 = ("return 5", "return 6")
SHIFT = ("return 5", "x = 1\n    return 6")

SWAPPED = [
    case("function", F, *TO_6),
    case(
        "function-with-moved-lines", F + "def g():\n    return 1\n", *SHIFT, "f(), g.__code__.co_firstlineno", "(6, 4)"
    ),
    case(
        "comment-above-everything",
        "class A:\n    def m(self):\n        return 5\nX = A().m()\n",
        "class A",
        "# c\nclass A",
        "A.m.__code__.co_firstlineno",
        "3",
    ),
    case("method", "class A:\n    def m(self):\n        return 5\n", *TO_6, "A().m()"),
    case("property", "class A:\n    @property\n    def p(self):\n        return 5\n", *TO_6, "A().p"),
    case(
        "slots", "class A:\n    __slots__ = ('a',)\n    @property\n    def p(self):\n        return 5\n", *TO_6, "A().p"
    ),
    case(
        "staticmethod-and-classmethod",
        "class A:\n    @staticmethod\n    def s(): return 5\n    @classmethod\n    def c(cls): return 5\n",
        "return 5",
        "return 6",
        "A.s(), A.c()",
        "(6, 6)",
    ),
    case(
        "dataclass",
        "import dataclasses\n@dataclasses.dataclass(slots=True)\nclass A:\n    a: int = 1\n    def m(self):\n        return 5\n",
        *TO_6,
        "A().m()",
    ),
    case("enum", "import enum\nclass A(enum.Enum):\n    X = 1\n    def m(self):\n        return 5\n", *TO_6, "A.X.m()"),
    case(
        "closure",
        "def make():\n    y = 1\n    def f():\n        return y + 4\n    return f\nf = make()\n",
        "y + 4",
        "y + 5",
    ),
    case("new-inner-function", F, "return 5", "def inner(): return 6\n    return inner()"),
    case(
        "wrapped",
        "import functools\ndef d(g):\n    @functools.wraps(g)\n    def w(*a):\n        return g(*a)\n    return w\n@d\ndef f():\n    return 5\n",
        *TO_6,
    ),
    case(
        "wrapper",
        "import functools\ndef d(g):\n    @functools.wraps(g)\n    def w(*a):\n        return g(*a)\n    return w\n@d\ndef f():\n    return 5\n",
        "return g(*a)",
        "return g(*a) + 1",
    ),
    case("cached", "import functools\n@functools.cache\ndef f():\n    return 5\n", *TO_6),
    case(
        "singledispatch",
        "import functools\n@functools.singledispatch\ndef g(x): return 5\n@g.register\ndef _(x: int): return 7\n",
        "return 7",
        "return 6",
        "g(1)",
    ),
    case("partial", "import functools\nP = functools.partial(lambda: 5)\n", "lambda: 5", "lambda: 6", "P()"),
    case("map", "M = map(lambda x: 5, [1])\n", "lambda x: 5", "lambda x: 6", "next(M)"),
    case(
        "weak-callback",
        "import weakref\nclass A: pass\na = A()\nR = weakref.ref(a, lambda r: 5)\n",
        "lambda r: 5",
        "lambda r: 6",
        "R.__callback__(0)",
    ),
    case(
        "context-variable",
        "import contextvars\nV = contextvars.ContextVar('v')\nV.set(lambda: 5)\n",
        "lambda: 5",
        "lambda: 6",
        "V.get()()",
    ),
    case("function-in-a-cycle-only", "K = []\ndef mk():\n    def h(): return 5\n    h.me = h\nmk()\n" + F, *TO_6),
    case("generator-function", "def g():\n    yield 5\n", "yield 5", "yield 6", "next(g())"),
    case("default-lambda", "F = [lambda i=i: i + 5 for i in range(3)]\n", "i + 5", "i + 6", "F[0]()"),
    case(
        "class-body-twice",
        "def mk():\n    class A:\n        def m(self):\n            return 5\n    return A\nX = mk()\nY = mk()\n",
        "return 5",
        "y = 1\n            return 6",
        "X().m(), Y().m()",
        "(6, 6)",
    ),
    case("signature-was-read", "import inspect\ndef f(a=1, b=1):\n    return 5\nS = inspect.signature(f)\n", *TO_6),
    case(
        "hints-were-read",
        "import typing\ndef f(a: int = 1) -> int:\n    return 5\nS = typing.get_type_hints(f)\n",
        *TO_6,
    ),
    case("copied", "import copy, pickle\ndef f(): return 5\nS = copy.deepcopy(f), hash(f)\n", *TO_6),
    case(
        "code-of-another-function-read-and-no-line-moves", "def g(): return 1\nC = g.__code__.co_argcount\n" + F, *TO_6
    ),
    case(
        "warning-recorded-and-no-line-moves",
        "import warnings, io, sys\n_e, sys.stderr = sys.stderr, io.StringIO()\nwarnings.warn('w')\nsys.stderr = _e\n"
        + F,
        *TO_6,
    ),
    case(
        "class-attributes",
        "class A:\n    def m(self):\n        self.x = 5\n",
        "self.x = 5",
        "self.y = 5",
        "A.__static_attributes__",
        "('y',)",
        marks=NEW_ATTRIBUTES,
    ),
    case(
        "class-line", "def f():\n    return 5\nclass A: pass\n", *SHIFT, "A.__firstlineno__", "4", marks=NEW_ATTRIBUTES
    ),
    case("module-that-ends-with-an-error-caught", "try:\n    1 / 0\nexcept Exception as e:\n    pass\n" + F, *SHIFT),
]

REFUSED = [
    case("constant", "X = 5\n", "5", "6", shown="ran during the import changed (module level)"),
    case("float-for-int", "X = 1\n" + F, "X = 1\n", "X = 1.0\n", shown="module level"),
    case("negative-zero", "X = 0.0\n" + F, "X = 0.0", "X = -0.0", shown="module level"),
    case("default", "def f(a=5): return a\n", "a=5", "a=6", shown="module level"),
    case("argument", "def f(a): return a\n", "a", "b", shown="signature"),
    case("docstring", "def f():\n    'one'\n", "one", "two", shown="signature or docstring of f"),
    case("new-docstring", "def f():\n    return 5\n", "return 5", "'doc'\n    return 6", shown="f"),
    case("becomes-generator", F, "return 5", "yield 6", shown="signature"),
    case("function-that-ran", F + "f()\n", *TO_6, shown="ran during the import changed (f)"),
    case("import-added", F, "def f", "import os\ndef f", shown="module level"),
    case("syntax-error", F, "return 5", "return (", shown="cannot be compiled (SyntaxError)"),
    case("generator-not-started", "def g():\n    yield 1\n    return 5\nG = g()\n", *TO_6, shown="old code of g"),
    case("generator-suspended", "def g():\n    yield 1\n    return 5\nG = g()\nnext(G)\n", *TO_6, shown="(g)"),
    case("generator-suspended-moves", "def f():\n    return 5\ndef g():\n    yield 1\nG = g()\nnext(G)\n", *SHIFT, shown="old code of g"),
    case("coroutine-kept", "async def g(): return 5\nG = g()\n", *TO_6, shown="old code of g"),
    case("running-thread", "import threading\nE = threading.Event()\ndef w():\n    E.wait()\n    return 5\n"
         "T = threading.Thread(target=w, daemon=True)\nT.start()\nwhile not E._cond._waiters: pass\n", *TO_6, shown="(w)"),
    case("traceback-kept-and-lines-move", F + "def g(): 1 / 0\ntry:\n    g()\nexcept Exception as e:\n    ERROR = e\n", *SHIFT,
         shown="something still uses the old code"),
    case("module-frame-kept-and-lines-move", F + "try:\n    1 / 0\nexcept Exception as e:\n    ERROR = e\n", *SHIFT, shown="module"),
    case("code-copied", "import types\ndef f(): return 5\nh = types.FunctionType(f.__code__, globals())\n", *TO_6, shown="read the code of f"),
    case("code-replaced", "def f(): return 5\nf.__code__ = f.__code__.replace(co_name='zz')\n", *TO_6, shown="read the code of f"),
    case("code-read-and-lines-move", F + "def g(): return 1\nC = g.__code__.co_argcount\n", *SHIFT, shown="read the code of g"),
    case("referents-read", "import gc\ndef f(): return 5\nC = gc.get_referents(f)\n", *TO_6, shown="read the code of f"),
    case("warning-recorded-and-lines-move",
         F + "import warnings, io, sys\n_e, sys.stderr = sys.stderr, io.StringIO()\nwarnings.warn('w')\nsys.stderr = _e\n", *SHIFT,
         shown="warning of this module"),
    case("overload-and-lines-move", F + "import typing\n@typing.overload\ndef g(a: int) -> int: ...\n@typing.overload\ndef g(a: str) -> str: ...\ndef g(a): return a\n",
         *SHIFT, shown="typing.overload read the code of g"),
    case("trace-function", "import sys\nsys.settrace(lambda *a: None)\n" + F, *TO_6, shown="a debugger, profiler or coverage tool"),
    case("metaclass-of-the-project",
         "class M(type): pass\nclass A(metaclass=M):\n    def m(self):\n        self.x = 5\n", "self.x = 5", "self.y = 5",
         shown="a metaclass of the project", marks=NEW_ATTRIBUTES),
    case("class-that-was-renamed",
         "class B:\n    def m(self):\n        self.x = 5\nB.__qualname__ = 'C'\n", "self.x = 5", "self.y = 5", shown="the class B was not found",
         marks=NEW_ATTRIBUTES),
]  # fmt: skip


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory) -> dict[Case, str]:
    """Perform all cases in one interpreter, each in a copy of it."""
    folder = tmp_path_factory.mktemp("project")
    cases = [param.values[0] for param in (*SWAPPED, *REFUSED)]
    told = [{"before": c.before, "after": c.before.replace(c.old, c.new), "show": c.show} for c in cases]
    command = [sys.executable, "-m", "tests.worker.resume.swapping", str(folder)]
    done = subprocess.run(command, input=json.dumps(told), capture_output=True, text=True, timeout=120, check=True)
    return dict(zip(cases, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("case", SWAPPED)
def test_edit_is_swapped_in(case: Case, outcomes: dict[Case, str]) -> None:
    assert outcomes[case] == case.shown


@pytest.mark.parametrize("case", REFUSED)
def test_edit_is_refused(case: Case, outcomes: dict[Case, str]) -> None:
    assert outcomes[case].startswith("refused: ")
    assert case.shown in outcomes[case]
