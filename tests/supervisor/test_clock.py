"""Calls that are due later: in order, and no longer than they are wanted."""

from __future__ import annotations

from launcher.supervisor.clock import Clock


def strike_all(clock: Clock) -> None:
    """Let everything happen that is due in the next moments."""
    while clock.patience() is not None:
        clock.strike(lambda: True)


def test_nothing_is_due_at_first() -> None:
    assert Clock().patience() is None


def test_patience_is_the_time_until_the_next_call() -> None:
    clock = Clock()
    clock.after(60.0, list)
    clock.after(3600.0, list)
    patience = clock.patience()
    assert patience is not None
    assert 0 < patience <= 60.0


def test_what_is_overdue_needs_no_patience() -> None:
    clock = Clock()
    clock.after(-1.0, list)
    assert clock.patience() == 0.0


def test_calls_come_in_the_order_of_their_times_and_then_of_asking() -> None:
    clock, called = Clock(), []
    for name, seconds in (("later", 0.001), ("first", -2.0), ("second", -1.0), ("also later", 0.001)):
        clock.after(seconds, lambda name=name: called.append(name))  # type: ignore[misc]
    strike_all(clock)
    assert called == ["first", "second", "later", "also later"]


def test_no_call_is_made_before_its_time() -> None:
    clock, called = Clock(), []
    clock.after(3600.0, lambda: called.append("too early"))
    clock.strike(lambda: True)
    assert called == []


def test_calls_that_are_not_wanted_any_more_are_not_made() -> None:
    clock, called = Clock(), []
    for number in range(3):
        clock.after(-1.0, lambda number=number: called.append(number))  # type: ignore[misc]
    clock.strike(lambda: len(called) < 2)
    assert called == [0, 1]


def test_what_a_call_asks_for_waits_for_the_next_time() -> None:
    clock, called = Clock(), []

    def again() -> None:
        called.append("again")
        clock.after(0.0, again)

    clock.after(-1.0, again)
    clock.strike(lambda: True)
    assert called == ["again"]
