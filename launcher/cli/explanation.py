"""What every error means, by its slug: a text, an example that has the error, and the same example mended.

The texts are data, in launcher/explanations.toml; here they are read, and laid out as lines.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from launcher.config.sources.files import read_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

FILE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "explanations.toml")


@dataclass(frozen=True, slots=True)
class Example:
    """A small project: files by name, variables of the shell, and what follows `launch` on the command line.

    A command line that begins with `python` is a whole one.
    """

    run: str
    files: Mapping[str, str] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def line(self) -> str:
        """The whole command line, as one would type it."""
        variables = [f"{name}={text}" for name, text in self.environ.items()]
        return " ".join([*variables, self.run if self.is_program else f"launch {self.run}"])

    @property
    def is_program(self) -> bool:
        """Whether it is a program that calls `launcher.run()`, and no command of ours."""
        return self.run.startswith("python ")


@dataclass(frozen=True, slots=True)
class Explanation:
    """One error: what it means, an example that has it, and the example without it."""

    slug: str
    text: str
    wrong: Example
    right: Example


def read_explanations() -> dict[str, Explanation]:
    """Return all explanations by slug, in the order of the file."""
    document, findings = read_document(FILE)
    assert document is not None
    assert not findings
    return {slug: _explanation(slug, table) for slug, table in document.table.items()}


def body(explanation: Explanation) -> list[tuple[str, tuple[str, ...]]]:
    """Return the explanation as paragraphs, each with the lines of code below it."""
    return [
        (explanation.text, ()),
        *_project(explanation.wrong, "For example", explanation.wrong),
        *_project(explanation.right, "Instead", explanation.wrong),
    ]


def _explanation(slug: str, table: Mapping[str, Any]) -> Explanation:  # Any: TOML
    wrong = Example(table["run"], table.get("files", {}), table.get("environ", {}))
    fixed = table["fixed"]
    again = fixed.keys() == {"run"}  # only the command is another one
    files = fixed.get("files", wrong.files if again else {})
    right = Example(fixed.get("run", wrong.run), files, fixed.get("environ", {}))
    return Explanation(slug, table["text"], wrong, right)


def _project(example: Example, begin: str, wrong: Example) -> list[tuple[str, tuple[str, ...]]]:
    """Return the files and the command of an example; a mended one shows only what is different."""
    same = example is not wrong
    files = {n: text for n, text in example.files.items() if not same or wrong.files.get(n) != text}
    parts = [
        (f"{begin}, in {name}:" if number == 0 else f"and in {name}:", tuple(text.strip("\n").split("\n")))
        for number, (name, text) in enumerate(files.items())
    ]
    if same and example.line == wrong.line:
        return parts
    return [*parts, ("and:" if parts else f"{begin}:", (f"$ {example.line}",))]
