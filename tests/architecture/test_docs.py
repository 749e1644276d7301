"""The pages keep up with the code: links lead somewhere, commands parse, messages and words are the real ones."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import fields

import pytest

from launcher.supervisor import state
from launcher.wire import messages
from tests.architecture import transcripts
from tests.architecture.source import ROOT

PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]
)
TEXT_SUFFIXES = (".py", ".md", ".toml", ".txt", ".html", ".css", ".js", ".json", ".svg", ".yml", ".yaml", "run")

# Spelled in pieces, so that this file does not contain what it looks for.
TRACES_OF_A_MACHINE = re.compile(
    "|".join(
        [
            "/" + r"root/",
            "/" + r"work/(?:wt|main|shared|venv)",
            r"files\.python" + "hosted",
            r"pypi\." + r"(?:org|python)",
            r"\bindex-" + r"url\b",
            r"artifact" + r"ory",
            r"\b" + r"proxy\.golang",
        ]
    )
)


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def without_code(text: str) -> str:
    """Return the prose of a page: no code blocks, no code in a line."""
    text = re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"^(?: {4}|\t).*$", "", text, flags=re.MULTILINE)
    return re.sub(r"`[^`]*`", "", text)


def anchors(text: str) -> set[str]:
    """Return what the headings of a page can be linked by."""
    titles = re.findall(r"^#+ +(.+?) *$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def rows(text: str) -> list[list[str]]:
    """Return the cells of all table rows of a page."""
    lines = [line for line in text.splitlines() if line.startswith("|") and not re.match(r"\|[\s|:-]+$", line)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def committed() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [name for name in listed.stdout.split("\0") if name.endswith(TEXT_SUFFIXES) and (ROOT / name).is_file()]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(read(page))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (ROOT / page).parent / name if name else ROOT / page
        if not path.exists() or (anchor and anchor not in anchors(path.read_text(encoding="utf-8"))):
            broken.append(target)
    assert broken == []


def test_every_page_can_be_reached_from_the_index():
    reached, waiting = set(), ["docs/index.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        for target in re.findall(r"\]\(([^)\s#]+\.md)(?:#[^)\s]*)?\)", read(page)):
            found = ((ROOT / page).parent / target).resolve()
            if found.is_file() and (name := found.relative_to(ROOT).as_posix()) not in reached:
                waiting.append(name)
    assert {page for page in PAGES if page.startswith("docs/")} - reached == set()


# Its commands are wrong on purpose; tests/cli/test_explanation.py runs them and expects the errors.
WRONG_COMMANDS = "docs/reference/errors.md"


# Their blocks are transcripts: every output is what the commands print now.
TRANSCRIPTS = ["docs/guide/editors.md", "docs/guide/moving-from-flask-run.md"]


@pytest.mark.parametrize("page", TRANSCRIPTS)
def test_transcript_is_what_happens(page):
    assert transcripts.page(read(page)) == read(page), (
        f"to renew it: python -m tests.architecture.transcripts --write {page}"
    )


# A word that stands for many, and one of them.
STANDS_FOR = {
    "KEY": "port",
    "NAME": "env-missing",
    "SLUG": "env-missing",
    "SHELL": "bash",
    "COMMAND": "dev",
    "A": "web",
    "B": "admin",
}


def shown_commands(text: str) -> list[str]:
    """Return what a page shows as a line to type: in blocks with and without `$`, and in the middle of a sentence."""
    blocks = re.findall(r"^(?: {4,}|\t)\s*(?:\$ )?((?:launch|source|eval|mkdir) .*)$", text, flags=re.MULTILINE)
    typed = [line.partition("  #")[0].strip() for line in blocks]
    typed = [line for line in typed if "[OPTIONS]" not in line and "   " not in line]  # a usage line, a drawing
    inline = re.findall(r"`(launch [^`]*)`", re.sub(r"^(?: {4}|\t).*$", "", text, flags=re.MULTILINE))
    return [*typed, *(" ".join(STANDS_FOR.get(word, word) for word in line.split()) for line in inline)]


def commands() -> list[str]:
    """Return every command line of ours that another page shows; the mere name of a command is none."""
    shown = [page for page in PAGES if page not in (WRONG_COMMANDS, *TRANSCRIPTS)]
    found = {line for page in shown for line in shown_commands(read(page))}
    inline = {line for page in TRANSCRIPTS for line in shown_commands(without_blocks(read(page)))}
    names = {"launch exec", "launch completion", "launch program"}  # of a command that wants more
    return sorted((found | inline) - names - {"launch init", "launch init --dry-run"})  # not where settings are


def without_blocks(text: str) -> str:
    return re.sub(r"^(?: {4}|\t).*$", "", text, flags=re.MULTILINE)


# What `$` begins on a page and is not `launch`, and where it is performed.
ELSEWHERE = {
    "python hello.py": "tests/e2e/test_pages.py",
    "python -m pip install ../launch": ".ci/run",
}


def test_no_other_command_is_shown():
    shown = [page for page in PAGES if page not in (WRONG_COMMANDS, *TRANSCRIPTS)]
    typed = {line for page in shown for line in re.findall(r"^ {4,}\$ (.*)$", read(page), flags=re.MULTILINE)}
    assert {line for line in typed if not line.startswith(("launch ", "cat "))} == set(ELSEWHERE)
    assert [place for place in ELSEWHERE.values() if not (ROOT / place).is_file()] == []


@pytest.mark.parametrize("module", ["tests.benchmarks", "tests.benchmarks.commands", "tests.storm", "tests.realapps"])
def test_flags_of_a_measurement_exist(module):
    """To measure takes minutes: what the pages type is compared with the help."""
    lines = [
        line
        for page in PAGES
        for line in re.findall(rf"^ {{4}}python -m {module}( .*)?$", read(page), flags=re.MULTILINE)
    ]
    done = subprocess.run(
        [sys.executable, "-m", module, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert lines != []
    assert {flag for line in lines for flag in re.findall(r" (--[a-z-]+)", line)} - set(
        re.findall(r"--[a-z-]+", done.stdout)
    ) == set()


# What the pages speak of when they show a command.
SPOKEN_OF = {
    "devserver.toml": "[base]\napp = 'shop.web:app'\nenv.DATABASE_URL = 'sqlite:///dev.db'\n[profiles.web]\n[profiles.admin]\n",
    "profiles/eager.toml": "loading = 'eager'\n",
    "profiles/lazy.toml": "loading = 'lazy'\n",
    "shop/__init__.py": "",
    "shop/web.py": "",
}


@pytest.mark.parametrize("command", commands())
def test_command_on_a_page_can_be_performed(command, tmp_path):
    shell = transcripts.Shell(tmp_path)
    for name, text in SPOKEN_OF.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / ".launch").mkdir()
    told = shell.perform(command, [])
    assert shell.code == 0, told
    assert told != [] or not command.startswith("launch ") or ">" in command


@pytest.mark.parametrize("name", committed())
def test_file_names_no_machine_and_no_registry(name):
    found = TRACES_OF_A_MACHINE.search((ROOT / name).read_text(encoding="utf-8", errors="replace"))
    assert found is None


MESSAGE_TABLES = {"supervisor to worker": messages.TO_WORKER, "worker to supervisor": messages.TO_SUPERVISOR}


@pytest.mark.parametrize("direction", MESSAGE_TABLES)
def test_messages_page_shows_what_is_sent(direction):
    section = re.search(rf"^## {direction}$(.*?)(?=^## |\Z)", read("docs/internals/messages.md"), re.I | re.M | re.S)
    assert section is not None
    shown = {cells[0].strip("`"): re.findall(r"`(\w+)`", cells[1]) for cells in rows(section[1])[1:]}
    sent = {record.__name__: [item.name for item in fields(record)] for record in MESSAGE_TABLES[direction]}
    assert shown == sent


def test_states_page_shows_the_states():
    shown = [cells[0].strip("`") for cells in rows(read("docs/internals/states.md"))[1:]]
    assert sorted(shown) == sorted(state.PHASES)


ROOMS = [
    "",
    *sorted(str(p.parent.relative_to(ROOT / "launcher")) for p in (ROOT / "launcher").glob("*/**/__init__.py")),
]


@pytest.mark.parametrize("room", [room for room in ROOMS if room != "cli/commands"])
def test_architecture_page_shows_the_modules_once_each(room):
    section = re.search(
        rf"^### {room or 'The top level'}(?=[:\n])(.*?)(?=^##|\Z)", read("docs/internals/architecture.md"), re.M | re.S
    )
    assert section is not None
    shown = [name for cells in rows(section[1])[1:] for name in re.findall(r"`(\w+)`", cells[0])]
    present = {path.stem for path in (ROOT / "launcher" / room).glob("*.py")} - {"__init__", "__main__"}
    assert sorted(shown) == sorted(present)


def never_called() -> dict[str, str]:
    """Return each word that the glossary rules out altogether (it stands in code there), with the word to use."""
    glossary = rows(read("docs/internals/glossary.md"))[1:]
    return {wrong: cells[0] for cells in glossary for wrong in re.findall(r"`([^`]+)`", cells[2])}


@pytest.mark.parametrize("page", [page for page in PAGES if page != "docs/internals/glossary.md"])
def test_page_uses_the_words_of_the_glossary(page):
    prose = without_code(read(page)).lower()
    wrong = {word: right for word, right in never_called().items() if re.search(rf"\b{re.escape(word)}s?\b", prose)}
    assert wrong == {}


def test_glossary_rules_something_out():
    assert "zygote" in never_called()
