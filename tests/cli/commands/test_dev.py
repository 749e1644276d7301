from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from launcher.cli.commands import dev
from launcher.config.resolve import Given

if TYPE_CHECKING:
    from launcher.cli.invocation import Invocation
    from launcher.config.resolve import Request
    from launcher.supervisor.child import Child
    from tests.cli.conftest import Project


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """What `start` was given; the supervisor has tests of its own."""
    calls: list[Request] = []

    def start(request: Request, _: Invocation, child: Child, **options: bool) -> int:
        calls.append(request)
        child.close()
        return 0

    monkeypatch.setattr(dev, "start", start)
    return calls


def test_nothing_typed_is_nothing_given(project: Project, started: list[Request]) -> None:
    assert project.launch("dev", SOME="thing").code == 0
    (request,) = started
    assert (request.flags, request.sets, request.unsets, request.profile, request.config) == ((), (), (), None, None)
    assert (request.local, request.env_files, request.isolated) == (True, True, False)
    assert (request.cwd, request.environ["SOME"]) == (str(project.root), "thing")


def test_what_is_typed_is_handed_on(project: Project, started: list[Request]) -> None:
    argv = "dev --color never --set a=1 --unset b --port 1 --no-local --set c=2 --no-env-file --isolated"
    assert project.launch(*argv.split(), "--profile", "one", "--config", "x.toml", "shop:app", "--no-debug").code == 0
    (request,) = started
    assert request.flags == (
        Given("port", "--port", "1"),
        Given("debug", "--no-debug", "false"),
        Given("app", "APP", "shop:app"),
    )
    assert (request.sets, request.unsets, request.profile, request.config) == (("a=1", "c=2"), ("b",), "one", "x.toml")
    assert (request.local, request.env_files, request.isolated) == (False, False, True)


def test_a_pin_is_nine_random_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    made = {dev.make_pin() for _ in range(200)}
    assert all(re.fullmatch(r"\d{3}-\d{3}-\d{3}", pin) for pin in made)
    assert len(made) == 200
    monkeypatch.setattr("os.urandom", lambda count: bytes(count))
    assert dev.make_pin() == "000-000-000", "it is made of the system's random source, and of nothing else"


def test_the_argument_and_the_flag_cannot_both_name_the_app(project: Project, started: list[Request]) -> None:
    ran = project.launch("dev", "--app", "a:b", "c:d")
    assert (ran.code, started) == (2, [])
    assert ran.err.startswith("error[app-twice]: the app is named twice\n")
    assert "  | launch dev --app a:b c:d\n  |                      ^^^ " in ran.err
