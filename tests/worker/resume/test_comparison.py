"""Two versions of a module's code: which edits need the module to run again. Tables of cases are in `test_body_swap`."""

from __future__ import annotations

import pytest

from launcher.worker.resume.comparison import Comparer, SwapRefused, nested, with_nested

SOURCE = "def f():\n    def g():\n        return 1\n    return g\nclass A:\n    def m(self):\n        return 2\n"


def compare(before: str, after: str, ran: tuple[str, ...] = (), read: tuple[str, ...] = ()) -> list[str]:
    old, new = compile(before, "m.py", "exec"), compile(after, "m.py", "exec")
    comparer = Comparer(
        lambda code: code.co_qualname in ran,
        lambda code: "reader" if code.co_qualname in read else "",
    )
    replaced = comparer.compare(old, new).replaced
    return [code.co_qualname for code in with_nested(old) if id(code) in replaced]


@pytest.mark.parametrize(
    ("old", "new", "ran", "replaced"),
    [
        pytest.param("return 2", "return 3", ("A",), ["<module>", "A", "A.m"], id="method"),
        pytest.param("return 1", "return 3", ("A",), ["<module>", "f"], id="function-with-all-inside"),
        pytest.param("return 1", "return 3", ("A", "f"), ["<module>", "f", "f.<locals>.g"], id="inside-of-what-ran"),
        pytest.param("# none", "", ("A",), ["<module>"], id="no-change"),
    ],
)
def test_comparison_replaces_code_on_the_way_to_an_edit(old: str, new: str, ran, replaced: list[str]) -> None:
    assert compare(SOURCE, SOURCE.replace(old, new), ran) == replaced


@pytest.mark.parametrize(
    ("old", "new", "ran", "read", "reason"),
    [
        pytest.param("return 2", "return 3", ("A", "A.m"), (), "ran during the import changed .A.m.", id="ran"),
        pytest.param("return 2", "return 3", ("A",), ("A.m",), "reader read the code of A.m", id="read"),
        pytest.param("def m(self)", "def m(self, a)", ("A",), (), "signature", id="signature"),
        pytest.param("class A", "X = 1\nclass A", ("A",), (), "module level", id="module"),
    ],
)
def test_comparison_refuses_what_a_cold_start_would_show(old, new, ran, read, reason: str) -> None:
    with pytest.raises(SwapRefused, match=reason):
        compare(SOURCE, SOURCE.replace(old, new), ran, read)


def test_nested_code_is_one_level_deep() -> None:
    code = compile(SOURCE, "m.py", "exec")
    assert [inner.co_name for inner in nested(code)] == ["f", "A"]
