"""The watcher on real folders: every way in which editors save is seen, with events and by polling."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launcher.supervisor.inotify import Inotify
from launcher.supervisor.watcher import FilesWatcher, Watcher, WithFallback, open_watcher

LIMIT = 10.0


@pytest.fixture(params=[FilesWatcher, Inotify], ids=["watchfiles", "inotify"])
def watcher(request: pytest.FixtureRequest) -> Iterator[Watcher]:
    watcher = WithFallback(request.param, pytest.fail)
    yield watcher
    watcher.close()


def moved(watcher: Watcher, wanted: str) -> set[str]:
    """Wait until *wanted* was reported; return all that was."""
    found: set[str] = set()
    deadline = time.monotonic() + LIMIT
    while wanted not in found:
        left = deadline - time.monotonic()
        assert left > 0, f"only {found} moved"
        select.select([watcher], [], [], left)
        taken = watcher.take()
        if taken is None:  # a watched folder moved: anything may have
            return {wanted}
        found |= taken
    return found


def in_place(file: Path) -> None:
    file.write_text("new content")


def rename_over(file: Path) -> None:
    file.with_name(".tmp123").write_text("new content")
    file.with_name(".tmp123").replace(file)


def vim_backup(file: Path) -> None:
    """`backupcopy=no`: the old file becomes the backup, a new one is written, the backup goes."""
    backup = file.with_name(file.name + "~")
    file.rename(backup)
    file.write_text("new content")
    backup.unlink()


def delete_and_create(file: Path) -> None:
    file.unlink()
    file.write_text("new content")


def append(file: Path) -> None:
    with file.open("a") as opened:
        opened.write("more")


def delete(file: Path) -> None:
    file.unlink()


def from_elsewhere(file: Path) -> None:
    other = file.parents[1] / "elsewhere"
    other.write_text("new content")
    other.replace(file)


@pytest.mark.parametrize(
    "save",
    [in_place, rename_over, vim_backup, delete_and_create, append, delete, from_elsewhere],
    ids=lambda f: f.__name__,
)
def test_a_save_is_seen(watcher: Watcher, tmp_path: Path, save: Callable[[Path], None]) -> None:
    file = tmp_path / "project" / "app.py"
    file.parent.mkdir()
    file.write_text("old")
    os.utime(file, (1, 1))
    assert watcher.watch([str(file.parent)])
    save(file)
    assert str(file) in moved(watcher, str(file))


def test_a_new_file_is_seen(watcher: Watcher, tmp_path: Path) -> None:
    watcher.watch([str(tmp_path)])
    (tmp_path / "new.py").write_text("x")
    moved(watcher, str(tmp_path / "new.py"))


def test_every_save_is_seen_one_after_the_other(watcher: Watcher, tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    watcher.watch([str(tmp_path)])
    for number in range(5):
        file.write_text(str(number) * (number + 1))
        moved(watcher, str(file))


def test_the_same_set_is_not_watched_anew(watcher: Watcher, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    assert watcher.watch([str(tmp_path)])
    assert not watcher.watch([str(tmp_path), str(tmp_path / "missing")])
    assert watcher.watch([str(tmp_path), str(tmp_path / "a")])
    (tmp_path / "a" / "f").write_text("x")
    moved(watcher, str(tmp_path / "a" / "f"))


def test_nothing_can_be_watched(watcher: Watcher, tmp_path: Path) -> None:
    watcher.watch([str(tmp_path)])
    watcher.watch([])
    assert watcher.take() == set()


def test_a_folder_that_was_replaced_is_watched_anew(watcher: Watcher, tmp_path: Path) -> None:
    """As a checkout does it: the folder goes and comes back, and the system watches the one that went."""
    package = tmp_path / "pkg"
    package.mkdir()
    (package / "a.py").write_text("x")
    folders = [str(tmp_path), str(package)]
    watcher.watch(folders)
    shutil.rmtree(package)
    package.mkdir()
    (package / "a.py").write_text("x")
    moved(watcher, str(package))
    assert watcher.watch(folders)
    watcher.take()
    (package / "a.py").write_text("y")
    moved(watcher, str(package / "a.py"))


def test_closing_ends_the_thread_and_leaves_nothing_open(tmp_path: Path) -> None:
    FilesWatcher().close()
    before = set(os.listdir("/proc/self/fd"))
    watcher = FilesWatcher()
    watcher.watch([str(tmp_path)])
    watcher.close()
    pause = threading.Event()
    for _ in range(1000):  # the native thread closes what it has on its own time
        if set(os.listdir("/proc/self/fd")) <= before:
            break
        pause.wait(0.005)
    assert set(os.listdir("/proc/self/fd")) <= before


EXHAUSTED = """
import sys
with open("/proc/sys/user/max_inotify_instances", "w") as file:
    file.write("0")
from launcher.supervisor.watcher import open_watcher
said = []
watcher = open_watcher(poll_seconds=0.0, warn=said.append)
watcher.watch([sys.argv[1]])
print(len(said), watcher.interval > 0, watcher.queue)
watcher.close()
"""

FULL = """
import os, sys
with open("/proc/sys/user/max_inotify_watches", "w") as file:
    file.write("3")
from launcher.supervisor.watcher import open_watcher
said = []
watcher = open_watcher(poll_seconds=0.0, warn=said.append)
watcher.watch([sys.argv[1]])
print(len(said), watcher.interval)
folders = [os.path.join(sys.argv[1], str(number)) for number in range(5)]
for folder in folders:
    os.mkdir(folder)
print(watcher.watch(folders), len(said), watcher.interval > 0, watcher.queue)
watcher.close()
"""


@pytest.mark.parametrize(
    ("program", "said"),
    [(EXHAUSTED, "1 True None"), (FULL, "0 0.0 True 1 True None")],
    ids=["no-queue-at-all", "too-many-folders"],
)
def test_without_events_the_disk_must_be_polled_and_that_is_said_once(tmp_path: Path, program: str, said: str) -> None:
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-Ur", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system does not let us make a user namespace, in which the limit could be lowered")
    ended = subprocess.run(
        [unshare, "-Ur", sys.executable, "-c", program, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.stdout.split(), ended.stderr) == (said.split(), "")


def test_a_poll_that_was_asked_for_is_no_warning() -> None:
    watcher = open_watcher(poll_seconds=0.5, warn=pytest.fail)
    assert (watcher.interval, watcher.queue, watcher.watch(["/"]), watcher.take()) == (0.5, None, False, set())
    watcher.close()
