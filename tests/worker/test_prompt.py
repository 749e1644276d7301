"""A request that opened a terminal debugger holds reloads until it ends."""

from __future__ import annotations

import pdb
import sys
import threading

import pytest

from launcher.worker.prompt import Prompts


@pytest.fixture
def reports() -> list[bool]:
    return []


@pytest.fixture
def prompts(reports: list[bool]) -> Prompts:
    return Prompts(reports.append)


def test_a_request_without_a_debugger_says_nothing(prompts: Prompts, reports: list[bool]) -> None:
    with prompts:
        pass
    assert reports == []


def test_a_debugger_holds_until_its_request_ends(prompts: Prompts, reports: list[bool]) -> None:
    with prompts:
        pdb.Pdb(nosigint=True)
        assert reports == [True]
    assert reports == [True, False]


def test_a_second_debugger_in_a_request_says_nothing_new(prompts: Prompts, reports: list[bool]) -> None:
    with prompts:
        pdb.Pdb(nosigint=True)
        pdb.Pdb(nosigint=True)
    assert reports == [True, False]


def test_breakpoint_holds_whatever_debugger_it_calls(
    prompts: Prompts, reports: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "breakpointhook", lambda: None)
    with prompts:
        breakpoint()
    assert reports == [True, False]


def test_a_debugger_outside_of_requests_says_nothing(prompts: Prompts, reports: list[bool]) -> None:
    pdb.Pdb(nosigint=True)
    with prompts:
        pass
    pdb.Pdb(nosigint=True)
    assert reports == []


def test_a_debugger_in_another_thread_says_nothing(prompts: Prompts, reports: list[bool]) -> None:
    with prompts:
        thread = threading.Thread(target=lambda: pdb.Pdb(nosigint=True))
        thread.start()
        thread.join()
    assert reports == []


def test_an_error_in_the_request_leaves_the_debugger_too(prompts: Prompts, reports: list[bool]) -> None:
    def request() -> None:
        with prompts:
            pdb.Pdb(nosigint=True)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        request()
    assert reports == [True, False]


def test_the_last_of_several_debuggers_counts(prompts: Prompts, reports: list[bool]) -> None:
    both_are_open = threading.Barrier(3)
    leave = [threading.Event(), threading.Event()]

    def request(number: int) -> None:
        with prompts:
            pdb.Pdb(nosigint=True)
            both_are_open.wait(10)
            leave[number].wait(10)

    threads = [threading.Thread(target=request, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    both_are_open.wait(10)
    assert reports == [True, True]
    for event, thread in zip(leave, threads, strict=True):
        event.set()
        thread.join()
    assert reports == [True, True, True, False]


def test_reports_come_in_the_order_of_what_they_tell() -> None:
    """One request leaves its debugger while another one opens its own: the last word must be that one is open."""
    said: list[bool] = []
    leaving, opened = threading.Event(), threading.Event()

    def report(active: bool) -> None:
        if not active:
            leaving.set()
            opened.wait(0.2)  # the other request tries to speak first
        said.append(active)

    prompts = Prompts(report)

    def first() -> None:
        with prompts:
            pdb.Pdb(nosigint=True)

    def second() -> None:
        with prompts:
            leaving.wait(10)
            pdb.Pdb(nosigint=True)
            opened.set()
            done.wait(10)

    done = threading.Event()
    threads = [threading.Thread(target=first)]
    other = threading.Thread(target=second)
    other.start()
    threads[0].start()
    threads[0].join()
    assert opened.wait(10)
    assert said == [True, False, True]
    done.set()
    other.join()
