"""Consoles of the debugger's page over reloads, and what the page's secrets leave behind, with real processes."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.e2e.harness import Project, Server

APP = """
import prices

def app(environ, start_response):
    answer = 6 * 7
    raise LookupError("no row")
"""


class Page:
    """The error page of a server, and code typed into its last frame."""

    def __init__(self, server: Server) -> None:
        self.server = server
        text = server.get().text
        self.secret = re.search(r'SECRET = "(\w+)"', text)[1]
        self.frame = re.findall(r'id="frame-(\d+)"', text)[-1]

    def run(self, code: str) -> str:
        query = {"__debugger__": "yes", "cmd": code, "frm": self.frame, "s": self.secret}
        return self.server.get(f"/?{urlencode(query)}").text


def start(project: Project, *argv: str) -> Server:
    project.files({"shop.py": APP, "prices.py": "VAT = 19\n"})
    server = project.dev("shop:app", *argv)
    server.answers("no row", status=500)
    return server


def save(project: Project, server: Server, vat: int, times: int) -> None:
    project.save("prices.py", f"VAT = {vat}\n")
    server.says("served again", times)


@pytest.mark.parametrize("engine", ["snapshot", "restart"])
def test_a_console_keeps_its_variables_over_reloads_and_says_when_its_code_is_gone(project: Project, engine: str):
    server = start(project, "--set", 'debugger.pin="off"', "--set", f'reload.engine="{engine}"')
    page = Page(server)
    page.run("kept = answer")
    for number in range(1, 4):
        save(project, server, 19 + number, number)
        assert "(<span" in page.run("kept, prices.VAT"), server.log()
        assert ">19<" in page.run("prices.VAT"), "it is the old code"
    project.save("shop.py", APP + "#\n")
    server.says("served again", 4)
    assert "shop.py was changed" in page.run("kept")


def test_no_more_than_two_workers_stay(project: Project):
    server = start(project, "--set", 'debugger.pin="off"', "--set", 'reload.engine="restart"')
    pages = []
    for number in range(1, 5):
        pages.append(Page(server))
        assert ">42<" in pages[-1].run("answer")
        save(project, server, number, number)
    server.until(lambda: "This frame is gone" in pages[1].run("answer"), "the oldest to leave")
    assert "This frame is gone" in pages[0].run("answer")
    assert ">42<" in pages[2].run("answer")
    assert ">42<" in pages[3].run("answer")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_worker_that_stays_is_not_left_behind(project: Project, number: int):
    server = start(project, "--set", 'debugger.pin="off"')
    page = Page(server)
    page.run("kept = answer")
    save(project, server, 20, 1)
    assert ">42<" in page.run("kept")
    server.send(number)
    server.exit_code()
    project.assert_nothing_left()


def test_a_worker_with_a_thread_of_the_app_does_not_stay(project: Project):
    project.files({"prices.py": "", "shop.py": APP})
    thread = "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"
    project.save("shop.py", thread + APP)
    server = project.dev("shop:app", "--set", 'debugger.pin="off"')
    page = Page(server)
    assert ">42<" in page.run("answer")
    save(project, server, 20, 1)
    assert "This frame is gone" in page.run("answer")


def test_the_pin_is_in_no_environment_and_in_no_command_line(project: Project):
    server = start(project)
    pin = re.search(r"PIN (\d{3}-\d{3}-\d{3})", server.log())[1]
    for pid in server.processes():
        for name in ("environ", "cmdline"):
            told = Path(f"/proc/{pid}/{name}").read_bytes()
            assert pin.encode() not in told
            assert pin.replace("-", "").encode() not in told
    save(project, server, 20, 1)
    assert server.log().count("PIN ") == 1, "it is made once for a start"
    assert os.fsencode(pin) not in server.get().body
