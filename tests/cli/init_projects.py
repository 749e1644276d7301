"""Projects for `launch init`: the files of each, and the app and further settings that it has to find.

Each one serves: the tests of `launch init` check them, and an end-to-end test starts them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

APP = "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'right']\n"
WRONG = APP.replace("right", "wrong")
FACTORY = "def create_app():\n" + "".join(f"    {line}\n" for line in APP.splitlines()) + "    return app\n"
VSCODE = ".vscode/launch.json"


def editor(*configurations: str) -> str:
    """Return a launch.json as the editor writes it."""
    return '{ // made by the editor\n"version": "0.2.0", "configurations": [' + ", ".join(configurations) + ",]}"


@dataclass(frozen=True)
class Case:
    id: str
    files: dict[str, str]
    lines: tuple[str, ...] = ()
    told: tuple[str, ...] = field(default=())


PROJECTS = [
    Case("nothing-but-code", {"app.py": APP}, ('app = "app:app"',)),
    Case("found-as-dev-finds-it", {"wsgi.py": APP, "app.py": WRONG}, ('app = "wsgi:app"',)),
    Case("wsgi-imports-the-app", {"wsgi.py": "from shop import app\n", "shop.py": APP, "app.py": WRONG}),
    Case("chdir", {"Procfile": "web: gunicorn --chdir backend wsgi:app", "backend/wsgi.py": APP}, ('app-dir = "backend"',)),
    Case("cd", {"Procfile": "web: cd backend && gunicorn wsgi:app", "backend/wsgi.py": APP}, ('app-dir = "backend"',)),
    Case("pythonpath-flag", {"Procfile": "web: gunicorn --pythonpath lib m:app", "lib/m.py": APP}, ('app-dir = "lib"',)),
    Case("pythonpath", {"Procfile": "web: PYTHONPATH=lib gunicorn m:app", "lib/m.py": APP}, ('app-dir = "lib"',)),
    Case("migration-first", {"Procfile": "web: flask db upgrade; gunicorn m:app", "m.py": APP}, ('app = "m:app"',)),
    Case("config-module", {"Procfile": "web: gunicorn -c python:config.gunicorn m:app", "m.py": APP}, ('app = "m:app"',)),
    Case("config-file", {"Procfile": "web: gunicorn", "gunicorn.conf.py": "wsgi_app = 'm:app'", "m.py": APP}),
    Case("module-only", {"Procfile": "web: gunicorn m", "m.py": APP.replace("def app", "def application")}),
    Case("factory", {"Procfile": "web: gunicorn 'm:create_app()'", "m.py": FACTORY}, ('app = "m:create_app()"',)),
    Case("uv", {"Procfile": "web: uv run python -m gunicorn m:app # served", "m.py": APP}, ('app = "m:app"',)),
    Case("waitress", {"Procfile": "web: waitress-serve --port=$PORT --call m:create_app", "m.py": FACTORY}),
    Case("dockerfile", {"Dockerfile": 'FROM python\nCMD ["gunicorn", "-b", "0.0.0.0:80", "m:app"]', "m.py": APP}),
    Case("dockerfile-shell", {"Dockerfile": "FROM python\nCMD gunicorn \\\n  m:app", "m.py": APP}, ('app = "m:app"',)),
    Case("package-scripts", {"package.json": '{"scripts": {"dev": "cd api && flask --app m run"}}', "api/m.py": APP}),
    Case(
        "missing-module",
        {"Procfile": "web: gunicorn gone:app", "app.py": APP},
        ('app = "app:app"',),
        ("Procfile:1", "there is no module `gone`"),
    ),
    Case("missing-flask-app", {".env.old": "", ".vscode/launch.json": editor('{"module": "flask", "env": {"FLASK_APP": "gone"}}'), "app.py": APP}, (), ("there is no module `gone`",)),
    Case(
        "editor-template",
        {VSCODE: editor('{"module": "flask", "env": {"FLASK_APP": "m.py", "FLASK_DEBUG": "0"}, "args": ["run", "--no-debugger"]}'), "m.py": APP},
        ('app = "m.py"',),
    ),
    Case("editor-without-arguments", {VSCODE: editor('{"module": "flask", "args": null}'), "app.py": APP}),
    Case(
        "editor-with-folder",
        {VSCODE: editor('{"module": "flask", "cwd": "${workspaceFolder}/web", "args": ["--app", "m", "run"]}'), "web/m.py": APP},
        ('app-dir = "web"',),
    ),
    Case(
        "editor-with-two-configurations",
        {
            VSCODE: editor(
                '{"name": "Shop", "module": "flask", "args": ["--app", "m", "run"]}',
                '{"name": "Admin site", "module": "flask", "args": ["--app", "admin", "run", "--port", "5001"]}',
            ),
            "m.py": APP,
            "admin.py": WRONG,
        },
        ('app = "m"', "[profiles.admin-site]", 'app = "admin"', "port = 5001"),
    ),
    Case(
        "procfile-with-two-services",
        {"Procfile": "web: gunicorn m:app\nadmin: gunicorn admin:app\n", "m.py": APP, "admin.py": WRONG},
        ('app = "m:app"', "[profiles.admin]", 'app = "admin:app"'),
    ),
    Case(
        "services-in-two-folders",
        {"Procfile": "web: cd shop && gunicorn m:app\nadmin: gunicorn admin:app\n", "shop/m.py": APP, "admin.py": WRONG},
        ('app-dir = "shop"', "[profiles.admin]", 'app-dir = "."'),
    ),
    Case("flask-config-is-kept", {".flaskenv": "FLASK_CONFIG=dev\nFLASK_APP=m\n", "m.py": APP}, ('FLASK_CONFIG = "dev"',)),
    Case("app-in-env", {".env": "FLASK_APP=m\nA=1\n", "m.py": APP, "app.py": WRONG}, ('app = "m"',)),
    Case(
        "example-of-variables",
        {".env.example": "API_KEY=change-me\nMODE=dev\n", ".env": "API_KEY=x\n", "app.py": APP},
        ("API_KEY = { required =", 'MODE = { default = "dev" }'),
    ),
    Case("compose", {"compose.yaml": "services:\n", "app.py": APP}, (), ("compose.yaml", "YAML is not read")),
    Case(
        "missing-files",
        {".flaskenv": "FLASK_RUN_CERT=no.pem\nFLASK_RUN_KEY=no.key\n", "app.py": APP, VSCODE: editor('{"module": "flask", "envFile": "no.env"}')},
        (),
        ("there is no file no.pem", "there is no file no.env"),
    ),
]  # fmt: skip
