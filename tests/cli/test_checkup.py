"""What `launch doctor` finds: each case is a machine in some state, made in a temporary folder."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from launcher import __version__
from launcher.cli import checkup
from launcher.config.json_schema import json_schema
from launcher.config.resolve import Request, resolve_profile
from launcher.config.sources.files import SettingsFile
from launcher.errors import Problem

if TYPE_CHECKING:
    from pathlib import Path

    from launcher.config.resolve import ResolvedProfile


def resolved(tmp_path: Path, text: str) -> ResolvedProfile:
    (tmp_path / "devserver.toml").write_text(f"[base]\n{text}\n", encoding="utf-8")
    return resolve_profile(Request(str(tmp_path), {}))


def test_own_interpreter_is_fine(tmp_path: Path) -> None:
    level, _, text = checkup.interpreter({"VIRTUAL_ENV": sys.prefix}, str(tmp_path))
    assert level == checkup.OK
    assert sys.version.split()[0] in text


def test_another_environment_that_was_meant_is_told(tmp_path: Path) -> None:
    assert checkup.interpreter({"VIRTUAL_ENV": str(tmp_path)}, "/")[0] == checkup.WARN
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "pyvenv.cfg").write_text("")
    level, _, text = checkup.interpreter({}, str(tmp_path))
    assert (level, str(tmp_path / ".venv") in text) == (checkup.WARN, True)


@pytest.mark.parametrize(
    ("problems", "level"),
    [
        pytest.param([], checkup.OK, id="none"),
        pytest.param([Problem("a", "m", warning=True)], checkup.WARN, id="warning"),
        pytest.param([Problem("a", "m", warning=True), Problem("b", "m")], checkup.FAIL, id="error"),
    ],
)
def test_settings(problems: list[Problem], level: str) -> None:
    assert checkup.settings(None, problems)[0] == level


def test_files_that_are_there_and_not(tmp_path: Path) -> None:
    root = str(tmp_path)
    found = [SettingsFile(f"{root}/a", True, "project"), SettingsFile("/elsewhere/b", False, "env")]
    assert [text for _, _, text in checkup.files(found, root)] == ["a", "/elsewhere/b (not there)"]


def test_free_address(tmp_path: Path) -> None:
    assert checkup.address(resolved(tmp_path, "port = 0"))[0] == checkup.OK


def test_taken_address_names_the_holder(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        level, _, text = checkup.address(resolved(tmp_path, f"port = {port}"))
    assert level == checkup.WARN
    assert f"port {port} on 127.0.0.1 is in use" in text
    assert "--port auto" in text
    assert sys.platform != "linux" or f"pid {os.getpid()}" in text


def test_socket_file(tmp_path: Path) -> None:
    assert checkup.address(resolved(tmp_path, "host = 'unix:s'")) == ("ok", "address", f"{tmp_path}/s is free")


DAY = 24 * 3600


@pytest.mark.parametrize(
    ("days", "level", "told"),
    [
        pytest.param(-2, checkup.FAIL, "dev.pem is not valid before 20", id="not-yet"),
        pytest.param(1, checkup.OK, "dev.pem is valid for 89 more days", id="valid"),
        pytest.param(80, checkup.WARN, "dev.pem is valid for 10 more days", id="soon-over"),
        pytest.param(96, checkup.FAIL, "dev.pem expired 5 days ago: make a new one, or set tls.adhoc", id="over"),
    ],
)
def test_certificate(tmp_path: Path, days: int, level: str, told: str) -> None:
    pytest.importorskip("cryptography")
    write_certificate(tmp_path / "dev.pem", 90 * DAY)
    found = checkup.certificate(resolved(tmp_path, 'tls.cert = "dev.pem"'), time.time() + days * DAY - 60)
    assert [row[:2] for row in found] == [(level, "certificate")]
    assert found[0][2].startswith(told)


def write_certificate(path: Path, seconds: int) -> None:
    """Write a certificate with its key, valid from now on."""
    from tests.cli.test_certificate import make_pair

    now = datetime.datetime.now(datetime.UTC)
    path.write_text("".join(make_pair(now, now + datetime.timedelta(seconds=seconds))), encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("", [], id="no-https"),
        pytest.param(
            'tls.cert = "none.pem"', [(checkup.FAIL, "certificate", "there is no file none.pem")], id="missing"
        ),
        pytest.param(
            'tls.cert = "devserver.toml"',
            [(checkup.FAIL, "certificate", "devserver.toml cannot be used: there is no certificate in it")],
            id="no-certificate",
        ),
    ],
)
def test_certificate_that_is_none(tmp_path: Path, text: str, found: list[tuple[str, str, str]]) -> None:
    assert checkup.certificate(resolved(tmp_path, text), 0) == found


def test_certificate_that_is_made(tmp_path: Path) -> None:
    pytest.importorskip("cryptography")
    ((level, _, text),) = checkup.certificate(resolved(tmp_path, "tls.adhoc = true"), 0)
    assert (level, "made at the first start" in text) == (checkup.OK, True)


def test_certificate_without_its_key(tmp_path: Path) -> None:
    pytest.importorskip("cryptography")
    write_certificate(tmp_path / "dev.pem", DAY)
    (tmp_path / "dev.pem").write_text((tmp_path / "dev.pem").read_text().partition("-----BEGIN PRIVATE")[0])
    ((level, _, text),) = checkup.certificate(resolved(tmp_path, 'tls.cert = "dev.pem"'), time.time())
    assert (level, text.startswith("dev.pem cannot be used with its key: ")) == (checkup.FAIL, True)


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_personal_files_in_git(tmp_path: Path) -> None:
    root = str(tmp_path)
    for name in (".env", ".env.local", "devserver.local.toml", ".flaskenv"):
        (tmp_path / name).write_text("")
    (tmp_path / ".gitignore").write_text("devserver.local.toml\n")
    subprocess.run(["git", "init", "-q", root], check=True)
    subprocess.run(["git", "-C", root, "add", ".env", ".flaskenv"], check=True)
    found = [SettingsFile(str(tmp_path / name), True, "env") for name in (".env", ".env.local", "devserver.local.toml")]
    found += [
        SettingsFile(str(tmp_path / ".flaskenv"), True, "env"),
        SettingsFile(f"{root}/.env.x.local", False, "env"),
    ]
    assert checkup.secrecy(found, root) == [
        ("warn", "secrecy", ".env is in git, for everyone to read: git rm --cached .env"),
        ("warn", "secrecy", "git would take .env.local: add it to .gitignore"),
    ]
    assert checkup.secrecy(found[2:3], root) == [("ok", "secrecy", "git leaves devserver.local.toml alone")]


def test_outside_of_a_repository_git_has_nothing(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("")
    assert checkup.secrecy([SettingsFile(str(tmp_path / ".env"), True, "env")], str(tmp_path)) == []
    assert checkup.secrecy([], str(tmp_path)) == []


def test_watcher_sees_a_change() -> None:
    assert checkup.watcher() == ("ok", "watcher", "the system reports changed files")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("debug = false", "off (follows debug)", id="off"),
        pytest.param("reload.engine = 'restart'", "restart, as set (devserver.toml:2:17)", id="restart"),
        pytest.param("", "snapshot, as far as" if sys.platform == "linux" else "restart: snapshots need", id="auto"),
    ],
)
def test_engine(tmp_path: Path, text: str, told: str) -> None:
    assert checkup.engine(resolved(tmp_path, text))[2].startswith(told)


@pytest.mark.parametrize(
    ("content", "level", "told"),
    [
        pytest.param(
            None,
            "ok",
            "no .launch/devserver.schema.json; for your editor: mkdir -p .launch && launch schema >",
            id="none",
        ),
        pytest.param(json.dumps(json_schema("project", __version__)), "ok", f"that of launch {__version__}", id="new"),
        pytest.param(json.dumps(json_schema("project", "0.0.1")), "warn", "is not that of launch", id="old"),
        pytest.param("{", "warn", "is not that of launch", id="broken"),
    ],
)
def test_schema(tmp_path: Path, content: str | None, level: str, told: str) -> None:
    if content is not None:
        (tmp_path / ".launch").mkdir()
        (tmp_path / ".launch" / "devserver.schema.json").write_text(content)
    found = checkup.schema(str(tmp_path))
    assert found[0] == level
    assert told in found[2]
