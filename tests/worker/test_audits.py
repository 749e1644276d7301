"""Hooks last as long as their interpreter, so each case has one of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


def told(program: str) -> str:
    environ = {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", "import sys\nfrom launcher.worker.audits import hear\n" + program],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def test_only_what_was_asked_for_is_heard() -> None:
    program = """
heard = []
hear(("one", "two"), lambda *told: heard.append(told))
for event in ("one", "other", "two"):
    sys.audit(event, event, 1)
print(heard)
"""
    assert told(program) == "[('one', ('one', 1)), ('two', ('two', 1))]\n"


def test_all_who_want_an_event_hear_it_in_turn() -> None:
    program = """
heard = []
hear(("one",), lambda *_: heard.append("first"))
hear(("two", "one"), lambda *_: heard.append("second"))
sys.audit("one")
print(heard)
"""
    assert told(program) == "['first', 'second']\n"


def test_the_interpreter_gets_one_hook() -> None:
    program = """
added = []
sys.addaudithook(lambda event, _: added.append(event) if event == "sys.addaudithook" else None)
for _ in range(3):
    hear(("one",), print)
print(len(added))
"""
    assert told(program) == "1\n"


@pytest.mark.parametrize("event", ["one", "other"])
def test_what_is_raised_ends_what_was_about_to_happen(event: str) -> None:
    program = f"""
def refuse(*_):
    raise PermissionError
hear(("one",), refuse)
try:
    sys.audit({event!r})
    print("went on")
except PermissionError:
    print("was ended")
"""
    assert told(program) == ("was ended\n" if event == "one" else "went on\n")
