"""What a shell is told about the word at the cursor."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from launcher.cli.complete import SHELLS, Place, answer, read_words
from launcher.cli.root import command_names
from tests.architecture.test_imports import loaded, unwanted

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "devserver.toml": "[base.env]\nAPI_KEY = 'x'\n[profiles.lan]\ndescription = \"phones\\tand\\u001b[31m tablets\"\n[profiles._hidden]\n",
    "devserver.local.toml": "[profiles.mine]\n",
    "profiles/eager.toml": "description = 'all at once'\n",
    "profiles/broken.toml": "=",
}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / ".git").mkdir()
    (tmp_path / "profiles").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return Place(str(tmp_path), "", {})


def words_at(place: Place, line: str) -> list[str]:
    """Return the words offered at the end of a line; a kind that the shell completes stands in angle brackets."""
    found = [told.split("\t") for told in answer(line.split(" ")[1:], read_words(), place)]
    return [word if kind == "plain" else f"<{kind}>" for kind, word, _ in found]


PROFILES = ["lan", "mine", "broken", "eager"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        pytest.param("launch ", command_names(), id="commands"),
        pytest.param("launch ex", ["exec", "explain"], id="beginning-of-a-command"),
        pytest.param("launch --v", ["--version"], id="flag-of-launch-itself"),
        pytest.param("launch dev --prof", ["--profile"], id="flag"),
        pytest.param("launch dev --no-re", ["--no-reload"], id="flag-that-switches-off"),
        pytest.param("launch check --profile ", PROFILES, id="profiles"),
        pytest.param("launch check --profile e", ["eager"], id="beginning-of-a-profile"),
        pytest.param("launch check --profile = e", ["eager"], id="as-bash-splits-it"),
        pytest.param("launch check --profile =", PROFILES, id="as-bash-splits-it-without-a-value"),
        pytest.param("launch check --profile=e", ["--profile=eager"], id="in-one-word"),
        pytest.param("launch profiles ", ["diff"], id="diff"),
        pytest.param("launch profiles diff ", PROFILES, id="one-side"),
        pytest.param("launch profiles diff lan m", ["mine"], id="other-side"),
        pytest.param("launch profiles diff lan mine ", [], id="no-third-side"),
        pytest.param("launch explain por", ["port"], id="key"),
        pytest.param("launch explain env.", ["env.API_KEY"], id="variable"),
        pytest.param("launch explain --profile lan por", ["port"], id="key-behind-a-flag"),
        pytest.param("launch explain port ", [], id="one-key-only"),
        pytest.param("launch dev --set por", ["port="], id="assignment"),
        pytest.param("launch dev --unset tls.a", ["tls.adhoc"], id="unset"),
        pytest.param("launch dev --loading e", ["eager"], id="choice-of-a-setting"),
        pytest.param("launch dev --color ", ["auto", "always", "never"], id="choice-of-a-flag"),
        pytest.param("launch dev --allowed-host ", [], id="nothing-to-offer"),
        pytest.param("launch dev --cert ", ["<file>"], id="file"),
        pytest.param("launch dev ", ["<file>"], id="app"),
        pytest.param("launch completion ", list(SHELLS), id="shells"),
        pytest.param("launch help err", ["error"], id="help"),
        pytest.param("launch help error wrong-t", ["wrong-type"], id="errors"),
        pytest.param("launch exec ", ["<command>"], id="command-to-run"),
        pytest.param("launch exec -- ", ["<command>"], id="command-after-the-dashes"),
        pytest.param("launch exec --profile l", ["lan"], id="flag-before-the-command"),
        pytest.param("launch exec -- flask --ap", ["<file>"], id="words-of-the-command"),
        pytest.param("launch exec flask --profile ", ["<file>"], id="words-of-the-command-without-dashes"),
        pytest.param("launch nope ", command_names(), id="unknown-command"),
    ],
)
def test_offered(place: Place, line: str, words: list[str]) -> None:
    assert words_at(place, line) == words


def test_descriptions_are_one_line_that_a_terminal_cannot_act_on(place: Place) -> None:
    lines = answer(["check", "--profile", ""], read_words(), place)
    assert lines[:2] == ["plain\tlan\tphones and [31m tablets", "plain\tmine\t"]
    assert answer(["explain", "port"], read_words(), place)[0].startswith("plain\tport\tPort to listen on")


def test_a_broken_project_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "devserver.toml").write_text("[base\n", encoding="utf-8")
    assert answer(["check", "--profile", ""], read_words(), Place(str(tmp_path), "", {})) == []


def test_named_file_counts(place: Place, tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("[profiles.other]\n", encoding="utf-8")
    named = Place(place.cwd, "", {"LAUNCH_CONFIG": str(tmp_path / "other.toml")})
    assert "other" in words_at(named, "launch check --profile ")


@pytest.mark.parametrize("line", [["check", "--profile", ""], ["explain", "p"], ["dev", "--"]], ids=" ".join)
def test_is_light(line: list[str]) -> None:
    program = (
        "import json, os, sys\n"
        "from launcher.cli.main import run\n"
        f"assert run({line!r}, {{'_LAUNCH_COMPLETE': 'bash'}}, sys.stdout, sys.stderr) == 0\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    heavy = {
        "click",
        "pydantic",
        "werkzeug",
        "watchfiles",
        "dotenv",
        "launcher.config.schema",
        "launcher.supervisor",
        "typing_extensions",
    }
    names = loaded("-c", program)
    assert unwanted(names, heavy) == set()
    assert "launcher.cli.complete" in json.loads(json.dumps(sorted(names)))
