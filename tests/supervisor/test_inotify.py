"""Inotify on real folders. What all watchers have in common is in test_watcher.py."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.supervisor.inotify import Inotify

if sys.platform != "linux":
    pytest.skip("a queue of Linux", allow_module_level=True)


@pytest.fixture
def queue() -> Iterator[Inotify]:
    queue = Inotify()
    yield queue
    queue.close()


def is_readable(queue: Inotify) -> bool:
    return bool(select.select([queue], [], [], 0)[0])


def test_a_move_is_in_the_queue_before_the_call_returns_that_made_it(queue: Inotify, tmp_path: Path) -> None:
    assert queue.watch([str(tmp_path)])
    assert queue.queue == queue.fileno()
    assert not is_readable(queue)
    (tmp_path / "a").write_text("x")
    assert is_readable(queue)
    assert queue.take() == {str(tmp_path / "a")}
    assert not is_readable(queue)
    assert queue.take() == set()


@pytest.mark.parametrize("name", ["a.py", "with space\n", "ünïcødé", "x" * 255, os.fsdecode(b"\xff\xfe")], ids=range(5))
def test_names(queue: Inotify, tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    queue.watch([str(tmp_path), str(folder)])
    (folder / name).write_text("x")
    (tmp_path / "other").write_text("x")
    assert queue.take() == {str(folder / name), str(tmp_path / "other")}


def test_reading_a_file_is_no_move(queue: Inotify, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    queue.watch([str(tmp_path)])
    (tmp_path / "a").read_text()
    os.listdir(tmp_path)
    assert queue.take() == set()


def test_what_lies_deeper_is_not_reported(queue: Inotify, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    queue.watch([str(tmp_path)])
    (tmp_path / "deep" / "a").write_text("x")
    assert queue.take() == set()


@pytest.mark.parametrize("kind", ["missing", "below-a-file", "loop", "too-long"])
def test_what_is_no_folder_is_passed_over(queue: Inotify, tmp_path: Path, kind: str) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "loop").symlink_to("loop")
    path = {"below-a-file": "file/a", "loop": "loop/a", "too-long": "x" * 300}.get(kind, kind)
    assert not queue.watch([str(tmp_path / path)])
    assert not queue.add(str(tmp_path / path))


def test_file_reports_what_is_written_through_another_hard_link(queue: Inotify, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    (tmp_path / "here/a").write_text("x")
    os.link(tmp_path / "here/a", tmp_path / "there/a")
    queue.watch([str(tmp_path / "here"), str(tmp_path / "here/a")])
    (tmp_path / "there/a").write_text("y")
    assert queue.take() == {str(tmp_path / "here/a")}


def test_a_folder_that_comes_later_is_new_then(queue: Inotify, tmp_path: Path) -> None:
    later = tmp_path / "later"
    assert not queue.watch([str(later)])
    later.mkdir()
    assert queue.watch([str(later)])
    assert not queue.watch([str(later)])
    (later / "a").write_text("x")
    assert queue.take() == {str(later / "a")}


def test_one_more_folder(queue: Inotify, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    queue.watch([str(one)])
    assert queue.add(str(two))
    assert not queue.add(str(two))
    (one / "a").write_text("x")
    (two / "a").write_text("x")
    assert queue.take() == {str(one / "a"), str(two / "a")}


def test_a_folder_that_is_not_wanted_any_more(queue: Inotify, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    queue.watch([str(one), str(two)])
    assert not queue.watch([str(one)])
    (two / "a").write_text("x")
    assert queue.take() == set()
    assert queue.watch([str(one), str(two)])


def replace_by_delete(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def replace_by_rename(folder: Path) -> None:
    folder.rename(folder.with_name("old"))
    folder.mkdir()


@pytest.mark.parametrize("replace", [replace_by_delete, replace_by_rename])
@pytest.mark.parametrize("looked", [True, False], ids=["looked-in-between", "asked-at-once"])
def test_a_replaced_folder_is_new(queue: Inotify, tmp_path: Path, replace: object, looked: bool) -> None:
    folder = tmp_path / "pkg"
    folder.mkdir()
    queue.watch([str(folder)])
    replace(folder)  # type: ignore[operator]
    if looked:
        assert str(folder) in (queue.take() or ())
    assert queue.watch([str(folder)])
    queue.take()
    assert not queue.watch([str(folder)])
    (folder / "a").write_text("x")
    assert queue.take() == {str(folder / "a")}


def test_a_folder_that_moved_away_says_nothing_under_its_old_name(queue: Inotify, tmp_path: Path) -> None:
    folder = tmp_path / "pkg"
    folder.mkdir()
    queue.watch([str(folder)])
    folder.rename(tmp_path / "old")
    assert queue.take() == {str(folder)}
    (tmp_path / "old" / "a").write_text("x")
    assert queue.take() == set()


def test_a_folder_whose_parent_was_replaced_is_new(queue: Inotify, tmp_path: Path) -> None:
    """The folder itself did not move: only its path leads to another one now."""
    folder = tmp_path / "parent" / "pkg"
    folder.mkdir(parents=True)
    queue.watch([str(folder)])
    folder.parent.rename(tmp_path / "old")
    assert not queue.watch([str(folder)])
    folder.mkdir(parents=True)
    assert queue.watch([str(folder)])
    (tmp_path / "old" / "pkg" / "a").write_text("x")
    (folder / "b").write_text("x")
    assert queue.take() == {str(folder / "b")}


def test_two_names_of_one_folder(queue: Inotify, tmp_path: Path) -> None:
    folder, link = tmp_path / "folder", tmp_path / "link"
    folder.mkdir()
    link.symlink_to(folder)
    assert queue.watch([str(folder), str(link)])
    assert not queue.watch([str(folder), str(link)])
    (folder / "a").write_text("x")
    assert queue.take() == {str(folder / "a"), str(link / "a")}
    assert not queue.watch([str(link)])
    (folder / "a").write_text("y")
    assert queue.take() == {str(link / "a")}
    shutil.rmtree(folder)
    assert queue.take() == {str(link / "a"), str(link)}
    folder.mkdir()
    assert queue.watch([str(folder), str(link)])


def test_a_link_that_leads_elsewhere_now(queue: Inotify, tmp_path: Path) -> None:
    one, two, link = tmp_path / "one", tmp_path / "two", tmp_path / "link"
    one.mkdir()
    two.mkdir()
    link.symlink_to(one)
    queue.watch([str(one), str(link)])
    link.unlink()
    link.symlink_to(two)
    assert queue.watch([str(one), str(link)])
    (one / "a").write_text("x")
    (two / "b").write_text("x")
    assert queue.take() == {str(one / "a"), str(link / "b")}


def test_more_moves_than_one_reading_takes(queue: Inotify, tmp_path: Path) -> None:
    queue.watch([str(tmp_path)])
    wanted = {str(tmp_path / (f"{number:04}" + "x" * 200)) for number in range(1000)}
    for path in wanted:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
    assert queue.take() == wanted


def test_lost_moves(queue: Inotify, tmp_path: Path) -> None:
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if limit > 50_000:
        pytest.skip("the queue of this system is too long to be filled")
    paths = [str(tmp_path / "a"), str(tmp_path / "b")]
    for path in paths:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
    queue.watch([str(tmp_path)])
    for number in range(limit + 1):  # by turns: the system counts equal moves in a row as one
        os.utime(paths[number % 2])
    assert queue.take() is None
    os.utime(paths[0])
    assert queue.take() == {paths[0]}


def test_programs_do_not_inherit_the_queue(queue: Inotify) -> None:
    assert not os.get_inheritable(queue.fileno())


def test_after_closing_nothing_comes_to_those_who_look_too(tmp_path: Path) -> None:
    """Or else a worker would wait for ever for the supervisor to take it."""
    queue = Inotify()
    queue.watch([str(tmp_path)])
    (tmp_path / "a").write_text("x")
    with open(os.dup(queue.fileno()), "rb") as shared:
        queue.close()
        (tmp_path / "b").write_text("x")
        assert not select.select([shared], [], [], 0)[0]


LIMITS = """
import errno, os, sys
from launcher.supervisor.inotify import Inotify

def limit(name, number):
    with open(f"/proc/sys/user/max_inotify_{name}", "w") as file:
        file.write(str(number))

def attempt(act):
    try:
        act()
    except OSError as error:
        print(errno.errorcode[error.errno])

folders = [os.path.join(sys.argv[1], str(number)) for number in range(3)]
for folder in folders:
    os.mkdir(folder)
queue = Inotify()
limit("watches", 2)
attempt(lambda: queue.watch(folders))
limit("instances", 0)
attempt(Inotify)
queue.close()
"""


def test_limits_of_the_system(tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-Ur", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system does not let us make a user namespace, in which the limits could be lowered")
    command = [unshare, "-Ur", sys.executable, "-c", LIMITS, str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.stdout.split(), ended.stderr) == (["ENOSPC", "EMFILE"], "")
