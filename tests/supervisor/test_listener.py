"""The listening socket: addresses that work, and why the others do not."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from launcher.errors import Problem, StartError
from launcher.plan import Address
from launcher.supervisor import listener as listener_module
from launcher.supervisor.listener import BACKLOG, Listener, as_typed, holder_of, listen, urls


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        yield holder.getsockname()[1]


def problem_of(address: Address) -> Problem:
    with pytest.raises(StartError) as caught:
        listen(address).close()
    (problem,) = caught.value.problems
    return problem


def answers(listener: socket.socket) -> bool:
    with socket.socket(listener.family) as client:
        client.connect(listener.getsockname())
        connection, _ = listener.accept()
        connection.close()
    return True


def test_any_free_port() -> None:
    with listen(Address(port=0)) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"
        assert listener.getsockname()[1] > 0
        assert answers(listener)


def test_a_port_that_was_just_used_is_free_again() -> None:
    with listen(Address(port=0)) as listener:
        port = listener.getsockname()[1]
        answers(listener)
    with listen(Address(port=port)) as listener:
        assert answers(listener)


def test_a_port_in_use_names_its_holder(taken: int) -> None:
    problem = problem_of(Address(port=taken))
    assert problem.slug == "port-in-use"
    assert problem.message.startswith(f"port {taken} on 127.0.0.1 is in use by pid {os.getpid()} (python")
    assert "--port" in problem.notes[0]


HOLDER = """import socket, sys
holder = socket.create_server(("127.0.0.1", 0))
print(holder.getsockname()[1], flush=True)
sys.stdin.read()
"""


SERVER_WITH_WORKER = """import os, socket, subprocess, sys
holder = socket.create_server(("127.0.0.1", 0))
print(holder.getsockname()[1], flush=True)
subprocess.run([sys.executable, "-c", "print(flush=True); input()"], pass_fds=[holder.fileno()])
"""


def test_server_is_named_and_not_its_worker() -> None:
    argv = [sys.executable, "-c", SERVER_WITH_WORKER]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        port = int(holder.stdout.readline())
        holder.stdout.readline()
        assert holder_of(port).startswith(f"pid {holder.pid} ")
        holder.stdin.close()


@pytest.mark.parametrize(
    ("words", "typed"),
    [
        (["/v/bin/python", "/v/bin/launch", "dev"], "launch dev"),
        (["/v/bin/python", "-m", "launcher", "dev", "-v"], "launch dev -v"),
        (["/usr/bin/python3", "shop.py"], "python3 shop.py"),
        (["nginx"], "nginx"),
    ],
)
def test_command_is_shown_as_it_was_typed(words: list[str], typed: str) -> None:
    assert " ".join(as_typed(words)) == typed


def test_another_process_is_named_with_its_command() -> None:
    argv = [sys.executable, "-c", HOLDER, "one word"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        port = int(holder.stdout.readline())
        assert holder_of(port).startswith(f"pid {holder.pid} ({os.path.basename(sys.executable)} -c import socket")
        assert len(holder_of(port)) < 110
        assert holder_of(port).endswith("...)")
        holder.stdin.close()
    assert holder_of(port) == ""


def test_auto_takes_the_next_free_port(taken: int) -> None:
    with listen(Address(port=taken, auto=True)) as listener:
        assert taken < listener.getsockname()[1] < taken + 200


def test_auto_takes_the_port_itself_where_it_is_free() -> None:
    with listen(Address(port=0)) as listener:
        port = listener.getsockname()[1]
    with listen(Address(port=port, auto=True)) as listener:
        assert listener.getsockname()[1] == port


def test_auto_gives_up_in_the_end(monkeypatch: pytest.MonkeyPatch, taken: int) -> None:
    monkeypatch.setattr(listener_module, "AUTO_TRIES", 1)
    problem = problem_of(Address(port=taken, auto=True))
    assert (problem.slug, problem.message) == ("port-in-use", f"no free port between {taken} and {taken}")


def test_ipv6() -> None:
    with listen(Address("::1", 0)) as listener:
        assert listener.family == socket.AF_INET6
        assert answers(listener)


def test_a_name_means_ipv4_where_it_can() -> None:
    with listen(Address("localhost", 0)) as listener:
        assert listener.family == socket.AF_INET


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("no-such-host.invalid", id="unknown-name"),
        pytest.param("192.0.2.1", id="not-of-this-machine"),
        pytest.param("a..b", id="empty-label"),
        pytest.param("x" * 70 + ".example", id="label-too-long"),
    ],
)
@pytest.mark.parametrize("auto", [False, True])
def test_a_host_that_is_not_this_machine(host: str, auto: bool) -> None:
    problem = problem_of(Address(host, 0, auto=auto))
    assert (problem.slug, problem.message) == ("host-unknown", f"`{host}` is not an address of this machine")


UNPRIVILEGED = """
import encodings.idna, os  # what is imported later, the other user may not be able to read
from launcher.errors import StartError
from launcher.plan import Address
from launcher.supervisor.listener import listen
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
try:
    listen(Address(port=1)).close()
except StartError as error:
    print(error.problems[0].slug, error.problems[0].message)
"""


def test_a_privileged_port(tmp_path: Path) -> None:
    with open("/proc/sys/net/ipv4/ip_unprivileged_port_start") as file:
        if int(file.read()) <= 1:
            pytest.skip("every port is free for everybody on this system")
    ended = subprocess.run([sys.executable, "-c", UNPRIVILEGED], capture_output=True, text=True, check=False)
    assert (ended.stdout, ended.stderr) == ("port-denied this user may not listen on port 1\n", "")


# Socket files


def test_a_socket_file(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with listen(Address(unix=path)) as listener:
        assert answers(listener)
        assert urls(listener, Address(unix=path), tls=False) == [f"unix:{path}"]


def test_a_socket_file_that_a_dead_server_left_is_replaced(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    listen(Address(unix=path)).close()
    assert os.path.exists(path)
    with listen(Address(unix=path)) as listener:
        assert answers(listener)


def test_a_socket_file_in_use_is_not_taken(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with listen(Address(unix=path)) as listener:
        problem = problem_of(Address(unix=path))
        assert (problem.slug, problem.message) == ("port-in-use", f"another server listens on {path}")
        assert answers(listener)


def test_a_server_whose_queue_is_full_is_in_use(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as busy, socket.socket(socket.AF_UNIX) as client:
        busy.bind(path)
        busy.listen(0)
        client.connect(path)
        assert problem_of(Address(unix=path)).slug == "port-in-use"


def test_a_socket_of_another_kind_is_in_use(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.bind(path)
        assert problem_of(Address(unix=path)).slug == "port-in-use"
        assert os.path.exists(path)


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_another_kind_of_file_is_not_touched(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "s"
    if kind == "file":
        path.write_text("precious")
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(tmp_path / "nowhere")
    problem = problem_of(Address(unix=str(path)))
    assert (problem.slug, problem.message) == (
        "socket-file",
        f"cannot listen on {path}: a file of another kind is there",
    )
    assert os.path.lexists(path)


@pytest.mark.parametrize("name", ["missing/s", "x" * 200], ids=["no-folder", "too-long"])
def test_a_place_where_no_socket_can_be(tmp_path: Path, name: str) -> None:
    problem = problem_of(Address(unix=str(tmp_path / name)))
    assert problem.slug == "socket-file"
    assert problem.message.startswith(f"cannot listen on {tmp_path / name}: ")


# The address for a browser


@pytest.mark.parametrize(
    ("host", "tls", "start"),
    [
        ("127.0.0.1", False, "http://127.0.0.1:"),
        ("127.0.0.1", True, "https://127.0.0.1:"),
        ("0.0.0.0", False, "http://127.0.0.1:"),
        ("::1", False, "http://[::1]:"),
        ("::", True, "https://[::1]:"),
        ("localhost", False, "http://127.0.0.1:"),
    ],
)
def test_the_url(host: str, tls: bool, start: str) -> None:
    with listen(Address(host, 0)) as listener:
        found = urls(listener, Address(host, 0), tls=tls)
        port = listener.getsockname()[1]
        assert found[0] == f"{start}{port}/"
        assert all(re.fullmatch(rf"https?://.+:{port}/", other) for other in found)


def test_connections_wait_while_a_worker_is_exchanged() -> None:
    with listen(Address(port=0)) as listener:
        clients = [socket.create_connection(listener.getsockname()) for _ in range(min(BACKLOG, 200))]
        for client in clients:
            client.close()


def test_nothing_is_left_open_after_a_failure(taken: int, tmp_path: Path) -> None:
    before = sorted(os.listdir("/proc/self/fd"))
    problem_of(Address(port=taken))
    problem_of(Address(unix=str(tmp_path)))
    assert sorted(os.listdir("/proc/self/fd")) == before


# Another address while the server runs


def connect(address: tuple[str, int]) -> socket.socket:
    return socket.create_connection(address, timeout=20)


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def test_clients_that_wait_at_the_old_address_are_taken_along(port: int, tmp_path: Path) -> None:
    with closing(Listener(Address(port=port))) as listener, connect(("127.0.0.1", port)) as client:
        listener.prepare(Address(unix=str(tmp_path / "socket")))
        ((descriptor, peer),) = listener.move()
        assert peer == client.getsockname()
        os.close(descriptor)
        with pytest.raises(ConnectionRefusedError):
            connect(("127.0.0.1", port))


@pytest.mark.parametrize(
    ("before", "after"),
    [("127.0.0.1", "0.0.0.0"), ("0.0.0.0", "127.0.0.1"), ("127.0.0.1", "127.0.0.2")],
    ids=["to-all", "from-all", "to-another"],
)
def test_the_host_alone_may_change(port: int, before: str, after: str) -> None:
    with closing(Listener(Address(before, port))) as listener:
        listener.prepare(Address(after, port))
        assert listener.move() == []
        with socket.socket(fileno=os.dup(listener.fileno())) as moved:
            assert moved.getsockname() == (after, port)
        with connect(("127.0.0.1" if after == "0.0.0.0" else after, port)):
            pass


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(lambda port: Address(port=port), id="the-port-that-it-has"),
        pytest.param(lambda port: Address(port=port - 1, auto=True), id="a-port-that-is-chosen-by-itself"),
        pytest.param(lambda _: Address(port=0), id="any-port"),
        pytest.param(lambda port: Address("localhost", port), id="a-name-of-the-same-host"),
    ],
)
def test_where_it_is_already_nothing_moves(port: int, after: Callable[[int], Address]) -> None:
    with closing(Listener(Address(port=port))) as listener:
        before = listener.fileno()
        listener.prepare(after(port))
        assert listener.move() == []
        assert listener.fileno() == before


def test_an_address_that_cannot_be_had_changes_nothing(port: int, taken: int) -> None:
    with closing(Listener(Address(port=port))) as listener:
        with pytest.raises(StartError, match="is in use"):
            listener.prepare(Address(port=taken))
        assert listener.move() == []
        with connect(("127.0.0.1", port)):
            pass


def test_only_the_last_preparation_counts(port: int) -> None:
    with closing(Listener(Address(port=0))) as listener:
        before = listener.fileno()
        listener.prepare(Address(port=port))
        listener.prepare(Address(port=port))
        listener.prepare(Address(port=0))
        assert listener.move() == []
        assert listener.fileno() == before
        with pytest.raises(ConnectionRefusedError):
            connect(("127.0.0.1", port))


def test_from_a_port_to_a_file_and_back(tmp_path: Path, port: int) -> None:
    path = str(tmp_path / "socket")
    with closing(Listener(Address(port=port))) as listener:
        listener.prepare(Address(unix=path))
        listener.move()
        assert listener.urls(Address(unix=path), tls=False) == [f"unix:{path}"]
        listener.prepare(Address(port=port))
        listener.move()
        assert not os.path.exists(path)
        assert listener.urls(Address(port=port), tls=True) == [f"https://127.0.0.1:{port}/"]


def test_nobody_comes_to_the_old_address_any_more_though_a_worker_still_holds_it(port: int, tmp_path: Path) -> None:
    with closing(Listener(Address(port=port))) as listener, socket.socket(fileno=os.dup(listener.fileno())):
        listener.prepare(Address(unix=str(tmp_path / "socket")))
        listener.move()
        with pytest.raises(ConnectionRefusedError):
            connect(("127.0.0.1", port))
        listener.prepare(Address(port=port))
        listener.move()
        with connect(("127.0.0.1", port)):
            pass


def test_a_preparation_that_fails_leaves_the_one_before(port: int, taken: int) -> None:
    with closing(Listener(Address(port=0))) as listener:
        listener.prepare(Address(port=port))
        with pytest.raises(StartError):
            listener.prepare(Address(port=taken))
        listener.move()
        with connect(("127.0.0.1", port)):
            pass
