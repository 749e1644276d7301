"""Puts edited function bodies into a copy of the loaded app, where the result equals a fresh start.

If an edit only changes bodies of functions that have not run and whose code nobody has read, a fresh start would reach
the same state except for these bodies (`comparison.py`). Reference counts prove that every holder of the old code was
found; if one is missing, the edit is refused and the import runs again. See `docs/internals/body-swap.md`.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from types import CodeType, FunctionType
from typing import TYPE_CHECKING

from launcher.standard import gc
from launcher.worker.resume.code_tracker import code_of
from launcher.worker.resume.comparison import ClassBody, Comparer, Comparison, SwapRefused, nested, with_nested

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from launcher.worker.resume.code_tracker import CodeTracker, ModuleCode

_compiles = SourceFileLoader.source_to_code
_get_referrers, _getrefcount = gc.get_referrers, sys.getrefcount
_freeze, _unfreeze = gc.freeze, gc.unfreeze


@dataclass(frozen=True, slots=True)
class Edit:
    """One edited file, ready to be put in: the comparison, and every function and class that it affects."""

    comparison: Comparison
    functions: tuple[FunctionType, ...]
    classes: tuple[tuple[type, Mapping[str, object]], ...]

    def apply(self) -> None:
        """Replace the code of the functions and the line attributes of the classes."""
        for function in self.functions:
            function.__code__ = self.comparison.replaced[id(code_of(function))]
        for cls, attributes in self.classes:
            for name, value in attributes.items():
                type.__setattr__(cls, name, value)


def swap_bodies(tracker: CodeTracker, sources: Mapping[str, bytes], is_project_file: Callable[[str], bool]) -> None:
    """Put the new *sources* (path to content) into this process.

    Nothing is changed if one of them is refused: then `SwapRefused` says why. *sources* are all files that differ from
    what this process was loaded from, since an earlier swap is never the ground for a new one.
    """
    if not tracker.is_watching():
        raise SwapRefused("a debugger, profiler or coverage tool is active")
    if SourceFileLoader.source_to_code is not _compiles:
        raise SwapRefused("an import hook changes how sources are compiled")
    _unfreeze()  # the collector does not report the holders of frozen objects
    edits: list[Edit] = []
    for path, content in sources.items():
        module = tracker.module(path)
        if module is None:
            raise SwapRefused("the file is not a module that was imported once")
        edits.append(_prepare(tracker, module, _compile(path, content), is_project_file))
    for edit in edits:
        edit.apply()
    _freeze()


def _compile(path: str, content: bytes) -> CodeType:
    try:
        code: CodeType = compile(content, path, "exec", dont_inherit=True)
    except Exception as error:  # noqa: BLE001  # a warning that the app turned into an error may be any exception
        raise SwapRefused(f"the file cannot be compiled ({type(error).__name__})") from None
    return code


def _prepare(tracker: CodeTracker, module: ModuleCode, new: CodeType, is_project_file: Callable[[str], bool]) -> Edit:
    namespace = module.namespace
    comparison = Comparer(tracker.has_run, tracker.reader_of).compare(module.code, new)
    if module.code.co_linetable != new.co_linetable and _keeps_lines(namespace):
        raise SwapRefused("a warning of this module was recorded with its line")
    functions = _holders(module, comparison)
    classes = _classes(comparison.attributes, str(namespace.get("__name__")), is_project_file)
    return Edit(comparison, tuple(functions), tuple(classes))


def _keeps_lines(namespace: Mapping[str, object]) -> bool:
    """Return whether `warnings` has recorded a line of this module (`__warningregistry__`, with tuples as keys)."""
    registry = namespace.get("__warningregistry__")
    return isinstance(registry, dict) and any(type(key) is tuple for key in registry)


def _holders(module: ModuleCode, comparison: Comparison) -> list[FunctionType]:
    """Return the functions that have code to be replaced; raise `SwapRefused` if something else holds such code.

    Other holders are suspended generators, frames, tracebacks, and whoever got the code in a way that no event reports.
    """
    gauge = compile("def f(): pass", "", "exec")  # holds one code object: what Python adds to a count varies by version
    codes = [
        *nested(gauge),
        *(code for code in with_nested(module.code) if id(code) in comparison.replaced),
    ]
    functions = [
        item
        for item in _get_referrers(module.namespace)
        if type(item) is FunctionType and id(code_of(item)) in comparison.replaced
    ]
    holders = Counter(id(inner) for code in with_nested(module.code) for inner in nested(code))
    holders[id(module.code)] = 1  # the record of the module
    holders.update(id(code_of(function)) for function in functions)
    counts = [_getrefcount(code) for code in codes]
    for code, count in zip(codes[1:], counts[1:], strict=True):
        if count - counts[0] != holders[id(code)] - 1:
            raise SwapRefused(f"something still uses the old code of {code.co_qualname}")
    return functions


def _classes(
    attributes: Mapping[ClassBody, Mapping[str, object]], module: str, is_project_file: Callable[[str], bool]
) -> list[tuple[type, Mapping[str, object]]]:
    """Return the classes whose line attributes change; raise `SwapRefused` if one is missing or may have been read."""
    if not attributes:
        return []
    found: list[tuple[type, Mapping[str, object]]] = []
    missing = set(attributes)
    for cls in _all_classes():
        line = vars(cls).get("__firstlineno__")
        if cls.__module__ != module or type(line) is not int:
            continue
        if (body := ClassBody(cls.__qualname__, line)) in attributes:
            if is_project_file(_file_of(type(cls))):
                raise SwapRefused(f"a metaclass of the project may have read the lines of {cls.__qualname__}")
            found.append((cls, attributes[body]))
            missing.discard(body)
    if missing:
        raise SwapRefused(f"the class {min(body.qualname for body in missing)} was not found")
    return found


def _all_classes() -> Iterable[type]:
    seen: set[int] = set()
    pending: list[type] = [object]
    while pending:
        subclasses: list[type] = type.__subclasses__(pending.pop())
        for cls in subclasses:
            if id(cls) not in seen:
                seen.add(id(cls))
                pending.append(cls)
                yield cls


def _file_of(cls: type) -> str:
    module = sys.modules.get(cls.__module__)
    return str(getattr(module, "__file__", None) or "")
