"""From a project to a served app: how it is found, what it is given, who overrides what, and what stops a start."""

from __future__ import annotations

import importlib.util
import re
import shutil
import signal
import sys
from pathlib import Path

import pytest

from tests.e2e.harness import Project, Server, free_port, is_free

REPOSITORY = Path(__file__).parents[2]
PLAIN = """
def {name}(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"plain from {name}"]
"""
FACTORY = """
def create_app(greeting="plain"):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [f"{greeting} from a factory".encode()]
    return app
"""
ENVIRON = """
import os
import re
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return ["".join(f"{name}={value};" for name, value in os.environ.items()).encode()]
"""
FLASK = """
from flask import Flask
app = Flask(__name__)
@app.get("/")
def index():
    return "flask here"
app.run(port=1)
"""
DJANGO = {
    "manage.py": "",
    "site1/__init__.py": "",
    "site1/settings.py": 'SECRET_KEY = "x"\nROOT_URLCONF = "site1.urls"\nALLOWED_HOSTS = ["*"]\nDEBUG = True\n',
    "site1/urls.py": """
from django.http import HttpResponse
from django.urls import path
urlpatterns = [path("", lambda request: HttpResponse("django here"))]
""",
    "site1/wsgi.py": """
import os
from django.core.wsgi import get_wsgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site1.settings")
application = get_wsgi_application()
""",
}
FALCON = """
import falcon
class Index:
    def on_get(self, request, response):
        response.text = "falcon here"
application = falcon.App()
application.add_route("/", Index())
"""
BOTTLE = """
import bottle
app = bottle.Bottle()
@app.route("/")
def index():
    return "bottle here"
"""
DASH = """
from dash import Dash, html
app = Dash(__name__, title="dash here")
app.layout = html.Div("hello")
"""
ASGI = """
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": b"asgi here"})
"""


def needs(*modules: str) -> pytest.MarkDecorator:
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


# How the app is found


@pytest.mark.parametrize(
    ("files", "argv", "text"),
    [
        pytest.param({"wsgi.py": PLAIN.format(name="app")}, [], "plain from app", id="wsgi.py"),
        pytest.param({"app.py": PLAIN.format(name="application")}, [], "plain from application", id="app.py"),
        pytest.param({"app.py": FACTORY}, [], "plain from a factory", id="factory in app.py"),
        pytest.param({"shop.py": PLAIN.format(name="site")}, ["shop:site"], "plain from site", id="module and name"),
        pytest.param({"shop.py": FACTORY}, ["shop:create_app('warm')"], "warm from a factory", id="factory, arguments"),
        pytest.param({"in/it.py": PLAIN.format(name="app")}, ["in/it.py"], "plain from app", id="path of a file"),
        pytest.param({"src/shop/__init__.py": FACTORY}, ["shop"], "plain from a factory", id="src layout"),
        pytest.param({"lib/shop.py": FACTORY}, ["--app-dir", "lib", "shop"], "plain from a factory", id="app-dir"),
        pytest.param(
            {"devserver.toml": '[base]\napp = "shop:create_app"\n', "shop.py": FACTORY}, [], "plain", id="settings"
        ),
        pytest.param(
            {"pyproject.toml": '[tool.launch.base]\napp = "shop"\n', "shop.py": FACTORY}, [], "plain", id="pyproject"
        ),
        pytest.param({"wsgi.py": FLASK}, [], "flask here", id="Flask, app.run() unguarded", marks=needs("flask")),
        pytest.param(DJANGO, [], "django here", id="Django", marks=needs("django")),
        pytest.param({"wsgi.py": FALCON}, [], "falcon here", id="Falcon", marks=needs("falcon")),
        pytest.param({"app.py": BOTTLE}, [], "bottle here", id="Bottle", marks=needs("bottle")),
        pytest.param({"app.py": DASH}, [], "dash here", id="Dash", marks=needs("dash")),
        pytest.param({"app.py": ASGI}, [], "asgi here", id="ASGI", marks=needs("a2wsgi")),
    ],
)
def test_app_is_found_and_served(project: Project, files: dict[str, str], argv: list[str], text: str):
    server = project.files(files).dev(*argv)
    server.answers(text)
    assert server.stop() == 0


def test_project_is_found_from_a_folder_below(project: Project):
    project.files({"devserver.toml": '[base]\napp = "shop"\n', "shop.py": FACTORY, "deep/down/readme": ""})
    project.dev(folder="deep/down").answers("plain from a factory")


@pytest.mark.parametrize("profile", ["", "eager", "lazy"])
def test_tutorial_of_this_repository(project: Project, profile: str):
    for name in ("devserver.toml", "profiles", "docs/tutorial/notes"):
        copy = shutil.copytree if (REPOSITORY / name).is_dir() else shutil.copy
        (project.root / name).parent.mkdir(parents=True, exist_ok=True)
        copy(REPOSITORY / name, project.root / name)
    server = project.dev(*(["--profile", profile] if profile else []))
    assert server.answers("<html").headers["content-type"].startswith("text/html")
    assert f"profile {profile or 'notes'} " in server.log()
    assert server.get("/static/style.css").status == 200
    assert server.stop() == 0


# What the app is given


def test_worker_has_none_of_our_settings_code(project: Project):
    server = project.copy("shop").dev()
    server.answers("one")
    loaded = {name.partition(".")[0] for name in server.get("/modules").text.split()}
    assert loaded.isdisjoint({"pydantic", "pydantic_core", "click", "tomli", "dotenv", "watchfiles"})
    assert "launcher.config" not in server.get("/modules").text


def test_app_sees_the_process_that_apps_ask_for(project: Project):
    server = project.copy("shop").dev()
    server.answers("one")
    seen = variables(server, "/environ", "\n")
    assert seen["WERKZEUG_RUN_MAIN"] == "true"
    assert seen["WERKZEUG_SERVER_FD"].isdigit()
    assert seen["FLASK_DEBUG"] == "1"
    assert seen["FLASK_RUN_FROM_CLI"] == "true"
    flags = server.get("/flags").text
    assert "['launch', 'dev']" in flags
    assert f"\n{project.root}\n" in flags


def variables(server: Server, path: str = "/", end: str = ";") -> dict[str, str]:
    """Return the environment that the app shows."""
    rows = server.answers("E2E_TOKEN=", path).text.split(end)
    return dict(row.split("=", 1) for row in rows if "=" in row)


@pytest.mark.parametrize("lifted", ["profile", "shell"])
def test_interpreter_variables_reach_the_interpreter(project: Project, lifted: str):
    project.copy("shop")
    if lifted == "profile":
        project.files({"devserver.toml": '[base]\napp = "shop:create_app"\nenv.PYTHONOPTIMIZE = "2"\n'})
        server = project.dev()
    else:
        server = project.dev(PYTHONOPTIMIZE="2")
    server.answers("one")
    assert "optimize=2" in server.get("/flags").text


# Who overrides what

LAYERS: dict[str, tuple[dict[str, str], list[str], dict[str, str]]] = {
    "base": ({"devserver.toml": '[base]\nenv.WHO = "base"\n[profiles.team]\n'}, [], {}),
    "profile": ({"devserver.toml": '[base]\nenv.WHO = "base"\n[profiles.team]\nenv.WHO = "profile"\n'}, [], {}),
    "local": ({"devserver.local.toml": '[base]\nenv.WHO = "local"\n'}, [], {}),
    "flaskenv": ({".flaskenv": "WHO=flaskenv\n"}, [], {}),
    "dotenv": ({".env": "WHO=dotenv\n"}, [], {}),
    "dotenv of the profile": ({".env.team": "WHO=dotenv of the profile\n"}, [], {}),
    "dotenv.local": ({".env.local": "WHO=dotenv.local\n"}, [], {}),
    "shell": ({}, [], {"WHO": "shell"}),
    "set": ({}, ["--set", 'env.WHO="set"'], {}),
}
"""Each wins over all that stand before it."""


@pytest.mark.parametrize("highest", LAYERS)
def test_each_layer_wins_over_those_below(project: Project, highest: str):
    files: dict[str, str] = {"app.py": ENVIRON}
    argv: list[str] = []
    environ: dict[str, str] = {}
    for name, (more, flags, shell) in LAYERS.items():
        files |= more
        argv += flags
        environ |= shell
        if name == highest:
            break
    server = project.files(files).dev("--profile", "team", *argv, **environ)
    assert variables(server)["WHO"] == highest


@pytest.mark.parametrize("way", ["devserver.toml", "local", "dotenv", "FLASK_RUN_PORT", "LAUNCH_PORT", "flag", "set"])
def test_port_can_be_set_in_every_way(project: Project, way: str):
    port = free_port()
    files = {"app.py": PLAIN.format(name="app"), "devserver.toml": "[base]\nport = 1\n"}
    files |= {
        "devserver.toml": {"devserver.toml": f"[base]\nport = {port}\n"},
        "local": {"devserver.local.toml": f"[base]\nport = {port}\n"},
        "dotenv": {".env": f"LAUNCH_PORT={port}\n"},
    }.get(way, {})
    argv = {"flag": ["--port", str(port)], "set": ["--port", "1", "--set", f"port={port}"]}.get(way, [])
    environ = {way: str(port)} if way.isupper() else {}
    server = project.files(files).launch("dev", *argv, **environ)
    server.answers("plain")
    assert server.address == ("127.0.0.1", port)


def test_variables_of_flask(project: Project):
    project.files({"wsgi.py": "raise RuntimeError('not this one')\n", "shop.py": ENVIRON})
    server = project.dev(FLASK_APP="shop:app", FLASK_DEBUG="0")
    assert variables(server)["FLASK_DEBUG"] == "0"
    assert "debug    off" in server.log()
    assert "FLASK_APP" in server.log()


def test_flask_env_turns_debug_on_and_flask_debug_wins_over_it(project: Project):
    project.files({"devserver.toml": "[base]\ndebug = false\n", "app.py": ENVIRON})
    first = project.dev(FLASK_ENV="development")
    assert variables(first)["FLASK_DEBUG"] == "1"
    first.stop()
    assert variables(project.dev(FLASK_ENV="development", FLASK_DEBUG="0"))["FLASK_DEBUG"] == "0"


FLASK_OFF = """
from flask import Flask
app = Flask(__name__)
app.config.from_mapping(DEBUG=False)
@app.get("/")
def index():
    return f"debug {app.debug}"
"""


@pytest.mark.parametrize(("argv", "text"), [([], "debug True"), (["--no-debug"], "debug False")])
def test_debug_wins_over_what_a_flask_app_says_itself(project: Project, argv: list[str], text: str):
    """As with `flask run`: else its templates would not be read again, and no debugger would open."""
    project.files({"app.py": FLASK_OFF}).dev(*argv).answers(text)


def test_launch_variables_win_over_those_of_flask(project: Project):
    project.files({"shop.py": PLAIN.format(name="app"), "other.py": ""})
    project.dev(FLASK_APP="other:app", LAUNCH_APP="shop:app").answers("plain from app")


# Addresses


def test_port_in_use_names_the_holder(project: Project):
    first = project.files({"app.py": PLAIN.format(name="app")}).dev()
    first.answers("plain")
    assert isinstance(first.address, tuple)
    second = project.launch("dev", "--port", str(first.address[1]))
    assert second.exit_code() == 1
    assert f"port {first.address[1]} on 127.0.0.1 is in use by pid {first.pid} (" in second.log()
    assert "(launch dev --port 0)" in " ".join(second.log().split())
    assert "--port auto" in second.log()
    first.answers("plain")


def test_automatic_port_is_the_same_each_time_and_gives_way(project: Project):
    project.files({"app.py": PLAIN.format(name="app")})
    addresses = []
    for _ in range(2):
        server = project.launch("dev", "--port", "auto")
        server.answers("plain")
        addresses.append(server.address)
        server.stop()
    assert addresses[0] == addresses[1]
    first, second = (project.launch("dev", "--port", "auto") for _ in range(2))
    first.answers("plain")
    second.answers("plain")
    assert first.address != second.address


def test_unix_socket(project: Project, tmp_path: Path):
    server = project.files({"app.py": PLAIN.format(name="app")}).dev("--host", "unix:s.sock")
    server.answers("plain")
    assert isinstance(server.address, str)
    assert not is_free(server.address)
    assert server.stop() == 0
    assert is_free(server.address)


def test_tls_that_cannot_be_is_said_without_a_traceback(project: Project):
    project.files({"app.py": PLAIN.format(name="app"), "cert.pem": "no certificate\n"})
    server = project.dev("--cert", "cert.pem")
    assert server.exit_code() == 1
    assert "cert.pem cannot be used as certificate and key" in server.log()
    assert "Traceback" not in server.log()


@needs("cryptography")
def test_tls_with_a_certificate_that_is_made_once_and_kept(project: Project):
    project.files({"app.py": PLAIN.format(name="app")})
    kept = []
    for _ in range(2):
        server = project.dev("--cert", "adhoc")
        server.says("https://127.0.0.1:")
        assert server.get(tls=True).text == "plain from app"
        assert server.stop() == 0
        kept.append((project.root / ".launch/tls/localhost.pem").read_bytes())
    assert kept[0] == kept[1]


# What stops a start


@pytest.mark.parametrize(
    ("files", "argv", "code", "words"),
    [
        pytest.param({}, [], 1, ["there is no wsgi.py and no app.py"], id="no app"),
        pytest.param({"shop.py": ""}, ["shpo:app"], 1, ["no module `shpo`", "did you mean shop?"], id="misspelt"),
        pytest.param({}, ["--prot", "1"], 2, ["--prot", "--port"], id="unknown flag"),
        pytest.param({}, ["--port", "many"], 2, ["many", "whole number"], id="flag of a wrong type"),
        pytest.param({}, ["--profile", "absent"], 2, ["absent"], id="unknown profile"),
        pytest.param({"devserver.toml": "[base\n"}, [], 2, ["devserver.toml:1:1"], id="not TOML"),
        pytest.param(
            {"devserver.toml": "[base]\nprot = 1\nthreads = 2\n"},
            [],
            2,
            ["devserver.toml:2:1", "`port`", "devserver.toml:3:11", "2 "],
            id="two mistakes at once",
        ),
        pytest.param(
            {
                "devserver.toml": "[base.env]\n"
                'TOKEN = { required = "ask in the team room" }\nURL = { required = "run make url" }\n'
            },
            [],
            2,
            ["2 variables are required", "TOKEN", "ask in the team room", "URL", "run make url"],
            id="required variables",
        ),
        pytest.param({"devserver.toml": '[base]\napp-dir = "none"\n'}, [], 2, ["no such folder"], id="missing folder"),
    ],
)
def test_what_stops_a_start(project: Project, files: dict[str, str], argv: list[str], code: int, words: list[str]):
    server = project.files(files).dev(*argv)
    assert server.exit_code() == code, server.log()
    for word in words:
        assert word in server.log()
    assert "Traceback" not in server.log()


@pytest.mark.parametrize("most", range(10, 26, 2))
def test_too_few_open_files_are_said_without_a_traceback(project: Project, most: int):
    """Wherever the server or its worker comes to the limit, in the middle of a start or when it serves already."""
    project.files({"app.py": PLAIN.format(name="app")})
    command = f'ulimit -n {most} && exec "$0" -m launcher dev --port 0'
    server = project.run(["sh", "-c", command, sys.executable])
    assert server.exit_code() == 1, server.log()
    assert "Traceback" not in server.log()
    assert re.search("no more open files|Too many open files|ended its process", server.log())


def test_a_server_that_comes_to_the_limit_says_how_to_raise_it(project: Project):
    project.files({"app.py": PLAIN.format(name="app")})
    server = project.run(["sh", "-c", 'ulimit -n 8 && exec "$0" -m launcher dev --port 0', sys.executable])
    assert server.exit_code() == 1, server.log()
    assert "error[open-files]: the system gives no more open files" in server.log()
    assert "ulimit -n 1024" in server.log()


def test_unknown_launch_variable_is_an_error(project: Project):
    server = project.files({"app.py": PLAIN.format(name="app")}).dev(LAUNCH_PROT="1")
    assert server.exit_code() == 2
    assert "LAUNCH_PORT" in server.log()


def test_without_reload_a_broken_app_still_ends_and_a_whole_one_is_not_watched(project: Project):
    server = project.files({"app.py": PLAIN.format(name="app")}).dev("--no-reload")
    server.answers("plain")
    assert len(server.workers()) == 1, "no spare is kept"
    project.save("app.py", "raise RuntimeError\n")
    assert server.get().text == "plain from app"
    assert server.stop(signal.SIGINT) == 0


def test_installed_command(project: Project):
    command = Path(sys.executable).with_name("launch")
    if not command.exists():
        pytest.skip("launch is not installed beside this interpreter")
    project.files({"app.py": PLAIN.format(name="app")})
    server = project.run([str(command), "dev", "--port", "0"])
    server.answers("plain")
    assert server.stop() == 0


def test_module_of_the_project_is_not_taken_for_one_of_pythons(project: Project):
    project.files({"wsgi.py": PLAIN.format(name="app"), "json.py": "raise LookupError('mine')\n"})
    server = project.launch("explain", "--all")
    assert server.exit_code() == 0
    assert "LookupError" not in server.log()


def test_lines_of_requests_have_no_colour_in_a_file(project: Project):
    project.files({"wsgi.py": PLAIN.format(name="app").replace("200 OK", "500 Oh no")})
    server = project.dev()
    assert server.get().status == 500
    assert "\x1b" not in server.says('"GET / HTTP/1.1" 500')
