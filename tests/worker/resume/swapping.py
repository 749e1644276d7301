"""Loads a module as the worker does, swaps an edit in, and reports what happened; each case in a copy of the process.

python -m tests.worker.resume.swapping FOLDER < cases.json > outcomes.json
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import traceback
from importlib.machinery import SourceFileLoader

from launcher.worker import audits
from launcher.worker.resume.body_swap import swap_bodies
from launcher.worker.resume.code_tracker import HEARD, CodeTracker
from launcher.worker.resume.comparison import SwapRefused


class Hook:
    """Finds the modules of one folder, and tells the tracker of each."""

    def __init__(self, folder: str, tracker: CodeTracker) -> None:
        self._folder = folder
        self._tracker = tracker

    def find_spec(self, name: str, path: object, target: object = None):
        file = os.path.join(self._folder, f"{name}.py")
        if not os.path.exists(file):
            return None
        return importlib.util.spec_from_file_location(name, file, loader=Loader(name, file, self._tracker))


class Loader(SourceFileLoader):
    def __init__(self, name: str, file: str, tracker: CodeTracker) -> None:
        super().__init__(name, file)
        self._tracker = tracker

    def exec_module(self, module) -> None:
        code = compile(self.get_data(self.path), self.path, "exec", dont_inherit=True)
        self._tracker.loads(self.path, code, vars(module))
        exec(code, vars(module))


def run(folder: str, case: dict[str, str]) -> str:
    """Import `case["before"]`, swap `case["after"]` in, and return the value of `case["show"]`, or the refusal."""
    tracker = CodeTracker()
    audits.hear(HEARD, tracker.audit)
    tracker.start()
    sys.meta_path.insert(0, Hook(folder, tracker))
    path = os.path.join(folder, "edited.py")
    with open(path, "w") as file:
        file.write(case["before"])
    module = importlib.import_module("edited")
    gc.freeze()
    try:
        swap_bodies(tracker, {path: case["after"].encode()}, lambda file: file.startswith(folder))
    except SwapRefused as refusal:
        return f"refused: {refusal}"
    with open(path, "w") as file:
        file.write(case["after"])
    return str(eval(case["show"], vars(module)))


def main(folder: str) -> None:
    sys.dont_write_bytecode = True
    outcomes = []
    for case in json.load(sys.stdin):
        reader, writer = os.pipe()
        if not (pid := os.fork()):
            try:
                outcome = run(folder, case)
            except BaseException:  # noqa: BLE001
                outcome = traceback.format_exc()
            os.write(writer, outcome.encode())
            os._exit(0)
        os.close(writer)
        with open(reader) as pipe:
            outcomes.append(pipe.read())
        os.waitpid(pid, 0)
    json.dump(outcomes, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
