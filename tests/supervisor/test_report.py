"""What the running server says: one table of occasions and words."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import pytest

from launcher.console import Console
from launcher.errors import LaunchError, Problem
from launcher.plan import Address, Debugger, Plan, Reload, Target
from launcher.supervisor.report import Report, banner_rows

PLAN = Plan(project="/p", profile="eager", target=Target("shop:app", "/p", "/p"), address=Address())
MANY = ("/p/a.py", "/p/b.py", "/p/c.py", "/p/d.py", "/q/e.py")


def said(tell: Callable[[Report], None]) -> str:
    stream = io.StringIO()
    tell(Report(Console(stream, cwd="/p"), "0.1", "/p"))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("tell", "words"),
    [
        pytest.param(
            lambda r: r.reloaded(["/p/a.py"], "", 38.2, {}), "a.py changed, served again after 38 ms", id="reloaded"
        ),
        pytest.param(
            lambda r: r.reloaded([], "", 1500.0, {}), "  served again after 1500 ms", id="reloaded-after-a-crash"
        ),
        pytest.param(
            lambda r: r.reloaded(["/p/a.py"], "back to before shop", 38.2, {}),
            "a.py changed, back to before shop, served again after 38 ms",
            id="reloaded-from-a-snapshot",
        ),
        pytest.param(lambda r: r.reloaded(MANY, "", 1.0, {}), "a.py, b.py, c.py, 2 more changed", id="many-files"),
        pytest.param(lambda r: r.reloaded(["/q/e.py"], "", 1.0, {}), "/q/e.py changed", id="a-file-elsewhere"),
        pytest.param(
            lambda r: r.reloaded(["/pq/e.py"], "", 1.0, {}), "/pq/e.py changed", id="a-name-that-begins-alike"
        ),
        pytest.param(lambda r: r.moved(["http://a/", "http://b/"]), "http://a/\n  ➜  http://b/\n", id="moved"),
        pytest.param(lambda r: r.reachable(replace(PLAN, debugger=Debugger(pin="1-2"))), "can try the", id="pin"),
        pytest.param(lambda r: r.reachable(PLAN), "network can run any code", id="no-pin"),
        pytest.param(
            lambda r: r.reachable(replace(PLAN, debugger=Debugger(console=False))),
            "reads tracebacks with their\n     source\n     `--no-debugger` takes",
            id="no-console",
        ),
        pytest.param(lambda r: r.held(["/p/a.py"]), "a.py changed; reloading when the debugger is left", id="held"),
        pytest.param(
            lambda r: r.failed("NameError in a.py:3", "T\n", goes_on=True), "NameError in a.py:3: the page", id="f"
        ),
        pytest.param(lambda r: r.failed("x", "T\n", goes_on=False), "x: stopped", id="failed-for-good"),
        pytest.param(
            lambda r: r.failed("no module `a`", "no module `a`\n  did you mean b?\n", goes_on=False),
            "  ●  no module `a`: stopped\n     did you mean b?\n",
            id="failed-without-a-traceback",
        ),
        pytest.param(lambda r: r.failed("x", "first\nsecond\n\n", goes_on=True), "first\nsecond\n", id="traceback"),
        pytest.param(
            lambda r: r.crashed("SIGSEGV", "", goes_on=True), "served, SIGSEGV: starting another", id="crashed"
        ),
        pytest.param(lambda r: r.crashed("SIGSEGV", "stack", goes_on=True), "stack\n", id="crash-report"),
        pytest.param(
            lambda r: r.crashed("x", "", goes_on=False), "the page says so; waiting for a change", id="given-up"
        ),
        pytest.param(
            lambda r: r.replanned([("port", "devserver.toml:2"), ("env.A", "")]),
            "settings changed: port (devserver.toml:2), env.A\n",
            id="replanned",
        ),
        pytest.param(
            lambda r: r.adjusted([("allowed-hosts", "--set")]),
            "settings changed: allowed-hosts (--set); in force without a reload\n",
            id="adjusted",
        ),
        pytest.param(lambda r: r.settings_mended(), "settings are in order again", id="mended"),
        pytest.param(lambda r: r.slow(10.0, "/p/a.py"), "after 10 s; the last file read is a.py", id="slow"),
        pytest.param(lambda r: r.slow(10.0, ""), "still importing the app after 10 s\n", id="slow-without-a-file"),
        pytest.param(lambda r: r.waiting_for_git("/p/.git/index.lock"), "git to release .git/index.lock", id="git"),
        pytest.param(lambda r: r.polling("os error 24"), "(os error 24): reading the disk instead", id="polling"),
        pytest.param(lambda r: r.cut(1), "1 request still open", id="cut-one"),
        pytest.param(lambda r: r.cut(3), "3 requests still open", id="cut-several"),
        pytest.param(lambda r: r.stopping(), "stopping", id="stopping"),
        pytest.param(
            lambda r: r.problems([Problem("slug", "it is wrong", warning=True)]), "it is wrong", id="problems"
        ),
        pytest.param(
            lambda r: r.settings_broken(LaunchError(Problem("slug", "no such key"))),
            "no such key",
            id="settings-broken",
        ),
        pytest.param(
            lambda r: r.settings_broken(LaunchError(Problem("slug", "x"))),
            "the server goes on with the settings it has",
            id="settings-broken-goes-on",
        ),
        pytest.param(
            lambda r: r.ready(PLAN, ["http://h:1/"], 212.0, [("app", "shop:app", "x:1:2")]), "http://h:1/", id="url"
        ),
        pytest.param(lambda r: r.ready(PLAN, ["u"], 212.0, []), "212 ms", id="time-to-be-ready"),
    ],
)
def test_words(tell: Callable[[Report], None], words: str) -> None:
    assert words in said(tell)


CONTROL = "\x1b[31mred\x07"


@pytest.mark.parametrize(
    "tell",
    [
        lambda r: r.reloaded([CONTROL], "", 1.0, {}),
        lambda r: r.held([CONTROL]),
        lambda r: r.failed(CONTROL, CONTROL, goes_on=True),
        lambda r: r.crashed(CONTROL, CONTROL, goes_on=True),
        lambda r: r.replanned([(CONTROL, CONTROL)]),
        lambda r: r.adjusted([(CONTROL, CONTROL)]),
        lambda r: r.slow(1.0, CONTROL),
        lambda r: r.polling(CONTROL),
    ],
)
def test_control_characters_reach_no_terminal(tell: Callable[[Report], None]) -> None:
    assert "\x1b" not in said(tell)
    assert "\x07" not in said(tell)


class Gone(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_a_terminal_that_is_gone_is_no_error() -> None:
    report = Report(Console(Gone(), cwd="/p"), "0.1", "/p")
    report.stopping()
    report.ready(PLAN, ["u"], 1.0, [])
    report.settings_broken(LaunchError(Problem("slug", "x")))


def test_a_terminal_that_was_closed_is_no_error() -> None:
    stream = io.StringIO()
    report = Report(Console(stream, cwd="/p"), "0.1", "/p")
    stream.close()
    report.stopping()


def rows(plan: Plan, found: str = "", files: int = 0) -> dict[str, tuple[str, str]]:
    return {what: (value, origin) for what, value, origin in banner_rows(plan, found, files, "restart")}


ORIGINS = {"app": "devserver.toml:2:7", "port": "--port", "host": "LAUNCH_HOST", "loading": "devserver.toml:5:1"}


@pytest.mark.parametrize(
    ("plan", "row", "expected"),
    [
        pytest.param(PLAN, "app", ("shop:app", ""), id="app-as-written"),
        pytest.param(
            replace(PLAN, origins=ORIGINS), "app", ("shop:app", "devserver.toml:2:7"), id="app-with-its-origin"
        ),
        pytest.param(
            replace(PLAN, target=replace(PLAN.target, spec="")),
            "app",
            ("found when the first request arrives", ""),
            id="lazy",
        ),
        pytest.param(PLAN, "loading", None, id="the-default-loading-is-not-worth-a-row"),
        pytest.param(
            replace(PLAN, loading="lazy", origins=ORIGINS), "loading", ("lazy", "devserver.toml:5:1"), id="loading"
        ),
        pytest.param(PLAN, "debug", ("on, console without PIN", ""), id="no-pin"),
        pytest.param(replace(PLAN, debugger=Debugger(pin="1-2")), "debug", ("on, PIN 1-2", ""), id="pin"),
        pytest.param(replace(PLAN, debugger=Debugger(console=False)), "debug", ("on, no console", ""), id="no-console"),
        pytest.param(
            replace(PLAN, debugger=Debugger(enabled=False)), "debug", ("on, no debugger", ""), id="no-debugger"
        ),
        pytest.param(
            replace(PLAN, debugger=Debugger(enabled=False), debug=False), "debug", ("off", ""), id="debug-off"
        ),
        pytest.param(PLAN, "reload", ("restart", ""), id="reload"),
        pytest.param(replace(PLAN, reload=Reload(enabled=False)), "reload", ("off", ""), id="reload-off"),
        pytest.param(PLAN, "port", None, id="the-default-port-is-not-worth-a-row"),
        pytest.param(replace(PLAN, origins=ORIGINS), "port", ("5000", "--port"), id="port"),
        pytest.param(replace(PLAN, address=Address(auto=True), origins=ORIGINS), "port", ("auto", "--port"), id="auto"),
        pytest.param(replace(PLAN, origins=ORIGINS), "host", ("127.0.0.1", "LAUNCH_HOST"), id="host"),
        pytest.param(
            replace(PLAN, address=Address(unix="/s"), origins=ORIGINS), "host", ("unix:/s", "LAUNCH_HOST"), id="unix"
        ),
        pytest.param(replace(PLAN, kept_from_shell=("A", "B")), "shell", ("keeps A, B", ""), id="kept-from-shell"),
    ],
)
def test_banner_rows(plan: Plan, row: str, expected: tuple[str, str] | None) -> None:
    assert rows(plan).get(row) == expected


def test_the_banner_says_how_the_app_was_found_and_what_is_watched() -> None:
    told = rows(PLAN, "shop:create_app()", 42)
    assert told["app"][0] == "shop:create_app()"
    assert told["reload"][0] == "restart, 42 files"


def test_timings_are_shown_to_whoever_asks_for_them() -> None:
    terminal = io.StringIO()
    report = Report(Console(terminal), "0", "/p", timings=True)
    report.reloaded(["/p/a.py"], "", 12.0, {"detect": 0.61, "import": 3.0})
    assert "detect 0.6   import 3.0   (ms)" in terminal.getvalue()


def test_a_machine_that_looks_like_production_is_named() -> None:
    assert said(lambda r: r.production({"HOME": "/home/me", "KUBERNETES": "no"})) == ""
    assert "production machine (KUBERNETES_SERVICE_HOST is set)" in said(
        lambda r: r.production({"KUBERNETES_SERVICE_HOST": "10.0.0.1"})
    )


def test_what_led_to_nothing_is_told_to_whoever_asks_for_it() -> None:
    terminal = io.StringIO()
    for verbose in (False, True):
        report = Report(Console(terminal), "0", "/p", verbose=verbose)
        report.passed_over("/p/a.css", "not read while importing")
        report.no_snapshot("shop.jobs", "a thread is running: worker")
        report.no_more_libraries("numpy", "the app changed the environment")
        report.no_more_libraries("", "the app replaced numpy.array")
        assert bool(terminal.getvalue()) == verbose
    assert "a.css: not read while importing" in terminal.getvalue()
    assert "no snapshot before shop.jobs: a thread is running: worker" in terminal.getvalue()
    again = "imported again when the first module changes"
    assert f"the libraries after numpy are {again}: the app changed the environment" in terminal.getvalue()
    assert f"all libraries are {again}: the app replaced numpy.array" in terminal.getvalue()
