"""Which variables a command gets, and that what is written for other programs is read back as it was."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.cli.environment import Value, app_environment, app_variables, dotenv_line, import_folder, shell_line
from launcher.config.layer import Candidate, History, Origin, Source
from launcher.config.resolve import Request, resolve_profile
from launcher.config.sources.envfile import read_pairs
from launcher.interpreter import with_scripts

HARD = [
    "", " ", "a b", "it's", 'say "hi"', "a\\", "a b\\", "\\'", "$HOME ${HOME} $$", "x\\${}", "#no comment", "a # b", "a\nb",
    "a\tb", "ä€", "=", "'", "\\", "'\\", "`id`", "!x",
]  # fmt: skip


def resolved(tmp_path, text: str, environ: dict[str, str]):
    (tmp_path / ".git").mkdir()
    (tmp_path / "devserver.toml").write_text(text, encoding="utf-8")
    return resolve_profile(Request(str(tmp_path), environ))


def read_back(line: str) -> str:
    found = read_pairs("f", f"{line}\nLAST='x'\n", {}, {})
    assert [pair.name for pair in found.pairs] == ["NAME", "LAST"]
    assert found.findings == ()
    return found.pairs[0].text


@pytest.mark.parametrize("text", HARD, ids=repr)
def test_dotenv_line_is_read_back(text: str) -> None:
    assert read_back(dotenv_line("NAME", text)) == text


@given(st.text(alphabet="ab '\"\\$#{}\n=,~", max_size=12))
def test_any_dotenv_line_is_read_back(text: str) -> None:
    assert read_back(dotenv_line("NAME", text)) == text


@pytest.mark.parametrize("text", [*HARD, "\x1b[31m", "a\x01'b\\c\n"], ids=repr)
def test_shell_line_is_understood_by_a_shell(text: str) -> None:
    line = shell_line("NAME", text)
    assert "\x1b" not in line
    script = f'{line}\nprintf "%s" "$NAME"'
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, env={"LC_ALL": "C.UTF-8"}, timeout=30, check=True
    )
    assert done.stdout.decode() == text


@pytest.mark.parametrize(
    ("write", "name", "text"),
    [
        pytest.param(dotenv_line, "A B", "x", id="name-with-a-space"),
        pytest.param(dotenv_line, "NAME", "\x1b[31m", id="control-character"),
        pytest.param(shell_line, "a-b", "x", id="no-shell-name"),
        pytest.param(shell_line, "A\nB", "x", id="name-with-a-newline"),
    ],
)
def test_what_cannot_be_written_is_a_comment(write, name: str, text: str) -> None:
    line = write(name, text)
    assert line.startswith("# ")
    assert "\n" not in line
    assert "\x1b" not in line


def test_flask_finds_the_same_app(tmp_path) -> None:
    found = app_variables(resolved(tmp_path, "[base]\napp = 'shop:make'\ndebug = false\nenv.A = 'a'\n", {}))
    assert {name: value.text for name, value in found.items()} == {
        "A": "a",
        "FLASK_APP": "shop:make",
        "FLASK_DEBUG": "0",
    }


@pytest.mark.parametrize(
    ("text", "environ"),
    [
        pytest.param("[base]\napp = 'old'\n", {"LAUNCH_APP": "shop"}, id="launch-variable"),
        pytest.param("[base]\napp = 'old'\n", {"FLASK_APP": "shop"}, id="shell"),
        pytest.param("[base]\nenv.FLASK_APP = 'old'\napp = 'shop'\n", {}, id="table"),
        pytest.param("", {"FLASK_APP": "old", "LAUNCH_APP": "shop"}, id="both"),
    ],
)
def test_flask_app_follows_the_app_that_is_served(tmp_path, text: str, environ: dict[str, str]) -> None:
    found = resolved(tmp_path, text, environ)
    assert app_variables(found)["FLASK_APP"].text == "shop"
    assert app_environment(found, environ)["FLASK_APP"] == "shop"


def test_environment_has_all_of_the_shell_but_what_is_removed(tmp_path) -> None:
    text = "[base]\nenv.A = 'a'\nenv.B = 'b'\n"
    found = app_environment(resolved(tmp_path, text, {"B": "mine", "PATH": "/bin"}), {"B": "mine", "PATH": "/bin"})
    path = with_scripts({"PATH": "/bin"}, sys.executable, is_environment=sys.prefix != sys.base_prefix)["PATH"]
    assert found == {"A": "a", "B": "mine", "PATH": path, "FLASK_DEBUG": "1"}
    gone = History(("env", "PATH"), (Candidate(None, Origin(Source.COMMAND_LINE), unset=True),))
    stand_in = SimpleNamespace(
        history={gone.key: gone},
        variables={},
        settings=SimpleNamespace(debug=True, app="", app_dir=""),
        project=SimpleNamespace(root="/p"),
    )
    assert app_environment(stand_in, {"PATH": "/bin", "HOME": "/h"}) == {"HOME": "/h", "FLASK_DEBUG": "1"}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param(Value("t0p", Origin(Source.BASE), secret=True), "***", id="secret"),
        pytest.param(Value("", Origin(Source.BASE), secret=True), "", id="empty-secret"),
        pytest.param(Value("db://me:pw@h", Origin(Source.BASE)), "db://***@h", id="password-in-a-url"),
        pytest.param(Value("plain", Origin(Source.BASE)), "plain", id="plain"),
    ],
)
def test_secrets_are_not_shown(value: Value, shown: str) -> None:
    assert value.shown == shown


@pytest.mark.parametrize(
    ("app", "app_dir", "files", "folder"),
    [
        pytest.param("shop:app", "", ["shop.py"], "", id="root"),
        pytest.param("shop:app", "", ["src/shop.py"], "src", id="module-below-src"),
        pytest.param("shop.web:app", "", ["src/shop/web.py"], "src", id="package-below-src"),
        pytest.param("shop:app", "", ["shop.py", "src/shop.py"], "", id="root-first"),
        pytest.param("shop:app", "code", ["src/shop.py"], "code", id="app-dir"),
        pytest.param("./x/shop.py:app", "", ["src/x"], "", id="file"),
        pytest.param("", "", ["src/shop.py"], "", id="no-app"),
    ],
)
def test_folder_that_the_app_is_imported_from(tmp_path, app: str, app_dir: str, files: list[str], folder: str) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    found = import_folder(app, str(tmp_path / app_dir) if app_dir else "", str(tmp_path))
    assert found == (str(tmp_path / folder) if folder else "")


def test_import_folder_stands_before_what_the_shell_says(tmp_path) -> None:
    (tmp_path / "src").mkdir()
    found = app_environment(resolved(tmp_path, "[base]\napp-dir = 'src'\n", {}), {"PYTHONPATH": "/mine"})
    assert found["PYTHONPATH"] == f"{tmp_path}/src:/mine"
