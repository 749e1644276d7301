"""Puts marks into the modules of an app: a constant, an import and a text in a function, which a page shows."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.realapps.apps import Probe

KINDS = ("body", "constant", "import")
_IMPORTED = ("colorsys", "cmd", "sched", "graphlib", "netrc", "rlcompleter", "tabnanny")

_SHOWN = '''

def mark_shown():
    """Return the marks of this module."""
    return f"[{{MARK_CONSTANT}} {{MARK_IMPORT.__name__}} {body}]"
'''

_ALL = '''

def mark_all():
    """Return the marks of all modules."""
    import sys

    return " ".join(sys.modules[name].mark_shown() for name in {names!r})
'''


class Marked:
    """The modules of one copy of a project, with their marks."""

    def __init__(self, project: Path, probe: Probe) -> None:
        self._project = project
        self._probe = probe
        self._sources = {place: self._prepared(file) for place, (file, _) in probe.modules.items()}
        self._values = {place: {"body": "b0", "constant": "c0", "import": "colorsys"} for place in probe.modules}
        for place in probe.modules:
            self._save(place)

    def edit(self, place: str, kind: str, number: int) -> None:
        """Change one mark, and save the file."""
        libraries = [name for name in _IMPORTED if name not in (self._values[place]["import"])]
        self._values[place][kind] = libraries[number % len(libraries)] if kind == "import" else f"{kind[0]}{number}"
        self._save(place)

    def break_(self, place: str) -> None:
        """Save the file with a syntax error."""
        self._write(place, self._text(place) + "\n(\n")

    def mend(self, place: str) -> None:
        """Save the file as it was."""
        self._save(place)

    def shown(self) -> str:
        """Return the text that the page must show."""
        marks = [self._values[place] for place in self._probe.modules]
        return " ".join(f"[{mark['constant']} {mark['import']} {mark['body']}]" for mark in marks)

    def _prepared(self, file: str) -> str:
        """Return the source with room for marks after its imports."""
        source = (self._project / file).read_text()
        if file == self._probe.view:
            assert source.count(self._probe.before) == 1
            source = source.replace(self._probe.before, self._probe.after)
            source += _ALL.format(names=[name for _, name in self._probe.modules.values()])
        lines = source.splitlines(keepends=True)
        end = _end_of_imports(source)
        return "".join([*lines[:end], "@@HEAD@@\n", *lines[end:], "@@TAIL@@"])

    def _text(self, place: str) -> str:
        values = self._values[place]
        head = f'import {values["import"]} as MARK_IMPORT\n\nMARK_CONSTANT = "{values["constant"]}"'
        tail = _SHOWN.format(body=values["body"])
        return self._sources[place].replace("@@HEAD@@", head).replace("@@TAIL@@", tail)

    def _save(self, place: str) -> None:
        self._write(place, self._text(place))

    def _write(self, place: str, text: str) -> None:
        """Save as editors do: under another name, then renamed."""
        path = self._project / self._probe.modules[place][0]
        draft = path.with_name(f".{path.name}.draft")
        draft.write_text(text)
        draft.replace(path)


def _end_of_imports(source: str) -> int:
    """Return the number of lines up to the first statement that is neither a docstring nor an import."""
    for node in ast.parse(source).body:
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not docstring and not isinstance(node, ast.Import | ast.ImportFrom):
            decorators = getattr(node, "decorator_list", [])
            return min(part.lineno for part in (node, *decorators)) - 1
    return len(source.splitlines())
