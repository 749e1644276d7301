"""The dialect of .env files: what is read, what is expanded, what is refused."""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from launcher.config.sources.envfile import EnvFile, expand, read_files, read_pairs


def read(text: str, shell: dict[str, str] | None = None, below: dict[str, str] | None = None) -> EnvFile:
    return read_pairs("/p/.env", text, shell or {}, below or {})


@pytest.mark.parametrize(
    ("text", "values"),
    [
        pytest.param("A=1", {"A": "1"}, id="plain"),
        pytest.param("A=", {"A": ""}, id="empty"),
        pytest.param("export A=1", {"A": "1"}, id="export"),
        pytest.param("  A = 1  ", {"A": "1"}, id="spaces"),
        pytest.param("A=1 # comment", {"A": "1"}, id="comment-after-value"),
        pytest.param("A=1#2", {"A": "1#2"}, id="hash-inside"),
        pytest.param("# A=1\n\nB=2", {"B": "2"}, id="comment-line"),
        pytest.param('A="x y"', {"A": "x y"}, id="double-quotes"),
        pytest.param("A='x y'", {"A": "x y"}, id="single-quotes"),
        pytest.param('A="x\\ny"', {"A": "x\ny"}, id="escape"),
        pytest.param('A="x\ny"\nB=1', {"A": "x\ny", "B": "1"}, id="several-lines"),
        pytest.param("A=1\r\nB=2\r\n", {"A": "1", "B": "2"}, id="crlf"),
        pytest.param("A=1\nA=2", {"A": "2"}, id="last-one-counts"),
        pytest.param("a.b-c=1", {"a.b-c": "1"}, id="dots-and-dashes-in-names"),
        pytest.param(
            "LDAP_URL=x\nPATHS=y\nPYTHONUNBUFFERED=1",
            {"LDAP_URL": "x", "PATHS": "y", "PYTHONUNBUFFERED": "1"},
            id="names-that-only-look-dangerous",
        ),
        pytest.param("A=1\nB=${A}2", {"A": "1", "B": "12"}, id="reference-to-a-line-above"),
        pytest.param("B=1\nA='${B} $$'", {"B": "1", "A": "1 $$"}, id="references-in-single-quotes"),
        pytest.param('A="$B $$ ${C:-d}"', {"A": "$B $$ d"}, id="references-in-double-quotes"),
        pytest.param("A=pa$$word", {"A": "pa$$word"}, id="dollars-stay"),
        pytest.param("A\nB=${A:-x}", {"B": ""}, id="reference-to-a-name-without-value"),
    ],
)
def test_values(text: str, values: dict[str, str]) -> None:
    assert {pair.name: pair.text for pair in read(text).pairs} == values


@pytest.mark.parametrize(
    ("text", "known", "expanded"),
    [
        pytest.param("${X}", {"X": "1"}, "1", id="known"),
        pytest.param("${X}", {}, "", id="unknown-is-nothing"),
        pytest.param("a${X}b${X}", {"X": "1"}, "a1b1", id="several"),
        pytest.param("${X:-d}", {}, "d", id="default"),
        pytest.param("${X:-d}", {"X": ""}, "", id="empty-is-no-reason-for-the-default"),
        pytest.param("${X:-d}", {"X": "1"}, "1", id="default-not-needed"),
        pytest.param("${X:-}", {}, "", id="empty-default"),
        pytest.param("${X:-a:b}", {}, "a:b", id="colon-in-default"),
        pytest.param("${X:?why}", {"X": "1"}, "${X:?why}", id="insisting-stays"),
        pytest.param("$$", {}, "$$", id="dollars"),
        pytest.param("$${X}", {"X": "1"}, "$1", id="dollar-before-reference"),
        pytest.param("$X $ a$", {"X": "1"}, "$X $ a$", id="other-dollars-stay"),
        pytest.param("${X", {"X": "1"}, "${X", id="unclosed-stays"),
    ],
)
def test_expand(text: str, known: dict[str, str], expanded: str) -> None:
    assert expand(text, known) == expanded


@given(st.text(alphabet=st.characters(exclude_characters="$")))
def test_text_without_dollar_is_left_alone(text: str) -> None:
    assert expand(text, {}) == text


def test_reference_prefers_the_file_then_the_shell_then_lower_files() -> None:
    found = read("A=file\nB=${A}${S}${D}", {"A": "shell", "S": "shell"}, {"A": "lower", "S": "lower", "D": "lower"})
    assert found.pairs[1].text == "fileshelllower"


@pytest.mark.parametrize(
    ("text", "slug", "message", "line", "column"),
    [
        pytest.param(
            "A=1\nDATABASE URL=x", "dotenv-syntax", "a variable name cannot contain a space", 2, 9, id="space"
        ),
        pytest.param('A="x\nB=1', "dotenv-syntax", "the quote of A is never closed", 1, 3, id="unclosed-quote"),
        pytest.param('A="x" y', "dotenv-syntax", "there is text after the closing quote of A", 1, 3, id="after-quote"),
        pytest.param("=x", "dotenv-syntax", "this line is not NAME=value", 1, 2, id="no-name"),
        pytest.param("1A=x", "dotenv-syntax", "`1A` is not a name for a variable", 1, 4, id="digit-first"),
        pytest.param("A=\0", "dotenv-syntax", "the value of A contains a NUL character", 1, 3, id="nul"),
    ],
)
def test_what_python_dotenv_would_skip_is_an_error(text: str, slug: str, message: str, line: int, column: int) -> None:
    (finding,) = [item for item in read(text).findings if not item.warning]
    assert (finding.slug, finding.message) == (slug, message)
    assert finding.origin is not None
    assert (finding.origin.line, finding.origin.column) == (line, column)


@pytest.mark.parametrize(
    "name",
    ["LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONINSPECT", "BASH_ENV", "GIT_SSH", "GIT_SSH_COMMAND"],
)  # fmt: skip
def test_names_that_load_code_are_refused(name: str) -> None:
    found = read(f"{name}=evil")
    assert found.pairs == ()
    assert [(finding.slug, finding.warning) for finding in found.findings] == [("dotenv-refused", False)]
    assert "evil" not in found.findings[0].message + found.findings[0].hint


@pytest.mark.parametrize(
    ("text", "slug", "message"),
    [
        pytest.param("NOTHING", "dotenv-syntax", "NOTHING has no value, so it is not set", id="bare-name"),
        pytest.param("export NOTHING", "dotenv-syntax", "NOTHING has no value, so it is not set", id="bare-export"),
        pytest.param("hunter2", "dotenv-syntax", "this line is not NAME=value, so it sets nothing", id="bare-secret"),
        pytest.param("A=${B:?x}", "dotenv-reference", "the reference to B is not replaced", id="insisting"),
        *(
            pytest.param(f"{name}=/x", "dotenv-loads-code", f"{name} in a .env file can make other programs load code", id=name)
            for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONPATH", "PYTHONWARNINGS", "PATH", "BROWSER", "NODE_OPTIONS")
        ),
    ],
)  # fmt: skip
def test_line_that_is_kept_with_a_warning(text: str, slug: str, message: str) -> None:
    found = read(text)
    assert [(item.slug, item.message, item.warning) for item in found.findings] == [(slug, message, True)]
    kept = {name: text for name, text in dotenv_values(stream=io.StringIO(text)).items() if text is not None}
    assert {pair.name: pair.text for pair in found.pairs} == kept


def test_second_definition_is_a_warning_that_shows_both() -> None:
    (finding,) = read("A=1\nB=2\nA=3").findings
    assert (finding.slug, finding.warning) == ("dotenv-duplicate", True)
    assert finding.origin is not None
    assert (finding.origin.line, finding.others[0][1].line) == (3, 1)


def test_origin_has_line_and_column_of_the_value() -> None:
    origins = [pair.origin for pair in read("\n# x\n\n  export A = 'x'\nB=2").pairs]
    assert [(origin.line, origin.column, origin.name) for origin in origins] == [(4, 14, "A"), (5, 3, "B")]


def test_files_build_on_each_other(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("A=1\n")
    (tmp_path / "b").write_text("B=${A}2\n")
    (tmp_path / "c").write_bytes(b"\xff\xfeA\0")
    read_, findings = read_files([str(tmp_path / name) for name in "abc"], {})
    assert [[pair.text for pair in file.pairs] for file in read_] == [["1"], ["12"]]
    assert [finding.slug for finding in findings] == ["encoding"]


LINES = st.lists(
    st.one_of(
        st.builds(
            lambda name, value: f"{name}={value}",
            st.from_regex(r"[A-Z_][A-Z0-9_]{0,5}", fullmatch=True),
            st.from_regex(r"[a-z0-9 #'\"\\${}:?A-C-]{0,12}", fullmatch=True),
        ),
        st.from_regex(r"[A-Z =#'\"]{0,8}", fullmatch=True),
    ),
    max_size=6,
)


@given(LINES)
def test_law_same_values_as_python_dotenv_or_an_error(lines: list[str]) -> None:
    """Where we find nothing wrong, python-dotenv reads the same."""
    text = "\n".join(lines)
    found = read(text)
    if not [finding for finding in found.findings if not finding.warning]:
        values = dotenv_values(stream=io.StringIO(text))
        assert {pair.name: pair.text for pair in found.pairs} == {n: v for n, v in values.items() if v is not None}


def test_bare_name_takes_back_the_value_above() -> None:
    found = read("A=1\nB=2\nA\n")
    assert [(pair.name, pair.text) for pair in found.pairs] == [("B", "2")]


def test_references_that_double_each_other_fill_no_memory() -> None:
    lines = ["A0=" + "x" * 1000, *(f"A{number}=${{A{number - 1}}}${{A{number - 1}}}" for number in range(1, 40))]
    found = read_pairs("/p/.env", "\n".join(lines) + "\n", {}, {})
    assert sum(len(pair.text) for pair in found.pairs) < 3 << 20
    assert found.findings
    assert {finding.slug for finding in found.findings} == {"dotenv-reference"}


def test_a_reference_that_is_never_closed_stands_for_itself() -> None:
    assert expand("${A:-" * 3 + "$$", {}) == "${A:-" * 3 + "$$"


def test_folder_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    assert read_files([str(tmp_path / ".env")], {}) == ([], [])


def test_named_pipe_is_read_once(tmp_path: Path) -> None:
    pipe = tmp_path / ".env"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("A=1\n" + "#" * 50_000,))
    writer.start()
    for _ in range(3):
        (found,), findings = read_files([str(pipe)], {})
        assert [pair.text for pair in found.pairs] == ["1"]
        assert findings == []
    writer.join()


def test_inherited_descriptor_is_read_once() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"A=1\n")
    os.close(writing)
    for _ in range(2):
        (found,), _ = read_files([f"/dev/fd/{reading}"], {})
        assert [pair.text for pair in found.pairs] == ["1"]
    os.close(reading)


def test_pipe_without_writer_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("launcher.config.sources.envfile._PIPE_SECONDS", 0)
    os.mkfifo(tmp_path / ".env")
    found, (finding,) = read_files([str(tmp_path / ".env")], {})
    assert found == []
    assert "it is a pipe" in finding.message
