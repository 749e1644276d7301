"""A two-way stream of messages between two processes, over a Unix socket pair that also passes descriptors.

A frame is a head of eight bytes (length of the body, number of descriptors) and the body that `messages.py` encodes.
Descriptors travel with the head. Whoever receives a message owns the descriptors that came with it and closes them.
"""

from __future__ import annotations

from launcher.standard import array, os, socket, struct, threading
from launcher.wire.messages import decode, encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from launcher.wire.messages import Message

_HEAD = struct.Struct("!II")
_MOST_DESCRIPTORS = 32
_CHUNK = 1 << 16


_LONGEST = 1 << 28
"""No message has a body of so many bytes."""


LOST = 76
"""The exit code of a worker whose channel was closed by the app."""


class ChannelClosed(Exception):  # noqa: N818  # an end that is expected is not an error
    """The other side is gone."""


class ChannelBroken(ChannelClosed):
    """The other side sent something that is no message: its descriptor, or this one, is used by the app."""


class Channel:
    """One end of the stream. Owns its socket; `close` closes it and every descriptor not yet handed out.

    `send` may be called from any thread. The receiving methods belong to one thread.
    """

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(True)  # whatever `socket.setdefaulttimeout` says, which the app may have called
        self._socket = end
        self._identity = _identity(end.fileno())
        self._lock = threading.Lock()
        self._bytes = bytearray()
        self._descriptors: list[int] = []

    @classmethod
    def of(cls, descriptor: int) -> Channel:
        """Return the channel on a socket's descriptor, which it takes over."""
        return cls(socket.socket(fileno=descriptor))

    def fileno(self) -> int:
        """Return the descriptor to wait on for readability."""
        return self._socket.fileno()

    def is_lost(self) -> bool:
        """Return whether the descriptor was closed by somebody else, such as `os.closerange` in the app."""
        return _identity(self._socket.fileno()) != self._identity

    def send(self, message: Message, descriptor: int | None = None) -> None:
        """Send *message*, with a copy of *descriptor*, which stays the caller's. Blocks while the other side is full.

        Raises `ChannelClosed` when the other side is gone.
        """
        body = encode(message)
        count = 0 if descriptor is None else 1
        frame = memoryview(_HEAD.pack(len(body), count) + body)
        rights = [] if descriptor is None else [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor]))]
        if self.is_lost():
            raise ChannelClosed  # the number may be the app's by now, and its file or client must not get this
        try:
            with self._lock:
                sent = self._socket.sendmsg([frame], rights)
                if sent < len(frame):
                    self._socket.sendall(frame[sent:])
        except OSError as error:
            raise ChannelClosed from error

    def receive(self) -> tuple[Message, int | None]:
        """Wait for the next message; return it and the descriptor that came with it, or None.

        Raises `ChannelClosed` at the end of the stream.
        """
        while (found := self._next()) is None:
            self._fill()
        return found

    def pending(self) -> Iterator[tuple[Message, int | None]]:
        """Read once and yield every message that is complete. Never waits, even if somebody else was faster.

        Raises `ChannelClosed` at the end of the stream, after the last message was yielded.
        """
        closed = False
        try:
            self._fill(socket.MSG_DONTWAIT)
        except ChannelClosed:
            closed = True
        while (found := self._next()) is not None:
            yield found
        if closed:
            raise ChannelClosed

    def has_more(self) -> bool:
        """Return whether something that was read already has not been handed out."""
        return bool(self._bytes)

    def rest(self) -> Iterator[tuple[Message, int | None]]:
        """Yield what a peer that is gone has said last. Never waits, even if others still hold the peer's end open."""
        try:
            while self._fill(socket.MSG_DONTWAIT):
                pass
        except ChannelClosed:
            pass
        try:
            while (found := self._next()) is not None:
                yield found
        except ChannelBroken:
            pass  # what follows cannot be understood

    def close(self) -> None:
        """Close the socket, and the descriptors that nobody took."""
        self._socket.close()
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors.clear()

    def _fill(self, how: int = 0) -> bool:
        """Read once, and return whether something came; nothing does only with `MSG_DONTWAIT`."""
        space = socket.CMSG_SPACE(_MOST_DESCRIPTORS * array.array("i").itemsize)
        try:
            close_on_exec = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
            data, ancillary, flags, _ = self._socket.recvmsg(_CHUNK, space, how | close_on_exec)
        except BlockingIOError:
            return False
        except OSError as error:
            raise ChannelClosed from error
        for level, kind, payload in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                received = array.array("i")
                received.frombytes(payload[: len(payload) - len(payload) % received.itemsize])
                self._descriptors.extend(received)
        # Descriptors are lost when this process may not open more; which message they belonged to is unknown then.
        if not data or flags & socket.MSG_CTRUNC:
            raise ChannelClosed
        self._bytes += data
        return True

    def _next(self) -> tuple[Message, int | None] | None:
        if len(self._bytes) < _HEAD.size:
            return None
        length, count = _HEAD.unpack_from(self._bytes)
        end = _HEAD.size + length
        if length > _LONGEST or count > 1:
            raise ChannelBroken
        if len(self._bytes) < end:
            return None
        try:
            message = decode(bytes(self._bytes[_HEAD.size : end]))
            descriptor = self._descriptors.pop(0) if count else None
        except (ValueError, IndexError, RecursionError) as error:
            raise ChannelBroken from error
        del self._bytes[:end]
        return message, descriptor


def _identity(descriptor: int) -> tuple[int, int] | None:
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return status.st_dev, status.st_ino
