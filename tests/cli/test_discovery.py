"""What a project says today: which place wins, what is taken over, and what is left alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from launcher.cli.discovery import discover

if TYPE_CHECKING:
    from pathlib import Path

VSCODE = """{ // made by the editor
  "configurations": [
    {"name": "other", "module": "pytest"},
    {"module": "flask", "args": ["run", "--port", "5050", "--no-debugger"], /* no */
     "env": {"FLASK_APP": "shop", "URL": "http://a//b", "HOME_OF": "${workspaceFolder}", "API_KEY": "k",},},
  ],
}"""


@pytest.mark.parametrize(
    ("files", "environ", "settings"),
    [
        pytest.param({}, {}, {}, id="nothing"),
        pytest.param(
            {},
            {"FLASK_APP": "shop", "FLASK_RUN_PORT": "8000"},
            {"app": ("shop", "FLASK_APP in the shell"), "port": (8000, "FLASK_RUN_PORT in the shell")},
            id="shell",
        ),
        pytest.param({}, {"FLASK_RUN_PORT": "x", "FLASK_DEBUG": "1", "FLASK_RUN_HOST": "127.0.0.1"}, {}, id="defaults"),
        pytest.param({}, {"FLASK_DEBUG": "0"}, {"debug": (False, "FLASK_DEBUG in the shell")}, id="debug-off"),
        pytest.param({}, {"FLASK_ENV": "production"}, {"debug": (False, "FLASK_ENV in the shell")}, id="production"),
        pytest.param({}, {"FLASK_RUN_CERT": "adhoc"}, {"tls.adhoc": (True, "FLASK_RUN_CERT in the shell")}, id="adhoc"),
        pytest.param({".flaskenv": "\nFLASK_APP=shop\n"}, {}, {"app": ("shop", ".flaskenv:2")}, id="flaskenv"),
        pytest.param(
            {".flaskenv": "FLASK_APP=shop\n"},
            {"FLASK_APP": "x"},
            {"app": ("x", "FLASK_APP in the shell")},
            id="shell-first",
        ),
        pytest.param(
            {".vscode/launch.json": VSCODE},
            {},
            {"app": ("shop", ".vscode/launch.json"), "port": (5050, ".vscode/launch.json")},
            id="editor",
        ),
        pytest.param({".vscode/launch.json": "{,}"}, {}, {}, id="editor-file-broken"),
        pytest.param({".vscode/launch.json": "[1]"}, {}, {}, id="editor-file-of-another-kind"),
        pytest.param(
            {"Procfile": "web: gunicorn -b 0.0.0.0:$PORT 'shop:make(\"x\")'\n"},
            {},
            {"app": ('shop:make("x")', "Procfile:1")},
            id="server-in-a-procfile",
        ),
        pytest.param(
            {"Procfile": "web: gunicorn a:app\ndev: FLASK_APP=b flask run -p 8001 --host=127.0.0.2\n"},
            {},
            {"app": ("b", "Procfile:2"), "port": (8001, "Procfile:2"), "host": ("127.0.0.2", "Procfile:2")},
            id="several-processes",
        ),
        pytest.param(
            {"Procfile": "worker: celery -A shop\nweb: flask --app shop run -p $PORT\n"},
            {},
            {"app": ("shop", "Procfile:2")},
            id="what-the-shell-fills-in-is-left-out",
        ),
        pytest.param(
            {"Procfile": "worker: celery -A shop.tasks:queue worker\n"}, {}, {}, id="procfile-worker-is-no-app"
        ),
        pytest.param(
            {"Procfile": "admin: poetry run gunicorn admin:app\n"},
            {},
            {"app": ("admin:app", "Procfile:1")},
            id="procfile-server-under-another-name",
        ),
        pytest.param(
            {
                "Procfile": "web: flask run --no-reload --extra-files=a.yml:b.yml --exclude-patterns '*.log' --no-debug\n"
            },
            {},
            {
                "reload.enabled": (False, "Procfile:1"),
                "reload.include": (("a.yml", "b.yml"), "Procfile:1"),
                "reload.exclude": (("*.log",), "Procfile:1"),
                "debug": (False, "Procfile:1"),
            },
            id="procfile-switches-and-lists",
            marks=pytest.mark.skipif(os.pathsep != ":", reason="the paths are separated as on POSIX"),
        ),
        pytest.param(
            {
                ".vscode/launch.json": '{"configurations": [{"module": "flask", "envFile": "${workspaceFolder}/dev.env",'
                ' "args": ["run", "--no-debugger", "--no-reload", "--without-threads"]}]}'
            },
            {},
            {"env-files": ((".env", "dev.env"), ".vscode/launch.json"), "threads": (False, ".vscode/launch.json")},
            id="editor-file-with-variables-and-what-its-debugger-needs",
        ),
        pytest.param(
            {".vscode/launch.json": '{"configurations": [{"module": "flask", "envFile": "${userHome}/dev.env"}]}'},
            {},
            {},
            id="editor-file-with-variables-elsewhere",
        ),
        pytest.param({"Procfile": "web: python 'app.py\n: x\n"}, {}, {}, id="procfile-broken"),
        pytest.param({"app.py": "app = Flask(1)\n"}, {}, {"app": ("app:app", "app.py:1")}, id="code"),
    ],
)
def test_settings(tmp_path: Path, files: dict[str, str], environ: dict[str, str], settings: Any) -> None:
    for name in ("shop.py", "a.py", "b.py", "x.py", "admin.py", "dev.env"):
        (tmp_path / name).touch()
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = discover(str(tmp_path), environ)
    assert {key: (item.value, item.where) for key, item in found.settings.items()} == settings


def test_variables_for_the_app_are_taken_over_and_secret_ones_marked(tmp_path: Path) -> None:
    (tmp_path / ".vscode").mkdir()
    (tmp_path / ".vscode" / "launch.json").write_text(VSCODE, encoding="utf-8")
    (tmp_path / ".flaskenv").write_text("GREETING=hi\nDATABASE_URL=db://me:pw@h\nFLASK_DEBUG=1\n", encoding="utf-8")
    (tmp_path / "shop.py").touch()
    found = discover(str(tmp_path), {"HOME": "/h", "FLASK_APP": "shop"})
    assert {name: (item.value, item.secret) for name, item in found.variables.items()} == {
        "GREETING": ("hi", False),
        "DATABASE_URL": ("db://me:pw@h", True),
        "URL": ("http://a//b", False),
        "API_KEY": ("k", True),
    }
    assert [place for place, _ in found.kept] == ["the FLASK_ variables of this shell override", ".flaskenv overrides"]


def test_apps_in_the_code_are_offered_where_another_place_names_one(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("app = Flask(1)\n", encoding="utf-8")
    (tmp_path / "shop.py").touch()
    found = discover(str(tmp_path), {"FLASK_APP": "shop"})
    assert [item.value for item in found.others] == ["app:app"]
