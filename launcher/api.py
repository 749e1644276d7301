"""The Python API: what a program can ask of `launch`. Reached as attributes of the package `launcher`."""

from __future__ import annotations

import atexit
import json
import os
import sys
import threading
from dataclasses import asdict

from launcher import handover
from launcher.errors import Problem, StartError
from launcher.interpreter import parse_command
from launcher.plan import Program
from launcher.wire.digest import of_content

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType
    from typing import NoReturn

    from launcher.config.resolve import ResolvedProfile


def resolve(
    profile: str | None = None,
    *,
    directory: str | None = None,
    config: str | None = None,
    environ: Mapping[str, str] | None = None,
    isolated: bool = False,
) -> ResolvedProfile:
    """Return the settings that `launch dev` would use, typed, each with its origin and what it hides.

    Looks for the project from *directory* upwards (the current one where it is not given) or reads the file *config*,
    and reads *environ* instead of the environment of this process. With *isolated* no file and no variable is read.
    Nothing is started, and the app is not imported. Raise `launcher.errors.LaunchError` with every problem at once.
    """
    from launcher.config.resolve import Request, resolve_profile  # the schema has no place in a worker that calls `run`

    return resolve_profile(
        Request(
            cwd=os.path.abspath(directory or os.getcwd()),
            environ=dict(os.environ if environ is None else environ),
            home=os.path.expanduser("~"),
            profile=profile,
            config=config,
            isolated=isolated,
        )
    )


def run(app: object = None, *, profile: str | None = None, **settings: object) -> None:
    """Serve the app of this program, with debugger and reloader, until the server is stopped; then return.

    *app* is a WSGI app; without it, the app is looked for where `run` is called, as `flask run` does. The settings are
    those of `devserver.toml` with underscores (`port=5001`, `env={"NAME": "text"}`, `reload={"poll": 1}` or
    `reload_poll=1`). They rank like flags; files, variables and *profile* count as for `launch dev`, except that a
    failed reload ends the program unless `loading` says otherwise. Wrong settings end it with exit code 2.

    To be called by the program that was started, under `if __name__ == "__main__":`. Where a module that is merely
    imported calls it, it says so and does nothing. The process becomes the server's supervisor, and the program is run
    again, in a worker, from its beginning.

    Raise `launcher.errors.StartError` outside the main thread, and for a program that is not in a file.
    """
    caller = sys._getframe(1)
    started = caller.f_globals.get("__name__") == "__main__"
    given = {name: _plain(value) for name, value in settings.items() if value is not None}
    digest = of_content(json.dumps([profile, given], sort_keys=True).encode())
    if started and handover.taker is not None:
        handover.taker(app, caller.f_globals, digest)
    elif reason := reason_to_do_nothing(started, os.environ):
        _say(
            f"launcher.run() in {os.path.basename(caller.f_code.co_filename)}:{caller.f_lineno} does nothing: {reason}"
        )
    else:
        program = _own_program(digest)
        call = {"file": program.path, "line": caller.f_lineno, "settings": given}
        _become_supervisor({"program": asdict(program), "call": call, "profile": profile})


def reason_to_do_nothing(started: bool, environ: Mapping[str, str]) -> str:
    """Return why this is not the moment to serve, or nothing. FLASK_RUN_FROM_CLI is set by `flask run` and by us."""
    under = 'put it under `if __name__ == "__main__":`'
    if started:
        served = environ.get("FLASK_RUN_FROM_CLI") == "true"
        return "the app is served from the command line already" if served else ""
    if handover.in_worker and handover.taker is None:
        return f"`launch dev` imports this module and serves the app; {under}"
    return f"this module is imported, and was not started; {under}"


def program_of(main: ModuleType, words: Sequence[str], argv: Sequence[str], cwd: str) -> Program | None:
    """Return the program that *main* is, as it can be started again; None for one that is not in a file.

    *words* is the command line of the interpreter, *argv* what the program may have made of it since, and *cwd* the
    current directory, which it may have left.
    """
    spec, path = getattr(main, "__spec__", None), getattr(main, "__file__", None)
    if not path or not os.path.isfile(path):
        return None
    command = parse_command(words)
    if spec is not None and spec.name != "__main__":
        direct = command.module in (spec.name, spec.name.removesuffix(".__main__"))
        first = path if direct else argv[0]
        return Program(path, spec.name, (first, *(command.arguments if direct else argv[1:])), cwd)
    script = os.path.normpath(command.script)
    direct = bool(command.script) and path.endswith((script, os.path.join(script, "__main__.py")))
    if not direct:  # started by another program, such as a profiler
        return Program(os.path.abspath(path), "", (argv[0] if argv else path, *argv[1:]), cwd)
    if not os.path.isabs(script):
        head = path.removesuffix("__main__.py").rstrip(os.sep) if not path.endswith(script) else path
        cwd = head.removesuffix(script).rstrip(os.sep) or os.sep
    return Program(os.path.abspath(path), "", (command.script, *command.arguments), cwd)


def _own_program(digest: str) -> Program:
    if threading.current_thread() is not threading.main_thread():
        hint = "the server needs the signals, which Python handles there"
        raise StartError(Problem("run-thread", "launcher.run() must be called on the main thread", None, hint))
    program = program_of(sys.modules["__main__"], sys.orig_argv, sys.argv, os.getcwd())
    if program is None:
        hint = "a reload starts the program again: put the code into a file"
        raise StartError(Problem("run-program", "launcher.run() needs a program that is a file", None, hint))
    return Program(program.path, program.module, program.argv, program.cwd, digest)


def _become_supervisor(told: Mapping[str, object]) -> NoReturn:
    """Replace this process, which has imported the app, by one that never will; pid and terminal stay."""
    descriptor = _nameless_file(json.dumps(told).encode())
    environ = first_environ(_environ_at_start(), os.environ)
    here = os.path.dirname(os.path.abspath(__file__))
    options = parse_command(sys.orig_argv).options
    argv = [sys.executable, *options, os.path.join(here, "__main__.py"), "program", str(descriptor)]
    atexit._run_exitfuncs()  # what the program wants done at its end: its first life ends here
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os.execve(sys.executable, argv, environ)  # noqa: S606  # no shell is wanted


def first_environ(at_start: bytes, now: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which the program began, with what it has set for us and for Flask since.

    A variable that the program itself sets must not look like one of the shell: after an edit it would stay what it
    was. *at_start* is what proc(5) says; where it says nothing, or what cannot be an environment, *now* is returned.
    """
    pairs = [os.fsdecode(item).partition("=") for item in at_start.split(b"\0") if item]
    if not pairs or not all(name and equals for name, equals, _ in pairs):
        return dict(now)
    since = {name: value for name, value in now.items() if name.startswith(("LAUNCH_", "FLASK_"))}
    return {name: value for name, _, value in pairs} | since


def _environ_at_start() -> bytes:
    try:
        with open("/proc/self/environ", "rb") as file:
            return file.read()
    except OSError:
        return b""


def _nameless_file(content: bytes) -> int:
    """Return a descriptor, which the next program inherits, of a file with this content."""
    if sys.platform == "linux":
        descriptor = os.memfd_create("launch-run", 0)
    else:
        import tempfile  # where there is no memfd

        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(content)
    os.set_inheritable(descriptor, True)
    return descriptor


def _plain(value: object) -> object:
    """Return *value* as JSON has it: paths become text, what JSON does not know becomes null, which no setting is."""
    if isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, os.PathLike):
        path = os.fspath(value)
        return os.fsdecode(path)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in (sorted(map(str, value)) if isinstance(value, (set, frozenset)) else value)]
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    return None


def _say(text: str) -> None:
    from launcher.console import open_console  # only to speak

    open_console(sys.stderr, choice=None, environ=os.environ, cwd=os.getcwd()).line(f"  {text}")
