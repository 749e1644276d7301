"""Command lines are cut as a shell cuts them."""

from __future__ import annotations

from typing import Any

import pytest

from launcher.cli.shell_words import command_of, commands


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("gunicorn m:app", [("gunicorn m:app", {}, "")], id="plain"),
        pytest.param("a x; b && c || d | e", [(w, {}, "") for w in ("a x", "b", "c", "d", "e")], id="separators"),
        pytest.param("a;b", [("a", {}, ""), ("b", {}, "")], id="separator-without-blanks"),
        pytest.param("A=1 B='x y' run", [("run", {"A": "1", "B": "x y"}, "")], id="variables"),
        pytest.param("export A=1; run", [("run", {"A": "1"}, "")], id="export"),
        pytest.param("cd backend && run", [("run", {}, "backend")], id="folder"),
        pytest.param("cd a && cd b && run", [("run", {}, "a/b")], id="folders"),
        pytest.param("run \\\n  now", [("run now", {}, "")], id="continued-line"),
        pytest.param("run # not now", [("run", {}, "")], id="comment"),
        pytest.param("run a#b", [("run a#b", {}, "")], id="no-comment-in-a-word"),
        pytest.param("run 'a;b'", [("run a;b", {}, "")], id="quotes"),
        pytest.param("sh -c 'cd web && A=1 run'", [("run", {"A": "1"}, "web")], id="shell-in-a-shell"),
        pytest.param("run 'x", [], id="quotes-do-not-match"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_commands(text: str, found: Any) -> None:
    assert [(" ".join(one.words), dict(one.env), one.folder.removeprefix("./")) for one in commands(text)] == found


def test_words_of_a_list_are_not_split() -> None:
    assert command_of(["run", "a;b"])[0].words == ("run", "a;b")
