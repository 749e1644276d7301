"""What can go wrong for the user: facts, slug, hint and exit code of every error.

Imports nothing of ours. `console.py` turns a `Problem` into a frame; `cli/main.py` turns an error into an exit code.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class ExitCode(IntEnum):
    """The exit codes that a user can rely on."""

    STOPPED = 0
    """The command succeeded, or the server was stopped."""
    FAILED = 1
    """The app failed and `loading` ends the server then, or the server could not start or continue."""
    USAGE = 2
    """The command line or a setting is wrong."""
    WARNINGS = 3
    """`check --strict` found warnings."""
    BUG = 70
    """launch itself has a bug."""
    INTERRUPTED = 130
    """The command was interrupted before the server was ready."""


@dataclass(frozen=True, slots=True)
class Place:
    """A spot in a text that a frame can show.

    `file` is the absolute path, or the name of what is quoted instead of a file (`environment`, `command line`).
    `line` and `column` count from 1, columns in code points; 0 means unknown. `text` is the whole source line (already
    masked where it holds a secret) and `length` the number of code points to underline.
    """

    file: str
    line: int = 0
    column: int = 0
    text: str = ""
    length: int = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: what, where, and what to do.

    `hint` stands at the caret; `others` are further places that take part (the second definition, the next hop of a
    cycle), each with a label; `notes` are whole lines below the frame.
    """

    slug: str
    message: str
    place: Place | None = None
    hint: str = ""
    others: tuple[tuple[str, Place], ...] = ()
    notes: tuple[str, ...] = ()
    warning: bool = False


class LaunchError(Exception):
    """An error that the user can mend; holds every problem found at once.

    As text it has a line for each, with the slug that `launch help error` explains: a program that does not catch it
    ends with that text, where a command shows frames.
    """

    exit_code: ExitCode = ExitCode.FAILED

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(map(_line, self.problems)))


class UsageError(LaunchError):
    """The command line makes no sense."""

    exit_code = ExitCode.USAGE


class ConfigError(LaunchError):
    """A settings file, a variable or a flag must be edited."""

    exit_code = ExitCode.USAGE


class PlanError(LaunchError):
    """Valid settings that cannot work on this machine."""

    exit_code = ExitCode.USAGE


class StartError(LaunchError):
    """The server could not start, or could not go on."""

    exit_code = ExitCode.FAILED


class TargetError(Exception):
    """`module:name` does not lead to a WSGI app; raised in the worker, travels to the supervisor as text.

    `hint` says what to do, in one line. `slug` names the case.
    """

    def __init__(self, slug: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.slug = slug
        self.hint = hint


def _line(problem: Problem) -> str:
    """Return a problem as one line without anything that a terminal would act on."""
    kind = "warning" if problem.warning else "error"
    text = f"{kind}[{problem.slug}]: {problem.message}"
    text += f" ({_spot(problem.place)})" if problem.place else ""
    text += "".join(f"; {label} ({_spot(place)})" for label, place in problem.others)
    text += "".join(f"; {hint}" for hint in dict.fromkeys((problem.hint, *problem.notes)) if hint)
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _spot(place: Place) -> str:
    return f"{place.file}:{place.line}:{place.column}" if place.line else place.file


def distance(left: str, right: str) -> int:
    """Return the edit distance between two words, where swapping two neighbours counts as one edit.

    The optimal string alignment distance, which cargo and git use for the same purpose.
    """
    before: list[int] = []
    above = list(range(len(right) + 1))
    for row, a in enumerate(left, 1):
        here = [row]
        for column, b in enumerate(right, 1):
            cost = min(above[column] + 1, here[-1] + 1, above[column - 1] + (a != b))
            if row > 1 and column > 1 and a == right[column - 2] and left[row - 2] == b:
                cost = min(cost, before[column - 2] + 1)
            here.append(cost)
        before, above = above, here
    return above[-1]


def nearest(word: str, known: Iterable[str], limit: int = 0) -> str | None:
    """Return the known word that *word* was probably meant to be, or None.

    Compared without case; at most *limit* letters may differ, or a third of them (at least one) where no limit is
    given, and the first best match wins.
    """
    limit = limit or max(1, len(word) // 3)
    best: tuple[int, str] | None = None
    for candidate in known:
        if abs(len(candidate) - len(word)) > limit:
            continue
        edits = distance(word.lower(), candidate.lower())
        if edits <= limit and (best is None or edits < best[0]):
            best = edits, candidate
    return best[1] if best else None
