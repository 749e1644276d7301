"""One worker as the supervisor sees it: started, spoken to, ended.

What a worker is told, and when, is decided in `state.py`.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from contextlib import closing

from launcher.interpreter import as_bytes, parse_command, with_scripts
from launcher.wire import messages
from launcher.wire.channel import Channel, ChannelClosed
from launcher.wire.reading_log import Reader, open_reading_log

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from launcher.plan import Plan
    from launcher.wire.messages import ToWorker

_PROGRAM = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "worker", "__main__.py")
_CRASH_LOG_SIZE = 1 << 16
INTERPRETER = ("PYTHON", "LD_", "DYLD_")
"""How variables begin that an interpreter, or the loader below it, reads when it starts."""

_HIDDEN = tuple(
    f'  File "{start}'
    for start in (
        os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep,
        os.path.join(os.path.dirname(os.path.abspath(os.__file__)), "importlib") + os.sep,
        "<frozen importlib",
    )
)
"""How lines of the fault handler begin that are no business of the user."""


class Child:
    """A worker process. `close` releases what the supervisor holds of it, and so ends the process too."""

    def __init__(self, environ: Mapping[str, str] | None, *, apart: Sequence[str] | None = None) -> None:
        """Start a fresh interpreter with this environment, which waits for messages; None stands for no process yet.

        With *apart* it runs no `site` and searches only these folders besides the standard library.
        Raises `OSError` if the system has no descriptor or no memory left for it.
        """
        ours, theirs = socket.socketpair()
        lifeline, self._lifeline = os.pipe()
        self._crash_log = _open_crash_log()
        self._gone = False
        self._reading_log = open_reading_log()
        self._descriptors = [self._lifeline, self._crash_log]
        if self._reading_log >= 0:
            self._descriptors.append(self._reading_log)
        self.readings = Reader(self._reading_log)
        """What it has read, besides what its messages tell."""
        self.channel = Channel(ours)
        self.served_since: float | None = None
        self.pid = 0
        """The process, 0 while it is not known."""
        self.origin: Channel | None = None
        """The channel of the snapshot that this is a copy of, which alone can say how it ended."""
        self.asking = False
        """Whether somebody is asked something on the terminal."""
        self.has_built = False
        """Whether the app has started other programs while it was imported."""
        self.departed = False
        self.swap_refused = False
        """Whether it was a copy of a library base that the app has outgrown."""
        self.console = ""
        """How traceback pages call this worker; empty while no console of them was used."""
        self.watch = -1
        """A descriptor that can be read when the process has ended; -1 where there is none."""
        self.verdict = ""
        """Why it was given up, or could not be started, in words."""
        self.booted = False
        """Whether it has greeted: its interpreter works."""
        self.imports = False
        """Whether it has begun to import the app."""
        self.lacks = ""
        """The path that it could not do without; empty where nothing of the kind is known."""
        self._start = (theirs, lifeline)
        if environ is not None:
            with closing(theirs):
                self._spawn((theirs.fileno(), lifeline, self._crash_log, self._reading_log), environ, apart)
            os.close(lifeline)

    def _spawn(self, descriptors: tuple[int, ...], environ: Mapping[str, str], apart: Sequence[str] | None) -> None:
        """Start the process. Where the system refuses that, the stream ends at once, as if it had died."""
        try:
            self.pid = _spawn(descriptors, environ, apart)
        except OSError as error:
            self.verdict = f"the system starts no process: {error.strerror}"
            if not os.path.exists(sys.executable):
                self.lacks, self.verdict = sys.executable, f"Python is gone ({sys.executable})"

    @classmethod
    def for_page(cls, environ: Mapping[str, str], plan: Plan) -> Child:
        """Start a process for the failure page that shares nothing with the app: no variable of it, no module."""
        kept = {name: value for name, value in environ.items() if not name.startswith("PYTHON") or name == "PYTHONHOME"}
        return cls(kept, apart=_library_folders(plan))

    @classmethod
    def copied_from(cls, snapshot: Channel) -> Child:
        """Have a snapshot copy itself, and return the copy, which waits for `GoOn`. Raises `ChannelClosed`."""
        child = cls(None)
        theirs, lifeline = child._start
        try:
            child.origin = snapshot
            snapshot.send(messages.Resume(), theirs.fileno())
            child.tell(messages.Lifeline(), lifeline)
            if child._reading_log >= 0:
                child.tell(messages.ReadingLog(), child._reading_log)
            child.tell(messages.CrashLog(), child._crash_log)
        except ChannelClosed:
            child.close()
            raise
        finally:
            theirs.close()
            os.close(lifeline)
        return child

    def tell(self, message: ToWorker, descriptor: int | None = None) -> bool:
        """Send *message*, and return whether it was taken: a worker that is gone misses it."""
        try:
            self.channel.send(message, descriptor)
        except ChannelClosed:
            return False
        return True

    def end(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Send the signal, unless the process was reaped: its number may be somebody else's by then."""
        if self._gone:
            return
        if not self.pid:  # a copy that has not greeted yet: it dies when it finds its lifeline cut
            if self._lifeline in self._descriptors:
                os.close(self._lifeline)
                self._descriptors.remove(self._lifeline)
            return
        try:
            os.kill(self.pid, how)
        except ProcessLookupError:
            pass

    def greeted(self, pid: int) -> None:
        """Take the process of a copy from its greeting. It is nobody's child here, so its end has to be watched for.

        The end of its channel is not enough: what the app has forked may hold that open.
        """
        self.pid = pid
        if self.origin is None or sys.platform != "linux":
            return
        try:
            self.watch = os.pidfd_open(pid)
        except OSError:  # an old kernel, or it has ended already
            return
        self._descriptors.append(self.watch)

    def crash_report(self) -> str:
        """Return what Python's fault handler wrote when the process crashed: the stack of each thread, or nothing.

        Frames of ours and of the import system are left out, as in every traceback that a user sees.
        """
        os.lseek(self._crash_log, 0, os.SEEK_SET)
        lines = os.read(self._crash_log, _CRASH_LOG_SIZE).decode("utf-8", "replace").splitlines(keepends=True)
        return "".join(line for line in lines if not line.startswith(_HIDDEN))

    def exists(self) -> bool:
        """Return whether the process is there, be it as one that has ended and was not reaped."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def processor_seconds(self) -> float:
        """Return for how many seconds the process has used a processor; 0 where the system does not tell (proc(5))."""
        try:
            with open(f"/proc/{self.pid}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def lived(self) -> float:
        """Return for how many seconds the worker has served."""
        return 0.0 if self.served_since is None else time.monotonic() - self.served_since

    def close(self) -> None:
        """Close the descriptors, once. A process that is still there dies of it; `end` does nothing from now on."""
        self._gone = True
        self.channel.close()
        self.readings = Reader(-1)  # what it has said last may still be looked at, and the number be somebody else's
        descriptors, self._descriptors = self._descriptors, []
        for descriptor in descriptors:
            os.close(descriptor)


def worker_environ(environ: Mapping[str, str], plan: Plan) -> dict[str, str]:
    """Return the environment in which a worker's interpreter starts: that of `launch`, and the app's variables."""
    kept = {name: value for name, value in environ.items() if name not in plan.unset_env}
    return with_scripts(kept, sys.executable, is_environment=sys.prefix != sys.base_prefix) | dict(plan.env)


def describe_start(plan: Plan, how: str) -> str:
    """Return in words that an interpreter ended before it could do anything, and which variables may be the reason."""
    names = [name for name in plan.env if name.startswith(INTERPRETER)]
    return f"Python did not start with {' and '.join(names)}: {how}" if names else f"Python did not start: {how}"


def _library_folders(plan: Plan) -> list[str]:
    """Return where this process finds its own libraries: `sys.path` without what belongs to the project."""
    inside = plan.project.rstrip(os.sep) + os.sep
    found = [
        folder
        for folder in sys.path
        if os.path.isabs(folder) and (not (folder + os.sep).startswith(inside) or "-packages" in folder)
    ]
    return [*found, os.path.dirname(os.path.dirname(os.path.dirname(_PROGRAM)))]


def describe_exit(code: int) -> str:
    """Return an exit code, negative for a signal, in words: `exit code 3`, `SIGSEGV (segmentation fault)`."""
    if code >= 0:
        return f"exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
    words = signal.strsignal(-code)
    hint = "; the system may be out of memory" if -code == signal.SIGKILL else ""
    return f"{name} ({words.lower()}{hint})" if words else name


def _spawn(descriptors: tuple[int, ...], environ: Mapping[str, str], apart: Sequence[str] | None) -> int:
    """Start the worker's program with these descriptors inherited, in our process group; return its pid."""
    options = parse_command(sys.orig_argv).options if apart is None else ("-S", "-B")
    argv = [sys.executable, *options, _PROGRAM, *map(str, descriptors), *(apart or ())]
    passed = [descriptor for descriptor in descriptors if descriptor >= 0]
    for descriptor in passed:
        os.set_inheritable(descriptor, True)
    try:
        # SIGPIPE, which Python ignores, must not be ignored by inheritance. Signals that go to the whole group, as
        # Ctrl-C does, are blocked until the worker can handle them.
        mask = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT]
        return os.posix_spawn(sys.executable, argv, as_bytes(environ), setsigdef=[signal.SIGPIPE], setsigmask=mask)
    finally:
        for descriptor in passed:
            os.set_inheritable(descriptor, False)


def _open_crash_log() -> int:
    """Return a descriptor to a nameless file."""
    if sys.platform == "linux":
        return os.memfd_create("launch-crash")
    import tempfile

    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
