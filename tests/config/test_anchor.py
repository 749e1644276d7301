"""Relative paths belong to the folder of whoever wrote them."""

from __future__ import annotations

import pytest

from launcher.config import schema
from launcher.config.anchor import Folders, anchored, resolve_path
from launcher.config.layer import Entry, Layer, Origin, Source
from launcher.config.stack import merge

FOLDERS = Folders(root="/project", cwd="/project/sub", home="/home/me")
BASE = Origin(Source.BASE, file="/project/devserver.toml")
PROFILE = Origin(Source.PROFILE, file="/project/profiles/x.toml")
FILE = Origin(Source.ENV_FILE, file="/project/conf/.env")
SHELL = Origin(Source.ENVIRONMENT, name="LAUNCH_X")
FLASK = Origin(Source.FLASK_VARIABLE, name="FLASK_X")
FLAG = Origin(Source.COMMAND_LINE, name="--x")


def anchor(key: tuple[str, ...], value: object, origin: Origin) -> object:
    merged = merge([Layer(origin.source, "", (Entry(key, value, origin),))])
    return anchored(merged, schema.by_key(), FOLDERS)[key]


@pytest.mark.parametrize(
    ("origin", "path"),
    [
        pytest.param(BASE, "/project/x", id="project-file"),
        pytest.param(PROFILE, "/project/x", id="profile-file-means-the-root"),
        pytest.param(FILE, "/project/conf/x", id="env-file"),
        pytest.param(SHELL, "/project/sub/x", id="shell"),
        pytest.param(FLASK, "/project/sub/x", id="flask-variable"),
        pytest.param(FLAG, "/project/sub/x", id="flag"),
        pytest.param(Origin(Source.DEFAULT), "/project/x", id="default"),
    ],
)
def test_folder_by_origin(origin: Origin, path: str) -> None:
    assert resolve_path("x", origin, FOLDERS) == path


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/abs", "/abs"),
        ("~", "/home/me"),
        ("~/x", "/home/me/x"),
        ("~other/x", "/project/~other/x"),
        ("../x", "/x"),
        (".", "/project"),
        ("$HOME/x", "/project/$HOME/x"),
    ],
)
def test_what_is_expanded(text: str, path: str) -> None:
    assert resolve_path(text, BASE, FOLDERS) == path


def test_without_home_a_tilde_stays() -> None:
    assert resolve_path("~/x", BASE, Folders("/p", "/p", "")) == "~/x"


@pytest.mark.parametrize(
    ("key", "value", "origin", "expected"),
    [
        pytest.param(("app-dir",), "src", BASE, "/project/src", id="app-dir"),
        pytest.param(("app-dir",), "", BASE, "", id="empty-stays-empty"),
        pytest.param(("tls", "cert"), "c.pem", FLAG, "/project/sub/c.pem", id="cert"),
        pytest.param(("env-files",), [".env", "/x"], BASE, ("/project/.env", "/x"), id="list"),
        pytest.param(("env-files",), 3, BASE, 3, id="wrong-type-is-left-to-the-validator"),
        pytest.param(("env-files",), [3], BASE, (3,), id="wrong-item-too"),
        pytest.param(("wsgi", "static", "/s"), "static", BASE, "/project/static", id="map"),
        pytest.param(("host",), "unix:run/x.sock", BASE, "unix:/project/run/x.sock", id="socket"),
        pytest.param(("host",), "unix:///run/x.sock", BASE, "unix:/run/x.sock", id="werkzeugs-socket"),
        pytest.param(("host",), "localhost", BASE, "localhost", id="host"),
        pytest.param(("loading",), "eager", BASE, "eager", id="no-path"),
        pytest.param(("reload", "include"), ["*.txt"], FLAG, ["*.txt"], id="patterns-are-no-paths"),
        pytest.param(("app",), "shop:create_app", FLAG, "shop:create_app", id="module"),
        pytest.param(("app",), "app.py:app", BASE, "app.py:app", id="file-below-the-root"),
        pytest.param(("app",), "app.py:app", FLAG, "/project/sub/app.py:app", id="file-in-the-current-folder"),
        pytest.param(("app",), "x/app.py", FLASK, "/project/sub/x/app.py", id="file-without-name"),
        pytest.param(("app",), "x/shop", FLAG, "/project/sub/x/shop", id="folder"),
        pytest.param(("app",), "~/app.py:app", BASE, "/home/me/app.py:app", id="file-at-home"),
        pytest.param(("app",), "app.py:make('a/b')", FLAG, "/project/sub/app.py:make('a/b')", id="only-the-path-part"),
        pytest.param(("app",), "shop:make('a/b.py')", FLAG, "shop:make('a/b.py')", id="slash-in-an-argument"),
        pytest.param(("app",), "C:\\x.py:app", FLAG, "/project/sub/C:\\x.py:app", id="drive-letter"),
    ],
)
def test_anchored(key: tuple[str, ...], value: object, origin: Origin, expected: object) -> None:
    assert anchor(key, value, origin) == expected


def test_root_itself_as_current_folder_leaves_the_app_alone() -> None:
    merged = merge([Layer(FLAG.source, "", (Entry(("app",), "app.py:app", FLAG),))])
    assert anchored(merged, schema.by_key(), Folders("/p", "/p", ""))[("app",)] == "app.py:app"
