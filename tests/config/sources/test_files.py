"""Finding the project, and reading its files within limits."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from launcher.config.layer import Origin, Source
from launcher.config.sources import files

ORIGIN = Origin(Source.BASE, file="/p/devserver.toml")


def make(root: Path, tree: dict[str, str]) -> None:
    for name, text in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir(exist_ok=True)
        else:
            path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("tree", "cwd", "root", "file"),
    [
        pytest.param({"devserver.toml": ""}, ".", ".", "devserver.toml", id="here"),
        pytest.param({"devserver.toml": "", "a/b/x": ""}, "a/b", ".", "devserver.toml", id="above"),
        pytest.param({"devserver.toml": "", "a/devserver.toml": ""}, "a", "a", "a/devserver.toml", id="nearest-wins"),
        pytest.param({"devserver.toml": "", "a/.git/x": ""}, "a", "a", "", id="stops-at-repository"),
        pytest.param(
            {".git/x": "", "devserver.toml": "", "a/x": ""}, "a", ".", "devserver.toml", id="root-of-repository-counts"
        ),
        pytest.param({"devserver.toml": "", "a/.git": "gitdir: x"}, "a", "a", "", id="worktree-is-a-repository"),
        pytest.param({"devserver.toml": "", "a/.hg/x": ""}, "a", "a", "", id="mercurial"),
        pytest.param({"pyproject.toml": "[tool.launch.base]\nport = 1"}, ".", ".", "pyproject.toml", id="pyproject"),
        pytest.param(
            {"pyproject.toml": "[tool]\nlaunch = {base = {port = 1}}"},
            ".",
            ".",
            "pyproject.toml",
            id="pyproject-inline",
        ),
        pytest.param({"pyproject.toml": "[tool.black]\n", "a/x": ""}, "a", "a", "", id="pyproject-of-others"),
        pytest.param(
            {"pyproject.toml": "[tool.black]\n# tool.launch\n"}, ".", ".", "", id="pyproject-that-only-mentions-us"
        ),
        pytest.param(
            {"pyproject.toml": "[tool.launch]\n", "devserver.toml": ""},
            ".",
            ".",
            "devserver.toml",
            id="devserver-before-pyproject",
        ),
        pytest.param(
            {"devserver.toml": "", "a/pyproject.toml": "[tool.launch]\n"},
            "a",
            "a",
            "a/pyproject.toml",
            id="nearer-pyproject-wins",
        ),
        pytest.param({}, ".", ".", "", id="nothing"),
        pytest.param(
            {"devserver.toml": "", "home/devserver.toml": "", "home/a/x": ""},
            "home/a",
            "home",
            "home/devserver.toml",
            id="home-counts",
        ),
        pytest.param({"devserver.toml": "", "home/a/x": ""}, "home/a", "home/a", "", id="stops-at-home"),
    ],
)
def test_find_project(tmp_path: Path, tree: dict[str, str], cwd: str, root: str, file: str) -> None:
    make(tmp_path / "top" / ".git", {"x": ""})
    top = tmp_path / "top"
    make(top, tree)
    project, findings = files.find_project(os.path.normpath(top / cwd), str(top / "home"))
    assert findings == []
    assert project.root == os.path.normpath(top / root)
    assert project.file == (os.path.normpath(top / file) if file else "")
    assert project.table == (("tool", "launch") if file.endswith("pyproject.toml") else ())


def test_walk_stops_before_a_folder_of_somebody_else(tmp_path: Path) -> None:
    make(tmp_path, {"devserver.toml": "", "a/b/x": ""})
    try:
        os.chown(tmp_path / "a", 65534, 65534)
        os.chown(tmp_path / "a" / "b", 65534, 65534)
    except PermissionError:
        pytest.skip("only root can give files away")
    assert files.find_project(str(tmp_path / "a" / "b"), "")[0].file == ""


def test_broken_pyproject_that_speaks_of_us_is_told(tmp_path: Path) -> None:
    make(tmp_path, {"pyproject.toml": "[tool.launch]\nport = \n"})
    _, (finding,) = files.find_project(str(tmp_path), "")
    assert finding.slug == "toml-syntax"


@pytest.mark.parametrize(
    ("config", "table"),
    [("conf/dev.toml", ()), ("conf/pyproject.toml", ("tool", "launch"))],
)
def test_named_file_is_the_project(tmp_path: Path, config: str, table: tuple[str, ...]) -> None:
    project, _ = files.find_project(str(tmp_path), "", config)
    assert (project.root, project.file, project.table) == (str(tmp_path / "conf"), str(tmp_path / config), table)


def test_read_document_below_a_table(tmp_path: Path) -> None:
    make(tmp_path, {"pyproject.toml": "[tool.launch.base]\nport = 1"})
    document, findings = files.read_document(str(tmp_path / "pyproject.toml"), ("tool", "launch"))
    assert findings == []
    assert document == files.Document(str(tmp_path / "pyproject.toml"), {"base": {"port": 1}}, ("tool", "launch"))


def test_missing_file_is_no_finding(tmp_path: Path) -> None:
    assert files.read_document(str(tmp_path / "devserver.toml")) == (None, [])


@pytest.mark.parametrize(
    ("raw", "slug", "message"),
    [
        pytest.param(b"\xef\xbb\xbfa = 1", "", "", id="byte-order-mark-is-stripped"),
        pytest.param("a = 'ü'".encode(), "", "", id="utf-8"),
        pytest.param(b"a = 1\nb = '\xfc'", "encoding", "x.toml is not UTF-8 (byte 0xFC in line 2)", id="latin-1"),
        pytest.param(
            "a = 1".encode("utf-16"), "encoding", "x.toml is UTF-16, expected UTF-8 (first bytes FF FE)", id="utf-16"
        ),
        pytest.param(b"#" * 65536, "", "", id="at-the-limit"),
        pytest.param(b"#" * 65537, "too-large", "x.toml has 65537 bytes, the limit is 65536", id="above-the-limit"),
    ],
)
def test_read_text(tmp_path: Path, raw: bytes, slug: str, message: str) -> None:
    (tmp_path / "x.toml").write_bytes(raw)
    text, findings = files.read_text(str(tmp_path / "x.toml"))
    assert [(finding.slug, finding.message) for finding in findings] == ([(slug, message)] if slug else [])
    assert (text is None) == bool(slug)
    assert text is None or not text.startswith("\ufeff")


@pytest.mark.parametrize("kind", ["fifo", "folder", "device"])
def test_only_regular_files_are_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "devserver.toml"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")
    text, (finding,) = files.read_text(str(path))
    assert (text, finding.slug) == (None, "unreadable")


def test_a_pipe_that_is_called_pyproject_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pyproject.toml")
    assert files._has_our_table(str(tmp_path / "pyproject.toml")) == (False, [])


def test_sparse_giant_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "devserver.toml"
    with path.open("wb") as stream:
        stream.truncate(1 << 30)
    assert files.read_text(str(path))[1][0].slug == "too-large"


@pytest.mark.parametrize(
    ("text", "what", "line"),
    [
        pytest.param("a = " + "[" * 65 + "]" * 65, "lists and tables are nested more than 64 deep", 1, id="lists"),
        pytest.param("x = 1\na = " + "{a = " * 65, "lists and tables are nested more than 64 deep", 2, id="tables"),
        pytest.param("[" * 60000, "lists and tables are nested more than 64 deep", 1, id="unclosed"),
        pytest.param("\n\n" + ".".join("a" * 33) + " = 1", "a key has more than 32 parts", 3, id="key"),
        pytest.param("[" + ".".join("a" * 33) + "]", "a key has more than 32 parts", 1, id="header"),
        pytest.param(".".join(['"a"'] * 33) + " = 1", "a key has more than 32 parts", 1, id="quoted-key"),
        pytest.param(
            's = """\n\n"""\n' + ".".join("a" * 33) + " = 1",
            "a key has more than 32 parts",
            4,
            id="line-after-long-text",
        ),
    ],
)
def test_limits_are_checked_before_the_parser(text: str, what: str, line: int) -> None:
    data, (finding,) = files.parse_toml(text, ORIGIN)
    assert data is None
    assert (finding.slug, finding.message) == ("too-deep", what)
    assert finding.origin is not None
    assert finding.origin.line == line


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a = " + "[" * 64 + "]" * 64, id="lists-at-the-limit"),
        pytest.param(".".join("a" * 32) + " = 1", id="key-at-the-limit"),
        pytest.param('a = "' + "[" * 100 + '"', id="brackets-in-text"),
        pytest.param("a = '" + "." * 100 + "'", id="dots-in-text"),
        pytest.param('a = """' + "[\n" * 100 + '"""', id="brackets-in-long-text"),
        pytest.param("a = '''" + "[.\n" * 100 + "'''", id="brackets-in-long-literal"),
        pytest.param('a = "\\"' + "[" * 100 + '"', id="escaped-quote"),
        pytest.param("# " + "[." * 100, id="comment"),
        pytest.param("a = [\n" + "1.5,\n" * 100 + "]", id="many-numbers"),
        pytest.param("\n".join("[t" + str(n) + "]" for n in range(100)), id="many-tables"),
    ],
)
def test_limits_let_ordinary_files_pass(text: str) -> None:
    assert files.parse_toml(text, ORIGIN)[1] == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('a = "' + "\\" * 60000, id="backslashes"),
        pytest.param('"""' * 20000, id="triple-quotes"),
        pytest.param("'''a" * 15000, id="triple-literals"),
        pytest.param('""' * 30000, id="double-quotes"),
        pytest.param("a." * 30000, id="dots"),
        pytest.param("a = " + "9" * 60000, id="digits"),
        pytest.param("a = 0x" + "9f" * 3000, id="hexadecimal-digits"),
        pytest.param("[" * 30000 + "]" * 30000, id="brackets"),
    ],
)
def test_hostile_text_is_refused_quickly(text: str) -> None:
    started = time.process_time()
    data, findings = files.parse_toml(text, ORIGIN)
    assert (data, len(findings)) == (None, 1)
    assert time.process_time() - started < 1


def test_syntax_error_keeps_the_parsers_place_and_reason() -> None:
    _, (finding,) = files.parse_toml("[base]\nhost = localhost\n", ORIGIN)
    assert finding.origin is not None
    assert (finding.slug, finding.origin.line, finding.origin.column) == ("toml-syntax", 2, 8)
    assert finding.cause is not None


def test_table_entries_have_the_way_to_each_value() -> None:
    table = {"port": 1, "tls": {"cert": "c", "more": {}}, "env": {"A": "x", "B": {"value": "y"}}, "list": [{"a": 1}]}
    entries = files.table_entries(table, Origin(Source.BASE, file="/f", path=("base",), profile="p"))
    assert {entry.key: entry.value for entry in entries} == {
        ("port",): 1,
        ("tls", "cert"): "c",
        ("tls", "more"): {},
        ("env", "A"): "x",
        ("env", "B"): {"value": "y"},
        ("list",): [{"a": 1}],
    }
    assert all(
        entry.origin == Origin(Source.BASE, file="/f", path=("base", *entry.key), profile="p") for entry in entries
    )


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        pytest.param("port = 8000", {("port",): 8000}, id="number"),
        pytest.param('host="::1"', {("host",): "::1"}, id="text"),
        pytest.param("reload.include=['a']", {("reload", "include"): ["a"]}, id="dotted"),
        pytest.param('wsgi.static."/a.b" = "x"', {("wsgi", "static", "/a.b"): "x"}, id="quoted-key"),
        pytest.param("tls = {adhoc = true, key = 'k'}", {("tls", "adhoc"): True, ("tls", "key"): "k"}, id="table"),
    ],
)
def test_read_assignment(text: str, entries: dict[tuple[str, ...], object]) -> None:
    found, findings = files.read_assignment(text, Origin(Source.COMMAND_LINE, name="--set", text=text))
    assert findings == []
    assert {entry.key: entry.value for entry in found} == entries


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        pytest.param("host=localhost", "text needs quotes: --set 'host=\"localhost\"'", id="unquoted"),
        pytest.param("host", "write --set KEY=VALUE", id="no-value"),
        pytest.param("", "write --set KEY=VALUE", id="empty"),
    ],
)
def test_wrong_assignment(text: str, hint: str) -> None:
    entries, (finding,) = files.read_assignment(text, Origin(Source.COMMAND_LINE, name="--set", text=text))
    assert (entries, finding.slug, finding.hint) == ([], "set-syntax", hint)


def test_profile_names(tmp_path: Path) -> None:
    make(
        tmp_path, {"profiles/b.toml": "", "profiles/a.toml": "", "profiles/.hidden.toml": "", "profiles/readme.md": ""}
    )
    assert files.profile_names(str(tmp_path)) == ["a", "b"]
    assert files.profile_names(str(tmp_path / "nowhere")) == []
