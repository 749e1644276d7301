"""What only shows when all profiles are looked at together: settings that can never win, profiles that are never used.

Pure: the histories and tables of all profiles arrive as arguments.
"""

from __future__ import annotations

from launcher.config import key as keys
from launcher.config.finding import Finding
from launcher.config.layer import Origin, Source
from launcher.config.selection import is_abstract

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from launcher.config.layer import Candidate, History
    from launcher.config.selection import Table

_WRITTEN = (Source.BASE, Source.PROFILE, Source.LOCAL_BASE, Source.LOCAL_PROFILE, Source.ENV_FILE)


def find_never(histories: Iterable[Mapping[tuple[str, ...], History]]) -> list[Finding]:
    """Return a warning for each value in a settings file that a file above it hides in every profile.

    Variables and flags do not count: they may be gone next time. A personal file does not count for a shared one, since
    it exists to override it.
    """
    hidden: dict[Origin, tuple[tuple[str, ...], Candidate]] = {}
    used: set[Origin] = set()
    for history in histories:
        for key, record in history.items():
            written = [item for item in record.candidates if item.origin.source in _WRITTEN]
            shared = [item for item in written if not _is_personal(item.origin)]
            used.update(item.origin for item in (*written[:1], *shared[:1]))
            hidden.update((item.origin, (key, written[0])) for item in written[1:] if not _may_be_hidden(item))
    return [
        _never(key, origin, winner)
        for origin, (key, winner) in hidden.items()
        if origin not in used and origin.source is not Source.ENV_FILE
    ]


def find_unextended(tables: Collection[Table]) -> list[Finding]:
    """Return a warning for each profile that can only be extended, and that no other profile extends."""
    extended = {parent for table in tables for parent in table.extends}
    hint = "a name that begins with _ can only be extended, and no profile extends it"
    return [
        Finding(
            "never-used", f"profile `{table.name}` is never used", table.origin, at_key=True, hint=hint, warning=True
        )
        for table in tables
        if is_abstract(table.name) and table.name not in extended
    ]


def _is_personal(origin: Origin) -> bool:
    """Return whether the file belongs to one machine: a local settings file, or a .env file."""
    if origin.source is Source.ENV_FILE:
        return not origin.file.endswith(".flaskenv")
    return origin.source in (Source.LOCAL_BASE, Source.LOCAL_PROFILE)


def _may_be_hidden(item: Candidate) -> bool:
    """Return whether it is as it should be that another value wins: over an `unset`, a default or a requirement."""
    return item.unset or (isinstance(item.value, dict) and not {"default", "required"}.isdisjoint(item.value))


def _never(key: tuple[str, ...], origin: Origin, winner: Candidate) -> Finding:
    return Finding(
        "never-used",
        f"`{keys.join(key)}` is set here and never used",
        origin,
        at_key=True,
        hint="every profile takes it from elsewhere",
        others=(("which wins here", winner.origin),),
        warning=True,
    )
