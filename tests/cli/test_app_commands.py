"""What a command starts: app, folder, variables, flags of `flask run`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from launcher.cli.app_commands import start_of
from launcher.cli.shell_words import commands

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "app", "folder"),
    [
        pytest.param("gunicorn -w 4 -b 0.0.0.0:$PORT m:app", "m:app", "", id="gunicorn"),
        pytest.param("gunicorn --reload m:app -w4", "m:app", "", id="switch-before-the-app"),
        pytest.param("gunicorn wsgi", "wsgi:application", "", id="module-only"),
        pytest.param("gunicorn -c python:config.gunicorn m:app", "m:app", "", id="configuration-module"),
        pytest.param("gunicorn -c python:config.gunicorn", "conf:app", "", id="app-in-a-configuration-module"),
        pytest.param("gunicorn", "auto:app", "", id="app-in-the-usual-configuration-file"),
        pytest.param("gunicorn --chdir backend wsgi:app", "wsgi:app", "backend", id="chdir"),
        pytest.param("gunicorn --pythonpath src wsgi:app", "wsgi:app", "src", id="pythonpath"),
        pytest.param("cd backend && exec gunicorn wsgi:app", "wsgi:app", "backend", id="cd-and-exec"),
        pytest.param("flask db upgrade; gunicorn m:app", "m:app", "", id="after-a-migration"),
        pytest.param("gunicorn 'm:create_app(\"dev\")'", 'm:create_app("dev")', "", id="factory"),
        pytest.param("poetry run gunicorn m:app", "m:app", "", id="poetry"),
        pytest.param("uv run --with gunicorn -- gunicorn m:app", "m:app", "", id="uv"),
        pytest.param("python -m gunicorn m:app", "m:app", "", id="python-module"),
        pytest.param("env A=1 gunicorn m:app", "m:app", "", id="env"),
        pytest.param("waitress-serve --port=80 --call m:create_app", "m:create_app()", "", id="waitress"),
        pytest.param("python -m waitress m:app", "m:app", "", id="waitress-as-a-module"),
        pytest.param("uwsgi --http :80 --wsgi-file a/w.py --callable app", "a/w.py:app", "", id="uwsgi-file"),
        pytest.param("uwsgi --http :80 -w m:app", "m:app", "", id="uwsgi-module"),
        pytest.param("granian --interface wsgi m:app", "m:app", "", id="granian"),
        pytest.param("uvicorn --factory --app-dir src m:make", "m:make()", "src", id="uvicorn"),
        pytest.param("python run.py", "run.py", "", id="script"),
        pytest.param("celery -A shop.tasks:queue worker", None, "", id="worker"),
        pytest.param("flask db upgrade", None, "", id="flask-without-run"),
        pytest.param("python manage.py migrate", None, "", id="manage"),
    ],
)
def test_start(text: str, app: str | None, folder: str, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "gunicorn.py").write_text("wsgi_app = 'conf:app'\n")
    (tmp_path / "gunicorn.conf.py").write_text("wsgi_app = 'auto:app'\n")
    starts = [start for command in commands(text) if (start := start_of(command, str(tmp_path)))]
    assert [(start.app, start.folder) for start in starts] == ([] if app is None else [(app, folder)])


def test_start_has_the_flags_and_variables_of_flask(tmp_path: Path) -> None:
    (command,) = commands("FLASK_CONFIG=dev flask --app shop run -p 8001 --host=127.0.0.2 --no-reload")
    start = start_of(command, str(tmp_path))
    assert start is not None
    assert start.env == {"FLASK_CONFIG": "dev"}
    assert start.flask == {
        "FLASK_APP": "shop",
        "FLASK_RUN_PORT": "8001",
        "FLASK_RUN_HOST": "127.0.0.2",
        "FLASK_RUN_RELOAD": "0",
    }
