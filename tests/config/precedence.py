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

A setting can be set in many places. The highest place in this table wins. `launch explain KEY` shows the effective value and
the values that it overrides. The last column names the test case in `tests/config/corpus` that covers the row.

| | Place | Example | Test case |
|---:|---|---|---|
"""
FOOT = """
Tables are merged key by key. All other values are replaced, including lists. `unset = ["KEY"]` removes the value that lower
places set. `reload.enabled` and `debugger.enabled` default to the value of `debug`.

Variables of the app follow the same order, with one exception. `override = true` in the `env` table overrides the .env files and
the environment.
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
