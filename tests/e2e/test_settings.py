"""Settings that are edited while the server runs: resolved again, and never a reason to fall over."""

from __future__ import annotations

import pytest

from tests.e2e.harness import Project, Refused, Server, free_port, is_free

APP = """
import os
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [" ".join(os.environ.get(name, "-") for name in ("GREETING", "NAME")).encode()]
"""
TOML = '[base]\napp = "wsgi:app"\nenv.GREETING = "{}"\n'


def serve(project: Project, files: dict[str, str], *argv: str, **environ: str) -> Server:
    project.files({"wsgi.py": APP, **files})
    server = project.dev(*argv, **environ)
    server.answers(" ")
    return server


def test_edited_devserver_toml(project: Project):
    server = serve(project, {"devserver.toml": TOML.format("one")})
    server.answers("one -")
    project.save("devserver.toml", TOML.format("two"))
    server.answers("two -")
    server.says("settings changed: env.GREETING")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("devserver.local.toml", '[base]\nenv.NAME = "Ada"\n'),
        (".env", "NAME=Ada\n"),
        (".env.local", "NAME=Ada\n"),
        (".env.team", "NAME=Ada\n"),
        ("profiles/team.toml", 'env.NAME = "Ada"\n'),
    ],
)
def test_file_that_is_made_edited_and_deleted(project: Project, name: str, text: str):
    files = {"devserver.toml": TOML.format("one") + "[profiles._unused]\n", "profiles/team.toml": ""}
    server = serve(project, files, "--profile", "team")
    project.save(name, text)
    server.answers("one Ada")
    project.save(name, text.replace("Ada", "Bob"))
    server.answers("one Bob")
    if name == "profiles/team.toml":
        project.save(name, "")
    else:
        (project.root / name).unlink()
    server.answers("one -")


def test_variable_that_is_taken_away_is_gone(project: Project):
    server = serve(project, {"devserver.toml": TOML.format("one") + 'env.NAME = "Ada"\n'})
    server.answers("one Ada")
    project.save("devserver.toml", TOML.format("one"))
    server.answers("one -")


def test_the_shell_still_wins(project: Project):
    server = serve(project, {"devserver.toml": TOML.format("one")}, GREETING="from the shell")
    project.save("devserver.toml", TOML.format("two") + 'env.NAME = "Ada"\n')
    server.answers("from the shell Ada")


def test_new_port_is_bound_and_the_old_one_given_up(project: Project):
    old, new = free_port(), free_port()
    text = TOML.format("one") + "port = {}\n"
    project.files({"wsgi.py": APP, "devserver.toml": text.format(old)})
    server = project.launch("dev")
    server.answers("one")
    assert server.address == ("127.0.0.1", old)
    project.save("devserver.toml", text.format(new))
    server.says(f"http://127.0.0.1:{new}/")
    assert server.address == ("127.0.0.1", new)
    server.answers("one")
    server.until(lambda: is_free(("127.0.0.1", old)), "the old port to be free")


def test_port_that_is_in_use_is_refused_and_the_server_goes_on(project: Project):
    port = free_port()
    text = TOML.format("one") + "port = {}\n"
    project.files({"wsgi.py": APP, "devserver.toml": text.format(port)})
    server = project.launch("dev")
    server.answers("one")
    other = project.dev()
    other.answers("one")
    assert isinstance(other.address, tuple)
    project.save("devserver.toml", text.format(other.address[1]))
    server.says("is in use")
    server.answers("one")
    project.save("devserver.toml", text.format(port).replace("one", "two"))
    server.answers("two")


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        pytest.param('[base\napp = "wsgi:app"\n', ("devserver.toml:1:1", "write [base]"), id="not TOML"),
        pytest.param(TOML.format("two") + "prot = 5001\n", ("devserver.toml:4:1", "port"), id="unknown key"),
        pytest.param(
            TOML.format("two") + 'threads = "yes"\n', ("devserver.toml:4:11", "true or false"), id="wrong type"
        ),
    ],
)
def test_broken_edit_is_explained_and_the_server_goes_on(project: Project, broken: str, words: tuple[str, ...]):
    server = serve(project, {"devserver.toml": TOML.format("one")})
    project.save("devserver.toml", broken)
    log = server.says("the server goes on with the settings it has")
    for word in words:
        assert word in log
    assert server.get().text == "one -"
    project.save("wsgi.py", APP.replace("200 OK", "200 Fine"))
    server.says("wsgi.py changed")
    project.save("devserver.toml", TOML.format("three"))
    server.answers("three")


def test_mended_without_a_change_is_said(project: Project):
    server = serve(project, {"devserver.toml": TOML.format("one")})
    project.save("devserver.toml", "[base\n")
    server.says("the server goes on")
    project.save("devserver.toml", TOML.format("one"))
    server.says("settings are in order again; nothing to change")
    assert server.get().text == "one -"


def test_same_profile_in_two_places_shows_both(project: Project):
    server = serve(project, {"devserver.toml": TOML.format("one") + "[profiles.team]\n"}, "--profile", "team")
    project.files({"profiles/team.toml": 'env.NAME = "Ada"\n'})
    log = server.says("the server goes on")
    assert "devserver.toml:4" in log
    assert "profiles/team.toml" in log
    (project.root / "profiles/team.toml").unlink()
    server.says("settings are in order again")
    assert server.get().text == "one -"


def test_broken_plan_is_explained(project: Project):
    server = serve(project, {"devserver.toml": TOML.format("one")})
    project.save("devserver.toml", TOML.format("two") + 'app-dir = "absent"\n')
    server.says("app-dir points at absent, no such folder")
    assert server.get().text == "one -"


def test_settings_mend_an_app_that_fails(project: Project):
    code = "import os\nif not os.environ.get('GREETING'):\n    raise RuntimeError('no ' + 'greeting')\n" + APP
    server = serve(project, {"devserver.toml": TOML.format("one"), "wsgi.py": code})
    project.save("devserver.toml", TOML.format(""))
    server.answers("no greeting", status=500)
    project.save("devserver.toml", TOML.format("two"))
    server.answers("two")


def test_interpreter_settings_reach_a_new_interpreter(project: Project):
    code = APP.replace("os.environ.get(name", "str(__import__('sys').flags.optimize) + os.environ.get(name")
    server = serve(project, {"devserver.toml": TOML.format("one"), "wsgi.py": code})
    server.answers("0one")
    project.save("devserver.toml", TOML.format("one") + 'env.PYTHONOPTIMIZE = "1"\n')
    server.answers("1one")


def test_reload_turned_off_and_stopped_watching(project: Project):
    server = serve(project, {"devserver.toml": TOML.format("one") + "debug = false\n"})
    project.save("wsgi.py", "raise RuntimeError\n")
    project.save("devserver.toml", TOML.format("two"))
    for _ in range(3):
        assert server.get().text == "one -"
    assert server.stop() == 0
    with pytest.raises(Refused):
        server.get()


PAGE = """
import os
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html")])
    return [f"<!doctype html><p>one - {os.getpid()}".encode()]
"""


def pid_of(server: Server, host: str = "localhost") -> str:
    answer = server.get(headers={"Host": host})
    assert answer.status == 200, answer.text
    return answer.text.rpartition(" ")[2]


def test_allowed_host_is_answered_to_without_a_reload(project: Project):
    server = serve(project, {"wsgi.py": PAGE, "devserver.toml": TOML.format("one")})
    before = pid_of(server)
    assert server.get(headers={"Host": "shop.test"}).status == 403
    project.save("devserver.toml", TOML.format("one") + 'allowed-hosts = ["shop.test"]\n')
    server.says("settings changed: allowed-hosts (devserver.toml:4:17); in force without a reload")
    assert pid_of(server, "shop.test") == before
    project.save("devserver.toml", TOML.format("one"))
    server.says("in force without a reload", 2)
    assert server.get(headers={"Host": "shop.test"}).status == 403
    assert "served again" not in server.log()


def test_settings_that_were_changed_in_place_outlive_a_reload(project: Project):
    server = serve(project, {"wsgi.py": PAGE, "devserver.toml": TOML.format("one")})
    project.save("devserver.toml", TOML.format("one") + 'allowed-hosts = ["shop.test"]\n')
    server.says("in force without a reload")
    project.save("wsgi.py", PAGE.replace("one -", "two -"))
    server.answers("two -")
    assert pid_of(server, "shop.test") == pid_of(server)


def test_live_reload_is_turned_on_without_a_reload(project: Project):
    text = TOML.format("one") + "browser.live-reload = {}\n"
    server = serve(project, {"wsgi.py": PAGE, "devserver.toml": text.format("false")})
    asked = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate", "Accept": "text/html"}
    assert "<script" not in server.get(headers=asked).text
    project.save("devserver.toml", text.format("true"))
    server.says("browser.live-reload (devserver.toml:4:23); in force without a reload")
    assert "<script" in server.get(headers=asked).text


def test_host_alone_is_changed_on_the_same_port(project: Project):
    port = free_port()
    text = TOML.format("one") + f"port = {port}\n" + 'host = "{}"\n'
    project.files({"wsgi.py": APP, "devserver.toml": text.format("127.0.0.1")})
    server = project.launch("dev")
    server.answers("one")
    project.save("devserver.toml", text.format("127.0.0.2"))
    server.says(f"http://127.0.0.2:{port}/")
    server.answers("one")
    server.until(lambda: is_free(("127.0.0.1", port)), "the old address to be free")


def test_port_that_was_chosen_by_itself_is_written_down(project: Project):
    text = TOML.format("one") + "port = {}\n"
    project.files({"wsgi.py": APP, "devserver.toml": text.format('"auto"')})
    server = project.launch("dev")
    server.answers("one")
    assert isinstance(server.address, tuple)
    port = server.address[1]
    project.save("devserver.toml", text.format(port))
    server.says("settings changed: port")
    server.answers("one")
    assert "in use" not in server.log()


def test_looking_at_the_disk_is_begun_and_given_up(project: Project):
    text = TOML.format("one") + "reload.poll = {}\n"
    server = serve(project, {"wsgi.py": PAGE, "devserver.toml": text.format(0)})
    for number, seconds in enumerate((0.1, 0), 1):
        project.save("devserver.toml", text.format(seconds))
        server.says("settings changed: reload.poll (devserver.toml:4:15)", number)
        project.save("wsgi.py", PAGE.replace("one -", f"{number} -"))
        server.answers(f"{number} -")


def test_new_address_waits_for_the_terminal_debugger_as_the_reload_does(project: Project):
    old, new = free_port(), free_port()
    asking = APP.replace("    start", "    if environ['PATH_INFO'] == '/ask':\n        breakpoint()\n    start")
    text = TOML.format("one") + "port = {}\n"
    project.files({"wsgi.py": asking, "devserver.toml": text.format(old)})
    server = project.launch_in_terminal("dev")
    server.answers("one")
    with server.connect() as client:
        client.send("GET", "/ask")
        server.says("(Pdb)")
        project.save("devserver.toml", text.format(new))
        server.says("reloading when the debugger is left")
        server.answers("one")
        server.type("c\n")
        assert client.receive().text == "one -"
    server.says(f"http://127.0.0.1:{new}/")
    server.answers("one")


def test_lazy_server_goes_on_waiting_when_a_setting_is_changed_in_place(project: Project):
    text = TOML.format("one") + 'loading = "lazy"\nallowed-hosts = {}\n'
    project.files({"wsgi.py": PAGE, "devserver.toml": text.format([])})
    server = project.dev()
    server.says("http://")
    project.save("devserver.toml", text.format('["shop.test"]'))
    server.says("in force without a reload")
    pid_of(server, "shop.test")
    assert "served again" not in server.log()
