"""What an edit leads to: which files count, what happens to requests, and that nothing is lost or stale."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.harness import Client, Lost, Project, Server

PRICES = "VERSION = {!r}\ndef price():\n    return 3\ndef finish(app):\n    return app\n"
RELOADED = "served again after"


APP_OF_CONF = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [conf.V.encode()]
"""


def prices(version: str) -> str:
    return PRICES.format(version)


def release(project: Project) -> None:
    """Let `/slow` answer."""
    Path(project.environ({})["E2E_JOURNAL"] + ".release").touch()


def ask_slowly(project: Project, server: Server) -> Client:
    """Return a connection whose request is in work, until `release`."""
    client = server.connect()
    before = project.journal().count("slow")
    client.send("GET", "/slow")
    project.noted("slow", before + 1)
    return client


def edits(server: Server) -> list[str]:
    """Return the lines that say what led to a reload."""
    return [line.strip() for line in server.log().splitlines() if RELOADED in line]


@pytest.fixture
def shop(project: Project) -> Server:
    """A server of the app in tests/apps/shop that has answered."""
    project.copy("shop")
    server = project.dev()
    server.answers("one")
    return server


# An edit is served


@pytest.mark.parametrize("save", [Project.save, Project.save_in_place], ids=["renamed", "in place"])
def test_edit_is_served(project: Project, shop: Server, save: Callable[[Project, str, str], None]):
    save(project, "shop/prices.py", prices("two"))
    shop.answers("two")
    assert "shop/prices.py changed" in shop.says(RELOADED)
    save(project, "shop/prices.py", prices("three"))
    shop.answers("three")


def test_the_time_of_each_reload_is_told_by_phase(project: Project):
    """Also when other files move while the app is loaded."""
    project.copy("shop")
    server = project.dev("--timings")
    for count, version in enumerate(("one", "two", "three")):
        if count:
            project.save("shop/prices.py", prices(version))
            project.save("unread.txt", version)
        server.answers(version)
        if count:
            server.says("(ms)", count)
    told = [line.split() for line in server.log().splitlines() if "(ms)" in line]
    assert [words[:-1:2] for words in told] == [["detect", "process", "import", "serve"]] * 2
    assert all(float(time) >= 0 for words in told for time in words[1:-1:2])


def test_requests_in_work_are_finished_by_the_old_code(project: Project, shop: Server):
    with ask_slowly(project, shop) as client:
        project.save("shop/prices.py", prices("two"))
        shop.answers("two")
        release(project)
        assert client.receive().text == "slow one"


ONLY_ONE = "import os, socket\nonly = socket.socket(socket.AF_UNIX)\nonly.bind('\\0' + os.getcwd())\n"


def test_what_only_one_process_can_have_is_waited_for_while_the_worker_before_has_it(project: Project, shop: Server):
    project.save("shop/prices.py", ONLY_ONE + prices("two"))
    shop.answers("two")
    with ask_slowly(project, shop) as client:
        noting = "from shop.journal import note\nnote('importing')\n"
        project.save("shop/prices.py", noting + ONLY_ONE + prices("three"))
        project.noted("importing")
        release(project)
        assert client.receive().text == "slow two"
    shop.answers("three")
    assert "Traceback" not in shop.log()


def test_what_another_program_has_is_a_failure(project: Project, shop: Server):
    with socket.socket(socket.AF_UNIX) as other:
        other.bind("\0" + str(project.root))
        project.save("shop/prices.py", ONLY_ONE + prices("two"))
        shop.says("Address already in use")


def test_save_during_the_import_is_not_lost(project: Project):
    slow = 'from shop.journal import note\nnote("importing")\nfrom shop import gate\n' + prices("one")
    wait = "import os, time\nwhile not os.path.exists(os.environ['E2E_JOURNAL'] + '.release'):\n    time.sleep(0.01)\n"
    project.copy("shop").files({"shop/prices.py": slow, "shop/gate.py": wait})
    server = project.dev()
    project.noted("importing")
    project.save("shop/prices.py", prices("two"))
    release(project)
    server.answers("two")


def test_edits_of_the_same_second_and_size_are_served(project: Project, shop: Server):
    when = os.stat(project.root / "shop/prices.py")
    for number in range(10, 20):
        path = project.root / "shop/prices.py"
        draft = path.with_suffix(".draft")
        draft.write_text(prices(f"v{number}"))
        os.utime(draft, ns=(when.st_atime_ns, when.st_mtime_ns))
        draft.replace(path)
        shop.answers(f"v{number}")


# What is watched is what was read


def served(project: Project, files: dict[str, str]) -> Server:
    """Start an app of which these files are a part, and wait until it answers."""
    project.files({"wsgi.py": PLAIN, **files})
    server = project.dev()
    server.answers("value ")
    return server


PLAIN = """
from value import VALUE
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"value {VALUE}".encode()]
"""


def test_data_file_that_was_read_while_importing(project: Project):
    server = served(project, {"value.py": "VALUE = open('data.txt').read()\n", "data.txt": "one"})
    project.save("data.txt", "two")
    server.answers("value two")
    assert edits(server)[0].startswith("↻  data.txt changed")


def test_module_that_was_looked_for_in_vain_and_is_created(project: Project):
    code = "try:\n    from extra import VALUE\nexcept ImportError:\n    VALUE = 'none'\n"
    server = served(project, {"value.py": code})
    project.save("extra.py", "VALUE = 'extra'\n")
    server.answers("value extra")


def test_package_that_comes_to_stand_before_a_module(project: Project):
    server = served(project, {"value.py": "VALUE = 'module'\n"})
    project.files({"value/__init__.py": "VALUE = 'package'\n"})
    server.answers("value package")


def test_module_that_is_deleted(project: Project):
    server = served(project, {"value.py": "VALUE = 'here'\n"})
    (project.root / "value.py").unlink()
    server.answers("No module named &#39;value&#39;", status=500)
    project.save("value.py", "VALUE = 'again'\n")
    server.answers("value again")


def test_module_that_is_renamed(project: Project):
    code = "try:\n    from new import VALUE\nexcept ImportError:\n    from old import VALUE\n"
    server = served(project, {"value.py": code, "old.py": "VALUE = __name__\n"})
    server.answers("value old")
    (project.root / "old.py").rename(project.root / "new.py")
    server.answers("value new")


def test_failed_import_is_tried_again_when_the_missing_module_comes(project: Project, shop: Server):
    project.save("shop/prices.py", "from shop.later import *\n")
    shop.says("ModuleNotFoundError in shop/prices.py:1")
    project.save("shop/later.py", prices("later"))
    shop.answers("later")


# What was asked at import


QUESTIONS = {
    "lexists": ("os.path.lexists('d.txt')", "make"),
    "access": ("os.access('d.txt', os.R_OK)", "make"),
    "lstat": ("stated(os.lstat, 'd.txt')", "make"),
    "islink": ("os.path.islink('d.txt')", "link"),
    "glob": ("glob.glob('d.txt')", "make"),
    "pathlib-exists": ("pathlib.Path('d.txt').exists()", "make"),
    "pathlib-glob": ("list(pathlib.Path('.').glob('d*.txt'))", "make"),
    "samefile": ("os.path.exists('d.txt') and not os.path.samefile('d.txt', 'value.py')", "make"),
    "scandir": ("[entry.name for entry in os.scandir('.') if entry.is_file()]", "make"),
    "linecache": ("linecache.getline('d.txt', 1)", "edit"),
    "mmap": ("bytes(mmap.mmap((file := open('d.txt', 'rb')).fileno(), 0, prot=mmap.PROT_READ))", "edit"),
    "resources": ("importlib.resources.files('pack').joinpath('d.txt').read_text()", "edit-packed"),
}


@pytest.mark.parametrize(("question", "move"), QUESTIONS.values(), ids=QUESTIONS)
def test_answer_given_at_import_is_renewed(project: Project, question: str, move: str):
    code = (
        "import glob, importlib.resources, linecache, mmap, os, pathlib\n"
        "def stated(ask, path):\n    try:\n        return bool(ask(path))\n    except OSError:\n        return False\n"
        f"VALUE = {question}\n"
    )
    files = {"value.py": code, "pack/__init__.py": ""}
    if move.startswith("edit"):
        files |= {"d.txt": "before\n", "pack/d.txt": "before\n"}
    server = served(project, files)
    before = server.get().text
    path = project.root / ("pack/d.txt" if move == "edit-packed" else "d.txt")
    if move == "link":
        path.symlink_to("value.py")
    else:
        project.save(str(path.relative_to(project.root)), "after\n")
    server.until(lambda: server.get().text != before, "another answer")


def test_edit_through_a_hard_link_elsewhere_is_served(project: Project, tmp_path: Path):
    server = served(project, {"value.py": "VALUE = 'one'\n"})
    outside = tmp_path / "outside"
    outside.mkdir()
    os.link(project.root / "value.py", outside / "value.py")
    server.answers("value one")
    (outside / "value.py").write_text("VALUE = 'two'\n")
    server.answers("value two")
    (outside / "value.py").write_text("VALUE = 'three'\n")
    server.answers("value three")


# What does not count


def nothing_was_loaded_since(project: Project, server: Server) -> None:
    """Expect that a true edit, made now, is the only one that led to a reload."""
    project.save("value.py", "VALUE = 'edited'\n")
    server.answers("value edited")
    server.says(RELOADED)
    assert len(edits(server)) == 1
    assert edits(server)[0].startswith("↻  value.py changed")
    assert project.journal().count("value loaded") == 1


def write_over(path: Path) -> None:
    """Write what stands there already, at no moment less: an empty file would be a true change."""
    text = path.read_text()
    with path.open("r+") as file:
        file.write(text)


NOTED = "import os\nwith open(os.environ['E2E_JOURNAL'], 'a') as file:\n    print('value loaded', file=file)\n"


@pytest.mark.parametrize(
    "move",
    [
        pytest.param(lambda root: os.utime(root / "wsgi.py"), id="touched"),
        pytest.param(lambda root: (root / "wsgi.py").chmod(0o755), id="other mode"),
        pytest.param(lambda root: write_over(root / "wsgi.py"), id="written with the same content"),
        pytest.param(lambda root: (root / "README.md").write_text("new"), id="file that nobody read"),
        pytest.param(lambda root: (root / "unused.py").write_text("new = 1"), id="module that nobody imported"),
        pytest.param(lambda root: (root / "__pycache__" / "x.pyc").write_bytes(b"new"), id="bytecode"),
    ],
)
def test_no_reload_for(project: Project, move: Callable[[Path], object]):
    server = served(project, {"value.py": NOTED + "VALUE = 'one'\n"})
    move(project.root)
    nothing_was_loaded_since(project, server)


def test_no_reload_for_files_that_the_app_writes(project: Project):
    code = NOTED + "with open('app.log', 'w') as log:\n    log.write('started')\nVALUE = open('app.log').read()\n"
    server = served(project, {"value.py": code})
    server.answers("value started")
    nothing_was_loaded_since(project, server)


def test_include_watches_files_that_nobody_read(project: Project):
    project.files({"devserver.toml": '[base]\nreload.include = ["conf/**/*.yml", "!conf/skip.yml"]\n'})
    server = served(project, {"value.py": "VALUE = 'one'\n", "conf/skip.yml": "a: 1"})
    pid = server.workers()
    (project.root / "conf/skip.yml").write_text("a: 2")
    project.files({"conf/deep/new.yml": "a: 1"})
    server.says("conf/deep/new.yml changed")
    server.until(lambda: not set(pid[:1]) & set(server.workers()), "a new worker")
    assert "skip.yml changed" not in server.log()


def test_exclude_wins(project: Project):
    project.files({"devserver.toml": '[base]\nreload.exclude = ["generated.py"]\n'})
    code = NOTED + "import generated\nVALUE = generated.VALUE\n"
    server = served(project, {"value.py": code, "generated.py": "VALUE = 'one'\n"})
    project.save("generated.py", "VALUE = 'two'\n")
    nothing_was_loaded_since(project, server)


# Failures on the way


@pytest.mark.parametrize("strategy", ["auto", "eager"])
def test_half_written_file_is_no_failure(project: Project, strategy: str):
    project.copy("shop")
    server = project.dev("--loading", strategy)
    server.answers("one")
    whole = int(server.get("/pid").text)
    lock = project.root / ".git" / "index.lock"
    lock.touch()  # as while git rewrites the tree: failures are not believed yet
    project.save_in_place("shop/prices.py", "VERSION = 'tw")
    server.until(lambda: whole not in server.workers(), "the half-written file to be noticed")
    project.save_in_place("shop/prices.py", prices("two"))
    lock.unlink()
    server.answers("two")
    assert "SyntaxError" not in server.log()
    assert server.stop() == 0


def test_failure_is_shown_at_once_when_a_git_lock_was_left_behind(project: Project, shop: Server):
    lock = project.root / ".git" / "index.lock"
    lock.touch()
    os.utime(lock, (1, 1))
    project.save("shop/prices.py", "1 / 0\n")
    assert "waiting for git" not in shop.says("ZeroDivisionError")


def test_waiting_for_git_is_said_when_it_takes_long(project: Project, shop: Server):
    lock = project.root / ".git" / "index.lock"
    lock.touch()
    project.save("shop/prices.py", "1 / 0\n")
    shop.says("waiting for git to release .git/index.lock")
    lock.unlink()
    shop.says("ZeroDivisionError")


def test_exit_after_an_edit_is_survived(project: Project, shop: Server):
    project.save("shop/prices.py", "raise SystemExit(3)\n")
    shop.says("the app called sys.exit(3) while loading: the page shows this; waiting for a change")
    project.save("shop/prices.py", prices("two"))
    shop.answers("two")


def test_worker_that_crashes_is_replaced_and_said_so(project: Project, shop: Server):
    with shop.connect() as client:
        client.send("GET", "/exit")
        assert client.is_ended()
    shop.says("the worker ended while it served, exit code 5: starting another")
    shop.answers("one")


def test_killed_worker_is_replaced(project: Project, shop: Server):
    os.kill(int(shop.get("/pid").text), signal.SIGKILL)
    assert "SIGKILL" in shop.says("starting another")
    shop.answers("one")


CRASH = """
import os, socket, threading
def crash():
    listener = socket.socket(fileno=os.dup(int(os.environ["WERKZEUG_SERVER_FD"])))
    with socket.create_connection(listener.getsockname()) as client:
        client.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
        client.recv(1)
    os._exit(9)
threading.Thread(target=crash).start()
"""
"""Ends the process as soon as it has answered a request."""


def test_worker_that_crashes_again_and_again_is_given_up_until_a_change(project: Project, shop: Server):
    project.save("shop/prices.py", CRASH + prices("bad"))
    shop.says("exit code 9: the page says so; waiting for a change")
    shop.answers("the worker ended while it served: exit code 9", status=500)
    project.save("shop/prices.py", prices("two"))
    shop.answers("two")
    assert project.journal().count("loaded") == 4, "whole, broken, tried once more, mended"


def test_old_worker_runs_its_exit_handlers(project: Project, shop: Server):
    shop.get("/at-exit")
    project.save("shop/prices.py", prices("two"))
    shop.answers("two")
    project.noted("atexit")


# Connections


def test_connection_that_was_silent_survives_a_reload(project: Project, shop: Server):
    with shop.connect() as client:
        shop.answers("one")  # accepted in turn: the silent one is the worker's by now
        project.save("shop/prices.py", prices("two"))
        shop.answers("two")
        client.send("GET", "/")
        assert client.receive().text == "two"


def test_event_stream_is_cut_and_the_reload_does_not_wait_for_it(project: Project):
    project.copy("shop")
    server = project.dev("--set", "reload.drain-seconds=0.2")
    with server.connect() as client:
        client.send("GET", "/events")
        client.receive_until(b"still here")
        old = server.get("/pid").text
        project.save("shop/prices.py", prices("two"))
        server.answers("two")
        while not client.is_ended():
            pass
    server.says("1 request still open after the time to drain: cut")
    server.until(lambda: int(old) not in server.processes(), "the old worker to go")


def test_reload_does_not_wait_for_requests_in_work(project: Project):
    project.copy("shop")
    server = project.dev("--set", "reload.drain-seconds=600")
    with server.connect() as stream, ask_slowly(project, server):
        stream.send("GET", "/events")
        stream.receive_until(b"still here")
        project.save("shop/prices.py", prices("two"))
        server.answers("two")
        stream.receive_until(b"still here")
    assert "cut" not in server.log()


def test_no_request_is_lost_in_fifty_reloads_under_load(project: Project, shop: Server):
    load = Load(shop)
    with load:
        for number in range(50):
            answered = load.answered
            project.save("shop/prices.py", prices(f"v{number}"))
            shop.says(RELOADED, number + 1)
            shop.until(lambda least=answered + 2: load.answered >= least, "two more answers")
    assert load.lost == []
    assert project.journal().count("loaded") >= 51, "the reloads were real"
    assert len(load.pids) >= 10
    assert shop.get().text == "v49"


class Load:
    """GET and POST requests, two at a time, from entering to leaving. `lost` says how requests failed."""

    def __init__(self, server: Server) -> None:
        self.lost: list[str] = []
        self.answered = 0
        self.pids: set[str] = set()
        self._server = server
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._ask, args=(ask,)) for ask in (self._get, self._post)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, ask: Callable[[], str]) -> None:
        while not self._ended.is_set():
            try:
                wrong = ask()
            except (Lost, OSError) as error:
                wrong = repr(error)
            self._ended.wait(0.01)
            with self._lock:
                self.answered += 1
                self.lost += [wrong] if wrong else []

    def _get(self) -> str:
        answer = self._server.get("/pid")
        self.pids.add(answer.text)
        return "" if answer.status == 200 and answer.text.isdigit() else repr(answer)

    def _post(self) -> str:
        body = os.urandom(1 << 14)
        answer = self._server.post("/echo", body)
        return "" if answer.text.endswith(f" 16384 {hashlib.sha256(body).hexdigest()}") else repr(answer)


def test_a_library_that_was_installed_anew_is_served_after_the_next_edit(project: Project):
    """Nobody watches it, but no snapshot and no library base brings the old one back."""
    site = project.root / "vendor/site-packages"
    app = "import shelf\nimport views\ndef app(environ, start_response):\n"
    app += "    start_response('200 OK', [])\n    return [f'{views.VERSION} {shelf.VERSION}'.encode()]\n"
    project.files(
        {
            "app.py": app,
            "views.py": "VERSION = 'v0'\n",
            "vendor/site-packages/shelf.py": "VERSION = 'shelf 1'\n",
        }
    )
    server = project.dev("app:app", PYTHONPATH=str(site))
    server.answers("v0 shelf 1")
    for version in range(1, 4):
        project.save("views.py", f"VERSION = 'v{version}'\n")
        server.answers(f"v{version} shelf {version}")
        # Of another size: Python itself takes its byte code for current where second and size are the same.
        project.save("vendor/site-packages/shelf.py", f"VERSION = 'shelf {version + 1}'\n" + "\n" * version)


def test_what_a_request_imports_is_followed_from_then_on(project: Project):
    """From a folder that nothing else is read from, in each worker anew, and saved as soon as it is answered."""
    app = "def app(environ, start_response):\n    start_response('200 OK', [])\n"
    app += "    from late.views import VERSION\n    return [VERSION.encode()]\n"
    project.files({"app.py": app, "late/views.py": "VERSION = 'v0'\n"})
    server = project.dev("app:app")
    server.answers("v0")
    for version in range(1, 6):
        project.save("late/views.py", f"VERSION = 'v{version}'\n")
        server.answers(f"v{version}")


class Edits:
    """Edits of `app.py`, which have a number each; *answer* is what is served of them."""

    def __init__(self, project: Project, server: Server, answer: str) -> None:
        self.project, self.server, self.answer = project, server, answer
        self.number = 0

    def __call__(self, text: str) -> str:
        """Save *text* with the next number in it, wait until that is served, and return the log."""
        self.number += 1
        self.project.save("app.py", text.format(self.number))
        self.server.answers(self.answer.format(self.number))
        return self.server.says("served again", self.number)


def test_a_library_sees_what_the_app_has_called_in_another_one_before(project: Project):
    """The base has the first of two libraries that know each other, and one of the app's own comes in between."""
    app = "import first\nfirst.call('v{}')\nimport second\ndef app(environ, start_response):\n"
    app += "    start_response('200 OK', [])\n    return [' '.join(first.CALLS).encode()]\n"
    project.files(
        {
            "app.py": app.format(0),
            "vendor/site-packages/first.py": "CALLS = []\ncall = CALLS.append\n",
            "vendor/site-packages/second.py": "import first\nfirst.call('second')\n",
        }
    )
    server = project.dev("app:app", PYTHONPATH=str(project.root / "vendor/site-packages"))
    server.answers("v0 second")
    edit = Edits(project, server, "v{} second")
    server.until(lambda: "back to the imported libraries" in edit(app), "a base")


def test_an_app_that_uses_parts_of_werkzeug_goes_back_to_the_libraries(project: Project):
    """Each worker has Werkzeug from the start; what is called of it does not keep other parts from being there."""
    app = "import werkzeug.middleware.lint\nwerkzeug.middleware.lint.LintMiddleware(0)\n"
    app += "import werkzeug.middleware.profiler\nVERSION = {}\n"
    app += (
        "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [f'v{{VERSION}}'.encode()]\n"
    )
    project.files({"app.py": app.format(0)})
    server = project.dev("app:app")
    server.answers("v0")
    edit = Edits(project, server, "v{}")
    server.until(lambda: "back to the imported libraries" in edit(app), "a base")
    assert "starting from the beginning" not in edit(app)


def test_what_a_module_has_imported_stays_while_it_changes_below(project: Project):
    """The module that holds the app is edited most: what it imports is loaded once more for the first edit, not for others."""
    app = "from shop.models import NAME\nfrom shop.views import SHOP\nVERSION = '{}'\n"
    app += "def app(environ, start_response):\n    start_response('200 OK', [])\n"
    app += "    return [f'{{NAME}} {{SHOP}} {{VERSION}} {{sorted(globals())}}'.encode()]\n"
    names = ["NAME", "SHOP", "VERSION", "__builtins__", "__cached__", "__doc__", "__file__", "__loader__"]
    names += ["__name__", "__package__", "__spec__", "app"]
    project.files(
        {
            "app.py": app.format(0),
            "shop/models.py": NOTED + "NAME = 'models'\n",
            "shop/views.py": "SHOP = 'tea'\n",
        }
    )
    server = project.dev("app:app")
    server.answers(f"models tea 0 {names}")
    for number in range(1, 6):
        project.save("app.py", app.format(number))
        server.answers(f"models tea {number} {names}")
    assert "back to before shop.views, served again" in server.says("served again", 5)
    assert project.journal().count("value loaded") <= 2
    project.save("app.py", app.format(6) + "1 / 0\n")
    page = server.answers("ZeroDivisionError", status=500).body
    assert page.count(b"<cite") == 1, "no frame but that of the module"
    server.says("ZeroDivisionError in app.py:7")
    project.save("app.py", "import os\n" + app.format(7))
    server.answers(f"models tea 7 {[*names, 'os']}")
    project.save("shop/views.py", "SHOP = 'milk'\n")
    server.answers(f"models milk 7 {[*names, 'os']}")


def test_a_module_is_watched_although_its_reading_was_cut_short(project: Project):
    """The second of two saves leads further back, before the copy of the first has read `app.py` again."""
    app = "from shop.middle import DEEP\nfrom shop.late import LATE\nVERSION = {}\n"
    app += "def app(environ, start_response):\n    start_response('200 OK', [])\n"
    app += "    return [f'{{DEEP}} {{LATE}} {{VERSION}}'.encode()]\n"
    project.files(
        {
            "app.py": app.format(0),
            "shop/middle.py": "from shop.deep import DEEP\n",
            "shop/deep.py": "DEEP = 0\n",
            "shop/late.py": "LATE = 0\n",
        }
    )
    server = project.dev("app:app")
    server.answers("0 0 0")
    for number in range(1, 16):
        project.save("shop/deep.py", f"DEEP = {number - 0.5}\n")
        server.answers(f"{number - 0.5} {number - 1} {number - 1}")
        project.save("shop/late.py", f"LATE = {number - 0.5}\n")
        server.answers(f"{number - 0.5} {number - 0.5} {number - 1}")
        project.save("shop/late.py", f"LATE = {number}\n")
        after = time.perf_counter() + number / 5_000  # what is tried, not waited for: how far the copy has come
        while time.perf_counter() < after:
            pass
        project.save("shop/deep.py", f"DEEP = {number}\n")
        server.answers(f"{number} {number} {number - 1}")
        project.save("app.py", app.format(number))
        server.answers(f"{number} {number} {number}")


def test_the_base_of_libraries_is_made_although_the_app_is_edited_at_once(project: Project):
    """And an app that has outgrown it starts afresh, with a base of its own: that is no fault of the place."""
    app = "import colorsys\nVERSION = {}\ndef app(environ, start_response):\n"
    app += "    start_response('200 OK', [])\n    return [f'v{{VERSION}}'.encode()]\n"
    project.files({"app.py": app.format(0)})
    server = project.dev("app:app")
    server.answers("v0")
    edit = Edits(project, server, "v{}")
    server.until(lambda: "back to the imported libraries" in edit(app), "a base")
    edit("import this_is_new\n" + app) if project.save("this_is_new.py", "") else None
    edit("import wave\n" + app)
    log = server.says("the app does something else between its imports: starting from the beginning")
    assert "Traceback" not in log
    before = log.count("back to the imported libraries, served")
    server.until(lambda: edit(app).count("back to the imported libraries, served") > before, "another base")


@pytest.mark.parametrize("engine", ["restart", "auto"])
def test_module_imported_by_sitecustomize_is_never_old(project: Project, engine: str):
    """The spare interpreter has imported it at its own start, before the save."""
    app = "import conf\n" + APP_OF_CONF
    site = "import conf, os\nopen(os.environ['E2E_JOURNAL'], 'a').write('started\\n')\n"
    project.files({"app.py": app, "conf.py": 'V = "one"\n', "sitecustomize.py": site})
    server = project.dev("--set", f'reload.engine="{engine}"', PYTHONPATH=str(project.root))
    server.answers("one")
    # Of other lengths each: Python itself takes old bytecode for a file of the same size in the same second.
    for count, version in enumerate(("two!", "third", "fourth"), 1):
        project.noted("started", 2 + count)  # launch, a worker for each load, and the spare
        project.save("conf.py", f'V = "{version}"\n')
        server.says(RELOADED, count)
        assert server.get().text == version


SLOW = """
import time
for _ in range(9):  # little of a processor, as on a busy machine: {version}
    time.sleep(0.4)
    begun = time.process_time()
    while time.process_time() < begun + 0.06:
        pass
"""


@pytest.mark.skipif(sys.platform != "linux", reason="snapshots need Linux")
def test_copy_that_is_slow_but_at_work_is_not_given_up(project: Project):
    project.files({"app.py": "import conf, late\n" + APP_OF_CONF, "conf.py": 'V = "one"\n', "late.py": ""})
    server = project.dev("-v")
    server.answers("one")
    project.save("late.py", SLOW.format(version=2))
    server.says(RELOADED)
    assert "failed, it did not serve" not in server.log()
    assert "cold start" not in edits(server)[0]
