"""Which of the things that moved on the disk mean that the app must be loaded again.

Pure: works on names and digests. Only a changed content counts; `run.py` computes digests and asks here.
"""

from __future__ import annotations

import re
from functools import lru_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from launcher.plan import Plan

OWN_PRODUCT = "*"
"""The digest of a file that the app writes itself: its changes are of no interest."""

NEVER = (".git/", ".hg/", ".svn/", "__pycache__/", "node_modules/", "*.pyc", "*.pyo", "*~", ".#*", "*.swp", "*.swx")
"""What `reload.include` never means: version control, caches, and the side files of editors."""


def to_examine(known: Mapping[str, str], moved: Iterable[str]) -> set[str]:
    """Return the known files that a report of *moved* paths may concern: the same path, or one below a moved folder."""
    found: set[str] = set()
    folders: list[str] = []
    for path in moved:
        if path in known:
            found.add(path)
        else:
            folders.append(path.rstrip("/") + "/")
    if folders:
        prefixes = tuple(folders)
        found.update(path for path in known if path.startswith(prefixes))
    return {path for path in found if known[path] != OWN_PRODUCT}


def differing(known: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """Return the files of *now*, sorted, whose digest is not the *known* one."""
    return tuple(sorted(path for path, digest in now.items() if known.get(path, digest) != digest))


def changed_settings(old: Plan, new: Plan) -> tuple[str, ...]:
    """Return the keys of the settings in which two plans differ, as a user writes them."""
    before, after = dict(_leaves("", old.to_json())), dict(_leaves("", new.to_json()))
    differ = [key for key in (*before, *after) if before.get(key) != after.get(key)]
    return tuple(dict.fromkeys(_SPELLING.get(key, key) for key in differ if not key.startswith(_BESIDES)))


_SPELLING = {
    "target.spec": "app",
    "target.directory": "app-dir",
    "address.host": "host",
    "address.port": "port",
    "address.unix": "host",
    "address.auto": "port",
}
_BESIDES = ("origins", "settings-files", "kept-from-shell", "roots", "project")


def _leaves(prefix: str, table: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield the dotted keys and values of nested tables. Names of variables are left as they are."""
    for name, value in table.items():
        key = prefix + (name if prefix == "env." else name.replace("_", "-"))
        if isinstance(value, dict):
            yield from _leaves(f"{key}.", value)
        else:
            yield key, value


def matches(patterns: Collection[str], path: str, root: str) -> bool:
    """Return whether *path* below *root* is meant by gitignore-style *patterns*; the last one that matches decides.

    The rules are those of gitignore(5): a slash in the front or the middle anchors a pattern at the root, one at the
    end means folders (and so all that is in them), `*` stops at a slash, `**` does not, and `!` takes back.
    """
    if not path.startswith(root.rstrip("/") + "/"):
        return False
    relative = path[len(root.rstrip("/")) + 1 :]
    meant = False
    for pattern in patterns:
        negated = pattern.startswith("!")
        if _compiled(pattern.removeprefix("!")).match(relative):
            meant = not negated
    return meant


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    folder_only = pattern.endswith("/")
    body = pattern.strip("/")
    anchored = "/" in pattern.rstrip("/")
    front = "" if anchored else "(?:.*/)?"
    back = "/.*" if folder_only else "(?:/.*)?"
    return re.compile(front + _translated(body) + back + r"\Z", re.DOTALL)


def _translated(body: str) -> str:
    """Return the regular expression for a pattern without its outer slashes."""
    out: list[str] = []
    for token in re.findall(r"\*\*/|/\*\*\Z|\*\*|\*|\?|\[!?\]?[^\]]*\]|\\.|.", body, re.DOTALL):
        if token == "**/":
            out.append("(?:.*/)?")
        elif token == "/**":
            out.append("/.*")
        elif token == "**":
            out.append(".*")
        elif token == "*":
            out.append("[^/]*")
        elif token == "?":
            out.append("[^/]")
        elif token.startswith("[") and len(token) > 1:
            out.append("[^" + token[2:] if token.startswith("[!") else token)
        else:
            out.append(re.escape(token[-1]))
    return "".join(out)
