"""The worker's life: greet, load, serve, stop. One process, told by messages what to do.

Imports Werkzeug while it waits, so that a reload does not have to. Loads and serves on the main thread; no other thread
of ours runs before the app is loaded.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import replace

from launcher import handover
from launcher.errors import StartError
from launcher.plan import Plan
from launcher.standard import faulthandler, follow_green_threads, os, select, signal, socket, threading, time
from launcher.web.gate import Gate
from launcher.wire import messages
from launcher.wire.channel import LOST, Channel, ChannelClosed
from launcher.wire.messages import (
    Accept,
    Adjust,
    Adopt,
    Booted,
    Departed,
    Drain,
    Drained,
    Edition,
    Evaluate,
    Failed,
    GivenBack,
    Load,
    Loading,
    MovesQueue,
    Preload,
    Prompting,
    Reading,
    ServeFailure,
    Serving,
    SettledPage,
    Shared,
    Tally,
    Unsafe,
    Using,
    Writing,
)
from launcher.wire.reading_log import Writer
from launcher.worker import fork_safety, library
from launcher.worker.arrivals import Arrivals
from launcher.worker.bytecode import Bytecode, read_source
from launcher.worker.checkpoint import Checkpoints, Link, is_copying
from launcher.worker.finder import Finder, is_project_file
from launcher.worker.fork_safety import Ledger, engine_obstacle, green_threads
from launcher.worker.forks import restore_termination
from launcher.worker.front import Front
from launcher.worker.handler import load_handler
from launcher.worker.installed import Installed
from launcher.worker.library import Libraries, preload
from launcher.worker.loading import Loaded, follow_debug, load
from launcher.worker.program import run_program
from launcher.worker.prompt import Prompts
from launcher.worker.resume import code_tracker
from launcher.worker.resume.body_swap import swap_bodies
from launcher.worker.resume.code_tracker import CodeTracker
from launcher.worker.resume.comparison import SwapRefused
from launcher.worker.sharing import Sharing
from launcher.worker.staying import evaluate, may_stay, stay
from launcher.worker.writes import Writes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from _typeshed.wsgi import WSGIApplication
    from werkzeug.serving import WSGIRequestHandler

    from launcher.web.server import Server
    from launcher.worker.loading import Failure


STARTED_BLOCKED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""The supervisor starts workers with these signals blocked, until they can handle them."""

NO_BASE = "" if sys.version_info < (3, 14) else "the rules for it are about the bytecode of older Pythons"
"""Why there is no library base on this Python, in words, or nothing."""

ASKING = frozenset({"builtins.breakpoint", "builtins.input", "pdb.Pdb"})
"""Audit events after which a person's answer is waited for."""

BUILDING = frozenset(
    {"subprocess.Popen", "os.posix_spawn", "os.system", "os.fork", "os.forkpty", "os.exec", "pty.spawn"}
)
"""Audit events before another program runs, which may write into the project."""


def main(channel_fd: int, lifeline: int, crash_log: int, reading_log: int = -1) -> int:
    """Live as a worker until told to leave; return the exit code. Takes over the descriptors."""
    die_with_supervisor(lifeline)
    faulthandler.enable(crash_log)
    handover.in_worker = True
    for number in STARTED_BLOCKED:
        # Sent to the whole group, as by Ctrl-C or a closed terminal: the supervisor decides, and lets requests finish.
        # A handler of our own instead of SIG_IGN, which programs that the app starts would inherit.
        signal.signal(number, lambda *_: None)
    restore_termination(is_copying)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STARTED_BLOCKED)
    for descriptor in (channel_fd, crash_log, reading_log):
        if descriptor >= 0:
            os.set_inheritable(descriptor, False)
    channel = Channel(socket.socket(fileno=channel_fd))
    try:
        channel.send(Booted(os.getpid()))
        _import_web()
        return Worker(channel, Writer(reading_log), began=os.fstat(crash_log).st_ctime_ns).live()
    except ChannelClosed:
        return LOST if channel.is_lost() else 0
    except StartError:  # has been told when the app was to be loaded; the failure page needs the certificate as well
        return 1
    except Exception as error:  # noqa: BLE001  # the app shares this process, and can take away whatever serving needs
        with suppress(ChannelClosed):
            channel.send(_unservable(error))
        return LOST if channel.is_lost() else 1


def _unservable(error: Exception) -> Failed:
    cause = "launch cannot serve this app, which has changed something that serving needs"
    return Failed(cause, f"{cause}\n{type(error).__name__}: {error}\n")


def _early_files() -> list[str]:
    """Return the files of a project that this interpreter imported at its own start (`sitecustomize`, .pth files)."""
    files = [getattr(module, "__file__", None) for module in tuple(sys.modules.values())]
    return [file for file in files if isinstance(file, str) and is_project_file(file)]


def _has_changed_since(file: str, moment: int) -> bool:
    """Return whether a file was saved at or after this time, in nanoseconds, or is gone."""
    try:
        status = os.stat(file)
    except OSError:
        return True
    return max(status.st_mtime_ns, status.st_ctime_ns) >= moment


def _adjusted(plan: Plan, message: Adjust) -> Plan:
    browser = replace(plan.browser, live_reload=message.live_reload)
    return replace(plan, allowed_hosts=message.allowed_hosts, browser=browser)


def _refused_tls(plan: Plan) -> str:
    """Return why nothing can be served by TLS as the plan wants it, and what to do; nothing where it can."""
    if not (plan.tls.cert or plan.tls.adhoc):
        return ""
    from launcher.web.tls import ssl_context

    try:
        ssl_context(plan.tls)
    except StartError as error:
        return "\n".join(line for problem in error.problems for line in (problem.message, problem.hint) if line)
    return ""


_lifeline = -1


def die_with_supervisor(lifeline: int) -> None:
    """Have the kernel kill this process as soon as the other end of the pipe *lifeline* is closed, whatever it does.

    The pipe's owner gets a signal when it becomes readable, which happens only at its end (fcntl(2), F_SETSIG). Unlike
    PR_SET_PDEATHSIG this does not depend on which thread or process is the parent. Elsewhere than on Linux a thread
    waits.
    """
    global _lifeline
    _lifeline = lifeline
    os.set_inheritable(lifeline, False)
    if sys.platform == "linux":
        import fcntl

        fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(lifeline, 10, signal.SIGKILL)  # F_SETSIG, which the module does not name before 3.11
        fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
        if select.select([lifeline], [], [], 0)[0]:
            os._exit(0)
    else:
        threading.Thread(target=lambda: (os.read(lifeline, 1), os._exit(0)), daemon=True).start()


def die_with_supervisor_too() -> None:
    """Do the same in a fork of a worker: the kernel sends the signal to one process for each opening of the pipe."""
    lifeline = _lifeline
    if sys.platform == "linux":
        try:
            lifeline = os.open(f"/proc/self/fd/{lifeline}", os.O_RDONLY | os.O_NONBLOCK)
        except OSError:
            return  # no proc(5) here, or no descriptor left
    die_with_supervisor(lifeline)


def _import_web() -> None:
    """Import what serving needs, while the supervisor still makes the plan."""
    import launcher.web.debugger
    import launcher.web.failure
    import launcher.web.livereload
    import launcher.web.server
    import launcher.web.stack
    import launcher.web.tls  # noqa: F401


class Worker:
    """One worker process on the far side of *channel*, which writes to *log* what it reads.

    `began` is the time of its start, in nanoseconds since the epoch. Files imported then may have changed since.
    """

    def __init__(self, channel: Channel, log: Writer, began: int = 0) -> None:
        self._began = began
        self._link = Link(channel, log)
        self._listener: socket.socket | None = None
        self._failure: Failure | None = None
        self._lacks = ""
        self._obstacle = ""
        self._queue = -1
        self._gate: Gate | None = None
        self._drained_for_good = False
        self._arrivals = Arrivals()
        self._bytecode = Bytecode()
        self._tracker = CodeTracker()
        self._installed = Installed(lambda files: self._link.send(Using(files)))
        self._is_last = False
        self._may_accept = False
        self._snapshots: set[int] = set()
        self._front = Front(self._link.send)

    def live(self) -> int:
        """Carry out messages until there is nothing left to do; return the exit code."""
        waiting: tuple[Plan, Load] | None = None
        while True:
            if waiting is not None and (not waiting[1].wait or self._first_connection()):
                (plan, told), waiting = waiting, None
                if self._load(plan, self._checkpoints(told.most, told.wanted, told.last)):
                    return 0
            message, descriptor = self._link.channel.receive()
            if isinstance(message, Load) and descriptor is not None:
                waiting = self._prepare(message.plan, descriptor), message
            elif isinstance(message, Adjust) and waiting is not None:
                waiting = _adjusted(waiting[0], message), waiting[1]
            elif isinstance(message, Preload) and descriptor is not None:
                plan = self._prepare(message.plan, descriptor)
                checkpoints = self._become_base(plan, message)
                if checkpoints is None:
                    return 1
                if self._load(plan, checkpoints):
                    return 0
            elif isinstance(message, MovesQueue) and descriptor is not None:
                self._queue = descriptor
            elif isinstance(message, SettledPage) and descriptor is not None:
                self._gate = Gate(self._queue, descriptor)
                os.close(descriptor)
            elif isinstance(message, ServeFailure) and descriptor is not None:
                self._take_listener(descriptor)
                return self._serve_failure(Plan.from_json(message.plan), message)
            elif isinstance(message, Tally) and descriptor is not None:
                self._front.share(descriptor)
            elif isinstance(message, Edition):
                self._front.show(message)
            elif isinstance(message, Drain):
                self._link.send(Drained())
                return 0

    def _prepare(self, data: Mapping[str, Any], descriptor: int) -> Plan:  # Any: JSON
        """Take the plan and the listening socket, and make this process what the plan says; once is enough."""
        plan = Plan.from_json(data)
        if self._take_listener(descriptor):
            self._lacks = prepare(plan, descriptor)
        return plan

    def _take_listener(self, descriptor: int) -> bool:
        """Take the listening socket, and return whether this process had none."""
        if self._listener is not None:
            os.close(descriptor)
            return False
        self._listener = socket.socket(fileno=descriptor)
        return True

    def _first_connection(self) -> bool:
        """Wait for a client; return False if a message came first."""
        assert self._listener is not None
        channel = self._link.channel.fileno()
        ready, _, _ = select.select([self._listener.fileno(), channel], [], [])
        return channel not in ready

    def _checkpoints(self, most: int, wanted: Sequence[str] = (), last: str = "") -> Checkpoints | None:
        """Return what takes the snapshots of the coming import; None where none may be taken."""
        self._ledger = Ledger(is_project_file, is_copying)
        self._libraries = Libraries(is_project_file)
        if obstacle := engine_obstacle():
            self._obstacle = obstacle if most else ""
            return None
        checkpoints = Checkpoints(
            self._link,
            self._ledger,
            wanted=wanted,
            last=last,
            most=most,
            end_with=die_with_supervisor,
            bytecode=self._bytecode,
            tracker=self._tracker,
        )
        self._snapshots = checkpoints.children
        checkpoints.libraries = lambda: len(self._libraries.names)
        checkpoints.show = lambda edition: self._front.show(Edition(edition))
        return checkpoints

    def _become_base(self, plan: Plan, message: Preload) -> Checkpoints | None:
        """Import the libraries and wait as a snapshot; return in each copy, or None if that cannot be done."""
        checkpoints = self._checkpoints(0)
        self._link.log.close()
        finder = Finder(
            (*plan.roots, plan.target.directory),
            lambda files: self._link.send(Reading(files)),
            audits={self._ledger.audit: fork_safety.HEARD},
            mark=self._ledger.mark,
            arrivals=self._arrivals,
            installed=self._installed,
        )
        self._installed.begin()
        finder.start()
        self._ledger.start()
        sharing = Sharing()
        obstacle, count = preload(message, sharing, is_project_file)
        finder.leave()
        if checkpoints is None:
            return None
        if not obstacle and count < len(message.libraries):
            self._link.send(Shared(count))
            return None
        if obstacle := obstacle or checkpoints.trial():
            self._link.send(Unsafe("", obstacle))
            return None
        self._link.send(Serving("", 0.0))
        checkpoints.wait_as_base()
        # Whatever the app has done so far in this copy, the cold start that takes its place does again.
        self._libraries.expect(message.libraries, message.path, sharing, self._depart)
        return checkpoints

    def _depart(self) -> None:
        """End this copy, from which the app cannot come to what a fresh start comes to."""
        self._link.send(Departed())
        os._exit(0)

    def _load(self, plan: Plan, checkpoints: Checkpoints | None) -> bool:
        """Import the app and serve it until drained; return False if it could not be loaded."""
        if self._began and any(_has_changed_since(file, self._began) for file in _early_files()):
            os._exit(0)  # a fresh interpreter takes its place
        self._link.send(Loading())
        if self._lacks:
            cause = f"the project folder is gone ({plan.project})"
            self._link.send(Failed(cause, cause, lacks=self._lacks))
            return False
        if refused := _refused_tls(plan):
            self._link.send(Failed(refused.splitlines()[0], refused))
            return False
        if checkpoints is None and self._obstacle:
            self._link.send(Unsafe("", self._obstacle))
        finder = Finder(
            (*plan.roots, plan.target.directory),
            self._link.read,
            checkpoint=checkpoints.at if checkpoints is not None and checkpoints.most else None,
            libraries=self._libraries,
            audits={
                self._ledger.audit: fork_safety.HEARD,
                self._libraries.audit: library.HEARD,
                self._tracker.audit: code_tracker.HEARD,
                self._prompt_audit: ASKING,
                self._build_audit: BUILDING,
            },
            mark=self._ledger.mark,
            arrivals=self._arrivals,
            installed=self._installed if checkpoints is not None and checkpoints.most else None,
            bytecode=self._bytecode,
            tracker=self._tracker,
        )
        self._installed.begin()
        if checkpoints is not None:
            checkpoints.quiet = finder.quiet
        finder.start()
        self._report_writes(finder, (*plan.roots, plan.target.directory))
        self._ledger.start()
        if checkpoints is not None and checkpoints.most:
            self._tracker.start()
        begun = time.monotonic()
        outcome: Loaded | Failure | None
        if plan.program.argv:
            outcome = run_program(
                plan,
                finder,
                lambda app, found: self._serve_in_program(
                    plan, finder, checkpoints, begun, Loaded(app, found, load_handler(plan.wsgi.request_handler))
                ),
            )
        else:
            outcome = load(plan.target, plan.wsgi.request_handler)
        if outcome is None:
            return True
        if isinstance(outcome, Loaded):
            self._serve_loaded(plan, finder, checkpoints, begun, outcome)
            return True
        finder.stop()
        self._link.log.close()
        self._ledger.stop()
        self._failure = outcome
        self._link.send(Reading(finder.digests(outcome.files)))
        self._tell_failed(plan, outcome)
        return False

    def _report_writes(self, finder: Finder, roots: Sequence[str]) -> None:
        """Have the supervisor know what the app writes, after all that was read before."""

        def report(message: Writing) -> None:
            with suppress(ChannelClosed):
                if finder.is_active():
                    finder.flush()
                self._link.send(message)

        Writes(roots, report, is_of_interest=is_project_file).start()

    def _tell_failed(self, plan: Plan, failure: Failure) -> None:
        """Say why there is no app, without what no terminal may show."""
        from launcher.web.masking import Mask

        mask = Mask(plan)
        self._link.send(Failed(mask.text(failure.cause), mask.text(failure.text), failure.busy))

    def _serve_loaded(
        self, plan: Plan, finder: Finder, checkpoints: Checkpoints | None, begun: float, loaded: Loaded
    ) -> None:
        """Serve the app, whose import began at the monotonic time *begun*, until drained."""
        self._libraries.settle()
        if finder.is_torn():
            self._depart()
        seconds = time.monotonic() - (checkpoints.begun if checkpoints is not None else begun)
        finder.stop()
        self._ledger.stop()
        if checkpoints is not None and checkpoints.most:
            if checkpoints.loaded(finder.catch_up, lambda: self._tell_of_load(finder)) and checkpoints.swap:
                self._swap_bodies(finder, checkpoints.swap)
            seconds = time.monotonic() - checkpoints.begun
            self._tell_last_imports(finder, checkpoints.wanted[:1])
        # What is read from now on may be asked for at once. A copy comes out of its snapshot with a log of its own.
        self._link.log.close()
        self._serve(plan, self._front.of_app(loaded.app, plan), Serving(loaded.found, seconds), loaded.handler)

    def _swap_bodies(self, finder: Finder, paths: Sequence[str]) -> None:
        """Put the new function bodies of these sources into this copy; end the copy if that is refused."""
        try:
            with finder.quiet():
                sources = [read_source(path) for path in paths]
            if any(finder.was_looked_into(path) for path in paths):
                raise SwapRefused("the app reads its own source")
            swap_bodies(self._tracker, {source.path: source.content for source in sources}, is_project_file)
        except (OSError, SwapRefused) as error:
            self._link.send(messages.SwapRefused(str(error)))
            os._exit(0)
        for source in sources:
            finder.reads_again(source.path, source.digest)

    def _serve_in_program(
        self, plan: Plan, finder: Finder, checkpoints: Checkpoints | None, begun: float, loaded: Loaded
    ) -> None:
        """Serve inside of `launcher.run()`, which returns only when the server stops; a reload ends the program."""
        follow_debug(loaded.app)
        self._serve_loaded(plan, finder, checkpoints, begun, loaded)
        if not self._drained_for_good:
            raise SystemExit(0)

    def _prompt_audit(self, _: str, __: tuple[object, ...]) -> None:
        """Say that somebody is asked something while the app is imported: that takes as long as it takes."""
        self._link.send(Prompting(True))

    def _build_audit(self, _: str, __: tuple[object, ...]) -> None:
        """Say that another program is started, before it can write anything."""
        if not is_copying():
            self._link.send(messages.Building())

    def _tell_last_imports(self, finder: Finder, sources: Iterable[str]) -> None:
        """Say which sources these have imported last."""
        if found := {path: finder.last_imports[path] for path in sources if path in finder.last_imports}:
            self._link.send(messages.LastImports(found))

    def _tell_of_load(self, finder: Finder) -> None:
        """Say what later loads may do better. Takes long, and so is the work of a snapshot that waits anyway."""
        self._tell_last_imports(finder, finder.last_imports)
        imported, reason = self._libraries.imported()
        patched = self._libraries.patched() or NO_BASE
        names = () if patched else tuple(imported)
        used, standard = tuple(self._libraries.used[: len(names)]), tuple(self._libraries.standard[: len(names)])
        loaded, path = tuple(self._libraries.loaded), tuple(self._libraries.path)
        told = messages.Libraries(names, loaded, used, standard, path, patched or reason)
        self._link.send(told)

    def _serve_failure(self, plan: Plan, message: ServeFailure) -> int:
        exception = self._failure.exception if self._failure else None
        app = self._front.of_failure(message, plan, exception)
        self._serve(plan, app, Serving("", 0.0, failure=True))
        return 0

    def _serve(
        self, plan: Plan, app: WSGIApplication, ready: Serving, handler: type[WSGIRequestHandler] | None = None
    ) -> None:
        """Serve until the supervisor says `Drain`, and until that is done."""
        from launcher.web.livereload import BELOW
        from launcher.web.masking import Mask
        from launcher.web.server import Server
        from launcher.web.tls import ssl_context

        assert self._listener is not None
        if green_threads():
            follow_green_threads()
        server = Server(
            self._listener,
            app,
            plan.address,
            threads=plan.threads,
            processes=plan.processes,
            give_back=lambda connection, peer: self._link.send(GivenBack(peer), connection.fileno()),
            handler=handler,
            passthrough_errors=plan.wsgi.passthrough_errors,
            tls=ssl_context(plan.tls),
            around=Prompts(lambda active: self._link.send(Prompting(active))),
            gate=self._is_fresh if self._gate is not None else None,
            glance=self._gate.glance if self._gate is not None else None,
            quiet=self._gate.is_quiet if self._gate is not None else None,
            streams=self._front.streams,
            in_process=self._be_a_request,
            unlogged=BELOW,
            mask=Mask(plan).text,
            tls_came=self._front.tls_came,
        )
        self._obey(server)  # a copy may have older settings than are in force
        self._link.send(ready)
        self._wait_to_accept(server)
        cut = server.run(self._link.channel.fileno(), lambda: self._obey(server))
        server.close()
        self._listener.close()
        consoles = self._front.consoles
        stays = consoles is not None and not self._is_last and may_stay(consoles, self._snapshots)
        self._link.send(Drained(cut, stays))
        if stays and consoles is not None:
            stay(self._link.channel, consoles, self._snapshots)

    def _be_a_request(self) -> None:
        """Give up what a process that answers one request does not need."""
        assert self._listener is not None
        die_with_supervisor_too()
        self._listener.close()

    def _is_fresh(self) -> bool:
        """Return whether no save is known to the system that the supervisor has not decided about."""
        return self._gate is None or self._gate.is_open(self._link.channel.fileno())

    def _wait_to_accept(self, server: Server) -> None:
        """Wait until the supervisor counts this worker as serving: until then it may kill it at any moment."""
        try:
            while not (self._may_accept or server.is_draining):
                self._take(server, *self._link.channel.receive())
        except ChannelClosed:
            os._exit(0)
        self._obey(server)  # what came in one piece with the last message is read already, and wakes nobody

    def _obey(self, server: Server) -> None:
        """Read what the supervisor says to a worker that serves."""
        try:
            for message, descriptor in self._link.channel.pending():
                self._take(server, message, descriptor)
        except ChannelClosed:
            os._exit(0)

    def _take(self, server: Server, message: messages.Message, descriptor: int | None) -> None:
        """Carry out one message to a worker that serves."""
        if isinstance(message, Accept):
            self._may_accept = True
        elif isinstance(message, Drain):
            self._is_last = self._is_last or message.stop
            self._drained_for_good = message.stop and not server.is_draining
            self._front.stop()
            server.drain(message.seconds)
        elif isinstance(message, Edition):
            self._front.show(message)
        elif isinstance(message, Adjust):
            self._front.adjust(message)
        elif isinstance(message, Adopt) and descriptor is not None:
            server.adopt(socket.socket(fileno=descriptor), message.peer)
        elif isinstance(message, Evaluate) and descriptor is not None and self._front.consoles is not None:
            evaluate(message, descriptor, self._front.consoles)


def prepare(plan: Plan, listener: int) -> str:
    """Make this process what the plan says: environment, working directory, `sys.path`, `sys.argv`.

    Returns the project folder if that cannot be entered, else nothing.
    `WERKZEUG_RUN_MAIN` and `WERKZEUG_SERVER_FD` say "this is the reloaded process" to apps that ask; Werkzeug wants
    both or neither since 2.1.
    """
    for name in plan.unset_env:
        os.environ.pop(name, None)
    for name, text in plan.env.items():  # as UTF-8, also where the locale is ASCII
        os.environb[name.encode("utf-8", "surrogateescape")] = text.encode("utf-8", "surrogateescape")
    os.environ["WERKZEUG_RUN_MAIN"] = "true"
    os.environ["WERKZEUG_SERVER_FD"] = str(listener)
    sys.argv[:] = ["launch", "dev"]
    try:
        os.chdir(plan.project)
    except OSError:
        os.chdir("/")  # where this process began may be gone as well
        return plan.project
    return ""
