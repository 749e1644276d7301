"""The texts that `launch init` writes."""

from __future__ import annotations

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from launcher.cli.discovery import Discovery, Item
from launcher.cli.scaffold import SCHEMA_FILE, difference, ignored_text, planned, settings_text, toml


def test_settings_stand_in_the_order_of_the_schema_with_their_sources() -> None:
    found = Discovery(
        settings={
            "port": Item(8000, ".flaskenv:2"),
            "app": Item("shop", "Procfile:1"),
            "reload.include": Item(("a",), "x"),
        },
        variables={"B": Item("b", "x:1"), "A KEY": Item("k", "x:2", secret=True)},
        others=[Item("shop:create_app", "shop.py:1"), Item("other:app", "other.py:2")],
    )
    assert settings_text(found).splitlines()[4:] == [
        "[base]",
        'app = "shop"  # Procfile:1',
        "port = 8000  # .flaskenv:2",
        'reload.include = ["a"]  # x',
        '# app = "other:app"  # other.py:2',
        "",
        "[base.env]",
        '"A KEY" = { required = "put it in .env.local (it was in x:2)", secret = true }',
        'B = "b"  # x:1',
    ]


def test_first_line_is_for_editors_and_a_blank_one_follows() -> None:
    assert settings_text(Discovery()).splitlines()[:2] == [f"#:schema ./{SCHEMA_FILE}", ""]


def test_nothing_found_is_still_a_file() -> None:
    assert tomli.loads(settings_text(Discovery())) == {"base": {}}


def test_a_host_that_others_can_reach_is_only_offered() -> None:
    text = settings_text(Discovery(settings={"host": Item("0.0.0.0", "x")}))
    assert tomli.loads(text) == {"base": {}}
    assert '# host = "0.0.0.0"  # x' in text


@given(st.text(max_size=20))
def test_any_text_is_written_as_toml(text: str) -> None:
    assert tomli.loads(f"a = {toml(text)}") == {"a": text}


GITIGNORES = pytest.mark.parametrize(
    ("before", "added"),
    [
        pytest.param("", ["devserver.local.toml", ".env*.local", ".launch/tls/"], id="none"),
        pytest.param("*.pyc", ["devserver.local.toml", ".env*.local", ".launch/tls/"], id="no-newline-at-the-end"),
        pytest.param("/devserver.local.toml\n.env*.local\n", [".launch/tls/"], id="some"),
        pytest.param("devserver.local.toml\n.env*.local\n.launch/tls\n", [], id="all"),
    ],
)


@GITIGNORES
def test_gitignore_keeps_its_line_ends(before: str, added: list[str]) -> None:
    after = ignored_text(before.replace("\n", "\r\n") + "\r\n")
    assert after.count("\n") == after.count("\r\n")
    assert after.endswith("".join(f"{line}\r\n" for line in added))


@GITIGNORES
def test_gitignore_gets_what_it_lacks(before: str, added: list[str]) -> None:
    after = ignored_text(before)
    assert after.startswith(before)
    new = after[len(before) :].strip().splitlines()
    assert new[1:] == added
    assert ignored_text(after) == after


def test_what_is_there_stays() -> None:
    assert list(planned(Discovery(), "{}", {})) == ["devserver.toml", SCHEMA_FILE, ".gitignore"]
    assert list(planned(Discovery(), "{}", {SCHEMA_FILE: "x"})) == ["devserver.toml", ".gitignore"]


def test_difference() -> None:
    assert difference("f", None, "a\n") == ["--- /dev/null", "+++ b/f", "@@ -0,0 +1 @@", "+a"]
    assert difference("f", "a\n", "a\nb\n") == ["--- a/f", "+++ b/f", "@@ -1 +1,2 @@", " a", "+b"]
