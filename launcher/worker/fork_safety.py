"""May this process be copied now, and what the copy must renew.

A copy holds one thread: the one that forked. Everything that another thread, another process or the kernel shares with
us would be wrong in it, so the answer is no wherever such a thing is found, with the reason in words and the name of
the file that did it. The state of a single thread is copied exactly; locks that it holds, half-done imports and
handlers need no check. `docs/internals/engine.md` has the table of hazards. Linux only: the questions are put to
proc(5).
"""

from __future__ import annotations

import sys

from launcher.standard import open, os, signal, threading, time
from launcher.worker import descriptors
from launcher.worker.culprit import Culprit
from launcher.worker.randomness import Generators, Randomness
from launcher.worker.registrars import Registrars
from launcher.worker.resume.code_tracker import TOOL, TOOL_NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from types import FrameType
    from typing import Any

_DEBUGGERS = ("pydevd", "debugpy")
_THREAD_END_SECONDS = 0.05
"""How long a thread that was told to stop may still be counted by the kernel."""

_KINDS = {
    "_thread.start_new_thread": "thread",
    "_thread.start_joinable_thread": "thread",
    "subprocess.Popen": "process",
    "os.fork": "process",
    "os.forkpty": "process",
    "os.posix_spawn": "process",
    "socket.bind": "socket",
    "socket.connect": "socket",
    "socket.__new__": "socket",
    "mmap.__new__": "map",
    "fcntl.flock": "lock",
    "fcntl.lockf": "lock",
}
"""Audit events after which a question to the kernel is worth its time, or that tell who did what it answers."""

HEARD = ("open", *_KINDS, "tempfile.mkdtemp", "tempfile.mkstemp", "sqlite3.connect", "builtins.input")
"""The audit events that `Ledger.audit` wants to hear."""


def engine_obstacle() -> str:
    """Return why this interpreter can never be copied, in words, or nothing if it can."""
    if sys.platform != "linux":
        return f"snapshots need Linux, this is {sys.platform}"
    if not os.path.exists(f"/proc/self/task/{os.getpid()}/children"):
        return "proc(5) does not tell about child processes"
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        return "this is a free-threaded Python"
    return tracer()


def tracer() -> str:
    """Return what traces this process, or nothing. A tracer keeps state and threads that a copy would lose."""
    if sys.gettrace() is not None or threading.gettrace() is not None:
        return "a trace function is installed (a debugger, or coverage)"
    if sys.getprofile() is not None or threading.getprofile() is not None:
        return "a profile function is installed"
    monitoring = getattr(sys, "monitoring", None)
    if monitoring is not None:
        for tool in range(6):
            if (name := monitoring.get_tool(tool)) and (tool, name) != (TOOL, TOOL_NAME):
                return f"sys.monitoring is used by {name}"
    return next((f"{name} is active" for name in _DEBUGGERS if name in sys.modules), "")


class Ledger:
    """What the app did while it was imported that a copy could not share, and who did it.

    Fed by audit events and by `mark`; `obstacle` sums it up. `is_project_file` tells whose code registers a function
    for the end of the process: that of libraries is known to be harmless in a copy, since `os._exit` ends snapshots and
    each worker ends once; the app's may undo what it did once. `is_copying` tells whether a fork in progress is
    ours. `start` and `stop` enclose the import.
    """

    def __init__(self, is_project_file: Callable[[str], bool], is_copying: Callable[[], bool] = lambda: False) -> None:
        self._is_project_file = is_project_file
        self._is_copying = is_copying
        self._culprit = Culprit(is_project_file, os.getcwd())
        self.randomness = Randomness()
        self._generators = Generators(is_project_file)
        self._registrars = Registrars(
            {
                "atexit": self._atexit_registered,
                "fork": self._fork_handler_registered,
                "finalizer": self._finalizer_made,
                "thread": self._thread_started,
            }
        )
        self._notes: list[tuple[str, Callable[[], bool]]] = []
        self._who: dict[str, str] = {}
        self._databases: dict[str, str] = {}
        self._marks = _Marks()
        self._own: dict[int, str] = {}
        self._shared = 0
        self._stdin = _stdin_position()

    def start(self) -> None:
        """Begin to notice; the descriptors that are open now are ours."""
        self.rebase()
        self._registrars.start()
        self.randomness.start()

    def stop(self) -> None:
        """Stop noticing what no audit event tells."""
        self._registrars.stop()
        self.randomness.stop()

    def rebase(self) -> None:
        """Count every descriptor that is open now as ours, or as harmless."""
        self._own = descriptors.links()
        self._marks = _Marks()
        self._shared = descriptors.shared_memory()

    def mark(self, name: str) -> None:
        """Take note that the module *name* is looked for: what is found to be open from now on came later."""
        self._marks.set(name)

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take an audit event of the interpreter, one of `HEARD`."""
        if event == "open":
            self._file_opened(*arguments)
        elif kind := _KINDS.get(event):
            if event != "os.fork" or not self._is_copying():
                self._did(kind)
        elif event in ("tempfile.mkdtemp", "tempfile.mkstemp"):
            path = arguments[0]
            self._note(f"{self._culprit.now()} made the temporary {path}", lambda: os.path.lexists(path))
        elif event == "sqlite3.connect" and isinstance(arguments[0], str | bytes):
            self._databases[_database_path(os.fsdecode(arguments[0]))] = self._culprit.now()
        elif event == "builtins.input":
            self._note(f"{self._culprit.now()} asked for input")

    def obstacle(self, children: Collection[int], name: str = "") -> str:
        """Return why this process must not be copied now, in words, or nothing.

        *children* are processes of ours, *name* is the module that is being looked for, if any.
        """
        return (
            next((what for what, holds in self._notes if holds()), "")
            or green_threads()  # before anything that asks `threading`, which they replace
            or self._python_threads()
            or tracer()
            or _interpreters()
            or self._process(children)
            or self._descriptor(name)
            or self._file_lock()
            or self._shared_map()
            or _timer()
            or self._input()
            or self._generators.unseeded()
        )

    def native_threads(self, name: str = "") -> str:
        """Return in words which threads still run after a fork, or nothing. To be asked in the parent.

        *name* is the module that is being looked for, if any: whatever began a thread came before.
        """
        names = lasting_threads()
        if not names:
            return ""
        who = self._who.get("thread")
        if who and set(names) == {_comm(str(os.getpid()))}:
            return f"{who} started a thread"
        since = self._marks.before_threads(name)
        place = f", since {since} was imported" if since else ""
        return f"native threads are running ({', '.join(sorted(set(names)))}){place}"

    # What is noted of calls

    def _atexit_registered(self, frame: FrameType, _: tuple[Any, ...]) -> None:
        if self._is_project_file(frame.f_code.co_filename):
            self._note(f"{self._culprit.of(frame)} registered a function for the end of the process (atexit)")

    def _fork_handler_registered(self, frame: FrameType, _: tuple[Any, ...]) -> None:
        if self._is_project_file(frame.f_code.co_filename):
            self._note(f"{self._culprit.of(frame)} registered a fork handler")

    def _finalizer_made(self, frame: FrameType, arguments: tuple[Any, ...]) -> None:
        finalizer = arguments[0]
        if self._is_project_file(frame.f_code.co_filename):
            what = f"{self._culprit.of(frame)} made a finalizer that runs at the end of the process"
            self._note(what, lambda: finalizer.alive and finalizer.atexit)

    def _thread_started(self, frame: FrameType, _: tuple[Any, ...]) -> None:
        self._who["thread"] = self._culprit.of(frame)

    def _file_opened(self, path: object, _: object, flags: object) -> None:
        writes = isinstance(flags, int) and flags & os.O_ACCMODE != os.O_RDONLY
        if writes and isinstance(path, str) and f"{os.sep}__pycache__{os.sep}" not in path:
            self._did(os.path.realpath(path))

    def _did(self, what: str) -> None:
        if who := self._culprit.now():
            self._who[what] = who

    def _note(self, what: str, holds: Callable[[], bool] = lambda: True) -> None:
        if what not in (known for known, _ in self._notes):
            self._notes.append((what, holds))

    # What is asked of the process

    def _python_threads(self) -> str:
        if threading.current_thread() is not threading.main_thread():
            return "the import runs in a thread"
        frames = sys._current_frames()
        frames.pop(threading.get_ident(), None)
        if not frames:
            return ""
        who = self._who.get("thread", "") or next(filter(None, map(self._culprit.of, frames.values())), "")
        known = [thread.name for thread in threading.enumerate() if thread.ident in frames]
        names = f" ({', '.join(known)})" if known else ""
        return f"{who} started a thread{names}" if who else f"a thread is running{names}"

    def _descriptor(self, name: str) -> str:
        """Return which open descriptor a copy would share with us to its harm, and whose it is."""
        for number, link in descriptors.links().items():
            if self._own.get(number) == link:
                continue
            if what := descriptors.harm(number, link, self._databases):
                who = self._databases.get(link) or self._who.get(link)
                if link.startswith("socket:"):
                    who = self._who.get("socket")
                if who:
                    return f"{who} opened {what}"
                since = self._marks.before(number, name)
                return f"{what} is open" + (f", since {since} was imported" if since else "")
        return ""

    def _file_lock(self) -> str:
        if "lock" in self._who and (kinds := descriptors.locked_files()):
            return f"{self._who['lock']} holds a file lock ({kinds[0].lower()})"
        return ""

    def _shared_map(self) -> str:
        if self._may_share_memory() and (maps := descriptors.shared_maps()):
            who = self._who.get("map")
            return f"{who} shares memory ({maps[0]})" if who else f"memory is shared with other processes ({maps[0]})"
        return ""

    def _may_share_memory(self) -> bool:
        # Semaphores of `multiprocessing` are maps that nobody audits, and no page of them need be touched.
        return (
            "map" in self._who
            or "multiprocessing.synchronize" in sys.modules
            or descriptors.shared_memory() > self._shared
        )

    def _process(self, ours: Collection[int]) -> str:
        """Return which child process the app started, or nothing."""
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
            others = [pid for pid in file.read().split() if int(pid) not in ours]
        if not others:
            return ""
        who = self._who.get("process")
        return f"{who} started a process (pid {others[0]})" if who else f"a process was started: {_command(others[0])}"

    def _input(self) -> str:
        return "the app read from the standard input" if _stdin_position() != self._stdin else ""


class _Marks:
    """Which module was looked for before a descriptor was opened, or a thread began.

    The lowest free descriptor costs a microsecond to ask for; the number of threads ten, which is asked less often.
    """

    def __init__(self) -> None:
        self._name = self._previous = ""
        self._lowest = _lowest_free()
        self._opened: dict[int, str] = {}
        self._tasks = _count_tasks()
        self._began = ""

    def set(self, name: str) -> None:
        lowest = _lowest_free()
        if lowest != self._lowest:
            for number in range(self._lowest, lowest):
                self._opened[number] = self._name
            self._lowest = lowest
        if "." not in name:
            self._count(self._name)
        self._previous, self._name = self._name, name

    def before(self, number: int, name: str) -> str:
        """Return after which module's import this descriptor was opened, or nothing; *name* is looked for now."""
        return self._opened.get(number, self._last(name))

    def before_threads(self, name: str) -> str:
        """Return after which module's import the newest thread began, or nothing; *name* is looked for now."""
        self._count(self._last(name))
        return self._began

    def _last(self, name: str) -> str:
        return self._previous if name == self._name else self._name

    def _count(self, name: str) -> None:
        if (tasks := _count_tasks()) > self._tasks:
            self._began = name
        self._tasks = tasks


def green_threads() -> str:
    """Return which library replaced threads by its own, or nothing. To import it is harmless."""
    monkey = sys.modules.get("gevent.monkey")
    local = sys.modules.get("gevent._hub_local")
    if getattr(monkey, "saved", None) or (local is not None and local.get_hub_if_exists() is not None):
        return "gevent is in use"
    patcher = sys.modules.get("eventlet.patcher")
    hubs = sys.modules.get("eventlet.hubs")
    if getattr(patcher, "already_patched", None) or getattr(getattr(hubs, "_threadlocal", None), "hub", None):
        return "eventlet is in use"
    return ""


def native_threads() -> list[str]:
    """Return the names of the threads that the kernel counts besides one.

    Libraries such as OpenBLAS stop their threads in fork handlers, so that only what is left after a fork counts.
    """
    tasks = os.listdir("/proc/self/task")
    if len(tasks) == 1:
        return []
    main = str(os.getpid())
    return [_comm(task) for task in tasks if task != main]


def lasting_threads() -> list[str]:
    """Return as `native_threads` does the threads that are not about to end: one that was joined still counts."""
    deadline = time.monotonic() + _THREAD_END_SECONDS
    while (names := native_threads()) and time.monotonic() < deadline:
        time.sleep(0.001)
    return names


def _interpreters() -> str:
    module = sys.modules.get("_interpreters") or sys.modules.get("_xxsubinterpreters")
    count = len(module.list_all()) if module is not None else 1
    return "a second interpreter runs in this process" if count > 1 else ""


def _timer() -> str:
    """Return that a timer runs, which a copy would not have, or that signals write to a descriptor."""
    if any(signal.getitimer(kind)[0] for kind in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)):
        return "an interval timer runs (setitimer, alarm)"
    wakeup = signal.set_wakeup_fd(-1)
    if wakeup == -1:
        return ""
    signal.set_wakeup_fd(wakeup)
    return "signals wake a descriptor (set_wakeup_fd)"


def _stdin_position() -> int:
    """Return how far the standard input was read: it can be told for a file only."""
    try:
        return os.lseek(0, 0, os.SEEK_CUR)
    except OSError:
        return 0


def _count_tasks() -> int:
    return os.stat("/proc/self/task").st_nlink - 2


def _lowest_free() -> int:
    try:
        number = os.dup(1)
    except OSError:
        return 0  # standard output is closed: then there are no marks
    os.close(number)
    return number


def _database_path(name: str) -> str:
    """Return the file of what was given to `sqlite3.connect`: a path, or a URI as SQLite reads it."""
    if name.startswith("file:"):
        name = name.removeprefix("file:").partition("?")[0].partition("#")[0]
        if name.startswith("//"):
            name = "/" + name[2:].partition("/")[2]
    return os.path.realpath(name)


def _comm(task: str) -> str:
    try:
        with open(f"/proc/self/task/{task}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return "a thread"


def _command(pid: str) -> str:
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
            command = file.read().replace("\0", " ").strip()
    except OSError:
        command = ""
    # Its module knows it at once; a process that has just been started may have no command line yet.
    tracker = getattr(sys.modules.get("multiprocessing.resource_tracker"), "_resource_tracker", None)
    if "resource_tracker" in command or str(getattr(tracker, "_pid", "")) == pid:
        return "the resource tracker of multiprocessing"
    return command[:60] or f"pid {pid}"
