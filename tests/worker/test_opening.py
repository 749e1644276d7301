"""Which part of a module has run at one of its import statements, and the code of the rest."""

from __future__ import annotations

import sys
import warnings
from importlib.machinery import SourceFileLoader
from types import CodeType

import pytest

from launcher.wire.digest import LARGE
from launcher.wire.opening import Opening
from launcher.worker.opening import has_annotations, importer, opening_of, rest_of

pytestmark = pytest.mark.skipif(sys.version_info >= (3, 14), reason="annotations are those of the whole module")


@pytest.mark.parametrize(
    ("text", "line", "opening"),
    [
        ("import a\nX = 1\n", 1, "import a\n"),
        ("X = 1\nimport a.b as c, d\nY = 2\n", 2, "X = 1\nimport a.b as c, d\n"),
        ("from . import a\nX = 1\n", 1, "from . import a\n"),
        ("from a import *  # (all; of 'it')\nX = 1\n", 1, "from a import *  # (all; of 'it')\n"),
        ("from a import (\n    b,  # (one)\n    c,\n)\nX = 1\n", 1, "from a import (\n    b,  # (one)\n    c,\n)\n"),
        ("from a import (b, c)  # both\nX = 1\n", 1, "from a import (b, c)  # both\n"),
        ("import a\r\nX = 1\r\n", 1, "import a\r\n"),
        ("# -*- coding: utf-8 -*-\nimport a\n", 2, "# -*- coding: utf-8 -*-\nimport a\n"),
        ("# vim: fileencoding=UTF8\nimport a\n", 2, "# vim: fileencoding=UTF8\nimport a\n"),
        ("é = 1\nimport a\n", 2, "é = 1\nimport a\n"),
        ("'''\nimport a\n'''\nimport a\n", 4, "'''\nimport a\n'''\nimport a\n"),
    ],
)
def test_the_opening_ends_with_the_import(text: str, line: int, opening: str) -> None:
    assert opening_of(text.encode(), "/p/app.py", line) == Opening.of("/p/app.py", opening.encode())


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("import a; X = 1\n", 1),
        ("X = 1; import a\n", 1),
        ("try: \\\nimport a\nfinally:\n    pass\n", 2),
        ("if X: \\\r\nimport a\r\n", 2),
        ("if X: import a\n", 1),
        ("try:\n    import a\nfinally:\n    pass\n", 2),
        ("import a, \\\n    b\n", 1),
        ("import a", 1),
        ("X = 1\rimport a\nY = 1\n", 2),
        ("X = 1\rimport a\n", 2),
        ("# coding: latin-1\nimport a\n", 2),
        ("import a\n# coding: utf-7\n", 1),
        ("\ufeffimport a\n", 1),
        ("importlib.import_module('a')\n", 1),
        ("import a\n", 5),
        ("import a\n" + "#" * LARGE, 1),
    ],
)
def test_what_has_no_opening(text: str, line: int) -> None:
    assert opening_of(text.encode(), "/p/app.py", line) is None


def compiled(text: str) -> CodeType:
    return compile(text, "/p/app.py", "exec", dont_inherit=True)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("X = 1\nimport sys\nY = 2\ndef f(): return Y\n", 2),
        ("'''What it is.'''\nimport sys\nZ = __doc__\n", 2),
        (
            "'''What it is.'''\nfrom __future__ import annotations\nimport sys\ndef f(x: None.y): pass\nx: None.y = 1\n",
            3,
        ),
        ("X = 1\nimport sys\n'''no docstring'''\ndef g():\n    '''one'''\nassert X\n", 2),
        ("x: int = 1\nimport sys\ny: str = ''\n", 2),
        ("import sys\nclass C:\n    X = __module__\n", 1),
        (f"import sys\ndef f(x): return x{'.y()' * 700}\n", 1),
        ("def f(x): return x\nimport sys\n@f\n@f\ndef g(): pass\n", 2),
    ],
)
def test_the_rest_does_what_is_left(text: str, line: int) -> None:
    """Run behind the opening it leaves the module as if all had run at once."""
    names: dict[str, object] = {"__name__": "app"}
    exec(compiled(text), names)
    opening = "".join(text.splitlines(keepends=True)[: line - 1])
    found: dict[str, object] = {"__name__": "app"}
    exec(compile(opening, "/p/app.py", "exec", dont_inherit=True), found)
    exec(rest_of(text.encode(), "/p/app.py", line, compiled(text).co_flags), found)
    assert [name for name in found if name[:2] != "__"] == [name for name in names if name[:2] != "__"]
    assert found.keys() == names.keys()
    for name, value in names.items():
        if isinstance(getattr(value, "__code__", None), CodeType):
            mine, whole = found[name].__code__, value.__code__  # type: ignore[attr-defined]
            assert (mine, list(mine.co_lines()), mine.co_flags) == (whole, list(whole.co_lines()), whole.co_flags)
            assert found[name].__annotations__ == value.__annotations__  # type: ignore[attr-defined]
        elif name not in ("__builtins__", "C", "sys"):
            assert found[name] == value


def test_whoever_transforms_code_has_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SourceFileLoader, "source_to_code", lambda self, data, path: compiled(""))
    assert opening_of(b"import a\n", "/p/app.py", 1) is None


@pytest.mark.parametrize(
    ("text", "found"), [("x: int = 1\n", True), ("if 0:\n    x: int\n", True), ("def f(x: int): pass\n", False)]
)
def test_which_code_makes_annotations(text: str, found: bool) -> None:
    assert has_annotations(compiled(text)) is found


def test_a_warning_is_given_once() -> None:
    text = "import sys\nX = '\\d' is 1\n"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rest_of(text.encode(), "/p/app.py", 1, 0)


def test_whoever_imports_is_found_behind_the_import_system() -> None:
    frame = importer("/of/nobody")
    assert frame is not None
    assert frame.f_code.co_filename == __file__
    outer = importer(__file__)
    assert outer is not None
    assert outer.f_code.co_filename != __file__
    assert importer("") is None
