"""What the app forks can be terminated, as without us: a worker leaves SIGTERM to the supervisor, its children do not.

`multiprocessing.Process.terminate()` sends that signal, and whoever calls it waits for the end.
"""

from __future__ import annotations

from launcher.standard import os, signal, threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def restore_termination(is_own: Callable[[], bool]) -> None:
    """From now on give each forked process the default for SIGTERM, unless *is_own* says that the fork is ours.

    Where the app has a handler of its own, that stays.
    """
    handler = signal.getsignal(signal.SIGTERM)
    masks: dict[int, set[signal.Signals] | set[int]] = {}
    """By threads. No `threading.local`: that would stay in a thread that has answered a request."""

    def before() -> None:
        if not is_own():
            # A signal that comes before its time stays pending: nobody would send it once more.
            masks[threading.get_ident()] = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM,))

    def after() -> None:
        mask = masks.pop(threading.get_ident(), None)
        if mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def in_child() -> None:
        if threading.get_ident() in masks and signal.getsignal(signal.SIGTERM) is handler:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        after()

    os.register_at_fork(before=before, after_in_parent=after, after_in_child=in_child)
