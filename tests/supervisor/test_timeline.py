"""The choice of the snapshot to go back to: stories, and the same rule told naively."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.supervisor.timeline import Snapshot, Timeline
from launcher.wire.digest import FOLDER, MISSING, PRESENT
from launcher.wire.opening import Opening

MODELS, VIEWS, LOADED = Snapshot(1, "shop.models"), Snapshot(2, "shop.views"), Snapshot(3)


@pytest.fixture
def timeline() -> Timeline:
    """An app of three files: `__init__`, then `models`, then `views`, with a snapshot before each and at the end."""
    timeline = Timeline()
    timeline.read({"init": "1"})
    timeline.add(MODELS)
    timeline.read({"models": "1"})
    timeline.add(VIEWS)
    timeline.read({"views": "1"})
    timeline.add(LOADED)
    return timeline


def stretches(timeline: Timeline) -> list[tuple[Snapshot | None, dict[str, str]]]:
    """Return each snapshot, first None for the beginning, with the files read after it."""
    return [(stretch.snapshot, dict(stretch.files)) for stretch in timeline._stretches]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param(["init"], None, id="read-before-any-snapshot"),
        pytest.param(["models"], MODELS, id="first-module"),
        pytest.param(["views"], VIEWS, id="last-module"),
        pytest.param(["views", "models"], MODELS, id="two-files-the-earlier-one-counts"),
        pytest.param(["views", "init"], None, id="two-files-one-of-them-before-all"),
        pytest.param(["unread"], LOADED, id="nobody-read-it"),
        pytest.param([], LOADED, id="nothing"),
    ],
)
def test_back_to_the_newest_that_has_read_none_of_it(
    timeline: Timeline, changed: list[str], expected: Snapshot | None
) -> None:
    assert timeline.choose(changed) == expected


def test_before_anything_there_is_nothing_to_go_back_to() -> None:
    timeline = Timeline()
    assert (timeline.choose(["a"]), timeline.snapshots) == (None, [])
    assert timeline.go_back(None) == []


def test_what_was_read_after_the_last_snapshot(timeline: Timeline) -> None:
    timeline.read({"late": "1"})
    assert timeline.choose(["late"]) == LOADED


@pytest.mark.parametrize(
    ("snapshot", "expected"), [(MODELS, ["models", "views"]), (VIEWS, ["views"]), (LOADED, [])], ids=str
)
def test_what_was_read_after_a_snapshot(timeline: Timeline, snapshot: Snapshot, expected: list[str]) -> None:
    assert timeline.after(snapshot) == expected


def test_what_was_only_looked_for_was_not_read(timeline: Timeline) -> None:
    timeline.read({"gone": MISSING, "there": PRESENT, "folder": FOLDER, "names/": "1", "late": "1"})
    assert timeline.after(LOADED) == ["late"]


def test_a_second_reading_does_not_count(timeline: Timeline) -> None:
    """The copy of VIEWS holds the file as it was first read."""
    timeline.read({"models": "2"})
    assert timeline.choose(["models"]) == MODELS
    assert timeline.known["models"] == "1"


def test_going_back_forgets_what_came_after(timeline: Timeline) -> None:
    assert timeline.go_back(MODELS) == [VIEWS, LOADED]
    assert timeline.snapshots == [MODELS]
    assert timeline.snapshots[-1] == MODELS
    assert timeline.known == {"init": "1"}
    timeline.read({"models": "2"})
    assert timeline.choose(["models"]) == MODELS
    assert timeline.known == {"init": "1", "models": "2"}


@pytest.mark.parametrize("whereto", [None, Snapshot(9, "gone")], ids=["the-beginning", "an-unknown-snapshot"])
def test_going_back_to_the_beginning_forgets_everything(timeline: Timeline, whereto: Snapshot | None) -> None:
    assert timeline.go_back(whereto) == [MODELS, VIEWS, LOADED]
    assert (timeline.known, timeline.snapshots) == ({}, [])
    assert stretches(timeline) == [(None, {})]


def test_a_lost_snapshot_leaves_its_files_to_the_one_before(timeline: Timeline) -> None:
    timeline.remove(VIEWS.number)
    assert timeline.snapshots == [MODELS, LOADED]
    assert timeline.choose(["views"]) == MODELS
    timeline.remove(MODELS.number)
    assert timeline.choose(["views"]) is None
    assert timeline.choose([]) == LOADED


def test_removing_what_is_not_there_changes_nothing(timeline: Timeline) -> None:
    before = stretches(timeline)
    timeline.remove(99)
    assert stretches(timeline) == before


# The library base

BASE = Snapshot(7)


def test_a_base_comes_before_everything_that_it_has_not_read(timeline: Timeline) -> None:
    assert timeline.set_base(BASE, {"flask": "1"}, bare=()) == []
    assert timeline.snapshots == [BASE, MODELS, VIEWS, LOADED]
    assert timeline.choose(["init"]) == BASE
    assert timeline.choose(["flask"]) is None
    assert timeline.known["flask"] == "1"


def test_a_base_ends_the_snapshots_that_lack_its_libraries(timeline: Timeline) -> None:
    assert timeline.set_base(BASE, {"flask": "1"}, bare=(1, 2)) == [MODELS, VIEWS]
    assert timeline.snapshots == [BASE, LOADED]
    assert [timeline.choose([path]) for path in ("init", "models", "views")] == [BASE] * 3


def test_what_the_base_has_read_is_not_what_came_after_it(timeline: Timeline) -> None:
    """Or else a file of a library would be forgotten with the snapshots, though the base goes on holding it."""
    timeline.set_base(BASE, {"init": "1", "views": "1"}, bare=())
    assert timeline.choose(["views"]) is None
    timeline.go_back(BASE)
    assert timeline.known == {"init": "1", "views": "1"}
    assert timeline.choose(["views"]) is None


def test_a_base_that_has_read_what_the_app_only_asked_for() -> None:
    timeline = Timeline()
    timeline.read({"flask": PRESENT})
    timeline.set_base(BASE, {"flask": "1"}, bare=())
    assert timeline.known == {"flask": "1"}


def test_a_base_that_has_asked_for_what_the_app_has_read(timeline: Timeline) -> None:
    timeline.set_base(BASE, {"views": PRESENT}, bare=())
    assert timeline.choose(["views"], there=["views"]) == VIEWS
    assert timeline.choose(["views"]) is None


# What was only asked for


@pytest.fixture
def asked() -> Timeline:
    """As `importlib` and people do: there is a file, says the first stretch, and the second one reads it."""
    timeline = Timeline()
    timeline.add(MODELS)
    timeline.read({"views": PRESENT, "models": "1"})
    timeline.add(VIEWS)
    timeline.read({"views": "1"})
    timeline.add(LOADED)
    return timeline


@pytest.mark.parametrize(
    ("changed", "there", "expected"),
    [
        pytest.param(["views"], ["views"], VIEWS, id="the-answer-is-the-same"),
        pytest.param(["views"], [], MODELS, id="it-is-gone"),
        pytest.param(["views", "models"], ["views", "models"], MODELS, id="what-was-read-counts"),
    ],
)
def test_a_file_that_was_asked_for_before_it_was_read(
    asked: Timeline, changed: list[str], there: list[str], expected: Snapshot
) -> None:
    assert asked.choose(changed, there) == expected


def test_going_back_leaves_what_was_asked_for_before(asked: Timeline) -> None:
    assert asked.known["views"] == "1"
    asked.go_back(VIEWS)
    assert asked.known == {"views": PRESENT, "models": "1"}
    asked.read({"views": "2"})
    assert asked.known["views"] == "2"
    asked.go_back(MODELS)
    assert asked.known == {}


# What is known of a file


@pytest.mark.parametrize(
    ("first", "second", "known"),
    [
        pytest.param("1", "2", "1", id="the-first-reading-counts"),
        pytest.param(PRESENT, "1", "1", id="asked-for-then-read"),
        pytest.param("1", PRESENT, "1", id="read-then-asked-for"),
        pytest.param(PRESENT, MISSING, PRESENT, id="it-went-in-between"),
        pytest.param(PRESENT, FOLDER, PRESENT, id="it-became-a-folder-in-between"),
        pytest.param(MISSING, "1", MISSING, id="it-came-in-between"),
    ],
)
def test_two_readings(first: str, second: str, known: str) -> None:
    timeline = Timeline()
    timeline.read({"file": first})
    timeline.add(LOADED)
    timeline.read({"file": second})
    assert timeline.known == {"file": known}
    assert timeline.choose(["file"]) is None


@pytest.mark.parametrize(
    ("known", "other", "agrees"),
    [
        ("1", "1", True),
        ("1", "2", False),
        (PRESENT, "1", True),
        ("1", PRESENT, True),
        (PRESENT, PRESENT, True),
        (PRESENT, MISSING, False),
        (MISSING, PRESENT, False),
        (FOLDER, PRESENT, False),
        (PRESENT, FOLDER, False),
        (MISSING, "1", False),
        (FOLDER, FOLDER, True),
        (MISSING, MISSING, True),
    ],
)
def test_another_process_agrees(known: str, other: str, agrees: bool) -> None:
    timeline = Timeline()
    timeline.read({"file": known})
    assert timeline.agrees({"unread": "5", "file": other}) is agrees


def test_the_parts_in_order(timeline: Timeline) -> None:
    assert stretches(timeline) == [
        (None, {"init": "1"}),
        (MODELS, {"models": "1"}),
        (VIEWS, {"views": "1"}),
        (LOADED, {}),
    ]


# The same, told naively


@dataclass
class Naive:
    """A plain list of what happened: a file was read (a text), or a snapshot was taken."""

    events: list[str | Snapshot] = field(default_factory=list)
    pending: str = ""
    """The source that a copy will read again, and has not yet."""

    def known(self) -> set[str]:
        return {event for event in self.events if isinstance(event, str) and event != self.pending}

    def snapshots(self) -> list[Snapshot]:
        return [event for event in self.events if isinstance(event, Snapshot)]

    def before(self, snapshot: Snapshot) -> set[str | Snapshot]:
        return set(self.events[: self.events.index(snapshot)])

    def read(self, paths: list[str]) -> None:
        self.events.extend(path for path in paths if path not in self.known())
        self.pending = "" if self.pending in paths else self.pending

    def choose(self, changed: list[str], *, has_run: bool) -> Snapshot | None:
        suitable = []
        for snapshot in self.snapshots():
            may_differ = {snapshot.opening.path} if snapshot.opening and has_run else set()
            if self.before(snapshot) & set(changed) <= may_differ:
                suitable.append(snapshot)
        return suitable[-1] if suitable else None

    def go_back(self, snapshot: Snapshot | None) -> list[Snapshot]:
        end = self.events.index(snapshot) + 1 if snapshot is not None else 0
        gone = [event for event in self.events[end:] if isinstance(event, Snapshot)]
        del self.events[end:]
        self.pending = ""
        return gone

    def set_base(self, base: Snapshot, paths: list[str], bare: list[int]) -> list[Snapshot]:
        gone = [snapshot for snapshot in self.snapshots() if snapshot.number in bare]
        rest = [event for event in self.events if event not in paths and event not in gone]
        self.events = [*dict.fromkeys(paths), base, *rest]
        self.pending = "" if self.pending in paths else self.pending
        return gone


PATHS = st.lists(st.sampled_from("abcdef"), max_size=3)
NUMBERS = st.integers(0, 9)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), PATHS),
        st.tuples(st.just("add"), st.sampled_from("abcdef") | st.none()),
        st.tuples(st.just("remove"), NUMBERS | st.integers(100, 110)),
        st.tuples(st.just("reload"), st.tuples(PATHS, st.booleans(), st.sampled_from(["gone", "begun", "read"]))),
        st.tuples(st.just("base"), st.tuples(PATHS, st.lists(NUMBERS, max_size=3))),
        st.tuples(st.just("cold"), st.none()),
    ),
    max_size=25,
)


@given(STEPS)
def test_it_is_the_naive_rule_where_no_content_changes(steps: list[tuple[str, object]]) -> None:
    timeline, naive, has_base = Timeline(), Naive(), False
    for number, (step, what) in enumerate(steps):
        if step == "read":
            timeline.read(dict.fromkeys(what, "same"))  # type: ignore[call-overload]
            naive.read(what)  # type: ignore[arg-type]
        elif step == "add":
            opening = Opening(what, 1, "") if what in naive.events else None  # type: ignore[arg-type]
            timeline.add(Snapshot(number, opening=opening))
            naive.events.append(Snapshot(number, opening=opening))
        elif step == "remove":
            timeline.remove(what)  # type: ignore[arg-type]
            naive.events = [
                event for event in naive.events if not (isinstance(event, Snapshot) and event.number == what)
            ]
        elif step == "reload":
            paths, has_run, comes_to = what  # type: ignore[misc]
            chosen = timeline.choose(paths, has_run=lambda opening, answer=has_run: answer)
            assert chosen == naive.choose(paths, has_run=has_run)
            assert timeline.go_back(chosen) == naive.go_back(chosen)
            if chosen is not None and chosen.opening is not None and comes_to != "gone":
                timeline.reads_again(chosen.opening)
                naive.pending = chosen.opening.path
                if comes_to == "read":
                    timeline.read({chosen.opening.path: "same"})
                    naive.read([chosen.opening.path])
            has_base = has_base and chosen is not None
        elif step == "base" and not has_base:
            paths, bare = what  # type: ignore[misc]
            base = Snapshot(100 + number)
            assert timeline.set_base(base, dict.fromkeys(paths, "same"), bare) == naive.set_base(base, paths, bare)
            has_base = True
        elif step == "cold":
            assert timeline.go_back(None) == naive.go_back(None)
            has_base = False
        assert timeline.snapshots == naive.snapshots()
        assert set(timeline.known) == naive.known()
        for path in "abcdef":
            assert timeline.choose([path]) == naive.choose([path], has_run=False)


# The opening of a module

INSIDE = Snapshot(4, "shop.views", Opening("init", 20, "abc"))


def test_snapshot_that_ran_older_text_of_a_module_is_not_resumed() -> None:
    """`app` imports `pkg`, which imports `mod`; the newest worker has read `app` again, the older snapshots have not."""
    in_app, in_pkg, last = Opening("app", 20, "abc"), Opening("pkg", 10, "def"), Opening("app", 40, "ghi")
    before_pkg, before_mod = Snapshot(1, "pkg", in_app), Snapshot(2, "mod", in_pkg)
    before_end = Snapshot(3, "end", last)
    timeline = Timeline()
    timeline.read({"app": "1"})
    timeline.add(before_pkg)
    timeline.read({"pkg": "1"})
    timeline.add(before_mod)
    timeline.read({"mod": "1"})
    timeline.add(before_end)
    timeline.read({"end": "1"})
    assert timeline.choose(["app"], ["app"], lambda opening: True) == before_end
    timeline.go_back(before_end)
    timeline.reads_again(last)
    timeline.read({"app": "2"})
    after = Snapshot(4)
    timeline.add(after)

    def choose(changed: str, has_run: bool = True) -> Snapshot | None:
        return timeline.choose([changed], [changed], lambda opening: has_run)

    assert choose("unread") == after, "it has the newest text"
    assert choose("mod") == before_pkg, "a copy of `before_mod` would finish the old `app`"
    assert choose("mod", has_run=False) is None, "the new text has another beginning"


@pytest.fixture
def inside() -> Timeline:
    """The app is `init`, which imports `models` and then `views`; before that comes the snapshot inside of `init`."""
    timeline = Timeline()
    timeline.add(MODELS)
    timeline.read({"init": "1", "models": "1"})
    timeline.add(INSIDE)
    timeline.read({"views": "1"})
    timeline.add(LOADED)
    return timeline


@pytest.mark.parametrize(
    ("changed", "is_as_it_was", "expected"),
    [
        pytest.param(["init"], True, INSIDE, id="behind-the-opening"),
        pytest.param(["init"], False, MODELS, id="in-the-opening"),
        pytest.param(["init", "views"], True, INSIDE, id="with-what-is-imported-there"),
        pytest.param(["init", "models"], True, MODELS, id="with-what-was-imported-before"),
        pytest.param(["models"], True, MODELS, id="what-was-imported-before"),
        pytest.param(["views"], False, INSIDE, id="what-is-imported-there"),
    ],
)
def test_the_module_in_which_a_snapshot_was_taken_may_change_behind_its_opening(
    inside: Timeline, changed: list[str], is_as_it_was: bool, expected: Snapshot
) -> None:
    asked: list[Opening] = []

    def has_run(opening: Opening) -> bool:
        asked.append(opening)
        return is_as_it_was

    assert inside.choose(changed, has_run=has_run) == expected
    assert asked == ([INSIDE.opening] if set(changed) in ({"init"}, {"init", "views"}) else [])


def test_the_rest_of_a_module_is_read_again_each_time(inside: Timeline) -> None:
    for digest, gone in (("2", [LOADED]), ("3", [])):
        assert inside.go_back(INSIDE) == gone
        assert inside.known == {"init": "1", "models": "1"}
        inside.reads_again(INSIDE.opening)
        assert inside.known == {"models": "1"}
        inside.read({"init": digest, "views": "1"})
        assert inside.known == {"init": digest, "models": "1", "views": "1"}
    assert inside.choose(["init"], has_run=lambda opening: False) == MODELS
    inside.go_back(MODELS)
    assert inside.known == {}


def test_a_source_that_a_copy_did_not_come_to_read_again_is_still_known(timeline: Timeline) -> None:
    """The next save comes so soon that the copy is given up, and leads to an earlier snapshot, which has read it."""
    timeline.add(INSIDE)
    timeline.reads_again(INSIDE.opening)
    assert timeline.go_back(MODELS) == [VIEWS, LOADED, INSIDE]
    assert timeline.known == {"init": "1"}


def test_what_was_read_again_is_known_as_it_was_read_last() -> None:
    """The opening runs up to `models`, then, longer by now, up to `views`; the next save leads in between."""
    timeline = Timeline()
    timeline.read({"init": "1"})
    timeline.add(Snapshot(1, "models", Opening("init", 10, "a")))
    timeline.reads_again(Opening("init", 10, "a"))
    timeline.read({"init": "2", "models": "1"})
    timeline.add(Snapshot(2, "between"))
    timeline.add(Snapshot(3, "views", Opening("init", 20, "b")))
    assert timeline.go_back(Snapshot(3, "views", Opening("init", 20, "b"))) == []
    assert timeline.known["init"] == "2"
    timeline.reads_again(Opening("init", 20, "b"))
    timeline.go_back(Snapshot(2, "between"))
    assert timeline.known == {"init": "2", "models": "1"}


def test_a_snapshot_that_is_lost_leaves_known_what_it_has_read(inside: Timeline) -> None:
    inside.go_back(INSIDE)
    inside.remove(INSIDE.number)
    assert inside.known == {"init": "1", "models": "1"}


def test_what_a_load_has_not_read_yet_is_not_forgotten(timeline: Timeline) -> None:
    before = dict(timeline.known)
    timeline.go_back(None)
    assert timeline.unread == before
    path, *others = before
    timeline.read({path: "new"})
    assert timeline.unread == {other: before[other] for other in others}
    timeline.go_back(None)
    assert timeline.unread == {**before, path: "new"}


def test_a_file_that_was_only_asked_for_is_still_unread() -> None:
    timeline = Timeline()
    timeline.read({"/p/d.txt": "1"})
    timeline.go_back(None)
    timeline.read({"/p/d.txt": PRESENT})
    assert timeline.unread == {"/p/d.txt": "1"}
    timeline.read(timeline.unread.copy())
    assert timeline.known == {"/p/d.txt": "1"}


# Edits that are swapped into the loaded app


@pytest.fixture
def sources() -> Timeline:
    """As `timeline`, with names of sources, a data file, and a module that was read after the app was loaded."""
    timeline = Timeline()
    timeline.read({"init.py": "1"})
    timeline.add(MODELS)
    timeline.read({"models.py": "1", "data.txt": "1"})
    timeline.add(VIEWS)
    timeline.read({"views.py": "1"})
    timeline.add(LOADED)
    timeline.read({"late.py": "1"})
    return timeline


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param(["views.py"], ("views.py",), id="one"),
        pytest.param(["views.py", "init.py"], ("init.py", "views.py"), id="several"),
        pytest.param(["views.py", "late.py"], ("views.py",), id="what-was-read-later-is-imported-anyway"),
        pytest.param(["data.txt"], (), id="no-source"),
        pytest.param(["views.py", "data.txt"], (), id="a-data-file-besides"),
        pytest.param(["late.py"], (), id="nothing-to-swap"),
        pytest.param(["gone.py"], (), id="not-read"),
    ],
)
def test_swap_needs_sources_that_the_loaded_app_has_read(sources: Timeline, changed, expected) -> None:
    assert sources.to_swap(LOADED, changed, lambda path: True) == expected


def test_swap_is_impossible_without_the_file(sources: Timeline) -> None:
    assert sources.to_swap(LOADED, ["views.py"], lambda path: False) == ()


def test_swap_takes_in_all_that_differs_from_the_snapshot(sources: Timeline) -> None:
    sources.swapped(LOADED, ["models.py"])
    sources.read({"models.py": "2"})
    assert sources.known["models.py"] == "2"
    assert sources.to_swap(LOADED, ["views.py"], lambda path: True) == ("models.py", "views.py")


def test_snapshot_with_old_code_of_a_swapped_source_is_not_resumed(sources: Timeline) -> None:
    """The snapshot before `views` has imported the old `models`: an edit of `views` alone must not bring it back."""
    sources.swapped(LOADED, ["models.py"])
    sources.read({"models.py": "2"})
    assert sources.choose(["views.py"], ["views.py"]) == MODELS
    assert sources.choose(["late.py"], ["late.py"]) == MODELS


def test_swapped_source_is_as_others_once_it_was_imported_again(sources: Timeline) -> None:
    sources.swapped(LOADED, ["models.py"])
    sources.read({"models.py": "2"})
    sources.go_back(MODELS)
    sources.read({"models.py": "2"})
    sources.add(VIEWS)
    sources.read({"views.py": "1"})
    assert sources.choose(["views.py"], ["views.py"]) == VIEWS
