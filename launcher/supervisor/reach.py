"""From where a listening socket can be reached: by which addresses, and whether by others than this machine."""

from __future__ import annotations

import fcntl
import socket
import struct
import sys
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_ANY = ("0.0.0.0", "::")  # noqa: S104  # read here, not bound
_ASK_ADDRESS = 0x8915  # SIOCGIFADDR of netdevice(7)
_NAME_AND_ADDRESS = struct.Struct("16s4x4s8x")
_GLOBAL = "00"  # the scope in if_inet6; addresses of one link only need a zone that browsers do not take
_DOCUMENTATION = "192.0.2.1"
"""An address that nobody has (RFC 5737): a datagram socket says from where it would be reached, and sends nothing."""


def is_public(listener: socket.socket) -> bool:
    """Return whether others than this machine may reach *listener*."""
    if listener.family == socket.AF_UNIX:
        return False
    return not _is_loopback(listener.getsockname()[0])


def other_addresses(listener: socket.socket) -> list[str]:
    """Return the addresses of this machine, but loopback, at which *listener* answers besides the one it is bound to.

    There are some only where it is bound to all of them.
    """
    if listener.family == socket.AF_UNIX or listener.getsockname()[0] not in _ANY:
        return []
    found: list[str] = []
    if listener.family == socket.AF_INET or not listener.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY):
        found += _ipv4() if sys.platform == "linux" else _outward()
    if listener.family == socket.AF_INET6:
        found += _ipv6()
    return [address for address in dict.fromkeys(found) if not _is_loopback(address)]


def _is_loopback(address: str) -> bool:
    return address == "::1" or address.removeprefix("::ffff:").startswith("127.")


def _ipv4() -> Iterator[str]:
    """Yield the IPv4 address of each interface that has one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        for _, name in socket.if_nameindex():
            with suppress(OSError):  # this one has none
                told = fcntl.ioctl(asked, _ASK_ADDRESS, _NAME_AND_ADDRESS.pack(name.encode(), b"") + bytes(8))
                yield socket.inet_ntoa(told[20:24])


def _outward() -> Iterator[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked, suppress(OSError):
        asked.connect((_DOCUMENTATION, 9))
        yield asked.getsockname()[0]


def _ipv6() -> Iterator[str]:
    """Yield the global IPv6 addresses, where proc(5) tells them."""
    with suppress(OSError), open("/proc/net/if_inet6", encoding="ascii") as file:
        for line in file:
            digits, _, _, scope, *_ = line.split()
            if scope == _GLOBAL:
                yield socket.inet_ntop(socket.AF_INET6, bytes.fromhex(digits))
