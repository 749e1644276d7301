"""Runs the program that called `launcher.run()`, as `__main__`, until it calls it here; there the app is handed over.

Where to serve the app, and what follows from a failure, is decided by `run.py`.
"""

from __future__ import annotations

import builtins
import importlib.util
import sys
from types import ModuleType

from launcher import handover
from launcher.errors import TargetError
from launcher.standard import open, os
from launcher.web import frame
from launcher.wire.digest import of_read
from launcher.worker import target
from launcher.worker.loading import failure_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import CodeType
    from typing import Any

    from _typeshed.wsgi import WSGIApplication

    from launcher.plan import Plan
    from launcher.worker.finder import Finder
    from launcher.worker.loading import Failure

_first: list[ModuleType] = []
"""The module that was `__main__` before: it must outlive its place, because the interpreter runs it."""


def run_program(plan: Plan, finder: Finder, serve: Callable[[WSGIApplication, str], None]) -> Failure | None:
    """Run the plan's program to its end; *serve* is called with the app, inside of the program's `launcher.run()`.

    Return why it did not come to that call. What it raises after the call ends this process: raises `SystemExit`.
    """
    served = False

    def take(app: object, names: Mapping[str, Any], settings: str) -> None:  # Any: the user's values
        nonlocal served
        if served:
            _say("launcher.run() was called once more: the server was stopped, and is not started again")
            return
        found, label = _app_of(app, names, plan)
        served = True
        if settings != plan.program.settings:
            _say("what launcher.run() is given has changed: start the program again to use it")
        serve(found, label)

    handover.taker = take
    try:
        _execute(plan, finder)
    except BaseException as error:  # the boundary between the user's code and ours
        if not served:
            return failure_of(error, plan.target)
        if isinstance(error, SystemExit):
            raise
        frame.clean(error)
        sys.excepthook(type(error), error, error.__traceback__)
        raise SystemExit(1) from None
    finally:
        handover.taker = None
    if served:
        return None
    name = plan.program.module or _short(plan.program.path, plan)
    hint = "the program must come to the call each time it is started"
    return failure_of(
        TargetError("program-without-run", f"{name} ended without calling launcher.run()", hint), plan.target
    )


def _execute(plan: Plan, finder: Finder) -> None:
    """Do what the interpreter does to start a program: arguments, `sys.path`, `__main__`, and its code."""
    program = plan.program
    os.chdir(program.cwd)
    sys.argv[:] = program.argv
    if not getattr(sys.flags, "safe_path", sys.flags.isolated):
        sys.path.insert(0, program.cwd if program.module else os.path.dirname(os.path.realpath(program.path)))
    main = ModuleType("__main__")
    _first.append(sys.modules["__main__"])
    sys.modules["__main__"] = main
    vars(main).update(__builtins__=builtins, __file__=program.path)
    code = _module_code(program.module, main) if program.module else _script_code(program.path, main, finder)
    exec(code, vars(main))  # noqa: S102  # the user's program, as the user started it


def _script_code(path: str, main: ModuleType, finder: Finder) -> CodeType:
    """Return the code of the file *path*, noticed like that of a module."""
    vars(main).update(__cached__=None, __package__=None)
    with finder.quiet():
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            source = file.read()
        finder.note(path, of_read(source, status))
        finder.looks_into(path)  # it runs as the program, and once more as a module if another one imports it
    code: CodeType = compile(source, path, "exec", dont_inherit=True)
    return code


def _module_code(name: str, main: ModuleType) -> CodeType:
    """Return the code of the module *name*, found as `python -m` finds it."""
    spec = importlib.util.find_spec(name)
    code = None if spec is None or spec.loader is None else _code_of(spec.loader, name)
    if spec is None or code is None:
        raise TargetError("program-module", f"there is no module `{name}` to run any more", "it was started with -m")
    vars(main).update(
        __file__=spec.origin, __cached__=spec.cached, __loader__=spec.loader, __package__=spec.parent, __spec__=spec
    )
    return code


def _code_of(loader: Any, name: str) -> CodeType | None:  # Any: a loader of somebody's may have no `get_code`
    code: CodeType | None = loader.get_code(name) if hasattr(loader, "get_code") else None
    return code


def _app_of(app: object, names: Mapping[str, Any], plan: Plan) -> tuple[WSGIApplication, str]:  # Any: as above
    """Return the app to serve and how it was found; None is looked for where `run` was called."""
    where = f"{_short(plan.program.path, plan)}: "
    if app is None:
        module = sys.modules[names["__name__"]]
        return target.app_in(module, where)
    name = next((name for name, value in list(names.items()) if value is app and not name.startswith("_")), "")
    return target.app_given(app, where + (name or "run(...)"))


def _short(path: str, plan: Plan) -> str:
    inside = path.startswith(plan.project.rstrip(os.sep) + os.sep)
    return os.path.relpath(path, plan.project) if inside else path


def _say(text: str) -> None:
    sys.stderr.write(f"  {text}\n")
