"""A server that is full of secrets tells none of them: banner, reloads, frames of broken settings, its failure page."""

from __future__ import annotations

import pytest

from tests.e2e.harness import Project
from tests.secrets.scenes import ASSIGNED, BASE, CALL, DOTENV, DOTENV_LOCAL, IN_URL, LOCAL, LOSER, NUMBER, SHELL, leaks

APP = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"{}"]
"""
TOML = f"""
[base]
app = "shop:app"
env.DSN = {{ required = "ask the team", secret = true }}
env.API_KEY = "{BASE}"
env.GITHUB_TOKEN = {{ default = "{LOSER}" }}
env.LINK = "postgres://ada:{IN_URL}@db.example/shop"
"""
FILES = {
    "shop.py": APP.format("one"),
    "devserver.toml": TOML,
    "devserver.local.toml": f'[base]\nenv.DSN = "{LOCAL}"\n',
    ".env": f"GITHUB_TOKEN={DOTENV}\nCOPY=x${{GITHUB_TOKEN}}\n",
    ".env.local": f"DSN={DOTENV_LOCAL}\n",
}
BROKEN = {
    "not TOML": (TOML + f"env.STRIPE_KEY = {BASE}\n", "devserver.toml"),
    "wrong type": (TOML + f"env.STRIPE_KEY = {NUMBER}\n", "devserver.toml"),
    "declared in another file": (f"[base]\nenv.DSN = {NUMBER}\n", "devserver.local.toml"),
    "not TOML, declared in another file": (f'[base]\nenv.DSN = "{LOCAL}\n', "devserver.local.toml"),
    "line of .env": (f"GITHUB_TOKEN {DOTENV}\n", ".env"),
    "our variable in .env": (f"LAUNCH_PORT=https://ada:{DOTENV}@db\n", ".env"),
}


def serve(project: Project) -> None:
    shell = {"API_KEY": SHELL, "DSN": None}
    server = project.files(FILES).dev("-v", "--timings", "--set", f'env.EXTRA_TOKEN="{ASSIGNED}"', **shell)
    server.answers("one")
    for number, (text, name) in enumerate(BROKEN.values(), 1):
        project.save(name, text)
        server.says("the server goes on with the settings it has", number)
        project.save(name, FILES[name])
        server.says("settings are in order again", number)
    project.save(".env", FILES[".env"].replace(DOTENV, DOTENV[::-1]))
    server.says("settings changed: env.GITHUB_TOKEN (")
    project.save("shop.py", "raise SystemError('no app')\n")
    server.answers("no app", status=500)
    project.save("shop.py", APP.format("two"))
    server.answers("two")


def test_nothing_that_the_server_prints_tells_a_secret(project: Project) -> None:
    serve(project)
    log = project.servers[0].log()
    assert "error[toml-syntax]" in log
    assert "API_KEY" in log
    assert leaks(log) == []


def test_the_failure_page_of_the_server_tells_no_secret(project: Project) -> None:
    server = project.files(FILES).dev(API_KEY=SHELL)
    server.answers("one")
    project.save("shop.py", "raise SystemError('no app')\n")
    assert leaks(server.answers("no app", status=500).text) == []


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(f"env={{'API_KEY': '{CALL}', 'N': 5}}", id="wrong-neighbour"),
        pytest.param(f"env={{'API_KEY': {NUMBER}}}", id="wrong-type"),
        pytest.param(f"env={{'DSN': {{'value': '{CALL}', 'secret': True, 'x': 1}}}}", id="declared"),
        pytest.param(f"env={{'DSN': {NUMBER}}}", id="declared-in-a-file"),
        pytest.param(f"debugger_pin='{CALL}'", id="pin"),
        pytest.param(f"debugger={{'pin': {NUMBER}}}", id="pin-in-a-table"),
        pytest.param(f"api_key='{CALL}'", id="no-setting"),
        pytest.param(f"host='https://ada:{CALL}@x', prt=1", id="password-in-a-url"),
    ],
)
def test_wrong_arguments_of_run_tell_no_secret(project: Project, arguments: str) -> None:
    source = f"import launcher\n{FILES['shop.py']}\nlauncher.run(app, port=0, {arguments})\n"
    server = project.files({**FILES, "hello.py": source}).python("hello.py")
    assert server.exit_code() == 2
    assert "hello.py:" in server.log()
    assert leaks(server.log()) == []
