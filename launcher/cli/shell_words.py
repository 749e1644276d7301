"""A command line of a shell, cut into its commands: words, variables in front, and the folder in which each runs.

Pure: nothing is run and nothing is expanded. A text with `$` stays as it is, and callers leave it out.
"""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_SEPARATORS = ";|&"
_SHELLS = ("sh", "bash", "dash", "zsh")


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its words, the variables that it is given, and its folder, relative to where the line starts."""

    words: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    folder: str = ""


def commands(text: str) -> list[Command]:
    """Return the commands of *text*; none if its quotes do not match."""
    try:
        words = list(_words(text))
    except ValueError:
        return []
    return list(_commands(words, {}, ""))


def command_of(words: Sequence[str], folder: str = "") -> list[Command]:
    """Return the commands of a list of words that no shell splits, such as the JSON form of CMD in a Dockerfile."""
    return list(_commands(list(words), {}, folder, whole=True))


def _words(text: str) -> Iterator[str]:
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=_SEPARATORS)
        lexer.whitespace_split, lexer.commenters = True, ""
        for word in lexer:
            if word.startswith("#"):
                break
            yield word
        yield ";"


def _commands(words: Sequence[str], env: dict[str, str], folder: str, *, whole: bool = False) -> Iterator[Command]:
    for part in [words] if whole else _split(words):
        rest, given = list(part), dict(env)
        while rest and (match := _ASSIGNMENT.fullmatch(rest[0])):
            given[match[1]] = match[2]
            rest.pop(0)
        name = os.path.basename(rest[0]) if rest else ""
        if name == "cd" and len(rest) > 1:
            folder = os.path.normpath(os.path.join(folder, rest[1]))
        elif name == "export" or not rest:
            env.update({m[1]: m[2] for word in rest if (m := _ASSIGNMENT.fullmatch(word))} if rest else given)
        elif name in _SHELLS and (script := _script(rest)):
            yield from (
                Command(inner.words, {**given, **inner.env}, os.path.normpath(os.path.join(folder, inner.folder)))
                for inner in commands(script)
            )
        else:
            yield Command(tuple(rest), given, folder)


def _split(words: Sequence[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for word in words:
        if word and not word.strip(_SEPARATORS):
            yield part
            part = []
        else:
            part.append(word)
    yield part


def _script(words: Sequence[str]) -> str:
    """Return what follows `-c`, also in `-lc` and the like."""
    flags = [number for number, word in enumerate(words) if word.startswith("-") and word.endswith("c")]
    return words[flags[0] + 1] if flags and flags[0] + 1 < len(words) else ""
