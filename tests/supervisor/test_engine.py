"""The workers in reserve: with plain channels where no process is needed, and with real workers where one is."""

from __future__ import annotations

import contextlib
import http.client
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from launcher.plan import Address, Plan, Reload, Target
from launcher.supervisor.child import Child
from launcher.supervisor.engine import AHEAD, BESIDES, EDITED, MOST, PLACES, Engine, _sources, is_at_work
from launcher.supervisor.events import TellLoad
from launcher.supervisor.memory import FEW
from launcher.supervisor.recent import COMPANY, TOGETHER_SECONDS
from launcher.supervisor.timeline import Snapshot
from launcher.wire import messages
from launcher.wire.channel import Channel, ChannelClosed
from launcher.wire.digest import MISSING, PRESENT, of_file, of_state
from launcher.wire.messages import (
    Booted,
    CrashLog,
    GoOn,
    LastImports,
    Libraries,
    Lifeline,
    Load,
    Loading,
    Preload,
    ReadAhead,
    Reading,
    ReadingLog,
    Reap,
    Reaped,
    Resume,
    Serving,
    Shared,
    SnapshotTaken,
    Unsafe,
    Using,
    Waiting,
    encode,
)
from launcher.wire.tally import open_tally

LIMIT = 20.0
LEFT = MOST - BESIDES
"""How many snapshots may be taken before modules, in all."""
EDITION = 3
ENVIRON = {"PATH": os.environ["PATH"]}
PLAN = Plan(project="/p", profile="", target=Target("", "/p", "/p"), address=Address())


class Reserve:
    """An engine, and what the supervisor's loop does for it."""

    def __init__(self, plan: Plan = PLAN) -> None:
        self.attended: dict[Channel, Callable[[], None]] = {}
        self.reaped: list[tuple[int, int]] = []
        self.libraries: list[Libraries] = []
        self.bases = 0
        self.waiting = 0
        self.tally = open_tally()
        self.engine = Engine(ENVIRON, plan, tally=self.tally, attend=self.attended.__setitem__, neglect=self._neglect)
        self.engine.on_reaped = lambda pid, status: self.reaped.append((pid, status))
        self.engine.on_libraries = self.libraries.append
        self.engine.on_base = self._count_base
        self.engine.on_waiting = self._count_waiting
        self.far: list[Channel] = []

    def snapshot(self, before: str, libraries: int = 0) -> Channel:
        """Have a snapshot taken, which is no process; return its own end of the channel."""
        ours, theirs = socket.socketpair()
        pid = 1_000_000 + len(self.far)  # of no process: there are never so many
        self.engine.taken(SnapshotTaken(before, pid, libraries), ours.detach())
        self.far.append(Channel(theirs))
        return self.far[-1]

    def idle(self) -> tuple[Child, Channel]:
        """Have an interpreter kept, which is no process; return it and its own end."""
        child = Child(None)
        theirs, lifeline = child._start
        os.close(lifeline)
        self.far.append(Channel(theirs))
        self.engine.keep(child)
        return child, self.far[-1]

    def turn(self) -> None:
        """Let the engine hear everything that was said to it."""
        while ready := select.select(list(self.attended), [], [], 0)[0]:
            for channel in ready:
                if channel in self.attended:
                    self.attended[channel]()

    def turn_until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + LIMIT
        while not condition():
            assert time.monotonic() < deadline, "it did not happen"
            for channel in select.select(list(self.attended), [], [], 1.0)[0]:
                if channel in self.attended:
                    self.attended[channel]()

    def close(self) -> None:
        self.engine.close()
        os.close(self.tally)
        for channel in self.far:
            channel.close()

    def _neglect(self, channel: Channel) -> None:
        self.attended.pop(channel, None)

    def _count_base(self) -> None:
        self.bases += 1

    def _count_waiting(self) -> None:
        self.waiting += 1


@pytest.fixture
def reserve() -> Iterator[Reserve]:
    reserve = Reserve()
    yield reserve
    reserve.close()


def is_ended(far: Channel) -> bool:
    """Was the other end of the channel closed? That is what ends a snapshot."""
    try:
        while far._fill(socket.MSG_DONTWAIT):
            pass
    except ChannelClosed:
        return True
    return False


def shop(reserve: Reserve, *, told: bool = True, models: str = "models", views: str = "views") -> dict[str, Channel]:
    """An app of three files: `init`, then *models*, then *views*, with a snapshot before each of the last two.

    The snapshot of the loaded app has *told* what a base may import, or has not come to that.
    """
    reserve.engine.timeline.read({"init": "1"})
    before_models = reserve.snapshot("shop.models")
    reserve.engine.timeline.read({models: "1"})
    before_views = reserve.snapshot("shop.views")
    reserve.engine.timeline.read({views: "1"})
    loaded = reserve.snapshot("")
    if told:
        loaded.send(Libraries(()))
        reserve.turn()
    return {"models": before_models, "views": before_views, "loaded": loaded}


# Snapshots


def test_a_snapshot_is_kept_and_listened_to(reserve: Reserve) -> None:
    reserve.snapshot("shop.models")
    assert reserve.engine.timeline.snapshots == [Snapshot(1, "shop.models")]
    assert len(reserve.engine._frozen) == len(reserve.attended) == 1
    assert reserve.engine.pids() == {1_000_000}


def test_a_snapshot_says_how_a_copy_ended_and_what_a_base_may_import(reserve: Reserve) -> None:
    far = reserve.snapshot("")
    libraries = Libraries(("flask",), ("flask",), (0,), ("[1000]",), ("/lib",))
    far.send(Reaped(12, 256))
    far.send(libraries)
    far.send(Reading({"a": "1"}))  # of no interest from a snapshot
    reserve.turn()
    assert (reserve.reaped, reserve.libraries) == ([(12, 256)], [libraries])
    assert len(reserve.engine._frozen) == 1


def test_a_snapshot_that_ended_is_forgotten_after_its_last_word(reserve: Reserve) -> None:
    far = shop(reserve)
    far["views"].send(Reaped(12, 0))
    far["views"].close()
    reserve.turn()
    assert reserve.reaped == [(12, 0)]
    assert [snapshot.before for snapshot in reserve.engine.timeline.snapshots] == ["shop.models", ""]
    assert len(reserve.attended) == len(reserve.engine._frozen) == 2
    assert reserve.engine.timeline.choose(["views"]) == Snapshot(1, "shop.models")


def test_what_was_said_by_a_snapshot_that_is_gone_by_now(reserve: Reserve) -> None:
    """Both were reported in the same moment, and the first led to the end of the second."""
    far = reserve.snapshot("")
    far.send(Reaped(12, 0))
    (act,) = reserve.attended.values()
    reserve.engine.discard()
    act()
    assert reserve.reaped == [(12, 0)]  # nobody else knows


# Going back


def new_copy(far: Channel, last: type[messages.Message] = GoOn) -> tuple[Channel, list[messages.Message]]:
    """Be a snapshot that is told to copy itself: return the copy's channel and what the copy is told, up to *last*."""
    message, descriptor = far.receive()
    assert message == Resume()
    assert descriptor is not None
    channel, told = Channel.of(descriptor), []
    while not told or not isinstance(told[-1], last):
        message, descriptor = channel.receive()
        told.append(message)
        if descriptor is not None:
            os.close(descriptor)
    return channel, told


def test_a_copy_gets_what_it_needs_in_order(reserve: Reserve) -> None:
    far = shop(reserve)
    child = reserve.engine.copy(TellLoad(5, 7, changed=("views",)), EDITION)
    assert child is not None
    assert child.pid == 0, "nobody knows it before it has greeted"
    channel, told = new_copy(far["views"])
    assert told == [Lifeline(), ReadingLog(), CrashLog(), GoOn(7, LEFT - 2, ("views",), EDITION)]
    channel.send(Booted(4711))
    assert child.channel.receive() == (Booted(4711), None)
    channel.close()
    child.close()


def test_snapshots_after_the_one_that_was_chosen_are_ended(reserve: Reserve) -> None:
    far = shop(reserve)
    child = reserve.engine.copy(TellLoad(5, 2, changed=("views",)), EDITION)
    assert child is not None
    assert [is_ended(far[name]) for name in ("models", "views", "loaded")] == [False, False, True]
    assert len(reserve.engine._frozen) == len(reserve.attended) == 2
    assert reserve.engine.came_from() == "back to before shop.views"
    child.close()


def test_a_snapshot_that_has_yet_to_say_what_a_base_may_import_is_kept_until_it_has(reserve: Reserve) -> None:
    loaded = shop(reserve, told=False)["loaded"]
    child = reserve.engine.copy(TellLoad(5, 2, changed=("views",)), EDITION)
    assert child is not None
    assert not is_ended(loaded)
    assert reserve.engine.timeline.choose([]) == Snapshot(2, "shop.views"), "nobody goes back to it"
    loaded.send(Libraries(("flask",)))
    reserve.turn()
    assert reserve.libraries == [Libraries(("flask",))]
    assert is_ended(loaded)
    child.close()


def test_nothing_is_waited_for_when_all_are_discarded(reserve: Reserve) -> None:
    loaded = shop(reserve, told=False)["loaded"]
    child = reserve.engine.copy(TellLoad(5, 2, changed=("views",)), EDITION)
    assert child is not None
    reserve.engine.discard()
    assert is_ended(loaded)
    assert not reserve.engine._frozen
    child.close()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        pytest.param(("models",), "back to before shop.models", id="module"),
        pytest.param(("template",), "back to the loaded app", id="nothing-of-the-import"),
        pytest.param(("views", "init"), "cold start", id="read-before-any-snapshot"),
    ],
)
def test_where_the_last_worker_came_from(reserve: Reserve, changed: tuple[str, ...], words: str) -> None:
    shop(reserve)
    child = reserve.engine.copy(TellLoad(5, 2, changed=changed), EDITION)
    assert (child is None) == (words == "cold start")
    assert reserve.engine.came_from() == words
    if child is not None:
        child.close()


def test_a_snapshot_that_died_unnoticed_is_passed_over(reserve: Reserve) -> None:
    far = shop(reserve)
    far["views"].close()
    child = reserve.engine.copy(TellLoad(5, 2, changed=("views",)), EDITION)
    assert child is not None
    assert reserve.engine.back_to == Snapshot(1, "shop.models")
    assert len(reserve.engine._frozen) == len(reserve.attended) == 1
    child.close()


def test_without_a_living_snapshot_the_start_is_cold(reserve: Reserve) -> None:
    for far in shop(reserve).values():
        far.close()
    before = sorted(os.listdir("/proc/self/fd"))
    assert reserve.engine.copy(TellLoad(5, 2, changed=("views",)), EDITION) is None
    assert (len(reserve.engine._frozen), reserve.attended, reserve.engine.came_from()) == (0, {}, "cold start")
    assert len(os.listdir("/proc/self/fd")) == len(before) - 3


def test_a_cold_start_that_was_asked_for(reserve: Reserve) -> None:
    shop(reserve)
    assert reserve.engine.copy(TellLoad(5, 2, changed=("views",), cold=True), EDITION) is None
    assert len(reserve.engine._frozen) == 3


def test_the_files_edited_last_are_wanted_the_newest_first(reserve: Reserve) -> None:
    child, far = reserve.idle()
    for path in ("a", "b", "c", "d", "b"):
        assert reserve.engine.copy(TellLoad(1, 1, changed=(path,)), EDITION) is None
    with socket.socket() as listener:
        reserve.engine.load(child, TellLoad(1, 9, wait=True), listener.fileno())
    message, descriptor = far.receive()
    assert isinstance(message, Load)
    assert (message.generation, message.wait, message.most) == (9, True, LEFT)
    assert message.wanted == ("b", "d", "c")
    assert len(message.wanted) == EDITED
    assert Plan.from_json(message.plan) == PLAN
    assert descriptor is not None
    os.close(descriptor)


def crowd(reserve: Reserve, *, with_base: bool = False) -> dict[str, Channel]:
    """As many snapshots before modules as there may be, `m0` and so on, after a base and before the loaded app."""
    if with_base:
        reserve.engine._base_number = 1
        reserve.snapshot("")
    far = {}
    for name in (f"m{number}" for number in range(LEFT)):
        far[name] = reserve.snapshot(name)
        reserve.engine.timeline.read({name: "1"})
    far["loaded"] = reserve.snapshot("")
    far["loaded"].send(Libraries(()))
    reserve.turn()
    return far


def reloaded(reserve: Reserve, far: Channel, *changed: str) -> GoOn:
    """Edit files, and return what the copy is told that *far* is asked for."""
    child = reserve.engine.copy(TellLoad(5, 2, changed=changed), EDITION)
    assert child is not None
    channel, told = new_copy(far)
    channel.close()
    child.close()
    assert isinstance(told[-1], GoOn)
    return told[-1]


@pytest.mark.parametrize("with_base", [True, False])
def test_a_reload_finds_places_for_snapshots(reserve: Reserve, *, with_base: bool) -> None:
    """Those are ended that neither an edited file nor the copy itself needs, and of them each second one."""
    far = crowd(reserve, with_base=with_base)
    reserve.engine._edited = ["m1"]
    assert reloaded(reserve, far["m7"], "m7") == GoOn(2, PLACES, ("m7",), EDITION)
    assert [name for name in far if is_ended(far[name])] == ["m0", "m3", "m5", "loaded"]
    assert len(reserve.engine._frozen) == LEFT - PLACES + with_base
    assert reloaded(reserve, far["m7"], "m7").most == PLACES, "there is nothing more to do"
    assert len(reserve.engine._frozen) == LEFT - PLACES + with_base


def test_what_an_edit_above_the_imports_of_a_wanted_file_goes_back_to_is_kept(reserve: Reserve) -> None:
    reserve.engine.timeline.read({"init": "1"})
    for name in ("first", "views"):
        reserve.snapshot(name)
        reserve.engine.timeline.read({name: "1"})
    ours, theirs = socket.socketpair()
    reserve.engine.taken(SnapshotTaken("last", 1_000_100, 0, "views", 10, "abc"), ours.detach())
    reserve.far.append(Channel(theirs))
    for name in ("t0", "t1", "t2", "t3"):
        reserve.engine.timeline.read({f"before {name}": "1"})
        reserve.snapshot(name)
    reserve.engine.timeline.read({"t3": "1"})
    far = reserve.snapshot("late")
    reserve.engine._edited = ["views"]
    reloaded(reserve, far, "late")
    kept = [snapshot.before for snapshot in reserve.engine.timeline.snapshots]
    assert kept == ["views", "last", "t0", "t2", "late"]


def test_a_copy_of_the_loaded_app_needs_no_places(reserve: Reserve) -> None:
    far = crowd(reserve)
    assert reloaded(reserve, far["loaded"], "lazy") == GoOn(2, 1, ("lazy",), EDITION)
    assert len(reserve.engine._frozen) == LEFT + 1


def test_what_is_read_already_is_not_wanted_of_a_copy(reserve: Reserve) -> None:
    far = shop(reserve)
    reserve.engine.learn(LastImports({"views": "models", "models": "init"}))
    reserve.engine._edited = ["init", "other"]
    assert reloaded(reserve, far["views"], "views") == GoOn(2, LEFT - 2, ("views", "other"), EDITION)


def test_before_the_first_edit_the_last_import_of_the_newest_file_is_wanted(reserve: Reserve, tmp_path: Path) -> None:
    _, (views, _) = with_recent_files(reserve, tmp_path, "views", "models")
    reserve.engine.learn(LastImports({views: "forms"}))
    child, far = reserve.idle()
    with socket.socket() as listener:
        reserve.engine.load(reserve.engine.fresh(), TellLoad(1, 9), listener.fileno())
    message, descriptor = far.receive()
    assert isinstance(message, Load)
    assert message.last == "forms"
    os.close(descriptor or -1)
    child.close()


def test_a_copy_of_the_loaded_app_after_a_crash_wants_nothing(reserve: Reserve) -> None:
    far = shop(reserve)
    child = reserve.engine.copy(TellLoad(5, 2), EDITION)
    assert child is not None
    channel, told = new_copy(far["loaded"])
    assert told[-1] == GoOn(2, LEFT - 2, (), EDITION)
    channel.close()
    child.close()


def test_where_memory_is_low_there_is_a_place_for_the_newest_and_no_base(reserve: Reserve) -> None:
    reserve.engine.make_room(FEW)
    child, far = reserve.idle()
    with socket.socket() as listener:
        reserve.engine.load(child, TellLoad(1, 9), listener.fileno())
        message, descriptor = far.receive()
        assert isinstance(message, Load)
        assert message.most == 1
        os.close(descriptor or -1)
        reserve.engine.make_base(Libraries(("json",), (), (0,)), listener.fileno(), lambda _: None)
    assert reserve.engine._base is None
    snapshots = shop(reserve)
    assert reloaded(reserve, snapshots["views"], "views").most == 1
    assert not is_ended(snapshots["models"]), "that is the business of `make_room`"


def test_what_each_of_these_files_imports_last_is_wanted_too(reserve: Reserve) -> None:
    child, far = reserve.idle()
    reserve.engine.learn(LastImports({"a": "in-a", "b": "in-b", "c": "a", "d": "in-d"}))
    for path in ("d", "a", "c", "b"):
        assert reserve.engine.copy(TellLoad(1, 1, changed=(path,)), EDITION) is None
    with socket.socket() as listener:
        reserve.engine.load(child, TellLoad(1, 9), listener.fileno())
    message, descriptor = far.receive()
    assert isinstance(message, Load)
    assert (message.wanted, message.last) == (("b", "c", "a", "in-a"), "in-b")
    os.close(descriptor or -1)


def test_before_the_first_edit_those_are_wanted_that_seem_to_have_been_edited_last(tmp_path: Path) -> None:
    for age, name in enumerate(("old.py", "early.py", "late.py", "latest.py")):
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (age * 10, age * 10))
    reserve = Reserve(replace(PLAN, roots=(str(tmp_path),)))
    for edited, expected in (((), ("latest.py", "late.py", "early.py")), (("a",), ("a", "latest.py", "late.py"))):
        child, far = reserve.idle()
        reserve.engine.copy(TellLoad(1, 1, changed=edited), EDITION)
        with socket.socket() as listener:
            reserve.engine.load(reserve.engine.fresh(), TellLoad(1, 9), listener.fileno())
        message, descriptor = far.receive()
        assert isinstance(message, Load)
        assert tuple(map(os.path.basename, message.wanted)) == expected
        os.close(descriptor or -1)
        child.close()
    reserve.close()


def test_loading_from_the_beginning_ends_all_snapshots(reserve: Reserve) -> None:
    far = shop(reserve)
    reserve.engine.obstacle = "a socket is open"
    child, _ = reserve.idle()
    with socket.socket() as listener:
        reserve.engine.load(child, TellLoad(1, 1), listener.fileno())
    assert all(is_ended(channel) for channel in far.values())
    assert (len(reserve.engine._frozen), reserve.engine.obstacle, reserve.engine.timeline.known) == (0, "", {})


# Libraries that are others by now


@pytest.fixture
def library(tmp_path: Path) -> Path:
    (tmp_path / "flask.py").write_text("one")
    return tmp_path / "flask.py"


def use(reserve: Reserve, library: Path) -> None:
    names = os.path.join(library.parent, "")
    reserve.engine.using({str(library): of_state(str(library)), names: of_file(names)})


@pytest.mark.parametrize(
    ("act", "outdated"),
    [
        pytest.param(lambda library: None, False, id="as-before"),
        pytest.param(lambda library: library.write_text("other"), True, id="another-content"),
        pytest.param(lambda library: library.unlink(), True, id="gone"),
        pytest.param(lambda library: (library.parent / "redis").mkdir(), True, id="one-more"),
        pytest.param(lambda library: (library.parent / "__pycache__").mkdir(), False, id="byte-code"),
    ],
)
def test_snapshots_of_other_libraries_are_not_used(
    reserve: Reserve, library: Path, act: Callable[[Path], object], outdated: bool
) -> None:
    far = shop(reserve)
    use(reserve, library)
    act(library)
    child = reserve.engine.copy(TellLoad(5, 2, changed=("views",)), EDITION)
    assert (child is None) == outdated
    assert reserve.engine.came_from() == ("cold start" if outdated else "back to before shop.views")
    if child is not None:
        new_copy(far["views"])[0].close()
        child.close()


def test_a_copy_that_was_begun_is_ended_before_it_serves(reserve: Reserve, library: Path) -> None:
    far = shop(reserve)
    use(reserve, library)
    library.write_text("other")
    assert reserve.engine.copy(TellLoad(5, 2, changed=("views",)), EDITION) is None
    channel, _ = new_copy(far["views"])
    assert is_ended(channel)
    channel.close()


def test_what_two_processes_have_read_differently_is_never_used(reserve: Reserve, library: Path) -> None:
    shop(reserve)
    use(reserve, library)
    library.write_text("other")
    use(reserve, library)
    assert reserve.engine.copy(TellLoad(5, 2, changed=("views",)), EDITION) is None
    reserve.engine.discard()
    use(reserve, library)
    child = reserve.engine.copy(TellLoad(5, 2, changed=("views",)), EDITION)
    assert child is None, "there is no snapshot"
    assert not reserve.engine._is_outdated()


# A copy in advance


def prepared(reserve: Reserve, far: dict[str, Channel]) -> tuple[Channel, list[messages.Message]]:
    """Edit `views` once, and have a copy made for the next time; return its channel and what it was told."""
    child = reserve.engine.copy(TellLoad(5, 2, changed=("views",)), EDITION)
    assert child is not None
    new_copy(far["views"])[0].close()
    child.close()
    reserve.engine.prepare()
    channel, told = new_copy(far["views"], ReadAhead)
    reserve.far.append(channel)  # which closes it
    return channel, told


def test_a_copy_in_advance_reads_ahead_what_comes_after_its_snapshot(reserve: Reserve) -> None:
    far = shop(reserve)
    files = {"views": "1", "/p/shop/a.py": "1", "/p/names.json": "1", "/p/shop/gone.py": "", "/p/shop/b.py": "1"}
    reserve.engine.timeline.read(files)
    child = reserve.engine.copy(TellLoad(5, 2, changed=("views",)), EDITION)
    assert child is not None
    new_copy(far["views"])[0].close()
    child.close()
    reserve.engine.timeline.read(files)
    reserve.engine.prepare()
    channel, told = new_copy(far["views"], ReadAhead)
    reserve.far.append(channel)
    assert told[-1] == ReadAhead(("/p/shop/a.py", "/p/shop/b.py"))


@pytest.mark.parametrize("letter", ["x", "\u044f", "\U0001f40d", "\udcff"], ids=ascii)
def test_what_is_read_ahead_is_told_at_once(letter: str) -> None:
    """The copy may be busy with its fork: the supervisor must not wait until it listens."""
    many = [f"/p/{letter * 90}/{number}.py" for number in range(5000)]
    told = _sources(many)
    assert 0 < len(told) < len(many)
    assert list(told) == many[: len(told)]
    assert len(encode(ReadAhead(told))) < 1.1 * AHEAD


def test_a_copy_in_advance_goes_on_at_the_next_edit_of_the_same_file(reserve: Reserve) -> None:
    far = shop(reserve)
    channel, told = prepared(reserve, far)
    assert told == [Lifeline(), ReadingLog(), CrashLog(), ReadAhead(())]
    channel.send(Booted(4711))
    reserve.turn()
    assert 4711 in reserve.engine.pids()
    child = reserve.engine.copy(TellLoad(6, 8, changed=("views",)), EDITION)
    assert child is not None
    assert child.pid == 4711
    assert channel.receive() == (GoOn(8, LEFT - 2, ("views",), EDITION), None)
    assert list(far["views"].rest()) == [], "no other copy was asked for"
    assert child.channel not in reserve.attended, "whoever takes it listens to it"
    channel.close()
    child.close()


def test_a_second_time_there_is_nothing_to_prepare(reserve: Reserve) -> None:
    far = shop(reserve)
    channel, _ = prepared(reserve, far)
    reserve.engine.prepare()
    assert list(far["views"].rest()) == []
    assert not is_ended(channel)


@pytest.mark.parametrize("act", ["another-file", "low-memory", "discarded", "closed"])
def test_a_copy_in_advance_ends_when_it_is_of_no_use(reserve: Reserve, act: str) -> None:
    far = shop(reserve)
    channel, _ = prepared(reserve, far)
    channel.send(Booted(4711))
    reserve.turn()
    child = None
    if act == "another-file":
        child = reserve.engine.copy(TellLoad(6, 8, changed=("models",)), EDITION)
    elif act == "low-memory":
        reserve.engine.make_room(MOST - 1)
    elif act == "discarded":
        reserve.engine.discard()
    else:
        reserve.engine.close()
    assert is_ended(channel)
    assert 4711 not in reserve.engine.pids()
    assert (Reap(4711), None) in list(far["views"].rest()), "its snapshot has to reap it"
    if child is not None:
        child.close()


def test_a_copy_in_advance_that_died_is_made_anew(reserve: Reserve) -> None:
    far = shop(reserve)
    prepared(reserve, far)[0].close()
    child = reserve.engine.copy(TellLoad(6, 8, changed=("views",)), EDITION)
    assert child is not None
    channel, told = new_copy(far["views"])
    assert told[-1] == GoOn(8, LEFT - 2, ("views",), EDITION)
    channel.close()
    child.close()


def test_before_the_first_edit_a_copy_waits_at_the_beginning(reserve: Reserve) -> None:
    far = shop(reserve)
    reserve.engine.prepare()
    channel, told = new_copy(far["models"], ReadAhead)
    assert told[0] == Lifeline()
    child = reserve.engine.copy(TellLoad(5, 2, changed=("models",)), EDITION)
    assert child is not None
    assert channel.receive() == (GoOn(2, LEFT - 1, ("models",), EDITION), None)
    child.close()
    channel.close()


def with_recent_files(reserve: Reserve, tmp_path: Path, *names: str) -> tuple[dict[str, Channel], list[str]]:
    """The app of `shop`, where *names* of "models", "views" and "unused" seem to have been edited last, the newest first.

    Return what `shop` does, and the paths of these files. "unused" is no part of the app.
    """
    paths = [str(tmp_path / f"{name}.py") for name in names]
    for age, path in enumerate(paths):
        Path(path).write_text("")
        os.utime(path, (1000 - age * 10, 1000 - age * 10))
    reserve.engine.use(replace(PLAN, roots=(str(tmp_path),)))
    child, far = reserve.idle()
    with socket.socket() as listener:
        reserve.engine.load(reserve.engine.fresh(), TellLoad(1, 9), listener.fileno())
    os.close(far.receive()[1] or -1)
    child.close()
    return shop(reserve, models=str(tmp_path / "models.py"), views=str(tmp_path / "views.py")), paths


def test_before_the_first_edit_a_copy_waits_before_what_seems_to_have_been_edited_last(
    reserve: Reserve, tmp_path: Path
) -> None:
    far, (_, views, models) = with_recent_files(reserve, tmp_path, "unused", "views", "models")
    assert reserve.engine.prepare()
    assert far["models"].receive() == (ReadAhead((models, views)), None)
    assert far["views"].receive() == (ReadAhead((views,)), None)
    channel, told = new_copy(far["views"], ReadAhead)
    assert told[-1] == ReadAhead((views,))
    child = reserve.engine.copy(TellLoad(5, 2, changed=(views,)), EDITION)
    assert child is not None
    assert channel.receive() == (GoOn(2, LEFT - 2, (views, str(tmp_path / "unused.py")), EDITION), None)
    child.close()
    channel.close()


def test_what_is_read_ahead_before_the_first_edit_waits_for_no_base_and_is_told_once(
    reserve: Reserve, tmp_path: Path
) -> None:
    far, (models,) = with_recent_files(reserve, tmp_path, "models")
    _, base = reserve.idle()
    with socket.socket() as listener:
        reserve.engine.make_base(Libraries(("json",), (), (0,)), listener.fileno(), lambda _: None)
    for _ in range(2):
        assert not reserve.engine.prepare(), "it has to be called again"
    assert [message for message, _ in far["models"].rest()] == [ReadAhead((models, str(tmp_path / "views.py")))]
    assert list(far["views"].rest()) == []
    base.close()


@pytest.mark.parametrize("case", ["low-memory", "edited", "snapshot-died"])
def test_where_no_snapshot_reads_ahead(reserve: Reserve, tmp_path: Path, case: str) -> None:
    far, _ = with_recent_files(reserve, tmp_path, "models")
    if case == "low-memory":
        reserve.engine.make_room(MOST - 1)
    elif case == "edited":
        child = reserve.engine.copy(TellLoad(5, 2, changed=(str(tmp_path / "views.py"),)), EDITION)
        assert child is not None
        new_copy(far["views"])[0].close()
        child.close()
    else:
        far["models"].close()
    assert reserve.engine.prepare()
    if case == "snapshot-died":
        assert reserve.engine._ready is None
    else:
        assert ReadAhead not in [type(message) for message, _ in far["models"].rest()]


@pytest.mark.parametrize("digest", [PRESENT, MISSING])
def test_a_file_that_no_edit_leads_back_to_is_passed_over(reserve: Reserve, tmp_path: Path, digest: str) -> None:
    far, (unused, views) = with_recent_files(reserve, tmp_path, "unused", "views")
    reserve.engine.timeline.read({unused: digest})
    assert reserve.engine.prepare()
    assert list(far["loaded"].rest()) == []
    assert far["views"].receive() == (ReadAhead((views,)), None)
    new_copy(far["views"], ReadAhead)[0].close()


def test_a_file_that_was_read_before_all_snapshots_is_passed_over(reserve: Reserve, tmp_path: Path) -> None:
    far, (models,) = with_recent_files(reserve, tmp_path, "models")
    reserve.engine.timeline.remove(1)
    assert reserve.engine.prepare()
    new_copy(far["views"], ReadAhead)[0].close()
    assert models in reserve.engine.timeline.known


def test_before_the_first_edit_it_is_waited_until_the_libraries_are_told(reserve: Reserve) -> None:
    far = shop(reserve, told=False)
    assert not reserve.engine.prepare(), "it has to be called again"
    assert reserve.engine._ready is None
    far["loaded"].close()  # they never will be
    reserve.turn()
    assert reserve.engine.prepare()
    new_copy(far["models"], ReadAhead)[0].close()


def test_before_the_first_edit_a_base_is_waited_for(reserve: Reserve) -> None:
    far = shop(reserve)
    _, base = reserve.idle()
    with socket.socket() as listener:
        reserve.engine.make_base(Libraries(("json",), (), (0,)), listener.fileno(), lambda _: None)
    assert not reserve.engine.prepare(), "it has to be called again"
    assert reserve.engine._ready is None
    base.send(Serving("", 0.0))
    reserve.turn()
    assert [type(base.receive()[0]) for _ in range(2)] == [Preload, ReadAhead]
    assert reserve.engine.prepare()
    new_copy(base, ReadAhead)[0].close()
    assert list(far["models"].rest()) == []


@pytest.mark.parametrize("case", ["no-snapshot", "low-memory", "snapshot-died"])
def test_where_no_copy_is_made_in_advance(reserve: Reserve, case: str) -> None:
    far = shop(reserve)
    child = reserve.engine.copy(TellLoad(5, 2, changed=("views",)), EDITION)
    assert child is not None
    new_copy(far["views"])[0].close()
    child.close()
    if case == "no-snapshot":
        reserve.engine.discard()
    elif case == "low-memory":
        reserve.engine.make_room(MOST - 1)
    elif case == "snapshot-died":
        far["views"].close()
    before = len(os.listdir("/proc/self/fd"))
    reserve.engine.prepare()
    assert len(os.listdir("/proc/self/fd")) == before
    assert reserve.engine._ready is None


# How a copy ended is known to its snapshot alone


def test_a_snapshot_is_asked_how_its_copy_ended(reserve: Reserve) -> None:
    far = shop(reserve)
    child = reserve.engine.copy(TellLoad(5, 2, changed=("views",)), EDITION)
    assert child is not None
    assert not reserve.engine.ask_how_it_ended(child), "its number is not known yet"
    child.pid = 4711
    assert reserve.engine.ask_how_it_ended(child)
    message, descriptor = far["views"].receive()
    assert message == Resume()
    assert descriptor is not None
    os.close(descriptor)
    assert far["views"].receive() == (Reap(4711), None)
    reserve.engine.discard()
    assert not reserve.engine.ask_how_it_ended(child), "the snapshot is gone"
    child.close()


def test_a_fresh_interpreter_comes_from_no_snapshot(reserve: Reserve) -> None:
    child, _ = reserve.idle()
    child.pid = 4711
    assert not reserve.engine.ask_how_it_ended(child)


# Words


@pytest.mark.parametrize(
    ("reload", "enabled"),
    [
        (Reload(), True),
        (Reload(engine="snapshot"), True),
        (Reload(engine="restart"), False),
        (Reload(enabled=False), False),
    ],
)
def test_whether_snapshots_are_wanted(reload: Reload, enabled: bool) -> None:
    reserve = Reserve(replace(PLAN, reload=reload))
    assert reserve.engine.enabled is enabled
    assert reserve.engine.title() == ("snapshot" if enabled else "restart")
    assert reserve.engine.came_from() == ("cold start" if enabled else "")
    shop(reserve)
    child = reserve.engine.copy(TellLoad(1, 1, changed=("views",)), EDITION)
    assert (child is not None) is enabled
    if child is not None:
        child.close()
    spare, far = reserve.idle()
    with socket.socket() as listener:
        reserve.engine.load(spare, TellLoad(1, 1), listener.fileno())
        reserve.engine.make_base(
            Libraries(("json",), (), (0,)) if not enabled else Libraries(()), listener.fileno(), pytest.fail
        )
    assert next(far.pending())[0].most == (LEFT if enabled else 0)  # type: ignore[union-attr]
    assert reserve.engine.needs_spare()
    reserve.close()


def test_why_it_is_not_the_faster_engine(reserve: Reserve) -> None:
    reserve.engine.obstacle = "a socket is open"
    assert reserve.engine.title() == "restart (a socket is open)"
    reserve.snapshot("shop")
    assert reserve.engine.title() == "snapshot", "an early one is there"


# The interpreter in reserve


def test_an_interpreter_is_kept_and_handed_out_again(reserve: Reserve) -> None:
    child, far = reserve.idle()
    assert reserve.engine.pids() == {0}
    far.send(Booted(12))
    reserve.turn()
    assert reserve.engine.fresh() is child
    assert (reserve.attended, reserve.engine.pids()) == ({}, set())
    child.close()


def test_one_is_enough(reserve: Reserve) -> None:
    first, _ = reserve.idle()
    _, far = reserve.idle()
    assert is_ended(far)
    assert reserve.engine.fresh() is first
    first.close()


def test_an_interpreter_that_ended_in_reserve_is_not_handed_out(reserve: Reserve) -> None:
    child, far = reserve.idle()
    far.close()
    reserve.turn()
    assert (reserve.attended, reserve.engine.pids()) == ({}, set())
    fresh = reserve.engine.fresh()
    assert fresh is not child
    end(fresh)


def test_another_plan_needs_another_reserve(reserve: Reserve) -> None:
    far = shop(reserve)
    _, idle = reserve.idle()
    reserve.engine.use(replace(PLAN, reload=Reload(engine="restart")))
    assert all(is_ended(channel) for channel in (*far.values(), idle))
    assert (reserve.attended, reserve.engine.title()) == ({}, "restart")
    reserve.engine.use(PLAN)
    assert reserve.engine.title() == "snapshot"


def test_closing_leaves_nothing_open() -> None:
    before = sorted(os.listdir("/proc/self/fd"))
    reserve = Reserve()
    shop(reserve)
    reserve.idle()
    reserve.close()
    assert reserve.attended == {}
    assert sorted(os.listdir("/proc/self/fd")) == before


# Real workers


def end(child: Child) -> None:
    if child.pid and child.origin is None:
        child.end(signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(child.pid, 0)
    child.close()


APP = """
import shop_models
import shop_views

def app(environ, start_response):
    start_response("200 OK", [])
    return [shop_views.TEXT.encode()]
"""

with_base = pytest.mark.skipif(sys.version_info >= (3, 14), reason="there is no library base on newer Pythons")


class Project:
    """A small project that is loaded by real workers. All of it came at once, as by a checkout."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for number in range(COMPANY):
            self.write(f"part{number}.py", "")
        self.write("shop.py", APP)
        self.write("shop_models.py", "import colorsys\n")
        self.write("shop_views.py", "TEXT = 'one'\n")
        where = str(folder)
        plan = Plan(
            project=where, profile="", target=Target("shop:app", where, where), address=Address(), roots=(where,)
        )
        self.reserve = Reserve(plan)
        self.engine = self.reserve.engine
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.children: list[Child] = []

    def write(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text)
        return str(self.folder / name)

    def load(self, generation: int, changed: str = "") -> Child:
        """Have the app loaded, cold or from a snapshot, and wait until it is served."""
        action = TellLoad(generation, generation, changed=(changed,) if changed else (), swap=False)
        child = self.engine.copy(action, EDITION)
        if child is None:
            child = self.engine.fresh()
            self.engine.load(child, action, self.listener.fileno())
        self.children.append(child)
        while not isinstance(message := self.hear(child), Serving):
            assert isinstance(message, (Booted, Waiting, Loading)), message
        child.tell(messages.Accept())
        return child

    def hear(self, child: Child) -> messages.Message:
        """Return what a worker says next; do what the supervisor does about its snapshots and files."""
        while True:
            while (found := child.channel._next()) is None:
                assert select.select([child.channel], [], [], LIMIT)[0], "the worker is silent"
                child.channel._fill()
            message, descriptor = found
            for files in child.readings.take():
                self.engine.timeline.read(files)
            if isinstance(message, Reading):
                self.engine.timeline.read(message.files)
            elif isinstance(message, Using):
                self.engine.using(message.files)
            elif isinstance(message, SnapshotTaken) and descriptor is not None:
                self.engine.taken(message, descriptor)
                child.readings.pass_mark()
            elif isinstance(message, LastImports):
                self.engine.learn(message)
            else:
                if isinstance(message, Booted):
                    child.pid = message.pid
                return message

    def drain(self, child: Child) -> None:
        child.tell(messages.Drain(LIMIT))
        while self.hear(child) != messages.Drained():
            pass

    def ask(self) -> str:
        connection = http.client.HTTPConnection(*self.listener.getsockname(), timeout=LIMIT)
        try:
            connection.request("GET", "/")
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def close(self) -> None:
        for child in self.children:
            end(child)
        reserve = [child for child in (self.engine._base, self.engine._idle) if child is not None]
        self.reserve.close()
        for child in reserve:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child.pid, 0)
        self.listener.close()


linux = pytest.mark.skipif(sys.platform != "linux", reason="snapshots need Linux")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    project = Project(tmp_path)
    yield project
    project.close()


@linux
def test_edits_one_after_the_other_are_served_from_snapshots(project: Project) -> None:
    project.drain(project.load(1))
    came_from = []
    for generation, text in enumerate(("two", "three"), start=2):
        views = project.write("shop_views.py", f"TEXT = '{text}' \n")
        child = project.load(generation, views)
        came_from.append(project.engine.came_from())
        assert project.ask() == text
        project.drain(child)
    assert came_from == ["back to before shop", "back to before shop_views"]


@linux
def test_the_first_edit_of_a_file_that_was_edited_last_in_an_earlier_start(project: Project) -> None:
    views = project.write("shop_views.py", "TEXT = 'one'\n")
    later = os.stat(views).st_mtime + 2 * TOGETHER_SECONDS
    os.utime(views, (later, later))
    project.drain(project.load(1))
    child = project.load(2, project.write("shop_views.py", "TEXT = 'two' \n"))
    assert project.engine.came_from() == "back to before shop_views"
    assert project.ask() == "two"
    project.drain(child)


@linux
@pytest.mark.skipif(sys.version_info >= (3, 14), reason="annotations are those of the whole module")
def test_a_copy_goes_on_inside_of_the_module_that_changes_below_its_imports(project: Project) -> None:
    """From the second edit on: the first one tells which module. In the imports it goes further back."""
    project.drain(project.load(1))
    project.reserve.turn_until(
        lambda: bool(project.reserve.libraries)
    )  # told by the snapshot, with what is imported last
    came_from = []
    for generation, number in enumerate("12345", start=2):
        text = APP.replace("TEXT.", f"TEXT.replace('one', '{number}').")
        if number in "45":
            text = text.replace("import shop_models", "import shop_models as models")
        child = project.load(generation, project.write("shop.py", text))
        came_from.append(project.engine.came_from().removeprefix("back to before "))
        assert project.ask() == number
        project.drain(child)
    assert came_from == ["shop", "shop_views", "shop_views", "shop", "shop_views"]


@linux
@pytest.mark.skipif(sys.version_info >= (3, 14), reason="annotations are those of the whole module")
def test_a_copy_in_advance_waits_inside_of_the_module_that_was_edited_last(project: Project) -> None:
    project.drain(project.load(1))
    project.reserve.turn_until(lambda: bool(project.reserve.libraries))
    project.drain(project.load(2, project.write("shop.py", APP + "# one\n")))
    assert project.engine.prepare()
    ready = project.engine._ready
    assert ready is not None
    assert ready[0].before == "shop_views"
    child = project.load(3, project.write("shop.py", APP + "# two\n"))
    assert child is ready[1]
    project.drain(child)


@linux
def test_a_copy_in_advance_is_warmed_up(project: Project) -> None:
    """All the way: the copy says that it waits, gets pages of its own, and then serves the next edit."""
    project.drain(project.load(1))
    child = project.load(2, project.write("shop_views.py", "TEXT = 'two' \n"))
    engine = project.engine
    engine.warm(child)  # there is nothing to be warmed up yet
    engine.prepare()
    project.reserve.turn_until(lambda: engine._is_waiting)
    assert project.reserve.waiting == 1
    engine.warm(child)
    project.drain(child)
    child = project.load(3, project.write("shop_views.py", "TEXT = 'three' \n"))
    assert engine.came_from() == "back to before shop_views"
    assert project.ask() == "three"
    project.drain(child)


@linux
def test_how_a_copy_ended_is_told_by_its_snapshot(project: Project) -> None:
    project.drain(project.load(1))
    child = project.load(2, project.write("shop_views.py", "TEXT = 'two' \n"))
    child.end(signal.SIGKILL)
    with pytest.raises(ChannelClosed):
        child.channel.receive()
    assert project.engine.ask_how_it_ended(child)
    project.reserve.turn_until(lambda: bool(project.reserve.reaped))
    assert project.reserve.reaped == [(child.pid, signal.SIGKILL)]


def make_base(project: Project) -> list[Child]:
    """Have the app loaded with a library, and a base made of what was told of it; return who was given what is shared."""
    project.write("shop.py", "import colorsys\n" + APP)
    project.drain(project.load(1))
    project.reserve.turn_until(lambda: bool(project.reserve.libraries))
    shared: list[Child] = []
    for _ in range(2):  # the second time there is one already
        project.engine.make_base(project.reserve.libraries[0], project.listener.fileno(), shared.append)
    return shared


@linux
@with_base
def test_a_base_is_what_is_left_when_the_first_file_changes(project: Project) -> None:
    shared = make_base(project)
    assert project.reserve.libraries[0].names == ("colorsys",)
    assert len(shared) == 1, "there is one already"
    assert not project.engine.needs_spare()
    project.reserve.turn_until(lambda: project.reserve.bases == 1)
    assert {project.engine._base.pid} < project.engine.pids()  # type: ignore[union-attr]
    app = project.write("shop.py", "import colorsys\n" + APP.replace("return [", "return [b'new ', "))
    child = project.load(2, app)
    assert project.engine.came_from() == "back to the imported libraries"
    assert project.ask() == "new one"
    project.drain(child)


@linux
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("no_such_library", "no_such_library cannot be imported by itself", id="cannot-be-imported"),
        pytest.param("shop_models", "a library imports the project's shop_models", id="is-the-project's"),
    ],
)
@with_base
def test_libraries_that_cannot_be_a_base(project: Project, name: str, reason: str) -> None:
    project.write("shop.py", "import colorsys\n" + APP)
    project.drain(project.load(1))
    project.reserve.turn_until(lambda: bool(project.reserve.libraries))
    told = project.reserve.libraries[0]
    message = replace(told, names=(name,), path=(str(project.folder), *sys.path))
    project.engine.make_base(message, project.listener.fileno(), lambda _: None)
    base = project.engine._base
    assert base is not None
    project.reserve.turn_until(project.engine.needs_spare)
    assert project.engine.obstacle.startswith(reason)
    assert base.pid not in project.engine.pids()
    os.waitpid(base.pid, 0)


@linux
@with_base
def test_a_base_that_dies_later_is_forgotten(project: Project) -> None:
    make_base(project)
    base = project.engine._base
    assert base is not None
    project.reserve.turn_until(lambda: project.reserve.bases == 1)
    assert base.pid in {frozen.pid for frozen in project.engine._frozen.values()}
    base.end(signal.SIGKILL)
    os.waitpid(base.pid, 0)
    project.reserve.turn_until(project.engine.needs_spare)
    assert base.pid not in project.engine.pids()
    assert len(project.reserve.attended) == len(project.engine._frozen)


@linux
@with_base
def test_a_base_that_is_at_work_is_discarded(project: Project) -> None:
    make_base(project)
    base = project.engine._base
    assert base is not None
    project.engine.discard()
    assert project.engine.needs_spare()
    assert project.reserve.attended == {}
    os.waitpid(base.pid, 0)


def test_the_first_reason_counts(reserve: Reserve) -> None:
    """What the worker said before its base did is what the user has read."""
    child, far = reserve.idle()
    with socket.socket() as listener:
        reserve.engine.make_base(Libraries(("json",), (), (0,)), listener.fileno(), lambda _: None)
    assert reserve.engine._base is child
    reserve.engine.obstacle = "a socket is open"
    far.send(Unsafe("", "json cannot be imported"))
    reserve.turn()
    assert reserve.engine.obstacle == "a socket is open"


def test_a_base_ends_the_snapshots_that_lack_its_libraries(reserve: Reserve) -> None:
    bare, equal = reserve.snapshot("shop", 1), reserve.snapshot("shop.views", 2)
    reserve.engine.timeline.read({"/p/shop.py": "1"})
    _, far = reserve.idle()
    with socket.socket() as listener:
        reserve.engine.make_base(Libraries(("json", "flask"), ("flask",), (0, 0)), listener.fileno(), lambda _: None)
    far.send(Reading({"json": "1"}))
    far.send(Serving("", 0.0))
    reserve.turn()
    assert reserve.bases == 1
    assert [snapshot.before for snapshot in reserve.engine.timeline.snapshots] == ["", "shop.views"]
    assert is_ended(bare)
    assert not is_ended(equal)
    assert reserve.engine.timeline.known == {"json": "1", "/p/shop.py": "1"}
    assert isinstance(far.receive()[0], Preload)
    assert far.receive()[0] == ReadAhead(("/p/shop.py",))


def test_a_base_of_less_follows_where_a_library_would_see_what_the_app_does(reserve: Reserve) -> None:
    _, far = reserve.idle()
    told = Libraries(
        ("json", "flask", "wave"), ("flask",), (0, 1, 1), ("a", "b", "c"), ("/lib",), "the app changed sys.path"
    )
    with socket.socket() as listener:
        reserve.engine.make_base(told, listener.fileno(), lambda _: None)
    far.send(Shared(1))
    reserve.turn()
    assert reserve.engine.needs_spare()
    why = "flask may depend on what the app does before"
    assert reserve.libraries == [Libraries(("json",), ("flask",), (0,), ("a",), ("/lib",), why)]


def test_a_base_that_read_something_else_than_the_app_is_given_up(reserve: Reserve) -> None:
    """The disk moved in between: the snapshots are as good as before, and the next cold start makes another base."""
    reserve.engine.timeline.read({"json": "1"})
    shop(reserve)
    _, far = reserve.idle()
    with socket.socket() as listener:
        reserve.engine.make_base(Libraries(("json",), (), (0,)), listener.fileno(), lambda _: None)
    far.send(Reading({"json": "2"}))
    far.send(Serving("", 0.0))
    reserve.turn()
    assert is_ended(far)
    assert (reserve.bases, len(reserve.engine._frozen), len(reserve.attended)) == (0, 3, 3)
    assert reserve.engine.needs_spare()
    assert reserve.engine.timeline.known["json"] == "1"


# Safety net and memory


def test_the_newest_stay_when_memory_is_low(reserve: Reserve) -> None:
    for before in ("a", "b", "c", ""):
        reserve.snapshot(before)
    assert reserve.engine.make_room(2) == 2
    assert [snapshot.before for snapshot in reserve.engine.timeline.snapshots] == ["c", ""]
    assert reserve.engine.make_room(2) == 0
    assert reserve.engine.make_room(0) == 2
    assert len(reserve.engine._frozen) == 0


def _doubt_before_a(reserve: Reserve) -> None:
    reserve.engine.timeline.read({"/p/z": "1"})
    reserve.snapshot("a")
    copy = reserve.engine.copy(TellLoad(1, 1, changed=("/p/a.py",)), EDITION)
    assert copy is not None
    copy.close()
    reserve.engine.doubt()
    reserve.engine.discard()


def test_a_place_is_bad_where_a_cold_start_does_better(reserve: Reserve) -> None:
    _doubt_before_a(reserve)
    reserve.snapshot("a")
    reserve.snapshot("b")
    reserve.engine.loaded_cold(0.5)
    assert [snapshot.before for snapshot in reserve.engine.timeline.snapshots] == ["b"]
    reserve.snapshot("a")
    assert [snapshot.before for snapshot in reserve.engine.timeline.snapshots] == ["b"]


def test_a_place_is_not_bad_where_a_cold_start_fails_too(reserve: Reserve) -> None:
    _doubt_before_a(reserve)
    reserve.engine.failed_cold()
    reserve.engine.loaded_cold(0.5)
    reserve.snapshot("a")
    assert len(reserve.engine._frozen) == 1


def test_a_copy_may_take_longer_than_a_cold_start(reserve: Reserve) -> None:
    assert reserve.engine.patience() == 2.0
    reserve.engine.loaded_cold(1.5)
    assert reserve.engine.patience() == 5.0


@pytest.mark.parametrize(
    ("before", "used", "at_work"),
    [
        pytest.param(0.0, 1.0, True, id="slow-machine"),
        pytest.param(1.0, 1.2, True, id="slower-still"),
        pytest.param(0.0, 0.0, False, id="hangs"),
        pytest.param(1.2, 1.2, False, id="hangs-after-some-work"),
        pytest.param(2.0, 4.1, False, id="endless-loop"),
    ],
)
def test_late_copy_is_given_up_by_what_it_does(before: float, used: float, at_work: bool) -> None:
    assert is_at_work(before, used, 4.0) is at_work
