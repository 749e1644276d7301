"""A worker that was replaced stays for a while when a console of its pages is in use: it runs what is typed, no more.

Nobody reaches it but the supervisor, which passes on what the worker that serves now was asked.
"""

from __future__ import annotations

import sys

# Bound now: a library of green threads may take `poll` out of its module when the app is imported.
from select import POLLIN, poll

from launcher.standard import open, os, socket, threading, time
from launcher.wire.channel import ChannelClosed
from launcher.wire.messages import Drain, Evaluate
from launcher.worker.descriptors import links, locked_files
from launcher.worker.fork_safety import green_threads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from launcher.web.consoles import Consoles
    from launcher.wire.channel import Channel

STAY_SECONDS = 600.0
"""How long after its last use a console is waited for."""

REAP_SECONDS = 5.0
"""How often the end of snapshots is looked for: whoever is their parent must, and nothing waits for it."""

_THREAD_NAME = "launch-console"
_THREAD_END_SECONDS = 1.0
"""How long the thread of a request may be there after its response."""


def may_stay(consoles: Consoles, snapshots: Collection[int]) -> bool:
    """Return whether this worker, which has given its socket up, has a reason to stay and disturbs nobody.

    *snapshots* are children of ours, and none of the app's.
    """
    idle = consoles.idle()
    return idle is not None and idle < STAY_SECONDS and not obstacle(snapshots)


def obstacle(snapshots: Collection[int]) -> str:
    """Return what of the app would go on in this process, or be missing in the next one; nothing if there is nothing.

    What is merely open does no harm. Work that goes on would be done twice, once by code that is gone.
    """
    return green_threads() or _threads() or _processes(snapshots) or _sockets() or next(iter(_locks()), "")


def _threads() -> str:
    deadline = time.monotonic() + _THREAD_END_SECONDS
    while True:
        ours = {thread.ident for thread in threading.enumerate() if thread.name == _THREAD_NAME}
        others = set(sys._current_frames()) - ours - {threading.get_ident()}
        if not others:
            return ""
        if time.monotonic() > deadline:
            return "a thread is running"
        time.sleep(0.001)


def _processes(snapshots: Collection[int]) -> str:
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
            others = set(map(int, file.read().split())).difference(snapshots)
            return "a process was started" if others else ""
    except OSError:
        return "this system does not tell which processes were started"


def _sockets() -> str:
    """Return whether another process could not listen where this one does."""
    for number, link in links().items():
        if not link.startswith("socket:"):
            continue
        try:
            end = socket.socket(fileno=os.dup(number))
        except OSError as error:
            return f"a socket cannot be looked at: {error.strerror}"
        with end:
            if end.family in (socket.AF_INET, socket.AF_INET6) and _is_bound(end):
                return "a socket is bound"
    return ""


def _is_bound(end: socket.socket) -> bool:
    listens = end.type == socket.SOCK_STREAM and end.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    return bool(listens) or (end.type == socket.SOCK_DGRAM and bool(end.getsockname()[1]))


def _locks() -> list[str]:
    return [f"a file lock is held ({kind.lower()})" for kind in locked_files()]


def stay(channel: Channel, consoles: Consoles, snapshots: Collection[int]) -> None:
    """Run what is typed into the consoles of our pages until none was used for a while, or we are told to leave.

    Reaps those of our *snapshots* that end meanwhile.
    """
    consoles.keep_few()
    waiting = poll()
    waiting.register(channel, POLLIN)
    try:
        while (left := STAY_SECONDS - (consoles.idle() or 0.0)) > 0:
            _reap(snapshots)
            if not waiting.poll(min(left, REAP_SECONDS) * 1000):
                continue
            for message, descriptor in channel.pending():
                if isinstance(message, Drain):
                    return
                if isinstance(message, Evaluate) and descriptor is not None:
                    evaluate(message, descriptor, consoles)
    except ChannelClosed:
        return


def _reap(snapshots: Collection[int]) -> None:
    for pid in snapshots:
        try:
            os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            pass  # reaped before, by us or by the app


def evaluate(asked: Evaluate, descriptor: int, consoles: Consoles) -> None:
    """Run code in a frame of ours, on a thread of its own, and write to *descriptor*, which is taken over."""
    reply = socket.socket(fileno=descriptor)

    def work() -> None:
        with reply:
            reply.setblocking(True)
            try:
                reply.sendall(consoles.run(asked.frame, asked.code))
            except OSError:
                pass  # the one who asked is gone

    try:
        threading.Thread(target=work, name=_THREAD_NAME, daemon=True).start()
    except RuntimeError:  # the system gives no thread: closed without a word, which says that there is no answer
        reply.close()
