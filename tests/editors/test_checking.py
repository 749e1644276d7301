"""What editors underline in settings files: what is wrong, where it is, and nothing else."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
import tomli

from launcher.cli.main import run
from tests.architecture.source import ROOT
from tests.editors.conftest import CHECKERS, SCHEMAS, write_files

HEAD = 2
"""Lines that are put in front of a text: the one that names the schema, and the empty one that it needs."""

# What is wrong with one value alone. The rest needs other files, the environment, or more than types.
FOUND_BY_A_SCHEMA = {"unknown-key", "wrong-place", "wrong-type", "bad-choice", "out-of-range"}
NOT_SEEN = {
    "decimal-is-no-whole-number-in-a-file": "in JSON Schema 5000.0 is a whole number",
    "unset-of-an-unknown-key-is-an-error": "a list of keys is a list of texts to the schema",
}


def is_toml(text: str) -> bool:
    try:
        tomli.loads(text)
    except ValueError:
        return False
    return True


def corpus() -> tuple[dict[str, str], dict[str, set[tuple[int, int]]]]:
    """Return the settings files of the corpus by a name for each, and where those are wrong that a schema can judge."""
    texts, wrong = {}, {}
    for path in sorted((ROOT / "tests/config/corpus").glob("*.toml")):
        for case in tomli.loads(path.read_text(encoding="utf-8"))["case"]:
            told = [item if isinstance(item, str) else item["at"] for item in case.get("errors", ())]
            for file, text in case.get("files", {}).items():
                if not file.endswith(".toml") or file.endswith("pyproject.toml") or not is_toml(text):
                    continue
                places = [re.fullmatch(rf"(\S+) {re.escape(file)}:(\d+):(\d+)", item) for item in told]
                found = {(int(match[2]) + HEAD, int(match[3])) for match in places if match}
                judged = all(match[1] in FOUND_BY_A_SCHEMA for match in places if match)
                if case["name"].partition(" ")[0] in NOT_SEEN or not judged or (told and not found):
                    continue
                kind = "profile" if file.startswith("profiles/") else "project"
                name = f"{len(texts)}-{path.stem}-{re.sub('[^a-z0-9]+', '-', case['name'])[:60]}.toml"
                texts[name] = f"#:schema ./{SCHEMAS[kind]}\n\n{text}"
                wrong[name] = found
    return texts, wrong


def test_corpus_is_judged_as_we_judge_it(checker: str, tmp_path: Path) -> None:
    texts, wrong = corpus()
    write_files(tmp_path, texts)
    found = CHECKERS[checker](tmp_path, list(texts))
    assert len([name for name in texts if not wrong[name]]) > 100
    assert {name: places for name, places in found.items() if places and not wrong[name]} == {}
    assert {name for name in texts if wrong[name] and not found[name]} == set()


def test_each_mistake_is_underlined_on_its_line(checker: str, tmp_path: Path) -> None:
    texts, wrong = corpus()
    write_files(tmp_path, texts)
    judged = [name for name in texts if wrong[name]]
    assert len(judged) > 20
    found = CHECKERS[checker](tmp_path, judged)
    missed = {name: wrong[name] for name in judged if not lines(wrong[name]) <= lines(found[name])}
    assert missed == {}
    if checker == "tombi":  # Taplo underlines the rest of the table as well
        assert {name: lines(places) for name, places in found.items()} == {n: lines(wrong[n]) for n in judged}


def lines(places: set[tuple[int, int]]) -> set[int]:
    return {line for line, _ in places}


def examples() -> dict[str, str]:
    """Return the settings files that the project itself holds or shows: its own, and those of its pages."""
    found = {path.name: path.read_text(encoding="utf-8") for path in [ROOT / "devserver.toml"]}
    for path in [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md"]:
        text = path.read_text(encoding="utf-8")
        fenced = re.findall(r"^```toml\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
        shown = re.findall(r"^    \$ cat devserver\S*\n((?:(?:    .*)?\n)*?)(?=    \$|\S)", text, flags=re.MULTILINE)
        for number, block in enumerate([*fenced, *(re.sub(r"^    ", "", part, flags=re.MULTILINE) for part in shown)]):
            found[f"{path.stem}-{number}.toml"] = block
    return found


def test_examples_are_right(checker: str, tmp_path: Path) -> None:
    """Excerpts of pyproject.toml have tables of other programs, and excerpts without [base] stand in one."""
    own = {name: text for name, text in examples().items() if re.search(r"(?m)^(\[base|\[profiles)", text)}
    assert len(own) > 10
    texts = {
        name: f"#:schema ./{SCHEMAS['project']}\n\n{re.sub(r'^#:schema.*', '', text)}" for name, text in own.items()
    }
    write_files(tmp_path, texts)
    assert {name: places for name, places in CHECKERS[checker](tmp_path, list(texts)).items() if places} == {}


PROJECTS = {
    "nothing": {},
    "flaskenv": {".flaskenv": "FLASK_APP=shop:create_app\nFLASK_RUN_PORT=8000\nSTRIPE_KEY=sk\nNAME='a \"b\" \\\\'\n"},
    "procfile": {"Procfile": "web: gunicorn 'blog.wsgi:make_app()'\n"},
    "vscode": {".vscode/launch.json": '{"configurations": [{"module": "flask", "env": {"FLASK_APP": "a", "X": "1"}}]}'},
}


@pytest.mark.parametrize("files", PROJECTS.values(), ids=PROJECTS)
def test_written_file_names_a_schema_that_is_there(
    checker: str, files: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".git").mkdir()
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert run(["init"], {}, io.StringIO(), io.StringIO()) == 0
    path = tmp_path / "devserver.toml"
    written = path.read_text(encoding="utf-8")
    first, empty = written.split("\n")[:2]
    assert first.startswith("#:schema ./")
    assert empty == ""
    assert (tmp_path / first.partition("./")[2]).is_file()
    assert CHECKERS[checker](tmp_path, [path.name]) == {path.name: set()}
    path.write_text(f"{written}\n[profiles.web]\nloading = 'egar'\n", encoding="utf-8")
    assert lines(CHECKERS[checker](tmp_path, [path.name])[path.name]) == {written.count("\n") + 3}
