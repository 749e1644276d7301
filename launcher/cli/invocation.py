"""What one run of the command was given: arguments, environment, folder, streams.

Made in `main.py`, the one place that reads them from the process, and handed down; nothing else asks the process.
"""

from __future__ import annotations

from dataclasses import dataclass

from launcher.console import Console, open_console

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO


@dataclass(frozen=True, slots=True)
class Invocation:
    """The outside world as `launch` found it. The streams stay open; they belong to the process."""

    argv: tuple[str, ...]
    environ: Mapping[str, str]
    cwd: str
    home: str
    stdout: TextIO | None
    stderr: TextIO | None

    @property
    def color(self) -> str | None:
        """The value of `--color`, or None. Read ahead of the parser, so that its errors have the right look too."""
        choice = None
        for number, word in enumerate(self.argv):
            if word == "--":
                break
            if word == "--color":
                choice = self.argv[number + 1] if number + 1 < len(self.argv) else None
            elif word.startswith("--color="):
                choice = word.partition("=")[2]
        return choice

    def out(self) -> Console:
        """Return the console for data. A reader that leaves does not change the exit code."""
        return open_console(self.stdout, choice=self.color, environ=self.environ, cwd=self.cwd, drops=True, data=True)

    def err(self, *, drops: bool = True) -> Console:
        """Return the console for all that is not data. A server ends when its reader leaves: *drops* is false."""
        return open_console(self.stderr, choice=self.color, environ=self.environ, cwd=self.cwd, drops=drops)
