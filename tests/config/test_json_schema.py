"""The schema for editors says about a file what `launch check` says about it."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli

from launcher.config import schema
from launcher.config.json_schema import DIALECT, KINDS, json_schema

jsonschema = pytest.importorskip("jsonschema")

NOT_SEEN = {
    "decimal-is-no-whole-number-in-a-file": "in JSON Schema 5000.0 is a whole number",
    "unset-of-an-unknown-key-is-an-error": "a list of keys is a list of texts to the schema",
}
CORPUS = Path(__file__).parent / "corpus"
# What is wrong with one value alone. The rest needs other files, the environment, or more than types.
FOUND_BY_A_SCHEMA = {"unknown-key", "wrong-place", "wrong-type", "bad-choice", "out-of-range"}


def errors(kind: str, text: str) -> list[str]:
    validator = jsonschema.Draft202012Validator(json_schema(kind, "1"))
    return [error.message for error in validator.iter_errors(tomli.loads(text))]


def is_toml(text: str) -> bool:
    try:
        tomli.loads(text)
    except ValueError:
        return False
    return True


def documents() -> list[object]:
    """Return every settings file of the corpus that is TOML, with the slugs of the errors that its case expects in it."""
    found = []
    for path in sorted(CORPUS.glob("*.toml")):
        for case in tomli.loads(path.read_text(encoding="utf-8"))["case"]:
            if case["name"] in NOT_SEEN:
                continue
            wrong = [item if isinstance(item, str) else item["at"] for item in case.get("errors", ())]
            for name, text in case.get("files", {}).items():
                kind = "profile" if name.startswith("profiles/") else "project"
                slugs = {item.split()[0] for item in wrong if f" {name}" in item}
                if name.endswith(".toml") and not name.endswith("pyproject.toml") and is_toml(text):
                    found.append(pytest.param(kind, text, slugs, id=f"{path.stem}-{case['name']}-{name}"))
    return found


@pytest.mark.parametrize(("kind", "text", "slugs"), documents())
def test_agrees_with_our_own_check(kind: str, text: str, slugs: set[str]) -> None:
    told = errors(kind, text)
    if not slugs:
        assert told == []
    elif slugs <= FOUND_BY_A_SCHEMA:
        assert told != []


@pytest.mark.parametrize("kind", KINDS)
def test_is_a_schema(kind: str) -> None:
    made = json_schema(kind, "1.2")
    assert made["$schema"] == DIALECT
    assert "1.2" in made["$comment"]
    jsonschema.Draft202012Validator.check_schema(made)


@pytest.mark.parametrize("row", schema.settings_table(), ids=lambda row: row.key)
def test_every_setting_has_a_place_with_its_help(row: schema.Setting) -> None:
    made = json_schema("profile", "1")
    part = made
    for name in row.key.split("."):
        part = part["properties"][name]
        if "$ref" in part:
            part = made["$defs"][part["$ref"].rpartition("/")[2]]
    assert part["description"] == row.help


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        pytest.param("project", "[base]\nextends = 'a'\n", id="base-extends-nothing"),
        pytest.param("project", "[profiles.Eager]\n", id="name-in-capitals"),
        pytest.param("project", "port = 1\n", id="setting-at-the-top"),
        pytest.param("profile", "[base]\nport = 1\n", id="table-around-a-profile-file"),
        pytest.param("profile", "[env.A]\nvalue = 'a'\ndefault = 'b'\n", id="two-kinds-of-variable"),
        pytest.param("profile", "[env.A]\nsecret = true\n", id="no-kind-of-variable"),
    ],
)
def test_refuses(kind: str, text: str) -> None:
    assert errors(kind, text) != []
