"""Signals arrive as bytes at one descriptor, and everything is put back."""

from __future__ import annotations

import os
import select
import signal

import pytest

from launcher.supervisor.signals import STOP, Signals


@pytest.mark.parametrize("number", [*STOP, signal.SIGCHLD])
def test_a_signal_makes_the_descriptor_readable(number: signal.Signals) -> None:
    with Signals() as signals:
        assert signals.take() == []
        os.kill(os.getpid(), number)
        assert select.select([signals], [], [], 5)[0] == [signals]
        assert signals.take() == [number]
        assert signals.take() == []


def test_the_order_is_kept() -> None:
    with Signals() as signals:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGINT):
            os.kill(os.getpid(), number)
        assert signals.take() == [signal.SIGTERM, signal.SIGINT, signal.SIGINT]


def test_handlers_and_wakeup_are_put_back() -> None:
    before = {number: signal.getsignal(number) for number in (*STOP, signal.SIGCHLD)}
    wakeup = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(wakeup)
    with Signals():
        assert signal.getsignal(signal.SIGINT) is not before[signal.SIGINT]
    assert {number: signal.getsignal(number) for number in before} == before
    assert signal.set_wakeup_fd(wakeup) == wakeup


def test_a_child_that_ended_is_told_of() -> None:
    with Signals() as signals:
        pid = os.posix_spawn("/bin/true", ["true"], {})
        assert select.select([signals], [], [], 5)[0] == [signals]
        assert signals.take() == [signal.SIGCHLD]
        assert os.waitpid(pid, 0)[0] == pid
