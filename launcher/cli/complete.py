"""What can stand at the cursor: the answer to a shell that completes a line of `launch`.

Has to be instant, so it needs neither the parser nor the schema: commands, flags and keys are in the file words.txt,
which is made from both (tests/architecture/reference.py), and of a project only the names of profiles are read.
"""

from __future__ import annotations

import os

from launcher.config.layer import Origin, Source
from launcher.config.selection import Table, is_abstract, tables_in
from launcher.config.sources.files import LOCAL, find_project, profile_names, read_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Answer = tuple[str, str, str]  # kind, word, description

VARIABLE = "_LAUNCH_COMPLETE"
FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "words.txt")
SHELLS = ("bash", "zsh", "fish", "powershell")
_FILES: Answer = ("file", "", "")
_COMMANDS: Answer = ("command", "", "")


class Words:
    """The contents of words.txt: commands, the flags of each with what they take, and keys; each with its help."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.commands: dict[str, str] = {}
        self.flags: dict[str, dict[str, tuple[str, str]]] = {}
        self.keys: dict[str, str] = {}
        for line in lines:
            kind, *fields = line.rstrip("\n").split("\t")
            if kind == "command":
                self.commands[fields[0]] = fields[1]
            elif kind == "flag":
                self.flags.setdefault(fields[0], {})[fields[1]] = (fields[2], fields[3])
            else:
                self.keys[fields[0]] = fields[1]


class Place:
    """Where the shell is: the current directory, home, and the environment."""

    def __init__(self, cwd: str, home: str, environ: Mapping[str, str]) -> None:
        self.cwd, self.home, self.environ = cwd, home, environ

    def profiles(self) -> dict[str, str]:
        """Return the profiles that can be chosen here, with their descriptions; broken files count as empty."""
        return {name: table.description for name, table in self._tables().items() if not is_abstract(name)}

    def variables(self) -> dict[str, str]:
        """Return the keys `env.NAME` that the committed file sets in [base]."""
        project, _ = find_project(self.cwd, self.home, self.environ.get("LAUNCH_CONFIG", ""))
        document = read_document(project.file, project.table)[0] if project.file else None
        base = document.table.get("base", {}) if document else {}
        env = base.get("env", {}) if isinstance(base, dict) else {}
        return {f"env.{name}": "" for name in env} if isinstance(env, dict) else {}

    def _tables(self) -> dict[str, Table]:
        project, _ = find_project(self.cwd, self.home, self.environ.get("LAUNCH_CONFIG", ""))
        files = [(project.file, project.table)] if project.file else []
        files.append((os.path.join(project.root, LOCAL), ()))
        documents = [document for file, table in files if (document := read_document(file, table)[0])]
        found = {table.name: table for document in documents for table in tables_in(document, Source.PROFILE)}
        for name in profile_names(project.root):
            document, _ = read_document(os.path.join(project.root, "profiles", f"{name}.toml"))
            found.setdefault(name, Table(name, document.table if document else {}, Origin(Source.PROFILE)))
        return found


def read_words() -> Words:
    """Return the contents of words.txt."""
    with open(FILE, encoding="utf-8") as stream:
        return Words(stream)


def answer(argv: Sequence[str], words: Words, place: Place) -> list[str]:
    """Return the lines for a shell: kind, word and description, between tabs.

    *argv* are the words before the cursor, the last of them being unfinished (perhaps empty). The kinds are `plain`,
    `file` (the shell shall complete files by itself) and `command` (the same for commands).
    """
    done, word = joined(argv)
    front = ""
    if word.startswith("--") and "=" in word and "--" not in done:  # --flag=value in one word
        flag, _, word = word.partition("=")
        done, front = [*done, flag], f"{flag}="
    found = [item for item in suggestions(done, word, words, place) if item[0] != "plain" or item[1].startswith(word)]
    return [f"{kind}\t{front}{text}\t{note}" if kind == "plain" else f"{kind}\t\t" for kind, text, note in found]


def joined(argv: Sequence[str]) -> tuple[list[str], str]:
    """Return the finished words and the unfinished one; bash makes three words of `--flag=value`."""
    *done, word = argv or [""]
    if word == "=":
        word = ""
    return [item for item in done if item != "="], word


def suggestions(done: Sequence[str], word: str, words: Words, place: Place) -> list[Answer]:
    """Return everything that can follow the words in *done*, whatever *word* begins with."""
    command = next((item for item in done if not item.startswith("-") and item in words.commands), "")
    flags = words.flags.get(command, {})
    rest = list(done[done.index(command) + 1 :]) if command else []
    if command == "exec" and (started := exec_words(rest, flags)) is not None:
        return [_FILES if started else _COMMANDS]
    if done and done[-1] in flags and flags[done[-1]][0] != "switch":
        return _values(flags[done[-1]][0], words, place)
    if word.startswith("-"):
        return [("plain", name, text) for name, (_, text) in flags.items()]
    if not command:
        return _plain(words.commands)
    return _arguments(command, positional(rest, flags), words, place)


def positional(rest: Sequence[str], flags: Mapping[str, tuple[str, str]]) -> list[str]:
    """Return the words of *rest* that are neither flags nor their values."""
    found, skip = [], False
    for item in rest:
        if skip:
            skip = False
        elif item.startswith("-") and item != "-":
            skip = flags.get(item, ("switch", ""))[0] != "switch"
        else:
            found.append(item)
    return found


def exec_words(rest: Sequence[str], flags: Mapping[str, tuple[str, str]]) -> list[str] | None:
    """Return the words of the command that `launch exec` runs, None while a flag is still being typed."""
    if "--" in rest:
        return list(rest[rest.index("--") + 1 :])
    return positional(rest, flags) or None


def _values(kind: str, words: Words, place: Place) -> list[Answer]:
    if kind == "profile":
        return _plain(place.profiles())
    if kind == "key":
        return _plain({**words.keys, **place.variables()})
    if kind == "assignment":
        return _plain({f"{key}=": text for key, text in words.keys.items()})
    if kind == "file":
        return [_FILES]
    return [("plain", choice, "") for choice in kind.removeprefix("choice:").split("|")] if ":" in kind else []


def _arguments(command: str, before: Sequence[str], words: Words, place: Place) -> list[Answer]:
    """Return what can be the next argument of a command after those in *before*."""
    count = len(before)
    if command in ("explain", "schema"):
        return [] if count else _values("key", words, place)
    if command == "profiles" and not count:
        return [("plain", "diff", "compare two profiles")]
    if command == "profiles":
        return _plain(place.profiles()) if count < 3 else []
    if command == "completion":
        return [] if count else [("plain", shell, "") for shell in SHELLS]
    if command == "help" and list(before) == ["error"]:
        from launcher.cli.explanation import read_explanations  # only to complete the name of an error

        return [("plain", slug, "") for slug in read_explanations()]
    if command == "help" and not count:
        return _plain({**words.commands, "error": "what an error means"})
    return [_FILES] if command == "dev" and not count else [_COMMANDS] if command == "exec" else []


def _plain(texts: Mapping[str, str]) -> list[Answer]:
    return [("plain", name, _one_line(text)) for name, text in texts.items() if name.isprintable()]


def _one_line(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)
