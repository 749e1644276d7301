"""What the disk says: real files, the system's own reports, and the gate that holds requests meanwhile."""

from __future__ import annotations

import io
import os
import select
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from launcher.console import Console
from launcher.plan import Address, Plan, Reload, Target
from launcher.supervisor.clock import Clock
from launcher.supervisor.disk import Difference
from launcher.supervisor.report import Report
from launcher.supervisor.saves import Saves
from launcher.supervisor.shown import Change
from launcher.supervisor.timeline import Timeline
from launcher.wire.digest import of_file
from launcher.wire.messages import Showing

LIMIT = 20.0


class Desk:
    """The disk of one project as it is followed, and all that was told of it."""

    def __init__(self, root: Path, **reload: object) -> None:
        self.root = root
        self.loading = False
        self.told: list[Difference] = []
        self.refreshed: list[Change] = []
        self.out = io.StringIO()
        self.clock = Clock()
        self.plan = Plan(
            project=str(root),
            profile="",
            target=Target("app", str(root), str(root)),
            address=Address(),
            roots=(str(root),),
            settings_files=(str(root / "devserver.toml"),),
            reload=replace(Reload(), **reload),  # type: ignore[arg-type]
        )
        report = Report(Console(self.out, cwd=str(root)), "0.1", str(root), verbose=True)
        self.saves = Saves(self.plan, Timeline(), self.clock, report)
        self.saves.differs = self.told.append
        self.saves.refresh = self.refreshed.append
        self.saves.is_loading = self.saves.is_importing = lambda: self.loading
        self.saves.has_built = lambda: False
        self.saves.read_up = lambda: None

    def path(self, name: str) -> str:
        """Return the path of a file, and for no name that of the folder's names."""
        return str(self.root / name) if name else f"{self.root}/"

    def read(self, *names: str) -> None:
        """Have these files read by a worker that serves afterwards."""
        self.saves.load_began(())
        self.saves.was_read({self.path(name): of_file(self.path(name)) for name in names})
        self.saves.settle()

    def save(self, name: str, text: str) -> None:
        (self.root / name).write_text(text)

    def wait(self, until: Callable[[], object]) -> None:
        """Do what the loop does, until it has come to this."""
        while not until():
            patience = self.clock.patience()
            ready, _, _ = select.select([self.saves], [], [], LIMIT if patience is None else patience)
            assert ready or patience is not None, "nothing is told"
            if ready:
                self.saves.take()
            self.clock.strike(lambda: True)

    def is_open(self) -> bool:
        """Say whether requests are answered: see `launcher/supervisor/gate.py`."""
        seen, settled = struct.unpack("=QQ", os.pread(self.saves._gate.fileno(), 16, 0))
        return bool(seen == settled)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    made: list[Desk] = []
    for name in ("app.py", "page.html", "devserver.toml"):
        (tmp_path / name).write_text("one")

    def desk(**reload: object) -> Desk:
        made.append(Desk(tmp_path, **reload))
        return made[-1]

    yield desk
    for desk_made in made:
        desk_made.saves.close()


def test_a_save_of_what_was_read_is_told(make: Callable[..., Desk]) -> None:
    desk = make()
    desk.read("app.py")
    desk.save("app.py", "two")
    desk.wait(lambda: desk.told)
    assert desk.told[0] == Difference((desk.path("app.py"),))
    assert desk.saves.woken > 0
    assert desk.is_open()
    assert desk.saves.count() == 1
    assert desk.saves.last_read == desk.path("app.py")


def test_what_the_loading_worker_has_just_read_counts_for_a_save(make: Callable[..., Desk]) -> None:
    """Nobody is woken when it reads, so it has to be asked."""
    desk = make()
    (desk.root / "views.py").write_text("1")
    desk.read("app.py")
    desk.loading = True
    desk.saves.load_began(())
    before = of_file(desk.path("views.py"))
    desk.saves.read_up = lambda: desk.saves.was_read({desk.path("views.py"): before})
    desk.save("views.py", "2")
    desk.wait(lambda: desk.told)
    assert desk.told == [Difference((desk.path("views.py"),))]


def test_no_request_is_answered_until_a_save_is_decided_about(make: Callable[..., Desk]) -> None:
    desk = make()
    desk.read("app.py")
    states: list[bool] = []
    desk.saves.differs = lambda _: states.append(desk.is_open())
    desk.save("app.py", "two")
    desk.wait(lambda: states)
    assert states[0] is False
    assert desk.is_open()


def test_settings_are_told_when_they_have_settled_and_modules_with_them(make: Callable[..., Desk]) -> None:
    desk = make()
    desk.read("app.py")
    desk.save("devserver.toml", "")
    desk.saves.take()
    desk.save("app.py", "two")
    desk.saves.take()
    desk.save("devserver.toml", "two")
    desk.saves.take()
    assert desk.told == []
    assert not desk.is_open()
    desk.wait(lambda: desk.told)
    assert desk.told == [Difference((desk.path("app.py"),), settings=True)]
    assert desk.is_open()


@pytest.mark.parametrize("ends", ["moved", "removed"])
def test_folder_is_not_told_when_a_draft_came_and_went(make: Callable[..., Desk], ends: str) -> None:
    """A draft under a name that no list knows is in the folder when the supervisor looks."""
    desk = make()
    desk.read("app.py", "")
    desk.save("app.py-x7", "two")
    desk.saves.take()
    assert (desk.told, desk.is_open()) == ([], False)
    if ends == "moved":
        (desk.root / "app.py-x7").replace(desk.root / "app.py")
    else:
        (desk.root / "app.py-x7").unlink()
    desk.wait(desk.is_open)
    told = {path for difference in desk.told for path in difference.files}
    assert told == ({desk.path("app.py")} if ends == "moved" else set())


def test_folder_is_told_when_a_new_name_stays(make: Callable[..., Desk]) -> None:
    desk = make()
    desk.read("app.py", "")
    desk.save("notes.txt", "new")
    desk.wait(lambda: desk.told)
    assert desk.told == [Difference((desk.path(""),))]
    assert desk.is_open()


def test_nothing_is_answered_while_the_first_load_reads(make: Callable[..., Desk]) -> None:
    desk = make()
    desk.loading = True
    desk.saves.shut()
    desk.saves.shut()
    desk.read("app.py")
    assert not desk.is_open()
    desk.loading = False
    desk.saves.settle()
    assert desk.is_open()


def test_quiet_is_told_after_a_last_look(make: Callable[..., Desk]) -> None:
    desk = make()
    desk.read("app.py")
    heard: list[str] = []
    desk.saves.await_quiet(lambda: heard.append("quiet"))
    desk.wait(lambda: heard)
    assert desk.told == []


def test_what_a_page_shows_refreshes_it(make: Callable[..., Desk]) -> None:
    desk = make()
    desk.read("app.py")
    page = desk.path("page.html")
    desk.saves.was_shown(Showing(page, of_file(page), style=False))
    desk.save("page.html", "two")
    desk.wait(lambda: desk.refreshed)
    assert desk.refreshed == [Change((page,))]
    assert desk.told == []


def test_a_reload_refreshes_pages_by_itself(make: Callable[..., Desk]) -> None:
    desk = make()
    desk.read("app.py")
    page = desk.path("page.html")
    desk.saves.was_shown(Showing(page, of_file(page), style=False))
    desk.wait(lambda: desk.clock.patience() is None)
    desk.save("page.html", "two")
    desk.saves.take()
    desk.saves.pages_are_new()
    desk.wait(lambda: desk.clock.patience() is None)
    assert desk.refreshed == []


def test_why_a_file_led_to_nothing_is_explained(make: Callable[..., Desk]) -> None:
    desk = make()
    desk.read("app.py")
    desk.save("page.html", "two")
    desk.wait(desk.out.getvalue)
    assert "page.html" in desk.out.getvalue()


def test_what_is_explained_may_be_written_to_a_file_that_is_watched(make: Callable[..., Desk]) -> None:
    desk = make()
    desk.read("app.py")
    for text in ("two", "three"):
        desk.save("out.log", text)
        desk.saves.take()
    assert desk.out.getvalue().count("out.log") == 1


def test_the_disk_is_looked_at_where_nothing_is_reported(make: Callable[..., Desk]) -> None:
    desk = make(poll=0.01)
    desk.read("app.py")
    desk.save("app.py", "two")
    desk.wait(lambda: desk.told)
    assert desk.told[0].files == (desk.path("app.py"),)


@pytest.mark.parametrize(("before", "after"), [(0.0, 0.01), (0.01, 0.0)], ids=["to-polling", "to-events"])
def test_another_way_of_watching_is_in_force_at_once(make: Callable[..., Desk], before: float, after: float) -> None:
    desk = make(poll=before)
    desk.read("app.py")
    desk.saves.use(replace(desk.plan, reload=Reload(poll=after)))
    desk.saves.settle()
    desk.save("app.py", "two")
    desk.wait(lambda: desk.told)
    assert desk.told[0].files == (desk.path("app.py"),)


def test_nothing_is_followed_where_nothing_is_reloaded(make: Callable[..., Desk]) -> None:
    desk = make(enabled=False)
    desk.read("app.py")
    desk.save("app.py", "two")
    desk.saves.take()
    desk.saves.settle()
    assert desk.told == []


def test_what_is_to_be_watched_besides_is_watched_at_once(make: Callable[..., Desk]) -> None:
    desk = make()
    (desk.root / "data").mkdir()
    desk.save("data/menu.yaml", "one")
    desk.read("app.py")
    desk.saves.use(replace(desk.plan, reload=Reload(include=("*.yaml",))))
    desk.wait(lambda: desk.clock.patience() is None)
    desk.save("data/menu.yaml", "two")
    desk.wait(lambda: desk.told)
    assert desk.told[0].files == (desk.path("data/menu.yaml"),)


def test_what_pages_show_is_watched_still_when_a_folder_is_made(make: Callable[..., Desk]) -> None:
    desk = make()
    (desk.root / "templates").mkdir()
    desk.save("templates/page.html", "one")
    desk.read("app.py")
    page = desk.path("templates/page.html")
    desk.saves.was_shown(Showing(page, of_file(page), style=False))
    desk.wait(lambda: desk.clock.patience() is None)
    (desk.root / "new").mkdir()
    desk.saves.take()
    desk.save("templates/page.html", "two")
    desk.wait(lambda: desk.refreshed)
    assert desk.refreshed == [Change((page,))]


def test_quiet_is_not_told_while_settings_have_not_settled(make: Callable[..., Desk]) -> None:
    desk = make(poll=60.0)
    desk.read("app.py")
    heard: list[str] = []

    def differs(difference: Difference) -> None:
        assert difference.settings
        desk.saves.settings_were_read()
        heard.append("settings")

    desk.saves.differs = differs
    desk.saves.await_quiet(lambda: heard.append("quiet"))
    desk.save("devserver.toml", "two")
    desk.wait(lambda: "quiet" in heard)
    assert heard == ["settings", "quiet"]


def test_one_look_at_what_is_shown_is_enough_however_often_it_moves(make: Callable[..., Desk]) -> None:
    desk = make()
    desk.read("app.py")
    page = desk.path("page.html")
    desk.saves.was_shown(Showing(page, of_file(page), style=False))
    desk.wait(lambda: desk.clock.patience() is None)
    for number in range(50):
        desk.save("page.html", str(number))
        desk.saves.take()
    assert len(desk.clock._due) == 1
    desk.wait(lambda: desk.refreshed)
