from __future__ import annotations

import sys
import traceback
from pathlib import Path
from types import SimpleNamespace

import flask
import pytest

from launcher.errors import TargetError
from launcher.plan import Target
from launcher.web import frame
from launcher.worker.loading import Failure, Loaded, follow_debug, load


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def fail(root: Path, files: dict[str, str], spec: str = "") -> Failure:
    write(root, files)
    outcome = load(Target(spec, str(root), str(root)))
    assert isinstance(outcome, Failure)
    return outcome


def relative(root: Path, failure: Failure) -> tuple[str, ...]:
    return tuple(str(Path(file).relative_to(root)) for file in failure.files)


DEEP = {"app.py": "import one\n", "one.py": "import two\n", "two.py": "import three\n"}


@pytest.mark.parametrize(
    ("files", "cause", "named"),
    [
        pytest.param(
            {"app.py": "import views.cart\n", "views/cart.py": "ok = 1\n\nx = (1\n"},
            "SyntaxError in views/cart.py:3",
            ("app.py", "views/cart.py"),
            id="syntax",
        ),
        pytest.param({"app.py": "x = (1\n"}, "SyntaxError in app.py:1", ("app.py",), id="syntax-in-the-entry"),
        pytest.param({"app.py": "if 1:\nx = 1\n"}, "IndentationError in app.py:2", ("app.py",), id="indentation"),
        pytest.param(
            DEEP | {"three.py": "from two import nothing\n"},
            "ImportError in three.py:1",
            ("app.py", "one.py", "three.py", "two.py"),
            id="import-error-three-deep",
        ),
        pytest.param(DEEP, "ModuleNotFoundError in two.py:1", ("app.py", "one.py", "two.py"), id="missing-three-deep"),
        pytest.param(
            {"app.py": "\ndef create_app():\n    return {}['x']\n"}, "KeyError in app.py:3", ("app.py",), id="factory"
        ),
        pytest.param(
            {"app.py": "import json\njson.loads('')\n"},
            "JSONDecodeError in app.py:2",
            None,
            id="raised-in-a-library-named-by-the-line-of-the-project",
        ),
        pytest.param(
            {"app.py": "import sys\nsys.exit(3)\n"},
            "the app called sys.exit(3) while loading",
            ("app.py",),
            id="exit-code-3",
        ),
        pytest.param(
            {"app.py": "raise SystemExit\n"}, "the app called sys.exit() while loading", ("app.py",), id="exit"
        ),
        pytest.param(
            {"app.py": "import sys\nsys.exit('no\\ndatabase')\n"},
            r"the app called sys.exit('no\ndatabase') while loading",
            ("app.py",),
            id="exit-with-text",
        ),
        pytest.param(
            {"app.py": "raise KeyboardInterrupt\n"}, "KeyboardInterrupt in app.py:1", ("app.py",), id="interrupt"
        ),
        pytest.param(
            {"app.py": "raise GeneratorExit\n"}, "GeneratorExit in app.py:1", ("app.py",), id="generator-exit"
        ),
        pytest.param(
            {"app.py": "class Odd(BaseException): pass\nraise Odd\n"},
            "Odd in app.py:2",
            ("app.py",),
            id="own-base-exception",
        ),
        pytest.param(
            {"app.py": "def create_app(): pass\n"},
            "create_app() returned None, not a WSGI app",
            (),
            id="no-app-returned",
        ),
        pytest.param(
            {"app.py": "compile('x = (', '<text>', 'exec')\n"},
            "SyntaxError in app.py:1",
            ("app.py",),
            id="syntax-of-no-file",
        ),
        pytest.param({"app.py": "def f(): f()\nf()\n"}, "RecursionError in app.py:1", ("app.py",), id="recursion"),
        pytest.param(
            {"app.py": "raise SyntaxError('odd', ('a\\0b', None, None, None))\n"},
            "SyntaxError in app.py:1",
            ("app.py",),
            id="syntax-error-made-by-hand",
        ),
    ],
)
def test_a_failure_names_its_cause_and_its_files(
    files: dict[str, str], cause: str, named: tuple[str, ...] | None, root: Path
) -> None:
    failure = fail(root, files)
    assert failure.cause == cause
    if named is not None:
        assert relative(root, failure) == named


@pytest.mark.parametrize(
    ("source", "busy"),
    [
        pytest.param("import errno\nraise OSError(errno.EADDRINUSE, 'taken')\n", True, id="port"),
        pytest.param(
            "raise BlockingIOError(11, 'Resource temporarily unavailable')\n", True, id="lock-without-waiting"
        ),
        pytest.param("import sqlite3\nraise sqlite3.OperationalError('database is locked')\n", True, id="database"),
        pytest.param(
            "try:\n    raise OSError(16, 'x')\nexcept OSError:\n    raise SystemExit(1)\n", True, id="before-exit"
        ),
        pytest.param("raise FileNotFoundError(2, 'No such file')\n", False, id="no-such-file"),
        pytest.param("raise ValueError('a blocked thing')\n", False, id="other-words"),
        pytest.param("raise ValueError(1, None)\n", False, id="no-words"),
        pytest.param("def app(:\n", False, id="syntax"),
    ],
)
def test_what_another_process_may_hold_is_told(source: str, busy: bool, root: Path) -> None:
    assert fail(root, {"app.py": source}).busy is busy


@pytest.mark.parametrize("name", ["app.py", "wsgi.py"])
def test_an_app_is_loaded(name: str, root: Path) -> None:
    write(root, {name: "def app(environ, start_response): return [b'hello']\n"})
    outcome = load(Target("", str(root), str(root)))
    assert isinstance(outcome, Loaded)
    assert outcome.found == f"{name}: app"
    assert outcome.app({}, lambda *_: None) == [b"hello"]  # type: ignore[arg-type, return-value]


def test_the_traceback_is_the_users_alone(root: Path) -> None:
    failure = fail(
        root,
        DEEP
        | {
            "three.py": "import importlib\nimportlib.import_module('four')\n",
            "four.py": "def check():\n    raise LookupError('no table')\ncheck()\n",
        },
    )
    lines = failure.text.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1] == "LookupError: no table"
    files = [line.split('"')[1] for line in lines if line.startswith("  File ")]
    assert files == [str(root / name) for name in ("app.py", "one.py", "two.py", "three.py", "four.py", "four.py")]


def test_a_syntax_error_keeps_its_caret(root: Path) -> None:
    failure = fail(root, {"app.py": "total = (1 +\n"})
    lines = failure.text.splitlines()
    assert lines[-4:-1] == [f'  File "{root / "app.py"}", line 1', "    total = (1 +", "            ^"]
    assert "Traceback" not in lines[0]


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        pytest.param(
            "try:\n    1 / 0\nexcept Exception as error:\n    raise ValueError from error\n",
            ["ZeroDivisionError", "direct cause", "ValueError"],
            id="cause",
        ),
        pytest.param(
            "try:\n    1 / 0\nexcept Exception:\n    raise ValueError\n",
            ["ZeroDivisionError", "During handling", "ValueError"],
            id="context",
        ),
        pytest.param(
            "try:\n    import missing\nexcept ImportError:\n    raise ValueError\n",
            ["ModuleNotFoundError", "ValueError"],
            id="context-through-the-import-machinery",
        ),
        pytest.param(
            "a, b = ValueError('a'), ValueError('b')\na.__cause__, b.__cause__ = b, a\nraise a\n",
            ["ValueError: b", "ValueError: a"],
            id="circle",
        ),
    ],
)
def test_a_chain_is_kept_without_frames_of_ours(source: str, kept: list[str], root: Path) -> None:
    failure = fail(root, {"app.py": source})
    place = 0
    for text in kept:
        place = failure.text.index(text, place)
    assert "launcher" not in failure.text.replace(str(root), "")
    assert "importlib" not in failure.text


def test_groups_and_notes_are_kept(root: Path) -> None:
    failure = fail(
        root,
        {
            "app.py": "from other import check\ntry:\n    check()\nexcept ValueError as error:\n"
            "    error.add_note('look here')\n    raise ExceptionGroup('many', [error, KeyError('k')])\n",
            "other.py": "def check():\n    raise ValueError('v')\n",
        },
    )
    assert failure.cause == "ExceptionGroup in app.py:6"
    assert "look here" in failure.text
    assert "KeyError: 'k'" in failure.text
    assert relative(root, failure) == ("app.py", "other.py")


def test_the_exception_itself_holds_no_frame_of_ours(root: Path) -> None:
    failure = fail(root, DEEP)
    for member in frame.family(failure.exception):
        for item, _ in traceback.walk_tb(member.__traceback__):
            assert not frame.is_hidden(item.f_code.co_filename)


def test_a_complaint_about_the_target_has_a_hint_and_no_traceback(root: Path) -> None:
    failure = fail(root, {"shop.py": ""}, "shpo")
    assert isinstance(failure.exception, TargetError)
    assert failure.text == "there is no module `shpo`\n  did you mean shop?\n"
    assert failure.cause == "there is no module `shpo`"
    assert failure.exception.__traceback__ is None


def test_a_cause_is_one_printable_line(root: Path) -> None:
    failure = fail(root, {"app.py": "raise SystemExit('\\x1b[31m' + 'x' * 1000)\n"})
    assert len(failure.cause) <= 200
    assert failure.cause.isprintable()


def test_a_failed_load_can_be_tried_again(root: Path) -> None:
    fail(root, {"app.py": "x = (1\n"})
    (root / "app.py").write_text("def app(environ, start_response): return []\n")
    assert isinstance(load(Target("", str(root), str(root))), Loaded)


@pytest.mark.parametrize(
    ("value", "own", "debug"),
    [("1", False, True), ("0", True, False), ("no", True, False), ("", True, False), ("yes", False, True)],
)
def test_the_debug_flag_of_a_flask_app_follows_the_environment(
    monkeypatch: pytest.MonkeyPatch, value: str, own: bool, debug: bool
) -> None:
    """Templates are read again where it is on."""
    app = flask.Flask("app")
    app.config.from_mapping(DEBUG=own)
    monkeypatch.setenv("FLASK_DEBUG", value)
    follow_debug(app)
    assert (app.debug, app.config["DEBUG"], app.jinja_env.auto_reload) == (debug, debug, debug)


def test_the_debug_flag_of_other_apps_is_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    app = SimpleNamespace(debug=False)
    monkeypatch.setenv("FLASK_DEBUG", "1")
    follow_debug(app)
    monkeypatch.delitem(sys.modules, "flask")
    follow_debug(app)
    assert app.debug is False
