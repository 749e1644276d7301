"""A program that calls `launcher.run()` serves its own app, reloads, and ends as `app.run()` would."""

from __future__ import annotations

import json
import signal

import pytest

from tests.e2e.harness import Project

HELLO = """import json, os, sys
import launcher
import text
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [json.dumps({facts}).encode()]
if __name__ == "__main__":
    launcher.run({arguments})
    print("behind the call:", sys.argv[1:], flush=True)
    {end}
"""
FACTS = '{"text": text.TEXT, "main": __name__, "argv": sys.argv, "cwd": os.getcwd(), "file": __file__, "set": os.environ.get("SET")}'
BEHIND = "behind the call: "


def hello(arguments: str = "app, port=0", facts: str = FACTS, end: str = "pass") -> str:
    return HELLO.format(arguments=arguments, facts=facts, end=end)


def program(project: Project, source: str, name: str = "hello.py") -> Project:
    return project.files({name: source, "text.py": 'TEXT = "first"\n'})


def test_program_serves_its_own_app_with_debugger_and_reloader(project: Project) -> None:
    server = program(project, hello("app, debug=True, port=0")).python("hello.py", "a", "--b")
    facts = json.loads(server.get().body)
    assert facts["text"] == "first"
    assert (facts["main"], facts["argv"]) == ("__main__", ["hello.py", "a", "--b"])
    assert (facts["cwd"], facts["file"]) == (str(project.root), str(project.root / "hello.py"))
    log = server.says("hello.py: app")
    assert "hello.py:8, run(debug=...)" in log
    assert "on, PIN " in log
    project.save("text.py", 'TEXT = "second"\n')
    server.answers("second")
    project.save("hello.py", hello("app, debug=True, port=0", facts='"third"'))
    server.answers("third")
    server.says("hello.py changed")
    assert BEHIND not in server.log()


def test_supervisor_keeps_the_process_and_imports_nothing_of_the_program(project: Project) -> None:
    note = "import os\nopen(os.environ['E2E_JOURNAL'], 'a').write(f'{os.getpid()}\\n')\n"
    server = program(project, note + hello()).python("hello.py")
    server.answers("first")
    project.save("text.py", 'TEXT = "second"\n')
    server.answers("second")
    before, *workers = map(int, project.journal())
    assert before == server.pid  # it imported the program, called `run`, and became the supervisor
    assert workers  # one for each cold start; a snapshot goes on from behind this line
    assert server.pid not in workers


@pytest.mark.parametrize(
    ("end", "code"),
    [
        pytest.param("pass", 0, id="at-its-end"),
        pytest.param("sys.exit(5)", 5, id="with-its-own-code"),
        pytest.param("raise ValueError('behind')", 1, id="with-an-error"),
    ],
)
def test_program_goes_on_behind_the_call_when_the_server_stops(project: Project, end: str, code: int) -> None:
    server = program(project, hello(end=end)).python("hello.py", "x")
    server.get()
    assert server.stop(signal.SIGINT) == code
    assert server.log().count(BEHIND + "['x']") == 1
    assert "worker" not in server.log()


def test_what_follows_the_call_has_the_time_it_needs(project: Project) -> None:
    # Longer than a worker that leaves because of a reload is given.
    server = program(project, hello(end="import time; time.sleep(4.5); print('the end', flush=True)")).python(
        "hello.py"
    )
    server.get()
    assert server.stop(signal.SIGINT) == 0
    assert "the end" in server.log()


def test_second_interrupt_ends_what_follows_the_call(project: Project) -> None:
    server = program(project, hello(end="import time; time.sleep(600)")).python("hello.py")
    server.get()
    server.send(signal.SIGINT)
    server.says(BEHIND)
    server.send(signal.SIGINT)
    assert server.exit_code() == 0


def test_reload_runs_the_ends_of_the_program_and_not_what_follows_the_call(project: Project) -> None:
    source = """import atexit, launcher, text
def app(environ, start_response):
    start_response("200 OK", [])
    return [text.TEXT.encode()]
if __name__ == "__main__":
    try:
        launcher.run(app, port=0)
        print("followed", flush=True)
    finally:
        print("finally", flush=True)
"""
    server = program(project, source).python("hello.py")
    server.answers("first")
    project.save("text.py", 'TEXT = "second"\n')
    server.answers("second")
    server.says("finally")
    assert "followed" not in server.log()
    assert server.stop(signal.SIGINT) == 0
    assert (server.log().count("finally"), server.log().count("followed")) == (2, 1)


@pytest.mark.parametrize(
    ("file", "broken", "words"),
    [
        pytest.param("hello.py", "import nothing_like_it\n", "ModuleNotFoundError in hello.py:1: stopped", id="error"),
        pytest.param("hello.py", "def broken(:\n", "SyntaxError in hello.py:1: stopped", id="syntax"),
        pytest.param("text.py", "1 / 0\n", "ZeroDivisionError in text.py:1: stopped", id="imported-module"),
        pytest.param("hello.py", "import launcher\n", "hello.py ended without calling launcher.run()", id="no-call"),
    ],
)
def test_failed_reload_ends_the_program(project: Project, file: str, broken: str, words: str) -> None:
    server = program(project, hello()).python("hello.py")
    server.answers("first")
    project.save(file, broken)
    assert server.exit_code() == 1
    assert words in server.log()
    assert "worker" not in server.log()
    assert BEHIND not in server.log()


@pytest.mark.parametrize("how", ["keyword", "file", "variable"])
def test_loading_can_say_otherwise(project: Project, how: str) -> None:
    program(project, hello("app, port=0, loading='auto'" if how == "keyword" else "app, port=0"))
    if how == "file":
        project.files({"devserver.toml": '[base]\nloading = "auto"\n'})
    server = project.python("hello.py", LAUNCH_LOADING="auto" if how == "variable" else None)
    server.answers("first")
    project.save("text.py", "1 / 0\n")
    server.answers("ZeroDivisionError", status=500)
    project.save("text.py", "TEXT = 'mended'\n")
    server.answers("mended")


def test_settings_come_from_everywhere_and_keywords_win(project: Project) -> None:
    settings = '[base]\nenv.SET = "base"\n[profiles.two]\nport = 1\nenv.SET = "profile"\n'
    arguments = "app, profile='two', port=0, env={'ADDED': 'x'}"
    facts = '[os.environ["SET"], os.environ["ADDED"], os.getcwd()]'
    program(project, hello(arguments, facts)).files({"devserver.toml": settings, "elsewhere/empty": ""})
    server = project.python("../hello.py", folder="elsewhere")
    assert json.loads(server.get().body) == ["profile", "x", str(project.root / "elsewhere")]
    assert "profile two" in server.log()
    project.save("devserver.toml", settings.replace('"profile"', '"edited"'))
    server.answers("edited")


def test_variable_that_the_program_sets_follows_an_edit(project: Project) -> None:
    source = "import os\nos.environ.setdefault('SET', 'before')\n" + hello(facts='os.environ["SET"]')
    server = program(project, source).python("hello.py", SET=None)
    server.answers("before")
    project.save("hello.py", source.replace("'before'", "'after'"))
    server.answers("after")


def test_folder_that_the_program_leaves_is_not_lost(project: Project) -> None:
    source = "import os\nos.chdir('data')\n" + hello(facts="os.getcwd()")
    server = program(project, source).files({"data/empty": ""}).python("hello.py")
    server.answers(str(project.root / "data"))


def test_wrong_settings_are_shown_in_their_frames(project: Project) -> None:
    arguments = "app, prot=1, port='x', env={'API_KEY': 'c4n4ry', 'N': 5}"
    server = program(project, hello(arguments)).python("hello.py")
    assert server.exit_code() == 2
    log = server.log()
    assert "error[unknown-key]: `prot` is not a setting\n --> hello.py:8:23\n" in log
    assert "did you mean `port`?" in log
    assert 'error[wrong-type]: `port` must be a whole number 0-65535 or "auto", this is text' in log
    assert "`env.N` must be text" in log
    assert "3 errors in 1 file" in log
    assert "c4n4ry" not in log


def test_debugger_is_not_opened_to_the_network_by_a_committed_program(project: Project) -> None:
    program(project, hello("app, host='0.0.0.0', port=0"))
    server = project.python("hello.py")
    assert server.exit_code() == 2
    assert "error[unsafe-bind]" in server.log()
    assert "LAUNCH_HOST=0.0.0.0" in server.log()


def test_app_is_found_where_run_is_called(project: Project) -> None:
    server = program(project, hello("port=0")).python("hello.py")
    server.answers("first")
    assert "hello.py: app" in server.log()


def test_what_is_no_app_is_said(project: Project) -> None:
    server = program(project, hello("42, port=0")).python("hello.py")
    assert server.exit_code() == 1
    assert "`hello.py: run(...)` is an int, not a WSGI app" in server.log()


def test_module_is_run_as_python_runs_it(project: Project) -> None:
    source = hello(facts="[sys.argv, __package__, __spec__.name, sys.path[0]]").replace(
        "import text", "from . import text"
    )
    project.files({"pkg/__init__.py": "", "pkg/hello.py": source, "pkg/text.py": "TEXT = 'first'\n"})
    server = project.python("-m", "pkg.hello", "a")
    expected = [[str(project.root / "pkg/hello.py"), "a"], "pkg", "pkg.hello", str(project.root)]
    assert json.loads(server.get().body) == expected
    project.save("pkg/hello.py", source.replace("[sys.argv,", "['edited', sys.argv,"))
    server.answers("edited")


def test_package_is_run_as_python_runs_it(project: Project) -> None:
    source = hello(facts="[__package__, __spec__.name]").replace("import text", "from . import text")
    project.files({"pkg/__init__.py": "", "pkg/__main__.py": source, "pkg/text.py": "TEXT = 'first'\n"})
    assert json.loads(project.python("-m", "pkg").get().body) == ["pkg", "pkg.__main__"]


def test_options_of_the_interpreter_are_kept(project: Project) -> None:
    facts = "[sys.flags.optimize, sys.flags.utf8_mode, sys.warnoptions, sys.flags.isolated]"
    server = program(project, hello(facts=facts)).python("-OX", "utf8", "-Wdefault", "hello.py")
    assert json.loads(server.get().body) == [1, 1, ["default"], 0]


IMPORTED = """
import launcher
def app(environ, start_response):
    start_response("200 OK", [])
    return [b"imported"]
launcher.run(app, port=0)
"""


def test_unguarded_call_does_nothing_under_launch_dev(project: Project) -> None:
    server = project.files({"hello.py": IMPORTED}).dev("hello:app")
    server.answers("imported")
    line = "launcher.run() in hello.py:6 does nothing: `launch dev` imports this module and serves the app"
    assert server.log().count(line) == 1


def test_unguarded_call_does_nothing_when_it_is_imported(project: Project) -> None:
    server = project.files({"hello.py": IMPORTED}).python("-c", "import hello; print('went on')")
    assert server.exit_code() == 0
    assert server.log().count("launcher.run() in hello.py:6 does nothing: this module is imported") == 1
    assert "went on" in server.log()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        pytest.param(
            "launcher.run(1)",
            "StartError: error[run-program]: launcher.run() needs a program that is a file",
            id="no-file",
        ),
        pytest.param("print(launcher)", "", id="import-alone"),
    ],
)
def test_program_that_is_no_file_is_refused(project: Project, code: str, words: str) -> None:
    server = project.python("-c", f"import launcher\n{code}")
    assert server.exit_code() == (1 if words else 0)
    assert words in server.log()


def test_call_in_a_thread_is_refused(project: Project) -> None:
    source = "import launcher, threading\nif __name__ == '__main__':\n    threading.Thread(target=lambda: launcher.run(1)).start()\n"
    server = project.files({"hello.py": source}).python("hello.py")
    server.exit_code()
    assert "error[run-thread]: launcher.run() must be called on the main thread" in server.log()


def test_changed_arguments_are_said_to_wait_for_the_next_start(project: Project) -> None:
    server = program(project, hello()).python("hello.py")
    server.answers("first")
    project.save("hello.py", hello("app, port=0, debug=False", facts='"edited"'))
    server.answers("edited")
    server.says("what launcher.run() is given has changed: start the program again to use it")


def test_breakpoint_in_a_view_and_interrupt_in_a_terminal(project: Project) -> None:
    source = hello().replace(
        "    start_response", "    if environ['PATH_INFO'] == '/stop': breakpoint()\n    start_response", 1
    )
    server = program(project, source).python_in_terminal("hello.py", NO_COLOR="1")
    with server.connect() as client:
        client.send("GET", "/stop")
        server.says("(Pdb)")
        server.type("p 6 * 7\n")
        server.says("42")
        server.type("c\n")
        assert client.receive().status == 200
    server.type("\x03")
    assert server.exit_code() == 0
    assert BEHIND in server.log()
