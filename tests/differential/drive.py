"""Runs one project: starts the real command, edits, and compares what is served with a cold start after every edit."""

from __future__ import annotations

import difflib
import html
import http.client
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from launcher.api import resolve
from launcher.errors import LaunchError
from launcher.plan import Plan
from launcher.planner import build_plan
from launcher.supervisor.child import worker_environ
from tests.differential.edits import Editor, bring, save_in_place
from tests.differential.generate import LIBRARIES, Tree, project

HERE = Path(__file__).parent
LIMIT = 10.0
"""Seconds after which the server will not come to serve what a cold start would."""

SLOW = 1.0
"""Seconds after which an edit is told of although it came to be served: that is no reload of tens of milliseconds."""

STEP = 0.008

RUSH = 0.12
"""How often the next edit comes within a tenth of a second."""

FRESH = 20
"""After so many cold starts the interpreter that they are forked from is replaced."""

TIMEOUT = 30.0
_URL = re.compile(rb"http://127\.0\.0\.1:(\d+)")
_PLACE = re.compile(r'File "([^"]+)", line (\d+)')

_SPACING = """
import sys
if sys.orig_argv[-4:-3] and sys.orig_argv[-4].endswith("worker/__main__.py"):
    sys.path.insert(0, {root!r})
    from launcher.worker import checkpoint
    checkpoint.FIRST_SPACING = checkpoint.SPACING_OF_COPIES = {spacing}
    sys.path.pop(0)
"""
"""Generated projects are imported in a few milliseconds: snapshots stand closer there than in the product."""


@dataclass(frozen=True)
class Difference:
    """What was served did not become what a cold start serves."""

    seed: int
    number: int
    edits: list[str]
    served: str
    expected: str
    folder: Path
    log: str
    rush: float

    def __str__(self) -> str:
        lines = difflib.unified_diff(
            self.expected.splitlines(), self.served.splitlines(), "cold start", "served", n=2, lineterm=""
        )
        shown = "\n".join(list(lines)[:60])
        edits = "\n".join(f"  {number} {edit}" for number, edit in enumerate(self.edits, 1))
        again = f"python -m tests.differential --only {self.seed} --per-project {self.number} --rush {self.rush}"
        return f"=== difference: seed {self.seed}, edit {self.number}; {self.folder}\n{again}\n{edits}\n{shown}\n--- log\n{self.log[-1500:]}\n"


class Cold:
    """Cold starts of one project."""

    def __init__(self, root: Path, environ: dict[str, str]) -> None:
        self._root, self._environ = root, environ
        self._booted: tuple[dict[str, str], subprocess.Popen[str]] | None = None
        self._settings: tuple[str, ...] = ()
        self._plan: Plan | None = None
        self._count = 0

    def start(self) -> str:
        """Import the app as the disk is now; return what it serves, or why it cannot be loaded.

        Every so often an interpreter is started that does nothing else: whether that makes no difference is tested too.
        """
        plan = self._current()
        environ = worker_environ(self._environ, plan)
        self._count += 1
        if self._booted is not None and (self._booted[0] != environ or self._count % FRESH == 0):
            self.close()
        if self._booted is None:
            argv = [sys.executable, str(HERE / "cold.py")]
            pipe = subprocess.PIPE
            process = subprocess.Popen(
                argv, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=environ, text=True, cwd=self._root
            )
            self._booted = (environ, process)
        process = self._booted[1]
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(plan.to_json()) + "\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        return str(answer["state"]) if "state" in answer else failure(answer["failure"])

    def close(self) -> None:
        if self._booted is not None:
            self._booted[1].kill()
            self._booted[1].communicate()
            self._booted = None

    def _current(self) -> Plan:
        """Resolve the settings; those that are broken change nothing, as in the server."""
        settings = tuple(_text(self._root / name) for name in (".env", "devserver.toml"))
        if self._plan is None or settings != self._settings:
            self._settings = settings
            try:
                self._plan = build_plan(resolve(directory=str(self._root), environ=self._environ), pin="")
            except LaunchError:
                if self._plan is None:
                    raise
        return self._plan


class Served:
    """The running command."""

    def __init__(self, root: Path, environ: dict[str, str]) -> None:
        self._log = root.parent / "server.log"
        self._out: IO[bytes] = self._log.open("wb")
        argv = [
            sys.executable,
            "-m",
            "launcher",
            "dev",
            "--port",
            "0",
            *os.environ.get("DIFFERENTIAL_FLAGS", "").split(),
        ]
        self.process = subprocess.Popen(
            argv,
            cwd=root,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        end = time.monotonic() + TIMEOUT
        while not (found := _URL.search(self._log.read_bytes())):
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(self.log())
            time.sleep(STEP)
        self._port = int(found[1])

    def log(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines(keepends=True)
        return "".join(line for line in lines if "GET / HTTP" not in line)

    def get(self) -> str:
        """Return what is served, in the words of a cold start."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT)
        try:
            connection.request("GET", "/", headers={"Connection": "close"})
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        except OSError as error:
            return f"{type(error).__name__}: {error}"
        finally:
            connection.close()
        return text if answer.status == 200 else failure(_traceback(text))

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._out.close()


def failure(text: str) -> str:
    """Return what matters of a traceback: the places, and what was raised."""
    places = "\n".join(f"{file}:{line}" for file, line in _PLACE.findall(text))
    said = [line for line in text.strip().splitlines() if line and not line.startswith(" ")]
    last = said[-1] if said else text
    if last.startswith("RecursionError"):  # where exactly the stack ends depends on how deep it began
        return "failed\nRecursionError\n"
    if exit_code := re.fullmatch(r"SystemExit: (.*)", last):
        last = f"launch.LoadExit: the app called sys.exit({exit_code[1]}) while loading"
    return f"failed\n{places}\n{last}\n"


def _traceback(page: str) -> str:
    """Return the traceback that a page of the debugger, or of ours, shows."""
    _, comment, rest = page.partition("\n<!--\n")
    if comment:
        return html.unescape(rest.rpartition("-->")[0])
    found = re.search(r"<pre>(.*?)</pre>", page, re.DOTALL)
    return html.unescape(found[1]) if found else page


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


@dataclass
class Result:
    """What came of one project."""

    edits: int = 0
    differences: list[Difference] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    visible: int = 0
    failed: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    reloads: int = 0
    slow: list[str] = field(default_factory=list)
    """The edits that took long, in words."""


def environment(folder: Path, spacing: float) -> dict[str, str]:
    """Write the libraries into *folder*, and return the environment in which they are found."""
    libraries = folder / "site-packages"
    tree: Tree = LIBRARIES | {"dump_of_state.py": (HERE / "dump.py").read_text()}
    tree["sitecustomize.py"] = _SPACING.format(root=str(HERE.parents[1]), spacing=spacing)
    libraries.mkdir(parents=True)
    bring(libraries, tree, save_in_place)
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "VIRTUAL_ENV") if name in os.environ}
    path = os.pathsep.join([str(libraries), str(HERE.parents[1])])
    return kept | {"HOME": str(folder), "PYTHONPATH": path, "PYTHONHASHSEED": "0"}


def run_project(seed: int, edits: int, folder: Path, *, rush: float = RUSH, keep: bool = False) -> Result:
    """Drive the project of *seed* through *edits*; end at the first difference, and keep its folder then.

    *rush* is how often, from 0 to 1, the next edit comes before this one is looked at.
    """
    rng = random.Random(seed)
    folder = folder / f"seed-{seed}"
    if folder.exists():
        shutil.rmtree(folder)
    root = folder / "project"
    (root / ".git").mkdir(parents=True)
    environ = environment(folder, rng.choice([0.0, 0.0, 0.0005, 0.1]))
    cold = Cold(root, environ)
    try:
        begin_at = _begin(rng, root, cold)
        served = Served(root, environ)
        try:
            result = _drive(seed, edits, Editor(root, rng), cold, served, begin_at, rush)
        finally:
            served.close()
    finally:
        cold.close()
    if not result.differences and not keep:
        shutil.rmtree(folder)
    return result


def _begin(rng: random.Random, root: Path, cold: Cold) -> str:
    """Write a project that can be imported."""
    while True:
        bring(root, project(rng), save_in_place)
        state = cold.start()
        if not state.startswith(("failed", "ended")):
            return state


def _drive(seed: int, edits: int, editor: Editor, cold: Cold, served: Served, expected: str, rush: float) -> Result:
    result = Result()
    rng = editor.rng
    editor.remember()
    if (last := _settle(served, expected)) != expected:
        result.differences.append(Difference(seed, 0, [], last, expected, editor.root, served.log(), rush))
        return result
    broken = 0
    while result.edits < edits:
        result.edits += 1
        is_followed = rng.random() < rush
        try:
            told = editor.repair() if broken and rng.random() < 0.5 * broken else editor.edit()
        except OSError as error:
            told = f"impossible: {error}"
            editor.done.append(told)
        result.kinds[told.partition(":")[0]] += 1
        if is_followed:
            time.sleep(rng.choice([0.0, 0.01, 0.03, 0.06, 0.1]))
            continue
        before, expected = expected, cold.start()
        result.visible += before != expected
        began = time.monotonic()
        if (last := _settle(served, expected)) != expected and cold.start() == expected:
            result.differences.append(
                Difference(seed, result.edits, editor.done, last, expected, editor.root, served.log(), rush)
            )
            break
        passed = time.monotonic() - began
        result.seconds.append(passed)
        if passed > SLOW:
            result.slow.append(f"seed {seed}, edit {result.edits}: {passed:.1f} s; {told}")
        broken = broken + 1 if expected.startswith(("failed", "ended")) else 0
        result.failed += bool(broken)
        if not broken:
            editor.remember()
    result.reloads = served.log().count("again after")
    return result


def _settle(served: Served, expected: str) -> str:
    """Ask until what is *expected* is served, or the limit is reached; return what was served last."""
    began = time.monotonic()
    while (last := served.get()) != expected:
        passed = time.monotonic() - began
        if passed > LIMIT or served.process.poll() is not None:
            break
        time.sleep(STEP + passed / 10)
    return last
