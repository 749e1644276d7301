"""The terminal is given back as it was; played on a pseudo terminal by a process of its own."""

from __future__ import annotations

import os
import pty
import select
import sys

import pytest

STORY = """
import os, sys, termios
from launcher.supervisor.terminal import Terminal
terminal = Terminal()
before = termios.tcgetattr(0)
raw = termios.tcgetattr(0)
raw[3] &= ~(termios.ECHO | termios.ICANON)
termios.tcsetattr(0, termios.TCSANOW, raw)
changed = termios.tcgetattr(0) != before
{more}
terminal.restore()
sys.stdout.write(f"{{changed}} {{termios.tcgetattr(0) == before}}|")
sys.stdout.flush()
"""


def play(more: str = "") -> str:
    """Return what the story prints, run as the leader of a session whose terminal is ours."""
    pid, terminal = pty.fork()
    if not pid:
        os.execv(sys.executable, [sys.executable, "-c", STORY.format(more=more)])
    text = b""
    while b"|" not in text:
        assert select.select([terminal], [], [], 20)[0]
        text += os.read(terminal, 4096)
    os.waitpid(pid, 0)
    os.close(terminal)
    return text.decode().partition("|")[0]


def test_settings_are_put_back() -> None:
    assert play() == "True True"


def test_nothing_is_done_in_the_background() -> None:
    """Another group has the terminal: a shell, to which it belongs now."""
    more = """
import signal, time
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
raw = termios.tcgetattr(0)
other = os.fork()
if not other:
    os.setpgid(0, 0)
    signal.pause()
try:
    os.setpgid(other, other)
except OSError:
    pass
os.tcsetpgrp(0, other)
terminal.restore()
left = termios.tcgetattr(0) == raw
os.tcsetpgrp(0, os.getpgrp())
os.kill(other, 9)
changed = changed and left
"""
    assert play(more) == "True True"


def test_the_signal_handler_is_put_back() -> None:
    more = """
import signal
def mine(*_): pass
signal.signal(signal.SIGTTOU, mine)
terminal.restore()
changed = changed and signal.getsignal(signal.SIGTTOU) is mine
"""
    assert play(more) == "True True"


@pytest.mark.parametrize("redirect", ["</dev/null", "<&-"])
def test_without_a_terminal_there_is_nothing_to_do(redirect: str) -> None:
    import subprocess

    code = "from launcher.supervisor.terminal import Terminal; Terminal().restore(); print('fine')"
    ended = subprocess.run(
        ["sh", "-c", f'exec "$0" -c "$1" {redirect}', sys.executable, code], capture_output=True, text=True, check=False
    )
    assert (ended.stdout, ended.stderr) == ("fine\n", "")
