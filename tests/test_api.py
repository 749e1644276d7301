from __future__ import annotations

from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

import launcher
from launcher import api
from launcher.errors import ConfigError
from launcher.plan import Program

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "devserver.toml").write_text("[base]\nport = 1\n[profiles.one]\nport = 2\n", encoding="utf-8")
    (tmp_path / "below").mkdir()
    return tmp_path


def test_resolve_reads_the_project_around_the_current_directory(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project / "below")
    monkeypatch.delenv("LAUNCH_PROFILE", raising=False)
    assert launcher.resolve().settings.port == 1
    monkeypatch.setenv("LAUNCH_PROFILE", "one")
    assert launcher.resolve().settings.port == 2


def test_resolve_takes_profile_directory_and_environment(project: Path) -> None:
    found = launcher.resolve("one", directory=str(project), environ={"LAUNCH_HOST": "localhost"})
    assert (found.profile, found.settings.port, found.settings.host) == ("one", 2, "localhost")
    assert found.where("port") == "devserver.toml:4:8"
    assert launcher.resolve("one", directory=str(project), environ={"LAUNCH_PORT": "3"}).settings.port == 3


def test_resolve_can_leave_everything_out(project: Path) -> None:
    assert launcher.resolve(directory=str(project), environ={"LAUNCH_PORT": "3"}, isolated=True).settings.port == 5000


def test_resolve_reads_the_file_it_is_given(project: Path) -> None:
    (project / "other.toml").write_text("[base]\nport = 7\n", encoding="utf-8")
    assert launcher.resolve(directory=str(project), config="other.toml", environ={}).settings.port == 7


def test_resolve_raises_with_every_problem(project: Path) -> None:
    (project / "devserver.toml").write_text("[base]\nprot = 1\nport = 'x'\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        launcher.resolve(directory=str(project), environ={})
    assert [problem.slug for problem in caught.value.problems] == ["unknown-key", "wrong-type"]


def test_unknown_attributes_are_what_python_says() -> None:
    with pytest.raises(AttributeError, match="module 'launcher' has no attribute 'nothing'"):
        launcher.nothing  # noqa: B018


def test_dir_lists_the_api() -> None:
    assert {"__version__", "resolve", "run"} <= set(dir(launcher))


@pytest.mark.parametrize(
    ("started", "environ", "expected"),
    [
        pytest.param(True, {}, "", id="started"),
        pytest.param(True, {"FLASK_RUN_FROM_CLI": "true"}, "served from the command line already", id="command-line"),
        pytest.param(False, {}, "this module is imported", id="imported"),
        pytest.param(False, {"FLASK_RUN_FROM_CLI": "true"}, "this module is imported", id="imported-by-flask"),
    ],
)
def test_run_does_nothing_where_the_program_was_not_started(
    started: bool, environ: dict[str, str], expected: str
) -> None:
    reason = api.reason_to_do_nothing(started, environ)
    assert expected in reason
    assert bool(reason) == bool(expected)


def test_run_in_an_imported_module_says_so_and_returns(capsys: pytest.CaptureFixture[str]) -> None:
    launcher.run(object(), port=1)
    assert "launcher.run() in test_api.py:" in capsys.readouterr().err


def program(spec: str = "", **values: object) -> ModuleType:
    module = ModuleType("__main__")
    vars(module).update(values, __spec__=ModuleSpec(spec, None) if spec else None)
    return module


@pytest.mark.parametrize(
    ("words", "spec", "argv", "cwd", "expected"),
    [
        pytest.param(["hello.py", "a"], "", ["hello.py"], "{root}/gone", ("", ("hello.py", "a"), "{root}"), id="script"),
        pytest.param(["-O", "./hello.py"], "", ["x"], "{root}/gone", ("", ("./hello.py",), "{root}"), id="in-this-folder"),
        pytest.param(["{root}/hello.py", "a"], "", [], "/", ("", ("{root}/hello.py", "a"), "/"), id="absolute"),
        pytest.param(["-m", "hello", "a"], "hello", ["f"], "/", ("hello", ("{root}/hello.py", "a"), "/"), id="module"),
        pytest.param(["-m", "pkg", "a"], "pkg.__main__", ["f"], "/", ("pkg.__main__", ("{root}/hello.py", "a"), "/"), id="package"),
        pytest.param(["-m", "cProfile", "hello.py", "a"], "", ["hello.py", "a"], "{root}", ("", ("hello.py", "a"), "{root}"), id="profiler"),
        pytest.param(["-m", "cProfile", "-m", "x"], "x", ["f", "b"], "/", ("x", ("f", "b"), "/"), id="profiled-module"),
    ],
)  # fmt: skip
def test_program_as_it_can_be_started_again(
    tmp_path: Path, words: list[str], spec: str, argv: list[str], cwd: str, expected: tuple[str, tuple[str, ...], str]
) -> None:
    (tmp_path / "hello.py").touch()

    def here(text: str) -> str:
        return text.format(root=tmp_path)

    main = program(spec, __file__=str(tmp_path / "hello.py"))
    found = api.program_of(main, ["python", *map(here, words)], argv, here(cwd))
    module, arguments, folder = expected
    assert found == Program(str(tmp_path / "hello.py"), module, tuple(map(here, arguments)), here(folder))


def test_folder_that_is_a_program(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    file = tmp_path / "app" / "__main__.py"
    file.touch()
    found = api.program_of(program("__main__", __file__=str(file)), ["python", "app", "a"], [], "/")
    assert found == Program(str(file), "", ("app", "a"), str(tmp_path))


@pytest.mark.parametrize("values", [{}, {"__file__": None}, {"__file__": "/nowhere/app.pyz/__main__.py"}], ids=str)
def test_program_that_is_no_file(values: dict[str, object]) -> None:
    assert api.program_of(program(**values), ["python"], [""], "/") is None


@pytest.mark.parametrize(
    ("at_start", "now", "expected"),
    [
        pytest.param(b"A=1\0B=x=y\0", {"A": "2", "C": "3"}, {"A": "1", "B": "x=y"}, id="as-it-began"),
        pytest.param(b"A=1\0", {"LAUNCH_PORT": "1", "FLASK_APP": "x"}, {"A": "1", "LAUNCH_PORT": "1", "FLASK_APP": "x"}, id="ours-and-flask's-as-set-since"),
        pytest.param(b"", {"A": "2"}, {"A": "2"}, id="unknown"),
        pytest.param(b"worker: busy\0A=1\0", {"A": "2"}, {"A": "2"}, id="overwritten-by-a-process-title"),
    ],
)  # fmt: skip
def test_first_environ(at_start: bytes, now: dict[str, str], expected: dict[str, str]) -> None:
    assert api.first_environ(at_start, now) == expected
