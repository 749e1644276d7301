"""Makes docs/reference/precedence.md from the cases of the corpus that are a step of the order.

python tests/config/precedence.py            prints the page
python tests/config/precedence.py --write    writes it
"""

from __future__ import annotations

import sys
from pathlib import Path

import tomli

CORPUS = Path(__file__).parent / "corpus"
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "precedence.md"

HEAD = """\
<!-- Made by tests/config/precedence.py from tests/config/corpus; do not edit. -->

# Which value wins

Every setting can be given in many places. The highest place in this table wins; `launch explain KEY` shows the winner
and everything that it hides. Each row is proved by the named case of the conformance corpus, `tests/config/corpus`.

| | Place | Example | Wins over the row below because of case |
|---:|---|---|---|
"""
FOOT = """
Tables merge key by key; everything else, lists included, replaces what is below it. `unset = ["KEY"]` removes what
lower places say. Some values are derived from others: `reload.enabled` and `debugger.enabled` follow `debug` unless a
place in this table sets them.

Variables for the app follow the same order, with one exception: `override = true` in the `env` table wins over the .env
files and over the environment.
"""


def cases() -> list[dict]:
    """Return all cases of the corpus; `topic` is the name of their file."""
    found = []
    for path in sorted(CORPUS.glob("*.toml")):
        for case in tomli.loads(path.read_text(encoding="utf-8"))["case"]:
            found.append({"topic": path.stem, **case})
    return found


def steps() -> list[dict]:
    """Return the cases that are steps, the highest first; they must form one chain from the defaults upwards."""
    by_lower = {case["step"]["below"]: case for case in cases() if "step" in case}
    lowest = set(by_lower) - {case["step"]["above"] for case in by_lower.values()}
    (place,) = lowest
    rising = []
    while place in by_lower:
        case = by_lower.pop(place)
        rising.append(case)
        place = case["step"]["above"]
    assert not by_lower, f"these steps hang in the air: {sorted(by_lower)}"
    return rising[::-1]


def page() -> str:
    """Return the page."""
    found = steps()
    rows = [f"| {len(found) + 1 - index} | {case['step']['above']} | `{case['step']['example']}` | {case['name']} |"
            for index, case in enumerate(found)]  # fmt: skip
    rows.append(f"| 1 | {found[-1]['step']['below']} | | |")
    return HEAD + "\n".join(rows) + "\n" + FOOT


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(page(), encoding="utf-8")
    else:
        print(page(), end="")
