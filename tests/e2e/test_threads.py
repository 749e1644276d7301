"""The threads of requests in a real worker, where our own import hook, audit hook and fork handlers take part."""

from __future__ import annotations

import pytest

from launcher.web.threads import ALL_NEW
from tests.e2e.harness import Project, until

APP = """
import os, threading
seen = threading.local()

def app(environ, start_response):
    again = hasattr(seen, "value") if environ["PATH_INFO"] == "/keeps" else False
    {act}
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{{threading.get_native_id()}} {{again}}".encode()]
"""

ACTS = {
    "nothing": "",
    "import": "import colorsys",
    "import-in-vain": """
    try:
        import no_such_module
    except ImportError:
        pass
""",
    "file": "open('notes.txt').read()",
    "fork": """
    if not (pid := os.fork()):
        os._exit(0)
    os.waitpid(pid, 0)
""",
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_a_thread_serves_again_whatever_we_do_in_it(project: Project, act: str):
    """What we keep for a thread must not count as what the app has left there."""
    project.files({"app.py": APP.format(act=act), "notes.txt": "notes"})
    server = project.dev()
    threads = [server.get().text for _ in range(ALL_NEW)]
    assert len(set(threads)) == ALL_NEW
    # The thread may not wait yet when the next request comes.
    until(lambda: server.get().text == server.get().text, "a thread that serves twice", server.log)


def test_what_an_app_keeps_for_a_thread_reaches_no_other_request(project: Project):
    project.files({"app.py": APP.format(act="if environ['PATH_INFO'] == '/keeps': seen.value = 1")})
    server = project.dev()
    answers = [server.get(path).text for _ in range(ALL_NEW) for path in ("/", "/keeps", "/keeps")]
    assert {answer.split()[1] for answer in answers} == {"False"}
