"""Who reaches a socket, asked of real ones; the machine's own list of addresses comes from connecting to them."""

from __future__ import annotations

import socket
import sys

import pytest

from launcher.plan import Address
from launcher.supervisor.listener import listen
from launcher.supervisor.reach import is_public, other_addresses

LIMIT = 10.0


@pytest.mark.parametrize(
    ("host", "public"),
    [
        pytest.param("127.0.0.1", False, id="loopback"),
        pytest.param("127.0.0.9", False, id="another-loopback"),
        pytest.param("localhost", False, id="localhost"),
        pytest.param("::1", False, id="ipv6-loopback"),
        pytest.param("0.0.0.0", True, id="all"),
        pytest.param("::", True, id="all-of-ipv6"),
    ],
)
def test_who_reaches_an_address(host: str, public: bool) -> None:
    with listen(Address(host, 0)) as listener:
        assert is_public(listener) is public
        assert public or other_addresses(listener) == []


def test_a_socket_file_is_reached_from_this_machine_only(tmp_path) -> None:
    with listen(Address(unix=str(tmp_path / "s"))) as listener:
        assert not is_public(listener)
        assert other_addresses(listener) == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_every_address_that_is_told_answers(host: str) -> None:
    with listen(Address(host, 0)) as listener:
        found = other_addresses(listener)
        assert len(found) == len(set(found))
        for address in found:
            assert not address.startswith("127.")
            with socket.create_connection((address, listener.getsockname()[1]), LIMIT):
                accepted, _ = listener.accept()
                accepted.close()


@pytest.mark.skipif(sys.platform != "linux", reason="the other way is the only one elsewhere")
def test_the_address_to_the_outside_is_among_them() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no route")
        outward = asked.getsockname()[0]
    with listen(Address("0.0.0.0", 0)) as listener:
        assert outward in [*other_addresses(listener), "127.0.0.1"]
