"""A program runs as `__main__` until it hands over its app; what it does instead is told as a failed load."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from launcher import handover
from launcher.plan import Address, Plan, Program, Target
from launcher.wire.digest import of_file
from launcher.worker.finder import Finder
from launcher.worker.loading import Failure
from launcher.worker.program import run_program

CALL = "import sys; sys.modules['launcher.handover'].taker({app}, globals(), {settings!r})\n"
APP = "def app(environ, start_response): return []\n"


class Run:
    """What came of running a program."""

    def __init__(self, root: Path, source: str, *, module: str = "", settings: str = "s") -> None:
        path = root / (module.replace(".", os.sep) + ".py" if module else "hello.py")
        path.parent.mkdir(exist_ok=True)
        path.write_text(source, encoding="utf-8")
        target, program = (
            Target("", str(root), str(root)),
            Program(str(path), module, ("hello.py", "a"), str(root), settings),
        )
        self.plan = Plan(str(root), "", target, Address(), program=program)
        self.read: dict[str, str] = {}
        self.finder = Finder([str(root)], self.read.update)
        self.served: list[tuple[Any, str]] = []
        self.outcome: Failure | None = None

    def go(self, then: BaseException | None = None) -> Run:
        def serve(app: object, found: str) -> None:
            self.served.append((app, found))
            if then is not None:
                raise then

        self.finder.start()
        try:
            self.outcome = run_program(self.plan, self.finder, serve)
        finally:
            self.finder.stop()
            sys.meta_path.remove(self.finder)  # type: ignore[arg-type]
        return self

    def failure(self) -> Failure:
        assert self.outcome is not None
        assert self.served == []
        return self.outcome


@pytest.fixture(autouse=True)
def _process(root: Path) -> Iterator[None]:
    """Put back what a worker's process would never need again."""
    argv, folder, main = list(sys.argv), Path.cwd(), sys.modules["__main__"]
    yield
    sys.argv[:] = argv
    os.chdir(folder)
    sys.modules["__main__"] = main
    assert handover.taker is None


def test_app_is_handed_over_and_the_program_goes_on(root: Path) -> None:
    run = Run(root, APP + CALL.format(app="app", settings="s") + "open('after', 'w').close()\n").go()
    assert run.outcome is None
    ((_, found),) = run.served
    assert found == "hello.py: app"
    assert (root / "after").exists()


def test_program_finds_what_the_interpreter_would_give_it(root: Path) -> None:
    facts = (
        "app = lambda e, s: [__name__, __file__, __spec__, sys.argv, sys.path[0], sys.modules['__main__'].app is app]\n"
    )
    run = Run(root, "import sys\n" + facts + CALL.format(app="app", settings="s")).go()
    app, _ = run.served[0]
    assert app(None, None) == ["__main__", str(root / "hello.py"), None, ["hello.py", "a"], str(root), True]


def test_file_of_the_program_is_noticed_as_it_was_read(root: Path) -> None:
    run = Run(root, APP + CALL.format(app="app", settings="s")).go()
    assert run.read[str(root / "hello.py")] == of_file(str(root / "hello.py"))
    assert not (root / "__pycache__").exists()


def test_module_has_its_package(root: Path) -> None:
    (root / "pkg").mkdir()
    (root / "pkg" / "__init__.py").touch()
    source = "from . import __path__\napp = lambda e, s: [__package__, __spec__.name]\n"
    run = Run(root, source + CALL.format(app="app", settings="s"), module="pkg.hello").go()
    assert run.served[0][0](None, None) == ["pkg", "pkg.hello"]
    assert str(root / "pkg" / "hello.py") in run.read


@pytest.mark.parametrize(
    ("app", "found"),
    [
        pytest.param("None", "hello.py: app", id="looked-for"),
        pytest.param("lambda environ, start_response: []", "hello.py: run(...)", id="without-a-name"),
    ],
)
def test_way_to_the_app_is_told(root: Path, app: str, found: str) -> None:
    assert Run(root, APP + CALL.format(app=app, settings="s")).go().served[0][1] == found


@pytest.mark.parametrize(
    ("source", "cause", "text"),
    [
        pytest.param("1 / 0\n", "ZeroDivisionError in hello.py:1", "division by zero", id="exception"),
        pytest.param("def (:\n", "SyntaxError in hello.py:1", "hello.py", id="syntax"),
        pytest.param("raise SystemExit(3)\n", "the app called sys.exit(3) while loading", "SystemExit", id="exit"),
        pytest.param("x = 1\n", "hello.py ended without calling launcher.run()", "each time", id="no-call"),
        pytest.param(CALL.format(app="42", settings="s"), "`hello.py: run(...)` is an int, not a WSGI app", "", id="no-app"),
        pytest.param(CALL.format(app="None", settings="s"), "there is no app in `hello.py`", "", id="nothing-to-find"),
    ],
)  # fmt: skip
def test_failure_is_told(root: Path, source: str, cause: str, text: str) -> None:
    failure = Run(root, source).go().failure()
    assert failure.cause == cause
    assert text in failure.text
    assert "launcher" + os.sep not in failure.text


def test_file_that_is_gone_is_told(root: Path) -> None:
    run = Run(root, "")
    (root / "hello.py").unlink()
    assert run.go().failure().cause.startswith("FileNotFoundError")


def test_module_that_is_gone_is_told(root: Path) -> None:
    (root / "pkg").mkdir()
    (root / "pkg" / "__init__.py").touch()
    run = Run(root, "", module="pkg.hello")
    (root / "pkg" / "hello.py").unlink()
    assert run.go().failure().cause == "there is no module `pkg.hello` to run any more"


def test_error_behind_the_call_ends_the_process(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(root, APP + CALL.format(app="app", settings="s") + "raise ValueError('behind')\n")
    with pytest.raises(SystemExit) as caught:
        run.go()
    assert caught.value.code == 1
    shown = capsys.readouterr().err
    assert "ValueError: behind" in shown
    assert "worker" not in shown


def test_end_inside_of_the_call_passes_through(root: Path) -> None:
    run = Run(root, APP + CALL.format(app="app", settings="s") + "open('after', 'w').close()\n")
    with pytest.raises(SystemExit) as caught:
        run.go(then=SystemExit(0))
    assert caught.value.code == 0
    assert not (root / "after").exists()


@pytest.mark.parametrize(
    ("settings", "calls", "words"),
    [
        pytest.param("other", 1, "has changed: start the program again", id="changed-arguments"),
        pytest.param("s", 2, "called once more", id="second-call"),
    ],
)
def test_what_has_no_effect_is_said(
    root: Path, capsys: pytest.CaptureFixture[str], settings: str, calls: int, words: str
) -> None:
    run = Run(root, APP + CALL.format(app="app", settings=settings) * calls).go()
    assert len(run.served) == 1
    assert words in capsys.readouterr().err
