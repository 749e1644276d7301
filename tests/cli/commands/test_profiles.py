from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Project

FILES = {
    "devserver.toml": """\
[base]
app = "a:b"
[profiles._root]
port = 1
[profiles.lazy]
extends = "_root"
loading = "lazy"
env.API_TOKEN = "one"
""",
    "profiles/eager.toml": """\
description = "Stop at the first error"
loading = "eager"
env.API_TOKEN = "two"
""",
}


@pytest.fixture
def shop(project: Project) -> Project:
    return project.files(FILES)


def test_list(shop: Project) -> None:
    ran = shop.launch("profiles", "--profile", "eager")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "   NAME   FROM                 EXTENDS  CHANGES                 DESCRIPTION\n"
        "   _root  devserver.toml:3:1            port\n    only to be extended\n"
        "   lazy   devserver.toml:5:1   _root    loading, env.API_TOKEN\n"
        "*  eager  profiles/eager.toml           loading, env.API_TOKEN\n    Stop at the first error\n"
    )


def test_columns_without_content_are_left_out(project: Project) -> None:
    project.files({"devserver.toml": "[profiles.one]\nport = 1\n"})
    assert project.launch("profiles").out == "  NAME  FROM                CHANGES\n  one   devserver.toml:1:1  port\n"


def test_no_profiles(project: Project) -> None:
    ran = project.launch("profiles")
    assert ran.code == 0
    assert ran.out.startswith("There are no profiles here.")


def test_diff(shop: Project) -> None:
    ran = shop.launch("profiles", "diff", "lazy", "eager")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "  port           lazy   1        devserver.toml:4:8\n"
        "                 eager  5000     default\n"
        '  loading        lazy   "lazy"   devserver.toml:7:11\n'
        '                 eager  "eager"  profiles/eager.toml:2:11\n'
        "  env.API_TOKEN  lazy   ***      devserver.toml:8:17\n"
        "                 eager  ***      profiles/eager.toml:3:17\n"
    )


def test_diff_with_base(shop: Project) -> None:
    out = shop.launch("profiles", "diff", "base", "eager", LAUNCH_PROFILE="lazy").out
    assert '  loading        (base)  "auto"     default\n' in out
    assert "  env.API_TOKEN  (base)  (not set)\n" in out


def test_diff_with_base_where_it_is_never_used(project: Project) -> None:
    project.files({"devserver.toml": 'default-profile = "one"\n[profiles.one]\nport = 1\n'})
    ran = project.launch("profiles", "diff", "base", "one")
    assert ran.code == 2
    assert "[base] alone is never used in this project" in ran.err


def test_diff_of_the_same(shop: Project) -> None:
    assert shop.launch("profiles", "diff", "lazy", "lazy").out == "No setting and no variable differs.\n"


def test_diff_with_an_unknown_profile(shop: Project) -> None:
    ran = shop.launch("profiles", "diff", "lazy", "egaer")
    assert ran.code == 2
    assert "did you mean `eager`?" in ran.err


@pytest.mark.parametrize("words", [["diff"], ["diff", "one"], ["one"], ["diff", "a", "b", "c"]], ids=" ".join)
def test_other_words_make_no_sense(shop: Project, words: list[str]) -> None:
    ran = shop.launch("profiles", *words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error[usage]: this takes nothing, or `diff` and the names of two profiles\n")
    assert "launch profiles [diff A B]" in ran.err


def test_json(shop: Project) -> None:
    told = json.loads(shop.launch("profiles", "--json").out)
    assert (told["format_version"], told["used"]) == (1, "")
    assert {item["name"]: item["abstract"] for item in told["profiles"]} == {
        "_root": True,
        "lazy": False,
        "eager": False,
    }
    told = json.loads(shop.launch("profiles", "diff", "lazy", "eager", "--json").out)
    assert told["profiles"] == ["lazy", "eager"]
    assert {item["key"]: [side.get("value") for side in item["values"]] for item in told["differences"]} == {
        "port": [1, 5000],
        "loading": ["lazy", "eager"],
        "env.API_TOKEN": [None, None],
    }
