"""Which code counts as calling something, and which of it ran between two questions."""

from __future__ import annotations

import sys
from opcode import opmap
from types import CodeType

import pytest

from launcher.worker.calls import Calls, is_import, may_call, owners

pytestmark = pytest.mark.skipif(sys.version_info >= (3, 14), reason="the rules are about older bytecode")

QUIET = {
    "nothing": "",
    "docstring": '"""It says."""',
    "imports": "from __future__ import annotations\nimport os.path as p, sys\nfrom a.b import c as d, e\nfrom f import *",
    "one-in-vain": "try:\n    import fast\nexcept ImportError:\n    fast = None",
    "two-in-vain": "try:\n    import fast\nexcept (ImportError, OSError):\n    import slow as fast",
    "for-types": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a\nelse:\n    import b",
    "constants": "A = 1\nB = 'b', 2.5, None\nC = [1, 2, 3, 4]\nD = {1, 2, 3, 4}\nE = {'a': 1, 'b': [2]}\n__all__ = ['A', 'B', 'C', 'D']",
    "handlers": "try:\n    import a\nexcept ImportError:\n    a = None\ntry:\n    import b\nexcept ImportError:\n    b = None\nX = 1",
    "identity": "x = a is None",
    "many-items": "L = [" + "a, " * 40 + "]",
    "names": "from a import b\nc = b\nd = (b, c)\ndel c",
    "functions": "X = 1\ndef f(a, b=X, *, c: 'int' = 2) -> 'str':\n    return g(a)\nasync def h():\n    await f()\nk = lambda: f()",
    "many-names": "\n".join(f"import m{number}" for number in range(400)),
}
CALLING = {
    "call": "f()",
    "method": "a.f(1, k=2)",
    "decorator": "@f\ndef g(): pass",
    "class": "class C: pass",
    "attribute": "x = a.b",
    "set-attribute": "a.b = 1",
    "del-attribute": "del a.b",
    "item": "x = a['b']",
    "set-item": "a['b'] = 1",
    "operator": "x = a + b",
    "comparison": "x = a == b",
    "in": "x = a in b",
    "minus": "x = -a",
    "loop": "for x in a: pass",
    "comprehension": "x = [y for y in a]",
    "with": "with a: pass",
    "unpacking": "a, b = c",
    "unpacking-in-a-list": "a = [*b]",
    "plus": "x = +a",
    "handler": "try:\n    import a\nexcept ImportError:\n    f()",
    "text": "x = f'{a}'",
    "raise": "raise E",
    "assert": "assert a.b",
    "after-many-names": "\n".join(f"import m{number}" for number in range(400)) + "\nm399()",
}


def code_of(text: str) -> CodeType:
    return compile(text, "/p/app.py", "exec")


@pytest.mark.parametrize("text", QUIET.values(), ids=QUIET)
def test_code_that_calls_nothing(text: str) -> None:
    assert not may_call(code_of(text))


@pytest.mark.parametrize("text", CALLING.values(), ids=CALLING)
def test_code_that_may_call_something(text: str) -> None:
    assert may_call(code_of(text))


def test_code_that_is_not_known_may_call_anything() -> None:
    assert may_call(None)


def test_code_that_has_gone_back_has_run_in_between() -> None:
    assert may_call(code_of("import a\nimport b"), 10, 2)


def test_what_stands_in_a_handler_is_on_the_way() -> None:
    """Wherever its instructions are: behind all others since Python 3.11 or 3.12."""
    code = code_of("import a\ntry:\n    import b\nexcept ImportError:\n    f()\nimport c\ng()")
    a, b, c = places(code)
    assert [may_call(code, a, b), may_call(code, b, c), may_call(code, None, c)] == [False, True, True]
    harmless = code_of("import a\ntry:\n    import b\nexcept ImportError:\n    b = 1\nimport c\ng()")
    a, _, c = places(harmless)
    assert not may_call(harmless, a, c)


def test_the_way_through_a_loop_may_lead_through_all_of_it() -> None:
    code = code_of("for x in y:\n    import a\n    import b\n    f()")
    assert may_call(code, *places(code))


def test_an_import_statement_with_a_long_argument() -> None:
    code = code_of("\n".join(f"n{number} = 1" for number in range(400)) + "\nimport a")
    (place,) = places(code)
    assert is_import(code, place)
    assert is_import(code, place - 2), "Python 3.10 tells of the instruction before, which is its argument's"
    assert not is_import(code, 0)


# What ran between two questions


def places(code: CodeType) -> list[int]:
    """Return where the import statements of *code* are."""
    return [at for at in range(0, len(code.co_code), 2) if code.co_code[at] == opmap["IMPORT_NAME"]]


def test_what_stands_between_two_imports() -> None:
    code = code_of("import a\nimport b\nf()\nimport c\nimport d")
    calls = Calls(lambda path: path.startswith("/p/"))
    assert [calls.any_since([(code, at)]) for at in places(code)] == [False, False, True, False]


def test_only_code_of_the_project_counts() -> None:
    other = compile("f()\nimport a", "/usr/lib/other.py", "exec")
    ours = code_of("import other")
    calls = Calls(lambda path: path.startswith("/p/"))
    assert not calls.any_since([(other, places(other)[0]), (ours, places(ours)[0]), (other, places(other)[0])])


@pytest.mark.parametrize(
    ("module", "called"), [("import x\nX = 1", False), ("import x\nf()", True), ("f()\nimport x", True), (None, True)]
)
def test_a_module_that_ran_in_between(module: str | None, called: bool) -> None:
    app = code_of("import a\nimport module\nimport b")
    first, _, last = places(app)
    calls = Calls(lambda path: True)
    calls.any_since([(app, first)])
    calls.begins(code_of(module) if module is not None else None)
    assert calls.any_since([(app, last)]) is called
    assert not calls.any_since([(app, last)])


def test_a_module_that_is_still_running_counts_up_to_where_it_is() -> None:
    app, module = code_of("import module"), code_of("import a\nf()\nimport b\ng()")
    (here,), (first, last) = places(app), places(module)
    calls = Calls(lambda path: True)
    calls.begins(app)
    calls.begins(module)
    assert not calls.any_since([(app, here), (module, first)])
    assert calls.any_since([(app, here), (module, last)])
    assert not calls.any_since([(app, here), (module, last)])
    assert calls.any_since([(app, here)]), "the rest of it"


def test_a_function_was_called_by_somebody() -> None:
    app = code_of("def f():\n    import a\nf()\nimport b")
    function = next(item for item in app.co_consts if isinstance(item, CodeType))
    calls = Calls(lambda path: True)
    assert calls.any_since([(app, places(app)[0] - 8), (function, places(function)[0])])
    assert calls.any_since([(app, places(app)[0] - 8), (function, places(function)[0])]), "again, for another"


def test_what_is_forgotten_does_not_count() -> None:
    calls = Calls(lambda path: True)
    calls.begins(code_of("f()"))
    calls.forget()
    assert not calls.any_since([])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a.b = 1", {"a"}),
        ("a.b.c.d = f", {"a"}),
        ("a.b += 1", set()),
        ("a.b, c.d = c.d, a.b", {"a", "c"}),
        ("e = a.b = 1", {"a"}),
        ("def f():\n    a.b = 1", {"a"}),
        ("def f():\n    import a\n    a.b = 1", {""}),
        ("class C:\n    def __init__(self, x):\n        self.x = x\n        self.y.z = 1", set()),
        ("f().b = 1", {""}),
        ("m['a'].b = 1", {""}),
        ("setattr(a, 'b', 1)", {""}),
        ("a = 1\nb['x'] = 2\nf(a.b)", set()),
        ("\n".join(f"n{number} = 1" for number in range(400)) + "\nn399.b = 1", {"n399"}),
    ],
)
def test_whose_attributes_are_set(text: str, names: set[str]) -> None:
    assert owners(code_of(text)) == names
