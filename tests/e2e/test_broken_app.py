"""What follows when the app cannot be loaded: every strategy, moment and way to fail, 48 cells."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass

import pytest

from tests.e2e.harness import PACKAGE, Project, Server

GOOD = """
VERSION = {version!r}
def price():
    return 3
def finish(app):
    return app
"""
STRATEGIES = ("auto", "eager", "lazy")
MOMENTS = ("first load", "after an edit")


@dataclass(frozen=True)
class Failure:
    """A way to fail.

    `code` makes `shop/prices.py` fail, which the app imports through three other modules. `words` stand in the terminal
    and in the page, `cause` is the last line of the terminal. `alive` says that there is an exception to look into.
    """

    code: str
    words: tuple[str, ...]
    cause: str
    alive: bool = False


FAILURES = {
    "syntax error": Failure(
        'VERSION = "not closed\n', ("shop/prices.py", "SyntaxError"), "SyntaxError in shop/prices.py:1", alive=True
    ),
    "import error, three modules deep": Failure(
        "import absent_module\n",
        (*(f"shop/{name}.py" for name in ("__init__", "prices")), "No module named", "absent_module"),
        "ModuleNotFoundError in shop/prices.py:1",
        alive=True,
    ),
    "exception in the factory": Failure(
        'def price():\n    raise ValueError("no price for " + "apples")\n',
        ("shop/__init__.py", "create_app", "shop/prices.py", "ValueError", "no price for apples"),
        "ValueError in shop/prices.py:2",
        alive=True,
    ),
    "sys.exit": Failure(
        "import sys\nsys.exit(3)\n",
        ("shop/__init__.py", "shop/prices.py", "SystemExit", "sys.exit(3)"),
        "the app called sys.exit(3) while loading",
        alive=True,
    ),
    "os._exit": Failure("import os\nos._exit(7)\n", (), "the app ended its process while it was loaded: exit code 7"),
    "segmentation fault": Failure(
        "import faulthandler\nfaulthandler._sigsegv()\n",
        ("shop/__init__.py", "shop/prices.py", "Segmentation fault"),
        "the app ended its process while it was loaded: SIGSEGV (segmentation fault)",
    ),
    "endless import": Failure(
        "import time\nfrom shop.journal import note\nnote('hangs')\nwhile True:\n    time.sleep(0.05)\n", (), ""
    ),
    "not a WSGI app": Failure(
        GOOD.format(version="bad").replace("return app", "return 42"),
        ("create_app() returned an int, not a WSGI app",),
        "create_app() returned an int, not a WSGI app",
    ),
}
CELLS = [
    pytest.param(strategy, moment, name, id=f"{strategy}, {moment}, {name}")
    for strategy in STRATEGIES
    for moment in MOMENTS
    for name in FAILURES
]
ENDLESS = "endless import"


@pytest.mark.parametrize(("strategy", "moment", "name"), CELLS)
def test_loading_table(project: Project, strategy: str, moment: str, name: str):
    failure = FAILURES[name]
    server = break_app(project, strategy, moment, failure)
    ends = strategy == "eager" if moment == "after an edit" else strategy != "lazy"
    if name == ENDLESS:
        recovers_from_endless_import(project, server)
    elif ends:
        assert server.exit_code() == 1
        assert f"{failure.cause}: stopped\n" in server.log()
        shows_the_users_traceback(server, failure)
    else:
        shows_page(server, failure)
        shows_the_users_traceback(server, failure)
        mend(project, "two")
        server.answers("two")
        assert server.stop() == 0


def break_app(project: Project, strategy: str, moment: str, failure: Failure) -> Server:
    """Start the app broken, or start it whole and break it then; return the server that has noticed."""
    project.copy("shop")
    if moment == "first load":
        project.save("shop/prices.py", failure.code)
        server = project.dev("--loading", strategy)
        if strategy == "lazy":
            knock(server)
    else:
        server = project.dev("--loading", strategy)
        server.answers("one")
        project.save("shop/prices.py", failure.code)
    if failure.cause:
        server.says(failure.cause)
    return server


def knock(server: Server) -> None:
    """Send the request that has a lazy server import the app, and go away."""
    with server.connect() as client:
        client.send("GET", "/")


def mend(project: Project, version: str) -> None:
    project.save("shop/prices.py", GOOD.format(version=version))


def shows_page(server: Server, failure: Failure) -> None:
    """Expect the interactive debugger where an exception is alive, else a page with what is known."""
    page = server.get().text
    assert ("Werkzeug Debugger" in page) is failure.alive
    assert ("EVALEX = true" in page) is failure.alive
    for word in failure.words or (failure.cause,):
        assert word in page, page
    assert str(PACKAGE) not in page


def shows_the_users_traceback(server: Server, failure: Failure) -> None:
    """Expect every place of the user's code in the terminal, and none of ours or of the import system."""
    log = server.log()
    for word in failure.words:
        assert word in log
    assert str(PACKAGE) not in log
    assert "importlib" not in log
    assert log.count(failure.cause + ":") == 1, "it is said once"


def recovers_from_endless_import(project: Project, server: Server) -> None:
    """Expect that a good save ends the wait, and that Ctrl-C does."""
    project.noted("hangs")
    mend(project, "two")
    server.answers("two")
    project.save("shop/prices.py", FAILURES[ENDLESS].code)
    project.noted("hangs", times=2)
    assert server.stop(signal.SIGINT) == 0


@pytest.mark.parametrize("strategy", ["auto", "lazy"])
def test_page_evaluates_in_the_frames_of_the_failed_load(project: Project, strategy: str):
    failure = FAILURES["exception in the factory"]
    server = break_app(project, strategy, "after an edit", failure)
    pin = re.search(r"PIN (\S+)", server.log())
    page = server.get().text
    secret = re.search(r'SECRET = "(\w+)"', page)
    assert pin is not None
    assert secret is not None
    login = server.get(f"/?__debugger__=yes&cmd=pinauth&pin={pin[1]}&s={secret[1]}")
    assert '"auth": true' in login.text.lower()
    cookie = {"Cookie": login.headers["set-cookie"].partition(";")[0]}
    innermost = re.findall(r'id="frame-(\d+)"', page)[-1]
    outcome = server.get(f"/?__debugger__=yes&cmd=__name__&frm={innermost}&s={secret[1]}", headers=cookie)
    assert "shop.prices" in outcome.text


def test_without_debugger_the_page_says_nothing(project: Project):
    project.copy("shop").save("shop/prices.py", FAILURES["exception in the factory"].code)
    server = project.dev("--lazy-loading", "--no-debugger")
    answer = server.answers("Internal Server Error", status=500)
    assert "apples" not in answer.text
    assert "prices" not in answer.text
    server.says("no price for apples")


def test_error_is_shown_once_per_save_however_often_the_page_is_loaded(project: Project):
    server = break_app(project, "auto", "after an edit", FAILURES["exception in the factory"])
    for _ in range(3):
        assert server.get().status == 500
    mend(project, "two")
    server.answers("two")
    assert server.log().count("ValueError: no price for apples") == 1


def test_second_error_replaces_the_first(project: Project):
    server = break_app(project, "auto", "after an edit", FAILURES["exception in the factory"])
    server.answers("no price for apples", status=500)
    project.save("shop/prices.py", FAILURES["import error, three modules deep"].code)
    server.answers("absent_module", status=500)
    mend(project, "two")
    server.answers("two")


def test_wrong_arguments_are_told_apart_from_a_factory_that_fails(project: Project):
    project.files({"shop.py": "def create_app(name, colour):\n    return None\n"})
    server = project.dev("shop:create_app()")
    assert server.exit_code() == 1
    assert "the factory `create_app` takes other arguments" in server.log()
    assert "Traceback" not in server.log()
