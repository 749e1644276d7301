"""Forked processes of a real interpreter, and what SIGTERM does to them."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import os, signal, sys, threading
from launcher.worker.forks import restore_termination

signal.signal(signal.SIGTERM, lambda *_: None)
restore_termination(lambda: OWN)
if HANDLER:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(5))

def fork_and_terminate():
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(write)
        os.read(read, 1)
        os._exit(7)
    os.kill(child, signal.SIGTERM)
    if OWN:
        os.write(write, b"x")
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

if THREAD:
    thread = threading.Thread(target=fork_and_terminate)
    thread.start()
    thread.join()
else:
    fork_and_terminate()
print(signal.SIGTERM in signal.pthread_sigmask(signal.SIG_BLOCK, ()))
"""


@pytest.mark.parametrize(
    ("own", "handler", "thread", "ended"),
    [
        pytest.param(False, False, False, "-15", id="of-the-app"),
        pytest.param(False, False, True, "-15", id="in-a-thread"),
        pytest.param(False, True, False, "5", id="with-a-handler-of-the-app"),
        pytest.param(True, False, False, "7", id="ours"),
    ],
)
def test_what_sigterm_does_to_a_forked_process(own: bool, handler: bool, thread: bool, ended: str) -> None:
    code = f"OWN, HANDLER, THREAD = {own}, {handler}, {thread}\n{CODE}"
    argv = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == f"{ended}\nFalse\n"
