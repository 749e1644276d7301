"""What the app writes itself neither reloads nor refreshes; what another process writes does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from tests.e2e.harness import Project, Server, need

RELOADED = "served again after"

APP = """
import os
from pathlib import Path
import store

COUNT = 0

def app(environ, start_response):
    global COUNT
    COUNT += 1
    path = environ["PATH_INFO"]
    if environ["REQUEST_METHOD"] == "POST":
        store.write(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"] or 0)).decode())
    start_response("200 OK", [("Content-Type", "text/html")])
    return [f"<!doctype html><p>count {COUNT} data {store.DATA}</p>{store.show() if path == '/show' else ''}".encode()]

store.show = getattr(store, "show", lambda: "")
"""

JSON = """
import json
from pathlib import Path
FILE = Path("data.json")
DATA = json.loads(FILE.read_text())["value"]
def write(value):
    global DATA
    DATA = value
    FILE.write_text(json.dumps({"value": value}))
"""

REPLACED = JSON.replace("FILE.write_text(json.dumps({'value': value}))", "").replace(
    '    FILE.write_text(json.dumps({"value": value}))',
    '    draft = Path("data.json.new")\n    draft.write_text(json.dumps({"value": value}))\n    draft.replace(FILE)',
)

CASES = {
    "json": JSON,
    "replaced": REPLACED,
    "replaced-from-elsewhere": REPLACED.replace('Path("data.json.new")', 'Path("../data.json.new")'),
    "replaced-while-open": JSON.replace("import json", "import json, os, tempfile").replace(
        '    FILE.write_text(json.dumps({"value": value}))',
        "    with tempfile.NamedTemporaryFile('w', dir='.', delete=False) as draft:\n"
        "        draft.write(json.dumps({'value': value}))\n        os.replace(draft.name, FILE)\n",
    ),
    "removed-and-made": JSON.replace("    FILE.write_text", "    FILE.unlink()\n    FILE.write_text"),
    "through-a-link": JSON.replace('Path("data.json")', 'Path("link.json")'),
    "shelve": """
import shelve
with shelve.open("shelf") as shelf:
    DATA = shelf.setdefault("value", "none")
def write(value):
    global DATA
    DATA = value
    with shelve.open("shelf") as shelf:
        shelf["value"] = value
""",
    "sqlite": """
import os, sqlite3
MADE = os.path.exists("data.db"), os.path.getsize("data.json"), open("data.db", "ab").close()
with open("data.db", "rb") as file:
    file.read()
connection = sqlite3.connect("data.db", check_same_thread=False)
connection.execute("create table if not exists t (value)")
connection.commit()
DATA = "none"
def write(value):
    global DATA
    DATA = value
    connection.execute("insert into t values (?)", (value,))
    connection.commit()
""",
    "sqlite-wal": """
import os, sqlite3
def write(value):
    global DATA
    DATA = value
    connection = sqlite3.connect("file:data.db?mode=rwc", uri=True)
    connection.execute("pragma journal_mode=wal")
    connection.execute("create table if not exists t (value)")
    connection.execute("insert into t values (?)", (value,))
    connection.commit()
    connection.close()
write("none")
with open("data.db", "rb") as file:
    file.read()
os.listdir(".")
""",
    "configparser": """
import configparser
config = configparser.ConfigParser()
config.read("app.ini")
DATA = config.get("main", "value", fallback="none")
def write(value):
    global DATA
    DATA = value
    config["main"] = {"value": value}
    with open("app.ini", "w") as file:
        config.write(file)
""",
    "upload": """
import os
os.makedirs("uploads", exist_ok=True)
DATA = len(os.listdir("uploads"))
def write(value):
    global DATA
    DATA = value
    with open(f"uploads/{value}.txt", "x") as file:
        file.write(value)
""",
    "folder-of-folders": """
import os, pathlib, shutil, tempfile
os.makedirs("uploads", exist_ok=True)
DATA = len(list(pathlib.Path("uploads").iterdir()))
def write(value):
    global DATA
    DATA = value
    folder = tempfile.mkdtemp(dir=".")
    open(folder + "/a", "w").close()
    shutil.move(folder, f"uploads/{value}")
    os.mkdir("uploads/other")
    open("uploads/other/x", "w").close()
    shutil.rmtree("uploads/other")
""",
    "log": """
import logging
logging.basicConfig(filename="app.log", level="INFO")
logging.info("begun")
DATA = len(open("app.log").read()) and "none"
def write(value):
    global DATA
    DATA = value
    logging.info(value)
""",
    "pickle": """
import os, pickle
try:
    with open("cache.pickle", "rb") as file:
        DATA = pickle.load(file)
except OSError:
    DATA = "none"
def write(value):
    global DATA
    DATA = value
    with open("cache.pickle", "wb") as file:
        pickle.dump(value, file)
""",
    "thread": """
import threading
DATA = open("data.json").read() and "none"
def write(value):
    global DATA
    DATA = value
    def work():
        for number in range(50):
            with open("data.json", "w") as file:
                file.write(f"{value} {number}")
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
""",
    "update-in-place": """
with open("data.json", "r+") as file:
    DATA = file.read() and "none"
def write(value):
    global DATA
    DATA = value
    with open("data.json", "r+") as file:
        file.truncate(0)
        file.write(value)
""",
    "truncated": """
import os
DATA = open("data.json").read() and "none"
def write(value):
    global DATA
    DATA = value
    os.truncate("data.json", len(value))
""",
    "forked": """
import os
DATA = open("data.json").read() and "none"
def write(value):
    global DATA
    DATA = value
    if not os.fork():
        with open("data.json", "w") as file:
            file.write(value)
        os._exit(0)
    os.wait()
""",
}


def start(project: Project, code: str, *argv: str) -> Server:
    project.files({"wsgi.py": APP, "store.py": code, "data.json": '{"value": "none"}', "probe.py": "X = 1\n"})
    (project.root / "link.json").symlink_to("data.json")
    server = project.dev(*argv)
    server.answers("count 1 ")
    return server


def count(server: Server) -> int:
    found = re.search(r"count (\d+)", server.get().text)
    assert found is not None
    return int(found[1])


def settled(project: Project, server: Server) -> None:
    """Wait until a true save, made now, was noticed: nothing that moved before it is still to be decided about."""
    before = server.log().count(RELOADED)
    project.save("wsgi.py", APP + f"# {before}\n")
    server.says(RELOADED, before + 1)


@pytest.mark.parametrize("code", CASES.values(), ids=CASES)
def test_own_write_does_not_reload(project: Project, code: str):
    server = start(project, code)
    for number in range(1, 6):
        assert f"count {2 * number} data v{number}" in server.post("/", b"v%d" % number).text
        assert count(server) == 2 * number + 1
    settled(project, server)
    assert server.log().count(RELOADED) == 1, server.log()
    assert "wsgi.py changed" in server.log()


@pytest.mark.parametrize("save", [Project.save, Project.save_in_place], ids=["renamed", "in place"])
@pytest.mark.parametrize("name", ["json", "replaced", "removed-and-made", "through-a-link"])
def test_save_reloads_after_the_app_wrote_the_file(
    project: Project, name: str, save: Callable[[Project, str, str], None]
):
    server = start(project, CASES[name])
    for number in range(1, 4):
        assert f"data own{number}" in server.post("/", b"own%d" % number).text
        save(project, "data.json", json.dumps({"value": f"edited{number}"}))
        assert f"count 1 data edited{number}" in server.get().text
    assert server.log().count(RELOADED) == 3


def test_save_reloads_while_the_app_keeps_the_file_open(project: Project):
    code = "file = open('data.json', 'r+')\nDATA = file.read()[:9]\ndef write(value):\n    file.write(value); file.flush()\n"
    server = start(project, code)
    server.post("/", b"more")
    assert count(server) == 3
    project.save_in_place("data.json", "in place, and longer")
    server.answers("count 1 data in place,")
    server.post("/", b"more")
    project.save("data.json", "replaced, and longer")
    server.answers("data replaced,")


def test_reload_reads_what_the_app_wrote(project: Project):
    """A snapshot that has read the file before would bring the old content back."""
    server = start(project, JSON)
    project.save("wsgi.py", APP + "# edited\n")
    server.says(RELOADED)
    assert "data newer" in server.post("/", b"newer").text
    project.save("wsgi.py", APP + "# again\n")
    server.says(RELOADED, 2)
    assert "data newer" in server.get().text


def test_write_of_another_process_reloads(project: Project):
    """What a program writes that the app starts is not told from an editor's save."""
    code = JSON.replace(
        'FILE.write_text(json.dumps({"value": value}))',
        """subprocess.run([sys.executable, "-c", f"open('data.json', 'w').write('{{\\"value\\": \\"{value}\\"}}')"])""",
    ).replace("import json", "import json, subprocess, sys")
    server = start(project, code)
    server.post("/", b"child")
    server.answers("count 1 data child")
    assert "data.json changed" in server.log()


# Pages


PAGES = {
    "replaced": """
def show():
    text = open("note.html").read()
    with open("note.new", "w") as file:
        file.write(text + "x")
    os.replace("note.new", "note.html")
    return text
""",
    "written": """
def show():
    text = open("note.html").read()
    with open("note.html", "w") as file:
        file.write(text + "x")
    return text
""",
    "session": """
import cachelib
cache = cachelib.FileSystemCache("sessions", threshold=3)
def show():
    number = (cache.get("session") or 0) + 1
    cache.set("session", number)
    return open("note.html").read()
""",
    "compiled-templates": """
import jinja2, shutil
def show():
    shutil.rmtree("cache", ignore_errors=True)
    os.mkdir("cache")
    cache = jinja2.FileSystemBytecodeCache("cache")
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader("."), bytecode_cache=cache)
    environment.get_template("note.html")
    environment.cache.clear()
    return environment.get_template("note.html").render()
""",
}
BROWSER = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"}


def page(server: Server) -> tuple[str, int]:
    """Load the page; return the path of the stream, and the edition that is shown."""
    text = server.get("/show", headers=BROWSER).text
    found = re.search(r'src="([^"]+)\.js" data-edition="(\d+)"', text)
    assert found is not None, text
    return found[1], int(found[2])


@pytest.mark.parametrize("code", PAGES.values(), ids=PAGES)
def test_own_write_does_not_refresh(project: Project, code: str):
    need("cachelib" if "cachelib" in code else "jinja2")
    project.files({"note.html": "note"})
    server = start(project, "import os\nDATA = 0\n" + code)
    path, edition = page(server)
    with server.connect() as stream:
        stream.send("GET", path, headers={"Sec-Fetch-Site": "same-origin"})
        for _ in range(4):
            assert page(server) == (path, edition)
        project.save("note.html", "edited")
        told = stream.receive_until(b"data: %d\n\n" % (edition + 1))
    assert told.count(b"data: ") == 2, "one edition for the save, none before"
    assert "edited" in server.get("/show").text
    assert RELOADED not in server.log()


def test_bytecode_of_a_late_import_does_not_refresh(project: Project):
    project.files({"late/__init__.py": "", "late/part.py": "X = 1\n"})
    server = start(project, "DATA = 0\ndef show():\n    import late.part\n    return str(late.part.X)\n")
    path, edition = page(server)
    assert page(server) == (path, edition)
    project.save("late/part.py", "X = 2\n")
    assert "</p>2" in server.get("/show").text


def test_template_of_django_is_read_again_without_live_reload(project: Project):
    need("django")
    app = """
import django
from django.conf import settings
settings.configure(DEBUG=False, ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="x", TEMPLATES=[
    {"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": ["templates"]}])
django.setup()
from django.core.wsgi import get_wsgi_application
from django.shortcuts import render
from django.urls import path
urlpatterns = [path("", lambda request: render(request, "page.html"))]
app = get_wsgi_application()
"""
    project.files({"wsgi.py": app, "templates/page.html": "one"})
    server = project.dev("--no-live-reload")
    server.answers("one")
    project.save("templates/page.html", "two")
    server.answers("two")
    assert RELOADED not in server.log()
    assert "refreshed" not in server.log()
