"""What can be told of a profile although something is wrong with it: histories, and which of them are to blame.

For the commands that explain. Whoever starts something resolves the profile (`resolve.py`), where an error is the end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from launcher.config.layer import Source
from launcher.config.resolve import (
    choose,
    list_profiles,
    make_settings,
    raise_for,
    read,
    resolve_profile,
    stack_up,
)
from launcher.errors import LaunchError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from launcher.config.finding import Finding
    from launcher.config.layer import History, Origin
    from launcher.config.resolve import ProfileInfo, Request
    from launcher.config.sources.files import Project
    from launcher.errors import Problem

    Key = tuple[str, ...]

_WHOLE_FILE = ("unreadable", "too-large", "encoding", "too-deep", "toml-syntax", "config-missing")
"""What keeps all values of a file from being known."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A profile as far as it can be told. The first five are those of `ResolvedProfile`.

    `problems` are all that were found, warnings included. `wrong` has the keys that some error is about; with
    `unsure`, a file could not be read at all, so any value may be another one than it should.
    """

    history: Mapping[Key, History]
    project: Project
    profile: str
    chain: tuple[str, ...]
    profiles: tuple[ProfileInfo, ...]
    problems: tuple[Problem, ...] = ()
    wrong: frozenset[Key] = frozenset()
    unsure: bool = False

    def blames(self, keys: Iterable[Key]) -> bool:
        """Return whether the values of *keys* cannot be relied upon."""
        return self.unsure or not self.wrong.isdisjoint(keys)


def outline_profile(request: Request) -> Outline:
    """Return what can be told of the profile that *request* asks for.

    Raise `ConfigError` or `UsageError` only where nothing can be: for a profile that does not exist, and for a
    committed file that cannot be read.
    """
    try:
        resolved = resolve_profile(request)
    except LaunchError as error:
        return _outline(request, error)
    return Outline(
        resolved.history, resolved.project, resolved.profile, resolved.chain, resolved.profiles, resolved.warnings
    )


def _outline(request: Request, error: LaunchError) -> Outline:
    """Return the outline of a profile that cannot be resolved because of *error*."""
    sources, before = read(request)
    name, found = choose(request, sources)
    if found or (sources.committed is None and before):
        raise_for([*before, *found], sources.secrets)
    stacked = stack_up(request, sources, name, before)
    errors = [finding for finding in stacked.findings if not finding.warning]
    if not errors:  # the settings are right one by one, and not together
        errors = make_settings(request, sources, stacked)[1]
    project = replace(sources.project, candidates=(*sources.project.candidates, *stacked.seen))
    return Outline(
        stacked.merged.history,
        project,
        name,
        stacked.chain,
        list_profiles(sources),
        error.problems,
        _blamed(errors, stacked.merged.history),
        any(finding.slug in _WHOLE_FILE for finding in errors),
    )


def _blamed(findings: Iterable[Finding], history: Mapping[Key, History]) -> frozenset[Key]:
    """Return the keys with a candidate that one of *findings* is about: by one place, or by a table around it."""
    origins = [
        origin
        for finding in findings
        for origin in (finding.origin, *(other for _, other in finding.others))
        if origin is not None
    ]
    exact = set(map(_spot, origins))
    around = {(one.file, one.path[:length]) for one in origins for length in range(1, len(one.path))}

    def is_blamed(origin: Origin) -> bool:
        if origin.source is Source.DEFAULT:
            return False
        inside = any((origin.file, origin.path[:length]) in exact for length in range(1, len(origin.path)))
        return inside or _spot(origin) in exact or (origin.file, origin.path) in around

    return frozenset(
        key for key, record in history.items() if any(is_blamed(item.origin) for item in record.candidates)
    )


def _spot(origin: Origin) -> tuple[object, ...]:
    """Return what two origins have in common that are one place."""
    if origin.path:
        return origin.file, origin.path
    return origin.file, origin.name, origin.line, "" if origin.file else origin.text
