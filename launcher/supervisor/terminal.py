"""Gives the terminal back as it was: a worker that dies in a debugger leaves it without echo, or raw."""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Terminal:
    """Remembers the settings of the controlling terminal, if standard input is one; `restore` puts them back."""

    def __init__(self) -> None:
        self._settings: list[Any] | None = None  # Any: what termios says
        if sys.stdin is None or not os.isatty(0):
            return
        import termios

        try:
            self._settings = termios.tcgetattr(0)
        except termios.error:
            self._settings = None

    def restore(self) -> None:
        """Put the settings back if they changed. In the background the terminal is somebody else's; then do nothing."""
        if self._settings is None:
            return
        import termios

        # The terminal may pass to another group between the question and the act; SIGTTOU would then stop us.
        old = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        try:
            if os.tcgetpgrp(0) == os.getpgrp() and termios.tcgetattr(0) != self._settings:
                termios.tcsetattr(0, termios.TCSADRAIN, self._settings)
        except (OSError, termios.error):
            self._settings = None  # the terminal is gone
        finally:
            signal.signal(signal.SIGTTOU, old)
