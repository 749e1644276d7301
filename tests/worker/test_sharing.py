"""Which libraries know each other, followed through import statements that run."""

from __future__ import annotations

import builtins
import importlib
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launcher.worker.sharing import Loaded, Sharing, standard_state

FILES = {
    "zzone": "import json, zztwo",
    "zztwo": "",
    "zzthree": "import zzone",
    "zzlone": "import logging",
    "zzlate": "def f():\n    import zztwo\nf()",
    "zzcall": "import importlib\nimportlib.import_module('zztwo')",
    "zzvain": "try:\n    import zzmissing\nexcept ImportError: pass",
    "zzalso": "try:\n    import zzmissing\nexcept ImportError: pass",
    "zzpack/__init__": "from . import inner",
    "zzpack/inner": "",
    "zzpack/other": "from .inner import __name__ as name\nfrom zzpack import inner",
    "zzleft": "import six",
    "zzright": "import six",
    "six": "",
}


@pytest.fixture
def sharing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sharing]:
    for name, text in FILES.items():
        (tmp_path / f"{name}.py").parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    before = dict(sys.modules)
    sys.modules.pop("six", None)
    yield Sharing()
    for name in set(sys.modules) - set(before):
        del sys.modules[name]
    sys.modules.update(before)


@pytest.mark.parametrize(
    ("names", "used", "shared"),
    [
        (["zztwo", "zzone"], ["zztwo"], True),
        (["zztwo", "zzone"], [], False),
        (["zzone", "zztwo"], ["zzone"], True),
        (["zztwo", "zzthree"], ["zztwo"], True),
        (["zzone", "zzlone"], ["zzone"], False),
        (["zztwo", "zzlate"], ["zztwo"], True),
        (["zztwo", "zzcall"], ["zztwo"], True),
        (["zzpack", "zzpack.other"], ["zzpack"], True),
        (["zzvain", "zzalso"], ["zzvain"], False),
        (["zzleft", "zzright"], ["zzleft"], False),
        (["json", "logging"], ["json"], False),
    ],
    ids=["imports-it", "nothing-used", "is-imported-by-it", "by-way-of-another", "no-common-one", "in-a-function", "by-a-call",
         "part-of-it", "what-is-missing", "neutral-one", "standard-library"],
)  # fmt: skip
def test_which_import_may_see_what_was_called(
    sharing: Sharing, names: list[str], used: list[str], shared: bool
) -> None:
    usual = builtins.__import__
    with sharing:
        for name in names:
            sharing.named(name)
            importlib.import_module(name)
            sharing.was_imported()
    assert builtins.__import__ is usual
    assert sharing.is_shared(names[-1], used) is shared


def test_what_an_import_has_reached(sharing: Sharing) -> None:
    with sharing:
        sharing.named("zzthree")
        importlib.import_module("zzthree")
        sharing.was_imported()
    assert sharing.of(["zzthree", "zzunknown"]) - sys.stdlib_module_names == {"zzthree", "zzone", "zztwo"}


def test_what_is_loaded_is_told_once(sharing: Sharing) -> None:
    loaded = Loaded(lambda top: top == "zzpack")
    assert (loaded.look(), loaded.libraries) == ([], [])
    importlib.import_module("zzone")
    importlib.import_module("zzpack.inner")
    assert (loaded.look(), loaded.libraries) == (["zzpack.inner", "zzpack"], ["zztwo", "zzone"])
    importlib.import_module("zzpack.other")
    assert (loaded.look(), loaded.libraries) == (["zzpack.other"], ["zztwo", "zzone"])


def test_what_was_never_imported_shares_nothing(sharing: Sharing) -> None:
    assert not sharing.is_shared("zzone", ["zztwo"])


def test_imports_work_as_usual(sharing: Sharing) -> None:
    with sharing:
        namespace: dict[str, object] = {}
        exec("import zzpack.other as a\nfrom zzpack import inner as b\nimport zzpack", namespace)
        assert __import__("zzpack", level=0) is namespace["zzpack"]
        with pytest.raises(ModuleNotFoundError, match="zzmissing"):
            exec("import zzmissing", {})
    assert namespace["b"] is sys.modules["zzpack.inner"]


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (lambda: warnings.simplefilter("ignore"), True),
        (lambda: sys.meta_path.append(sys), True),
        (lambda: sys.path_hooks.append(str), True),
        (lambda: logging.getLogger("zz").setLevel(1), False),
        (lambda: sys.setrecursionlimit(sys.getrecursionlimit() + 1), True),
    ],
    ids=["warnings", "finder", "path-hook", "logger", "recursion"],
)
def test_what_is_seen_of_the_standard_library(change: Callable[[], None], seen: bool) -> None:
    finders, hooks, limit, before = sys.meta_path[:], sys.path_hooks[:], sys.getrecursionlimit(), standard_state()
    with warnings.catch_warnings():
        try:
            change()
            assert (standard_state() != before) is seen
        finally:
            sys.meta_path[:], sys.path_hooks[:] = finders, hooks
            sys.setrecursionlimit(limit)
    assert standard_state() == before


def test_what_is_not_loaded_is_as_it_is_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    before = standard_state()
    monkeypatch.delitem(sys.modules, "socket")
    assert standard_state() == before
