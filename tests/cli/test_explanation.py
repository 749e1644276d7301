"""Every slug that the code uses has a page, and every example on a page is run: the wrong one and the mended one."""

from __future__ import annotations

import ast
import os
import shlex
import shutil
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from launcher.cli.commands.dev import command as dev
from launcher.cli.explanation import Example, Explanation, body, read_explanations
from launcher.cli.invocation import Invocation
from launcher.cli.main import no_more_files, run
from launcher.cli.options import make_request
from launcher.cli.root import root
from launcher.config.resolve import resolve_profile
from launcher.errors import LaunchError, TargetError
from launcher.planner import build_plan
from launcher.supervisor.listener import _problem, listen
from launcher.web.tls import ssl_context
from launcher.worker.handler import load_handler
from launcher.worker.target import load_target
from tests.architecture.source import PACKAGE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Project

PAGES = read_explanations()


def slugs_in(path: Path) -> set[str]:
    """Return the slugs that a module gives to problems, findings and target errors."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in ("Problem", "Finding", "TargetError") or (name == "_error" and path.stem == "tls"):
            slugs = set(_texts(node.args[0], tree))
            assert slugs or isinstance(node.args[0], (ast.Attribute, ast.Name)), f"{path}:{node.lineno}"
            found |= slugs
    return found


def _texts(node: ast.AST, tree: ast.AST) -> Iterator[str]:
    """Yield the texts that an expression can be, as far as the module itself says so."""
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.IfExp):
        yield from (*_texts(node.body, tree), *_texts(node.orelse, tree))
    elif isinstance(node, ast.Name):
        for other in ast.walk(tree):
            if isinstance(other, ast.Assign) and any(
                isinstance(t, ast.Name) and t.id == node.id for t in other.targets
            ):
                yield from _texts(other.value, tree)
    elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):  # complaint[0]
        for other in ast.walk(tree):
            if (
                isinstance(other, ast.Return)
                and isinstance(other.value, ast.Tuple)
                and isinstance(other.value.elts[0], ast.Constant)
                and isinstance(other.value.elts[0].value, str)
            ):
                yield from _texts(other.value.elts[0], tree)


def test_every_slug_of_the_code_has_a_page_and_no_page_is_left_over() -> None:
    used = {slug for path in PACKAGE.rglob("*.py") for slug in slugs_in(path)}
    assert used == set(PAGES)


def test_the_search_for_slugs_finds_the_hidden_ones() -> None:
    found = slugs_in(PACKAGE / "config" / "validate.py") | slugs_in(PACKAGE / "config" / "sources" / "envfile.py")
    assert {"env-value", "flag-value", "out-of-range", "dotenv-refused", "unsafe-bind"} <= found


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_page_reads_well(page: Explanation) -> None:
    assert page.text.endswith(".")
    assert page.text[0].isupper() or page.text[0] in "`-"
    assert body(page)[0] == (page.text, ())
    assert any(code for _, code in body(page)[1:])


def write(project: Project, files: dict[str, str]) -> None:
    for name in os.listdir(project.root):
        if name != ".git":
            path = project.root / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    project.files(files)


# What an example cannot bring about by its files: done before the wrong example is run.
def fill(project: Project) -> None:
    (project.root / "dump.toml").write_text("#" * (64 * 1024 + 1))


def latin(project: Project) -> None:
    path = project.root / "devserver.toml"
    path.write_bytes(path.read_text(encoding="utf-8").encode("latin-1"))


def leave(project: Project) -> None:
    (project.root / "gone").mkdir()
    os.chdir(project.root / "gone")
    (project.root / "gone").rmdir()


def encrypt(project: Project) -> None:
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    from werkzeug.serving import generate_adhoc_ssl_pair

    cert, key = generate_adhoc_ssl_pair("localhost")
    pem = serialization.Encoding.PEM
    (project.root / "dev.pem").write_bytes(cert.public_bytes(pem))
    protection = serialization.BestAvailableEncryption(b"x")
    (project.root / "dev.key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, protection))


def take_port(project: Project) -> socket.socket | None:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does: old connections do not count
    try:
        listener.bind(("127.0.0.1", 5000))
        listener.listen()
    except OSError:  # somebody else has it, which is as good
        listener.close()
        return None
    return listener


SETUP = {"too-large": fill, "encoding": latin, "no-folder": leave, "tls-password": encrypt, "port-in-use": take_port}

# Errors that this machine, or this user, cannot be brought to make; each with what makes it.
NOT_HERE = {
    "port-denied": lambda: _problem("127.0.0.1", 80, PermissionError(13, "Permission denied")).slug,
    "cannot-listen": lambda: _problem("127.0.0.1", 80, OSError(105, "No buffer space available")).slug,
    "open-files": lambda: no_more_files().slug,
    "host-unknown": lambda: _problem("x", 80, socket.gaierror(-2, "Name or service not known")).slug,
}
# Their cause is a package that is installed for these tests, a user that is root, or a full device. The tests of
# web/tls.py, worker/target.py and cli/main.py have these cases.
TESTED_ELSEWHERE = {"tls-cryptography", "tls-file", "target-asgi", "output"}
# Programs say what is wrong without the slug: Python's own traceback ends with it, or the line that it stopped.
SAID = {
    "run-thread": "launcher.run() must be called on the main thread",
    "run-program": "launcher.run() needs a program that is a file",
    "program-without-run": "hello.py ended without calling launcher.run()",
    "program-module": "there is no module `hello` to run any more",
}
LIMIT = 60


def start_program(project: Project, example: Example) -> subprocess.Popen[str]:
    """Start the program of an example, as it would be typed; it finds this package, and nothing else of ours."""
    own = example.environ.get("PYTHONPATH", "")
    path = os.pathsep.join([*filter(None, [own]), str(PACKAGE.parent)])
    return subprocess.Popen(
        [sys.executable, *shlex.split(example.run)[1:]],
        cwd=project.root,
        env={"PATH": os.environ["PATH"], "HOME": str(project.root), **example.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def until_it_ends(project: Project, example: Example) -> str:
    """Run a program that comes to an end by itself; return all that it says."""
    with start_program(project, example) as process:
        try:
            return process.communicate(timeout=LIMIT)[1]
        finally:
            process.kill()


def until_it_serves(project: Project, example: Example) -> int:
    """Run a program until it says where it serves, and stop it; return the exit code, 1 if it never came to that."""
    with start_program(project, example) as process:
        giving_up = threading.Timer(LIMIT, process.kill)
        giving_up.start()
        try:
            assert process.stderr is not None
            if any("http://127.0.0.1:" in line for line in process.stderr):
                process.terminate()
            process.stderr.read()
            return process.wait()
        finally:
            giving_up.cancel()


def outcome(project: Project, line: str, environ: dict[str, str]) -> str:
    """Return everything that a command says; of `launch dev`, what it says before it serves."""
    argv = shlex.split(line)
    if argv[0] != "dev":
        return project.launch(*argv, **environ).err
    ran = project.launch(*argv[:1], "--help")
    assert ran.code == 0
    invocation = Invocation(tuple(argv), {**project.environ, **environ}, os.getcwd(), "", None, None)
    try:
        with (
            root().make_context("launch", [], obj=invocation) as above,
            dev.make_context("dev", argv[1:], parent=above) as ctx,
        ):
            plan = build_plan(resolve_profile(make_request(ctx, ctx.params, ctx.params.pop("app"))), pin="")
        listen(plan.address).close()
        ssl_context(plan.tls)
        load_target(plan.target)
        load_handler(plan.wsgi.request_handler)
    except LaunchError as error:
        return " ".join(f"error[{problem.slug}]" for problem in error.problems)
    except TargetError as error:
        return f"error[{error.slug}]"
    return ""


@pytest.fixture
def forgetful(project: Project) -> Iterator[Project]:
    """A project whose modules are forgotten afterwards."""
    path, modules = list(sys.path), dict(sys.modules)
    yield project
    sys.path[:] = path
    for name in set(sys.modules) - set(modules):
        if name in ("shop", "app", "wsgi"):
            del sys.modules[name]
    sys.path_importer_cache.clear()


RUN_HERE = [page for slug, page in PAGES.items() if slug not in TESTED_ELSEWHERE]
COMMANDS = [page for page in PAGES.values() if not page.right.is_program]


@pytest.mark.parametrize("page", RUN_HERE, ids=[page.slug for page in RUN_HERE])
def test_wrong_example_has_the_error(forgetful: Project, page: Explanation) -> None:
    if page.wrong.is_program:
        write(forgetful, dict(page.wrong.files))
        assert SAID[page.slug] in until_it_ends(forgetful, page.wrong)
        return
    if page.slug in NOT_HERE:
        assert NOT_HERE[page.slug]() == page.slug
        return
    write(forgetful, dict(page.wrong.files))
    held = SETUP[page.slug](forgetful) if page.slug in SETUP else None
    try:
        said = usage_or_outcome(forgetful, page)
    finally:
        os.chdir(forgetful.root)
        if held is not None:
            held.close()
    assert f"[{page.slug}]" in said


def usage_or_outcome(project: Project, page: Explanation) -> str:
    """Run the whole command where it fails before it would start anything, and else its parts."""
    if page.wrong.run.split()[0] == "exec" or page.slug in ("surplus-value", "app-twice"):
        return project.launch(*shlex.split(page.wrong.run)).err
    return outcome(project, page.wrong.run, dict(page.wrong.environ))


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_right_example_has_no_error(forgetful: Project, page: Explanation) -> None:
    write(forgetful, dict(page.right.files))
    if page.right.run.startswith("exec -- "):
        return  # it installs a package; that it parses is checked below
    if page.right.is_program:
        assert until_it_serves(forgetful, page.right) == 0
        return
    if "adhoc" in str(page.right.files):
        pytest.importorskip("cryptography")
    assert "error[" not in outcome(forgetful, page.right.run, dict(page.right.environ)).replace("[path-missing]", "")


@pytest.mark.parametrize("page", COMMANDS, ids=[page.slug for page in COMMANDS])
def test_right_command_line_parses(project: Project, page: Explanation) -> None:
    words = shlex.split(page.right.run.partition(" -- ")[0])
    assert run([*words, "--help"], {}, None, None) == 0
