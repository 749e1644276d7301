"""Apps are found in the syntax of the code; nothing is imported."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

from launcher.cli.app_search import find_apps

if TYPE_CHECKING:
    from pathlib import Path

FLASK = "from flask import Flask\napp = Flask(__name__)\n"
FACTORY = "def create_app():\n    return None\n"


def found(root: Path, files: dict[str, str]) -> list[str]:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(textwrap.dedent(text), encoding="utf-8")
    return [app.spec for app in find_apps(str(root))]


@pytest.mark.parametrize(
    ("files", "specs"),
    [
        pytest.param({"app.py": FLASK}, ["app:app"], id="flask"),
        pytest.param({"app.py": "import flask\nweb = flask.Flask(__name__)\n"}, ["app:web"], id="by-attribute"),
        pytest.param({"wsgi.py": "import falcon\napplication = falcon.App()\n"}, ["wsgi:application"], id="falcon"),
        pytest.param({"app.py": "from kivy import App\napp = App()\n"}, [], id="another-kind-of-app"),
        pytest.param({"app.py": "import dash\napp = dash.Dash()\n"}, ["app:app.server"], id="dash"),
        pytest.param({"main.py": "from bottle import Bottle\nb: object = Bottle()\n"}, ["main:b"], id="annotated"),
        pytest.param({"app.py": "def app(environ, start_response):\n    pass\n"}, ["app:app"], id="plain-function"),
        pytest.param(
            {"mysite/wsgi.py": "application = get_wsgi_application()\n", "manage.py": ""},
            ["mysite.wsgi:application"],
            id="django",
        ),
        pytest.param({"shop/__init__.py": FACTORY}, ["shop:create_app"], id="factory-in-a-package"),
        pytest.param({"src/shop/web.py": FLASK, "src/shop/app.py": FLASK}, ["shop.app:app"], id="below-src"),
        pytest.param({"shop/__init__.py": FACTORY, "wsgi.py": "from shop import create_app\napp = create_app()\n"},
                     ["wsgi:app", "shop:create_app"], id="object-before-factory"),
        pytest.param({"app.py": FLASK, "wsgi.py": FLASK}, ["wsgi:app", "app:app"], id="wsgi-before-app"),
        pytest.param({"app.py": FLASK + "admin = Flask('x')\n"}, ["app:app", "app:admin"], id="usual-name-first"),
        pytest.param({"tests/app.py": FLASK, "venv/app.py": FLASK, "a-b/app.py": FLASK}, [], id="folders-left-out"),
        pytest.param({"app.py": "def (:\n"}, [], id="broken-code"),
        pytest.param({"app.py": "raise SystemExit\n"}, [], id="nothing-is-run"),
        pytest.param({"shop/core.py": FLASK, "shop/__init__.py": "from .core import app\n"}, ["shop.core:app"], id="another-file-of-a-package"),
        pytest.param({"hello.py": FLASK, "setup.py": FLASK, "test_x.py": FLASK, "a-b.py": FLASK}, ["hello:app"], id="another-file"),
        pytest.param({"hello.py": FLASK, "shop/app.py": FLASK}, ["shop.app:app"], id="other-files-only-where-the-usual-have-none"),
        pytest.param({}, [], id="empty"),
    ],
)  # fmt: skip
def test_found(tmp_path: Path, files: dict[str, str], specs: list[str]) -> None:
    assert found(tmp_path, files) == specs


def test_place_is_told(tmp_path: Path) -> None:
    found(tmp_path, {"app.py": FLASK})
    assert [(app.file, app.line) for app in find_apps(str(tmp_path))] == [(str(tmp_path / "app.py"), 2)]
