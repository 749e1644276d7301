"""The end, in every way and at any moment: no process is left, the port is free, the terminal is as it was."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.harness import JOURNAL, PACKAGE, Project, Server

PRICES = "VERSION = {!r}\ndef price():\n    return 3\ndef finish(app):\n    return app\n"
HANGING = "import time\nfrom shop.journal import note\nnote('hangs')\nwhile True:\n    time.sleep(0.05)\n"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGKILL)
WORD = "raise ValueError('this is ' + 'wrong')\n"


def idle(project: Project, server: Server) -> None:
    server.answers("one")


def mid_request(project: Project, server: Server) -> None:
    server.answers("one")
    server.connect().send("GET", "/slow")
    project.noted("slow")


def mid_reload(project: Project, server: Server) -> None:
    server.answers("one")
    project.save("shop/prices.py", HANGING)
    project.noted("hangs")


def failed(project: Project, server: Server) -> None:
    server.answers("one")
    project.save("shop/prices.py", WORD)
    server.answers("this is wrong", status=500)


@pytest.mark.parametrize("moment", [idle, mid_request, mid_reload, failed])
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_nothing_is_left(project: Project, number: signal.Signals, moment: Callable[[Project, Server], None]):
    server = project.copy("shop").dev_in_terminal()
    before = server.terminal_state()
    moment(project, server)
    assert server.stop(number) == (-signal.SIGKILL if number is signal.SIGKILL else 0)
    project.assert_nothing_left()
    assert server.terminal_state() == before
    assert str(PACKAGE) not in server.log(), "no traceback of ours"


@pytest.mark.parametrize("number", SIGNALS[:4], ids=lambda number: number.name)
def test_whole_group_may_get_the_signal(project: Project, number: signal.Signals):
    """Expect the same when a terminal or a shell sends the signal to all processes of the group."""
    server = project.copy("shop").dev_in_terminal()
    server.answers("one")
    os.killpg(server.pid, number)
    assert server.exit_code() == 0
    project.assert_nothing_left()


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0), (signal.SIGKILL, -9)], ids=["INT", "TERM", "KILL"]
)
def test_before_it_serves(project: Project, number: signal.Signals, code: int):
    project.copy("shop").save("shop/prices.py", HANGING)
    server = project.dev()
    project.noted("hangs")
    assert server.stop(number) == code
    project.assert_nothing_left()


def test_lazy_server_that_nobody_has_asked_stops(project: Project):
    server = project.copy("shop").dev("--lazy-loading")
    server.says("ready in")
    assert server.stop(signal.SIGINT) == 0
    assert project.journal() == []


def test_control_c_lets_requests_finish(project: Project):
    server = project.copy("shop").dev_in_terminal()
    server.answers("one")
    with server.connect() as client:
        client.send("GET", "/slow")
        project.noted("slow")
        server.type("\x03")
        server.says("stopping")
        Path(project.environ({})[JOURNAL] + ".release").touch()
        assert client.receive().text == "slow one"
    assert server.exit_code() == 0


def test_second_control_c_ends_at_once(project: Project):
    server = project.copy("shop").dev_in_terminal()
    server.answers("one")
    with server.connect() as client:
        client.send("GET", "/slow")
        project.noted("slow")
        server.type("\x03")
        server.says("stopping")
        server.type("\x03")
        assert server.exit_code() == 0
        assert client.is_ended()
    assert "Traceback" not in server.log()
    assert "KeyboardInterrupt" not in server.log()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name)
def test_programs_that_the_app_started_are_ended(project: Project, number: signal.Signals):
    server = project.copy("shop").dev()
    server.answers("one")
    pids = {int(pid) for pid in server.get("/spawn").text.split()}
    assert len(pids) == 3
    assert pids <= set(server.processes())
    assert server.stop(number) == 0
    project.assert_nothing_left()


def test_programs_that_the_app_started_are_ended_by_a_reload(project: Project):
    server = project.copy("shop").dev()
    server.answers("one")
    pids = {int(pid) for pid in server.get("/spawn").text.split()[:2]}
    project.save("shop/prices.py", PRICES.format("two"))
    server.answers("two")
    server.until(lambda: not pids & set(server.processes()), "the programs of the old worker to end")


# The terminal


def test_breakpoint_in_a_view_holds_the_reload(project: Project):
    server = project.copy("shop").dev_in_terminal()
    server.answers("one")
    before = server.terminal_state()
    with server.connect() as client:
        client.send("GET", "/stop")
        server.says("(Pdb)")
        server.type("print('it is', secret)\n")
        server.says("it is 42")
        project.save("shop/prices.py", PRICES.format("two"))
        server.says("shop/prices.py changed; reloading when the debugger is left")
        assert server.get().text == "one"
        prompts = server.log().count("(Pdb)")
        server.type("print(secret + 1)\n")
        server.says("43")
        server.says("(Pdb)", prompts + 1)
        server.type("continue\n")
        assert client.receive().text == "left with 42"
    server.answers("two")
    assert server.terminal_state() == before


def test_terminal_is_restored_when_a_worker_dies_in_raw_mode(project: Project):
    server = project.copy("shop").dev_in_terminal()
    server.answers("one")
    before = server.terminal_state()
    worker = int(server.get("/pid").text)
    with server.connect() as client:
        client.send("GET", "/raw")
        project.noted("raw")
        assert server.terminal_state() != before
        os.kill(worker, signal.SIGKILL)
        server.says("starting another")
        server.until(lambda: server.terminal_state() == before, "the terminal to be as it was")
    server.answers("one")


def test_terminal_is_restored_at_the_end(project: Project):
    server = project.copy("shop").dev_in_terminal()
    server.answers("one")
    before = server.terminal_state()
    with server.connect() as client:
        client.send("GET", "/raw")
        project.noted("raw")
        assert server.terminal_state() != before
        assert server.stop() == 0
    assert server.terminal_state() == before
