"""How this interpreter was started, so that another one can be started alike. Pure: the words are arguments."""

from __future__ import annotations

from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WITH_VALUE = "XW"
_LEFT_OUT = "ix"
"""Options that are about one program only: inspecting it at its end, skipping its first line."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command line of Python, taken apart: its options, the module after `-m` or the script, their arguments."""

    options: tuple[str, ...] = ()
    module: str = ""
    script: str = ""
    arguments: tuple[str, ...] = ()


def with_scripts(environ: Mapping[str, str], executable: str, *, is_environment: bool) -> dict[str, str]:
    """Return *environ* with the scripts of a virtual environment first in PATH; *executable* is its Python.

    A command that the app or `launch exec` starts is then that of the environment in which `launch` runs, activated or
    not. Nothing changes where *is_environment* is false.
    """
    scripts, before = executable.rpartition("/")[0], environ.get("PATH", "")
    if not is_environment or not scripts or before.split(":")[0] == scripts:
        return dict(environ)
    return {**environ, "PATH": ":".join(filter(None, (scripts, before)))}


def as_bytes(environ: Mapping[str, str]) -> dict[bytes, bytes]:
    """Return *environ* as the system takes it: UTF-8, also where the locale is ASCII and Python could not encode it."""
    return {_bytes(name): _bytes(text) for name, text in environ.items()}


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def parse_command(words: Sequence[str]) -> Command:
    """Return what *words*, as `sys.orig_argv` has them, asked for. Code after `-c` is neither module nor script."""
    options: list[str] = []
    rest = list(words[1:])
    while rest and rest[0].startswith("-") and rest[0] != "-":
        word = rest.pop(0)
        if word.startswith("--"):
            options.append(word)
            if word == "--check-hash-based-pycs" and rest:
                options.append(rest.pop(0))
            continue
        kept, letter, value = _cluster(word)
        if kept:
            options.append(f"-{kept}")
        if not letter:
            continue
        if not value and rest:
            value = rest.pop(0)
        if letter == "m":
            return Command(tuple(options), module=value, arguments=tuple(rest))
        if letter == "c":
            return Command(tuple(options), arguments=tuple(rest))
        options.append(f"-{letter}{value}")
    return Command(tuple(options), script=rest[0] if rest else "", arguments=tuple(rest[1:]))


def _cluster(word: str) -> tuple[str, str, str]:
    """Cut `-OWerror` into the switches to keep, the letter that takes a value, and the value so far."""
    kept = ""
    for position, letter in enumerate(word[1:], 1):
        if letter in _WITH_VALUE or letter in "mc":
            return kept, letter, word[position + 1 :]
        if letter not in _LEFT_OUT:
            kept += letter
    return kept, "", ""
