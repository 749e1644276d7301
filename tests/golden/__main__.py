"""Keeps copies of what people see: python -m tests.golden --write. With --show, paints one of them on this terminal."""

from __future__ import annotations

import argparse
import sys

from tests.golden.scenes import COPIES, SCENES, coloured, copies


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.golden", description=__doc__)
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--write", action="store_true", help="write all copies again")
    choice.add_argument("--show", choices=[*SCENES], help="print what a terminal of 80 columns gets")
    arguments = parser.parse_args()
    if arguments.show:
        sys.stdout.write(coloured(arguments.show))
        return 0
    COPIES.mkdir(exist_ok=True)
    made = {path: text for scene in SCENES for path, text in copies(scene).items()}
    for path in set(COPIES.iterdir()) - set(made):
        path.unlink()
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
