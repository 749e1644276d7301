"""Loading the app, and what a failure means: its cause in one line, the user's traceback, the files that it names.

One of the two places where any exception is caught. When to load (eager, lazy, auto) is decided by `worker/run.py`,
what follows from a failure by the supervisor.
"""

from __future__ import annotations

import errno
import sys
from dataclasses import dataclass

from launcher.errors import TargetError
from launcher.standard import os, re
from launcher.web import frame
from launcher.web.excerpt import text_of
from launcher.web.exits import exit_call
from launcher.worker.handler import load_handler
from launcher.worker.target import load_target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from werkzeug.serving import WSGIRequestHandler

    from launcher.plan import Target

_LONGEST_CAUSE = 200

_BUSY = (errno.EADDRINUSE, errno.EAGAIN, errno.EBUSY, errno.ETXTBSY)
"""What the system answers when another process has what was asked for: bind(2), flock(2)."""

_BUSY_WORDS = re.compile(r"\b(?:lock|locked|in use|busy)\b", re.IGNORECASE)
"""How libraries say the same: `database is locked` (SQLite), `Could not set lock on file` (DuckDB)."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The app, how it was found (`shop:create_app()`), and the request handler, None for Werkzeug's."""

    app: WSGIApplication
    found: str
    handler: type[WSGIRequestHandler] | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no app.

    `cause` is one line; `text` is what to print, with the user's traceback where there is one; `files` are the absolute
    paths that it names, to be watched. `exception` holds no frame of ours, and keeps the frames of the app alive.
    `busy` says that it may be another process, such as the worker before, that stands in the way.
    """

    cause: str
    text: str
    exception: BaseException
    files: tuple[str, ...] = ()
    busy: bool = False


def follow_debug(app: object) -> None:
    """Have a Flask app's `debug` say what FLASK_DEBUG says, whatever the app has set itself: as `flask run` does.

    See `flask.cli.ScriptInfo.load_app` and `flask.helpers.get_debug_flag`. Does nothing to other apps.
    """
    kind = getattr(sys.modules.get("flask"), "Flask", None)
    if isinstance(kind, type) and isinstance(app, kind):
        value = os.environ.get("FLASK_DEBUG", "")
        app.debug = value.lower() not in ("", "0", "false", "no")  # type: ignore[attr-defined]  # Flask is optional


def load(target: Target, handler: str = "") -> Loaded | Failure:
    """Import *target* and then the request *handler*.

    Never raise, whatever the app does: `SystemExit` and `KeyboardInterrupt` are failures too.
    """
    try:
        app, found = load_target(target)
        follow_debug(app)
        request_handler = load_handler(handler)
    except BaseException as error:  # noqa: BLE001  # the boundary between the user's code and ours
        return failure_of(error, target)
    return Loaded(app, found, request_handler)


def failure_of(exception: BaseException, target: Target) -> Failure:
    """Describe *exception*, which ended the loading of *target*; takes all frames of ours out of it, in place."""
    frame.clean(exception)
    if isinstance(exception, TargetError):
        hint = f"\n  {exception.hint}" if exception.hint else ""
        return Failure(_one_line(str(exception)), f"{exception}{hint}\n", exception)
    text = text_of(exception)
    busy = any(_is_busy(member) for member in frame.family(exception))
    return Failure(_one_line(_cause(exception, target)), text, exception, _files(exception), busy)


def _is_busy(exception: BaseException) -> bool:
    try:
        if isinstance(exception, OSError) and exception.errno in _BUSY:
            return True
        words = () if isinstance(exception, SyntaxError) else exception.args
        return any(isinstance(word, str) and _BUSY_WORDS.search(word) for word in words)
    except Exception:  # noqa: BLE001  # the exception's own code
        return False


def _cause(exception: BaseException, target: Target) -> str:
    if isinstance(exception, SystemExit):
        return f"the app called {exit_call(exception)} while loading"
    place = _place(exception, target)
    name = type(exception).__name__
    return f"{name} in {place}" if place else f"{name} while loading the app"


def _place(exception: BaseException, target: Target) -> str:
    """Return `views/cart.py:12`: where the syntax is wrong, else the last line of the project that took part."""
    if isinstance(exception, SyntaxError) and exception.filename and _is_file(exception.filename):
        return f"{_shorten(exception.filename, target)}:{exception.lineno or 1}"
    places = [(item.f_code.co_filename, line) for item, line in frame.frames(exception.__traceback__)]
    own = [place for place in places if _is_project_file(place[0], target)]
    for file, line in (own or places)[-1:]:
        return f"{_shorten(file, target)}:{line}"
    return ""


def _is_project_file(file: str, target: Target) -> bool:
    folders = (target.project + os.sep, target.directory + os.sep)
    return file.startswith(folders) and f"{os.sep}site-packages{os.sep}" not in file


def _shorten(file: str, target: Target) -> str:
    return os.path.relpath(file, target.project) if _is_project_file(file, target) else file


def _files(exception: BaseException) -> tuple[str, ...]:
    """Return the existing files that the traceback of *exception*, and of all that hangs on it, names; sorted."""
    found: set[str] = set()
    for member in frame.family(exception):
        found.update(item.f_code.co_filename for item, _ in frame.frames(member.__traceback__))
        if isinstance(member, SyntaxError) and member.filename:
            found.add(member.filename)
    return tuple(sorted(os.path.abspath(file) for file in found if _is_file(file)))


def _is_file(name: object) -> bool:
    # User code may construct a SyntaxError with anything for a file name.
    return isinstance(name, str) and "\0" not in name and os.path.isfile(name)


def _one_line(text: str) -> str:
    """Return *text* without line breaks and control characters, and not longer than a line of a terminal or two."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= _LONGEST_CAUSE else line[: _LONGEST_CAUSE - 1] + "…"
