"""The stream that open pages listen to, over reloads: each of them is told once, and holds up nobody."""

from __future__ import annotations

import re

from tests.e2e.harness import Client, Project, Server

PAGE = """
from value import VALUE

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html")])
    with open("note.html") as note:
        return [f"<!doctype html><title>{VALUE}</title>{note.read()}".encode()]
"""
BROWSER = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"}
RELOADED = "served again after"


def start(project: Project) -> Server:
    project.files({"wsgi.py": PAGE, "value.py": "VALUE = 'one'\n", "note.html": "first"})
    server = project.dev()
    server.answers("<title>one</title>")
    return server


def page(server: Server) -> tuple[str, int]:
    """Return the path of the stream and the edition that a page of now has."""
    with server.connect() as client:
        client.send("GET", "/", headers=BROWSER)
        found = re.search(r'src="([^"]+)\.js" data-edition="(\d+)"', client.receive().text)
    assert found is not None
    return found[1], int(found[2])


def listen(server: Server, path: str) -> Client:
    client = server.connect()
    client.send("GET", path, headers={"Sec-Fetch-Site": "same-origin"})
    return client


def told(client: Client) -> list[int]:
    """Return every edition that a stream told of until its end."""
    while not client.is_ended():
        pass
    return [int(number) for number in re.findall(rb"data: (\d+)\n\n", client.receive_until(b"\n\n"))]


def test_each_reload_ends_the_stream_and_is_one_edition(project: Project):
    server = start(project)
    path, edition = page(server)
    for number, value in enumerate(("two", "three", "four"), 1):
        with listen(server, path) as stream:
            stream.receive_until(b"data: %d\n\n" % edition)
            project.save("value.py", f"VALUE = {value!r}\n")
            assert told(stream) == [edition], "the old worker knows of no other edition"
        server.answers(f"<title>{value}</title>")
        assert page(server) == (path, edition + 1), f"reload {number} is one edition"
        edition += 1
    assert server.log().count(RELOADED) == 3
    assert "cut" not in server.log()


def test_a_template_and_a_module_that_are_saved_together_are_one_edition(project: Project):
    server = start(project)
    path, edition = page(server)
    with listen(server, path) as stream:
        stream.receive_until(b"data: %d\n\n" % edition)
        project.save("note.html", "second")
        project.save("value.py", "VALUE = 'two'\n")
        seen = told(stream)
    server.answers("<title>two</title>second")
    # The first of the two may have been told of before the second was saved.
    last = page(server)[1]
    with listen(server, path) as stream:
        stream.receive_until(b"data: %d\n\n" % last)
        project.save("value.py", "VALUE = 'three'\n")
        assert told(stream) == [last], "nothing more came of what was saved before"
    assert seen[0] == edition
    assert last <= edition + 2


def test_a_template_alone_is_told_of_on_the_stream_that_is_open(project: Project):
    server = start(project)
    path, edition = page(server)
    with listen(server, path) as stream:
        for number in range(1, 4):
            project.save("note.html", f"note {number}")
            assert stream.receive_until(b"data: %d\n\n" % (edition + number)).count(b"data: ") == number + 1
    assert RELOADED not in server.log()
    project.save("value.py", "VALUE = 'two'\n")
    server.answers("<title>two</title>note 3")
    assert page(server) == (path, edition + 4)


def test_a_connection_made_ahead_of_its_request_is_answered_by_the_new_code(project: Project):
    """Browsers open connections before they know what to ask for."""
    server = start(project)
    path, edition = page(server)
    with server.connect() as ahead, listen(server, path) as stream:
        stream.receive_until(b"data: %d\n\n" % edition)
        project.save("value.py", "VALUE = 'two'\n")
        assert told(stream) == [edition]
        ahead.send("GET", "/", headers=BROWSER)
        assert "<title>two</title>" in ahead.receive().text


def test_a_failure_is_an_edition_and_so_is_what_mends_it(project: Project):
    server = start(project)
    path, edition = page(server)
    project.save("value.py", "VALUE = 1 / 0\n")
    server.says("ZeroDivisionError")
    server.answers("ZeroDivisionError", status=500)
    assert page(server) == (path, edition + 1)
    with listen(server, path) as stream:
        stream.receive_until(b"data: %d\n\n" % (edition + 1))
        project.save("value.py", "VALUE = 'mended'\n")
        assert told(stream) == [edition + 1]
    server.answers("<title>mended</title>")
    assert page(server) == (path, edition + 2)


def test_a_reload_imports_nothing_of_ours(project: Project):
    """What is imported between the copy and the first answer delays it, at each reload."""
    server = start(project)
    project.save("wsgi.py", PAGE.replace("from value", "import sys\nBEFORE = set(sys.modules)\nfrom value"))
    server.says(RELOADED)
    project.save("value.py", "import sys\nVALUE = 'two'\n")
    server.answers("<title>two</title>")
    show = PAGE.replace("{note.read()}", "{sorted(set(sys.modules) - BEFORE)}")
    project.save("wsgi.py", show.replace("from value", "import sys\nBEFORE = set(sys.modules)\nfrom value"))
    answer = server.answers("<title>two</title>[")
    assert re.search(r"launcher|werkzeug", answer.text.partition("[")[2].partition("]")[0]) is None
