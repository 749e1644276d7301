"""Who asks for which module, whether it is imported already or not."""

from __future__ import annotations

import builtins
import importlib
import warnings
from collections.abc import Iterable, Iterator
from types import FrameType

import pytest

from launcher.worker.asked import Asked

heard: list[tuple[str, str, tuple[str, ...]]] = []


def hear(asker: FrameType, name: str, taken: Iterable[str]) -> None:
    if asker.f_code.co_filename == "<string>":  # not what the test runner imports
        heard.append((asker.f_code.co_name, name, tuple(taken)))


@pytest.fixture
def asked() -> Iterator[Asked]:
    heard.clear()
    usual = builtins.__import__
    asked = Asked(hear)
    asked.start()
    yield asked
    asked.stop()
    assert builtins.__import__ is usual


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(
    ("code", "name", "taken"),
    [
        ("import json", "json", ()),
        ("import json.decoder as decoder", "json.decoder", ()),
        ("from json import decoder, loads", "json", ("decoder", "loads")),
        ("from json import *", "json", ("*",)),
        ("__import__('json', fromlist=['loads'])", "json", ("loads",)),
        ("importlib.import_module('json')", "json", ()),
    ],
)
def test_what_is_asked_for(code: str, name: str, taken: tuple[str, ...]) -> None:
    exec(code, {"importlib": importlib, "__name__": "app"})
    assert heard == [("<module>", name, taken)]


@pytest.mark.usefixtures("asked")
def test_what_is_asked_for_inside_of_a_package_is_not_told() -> None:
    exec("from . import decoder", {"__package__": "json", "__name__": "json"})
    exec("importlib.import_module('.decoder', 'json')", {"importlib": importlib})
    assert heard == []


@pytest.mark.usefixtures("asked")
def test_errors_are_those_of_the_import_system() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        exec("import no_such_module", {})
    for wrong in (None, 1):
        with pytest.raises(TypeError):
            __import__(wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="Empty module name"):
        importlib.import_module("")


@pytest.mark.usefixtures("asked")
def test_a_warning_is_told_of_whoever_imports(tmp_path, monkeypatch) -> None:
    (tmp_path / "zzold.py").write_text("import warnings\nwarnings.warn('old', stacklevel=2)")
    monkeypatch.syspath_prepend(tmp_path)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        import zzold  # noqa: F401
    assert [item.filename for item in found] == [__file__]


def test_somebody_else_keeps_the_place() -> None:
    usual = builtins.__import__
    asked = Asked(hear)
    asked.start()
    ours = builtins.__import__

    def theirs(name, *arguments, **more):
        return ours(name, *arguments, **more)

    try:
        builtins.__import__ = theirs
        asked.stop()
        assert builtins.__import__ is theirs
        import json

        assert json
    finally:
        builtins.__import__ = usual
