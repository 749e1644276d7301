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

from launcher.supervisor.watcher import Watcher

LIMIT = 10.0


@pytest.fixture(params=[0.0, 0.05], ids=["events", "polling"])
def watcher(request: pytest.FixtureRequest) -> Iterator[Watcher]:
    warnings: list[str] = []
    watcher = Watcher(poll_seconds=request.param, warn=warnings.append)
    yield watcher
    watcher.close()
    assert warnings == []


def moved(watcher: Watcher, wanted: str) -> set[str]:
    """Wait until *wanted* was reported; return all that was."""
    found: set[str] = set()
    deadline = time.monotonic() + LIMIT
    while wanted not in found:
        left = deadline - time.monotonic()
        assert left > 0, f"only {found} moved"
        select.select([watcher], [], [], left)
        found |= watcher.take()
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
        later = time.time() + 10 * (number + 1)
        os.utime(file, (later, later))  # polling sees a file only when it becomes newer, by a second or more
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
    assert watcher.watch([])
    assert watcher.take() == set()


def test_a_folder_that_was_replaced_is_watched_anew(tmp_path: Path) -> None:
    """As a checkout does it: the folder goes and comes back, and the system watches the one that went."""
    package = tmp_path / "pkg"
    package.mkdir()
    (package / "a.py").write_text("x")
    watcher = Watcher(poll_seconds=0.0, warn=pytest.fail)
    folders = [str(tmp_path), str(package)]
    watcher.watch(folders)
    shutil.rmtree(package)
    package.mkdir()
    (package / "a.py").write_text("x")
    assert watcher.has_lost(moved(watcher, str(package)))
    assert watcher.watch(folders)
    watcher.take()
    (package / "a.py").write_text("y")
    assert not watcher.has_lost(moved(watcher, str(package / "a.py")))
    watcher.close()


def test_closing_ends_the_thread_and_leaves_nothing_open(tmp_path: Path) -> None:
    Watcher(poll_seconds=0.0, warn=pytest.fail).close()
    before = set(os.listdir("/proc/self/fd"))
    watcher = Watcher(poll_seconds=0.0, warn=pytest.fail)
    watcher.watch([str(tmp_path)])
    watcher.close()
    pause = threading.Event()
    for _ in range(1000):  # the native thread closes what it has on its own time
        if set(os.listdir("/proc/self/fd")) <= before:
            break
        pause.wait(0.005)
    assert set(os.listdir("/proc/self/fd")) <= before


EXHAUSTED = """
import os, select, sys
with open("/proc/sys/user/max_inotify_instances", "w") as file:
    file.write("0")
from launcher.supervisor.watcher import Watcher
said = []
watcher = Watcher(poll_seconds=0.0, warn=said.append)
folder = sys.argv[1]
watcher.watch([folder])
print(len(said), flush=True)
with open(os.path.join(folder, "new.py"), "w") as file:
    file.write("x")
print(bool(select.select([watcher], [], [], 10)[0]), os.path.join(folder, "new.py") in watcher.take())
watcher.watch([folder, os.path.dirname(folder)])
print(len(said))
watcher.close()
"""


def test_without_events_the_disk_is_read_and_that_is_said_once(tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-Ur", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system does not let us make a user namespace, in which the limit could be lowered")
    folder = tmp_path / "project"
    folder.mkdir()
    ended = subprocess.run(
        [unshare, "-Ur", sys.executable, "-c", EXHAUSTED, str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.stdout.split(), ended.stderr) == (["1", "True", "True", "1"], "")
