"""The worker's life: greet, load, serve, stop. One process, told by messages what to do.

Imports Werkzeug while it waits, so that a reload does not have to. Loads and serves on the main thread; no other thread
of ours runs before the app is loaded.
"""

from __future__ import annotations

import faulthandler
import os
import select
import signal
import socket
import sys
import threading
import time

from launcher.plan import Plan
from launcher.wire.channel import Channel, ChannelClosed
from launcher.wire.messages import (
    Adopt,
    Booted,
    Drain,
    Drained,
    Edition,
    Failed,
    GivenBack,
    Load,
    Loading,
    Prompting,
    Reading,
    ServeFailure,
    Serving,
    Tally,
)
from launcher.worker.finder import Finder
from launcher.worker.front import Front
from launcher.worker.loading import Loaded, load
from launcher.worker.prompt import Prompts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from launcher.web.server import Server
    from launcher.worker.loading import Failure


def main(channel_fd: int, lifeline: int, crash_log: int) -> int:
    """Live as a worker until told to leave; return the exit code. Takes over the three descriptors."""
    die_with_supervisor(lifeline)
    faulthandler.enable(crash_log)
    # A handler of our own instead of SIG_IGN: programs that the app starts would inherit that.
    signal.signal(signal.SIGINT, lambda *_: None)
    channel = Channel(socket.socket(fileno=channel_fd))
    try:
        channel.send(Booted(os.getpid()))
        _import_web()
        return Worker(channel).live()
    except ChannelClosed:
        return 0


def die_with_supervisor(lifeline: int) -> None:
    """Have the kernel kill this process as soon as the other end of the pipe *lifeline* is closed, whatever it does.

    The pipe's owner gets a signal when it becomes readable, which happens only at its end (fcntl(2), F_SETSIG). Unlike
    PR_SET_PDEATHSIG this does not depend on which thread or process is the parent. Elsewhere than on Linux a thread
    waits.
    """
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


def _import_web() -> None:
    """Import what serving needs, while the supervisor still makes the plan."""
    import launcher.web.failure
    import launcher.web.livereload
    import launcher.web.server
    import launcher.web.stack  # noqa: F401


class Worker:
    """One worker process on the far side of *channel*."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._listener: socket.socket | None = None
        self._failure: Failure | None = None
        self._front = Front(channel.send)

    def live(self) -> int:
        """Carry out messages until there is nothing left to do; return the exit code."""
        while True:
            message, descriptor = self._channel.receive()
            if isinstance(message, Load) and descriptor is not None:
                self._listener = socket.socket(fileno=descriptor)
                plan = Plan.from_json(message.plan)
                prepare(plan, descriptor)
                if message.wait and not self._first_connection():
                    continue
                if self._load(plan):
                    return 0
            elif isinstance(message, ServeFailure) and descriptor is not None:
                if self._listener is None:
                    self._listener = socket.socket(fileno=descriptor)
                    prepare(Plan.from_json(message.plan), descriptor)
                else:
                    os.close(descriptor)
                return self._serve_failure(Plan.from_json(message.plan), message)
            elif isinstance(message, Tally) and descriptor is not None:
                self._front.share(descriptor)
            elif isinstance(message, Edition):
                self._front.show(message)
            elif isinstance(message, Drain):
                self._channel.send(Drained())
                return 0

    def _first_connection(self) -> bool:
        """Wait for a client; return False if a message came first."""
        assert self._listener is not None
        ready, _, _ = select.select([self._listener.fileno(), self._channel.fileno()], [], [])
        return self._channel.fileno() not in ready

    def _load(self, plan: Plan) -> bool:
        """Import the app and serve it until drained; return False if it could not be loaded."""
        self._channel.send(Loading())
        finder = Finder((*plan.roots, plan.target.directory), lambda files: self._channel.send(Reading(files)))
        finder.start()
        begun = time.monotonic()
        outcome = load(plan.target)
        seconds = time.monotonic() - begun
        finder.stop()
        if isinstance(outcome, Loaded):
            self._serve(plan, self._front.of_app(outcome.app, plan), Serving(outcome.found, seconds))
            return True
        self._failure = outcome
        self._channel.send(Reading(finder.digests(outcome.files)))
        self._channel.send(Failed(outcome.cause, outcome.text, outcome.files))
        return False

    def _serve_failure(self, plan: Plan, message: ServeFailure) -> int:
        exception = self._failure.exception if self._failure else None
        app = self._front.of_failure(message, plan, exception)
        self._serve(plan, app, Serving("", 0.0, failure=True))
        return 0

    def _serve(self, plan: Plan, app: WSGIApplication, ready: Serving) -> None:
        """Serve until the supervisor says `Drain`, and until that is done."""
        from launcher.web.livereload import BELOW
        from launcher.web.server import Server
        from launcher.web.tls import ssl_context
        from launcher.worker.handler import load_handler

        assert self._listener is not None
        server = Server(
            self._listener,
            app,
            plan.address,
            threads=plan.threads,
            processes=plan.processes,
            give_back=lambda connection, peer: self._channel.send(GivenBack(peer), connection.fileno()),
            handler=load_handler(plan.wsgi.request_handler),
            passthrough_errors=plan.wsgi.passthrough_errors,
            tls=ssl_context(plan.tls),
            around=Prompts(lambda active: self._channel.send(Prompting(active))),
            streams=self._front.streams,
            unlogged=BELOW,
        )
        self._channel.send(ready)
        cut = server.run(self._channel.fileno(), lambda: self._obey(server))
        self._channel.send(Drained(cut))

    def _obey(self, server: Server) -> None:
        """Read what the supervisor says to a worker that serves."""
        try:
            for message, descriptor in self._channel.pending():
                if isinstance(message, Drain):
                    self._front.stop()
                    server.drain(message.seconds)
                elif isinstance(message, Edition):
                    self._front.show(message)
                elif isinstance(message, Adopt) and descriptor is not None:
                    server.adopt(socket.socket(fileno=descriptor), message.peer)
        except ChannelClosed:
            os._exit(0)


def prepare(plan: Plan, listener: int) -> None:
    """Make this process what the plan says: environment, working directory, `sys.path`, `sys.argv`.

    `WERKZEUG_RUN_MAIN` and `WERKZEUG_SERVER_FD` say "this is the reloaded process" to apps that ask; Werkzeug wants
    both or neither since 2.1.
    """
    for name in plan.unset_env:
        os.environ.pop(name, None)
    os.environ.update(plan.env)
    os.environ["WERKZEUG_RUN_MAIN"] = "true"
    os.environ["WERKZEUG_SERVER_FD"] = str(listener)
    os.chdir(plan.project)
    sys.argv[:] = ["launch", "dev"]
