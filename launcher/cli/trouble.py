"""What is said about problems by a command that answers all the same: in full where the answer depends on them.

Everything else is one line that names the command which shows it.
"""

from __future__ import annotations

from launcher.cli.usage import LINE, on_command_line
from launcher.errors import ExitCode
from launcher.frame import plural

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from launcher.cli.invocation import Invocation
    from launcher.config.outline import Outline
    from launcher.console import Console
    from launcher.errors import Problem


def tell_problems(
    outlines: Sequence[Outline],
    shown: Collection[tuple[str, ...]],
    invocation: Invocation,
    *,
    everything: bool = False,
) -> ExitCode:
    """Write what is wrong to stderr, and return the exit code of an answer that tells the keys *shown*.

    The code is that of a wrong setting only where one of these keys is wrong, or may be, or where the command line is;
    *everything* says that the answer is about all keys, so that nothing is wrong elsewhere.
    """
    console = invocation.err()
    problems = [on_command_line(problem, invocation.argv) for problem in all_problems(outlines)]
    errors = [problem for problem in problems if not problem.warning]
    if not errors:
        _show(problems, console)
        return ExitCode.STOPPED
    typed = any(problem.place is not None and problem.place.file == LINE for problem in errors)
    if typed or everything or any(outline.blames(shown) for outline in outlines):
        _show(problems, console)
        return ExitCode.USAGE
    console.line(f"{console.paint('warning', 'note:')} {plural(len(errors), 'error')} elsewhere: launch check")
    return ExitCode.STOPPED


def _show(problems: Sequence[Problem], console: Console) -> None:
    """Write the frames, and a line that keeps them apart from the answer that follows."""
    console.problems(problems)
    if problems:
        console.line()


def all_problems(outlines: Sequence[Outline]) -> list[Problem]:
    """Return the problems of all *outlines*, each once."""
    return list(dict.fromkeys(problem for outline in outlines for problem in outline.problems))
