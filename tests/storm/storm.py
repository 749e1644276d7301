"""Saves one file again and again while clients ask, and collects every request that was lost or answered wrongly.

Each save writes the next number. An answer is right if its number was saved neither before the last save that had ended
when the request began, nor after the answer came. An older number is right only after the server has said that it ignores
the file until it is still; the last number must be served in any case.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.harness import Client, Lost, Project, Server

PAUSE = 0.06
"""The longest time between two saves."""

IGNORED = "changes with each reload: ignored until it stops"
"""What the server says before it answers by an older save. Saves of another program should not lead to it, and do."""

STOP_SECONDS = 20.0
"""How long the last number may take to be served after the storm."""

_APP = """
import os

{read}

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [{show}.encode()]
"""
_TEMPLATES = """
from flask import Flask, render_template

app = Flask(__name__)

@app.get("/")
def page():
    return render_template("number.txt")
"""


@dataclass(frozen=True)
class Scene:
    """A project in which `saved` decides what is served; `text` makes the content of that file for a number.

    Saves are at least `least` seconds apart. Where `idle`, clients connect some time before they ask.
    """

    saved: str
    text: Callable[[int], str]
    app: str
    settings: str = ""
    in_place: bool = False
    least: float = 0.0
    idle: bool = False

    def files(self) -> dict[str, str]:
        """Return the files of the project."""
        files = {"app.py": self.app}
        if self.settings:
            files["devserver.toml"] = self.settings
        return {**files, self.saved: self.text(0)}


def _plain(read: str, show: str = "NUMBER") -> str:
    return _APP.format(read=read, show=show)


_DATA = _plain('NUMBER = open("d.txt").read()')
_ENVIRONMENT = _plain("", 'os.environ["NUMBER"]')
_SEVERAL = "[base]\nprocesses = 3\n"

SCENES: Mapping[str, Scene] = {
    "data": Scene("d.txt", str, _DATA),
    "data-in-place": Scene("d.txt", "{:08}".format, _DATA, in_place=True),
    "data-idle": Scene("d.txt", str, _DATA, idle=True),
    "data-processes": Scene("d.txt", str, _DATA, settings=_SEVERAL),
    "entry": Scene("app.py", lambda number: _plain(f'NUMBER = "{number}"'), ""),
    "module": Scene("part.py", 'NUMBER = "{}"\n'.format, _plain("from part import NUMBER")),
    "settings": Scene("devserver.toml", '[base.env]\nNUMBER = "{}"\n'.format, _ENVIRONMENT),
    # Jinja compares times of change, whose clock ticks every 4 ms.
    "templates": Scene("templates/number.txt", str, _TEMPLATES, least=0.01),
}


@dataclass
class Result:
    """What came of one storm."""

    answered: int = 0
    ignored: int = 0
    """Answers by an older save, after the server has said that it ignores the file."""
    saves: int = 0
    wrong: list[str] = field(default_factory=list)
    slowest: float = 0.0

    def __str__(self) -> str:
        kinds = Counter(item.partition(":")[0] for item in self.wrong)
        told = ", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "0 lost or wrong"
        return f"{self.answered} answers, {self.saves} saves, slowest {self.slowest:.2f} s, {self.ignored} of older saves: {told}"


class Storm:
    """One scene in *project*, whose server runs: *clients* ask for so many *seconds* while the file is saved."""

    def __init__(self, scene: Scene, project: Project, server: Server, seed: int = 0) -> None:
        self.result = Result()
        self._scene = scene
        self._path = project.root / scene.saved
        self._server = server
        self._random = random.Random(seed)
        self._begun = self._ended = 0
        self._lock = threading.Lock()
        self._over = threading.Event()

    def run(self, seconds: float, clients: int = 4) -> Result:
        """Return what came of it, when the last number is served."""
        threads = [threading.Thread(target=self._ask_on, args=(seed,)) for seed in range(clients)]
        for thread in threads:
            thread.start()
        try:
            self._save_on(time.monotonic() + seconds)
        finally:
            self._over.set()
            for thread in threads:
                thread.join()
        self._wait_for_last()
        return self.result

    def _save_on(self, end: float) -> None:
        while time.monotonic() < end:
            self._begun += 1
            _save(self._path, self._scene.text(self._begun), in_place=self._scene.in_place)
            self._ended = self._begun
            time.sleep(self._random.uniform(self._scene.least, PAUSE))
        self.result.saves = self._ended

    def _ask_on(self, seed: int) -> None:
        pauses = random.Random(seed)
        while not self._over.is_set():
            asked = time.monotonic()
            try:
                wrong = self._ask(pauses.uniform(0.0, PAUSE) if self._scene.idle else 0.0)
            except (Lost, OSError) as error:
                wrong = f"{type(error).__name__}: {error}"
            with self._lock:
                self.result.answered += 1
                self.result.slowest = max(self.result.slowest, time.monotonic() - asked)
                self.result.wrong += [wrong] if wrong else []

    def _ask(self, pause: float) -> str:
        """Ask once, *pause* seconds after connecting; return what is wrong with the answer."""
        with Client(self._server.address) as client:
            time.sleep(pause)
            oldest = self._ended
            client.send("GET", "/", headers={"Connection": "keep-alive"})
            answer = client.receive()
        newest = self._begun
        if answer.status != 200:
            return f"status {answer.status}: {answer.text[:200]}"
        if oldest <= int(answer.text) <= newest:
            return ""
        if IGNORED in self._server.log():
            self.result.ignored += 1
            return ""
        return f"stale: {oldest} <= {answer.text} <= {newest}"

    def _wait_for_last(self) -> None:
        end = time.monotonic() + STOP_SECONDS
        while (answer := self._server.get()).text != self._scene.text(self._ended) and time.monotonic() < end:
            if answer.status == 200 and int(answer.text) == self._ended:
                return
        if answer.text != self._scene.text(self._ended):
            self.result.wrong.append(f"end: {answer.text[:200]} is served and not {self._ended}")


def _save(path: Path, text: str, *, in_place: bool) -> None:
    """Save as editors do, or write over a text of the same size."""
    if in_place:
        with path.open("r+b", buffering=0) as file:
            file.write(text.encode())
        return
    draft = path.with_name(f"{path.name}~")
    draft.write_text(text)
    draft.replace(path)


def run_scene(name: str, folder: Path, seconds: float, seed: int = 0) -> Result:
    """Run one scene in a new project below *folder*; nothing of it is left afterwards."""
    scene = SCENES[name]
    project = Project(folder).files(scene.files())
    try:
        server = project.dev()
        server.says("http://")
        result = Storm(scene, project, server, seed).run(seconds)
        project.end()
        return result
    finally:
        project.kill()
