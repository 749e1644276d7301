"""What differs from what was read: real files, a real watcher, and what workers report."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from launcher.plan import Address, Plan, Reload, Target
from launcher.supervisor.disk import Difference, Disk
from launcher.supervisor.timeline import Timeline
from launcher.supervisor.watcher import FilesWatcher
from launcher.supervisor.writes import Verdict
from launcher.wire.digest import PRESENT, of_file

NOTHING = Difference()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "pkg").mkdir()
    for name in ("app.py", "pkg/part.py", "devserver.toml"):
        (tmp_path / name).write_text(name)
    return tmp_path


class Watched(FilesWatcher):
    """A watcher that remembers what it was asked for."""

    wanted: frozenset[str] = frozenset()

    def watch(self, folders: object) -> bool:
        self.wanted = frozenset(folders)  # type: ignore[call-overload]
        return super().watch(self.wanted)


@pytest.fixture
def watcher() -> Iterator[Watched]:
    watcher = Watched()
    yield watcher
    watcher.close()


@pytest.fixture
def make(root: Path, watcher: Watched) -> Callable[..., Disk]:
    def disk(**reload: object) -> Disk:
        return Disk(plan_of(root, **reload), watcher, Timeline())

    return disk


def plan_of(root: Path, **reload: object) -> Plan:
    return Plan(
        project=str(root),
        profile="",
        target=Target("app", str(root), str(root)),
        address=Address(),
        roots=(str(root),),
        settings_files=(str(root / "devserver.toml"), str(root / "devserver.local.toml")),
        reload=Reload(**reload),  # type: ignore[arg-type]
    )


def read(disk: Disk, *files: Path) -> Difference:
    return disk.was_read({str(file): of_file(str(file)) for file in files})


def test_a_changed_file_differs(make: Callable[..., Disk], root: Path) -> None:
    disk = make()
    assert read(disk, root / "app.py", root / "pkg/part.py") == NOTHING
    (root / "app.py").write_text("other")
    assert disk.moved({str(root / "app.py")}) == Difference((str(root / "app.py"),))
    assert disk.look() == Difference((str(root / "app.py"),))


def test_a_touch_does_not_differ(make: Callable[..., Disk], root: Path) -> None:
    disk = make()
    read(disk, root / "app.py")
    os.utime(root / "app.py", (1, 1))
    assert disk.moved({str(root / "app.py")}) == NOTHING


def test_a_file_that_nobody_read_does_not_differ(make: Callable[..., Disk], root: Path) -> None:
    disk = make()
    (root / "other.py").write_text("x")
    assert disk.moved({str(root / "other.py")}) == NOTHING


def test_a_file_that_comes_where_it_was_looked_for(make: Callable[..., Disk], root: Path) -> None:
    disk = make()
    disk.was_read({str(root / "local.py"): ""})
    assert disk.look() == NOTHING
    (root / "local.py").write_text("x")
    assert disk.moved({str(root / "local.py")}).files == (str(root / "local.py"),)


def test_a_folder_that_goes_takes_its_files_along(make: Callable[..., Disk], root: Path) -> None:
    disk = make()
    read(disk, root / "app.py", root / "pkg/part.py")
    (root / "pkg").rename(root / "gone")
    assert disk.moved({str(root / "pkg")}).files == (str(root / "pkg/part.py"),)


def test_own_write_makes_a_file_outdated_until_it_is_read_again(make: Callable[..., Disk], root: Path) -> None:
    disk, path = make(), str(root / "app.py")
    read(disk, root / "app.py")
    (root / "app.py").write_text("other")
    disk.accept(disk.states(Verdict(own={path})))
    assert disk.look() == NOTHING
    assert disk.outdated() == (path,)
    (root / "app.py").write_text("of somebody else")
    assert disk.moved({path}, foreign={path}).files == (path,)


def test_write_of_app_and_others_at_once_is_not_accepted(make: Callable[..., Disk], root: Path) -> None:
    disk, path = make(), str(root / "app.py")
    read(disk, root / "app.py")
    assert disk.states(Verdict(own={path}, foreign={path})) == {}


def test_a_save_that_was_reported_before_the_worker_said_that_it_had_read_the_file(
    make: Callable[..., Disk], root: Path
) -> None:
    disk = make()
    before = of_file(str(root / "app.py"))
    (root / "app.py").write_text("other")
    assert disk.moved({str(root / "app.py")}) == NOTHING
    assert disk.was_read({str(root / "app.py"): before}).files == (str(root / "app.py"),)


def test_a_load_from_the_beginning_has_read_nothing(watcher: Watched, root: Path) -> None:
    timeline = Timeline()
    disk = Disk(plan_of(root), watcher, timeline)
    read(disk, root / "app.py")
    (root / "app.py").write_text("other")
    timeline.go_back(None)
    disk.load_began(())
    assert disk.look() == NOTHING
    assert disk.count() == 0


def test_only_files_that_exist_are_counted(make: Callable[..., Disk], root: Path) -> None:
    disk = make()
    disk.was_read({"/a": "1", "/b": "", "/d": "2"})
    assert disk.count() == 2


def test_excluded_files_are_not_remembered(make: Callable[..., Disk], root: Path) -> None:
    disk = make(exclude=("pkg/",))
    read(disk, root / "app.py", root / "pkg/part.py")
    (root / "pkg/part.py").write_text("other")
    assert disk.moved({str(root / "pkg/part.py")}) == NOTHING
    assert disk.count() == 1


# Settings


def test_a_settings_file_that_changes_comes_or_goes(make: Callable[..., Disk], root: Path) -> None:
    disk = make()
    assert not disk.look().settings
    (root / "devserver.toml").write_text("other")
    assert disk.look().settings
    disk.settings_were_read()
    assert not disk.moved({str(root / "x")}).settings
    (root / "devserver.local.toml").write_text("new")
    assert disk.moved({str(root / "x")}).settings
    disk.settings_were_read()
    (root / "devserver.toml").unlink()
    assert disk.moved(set()).settings


def test_a_folder_of_settings_files(root: Path, watcher: Watched) -> None:
    (root / "profiles").mkdir()
    plan = replace(plan_of(root), settings_files=(str(root / "profiles"),))
    disk = Disk(plan, watcher, Timeline())
    disk.watch()
    assert str(root / "profiles") in watcher.wanted
    (root / "profiles/eager.toml").write_text("x")
    assert disk.look().settings
    disk.settings_were_read()
    disk.use(plan)
    assert not disk.look().settings


def test_settings_that_changed_while_they_were_read_are_read_again(root: Path, watcher: Watched) -> None:
    plan = replace(plan_of(root), settings_files=(str(root / ".env"),))
    disk = Disk(plan, watcher, Timeline())
    disk.settings_were_read()
    (root / ".env").write_text("A=1")  # the rest of a save, after the resolver has read
    disk.use(plan)
    assert disk.look().settings


# Include


def test_included_files_count_without_having_been_read(make: Callable[..., Disk], root: Path) -> None:
    (root / "pkg/page.html").write_text("x")
    disk = make(include=("*.html",))
    page, new = root / "pkg/page.html", root / "pkg/new.html"
    assert disk.moved({str(page)}) == NOTHING
    page.write_text("y")
    assert disk.moved({str(page)}).files == (str(page),)
    assert disk.moved({str(page)}) == NOTHING  # it was told of
    new.write_text("x")
    assert disk.moved({str(new)}).files == (str(new),)
    new.unlink()
    assert disk.moved({str(new)}).files == (str(new),)


def test_a_link_to_itself_among_included_files(make: Callable[..., Disk], root: Path) -> None:
    (root / "loop.yml").symlink_to("loop.yml")
    disk = make(include=("*.yml",))
    (root / "new.yml").write_text("x")
    assert disk.look() == Difference((str(root / "new.yml"),))


def test_a_new_folder_of_included_files(make: Callable[..., Disk], root: Path) -> None:
    disk = make(include=("*.html",))
    (root / "pages/deep").mkdir(parents=True)
    (root / "pages/deep/a.html").write_text("x")
    assert disk.moved({str(root / "pages")}).files == (str(root / "pages/deep/a.html"),)


@pytest.mark.parametrize("name", ["a.txt", "x/__pycache__/a.html", "a.html~", "node_modules/a.html", "kept/a.html"])
def test_what_is_not_included(make: Callable[..., Disk], root: Path, name: str) -> None:
    disk = make(include=("*.html", "*.html~"), exclude=("kept/",))
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text("x")
    assert disk.moved({str(root / name)}) == NOTHING


# What is watched


def test_the_folders_of_all_that_was_read_are_watched(make: Callable[..., Disk], root: Path, watcher: Watched) -> None:
    disk = make()
    disk.watch()
    assert watcher.wanted == {str(root)}
    read(disk, root / "pkg/part.py")
    disk.watch()
    assert watcher.wanted == {str(root), str(root / "pkg")}


def test_a_folder_that_is_missing_is_waited_for_above(make: Callable[..., Disk], root: Path, watcher: Watched) -> None:
    """Deleted together with its files, it comes back with the next checkout."""
    (root / "data").mkdir()
    disk = make()
    disk.was_read({str(root / "data/2024/prices.json"): ""})
    disk.watch()
    assert str(root / "data") in watcher.wanted
    (root / "data/2024").mkdir()
    (root / "data/2024/prices.json").write_text("x")
    assert disk.moved({str(root / "data/2024")}).files == (str(root / "data/2024/prices.json"),)


def test_all_folders_are_watched_for_included_files(make: Callable[..., Disk], root: Path, watcher: Watched) -> None:
    (root / ".git/objects").mkdir(parents=True)
    make(include=("*.html",)).watch()
    assert watcher.wanted == {str(root), str(root / "pkg")}


# Version control


@pytest.mark.parametrize("lock", ["index.lock", "HEAD.lock"])
def test_git_at_work(make: Callable[..., Disk], root: Path, lock: str) -> None:
    disk = make()
    assert not disk.lock()
    (root / ".git").mkdir()
    assert not disk.lock()
    (root / ".git" / lock).touch()
    assert disk.lock() == str(root / ".git" / lock)


def test_git_lock_counts_for_a_linked_worktree(make: Callable[..., Disk], root: Path) -> None:
    (root / "main/.git/worktrees/here").mkdir(parents=True)
    (root / ".git").write_text("gitdir: main/.git/worktrees/here\n")
    disk = make()
    assert not disk.lock()
    (root / "main/.git/worktrees/here/index.lock").touch()
    assert disk.lock()


def test_git_lock_does_not_count_when_it_was_left_behind(make: Callable[..., Disk], root: Path) -> None:
    (root / ".git").mkdir()
    (root / ".git/index.lock").touch()
    os.utime(root / ".git/index.lock", (1, 1))
    assert not make().lock()


def test_read_file_differs_when_the_report_is_late(make: Callable[..., Disk], root: Path) -> None:
    """While the app is served nothing is remembered of what moved."""
    disk = make()
    before = of_file(str(root / "app.py"))
    (root / "app.py").write_text("other")
    assert disk.was_read({str(root / "app.py"): before}) == Difference((str(root / "app.py"),))


def test_why_a_move_led_to_nothing(make: Callable[..., Disk], root: Path) -> None:
    disk = make(exclude=("kept/",))
    read(disk, root / "app.py")
    (root / "kept").mkdir()
    for name in ("other.py", "kept/a", "a.pyc"):
        (root / name).touch()
    names = ("app.py", "other.py", "kept/a", "pkg", "a.pyc", "sedX1")
    told = {name: disk.why_not(str(root / name)) for name in names}
    assert told == {
        "app.py": "its content is what the app was loaded from",
        "other.py": "the app did not read it while it was imported",
        "kept/a": "excluded by reload.exclude",
        "pkg": "",
        "a.pyc": "",
        "sedX1": "",  # it came and went
    }


def test_git_above_the_project(root: Path, watcher: Watched) -> None:
    (root / ".git").mkdir()
    (root / ".git/index.lock").touch()
    assert Disk(replace(plan_of(root), project=str(root / "pkg")), watcher, Timeline()).lock()


def test_a_file_behind_a_link(make: Callable[..., Disk], root: Path, watcher: Watched) -> None:
    (root / "elsewhere").mkdir()
    (root / "elsewhere/real.py").write_text("1")
    (root / "again.py").symlink_to("elsewhere/real.py")
    (root / "link.py").symlink_to("again.py")
    disk = make()
    disk.was_read({str(root / "link.py"): of_file(str(root / "link.py"))})
    disk.watch()
    assert str(root / "elsewhere") in watcher.wanted
    (root / "elsewhere/real.py").write_text("2")
    assert disk.moved({str(root / "elsewhere/real.py")}).files == (str(root / "link.py"),)


def test_a_link_that_leads_nowhere_yet(make: Callable[..., Disk], root: Path) -> None:
    (root / "link.py").symlink_to("later.py")
    disk = make()
    disk.was_read({str(root / "link.py"): ""})
    (root / "later.py").write_text("1")
    assert disk.moved({str(root / "later.py")}).files == (str(root / "link.py"),)


def test_the_names_in_a_folder(make: Callable[..., Disk], root: Path) -> None:
    (root / "data").mkdir()
    names = str(root / "data/")
    names = names if names.endswith("/") else names + "/"
    disk = make()
    disk.was_read({names: of_file(names)})
    (root / "data/new").write_text("1")
    assert disk.moved({str(root / "data/new")}).files == (names,)


def test_a_file_that_was_only_asked_for(make: Callable[..., Disk], root: Path) -> None:
    (root / "here.txt").write_text("1")
    disk = make()
    disk.was_read({str(root / "here.txt"): PRESENT})
    (root / "here.txt").write_text("2")
    assert disk.moved({str(root / "here.txt")}).files == ()
    (root / "here.txt").unlink()
    assert disk.moved({str(root / "here.txt")}).files == (str(root / "here.txt"),)


@pytest.mark.parametrize(
    ("digest", "expected"),
    [
        pytest.param("0123456789abcdef", True, id="read"),
        pytest.param("", True, id="looked-for-in-vain"),
        pytest.param(PRESENT, False, id="only-asked-for"),
        pytest.param(None, False, id="unknown"),
    ],
)
def test_whether_a_change_is_a_matter_of_reloads(
    make: Callable[..., Disk], root: Path, digest: str | None, expected: bool
) -> None:
    disk = make()
    path = str(root / "pkg" / "page.html")
    if digest is not None:
        disk.was_read({path: digest})
    assert disk.knows(path) is expected


def test_settings_and_included_files_are_a_matter_of_reloads(make: Callable[..., Disk], root: Path) -> None:
    disk = make(include=("*.py",))
    assert disk.knows(str(root / "devserver.toml"))
    assert disk.knows(str(root / "pkg" / "part.py"))


def test_folders_of_what_is_shown_are_watched_too(make: Callable[..., Disk], root: Path, watcher: Watched) -> None:
    (root / "static").mkdir()
    disk = make()
    assert disk.watch({str(root / "static"), str(root / "gone" / "away")})
    assert {str(root / "static"), str(root)} <= watcher.wanted
    assert not disk.watch({str(root / "static")})
