"""What the pages show is started for real: every `launch dev` serves an app, and ends as asked."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from tests.architecture import transcripts
from tests.architecture.test_docs import SPOKEN_OF, TRANSCRIPTS, commands, read
from tests.e2e.harness import Project

FACTORY = """
from flask import Flask

def create_app(name="shop"):
    app = Flask("shop")
    app.add_url_rule("/", view_func=lambda: f"page of {name}")
    return app

app = create_app()
"""
# What the pages speak of and do not show.
CODE = {
    "shop/__init__.py": FACTORY,
    "flaskr/__init__.py": FACTORY,
    "shop/web.py": "from shop import app\n",
    "wsgi.py": "from shop import app\n",
}


def served(project: Project, words: list[str], **environ: str) -> None:
    """Serve what `launch dev` with these words serves, on any free port, for one request."""
    server = project.launch(*words, "--port", "0", BROWSER="true", **environ)  # for --open; `true` opens nothing
    assert server.get("/").status == 200
    assert server.stop() == 0


@pytest.mark.parametrize("command", [line for line in commands() if re.match(r"launch dev\b(?!.* --help)", line)])
def test_server_that_a_page_starts(project: Project, command: str) -> None:
    project.files({**SPOKEN_OF, **CODE})
    served(project, transcripts.words_of(command)[1:])


class Served(transcripts.Shell):
    """A shell whose servers and commands run as a reader's do, in a project that has the code as well."""

    def __init__(self, folder: Path, project: Project) -> None:
        super().__init__(folder)
        self._project = project
        project.root = folder

    def serve(self, words: list[str]) -> list[str]:
        self._complete()
        served(self._project, words, **self.environ)
        return ["..."]

    def execute(self, words: list[str]) -> list[str]:
        self._complete()
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        ran = self._project.launch(*words, PATH=path, **self.environ)
        assert ran.exit_code() == 0, ran.log()
        return ["..."]

    def _complete(self) -> None:
        self._project.files({name: text for name, text in CODE.items() if not (self.folder / name).exists()})


@pytest.mark.parametrize("page", TRANSCRIPTS)
def test_transcript_with_real_servers(project: Project, page: str) -> None:
    assert transcripts.page(read(page), lambda folder: Served(folder, project)) == read(page)


def test_program_of_the_page_about_code(project: Project) -> None:
    text = read("docs/guide/in-code.md")
    (program,) = re.findall(r"^```python\n# hello.py\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    assert "\n    $ python hello.py\n" in text
    server = project.files({"hello.py": program}).python("hello.py", LAUNCH_PORT="0")
    assert server.get("/").status == 404  # the app of the page has no pages
    assert server.stop() == 0
