"""Signals as a readable descriptor, so that the supervisor has one place where it waits."""

from __future__ import annotations

import signal
import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType, TracebackType

STOP = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT") if hasattr(signal, name))


class Signals:
    """A context in which the stop signals and SIGCHLD do nothing but make `fileno` readable. Restores all on leaving.

    Main thread only, as `signal.set_wakeup_fd` asks.
    """

    def __enter__(self) -> Signals:
        self._read, self._write = socket.socketpair()
        self._read.setblocking(False)
        self._write.setblocking(False)
        self._old_descriptor = signal.set_wakeup_fd(self._write.fileno(), warn_on_full_buffer=False)
        # Whoever started us may have blocked them, and nobody could stop the server.
        self._mask = signal.pthread_sigmask(signal.SIG_UNBLOCK, (*STOP, signal.SIGCHLD))
        self._old = {number: signal.signal(number, _nothing) for number in (*STOP, signal.SIGCHLD)}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._old.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._old_descriptor)
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
        self._read.close()
        self._write.close()

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self._read.fileno()

    def take(self) -> list[signal.Signals]:
        """Return the signals that came since the last call, in order."""
        try:
            return [signal.Signals(number) for number in self._read.recv(4096)]
        except BlockingIOError:
            return []


def _nothing(number: int, frame: FrameType | None) -> None:
    """Exist: the default would end the process, and ignoring would be inherited."""
