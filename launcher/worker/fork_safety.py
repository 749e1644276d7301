"""May this process be copied now, and what the copy must renew.

A copy holds one thread: the one that forked. Everything that another thread, another process or the kernel shares with
us would be wrong in it, so the answer is no wherever such a thing is found, with the reason in words. The state of a
single thread is copied exactly; locks that it holds, half-done imports and handlers need no check
(docs/concepts/safety.md). Linux only: the questions are put to proc(5).
"""

from __future__ import annotations

import atexit
import os
import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection

_TRACERS = ("pydevd", "debugpy", "coverage.tracer", "coverage")
_GREEN = {"gevent": "gevent.monkey", "eventlet": "eventlet.patcher"}
_FRAMEWORK_FILES = ("/dev/nvidia", "/dev/dri", "/dev/kfd")


def engine_obstacle() -> str:
    """Return why this interpreter can never be copied, in words, or nothing if it can."""
    if sys.platform != "linux":
        return f"snapshots need Linux, this is {sys.platform}"
    if not os.path.isdir("/proc/self/task"):
        return "proc(5) is not mounted"
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        return "this is a free-threaded Python"
    return tracer()


def tracer() -> str:
    """Return what traces this process, or nothing. A tracer keeps state and threads that a copy would lose."""
    if sys.gettrace() is not None or threading.gettrace() is not None:
        return "a trace function is installed (a debugger, or coverage)"
    if sys.getprofile() is not None:
        return "a profile function is installed"
    monitoring = getattr(sys, "monitoring", None)
    if monitoring is not None:
        for tool in range(6):
            if name := monitoring.get_tool(tool):
                return f"sys.monitoring is used by {name}"
    return next((f"{name} is active" for name in _TRACERS[:2] if name in sys.modules), "")


class Ledger:
    """What the app did while it was imported that a copy could not share. Fed by audit events; `obstacle` sums it up.

    `is_project_file` tells whose code registers a function for the end of the process: that of libraries is known to be
    harmless in a copy, since `os._exit` ends snapshots and each worker ends once; the app's may undo what it did once.
    """

    def __init__(self, is_project_file: Callable[[str], bool]) -> None:
        self._is_project_file = is_project_file
        self._found: list[str] = []
        self._own: set[str] = set()
        self._register = atexit.register

    def start(self) -> None:
        """Begin to notice; the descriptors that are open now are ours. Replaces `atexit.register` while it lasts."""
        self.rebase()
        atexit.register = self._noticed_register  # type: ignore[assignment]  # undone by `stop`

    def stop(self) -> None:
        """Stop noticing what is registered for the end of the process."""
        if atexit.register == self._noticed_register:  # type: ignore[comparison-overlap]  # put there by `start`
            atexit.register = self._register

    def audit(self, event: str, arguments: tuple[object, ...]) -> None:
        """Take an audit event of the interpreter; called for every one of them."""
        if event in ("tempfile.mkdtemp", "tempfile.mkstemp"):
            self._note(f"a temporary file was made: {arguments[0]}")

    def rebase(self) -> None:
        """Count every descriptor that is open now as ours, or as harmless."""
        self._own = {f"{number}:{link}" for number, link in _descriptors()}

    def obstacle(self, children: Collection[int]) -> str:
        """Return why this process must not be copied now, in words, or nothing. *children* are processes of ours."""
        if self._found:
            return self._found[0]
        if threading.current_thread() is not threading.main_thread():
            return "the import runs in a thread"
        return python_threads() or green_threads() or tracer() or self._descriptor() or _processes(children)

    def _noticed_register(self, function: Callable[..., object], *args: object, **kwargs: object) -> object:
        frame = sys._getframe(1)
        if self._is_project_file(frame.f_code.co_filename):
            name = os.path.basename(frame.f_code.co_filename)
            self._note(f"{name} registered a function for the end of the process (atexit)")
        return self._register(function, *args, **kwargs)

    def _note(self, what: str) -> None:
        if what not in self._found:
            self._found.append(what)

    def _descriptor(self) -> str:
        """Return which open descriptor a copy would share with us to its harm."""
        for number, link in _descriptors():
            if f"{number}:{link}" not in self._own and (reason := _harm(number, link)):
                return reason
        return ""


def python_threads() -> str:
    """Return which Python threads run besides this one, or nothing."""
    others = [thread.name for thread in threading.enumerate() if thread is not threading.current_thread()]
    return f"a thread is running: {', '.join(others)}" if others else ""


def green_threads() -> str:
    """Return which library replaced threads by its own, or nothing."""
    if "gevent" in sys.modules:
        monkey = sys.modules.get("gevent.monkey")
        if "gevent.hub" in sys.modules or (monkey is not None and getattr(monkey, "saved", None)):
            return "gevent is in use"
    if "eventlet" in sys.modules:
        return "eventlet is in use"
    return ""


def native_threads() -> list[str]:
    """Return the names of the threads that the kernel counts besides one. To be asked after a fork, in the parent.

    Libraries such as OpenBLAS stop their threads in fork handlers, so that only what is left then counts.
    """
    tasks = os.listdir("/proc/self/task")
    if len(tasks) == 1:
        return []
    main = str(os.getpid())
    return [_comm(task) for task in tasks if task != main]


def renew() -> None:
    """Make the copy differ from its origin where two processes must: its random numbers.

    The `random` module seeds itself after a fork; NumPy's global generator does not.
    """
    random = sys.modules.get("numpy.random")
    if random is not None:
        random.seed()


def _comm(task: str) -> str:
    try:
        with open(f"/proc/self/task/{task}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return "a thread"


def _descriptors() -> list[tuple[int, str]]:
    """Return the open descriptors and what they lead to."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        if link := _link(int(name)):
            found.append((int(name), link))
    return found


def _link(descriptor: int) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return ""  # the one that listed the folder


def _harm(number: int, link: str) -> str:
    """Return in words why a copy must not share this descriptor, or nothing if it may."""
    if number <= 2 or link.endswith("/fd"):
        return ""
    if link.startswith("socket:"):
        return "a socket is open"
    if link.startswith("anon_inode:"):
        return f"a kernel object is open ({link.removeprefix('anon_inode:').strip('[]')})"
    if link.startswith("pipe:"):
        return "a pipe is open"
    if link.startswith(_FRAMEWORK_FILES):
        return f"{link} is open"
    return _harm_of_file(number, link)


def _harm_of_file(number: int, link: str) -> str:
    """A file open for writing has one position for all copies; one that is only appended to has none."""
    if link.startswith("/dev/"):
        return ""
    try:
        with open(f"/proc/self/fdinfo/{number}", encoding="ascii") as file:
            flags = next(int(line.split()[1], 8) for line in file if line.startswith("flags"))
    except (OSError, StopIteration):
        return ""
    if flags & os.O_ACCMODE == os.O_RDONLY or flags & os.O_APPEND:
        return ""
    return f"{os.path.basename(link)} is open for writing"


def _processes(ours: Collection[int]) -> str:
    """Return which child processes the app started, or nothing."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
            others = [pid for pid in file.read().split() if int(pid) not in ours]
    except OSError:
        return "proc(5) does not tell about child processes"
    return f"a process was started: pid {', '.join(others)}" if others else ""
