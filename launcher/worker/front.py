"""What stands between one worker and the browsers: the app with all around it, and what it shares with other workers.

Puts together what `web` offers; which edition is shown, and when there is a new one, is said by the supervisor.
"""

from __future__ import annotations

import contextlib

from launcher.standard import os, socket
from launcher.text import escape
from launcher.web.adjustable import Adjustable
from launcher.web.consoles import Consoles
from launcher.web.streams import Streams
from launcher.wire.channel import ChannelClosed
from launcher.wire.messages import Adjust, Ask, ConsoleOpened, Edition, ServeFailure, Showing
from launcher.wire.tally import LIVE_RELOAD, TLS, Tally
from launcher.worker.shown import ShownFiles, forget_templates

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from _typeshed.wsgi import WSGIApplication

    from launcher.plan import Plan
    from launcher.web.livereload import LiveReload
    from launcher.wire.messages import ToSupervisor

    class Send(Protocol):
        """Sends a message, and a copy of the descriptor that belongs to it."""

        def __call__(self, message: ToSupervisor, descriptor: int | None = None, /) -> None:
            """Raise `ChannelClosed` when the supervisor is gone."""


class Front:
    """Makes the one app that a worker serves. `send` takes messages to the supervisor, from any thread."""

    def __init__(self, send: Send) -> None:
        self.streams = Streams()
        self.consoles: Consoles | None = None
        self._send = send
        self._tally: Tally | None = None
        self._files: ShownFiles | None = None
        self._adjustable: Adjustable | None = None

    def share(self, descriptor: int) -> None:
        """Count wrong PINs where the other workers do. Takes the descriptor over."""
        self._tally = Tally(descriptor)
        os.close(descriptor)

    def show(self, edition: Edition) -> None:
        """Take note of the edition that is shown from now on, and tell the pages that are open."""
        if self._files is not None and not edition.style:
            forget_templates()
        self.streams.advance(edition.number, style=edition.style)

    def stop(self) -> None:
        """Report no more files: the worker is leaving."""
        if self._files is not None:
            self._files.stop()

    def of_app(self, app: WSGIApplication, plan: Plan) -> WSGIApplication:
        """Return *app* with everything around it; from now on the files that it shows are reported."""
        from launcher.web.stack import build_stack

        live = self._live(plan)
        self._adjustable = Adjustable(plan)
        stack = build_stack(
            app,
            plan,
            failures=self._tally,
            live=live,
            adjustable=self._adjustable,
            consoles=self._open_consoles(),
        )
        if live is None:
            return stack
        self._files = ShownFiles((*plan.roots, *plan.wsgi.static.values()), self._report)
        self._files.start()  # also where pages do not refresh: frameworks keep templates until they are told
        return self._files.around(stack)

    def adjust(self, message: Adjust) -> None:
        """Go on by other settings, also for what is served already."""
        if self._adjustable is not None:
            self._adjustable.adjust(message.allowed_hosts, live_reload=message.live_reload)

    def of_failure(self, message: ServeFailure, plan: Plan, exception: BaseException | None) -> WSGIApplication:
        """Return what is served instead of the app, which failed with *exception* or has died."""
        from launcher.web.failure import Notice, failure_app

        notice = Notice(message.cause, message.text, message.changed)
        self._adjustable = Adjustable(plan)
        return failure_app(
            plan,
            notice,
            exception=exception,
            failures=self._tally,
            live=self._live(plan),
            adjustable=self._adjustable,
            consoles=self._open_consoles(),
        )

    def _open_consoles(self) -> Consoles:
        """Return the consoles of this worker's pages, with a name of their own: made after the last copy."""
        self.consoles = Consoles(self._ask, self._console_opened)
        return self.consoles

    def _console_opened(self, owner: str) -> None:
        with contextlib.suppress(ChannelClosed):
            self._send(ConsoleOpened(owner))

    def _ask(self, owner: str, frame: int, code: str) -> bytes:
        """Have *code* run by another worker, however long that takes; return what the page shows."""
        ours, theirs = socket.socketpair()
        with ours, contextlib.suppress(ChannelClosed, OSError):
            with theirs:
                self._send(Ask(owner, frame, code), theirs.fileno())
            ours.setblocking(True)
            return b"".join(iter(lambda: ours.recv(1 << 16), b""))
        return b""

    def _live(self, plan: Plan) -> LiveReload | None:
        """Return what refreshes pages; None where nothing is ever loaded again."""
        if not (plan.browser.token and plan.reload.enabled):
            return None
        from launcher.web.livereload import LiveReload

        return LiveReload(plan.browser.token, self.streams, self._say)

    def _report(self, path: str, digest: str, style: bool) -> None:
        # The app is just opening a file; that the supervisor is gone is no error of the app's.
        with contextlib.suppress(ChannelClosed):
            self._send(Showing(path, digest, style))

    def tls_came(self) -> None:
        """Print a hint, once in a start: a client speaks https to a server of http."""
        self._say_once(TLS, "tls: https came to an http port: open an http:// address, or set tls.adhoc = true")

    def _say(self, text: str) -> None:
        self._say_once(LIVE_RELOAD, f"live reload: {escape(text)}")

    def _say_once(self, topic: int, line: str) -> None:
        """Print a line, once in a start whichever worker asks."""
        if self._tally is None or self._tally.say_once(topic):
            os.write(2, f"  {line}\n".encode(errors="backslashreplace"))
