"""Which changes are the work of the load itself: stories of loads, saves and looks, told second by second."""

from __future__ import annotations

import pytest

from launcher.supervisor.loops import (
    CHAIN_LOADS,
    CHAIN_SECONDS,
    QUIET_SECONDS,
    ROW_LOADS,
    ROW_SECONDS,
    TRIES,
    Found,
    Loops,
    Verdict,
)


class Story:
    """A server whose loads take a while, and what came of each change."""

    def __init__(self, load: float = 0.5, *, builds: bool = False) -> None:
        self.loops = Loops()
        self.now = 0.0
        self.loads = 0
        self.named: list[str] = []
        self._load = load
        self._builds = builds

    def save(self, *files: str, reported: bool = True) -> Verdict:
        """Change files while the app is served; load if that counts, and have nothing change in that load."""
        return self._follow(Found(files, reported=reported))

    def import_changing(self, *files: str) -> Verdict:
        """Load the app, which reads these files, while they change; load again while that counts, to a limit."""
        self.begin()
        for _ in range(200):
            half = self.loops.judge(Found(files, loading=True, builds=self._builds, read=files), self.now)
            self.named += half.named
            if half.act:
                self.begin()
                continue
            self.now += self._load
            if half.wait:
                found = Found(files, loading=True, ended=True, reported=False, builds=self._builds)
                verdict = self.loops.judge(found, self.now)
                self.named += verdict.named
                if verdict.act:
                    self.begin()
                    continue
            self.loops.ends(self.now)
            return half
        raise AssertionError("the loop does not end")

    def look(self, *files: str) -> Verdict:
        """Look at the disk, where these files differ without a report."""
        self.loops.keep(files)
        return self._follow(Found(files, reported=False))

    def begin(self) -> None:
        self.loads += 1
        self.loops.begins()

    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    def _follow(self, found: Found) -> Verdict:
        verdict = self.loops.judge(found, self.now)
        self.named += verdict.named
        if verdict.act:
            self.begin()
            self.now += self._load
            self.loops.ends(self.now)
        return verdict


def test_each_save_of_a_person_counts_however_quick() -> None:
    story = Story(load=0.01)
    for _ in range(1000):
        assert story.save("app.py").act == ("app.py",)
        story.pass_time(0.001)
    assert story.named == []


@pytest.mark.parametrize("load", [0.1, 0.6, 5.0])
@pytest.mark.parametrize("files", [("a",), ("a", "b")], ids=["one", "two"])
def test_a_file_that_each_import_changes_is_named_and_then_served(load: float, files: tuple[str, ...]) -> None:
    story = Story(load)
    story.import_changing(*files)
    assert story.named == list(files)
    assert story.now <= CHAIN_SECONDS + load * (CHAIN_LOADS + 1)


def test_a_file_that_a_build_changes_is_known_after_three_loads() -> None:
    story = Story(load=0.2, builds=True)
    story.import_changing("made.py")
    assert (story.named, story.loads) == (["made.py"], 1 + CHAIN_LOADS - 1)


def test_two_files_that_change_in_turn_are_both_named() -> None:
    story = Story(load=0.5)
    story.begin()
    for count in range(100):
        found = Found(("ab"[count % 2],), loading=True, ended=True, reported=False)
        verdict = story.loops.judge(found, story.now)
        story.named += verdict.named
        if not verdict.act and len(story.named) == 2:
            break
        story.pass_time(0.5)
    assert sorted(story.named) == ["a", "b"]


def test_a_file_that_differs_at_each_look_is_named_and_ignored_in_the_end() -> None:
    story = Story(load=0.1)
    for _ in range(1000):
        story.look("uptime")
        story.pass_time(0.2)
    assert story.named == ["uptime"]
    assert story.loads <= CHAIN_LOADS + 1


def test_the_last_save_counts_when_a_suspect_is_left_alone() -> None:
    """A person who saves all the time while a slow import runs loses nothing."""
    story = Story(load=0.6)
    story.import_changing("models.py")
    assert story.look("models.py").act == ()
    wait = story.loops.next_look(story.now)
    assert wait is not None
    story.pass_time(wait)
    assert wait <= QUIET_SECONDS
    assert story.look("models.py").act == ("models.py",)
    story.look()
    assert story.save("models.py").act == ("models.py",)


def test_a_file_that_changes_in_each_try_is_ignored_while_loads_run() -> None:
    story = Story(load=0.6)
    story.import_changing("made.py")
    loads = story.loads
    for _ in range(200):
        story.pass_time(QUIET_SECONDS)
        if story.loops.judge(Found(("made.py",), reported=False), story.now).act:
            story.import_changing("made.py")
    assert story.loads - loads == TRIES
    assert story.loops.next_look(story.now) is None
    assert story.named == ["made.py"]


def test_a_save_of_an_ignored_file_counts() -> None:
    story = Story(load=0.2, builds=True)
    story.import_changing("made.py")
    story.pass_time(60)
    assert story.look("made.py").act == ("made.py",)
    story.import_changing("made.py")
    story.pass_time(60)
    assert story.look("made.py").act == ()
    assert story.save("made.py").act == ("made.py",)


def test_other_files_count_while_one_is_ignored() -> None:
    story = Story()
    story.import_changing("made.py")
    assert story.save("app.py", "made.py").act == ("app.py",)


def test_a_program_that_writes_all_the_time_is_ignored_until_it_stops() -> None:
    story = Story(load=0.05)
    for _ in range(ROW_LOADS * 10):
        story.save("data.json")
        story.pass_time(0.3)
    assert story.named == ["data.json"]
    assert story.loads == ROW_LOADS - 1
    story.pass_time(ROW_SECONDS)
    assert story.look("data.json").act == ("data.json",)


def test_the_last_write_of_a_program_counts_however_often_it_was_tried() -> None:
    story = Story(load=0.6)
    story.import_changing("data.json")
    for _ in range(2 * TRIES):
        story.pass_time(2 * QUIET_SECONDS)
        assert story.save("data.json").act == ()
        story.pass_time(100)
        if story.loops.judge(Found(("data.json",), reported=False), story.now).act:
            story.import_changing("data.json")
    story.pass_time(1000)
    assert story.look("data.json").act == ("data.json",)


def test_a_program_that_writes_soon_after_each_load_is_ignored_in_the_end() -> None:
    story = Story(load=0.05)
    loads = -1
    for count in range(20_000):
        if loads != story.loads:
            loads, story.now = story.loads, story.now + 1.0
            story.save("data.json")
        else:
            story.pass_time(1.0)
            story.look("data.json")
        if count == 10_000:
            early = story.loads
    assert story.named == ["data.json"]
    assert story.loads == early <= ROW_LOADS + TRIES


@pytest.mark.parametrize(
    ("found", "waits"),
    [
        (Found(("app.py",), loading=True, read=("app.py",)), False),
        (Found(("app.py", "new"), loading=True, read=("app.py",)), False),
        (Found(("new",), loading=True), True),
        (Found(("app.py",), loading=True, read=("app.py",), builds=True), True),
    ],
    ids=["read", "read-and-new", "new", "builds"],
)
def test_a_load_is_given_up_only_for_a_change_that_it_has_not_made(found: Found, waits: bool) -> None:
    verdict = Loops().judge(found, 0.0)
    assert (verdict.wait, bool(verdict.act)) == (waits, not waits)


def test_where_the_system_reports_nothing_a_save_is_no_loop() -> None:
    story = Story(load=0.1)
    for _ in range(100):
        assert story.loops.judge(Found(("app.py",), reported=False, reports=False), story.now).act
        story.pass_time(2.0)
