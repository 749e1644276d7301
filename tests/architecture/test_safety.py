"""The table of attacks in docs/concepts/safety.md: each row names a test that exists, or says why there is none."""

from __future__ import annotations

import re

from tests.architecture.source import ROOT

PAGE = ROOT / "docs" / "concepts" / "safety.md"


def rows() -> list[list[str]]:
    table = PAGE.read_text().partition("## What went wrong elsewhere")[2]
    lines = [line for line in table.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def exists(test: str) -> bool:
    file, _, name = test.partition("::")
    path = ROOT / file
    return path.is_file() and re.search(rf"^(def|class) {name}\b", path.read_text(), re.MULTILINE) is not None


def test_each_attack_is_answered():
    answers = [cells[2] for cells in rows()]
    assert len(answers) >= 15
    vague = [text for text in answers if not text.startswith(("`tests/", "no such surface", "refused"))]
    assert vague == []


def test_the_tests_that_are_named_exist():
    named = re.findall(r"`(tests/[\w/.]+::\w+)`", PAGE.read_text())
    assert len(named) >= 12
    assert [test for test in named if not exists(test)] == []
