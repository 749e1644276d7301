"""Stories of the supervisor: what happened, and what is done about it; and laws that hold in every story."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launcher.plan import Address, Plan, Reload, Target
from launcher.supervisor.events import (
    AwaitQuiet,
    ChildDrained,
    ChildFailed,
    ChildGone,
    ChildPrompting,
    ChildServing,
    End,
    Exit,
    FilesChanged,
    MemoryLow,
    PlanAdjusted,
    PlanChanged,
    QuietCame,
    Say,
    Start,
    StopAsked,
    TellAccept,
    TellAdjust,
    TellDrain,
    TellLoad,
    TellServeFailure,
    TimePassed,
    UsePlan,
)
from launcher.supervisor.state import MOST_STAYING, PHASES, STABLE_SECONDS, STOP_SECONDS, State, begin, step

if TYPE_CHECKING:
    from launcher.supervisor.events import Action, Event

DRAIN = 5.0
AUTO = Plan(project="/p", profile="", target=Target("shop:app", "/p", "/p"), address=Address(), loading="auto")
EAGER = replace(AUTO, loading="eager")
LAZY = replace(AUTO, loading="lazy")
NO_RELOAD = replace(AUTO, reload=Reload(enabled=False))
OTHER = replace(AUTO, threads=False, origins={"threads": "devserver.toml:3"})
OTHER_ENV = replace(AUTO, env={"A": "1"})

A = FilesChanged(("a.py",))
B = FilesChanged(("b.py",))
OPEN, LEFT = True, False


class Story:
    """A supervisor to which things happen one after the other."""

    def __init__(self, plan: Plan = AUTO) -> None:
        self.state, self.first = begin(plan, 0)

    def when(self, *events: Event) -> list[Action]:
        """Let *events* happen; return what is done about the last one, but for where a worker may come from."""
        actions: list[Action] = []
        for event in events:
            self.state, actions = step(self.state, event)
        self.loads = [action for action in actions if isinstance(action, TellLoad)]
        return [replace(action, changed=(), cold=False) if action in self.loads else action for action in actions]


def served(plan: Plan = AUTO) -> Story:
    """Child 0 serves the app, and child 1 is the spare."""
    story = Story(plan)
    story.when(ChildServing(0, "shop:app"))
    assert (story.state.phase, story.state.active) == ("serving", 0)
    return story


def failed_after_edit(plan: Plan = AUTO) -> Story:
    """Child 0 served, a file changed, child 1 could not load, and the disk is quiet."""
    story = served(plan)
    story.when(A, ChildFailed(1, "NameError", "trace"))
    return story


# The first load


def test_the_early_interpreter_loads_the_app() -> None:
    story = Story()
    assert story.first == [TellLoad(0, 1)]
    assert story.state.phase == "loading"


def test_a_lazy_app_is_loaded_when_a_request_comes() -> None:
    assert Story(LAZY).first == [TellLoad(0, 1, wait=True), Say("waiting")]


@pytest.mark.parametrize("plan", [AUTO, EAGER], ids=["auto", "eager"])
def test_a_loaded_app_is_greeted_and_gets_a_spare(plan: Plan) -> None:
    assert Story(plan).when(ChildServing(0, "shop:app")) == [TellAccept(0), Say("ready", ("shop:app",)), Start(1)]


def test_a_lazy_app_was_greeted_before() -> None:
    assert Story(LAZY).when(ChildServing(0)) == [TellAccept(0), Start(1)]


def test_without_reloading_there_is_no_spare() -> None:
    assert Story(NO_RELOAD).when(ChildServing(0, "x")) == [TellAccept(0), Say("ready", ("x",))]


# Section 4 of the design: loading x first load or after an edit x failure or death

FAILURE = ChildFailed(0, "NameError", "trace")
SHOWN_FIRST = [Say("failed", ("NameError", "trace")), TellServeFailure(0, 1, "NameError", "trace")]
ENDED = [Say("failed", ("NameError", "trace")), Exit(1)]
SHOWN_LATER = [Say("failed", ("NameError", "trace")), TellServeFailure(1, 2, "NameError", "trace")]


@pytest.mark.parametrize(
    ("plan", "first", "expected", "phase"),
    [
        pytest.param(AUTO, True, ENDED, "stopping", id="auto-first"),
        pytest.param(EAGER, True, ENDED, "stopping", id="eager-first"),
        pytest.param(LAZY, True, SHOWN_FIRST, "failed", id="lazy-first"),
        pytest.param(AUTO, False, SHOWN_LATER, "failed", id="auto-after-edit"),
        pytest.param(EAGER, False, ENDED, "stopping", id="eager-after-edit"),
        pytest.param(LAZY, False, SHOWN_LATER, "failed", id="lazy-after-edit"),
    ],
)
def test_a_load_that_fails(plan: Plan, first: bool, expected: list[Action], phase: str) -> None:
    story = Story(plan) if first else served(plan)
    if not first:
        story.when(A)
    assert story.when(replace(FAILURE, child=story.state.loading or 0)) == [AwaitQuiet()]
    assert story.when(QuietCame()) == expected
    assert story.state.phase == phase


# What only one process can have

BUSY = ChildFailed(1, "OSError", "in use", busy=True)


def test_a_load_that_lacked_what_the_worker_before_may_hold_is_repeated_when_that_is_gone() -> None:
    story = served()
    story.when(A)
    assert story.when(BUSY) == []
    assert story.when(QuietCame()) == []  # asked for before
    assert story.when(ChildGone(0, "exit code 0")) == [End(1), Start(2), TellLoad(2, 3)]
    assert story.loads[0].changed == ("a.py",)
    assert story.when(ChildGone(1, "SIGKILL"), ChildServing(2)) == [
        TellAccept(2),
        Say("reloaded", (("a.py",),)),
        Start(3),
    ]


def test_it_is_repeated_at_once_if_the_worker_before_is_gone_by_then() -> None:
    assert served().when(A, ChildGone(0, "exit code 0"), BUSY) == [End(1), Start(2), TellLoad(2, 3)]


def test_it_is_repeated_only_once() -> None:
    story = served()
    story.when(A, BUSY, ChildGone(0, "exit code 0"), ChildGone(1, "SIGKILL"))
    assert story.when(replace(BUSY, child=2)) == [AwaitQuiet()]
    assert story.when(QuietCame())[0] == Say("failed", ("OSError", "in use"))


def test_where_nobody_was_before_another_program_is_in_the_way() -> None:
    assert Story().when(replace(BUSY, child=0)) == [AwaitQuiet()]


def test_a_worker_that_could_not_load_may_be_gone_before_the_one_that_stood_in_its_way() -> None:
    story = served()
    story.when(A, BUSY, ChildGone(1, "SIGKILL"))
    assert story.when(ChildGone(0, "exit code 0")) == [Start(2), TellLoad(2, 3)]


def test_a_worker_that_stays_for_its_consoles_leaves_if_it_may_stand_in_the_way() -> None:
    story = served()
    story.when(A, ChildDrained(0, stays=True), ChildServing(1), B)
    assert story.state.staying == (0,)
    assert story.when(replace(BUSY, child=2)) == [TellDrain(0, 0.0)]
    assert story.when(ChildGone(1, "exit code 0")) == []
    assert story.when(ChildGone(0, "exit code 0")) == [End(2), Start(3), TellLoad(3, 4)]


def test_a_worker_that_would_stay_may_not_while_it_may_stand_in_the_way() -> None:
    story = served()
    story.when(A, BUSY)
    assert story.when(ChildDrained(0, stays=True)) == [TellDrain(0, 0.0)]
    assert story.when(ChildGone(0, "exit code 0")) == [End(1), Start(2), TellLoad(2, 3)]


def test_workers_do_not_stay_while_memory_is_low() -> None:
    story = served()
    story.when(A, ChildDrained(0, stays=True), ChildServing(1))
    assert story.when(MemoryLow()) == [TellDrain(0, 0.0)]
    assert story.state.staying == ()
    assert story.when(MemoryLow()) == []
    assert story.when(TimePassed(0)) == [End(0)]


def test_a_save_meanwhile_is_loaded_at_once() -> None:
    assert served().when(A, BUSY, B) == [End(1), Start(2), TellLoad(2, 3)]


DEATH = "the app ended its process while it was loaded: exit code 3"


@pytest.mark.parametrize(
    ("plan", "first", "expected"),
    [
        pytest.param(AUTO, True, [Say("failed", (DEATH, "stack")), Exit(1)], id="auto-first"),
        pytest.param(EAGER, True, [Say("failed", (DEATH, "stack")), Exit(1)], id="eager-first"),
        pytest.param(
            LAZY,
            True,
            [Say("failed", (DEATH, "stack")), TellServeFailure(1, 1, DEATH, "stack", apart=True)],
            id="lazy-first-needs-another-worker",
        ),
        pytest.param(
            AUTO,
            False,
            [Say("failed", (DEATH, "stack")), TellServeFailure(2, 2, DEATH, "stack", apart=True)],
            id="auto-after-edit-needs-another-worker",
        ),
        pytest.param(EAGER, False, [Say("failed", (DEATH, "stack")), Exit(1)], id="eager-after-edit"),
        pytest.param(
            LAZY,
            False,
            [Say("failed", (DEATH, "stack")), TellServeFailure(2, 2, DEATH, "stack", apart=True)],
            id="lazy-after-edit-needs-another-worker",
        ),
    ],
)
def test_a_worker_that_dies_while_it_loads(plan: Plan, first: bool, expected: list[Action]) -> None:
    story = Story(plan) if first else served(plan)
    if not first:
        story.when(A)
    assert story.when(ChildGone(story.state.loading or 0, "exit code 3", "stack")) == [AwaitQuiet()]
    assert story.state.phase == "suspect"
    assert story.when(QuietCame()) == expected


def test_a_lazy_app_that_failed_once_is_shown_as_failed_again() -> None:
    story = Story(LAZY)
    story.when(FAILURE, QuietCame(), ChildServing(0))
    assert story.when(A) == [TellDrain(0, DRAIN), TellLoad(1, 2)]
    assert story.when(ChildFailed(1, "NameError", "trace"), QuietCame()) == SHOWN_LATER


def test_without_reloading_nobody_could_mend_it() -> None:
    assert Story(NO_RELOAD).when(FAILURE, QuietCame()) == ENDED


def test_without_reloading_a_lazy_app_still_shows_its_failure() -> None:
    assert Story(replace(LAZY, reload=NO_RELOAD.reload)).when(FAILURE, QuietCame()) == SHOWN_FIRST


# Failures are believed only when the disk is quiet


def test_a_failure_is_forgotten_when_the_disk_still_moves() -> None:
    story = served()
    story.when(A, ChildFailed(1, "SyntaxError", "trace"))
    assert story.when(B) == [End(1), Start(2), TellLoad(2, 3)]
    assert story.when(ChildServing(2)) == [TellAccept(2), Say("reloaded", (("a.py", "b.py"),)), Start(3)]


def test_a_first_load_that_failed_while_files_were_copied_is_greeted_later() -> None:
    story = Story(EAGER)
    assert story.when(FAILURE, A) == [End(0), Start(1), TellLoad(1, 2)]
    assert story.when(ChildServing(1, "shop:app")) == [TellAccept(1), Say("ready", ("shop:app",)), Start(2)]


def test_a_settings_file_may_mend_a_failure_before_it_is_believed() -> None:
    story = Story()
    assert story.when(FAILURE, PlanChanged(OTHER, ("threads",))) == [
        End(0),
        Say("replanned", ((("threads", "devserver.toml:3"),),)),
        UsePlan(OTHER),
        Start(1),
        TellLoad(1, 2),
    ]


def test_the_worker_that_failed_may_die_before_its_failure_is_believed() -> None:
    """The failure page needs another worker then, and shows what the first one had said."""
    story = served()
    assert story.when(A, ChildFailed(1, "NameError", "trace"), ChildGone(1, "exit code 0")) == []
    assert story.when(QuietCame()) == [
        Say("failed", ("NameError", "trace")),
        TellServeFailure(2, 2, "NameError", "trace", apart=True),
    ]


def test_quiet_means_nothing_when_nothing_failed() -> None:
    story = served()
    assert story.when(QuietCame()) == []
    assert story.when(A, QuietCame()) == []
    assert story.state.phase == "loading"


@pytest.mark.parametrize("event", [ChildServing(0), ChildPrompting(0, OPEN)], ids=repr)
def test_a_suspect_hears_nothing_else(event: Event) -> None:
    story = Story()
    story.when(FAILURE)
    before = story.state
    assert story.when(event) == []
    assert story.state == before


# Reloading


def test_a_changed_file_drains_the_old_worker_and_loads_with_the_spare() -> None:
    story = served()
    assert story.when(A) == [TellDrain(0, DRAIN), TellLoad(1, 2)]
    assert story.when(ChildServing(1)) == [TellAccept(1), Say("reloaded", (("a.py",),)), Start(2)]
    assert story.when(ChildDrained(0), ChildGone(0, "exit code 0")) == []
    assert story.state.draining == frozenset()


def test_a_save_during_a_load_begins_the_load_again() -> None:
    story = served()
    story.when(A)
    assert story.when(B) == [End(1), Start(2), TellLoad(2, 3)]
    assert story.when(A) == [End(2), Start(3), TellLoad(3, 4)]
    assert story.when(ChildServing(3)) == [TellAccept(3), Say("reloaded", (("a.py", "b.py"),)), Start(4)]


def test_what_a_worker_says_that_was_given_up_is_not_heard() -> None:
    story = served()
    story.when(A, B)
    assert story.when(ChildServing(1)) == []
    assert story.when(ChildFailed(1, "x", "y")) == []
    assert story.when(ChildGone(1, "SIGKILL")) == []
    assert story.state.loading == 2


def test_several_old_workers_may_drain_at_once() -> None:
    story = served()
    story.when(A, ChildServing(1), B)
    assert story.state.draining == {0, 1}
    assert story.when(TimePassed(0)) == [End(0)]
    story.when(ChildGone(0, "SIGKILL"))
    assert story.state.draining == {1}


def test_the_deadline_of_a_worker_that_left_is_of_no_interest() -> None:
    story = served()
    story.when(A, ChildGone(0, "exit code 0"))
    assert story.when(TimePassed(0)) == []


@pytest.mark.parametrize(("cut", "expected"), [(0, []), (3, [Say("cut", (3,))])])
def test_requests_that_were_cut_are_reported(cut: int, expected: list[Action]) -> None:
    story = served()
    story.when(A)
    assert story.when(ChildDrained(0, cut)) == expected


def test_a_worker_whose_consoles_are_in_use_stays() -> None:
    story = served()
    story.when(A, ChildServing(1))
    assert story.when(ChildDrained(0, 0, stays=True)) == []
    assert (story.state.staying, story.state.draining) == ((0,), frozenset())
    assert story.when(TimePassed(0)) == [], "the time to drain is over for it"
    assert story.when(B) == [TellDrain(1, DRAIN), TellLoad(2, 3)], "a reload leaves it alone"
    assert story.when(ChildGone(0, "exit code 0")) == []
    assert story.state.staying == ()


def test_the_oldest_of_too_many_that_stay_leaves() -> None:
    story = served()
    for child in range(MOST_STAYING):
        story.when(A, ChildServing(child + 1), ChildDrained(child, 0, stays=True))
    assert story.when(A, ChildServing(MOST_STAYING + 1), ChildDrained(MOST_STAYING, 1, stays=True))[-2:] == [
        Say("cut", (1,)),
        TellDrain(0, 0.0),
    ]
    assert story.state.staying == tuple(range(1, MOST_STAYING + 1))
    assert story.when(TimePassed(0)) == [End(0)]


def test_workers_that_stay_leave_with_the_server() -> None:
    story = served()
    story.when(A, ChildServing(1), ChildDrained(0, 0, stays=True))
    actions = story.when(StopAsked("SIGINT"))
    assert [action for action in actions if isinstance(action, TellDrain)] == [
        TellDrain(0, STOP_SECONDS),
        TellDrain(1, STOP_SECONDS),
    ]
    assert story.when(ChildDrained(1, 0, stays=True)) == [], "nobody stays behind"
    assert story.when(ChildGone(1, "exit code 0"), ChildGone(0, "exit code 0"))[-1] == Exit(0)


def test_a_reload_without_a_spare_starts_an_interpreter() -> None:
    story = served()
    assert story.when(ChildGone(1, "SIGKILL")) == []
    assert story.state.spare is None
    assert story.when(A) == [TellDrain(0, DRAIN), Start(2), TellLoad(2, 2)]


def test_a_mended_failure_is_served_again() -> None:
    story = failed_after_edit()
    story.when(QuietCame())
    assert story.when(ChildServing(1)) == [TellAccept(1), Start(2)]
    assert story.when(B) == [TellDrain(1, DRAIN), TellLoad(2, 3)]
    assert story.when(ChildServing(2)) == [TellAccept(2), Say("reloaded", (("b.py",),)), Start(3)]


def test_a_file_may_change_before_the_failure_page_is_up() -> None:
    story = failed_after_edit()
    story.when(QuietCame())
    assert story.when(B) == [TellDrain(1, DRAIN), Start(2), TellLoad(2, 3)]
    assert story.when(ChildServing(1)) == []


def test_the_failure_page_hears_nothing_else() -> None:
    story = failed_after_edit()
    story.when(QuietCame())
    assert story.when(ChildPrompting(1, OPEN), ChildServing(9)) == []


# Changed settings


def test_a_changed_plan_is_in_force_before_it_is_loaded() -> None:
    assert served().when(PlanChanged(OTHER, ("threads",))) == [
        TellDrain(0, DRAIN),
        Say("replanned", ((("threads", "devserver.toml:3"),),)),
        UsePlan(OTHER),
        TellLoad(1, 2),
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(AUTO, OTHER_ENV, id="variable-added"),
        pytest.param(OTHER_ENV, AUTO, id="variable-removed"),
        pytest.param(AUTO, replace(AUTO, unset_env=("A",)), id="variable-taken-out"),
        pytest.param(replace(AUTO, unset_env=("A",)), AUTO, id="variable-no-longer-taken-out"),
    ],
)
def test_a_spare_with_another_environment_is_of_no_use(old: Plan, new: Plan) -> None:
    assert served(old).when(PlanChanged(new, ("env.A",))) == [
        TellDrain(0, DRAIN),
        End(1),
        Say("replanned", ((("env.A", ""),),)),
        UsePlan(new),
        Start(2),
        TellLoad(2, 2),
    ]


def test_the_old_worker_drains_as_the_old_plan_says() -> None:
    story = served(replace(AUTO, reload=Reload(drain_seconds=9.0)))
    assert story.when(PlanChanged(AUTO, ("reload.drain-seconds",)))[0] == TellDrain(0, 9.0)
    story.when(ChildServing(1))
    assert story.when(A)[0] == TellDrain(1, DRAIN)


def test_settings_that_change_during_the_first_load() -> None:
    assert Story().when(PlanChanged(OTHER_ENV, ("env.A",))) == [
        End(0),
        Say("replanned", ((("env.A", ""),),)),
        UsePlan(OTHER_ENV),
        Start(1),
        TellLoad(1, 2),
    ]


def test_settings_mend_a_failure() -> None:
    story = failed_after_edit()
    story.when(QuietCame(), ChildServing(1))
    assert story.when(PlanChanged(OTHER, ("threads",)))[-1] == TellLoad(2, 3)
    assert story.when(ChildServing(2)) == [TellAccept(2), Say("reloaded", (("threads",),)), Start(3)]


# Where a worker may come from


def test_a_load_says_which_files_led_to_it() -> None:
    story = served()
    story.when(A)
    assert (story.loads[0].changed, story.loads[0].cold) == (("a.py",), False)
    story.when(B)
    assert story.loads[0].changed == ("a.py", "b.py")


def test_changed_settings_need_a_cold_start() -> None:
    story = served()
    story.when(PlanChanged(OTHER, ("threads",)))
    assert (story.loads[0].changed, story.loads[0].cold) == (("threads",), True)


def test_a_worker_that_crashed_is_followed_by_one_from_any_snapshot() -> None:
    story = served()
    story.when(ChildGone(0, "SIGSEGV", "", 9.0))
    assert (story.loads[0].changed, story.loads[0].cold) == ((), False)


# A terminal debugger


def test_a_reload_waits_for_the_terminal_debugger() -> None:
    story = served()
    assert story.when(ChildPrompting(0, OPEN)) == []
    assert story.when(A) == [Say("held", (("a.py",),))]
    assert story.when(B) == []
    assert story.when(ChildPrompting(0, LEFT)) == [TellDrain(0, DRAIN), TellLoad(1, 2)]
    assert story.when(ChildServing(1)) == [TellAccept(1), Say("reloaded", (("a.py", "b.py"),)), Start(2)]


def test_a_debugger_that_is_left_without_a_change() -> None:
    story = served()
    assert story.when(ChildPrompting(0, OPEN), ChildPrompting(0, LEFT)) == []
    assert story.when(A) == [TellDrain(0, DRAIN), TellLoad(1, 2)]


def test_changed_settings_wait_for_the_terminal_debugger_too() -> None:
    story = served()
    assert story.when(ChildPrompting(0, OPEN), PlanChanged(OTHER, ("threads",))) == [Say("held", (("threads",),))]
    assert story.when(A) == []
    assert story.state.plan == AUTO
    assert story.when(ChildPrompting(0, LEFT)) == [
        TellDrain(0, DRAIN),
        Say("replanned", ((("threads", "devserver.toml:3"),),)),
        UsePlan(OTHER),
        TellLoad(1, 2),
    ]
    assert story.state.held is None


def test_a_plan_that_the_app_never_sees_is_in_force_without_a_reload() -> None:
    adjusted = PlanAdjusted(OTHER, ("threads",))
    said = Say("adjusted", ((("threads", "devserver.toml:3"),),))
    assert served().when(adjusted) == [said, UsePlan(OTHER, keep=True), TellAdjust(0)]
    assert Story().when(adjusted) == [said, UsePlan(OTHER, keep=True), TellAdjust(0)]
    shown = failed_after_edit()
    assert shown.when(QuietCame(), adjusted) == [said, UsePlan(OTHER, keep=True), TellAdjust(1)]
    assert shown.state.plan == OTHER


def test_a_plan_that_waits_for_the_debugger_is_not_overtaken() -> None:
    story = served()
    last = replace(OTHER, loading="lazy")
    story.when(ChildPrompting(0, OPEN), PlanChanged(OTHER, ("threads",)))
    assert story.when(PlanAdjusted(last, ("allowed-hosts",))) == []
    said = Say("replanned", ((("threads", "devserver.toml:3"), ("allowed-hosts", "")),))
    assert story.when(ChildPrompting(0, LEFT))[1:3] == [said, UsePlan(last)]


def test_the_last_plan_that_waited_counts() -> None:
    story = served()
    story.when(ChildPrompting(0, OPEN), PlanChanged(OTHER, ("threads",)), PlanChanged(OTHER_ENV, ("env.A",)))
    assert UsePlan(OTHER_ENV) in story.when(ChildPrompting(0, LEFT))


def test_a_worker_that_dies_in_the_debugger_is_replaced_by_what_changed() -> None:
    story = served()
    story.when(ChildPrompting(0, OPEN), A)
    assert story.when(ChildGone(0, "SIGKILL", "", 0.1)) == [
        Say("crashed", ("SIGKILL", "")),
        TellLoad(1, 2),
    ]
    assert story.when(ChildServing(1)) == [TellAccept(1), Say("reloaded", (("a.py",),)), Start(2)]


def test_a_change_that_was_held_is_loaded_even_after_a_second_early_crash() -> None:
    story = served()
    story.when(ChildGone(0, "SIGSEGV", "", 0.1), ChildServing(1), ChildPrompting(1, OPEN), A)
    assert story.when(ChildGone(1, "SIGSEGV", "", 0.1))[-1] == TellLoad(2, 3)


def test_a_plan_that_was_held_survives_a_crash() -> None:
    story = served()
    story.when(ChildPrompting(0, OPEN), PlanChanged(OTHER, ("threads",)))
    assert UsePlan(OTHER) in story.when(ChildGone(0, "SIGKILL", "", 9.0))


def test_a_debugger_in_an_old_worker_holds_the_reload_until_that_is_gone() -> None:
    story = served()
    story.when(A, ChildServing(1), ChildPrompting(0, OPEN))
    assert story.when(B) == [Say("held", (("b.py",),))]
    assert story.when(ChildGone(2, "SIGKILL")) == []  # the spare: nobody waits for it
    assert story.when(ChildGone(0, "SIGKILL")) == [TellDrain(1, DRAIN), Start(3), TellLoad(3, 3)]


def test_two_debuggers_are_left_one_after_the_other() -> None:
    story = served()
    story.when(A, ChildServing(1), ChildPrompting(0, OPEN), ChildPrompting(1, OPEN), B)
    assert story.when(ChildPrompting(0, LEFT)) == []
    assert story.when(ChildPrompting(1, LEFT)) == [TellDrain(1, DRAIN), TellLoad(2, 3)]


# Crashes


def test_a_worker_that_crashes_after_a_while_is_replaced() -> None:
    story = served()
    assert story.when(ChildGone(0, "SIGSEGV", "stack", STABLE_SECONDS)) == [
        Say("crashed", ("SIGSEGV", "stack")),
        TellLoad(1, 2),
    ]
    assert story.when(ChildServing(1)) == [TellAccept(1), Say("reloaded", ((),)), Start(2)]


def test_a_worker_that_crashes_after_a_while_is_replaced_again_and_again() -> None:
    story = served()
    for child in (0, 1, 2, 3):
        assert story.when(ChildGone(child, "SIGSEGV", "", 9.0))[-1] == TellLoad(child + 1, child + 2)
        story.when(ChildServing(child + 1))


def test_an_early_crash_is_forgiven_once() -> None:
    story = served()
    assert story.when(ChildGone(0, "exit code 1", "", 0.1))[-1] == TellLoad(1, 2)
    story.when(ChildServing(1))
    cause = "the worker ended while it served: exit code 1"
    assert story.when(ChildGone(1, "exit code 1", "", 0.1)) == [
        Say("crashed", ("exit code 1", "")),
        TellServeFailure(3, 2, cause, "", apart=True),
    ]
    assert story.state.phase == "failed"


def test_a_change_gives_an_early_crash_another_chance() -> None:
    story = served()
    story.when(ChildGone(0, "exit code 1", "", 0.1), ChildServing(1), A, ChildServing(2))
    assert story.when(ChildGone(2, "exit code 1", "", 0.1))[-1] == TellLoad(3, 4)


def test_a_late_crash_gives_an_early_crash_another_chance() -> None:
    story = served()
    story.when(ChildGone(0, "x", "", 0.1), ChildServing(1), ChildGone(1, "x", "", 9.0), ChildServing(2))
    assert story.when(ChildGone(2, "x", "", 0.1))[-1] == TellLoad(3, 4)


def test_failure_page_is_served_by_others_when_its_processes_end_early() -> None:
    story = failed_after_edit()
    story.when(QuietCame())
    for lost, delay in enumerate((0.25, 1.0, 5.0, 5.0), 1):
        assert story.when(ChildGone(lost, "SIGKILL", "stack", 0.0)) == [
            Say("page_lost", ("SIGKILL", delay)),
            TellServeFailure(lost + 1, 2, "NameError", "trace", apart=True, delay=delay),
        ]
    assert story.when(ChildServing(5), ChildGone(5, "SIGKILL", "", 9.0))[-1] == TellServeFailure(
        7, 2, "NameError", "trace", apart=True
    )


def test_server_ends_when_asked_while_the_next_failure_page_is_due() -> None:
    story = failed_after_edit()
    story.when(QuietCame(), ChildGone(0, "exit code 0"), ChildGone(1, "SIGKILL", "", 0.0))
    assert story.when(StopAsked("SIGTERM")) == [Say("stopping"), TellDrain(2, STOP_SECONDS)]
    assert story.when(ChildGone(2, "it was never started")) == [Exit(0)]


def test_load_is_cold_when_something_lacking_is_back() -> None:
    story = failed_after_edit()
    story.when(QuietCame())
    story.when(FilesChanged((), cold=True))
    assert story.loads == [TellLoad(2, 3, cold=True)]


def test_cause_is_the_start_itself_when_no_process_started() -> None:
    story = served()
    story.when(A, ChildGone(1, "Python is gone", started=False))
    assert Say("failed", ("Python is gone", "")) in story.when(QuietCame())


def test_a_failure_page_that_was_served_for_a_while_is_served_again() -> None:
    story = failed_after_edit()
    story.when(QuietCame(), ChildServing(1))
    assert story.when(ChildGone(1, "SIGKILL", "", 9.0)) == [TellServeFailure(3, 2, "NameError", "trace", apart=True)]


# Stopping


def test_the_first_ctrl_c_finishes_the_requests_in_work() -> None:
    story = served()
    assert story.when(StopAsked("SIGINT")) == [Say("stopping"), End(1), TellDrain(0, STOP_SECONDS)]
    assert story.when(ChildDrained(0), ChildGone(1, "SIGKILL")) == []
    assert story.when(ChildGone(0, "exit code 0")) == [Exit(0)]


@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"])
def test_the_second_one_ends_now(how: str) -> None:
    assert served().when(StopAsked(how), StopAsked(how)) == [Exit(0)]


@pytest.mark.parametrize(("how", "code"), [("SIGINT", 130), ("SIGTERM", 0), ("SIGHUP", 0), ("SIGQUIT", 0)])
def test_interrupted_before_anything_was_served(how: str, code: int) -> None:
    assert Story().when(StopAsked(how)) == [Exit(code)]


def test_interrupted_while_a_first_failure_waits_for_quiet() -> None:
    assert Story().when(FAILURE, StopAsked("SIGINT")) == [Exit(130)]


def test_stopping_during_a_reload_finishes_the_old_worker() -> None:
    story = served()
    story.when(A)
    assert story.when(StopAsked("SIGINT")) == [Say("stopping"), End(1), TellDrain(0, STOP_SECONDS)]
    assert story.when(ChildGone(1, "SIGKILL")) == []
    assert story.when(ChildGone(0, "exit code 0")) == [Exit(0)]


def test_stopping_cuts_the_time_of_workers_that_drain_already() -> None:
    story = served(replace(AUTO, reload=Reload(drain_seconds=60.0)))
    story.when(A, ChildServing(1))
    assert story.when(StopAsked("SIGTERM")) == [
        Say("stopping"),
        End(2),
        TellDrain(0, STOP_SECONDS),
        TellDrain(1, STOP_SECONDS),
    ]


def test_stopping_after_the_old_worker_is_gone_but_nothing_serves_yet() -> None:
    story = served()
    story.when(A, ChildGone(0, "exit code 0"))
    assert story.when(StopAsked("SIGINT")) == [Exit(0)]


def test_stopping_the_failure_page() -> None:
    story = failed_after_edit()
    story.when(QuietCame(), ChildServing(1), ChildGone(0, "exit code 0"))
    assert story.when(StopAsked("SIGINT"))[-1] == TellDrain(1, STOP_SECONDS)
    assert story.when(ChildGone(1, "exit code 0"), ChildGone(2, "SIGKILL")) == [Exit(0)]


def test_nothing_is_started_while_stopping() -> None:
    story = served()
    story.when(StopAsked("SIGINT"))
    assert story.when(A) == []
    assert story.when(PlanChanged(OTHER, ("threads",))) == []
    assert story.when(ChildServing(1)) == []
    assert story.when(ChildPrompting(0, OPEN)) == []


def test_a_worker_that_does_not_drain_in_time_is_ended() -> None:
    story = served()
    assert story.when(StopAsked("SIGINT"), TimePassed(0)) == [End(0)]


def test_the_code_of_a_failure_is_kept_when_its_worker_goes() -> None:
    story = Story()
    story.when(FAILURE, QuietCame())
    assert story.when(ChildGone(0, "exit code 0")) == [Exit(1)]


def test_the_code_of_a_failure_waits_for_workers_that_drain() -> None:
    story = served(EAGER)
    story.when(A, ChildFailed(1, "x", "y"), QuietCame())
    assert story.when(ChildGone(1, "exit code 0")) == []
    assert story.when(ChildGone(0, "exit code 0")) == [Exit(1)]


# Laws


EVENTS = st.sampled_from(
    [
        "serving",
        "failed",
        "gone",
        "gone",
        "files",
        "files",
        "plan",
        "quiet",
        "open",
        "left",
        "time",
        "drained",
        "stop",
    ]
)


class World:
    """Children that behave as real ones do: they speak only while they are there, and only when they were told to."""

    def __init__(self, plan: Plan) -> None:
        self.alive = {0}
        self.told: dict[int, str] = {0: "booted"}
        self.ended: set[int] = set()
        self.exited = False
        self.unloaded: set[str] = set()
        self.serial = 0
        self.state, actions = begin(plan, 0)
        self.obey(actions)

    def happen(self, event: Event) -> None:
        self.state, actions = step(self.state, event)
        self.obey(actions)

    def obey(self, actions: list[Action]) -> None:
        for action in actions:
            assert not self.exited or isinstance(action, Exit)
            if isinstance(action, Start):
                assert action.child not in self.told, "a number is used once"
                self.alive.add(action.child)
                self.told[action.child] = "booted"
            elif isinstance(action, TellLoad):
                assert self.told[action.child] == "booted"
                assert action.child in self.alive - self.ended
                self.told[action.child] = "load"
                self.unloaded.clear()
            elif isinstance(action, TellServeFailure):
                if action.apart:
                    assert action.child not in self.told, "a number is used once"
                    self.alive.add(action.child)
                else:
                    assert self.told[action.child] == "failed"
                assert action.child in self.alive - self.ended
                self.told[action.child] = "page"
            elif isinstance(action, TellAccept):
                assert self.told[action.child] in ("load", "page")
                self.told[action.child] = "accept"
            elif isinstance(action, TellDrain):
                assert action.child in self.alive
                self.told[action.child] = "drain"
            elif isinstance(action, End):
                assert action.child in self.alive
                assert self.told[action.child] != "accept", "it may hold clients"
                self.ended.add(action.child)
            elif isinstance(action, Exit):
                self.exited = True

    def do(self, kind: str, pick: int, lived: float) -> None:
        if kind == "files":
            self.serial += 1
            self.unloaded.add(f"{self.serial}.py")
            self.happen(FilesChanged((f"{self.serial}.py",)))
        elif kind == "plan":
            self.serial += 1
            self.unloaded.add("plan")
            plan = replace(self.state.plan, env={"N": str(self.serial)} if pick % 2 else self.state.plan.env)
            self.happen(PlanChanged(plan, ("env.N",)))
        elif kind == "quiet":
            self.happen(QuietCame())
        elif kind == "stop":
            self.happen(StopAsked("SIGINT"))
        else:
            self.speak(kind, pick, lived)

    def speak(self, kind: str, pick: int, lived: float) -> None:
        child = sorted(self.told)[pick % len(self.told)]
        if kind == "time":
            self.happen(TimePassed(child))
        elif child not in self.alive:
            return
        elif kind == "gone":
            self.alive.discard(child)
            self.happen(ChildGone(child, "SIGKILL", "", lived))
        elif kind == "serving" and self.told[child] in ("load", "page"):
            self.happen(ChildServing(child, "x"))
        elif kind == "failed" and self.told[child] == "load" and child != self.state.active:
            self.told[child] = "failed"
            self.happen(ChildFailed(child, "x", "y", busy=bool(pick % 2)))
        elif kind == "drained" and self.told[child] == "drain":
            self.happen(ChildDrained(child, pick % 2, stays=bool(pick & 2)))
        elif kind in ("open", "left"):
            self.happen(ChildPrompting(child, kind == "open"))

    def check(self) -> None:
        state = self.state
        assert state.phase in PHASES
        named = [child for child in (state.active, state.loading, state.spare) if child is not None]
        assert len(named) == len(set(named)), "a child has one role"
        assert not set(named) & state.draining.union(state.staying)
        assert not state.draining.intersection(state.staying)
        assert len(state.staying) <= MOST_STAYING
        assert state.draining.union(named, state.staying) <= self.alive, "a child that is gone is forgotten"
        assert self.exited or state.phase != "serving" or state.active is not None
        assert self.exited or state.phase != "loading" or state.loading is not None
        assert self.exited or state.phase != "stopping" or state.draining, "stopping comes to an end"
        if self.unloaded and not self.exited and state.phase != "stopping":
            assert state.prompting, "a change is loaded at once, unless somebody sits in a debugger"
            assert state.changed or state.held


@settings(max_examples=500)
@given(
    st.sampled_from([AUTO, EAGER, LAZY, NO_RELOAD]),
    st.lists(st.tuples(EVENTS, st.integers(0, 30), st.sampled_from([0.0, 0.5, STABLE_SECONDS, 60.0])), max_size=60),
)
def test_the_laws_hold_in_every_story(plan: Plan, story: list[tuple[str, int, float]]) -> None:
    """Nobody who is gone is spoken to, no change is lost, every child has one role, and stopping ends."""
    world = World(plan)
    for kind, pick, lived in story:
        if world.exited:
            return
        world.do(kind, pick, lived)
        world.check()


ANY_EVENT = st.one_of(
    st.builds(ChildServing, st.integers(0, 4)),
    st.builds(ChildFailed, st.integers(0, 4), st.just("x"), st.just("y"), st.booleans()),
    st.builds(ChildPrompting, st.integers(0, 4), st.booleans()),
    st.builds(ChildDrained, st.integers(0, 4), st.integers(0, 2), st.booleans()),
    st.builds(ChildGone, st.integers(0, 4), st.just("x"), st.just(""), st.sampled_from([0.0, 2.0])),
    st.just(A),
    st.builds(PlanChanged, st.sampled_from([AUTO, EAGER, OTHER_ENV]), st.just(("k",))),
    st.builds(PlanAdjusted, st.sampled_from([AUTO, EAGER, OTHER_ENV]), st.just(("k",))),
    st.just(QuietCame()),
    st.builds(TimePassed, st.integers(0, 4)),
    st.builds(StopAsked, st.sampled_from(["SIGINT", "SIGTERM"])),
)


@given(st.sampled_from([AUTO, EAGER, LAZY, NO_RELOAD]), st.lists(ANY_EVENT, max_size=40))
def test_no_event_is_ever_too_much(plan: Plan, events: list[Event]) -> None:
    """Whatever comes, in whatever order, has an answer."""
    state, _ = begin(plan, 0)
    for event in events:
        state, actions = step(state, event)
        assert isinstance(state, State)
        assert state.phase in PHASES
        assert isinstance(actions, list)
