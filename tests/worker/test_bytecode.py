"""Which bytecode is used; that it is written, and what an import does with it, is told in test_loader.py."""

from __future__ import annotations

import os
import py_compile
import time
from pathlib import Path
from types import CodeType

import pytest

from launcher.worker import bytecode
from launcher.worker.bytecode import Bytecode, cache_of, read_source

LONG_AGO = time.time() - 1000


class Module:
    """One source, old enough for its bytecode to be trusted."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "views.py")
        self.cache = cache_of(self.path) or ""
        self.save("TEXT = 'one'\n")
        self.compile()

    def save(self, text: str, *, at: float = LONG_AGO) -> None:
        Path(self.path).write_text(text)
        os.utime(self.path, (at, at))

    def compile(self) -> None:
        py_compile.compile(self.path, self.cache, self.path, doraise=True)

    def text_in(self, code: CodeType | None) -> str | None:
        if code is None:
            return None
        values: dict[str, str] = {}
        exec(code, values)
        return values["TEXT"]


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Module:
    # The time of change cannot be set: have it count as long ago as that of modification.
    monkeypatch.setattr(bytecode, "is_newer", lambda written, source: int(written) > int(source.st_mtime))
    return Module(tmp_path)


def test_the_bytecode_of_a_source_is_found(module: Module) -> None:
    assert module.text_in(Bytecode().of(read_source(module.path), module.cache)) == "one"


@pytest.mark.parametrize(
    ("mtime", "ctime", "written", "newer"),
    [(10.9, 10.9, 11.0, True), (10.9, 10.9, 10.99, False), (5.0, 11.5, 11.9, False), (5.0, 11.5, 12.0, True)],
)
def test_only_a_later_second_is_newer(mtime: float, ctime: float, written: float, newer: bool) -> None:
    fields = [0] * 7 + [mtime, mtime, ctime]
    assert bytecode.is_newer(written, os.stat_result(fields)) is newer


def test_a_source_that_moved_while_it_was_read_has_none(module: Module) -> None:
    """What was read may be the old content, and the bytecode that of the new one, or the other way round."""
    source = read_source(module.path)
    os.utime(module.path, (LONG_AGO, LONG_AGO + 0.001))
    assert not source.is_unmoved()
    assert Bytecode().of(source, module.cache) is None


def test_a_source_that_was_replaced_while_it_was_read_has_none(module: Module, tmp_path: Path) -> None:
    source = read_source(module.path)
    (tmp_path / "new").write_text("TEXT = 'two'\n")
    os.utime(tmp_path / "new", (LONG_AGO, LONG_AGO))
    os.replace(tmp_path / "new", module.path)
    assert Bytecode().of(source, module.cache) is None


def test_a_source_that_is_a_symbolic_link_has_none(module: Module, tmp_path: Path) -> None:
    """It may have led to another file of the same time and size when the bytecode was written."""
    os.rename(module.path, tmp_path / "other.py")
    os.symlink("other.py", module.path)
    source = read_source(module.path)
    assert not source.is_unmoved()
    assert Bytecode().of(source, module.cache) is None


def test_a_source_that_is_gone_has_none(module: Module) -> None:
    source = read_source(module.path)
    os.unlink(module.path)
    assert Bytecode().of(source, module.cache) is None
    with pytest.raises(FileNotFoundError):
        read_source(module.path)


@pytest.mark.parametrize("data", [b"", b"short", b"\0" * 100])
def test_what_is_no_bytecode_is_not_used(module: Module, data: bytes) -> None:
    Path(module.cache).write_bytes(data)
    assert Bytecode().of(read_source(module.path), module.cache) is None


def test_damaged_bytecode_is_not_used(module: Module) -> None:
    Path(module.cache).write_bytes(Path(module.cache).read_bytes()[:20])
    assert Bytecode().of(read_source(module.path), module.cache) is None


def test_without_a_place_for_it_there_is_none(module: Module) -> None:
    assert Bytecode().of(read_source(module.path), None) is None


# Read ahead


def ahead(module: Module, *others: str) -> Bytecode:
    """Return bytecode that was read ahead, with the file that it came from gone."""
    found = Bytecode()
    found.read_ahead((*others, module.path), lambda: False)
    os.unlink(module.cache)
    return found


def test_what_was_read_ahead_is_used_once(module: Module) -> None:
    found = ahead(module)
    assert module.text_in(found.of(read_source(module.path), module.cache)) == "one"
    assert found.of(read_source(module.path), module.cache) is None


def test_what_was_read_ahead_counts_for_this_content_only(module: Module) -> None:
    found = ahead(module)
    module.save("TEXT = 'two'\n")
    assert found.of(read_source(module.path), module.cache) is None


def test_what_was_read_ahead_counts_when_the_file_was_only_touched(module: Module) -> None:
    found = ahead(module)
    os.utime(module.path)
    assert module.text_in(found.of(read_source(module.path), module.cache)) == "one"


def test_what_cannot_be_read_ahead_is_passed_over(module: Module, tmp_path: Path) -> None:
    (tmp_path / "bare.py").write_text("TEXT = 'no bytecode'\n")
    found = ahead(module, str(tmp_path / "missing.py"), str(tmp_path), str(tmp_path / "bare.py"))
    assert found.of(read_source(str(tmp_path / "bare.py")), None) is None
    assert found.of(read_source(module.path), None) is not None


def test_reading_ahead_ends_when_it_is_called(module: Module) -> None:
    found = Bytecode()
    assert not found.read_ahead([module.path], lambda: True)
    os.unlink(module.cache)
    assert found.of(read_source(module.path), module.cache) is None


def test_what_is_forgotten_is_gone(module: Module) -> None:
    found = ahead(module)
    found.forget()
    assert found.of(read_source(module.path), module.cache) is None


def test_what_was_read_ahead_is_not_read_again(module: Module) -> None:
    found = ahead(module)
    assert found.read_ahead([module.path], lambda: pytest.fail("asked although there is nothing to do"))
    assert module.text_in(found.of(read_source(module.path), module.cache)) == "one"


def test_what_was_changed_since_it_was_read_ahead_is_read_again(module: Module) -> None:
    found = Bytecode()
    found.read_ahead([module.path], lambda: False)
    module.save("TEXT = 'two'\n")
    module.compile()
    found.read_ahead([module.path], lambda: False)
    os.unlink(module.cache)
    assert module.text_in(found.of(read_source(module.path), module.cache)) == "two"
