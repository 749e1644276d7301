"""What the ledger says of this very process. What it says of whole apps: tests/e2e/test_fork_safety.py."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.worker import fork_safety
from launcher.worker.fork_safety import Ledger

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks proc(5)")


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    """A ledger for which this file is the project."""
    monkeypatch.chdir(Path(__file__).parent)
    ledger = Ledger(lambda path: path == __file__)
    ledger.start()
    yield ledger
    ledger.stop()


def test_a_thread_is_named_after_who_runs_in_it(ledger: Ledger):
    begun, end = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        end.wait()

    thread = threading.Thread(target=wait, name="poller")
    thread.start()
    begun.wait()
    try:
        said = ledger.obstacle(())
        assert "test_fork_safety.py started a thread" in said
        assert "poller" in said
    finally:
        end.set()
        thread.join()
    assert "poller" not in ledger.obstacle(())


@pytest.mark.parametrize("event", ["tempfile.mkdtemp", "tempfile.mkstemp"])
def test_a_temporary_path_counts_while_it_is_there(ledger: Ledger, tmp_path: Path, event: str):
    path = tmp_path / "x"
    path.mkdir()
    ledger.audit(event, (str(path),))
    assert ledger.obstacle(()) == f"test_fork_safety.py made the temporary {path}"
    path.rmdir()
    assert "temporary" not in ledger.obstacle(())


def test_a_descriptor_is_told_by_the_module_after_which_it_was_opened(ledger: Ledger):
    ledger.mark("shop.first")
    ends = os.pipe()
    ledger.mark("shop.second")
    try:
        assert ledger._descriptor("") == "a pipe is open, since shop.first was imported"
    finally:
        for end in ends:
            os.close(end)


def test_what_is_open_from_the_beginning_is_ours():
    ends = os.pipe()
    ledger = Ledger(lambda path: False)
    ledger.rebase()
    assert ledger._descriptor("") == ""
    for end in ends:
        os.close(end)


def test_a_timer_and_a_wakeup_descriptor():
    assert fork_safety._timer() == ""
    signal.setitimer(signal.ITIMER_REAL, 900)
    try:
        assert "interval timer" in fork_safety._timer()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("/x/shop.db", "/x/shop.db"),
        ("file:/x/shop.db?mode=ro", "/x/shop.db"),
        ("file:///x/shop.db#part", "/x/shop.db"),
        ("file://localhost/x/shop.db", "/x/shop.db"),
    ],
)
def test_the_file_of_a_database(name: str, expected: str):
    assert fork_safety._database_path(name) == expected


def test_a_file_lock(ledger: Ledger, tmp_path: Path):
    import fcntl

    with (tmp_path / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert ledger._file_lock() == ""  # nobody asked for one, so far as was heard
        ledger.audit("fcntl.flock", (file.fileno(), fcntl.LOCK_EX))
        assert ledger._file_lock() == "test_fork_safety.py holds a file lock (flock)"
    assert ledger._file_lock() == ""


@pytest.mark.parametrize(("is_copying", "who"), [(False, "test_fork_safety.py"), (True, None)])
def test_the_fork_of_a_snapshot_is_nothing_that_the_app_did(
    monkeypatch: pytest.MonkeyPatch, is_copying: bool, who: str | None
):
    """A process that is found later was started by somebody else, of whom no event may have told."""
    monkeypatch.chdir(Path(__file__).parent)
    ledger = Ledger(lambda path: path == __file__, lambda: is_copying)
    ledger.audit("os.fork", ())
    assert ledger._who.get("process") == who
