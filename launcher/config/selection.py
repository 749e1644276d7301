"""Which profile is chosen, and the chain of profiles that it extends.

Works on names and tables before anything is merged: what is inside a profile's table is not looked at, except for
`description`, `extends` and `unset`, which are no settings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from launcher.config.finding import Finding
from launcher.config.layer import Origin, Source
from launcher.config.sources.files import within
from launcher.errors import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from launcher.config.sources.files import Document

OWN_KEYS = ("description", "extends", "unset")
MAX_CHAIN = 16
MAX_PROFILES = 500
_MOST_TOLD = 20
"""Wrong parents after which nobody looks for more: where each profile extends each, there are thousands of circles."""

_NAME = re.compile(r"[a-z0-9_][a-z0-9_-]{0,63}")
_TAKEN = frozenset(
    {"base", "default", "local", "none", "con", "prn", "aux", "nul"}
    | {f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)}
)
"""Words that would mean two things, and names that Windows keeps for devices."""


@dataclass(frozen=True, slots=True)
class Table:
    """A profile as it is written: its name, its table, and where the table is."""

    name: str
    table: Mapping[str, Any]  # Any: TOML
    origin: Origin

    @property
    def extends(self) -> tuple[str, ...]:
        """The names of the parents, in the order in which they are written."""
        value = self.table.get("extends", ())
        parents = (value,) if isinstance(value, str) else value
        return tuple(name for name in parents if isinstance(name, str)) if isinstance(parents, (list, tuple)) else ()

    @property
    def description(self) -> str:
        """What the profile is for, or nothing."""
        value = self.table.get("description", "")
        return value if isinstance(value, str) else ""

    def parent_origin(self, name: str) -> Origin:
        """Return where the parent *name* is written."""
        value = self.table.get("extends")
        if isinstance(value, list):
            return within(self.origin, "extends", str(value.index(name)))
        return within(self.origin, "extends")


def is_abstract(name: str) -> bool:
    """Return whether a profile can be extended but not chosen."""
    return name.startswith("_")


def tables_in(document: Document, source: Source) -> list[Table]:
    """Return the profiles in the `[profiles]` table of a document."""
    tables = document.table.get("profiles", {})
    if not isinstance(tables, dict):
        return []
    return [
        Table(name, table, Origin(source, document.file, (*document.path, "profiles", name), profile=name))
        for name, table in tables.items()
        if isinstance(table, dict)
    ]


def gather_profiles(inline: Sequence[Table], separate: Sequence[Table]) -> tuple[dict[str, Table], list[Finding]]:
    """Return the team's profiles by name, and what is wrong with their names.

    *inline* are tables of the committed file, *separate* come from profiles/NAME.toml.
    """
    found: dict[str, Table] = {}
    findings: list[Finding] = []
    count = len(inline) + len(separate)
    if count > MAX_PROFILES:
        message = f"there are more than {MAX_PROFILES} profiles"
        return {}, [Finding("too-large", message, (*inline, *separate)[0].origin, at_key=True)]
    for table in (*inline, *separate):
        if table.name in found:
            hint = "keep one of them; both have the same keys"
            others = (("also here", found[table.name].origin),)
            message = f"profile `{table.name}` is defined twice"
            findings.append(Finding("duplicate-profile", message, table.origin, at_key=True, hint=hint, others=others))
        else:
            findings += check_name(table)
            found[table.name] = table
    return found, findings


def check_name(table: Table) -> list[Finding]:
    """Return what is wrong with the name of a profile."""
    name = table.name
    if name in _TAKEN:
        return [
            Finding(
                "profile-name",
                f"a profile cannot be called `{name}`",
                table.origin,
                at_key=True,
                hint="the name has another meaning; choose a different one",
            )
        ]
    if _NAME.fullmatch(name) is None or name.strip("_") == "":
        hint = "use up to 64 of a-z, 0-9, - and _, and _ as the first one only where the profile is just extended"
        return [Finding("profile-name", f"`{name}` is not a name for a profile", table.origin, at_key=True, hint=hint)]
    return []


def check_own_keys(table: Table) -> list[Finding]:
    """Return what is wrong with the types of `description` and `extends`."""
    findings = []
    if not isinstance(table.table.get("description", ""), str):
        findings.append(Finding("wrong-type", "`description` must be text", within(table.origin, "description")))
    parents = table.table.get("extends", "")
    if not isinstance(parents, str) and not (
        isinstance(parents, list) and all(isinstance(name, str) for name in parents)
    ):
        findings.append(
            Finding(
                "wrong-type",
                "`extends` must be the name of a profile, or a list of names",
                within(table.origin, "extends"),
            )
        )
    return findings


def find_unknown(name: str, origin: Origin, known: Sequence[str]) -> Finding:
    """Return the finding for a chosen profile that does not exist, or that is only there to be extended."""
    choices = [other for other in known if not is_abstract(other)]
    if name in known:
        message, guess = f"profile `{name}` can only be extended, not chosen", None
    else:
        message, guess = f"no profile `{name}`", nearest(name, choices)
    list_of = f"known: {', '.join(choices)}" if choices else "this project has no profiles"
    return Finding("unknown-profile", message, origin, hint=f"did you mean `{guess}`?  {list_of}" if guess else list_of)


def chain_of(name: str, profiles: Mapping[str, Table]) -> tuple[tuple[str, ...], list[Finding]]:
    """Return the names to put on top of each other for *name*, farthest ancestor first, each once, *name* last.

    Parents are taken from left to right, so a later parent wins over an earlier one.
    """
    order: list[str] = []
    findings: list[Finding] = []
    _visit(name, profiles, [], order, findings)
    return tuple(order), findings


def _visit(
    name: str, profiles: Mapping[str, Table], path: list[str], order: list[str], findings: list[Finding]
) -> None:
    if name in order or len(findings) > _MOST_TOLD:
        return
    path = [*path, name]
    table = profiles[name]
    for parent in table.extends:
        if parent in path:
            findings.append(_cycle([*path[path.index(parent) :], parent], profiles))
        elif parent not in profiles:
            findings.append(_unknown_parent(parent, table, profiles))
        elif len(path) >= MAX_CHAIN:
            message = f"profile `{path[0]}` extends more than {MAX_CHAIN} levels"
            findings.append(Finding("extends-depth", message, table.parent_origin(parent), hint="shorten the chain"))
        else:
            _visit(parent, profiles, path, order, findings)
    order.append(name)


def _cycle(path: list[str], profiles: Mapping[str, Table]) -> Finding:
    """Return the finding for a circle of profiles, the same one from whichever of them it is entered."""
    begin = path.index(min(path))
    path = [*path[begin:-1], *path[:begin], path[begin]]
    hops = [(f'`{name}` extends "{parent}"', profiles[name].parent_origin(parent)) for name, parent in pairwise(path)]
    return Finding(
        "extends-cycle",
        f"profile `{path[0]}` extends itself: {' -> '.join(path)}",
        hops[0][1],
        hint=f"remove one of the {len(hops)} lines" if len(hops) > 1 else "remove this line",
        others=tuple(hops[1:]),
    )


def _unknown_parent(parent: str, table: Table, profiles: Mapping[str, Table]) -> Finding:
    names = [name for name in profiles if name != table.name]
    guess = nearest(parent, names)
    if parent == "base":
        hint = "every profile starts from [base]; leave it out"
    elif guess:
        hint = f"did you mean `{guess}`?"
    else:
        hint = f"known: {', '.join(names)}" if names else "there is no other profile"
    return Finding(
        "extends-unknown", f"parent profile `{parent}` does not exist", table.parent_origin(parent), hint=hint
    )
