"""Which of the things that moved on the disk mean that the app must be loaded again.

Pure: works on names and digests. Only a changed content counts; `disk.py` computes digests and asks here.
"""

from __future__ import annotations

import re
from functools import lru_cache

from launcher.wire.digest import DISTRIBUTIONS, FOLDER, MISSING, MODULES, NAMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from launcher.plan import Plan

NEVER = (".git/", ".hg/", ".svn/", "__pycache__/", "node_modules/", "*.pyc", "*.pyo", "*~", ".#*", "*.swp", "*.swx")
"""What `reload.include` never means: version control, caches, and the side files of editors."""


def to_examine(known: Mapping[str, str], moved: Iterable[str]) -> set[str]:
    """Return the known files that a report of *moved* paths may concern.

    These are the same path, one below a moved folder, and the names in the folder where something moved.
    """
    found: set[str] = set()
    folders: list[str] = []
    for path in moved:
        if path in known:
            found.add(path)
        if known.get(path, MISSING) in (MISSING, FOLDER):
            folders.append(path.rstrip("/") + "/")
        folder = path[: path.rfind("/")]
        found.update(names for kind in (NAMES, MODULES, DISTRIBUTIONS) if (names := folder + kind) in known)
    if folders:
        prefixes = tuple(folders)
        found.update(path for path in known if path.startswith(prefixes))
    return found


def differing(known: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """Return the files of *now*, sorted, whose digest is not the *known* one."""
    return tuple(sorted(path for path, digest in now.items() if known.get(path, digest) != digest))


def changed_settings(old: Plan, new: Plan) -> tuple[str, ...]:
    """Return the keys of the settings in which two plans differ, as users write them; not the files they came from."""
    before, after = dict(_leaves("", old.to_json())), dict(_leaves("", new.to_json()))
    differ = [key for key in (*before, *after) if before.get(key) != after.get(key)]
    return tuple(dict.fromkeys(_SPELLING.get(key, key) for key in differ if not key.startswith(_BESIDES)))


IN_PLACE = frozenset(
    (
        "allowed-hosts",
        "browser.live-reload",
        "browser.open",
        "reload.drain-seconds",
        "reload.include",
    )
)
"""Settings that are in force at once: the app never sees them."""


def needs_reload(keys: Iterable[str]) -> bool:
    """Return whether the app has to be loaded anew for these settings to be in force."""
    return not IN_PLACE.issuperset(keys)


_SPELLING = {
    "target.spec": "app",
    "target.directory": "app-dir",
    "target.search": "app-dir",
    "address.host": "host",
    "address.port": "port",
    "address.unix": "host",
    "address.auto": "port",
    "secrets": "env",
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


def matches(patterns: Sequence[str], path: str, root: str) -> bool:
    """Return whether the file *path* below *root* is meant by gitignore-style *patterns*.

    The rules are those of gitignore(5). The last pattern that matches decides; `!` takes back, but never a file whose
    folder is meant. A slash in the front or the middle anchors a pattern at the root, one at the end means folders; `*`
    stops at a slash, `**` between slashes does not. A broken pattern means nothing. Unlike git, which compares bytes,
    `?` is one character.
    """
    start = root.rstrip("/") + "/"
    if not path.startswith(start):
        return False
    slash = path.find("/", len(start))
    while slash >= 0:
        if _meant(patterns, path[len(start) : slash], is_folder=True):
            return True
        slash = path.find("/", slash + 1)
    return _meant(patterns, path[len(start) :], is_folder=False)


def _meant(patterns: Sequence[str], relative: str, *, is_folder: bool) -> bool:
    """Apply the patterns to this one file or folder, whatever its folders are."""
    for line in reversed(patterns):
        pattern = _compiled(line)
        if pattern is not None and pattern.match(relative) and (is_folder or not line.rstrip(" ").endswith("/")):
            return not line.startswith("!")
    return False


@lru_cache(maxsize=1024)
def _compiled(line: str) -> re.Pattern[str] | None:
    """Return the regular expression for a line of a gitignore file; None for a comment, or for a broken pattern."""
    pattern = _SPACES_AT_END.sub(r"\1", line).removeprefix("!")
    body = pattern.removesuffix("/")
    if line.startswith("#") or not body:
        return None
    front = "" if "/" in body else "(?:.*/)?"
    try:
        return re.compile(front + _translated(body.removeprefix("/")) + r"\Z", re.DOTALL)
    except _BrokenPatternError:
        return None


class _BrokenPatternError(Exception):
    """A bracket is not closed, a backslash has nothing behind it, or a class has no such name."""


_SPACES_AT_END = re.compile(r"((?:\\.|[^\\ ]|[ ]+(?=[^ ]))*)[ ]*\Z", re.DOTALL)
_TOKEN = re.compile(
    r"""
      (?P<folders> (?:\A|(?<=/)) \*\*+ /  )
    | (?P<below>   (?:\A|(?<=/)) \*\*+ \Z )
    | (?P<star>    \*+ )
    | (?P<one>     \? )
    | \[ (?P<not> [!^]? ) (?P<set> (?: \\. | \[:[a-z]*:\] | [^\\] ) (?: \\. | \[:[a-z]*:\] | [^\]\\] )* ) \]
    | \\ (?P<escaped> . )
    | (?P<plain>   [^\\\[] )
    """,
    re.VERBOSE | re.DOTALL,
)
_ITEM = re.compile(r"\[:(?P<name>[a-z]*):\]|(?P<low>\\.|.)(?:-(?P<high>\\.|.))?", re.DOTALL)
_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r" \t-\r",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}


def _translated(body: str) -> str:
    """Return the regular expression for a pattern without its outer slashes; raise `_BrokenPatternError`."""
    out: list[str] = []
    place = 0
    while place < len(body):
        token = _TOKEN.match(body, place)
        if token is None:
            raise _BrokenPatternError
        place = token.end()
        kind = token.lastgroup
        if kind == "set":
            out.append(_set(token["set"], negated=bool(token["not"])))
        elif kind in ("escaped", "plain"):
            out.append(re.escape(token[kind]))
        else:
            out.append({"folders": "(?:.*/)?", "below": ".*", "star": "[^/]*", "one": "[^/]"}[kind or ""])
    return "".join(out)


def _set(text: str, *, negated: bool) -> str:
    """Return the regular expression for what stands between brackets. It never matches a slash."""
    items: list[str] = []
    for item in _ITEM.finditer(text):
        if item["name"] is not None:
            if item["name"] not in _CLASSES:
                raise _BrokenPatternError
            items.append(_CLASSES[item["name"]])
        else:
            low, high = item["low"][-1], (item["high"] or item["low"])[-1]
            items.append(f"{re.escape(low)}-{re.escape(max(low, high))}")
    return f"(?!/)[{'^' if negated else ''}{''.join(items)}]"
