"""Drives one large project as people work: the same few files in turn, and a request as soon as each save has returned.

`drive.py` waits until the right answer comes, in small projects. Here the *first* answer has to be what a cold start
of the disk serves, and most files are imported by modules that have themselves run only in part by then.
"""

from __future__ import annotations

import random
import re
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.differential.drive import Cold, Difference, Result, Served, environment
from tests.differential.edits import bring, save, save_in_place
from tests.differential.generate import Tree

PAUSES = (0.3, 2.5)
"""Seconds between two saves, at least and at most: copies are prepared, and the disk is looked at, in this time."""

AREAS = 8
PARTS = 8
LEAVES = 10
OPEN_FILES = 6
"""How many files somebody works on at a time."""

APP = """
def app(environ, start_response):
    body = "".join(f"{{line}}\\n" for line in [*registry.ITEMS, *registry.state()]).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
"""
FACTORY = "\ndef create_app():\n    {imports}\n    import registry" + APP.replace("\n", "\n    ") + "\n    return app\n"
REGISTRY = """ITEMS = []


def state():
    import sys

    for name, module in list(sys.modules.items()):
        if hasattr(module, "TOP"):
            yield name, module.TOP, getattr(module, "MIDDLE", None), getattr(module, "END", None)
"""
_NUMBER = {kind: re.compile(rf"^{kind} = \d+$", re.MULTILINE) for kind in ("TOP", "MIDDLE", "END")}


def large_project(rng: random.Random) -> Tree:
    """Return a project of some 700 modules: the entry imports areas, these import parts, and these import leaves."""
    tree: Tree = {"registry.py": REGISTRY, "devserver.toml": '[base]\napp = "app"\n'}
    areas = [f"area{number}" for number in range(AREAS)]
    for area in areas:
        parts = [f"{area}.part{number}" for number in range(PARTS)]
        tree[f"{area}/__init__.py"] = _module(rng, parts)
        for part in parts:
            leaves = [f"{part}.leaf{number}" for number in range(LEAVES)]
            tree[f"{part.replace('.', '/')}/__init__.py"] = _module(rng, leaves)
            tree |= {f"{leaf.replace('.', '/')}.py": _module(rng, []) for leaf in leaves}
    if rng.random() < 0.3:
        late = "; ".join(f"import {area}" for area in areas[AREAS // 2 :])
        tree["app.py"] = _module(rng, areas[: AREAS // 2]) + FACTORY.format(imports=late)
    else:
        tree["app.py"] = _module(rng, areas) + APP.format()
    return tree


def _module(rng: random.Random, imports: list[str]) -> str:
    lines = [f"import {name}" for name in imports]
    lines.insert(rng.randrange(len(lines) + 1), f"MIDDLE = {rng.randrange(10, 100)}")
    head, tail = f"import registry\nTOP = {rng.randrange(10, 100)}\n", f"END = {rng.randrange(10, 100)}\n"
    return head + "\n".join(lines) + "\nregistry.ITEMS.append((__name__, TOP, MIDDLE))\n" + tail


@dataclass
class Worker:
    """Somebody who works on a few files of a large project, and goes from one to the other."""

    root: Path
    rng: random.Random

    def __post_init__(self) -> None:
        """Open the entry, an early module, and others."""
        paths = sorted(str(path.relative_to(self.root)) for path in self.root.rglob("*.py"))
        paths = [path for path in paths if path not in ("app.py", "registry.py")]
        some = [path for path in paths if path.count("/") < 3]
        self.files = ["app.py", paths[0], *self.rng.sample(some, 2), *self.rng.sample(paths, OPEN_FILES - 4)]
        self.before: dict[str, list[str]] = {}
        self.gone: dict[str, str] = {}
        self.is_broken = ""

    def save(self) -> str:
        """Save one of the files; return in words what was done."""
        if self.is_broken:
            path, self.is_broken = self.is_broken, ""
            return self._write(path, self.before[path][-1], "repair")
        path = self.files[0] if self.rng.random() < 0.3 else self.rng.choice(self.files)
        kinds = list(self._kinds(path))
        kind, text = self.rng.choices(kinds, [_WEIGHTS.get(kind, 1) for kind, _ in kinds])[0]
        self.is_broken = path if kind in ("syntax error", "import that fails") else ""
        return self._write(path, text, kind)

    def _kinds(self, path: str) -> Iterator[tuple[str, str]]:
        """Yield what can be done to a file, and its text after that."""
        text = (self.root / path).read_text()
        for kind, pattern in _NUMBER.items():
            if pattern.search(text):
                yield kind, pattern.sub(f"{kind} = {self.rng.randrange(100, 1000)}", text)
        yield "line above", f"# {self.rng.randrange(100)}\n{text}"
        yield "syntax error", text + "def\n"
        yield "import that fails", text + "import nowhere_to_be_found\n"
        if imports := re.findall(r"^import area.*\n", text, re.MULTILINE):
            dropped = self.rng.choice(imports)
            yield "import dropped", text.replace(dropped, "")
            yield "import moved", text.replace(dropped, "") + dropped
        if earlier := self.before.get(path):
            yield "back to what it was", earlier[-1]
            yield "back to what it once was", self.rng.choice(earlier)

    def _write(self, path: str, text: str, kind: str) -> str:
        self.before.setdefault(path, []).append((self.root / path).read_text())
        self.rng.choice([save, save_in_place])(self.root / path, text)
        return f"{kind}: {path}"


_WEIGHTS = {"TOP": 2, "MIDDLE": 5, "END": 10, "back to what it was": 3}


def run_hops(seed: int, edits: int, folder: Path, *, pauses: tuple[float, float] = PAUSES) -> Result:
    """Drive the large project of *seed* through *edits*; end at the first difference, and keep its folder then."""
    rng = random.Random(seed)
    folder = folder / f"hops-{seed}"
    root = folder / "project"
    (root / ".git").mkdir(parents=True)
    environ = environment(folder, rng.choice([0.02, 0.05, 0.1]))
    bring(root, large_project(rng), save_in_place)
    cold = Cold(root, environ)
    served = Served(root, environ)
    try:
        result = _hop(seed, edits, Worker(root, rng), cold, served, pauses)
    finally:
        served.close()
        cold.close()
    if not result.differences:
        shutil.rmtree(folder)
    return result


def _hop(seed: int, edits: int, worker: Worker, cold: Cold, served: Served, pauses: tuple[float, float]) -> Result:
    result = Result()
    done: list[str] = []
    before = served.get()
    with ThreadPoolExecutor(1) as pool:
        while result.edits < edits:
            next_save = time.monotonic() + worker.rng.uniform(*pauses)
            done.append(worker.save())
            result.edits += 1
            result.kinds[done[-1].partition(":")[0]] += 1
            began = time.monotonic()
            first = pool.submit(served.get)
            expected = cold.start()
            found = first.result()
            result.seconds.append(time.monotonic() - began)
            if found != expected:
                lately = [f"{line}" for line in done]
                result.differences.append(
                    Difference(seed, result.edits, lately, found, expected, worker.root, served.log(), 0.0)
                )
                break
            result.visible += found != before
            result.failed += found.startswith("failed")
            before = found
            time.sleep(max(0.0, next_save - time.monotonic()))
    result.reloads = served.log().count("again after")
    return result
