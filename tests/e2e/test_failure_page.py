"""The failure page outlives everything: what failed, its own process, the environment, and the project folder."""

from __future__ import annotations

import os
import shutil
import signal
import sys

import pytest

from tests.e2e.harness import PACKAGE, Project, Server

GOOD = "app = lambda environ, start_response: (start_response('200 OK', []), [{version!r}])[1]\n"
RAISES = "raise ValueError('broken on purpose')\n"
NOTES_ITSELF = "import os\nprint(os.getpid(), file=open(os.environ['E2E_JOURNAL'], 'a'))\n"
DEADLY = {
    "alarm": "import signal\nsignal.alarm(1)\n" + RAISES,
    "thread that ends the process": (
        "import os, threading, time\n"
        "threading.Thread(target=lambda: (time.sleep(.3), os._exit(3)), daemon=True).start()\n" + RAISES
    ),
    "SIGKILL": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n",
    "segmentation fault": "import faulthandler\nfaulthandler._sigsegv()\n",
    "abort": "import os\nos.abort()\n",
    "os._exit": "import os\nos._exit(1)\n",
}
DEADLY_ENVIRONMENT = {
    "no standard library": 'PYTHONHOME = "/nonexistent"',
    "no allocator": 'PYTHONMALLOC = "bogus"',
    "shadowed modules": 'PYTHONPATH = "shadows"',
    "no library": 'LD_PRELOAD = "/nonexistent/bogus.so"\nPYTHONHOME = "/nonexistent"',
}


def app(version: str) -> str:
    return GOOD.format(version=version.encode())


def serve(project: Project, *argv: str) -> Server:
    project.save("app.py", app("one"))
    server = project.dev(*argv)
    server.answers("one")
    return server


def fails_and_recovers(project: Project, server: Server, words: str) -> None:
    """Expect the page to be there, for longer than what failed can live, and the next good save to be served."""
    server.says("waiting for a change")
    for pid in map(int, project.journal()):
        server.until(lambda gone=pid: gone not in server.workers(), "the end of the worker that failed")
    server.answers(words, status=500)
    project.save("app.py", app("two"))
    server.answers("two")
    assert server.process.poll() is None
    assert str(PACKAGE) not in server.log()
    assert server.stop() == 0


@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in DEADLY.items()])
def test_page_is_served_when_failed_app_ends_its_process(project: Project, code: str):
    server = serve(project)
    project.save("app.py", NOTES_ITSELF + code)
    fails_and_recovers(project, server, "app")


@pytest.mark.parametrize("variables", [pytest.param(text, id=name) for name, text in DEADLY_ENVIRONMENT.items()])
def test_page_is_served_when_no_worker_starts_in_the_environment(project: Project, variables: str):
    project.files({"shadows/json.py": "import os\nos._exit(9)\n", "devserver.toml": ""})
    server = serve(project)
    project.save("devserver.toml", f"[base.env]\n{variables}\n")
    server.answers("Python did not start", status=500)
    assert variables.partition(" ")[0] in server.get().text
    project.save("devserver.toml", "")
    server.answers("one")
    assert server.stop() == 0


def test_page_comes_back_however_often_its_process_is_killed(project: Project):
    server = serve(project)
    project.save("app.py", RAISES)
    server.answers("broken on purpose", status=500)
    for _ in range(4):
        for pid in server.workers():
            os.kill(pid, signal.SIGKILL)
        server.answers("broken on purpose", status=500)
    project.save("app.py", app("two"))
    server.answers("two")
    assert server.stop() == 0


def test_server_stops_while_page_process_is_missing(project: Project):
    server = serve(project)
    project.save("app.py", RAISES)
    server.answers("broken on purpose", status=500)
    for _ in range(3):
        for pid in server.workers():
            os.kill(pid, signal.SIGKILL)
        server.until(server.workers, "the next process")
    assert server.stop() == 0


@pytest.mark.parametrize("command", [(), ("--engine", "restart")])
def test_server_waits_for_project_folder_that_was_moved_away(project: Project, command: tuple[str, ...]):
    server = serve(project, *command)
    away = project.root.with_name("away")
    project.root.rename(away)
    server.answers("the project folder is gone", status=500)
    assert server.log().count("waiting for it to come back") == 1
    away.rename(project.root)
    server.answers("one")
    project.save("app.py", app("two"))
    server.answers("two")
    assert server.stop() == 0


def test_server_follows_project_folder_that_was_made_again(project: Project):
    server = serve(project)
    shutil.rmtree(project.root)
    server.answers("the project folder is gone", status=500)
    project.root.mkdir()
    project.save("app.py", "text = open('data.txt').read()\n" + app("two"))
    project.save("data.txt", "data")
    server.answers("two")
    project.save("app.py", "text = open('data.txt').read()\n" + app("three"))
    server.answers("three")
    assert server.stop() == 0


def test_server_waits_for_interpreter_that_is_missing(project: Project):
    """As while an environment is made anew."""
    binaries = project.root.parent / "environment"
    (binaries / "bin").mkdir(parents=True)
    shutil.copy(f"{sys.prefix}/pyvenv.cfg", binaries)
    (binaries / "lib").symlink_to(f"{sys.prefix}/lib")
    python = binaries / "bin" / "python"
    python.symlink_to(os.path.realpath(sys.executable))
    project.save("app.py", app("one"))
    server = project.run([str(python), "-m", "launcher", "dev", "--port", "0", "--engine", "restart"])
    server.answers("one")
    python.rename(binaries / "away")
    project.save("app.py", app("two"))
    server.answers("two")  # by the interpreter that was kept warm
    project.save("app.py", app("three"))
    server.says("waiting for it to come back")
    (binaries / "away").rename(python)
    server.answers("three")
    assert server.stop() == 0
