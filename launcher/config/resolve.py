"""The pipeline of this folder, top to bottom: files, variables and flags become a resolved profile.

Nothing here reads the environment, the command line or the current directory: a `Request` brings them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from launcher import redact
from launcher.config import assemble, schema, selection, survey, validate, variables
from launcher.config import key as keys
from launcher.config.anchor import Folders, anchored, resolve_path
from launcher.config.finding import MOST, Finding
from launcher.config.layer import History, Origin, Source
from launcher.config.reading import Sources, read_sources
from launcher.config.sources import files, pairs
from launcher.config.sources.call import Call, call_layer, default_layer
from launcher.config.stack import Merged, merge, nest
from launcher.errors import ConfigError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from launcher.config.layer import Candidate, Layer
    from launcher.config.schema import Settings
    from launcher.config.sources.envfile import EnvFile
    from launcher.config.sources.files import Project
    from launcher.config.variables import Variable
    from launcher.errors import Place, Problem


@dataclass(frozen=True, slots=True)
class Given:
    """One flag of the command line: the key that it sets, the flag as it was written, and its text."""

    key: str
    flag: str
    text: str


@dataclass(frozen=True, slots=True)
class Request:
    """Everything from the outside world that resolving depends on, besides the files.

    `sets` are the texts of `--set KEY=TOML`, `unsets` those of `--unset KEY`. Files named by `--env-file` come as a
    `Given` for `env-files`. `isolated` leaves defaults and flags only. `call` is that of `launcher.run()`, which names
    the profile then.
    """

    cwd: str
    environ: Mapping[str, str]
    home: str = ""
    flags: tuple[Given, ...] = ()
    sets: tuple[str, ...] = ()
    unsets: tuple[str, ...] = ()
    profile: str | None = None
    config: str | None = None
    local: bool = True
    env_files: bool = True
    isolated: bool = False
    call: Call | None = None


@dataclass(frozen=True, slots=True)
class ProfileInfo:
    """What a list of profiles shows: name, where it is written, parents, description, keys that it sets."""

    name: str
    origin: Origin
    extends: tuple[str, ...]
    description: str
    keys: tuple[str, ...]
    abstract: bool
    local: bool = False


@dataclass(frozen=True, slots=True)
class ResolvedProfile:
    """Validated settings, the history of each key, and the variables of the app.

    `history` has every key with a candidate, defaults included, by its parts. `profile` is empty for `[base]` alone,
    `chain` goes from the farthest ancestor to the profile.
    """

    settings: Settings
    history: Mapping[tuple[str, ...], History]
    project: Project
    profile: str
    chain: tuple[str, ...]
    variables: Mapping[str, Variable]
    profiles: tuple[ProfileInfo, ...]
    warnings: tuple[Problem, ...]

    def where(self, key: str) -> str:
        """Return where the value of a setting comes from, in short: `devserver.toml:2:7`, `LAUNCH_PORT`, `--port`."""
        record = self._record(key)
        return "default" if record is None else describe_origin(record.winner.origin, self.project.root)

    def place(self, key: str) -> Place | None:
        """Return the place of the winning value of a setting for a frame, None for a key without a candidate."""
        record = self._record(key)
        return None if record is None else place_of(record.winner.origin)

    def _record(self, key: str) -> History | None:
        head = "wsgi.static."  # what follows is free text, dots included
        parts = ("wsgi", "static", key.removeprefix(head)) if key.startswith(head) else keys.split(key)
        return self.history.get(parts)


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of one profile: resolved, or the problems that are in its way."""

    profile: str
    resolved: ResolvedProfile | None
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """All selectable profiles, and the problems that belong to none of them.

    Those are a wrong name where a profile is chosen, and warnings for settings that no profile can ever use.
    """

    project: Project
    profiles: tuple[Checked, ...]
    apart: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Stacked:
    """All layers of one profile, merged, whether they are right or not; `seen` are the .env files looked for."""

    merged: Merged
    chain: tuple[str, ...]
    variables: Mapping[str, Variable]
    seen: tuple[files.SettingsFile, ...]
    findings: tuple[Finding, ...]


def resolve_profile(request: Request) -> ResolvedProfile:
    """Return the profile that *request* asks for; raise `ConfigError` or `UsageError` with all problems at once."""
    sources, findings = read(request)
    name, found = choose(request, sources)
    if found or sources.committed is None:
        raise_for([*findings, *found], sources.secrets)
    return _resolve(request, sources, name, findings, list_profiles(sources))


def resolve_all(request: Request) -> Survey:
    """Return every profile that could be chosen, each resolved or with its problems; raise where there is no telling.

    `[base]` alone is among them where no `default-profile` takes its place. Flags and variables of *request* count for
    every profile.
    """
    sources, findings = read(request)
    if sources.committed is None:
        raise_for(findings, sources.secrets)
    names = [name for name in sources.names if not selection.is_abstract(name)]
    if not _default_profile(sources)[0]:
        names.insert(0, "")
    profiles = list_profiles(sources)  # once: made for each of them it would be most of the work
    checked = tuple(_check(request, sources, name, findings, profiles) for name in names)
    histories = [item.resolved.history for item in checked if item.resolved]
    unextended = survey.find_unextended([*sources.profiles.values(), *sources.local.values()])
    apart = [*_misnamed(request, sources), *survey.find_never(histories), *unextended]
    return Survey(sources.project, checked, tell(apart, sources.secrets))


def place_of(origin: Origin, masked: bool = False, *, at_key: bool = False) -> Place:
    """Return the place of *origin* for a frame, pointing at its value or at its key; `masked` hides the value."""
    from launcher.config.places import place_of as find_place  # only to explain or to fail

    return find_place(origin, masked, at_key=at_key)


def describe_origin(origin: Origin, root: str) -> str:
    """Return *origin* in a few words, files relative to *root*."""
    if origin.file:
        place = place_of(origin)
        file = os.path.relpath(place.file, root) if place.file.startswith(root + os.sep) else place.file
        if origin.source is Source.COMMAND_LINE:
            return f"{file}:{place.line}, {origin.name}"
        return f"{file}:{place.line}:{place.column}" if place.line else file
    return origin.reason or origin.name or "default"


def read(request: Request) -> tuple[Sources, list[Finding]]:
    """Return what the files of the project say, and what is wrong with them."""
    if _is_isolated(request):
        return Sources(files.Project(request.cwd)), []
    text = request.environ.get("LAUNCH_ISOLATED", "")
    if text and not isinstance(pairs.parse_text(text, ("switch",)), bool):
        origin = Origin(Source.ENVIRONMENT, name="LAUNCH_ISOLATED", text=text)
        return Sources(files.Project(request.cwd)), [
            Finding("env-value", f'LAUNCH_ISOLATED="{text}" must be true or false', origin)
        ]
    config = request.config or request.environ.get("LAUNCH_CONFIG", "")
    project, findings = files.find_project(request.cwd, request.home, config)
    if findings:
        return Sources(project), findings
    sources = read_sources(project, local=request.local)
    if config and sources.committed is None and not sources.findings:
        origin = _selector(request.config, "--config", "LAUNCH_CONFIG", config)
        findings = [Finding("config-missing", f"there is no file {config}", origin, hint=f"looked for {project.file}")]
    return sources, [*sources.findings, *findings]


def _is_isolated(request: Request) -> bool:
    return request.isolated or pairs.parse_text(request.environ.get("LAUNCH_ISOLATED", ""), ("switch",)) is True


def _selector(given: str | None, flag: str, variable: str, text: str) -> Origin:
    return (
        Origin(Source.COMMAND_LINE, name=flag, text=text)
        if given
        else Origin(Source.ENVIRONMENT, name=variable, text=text)
    )


def choose(request: Request, sources: Sources) -> tuple[str, list[Finding]]:
    """Return the name of the profile: `--profile`, LAUNCH_PROFILE, the personal file's default, the committed one's."""
    variable = "" if _is_isolated(request) else request.environ.get("LAUNCH_PROFILE", "")
    if request.profile or variable:
        name = request.profile or variable
        origin = _selector(request.profile, "--profile", "LAUNCH_PROFILE", name)
        if request.profile and request.call:
            origin = request.call.origin("profile")
    else:
        name, found = _default_profile(sources)
        if not name or found is None:
            return "", []
        origin = found
    if name in sources.names and not selection.is_abstract(name):
        return name, []
    return name, [selection.find_unknown(name, origin, sources.names)]


def _misnamed(request: Request, sources: Sources) -> list[Finding]:
    """Return what is wrong with the profile chosen now, and with the one that is chosen where nobody names any."""
    name, origin = _default_profile(sources)
    found = choose(request, sources)[1]
    if origin and (name not in sources.names or selection.is_abstract(name)):
        found = [selection.find_unknown(name, origin, sources.names), *found]
    return list(dict.fromkeys(found))


def _default_profile(sources: Sources) -> tuple[str, Origin | None]:
    for document, source in ((sources.personal, Source.LOCAL_BASE), (sources.committed, Source.BASE)):
        name = document.table.get("default-profile") if document else None
        if document and isinstance(name, str) and name:
            return name, Origin(source, document.file, (*document.path, "default-profile"))
    return "", None


def stack_up(request: Request, sources: Sources, name: str, before: Sequence[Finding]) -> Stacked:
    """Return the merged layers for the profile *name*, and everything that is wrong with them, *before* included."""
    chain, found = _chain(sources, name)
    findings = [*before, *found]
    layers, seen, found = _gather_layers(request, sources, name, chain)
    findings += found
    unread = {finding.origin.file for finding in findings if finding.origin is not None} & {file.path for file in seen}
    merged, found = _merge_checked(layers, sources.secrets)
    found = [_with_hidden(finding, merged, sources.project.root) for finding in found]
    findings = _without_ignored(findings, merged)
    known, missing = variables.gather_variables(merged.history)
    findings += [*found, *([] if unread else missing)]  # a variable may be missing only because its file is broken
    return Stacked(merged, chain, known, tuple(seen), tuple(findings))


def _without_ignored(findings: list[Finding], merged: Merged) -> list[Finding]:
    """Return *findings* without the unknown `LAUNCH_` variables that `ignore-variables` names."""
    listed = merged.values.get(("ignore-variables",))
    names = [name for name in listed if isinstance(name, str)] if isinstance(listed, (list, tuple)) else []
    return [
        finding
        for finding in findings
        if finding.slug != "env-unknown" or not finding.origin or not pairs.is_ignored(finding.origin.name, names)
    ]


def _with_hidden(finding: Finding, merged: Merged, root: str) -> Finding:
    """Return the finding for a variable that cannot be read with the value that there would be without the variable."""
    if finding.slug != "env-value":
        return finding
    record = next((one for one in merged.history.values() if one.winner.origin == finding.origin), None)
    hidden = next((item for item in record.candidates[1:] if item.origin != finding.origin), None) if record else None
    if hidden is None or hidden.unset or not isinstance(hidden.value, (str, int, float)) or hidden.value == "":
        return finding
    if record and (keys.is_whole(record.key) or redact.hides_setting(keys.join(record.key), hidden.value)):
        return finding
    value = str(hidden.value).lower() if isinstance(hidden.value, bool) else hidden.value
    note = f"without it the value would be {value} ({describe_origin(hidden.origin, root)})"
    return replace(finding, notes=(*finding.notes, note))


def make_settings(request: Request, sources: Sources, stacked: Stacked) -> tuple[Settings, list[Finding]]:
    """Return the settings for layers without an error, and what is wrong with settings that are right one by one."""
    merged = stacked.merged
    settings = validate.build_settings(nest(anchored(merged, schema.by_key(), _folders(request, sources))))
    return settings, validate.check_together(settings, merged)


def _resolve(
    request: Request, sources: Sources, name: str, before: Sequence[Finding], profiles: tuple[ProfileInfo, ...]
) -> ResolvedProfile:
    stacked = stack_up(request, sources, name, before)
    merged, findings, secrets = stacked.merged, list(stacked.findings), sources.secrets
    raise_for(findings, secrets)
    settings, found = make_settings(request, sources, stacked)
    raise_for([*findings, *found], secrets)
    project = replace(sources.project, candidates=(*sources.project.candidates, *stacked.seen))
    findings += (
        finding for other, broken in sources.broken.items() if other not in stacked.chain for finding in broken
    )
    warnings = tell([replace(finding, warning=True) for finding in findings], secrets)
    known = stacked.variables
    return ResolvedProfile(settings, merged.history, project, name, stacked.chain, known, profiles, warnings)


def _gather_layers(
    request: Request, sources: Sources, name: str, chain: tuple[str, ...]
) -> tuple[list[Layer], list[files.SettingsFile], list[Finding]]:
    """Return all layers from low to high, the .env files looked for, and what is wrong."""
    environ = {} if _is_isolated(request) else request.environ
    low, low_findings = assemble.file_layers(sources, name, chain)
    flags = [given for given in request.flags if given.key != "env-files"]
    outer, outer_findings = assemble.outer_layers(flags, request.sets, request.unsets, environ)
    if request.call:
        called, found = call_layer(request.call)
        low, outer, outer_findings = [low[0], default_layer(), *low[1:]], [*outer, called], [*outer_findings, *found]
    extra = assemble.extra_env_files(request.flags, environ, request.cwd)
    winner = merge(_about([*low, *outer], "env-files")).history[("env-files",)].winner
    read, seen, findings = _read_env_files(request, winner, extra, _folders(request, sources), name)
    decided = any(pair.name == "FLASK_DEBUG" and pair.text for file in read for pair in file.pairs)
    decided = decided or bool(environ.get("FLASK_DEBUG"))
    middle = [assemble.env_file_layer(file.path, file.pairs, debug_decided=decided) for file in read]
    flask = assemble.flask_layer(environ, debug_decided=decided)
    if extra:
        shown = _listed(winner, _folders(request, sources))
        outer.append(assemble.extra_layer([*shown, *(path for path, _ in extra)], extra[-1][1], request.cwd))
    layers = assemble.with_shell([*low, *(layer for layer, _ in middle), flask, *outer], environ)
    findings += [finding for _, found in middle for finding in found]
    return layers, seen, [*low_findings, *outer_findings, *findings]


def _about(layers: Iterable[Layer], name: str) -> Iterator[Layer]:
    """Yield the layers with no entries but those of one setting."""
    for layer in layers:
        yield replace(layer, entries=tuple(entry for entry in layer.entries if entry.key[0] == name))


def _folders(request: Request, sources: Sources) -> Folders:
    return Folders(sources.project.root, request.cwd, request.home)


def _merge_checked(layers: list[Layer], secrets: Collection[str]) -> tuple[Merged, list[Finding]]:
    """Return the merged layers with derived values on top, and what is wrong with the values of any layer.

    *secrets* are the variables that some file declares to be secret.
    """
    written = (layer for layer in layers if layer.source is not Source.DEFAULT)  # ours are right: a test checks them
    findings = [finding for layer in written for finding in validate.check_layer(layer)]
    merged = merge(layers)
    conflicts = validate.check_conflicts(merged)
    told = {origin for finding in conflicts for origin in (finding.origin, *(other for _, other in finding.others))}
    findings = [
        *conflicts,
        *(finding for finding in findings if finding.slug != "wrong-type" or finding.origin not in told),
    ]
    merged = merge([*layers, assemble.derived_layer(merged)])
    settled = {
        key: variables.settle(record, secrets) if keys.is_whole(key) else record
        for key, record in merged.history.items()
    }
    values = {key: record.winner.value for key, record in settled.items() if not record.winner.unset}
    return Merged(values, settled, merged.conflicts), findings


def _chain(sources: Sources, name: str) -> tuple[tuple[str, ...], list[Finding]]:
    if not name:
        return (), []
    own = sources.local.get(name)
    profiles = sources.profiles if own is None or name in sources.profiles else {**sources.profiles, name: own}
    chain, findings = selection.chain_of(name, profiles)
    return chain, [*findings, *(finding for member in chain for finding in sources.broken.get(member, ()))]


def _read_env_files(
    request: Request, winner: Candidate, extra: Sequence[tuple[str, Origin]], folders: Folders, profile: str
) -> tuple[Sequence[EnvFile], list[files.SettingsFile], list[Finding]]:
    """Return the .env files that are there, from low to high, all that were looked for, and what is wrong.

    *extra* are files that were named for this run. They are the highest, and read even where the others are left out.
    """
    wanted = request.env_files and not _is_isolated(request) and not assemble.skips_dotenv(request.environ)
    names = _listed(winner, folders) if wanted else ()
    above = dict.fromkeys(path for path, _ in extra)
    paths = [path for path in assemble.env_file_names(folders.root, names, profile) if path not in above]
    seen = [files.SettingsFile(path, os.path.lexists(path), "env") for path in [*paths, *above]]
    named = [*extra, *((path, winner.origin) for path in names if winner.origin.source is Source.COMMAND_LINE)]
    findings = [item for path, origin in named if (item := _unusable(path, origin, request.cwd))]
    if not any(file.exists for file in seen):
        return [], seen, findings
    # python-dotenv costs ten milliseconds, and many projects have no such file
    from launcher.config.sources import envfile

    read, found = envfile.read_files([file.path for file in seen if file.exists], request.environ)
    return read, seen, [*findings, *found]


def _listed(winner: Candidate, folders: Folders) -> tuple[str, ...]:
    listed = winner.value if isinstance(winner.value, (list, tuple)) else ()
    return tuple(resolve_path(name, winner.origin, folders) for name in listed if isinstance(name, str))


def _unusable(path: str, origin: Origin, cwd: str) -> Finding | None:
    """Return the finding for a .env file that the command line names, and that is not there or is a folder."""
    if os.path.exists(path) and not os.path.isdir(path):
        return None
    shown = os.path.relpath(path, cwd)
    message = f"{shown} is a folder" if os.path.isdir(path) else f"there is no file {shown}"
    return Finding("env-file-missing", message, origin)


def list_profiles(sources: Sources) -> tuple[ProfileInfo, ...]:
    """Return what a list shows of every profile, the team's first."""
    return tuple(
        ProfileInfo(
            name=name,
            origin=table.origin,
            extends=table.extends,
            description=table.description,
            keys=tuple(keys.join(entry.key) for entry in assemble.profile_layer(table).entries if not entry.unset),
            abstract=selection.is_abstract(name),
            local=name not in sources.profiles,
        )
        for name, table in ((name, sources.profiles.get(name) or sources.local[name]) for name in sources.names)
    )


def _check(
    request: Request, sources: Sources, name: str, before: Sequence[Finding], profiles: tuple[ProfileInfo, ...]
) -> Checked:
    try:
        resolved = _resolve(request, sources, name, before, profiles)
    except (ConfigError, UsageError) as error:
        return Checked(name, None, error.problems)
    return Checked(name, resolved, resolved.warnings)


def raise_for(findings: Iterable[Finding], secrets: Collection[str]) -> None:
    """Raise all *findings* as one error, unless there are only warnings; a problem that is met twice is told once.

    *secrets* are the variables that some file declares to be secret, whose values are not told.
    """
    found = list(dict.fromkeys(findings))
    if all(finding.warning for finding in found):
        return
    origins = [finding.origin for finding in found]
    only_flags = all(origin and origin.source is Source.COMMAND_LINE and not origin.file for origin in origins)
    raise (UsageError if only_flags else ConfigError)(tell(found, secrets))


def tell(findings: Iterable[Finding], secrets: Collection[str]) -> tuple[Problem, ...]:
    """Return the problems for *findings*, grouped by file, with their source lines, without the values of *secrets*.

    Of very many only the first are told, errors before warnings.
    """
    found = list(findings)
    if not found:
        return ()
    from launcher.config.problem import problem_of  # only to fail or to warn

    if len(found) <= MOST:
        return _by_file([problem_of(finding, secrets) for finding in found])
    first = sorted(found, key=lambda finding: finding.warning)[:MOST]
    problems = _by_file([problem_of(finding, secrets) for finding in first])
    note = f"there are more problems; these are the first {MOST}"
    return (*problems[:-1], replace(problems[-1], notes=(*problems[-1].notes, note)))


def _by_file(problems: list[Problem]) -> tuple[Problem, ...]:
    """Return *problems* grouped by file, the files in the order in which they come up, each from top to bottom."""
    order: dict[str, int] = {}
    for problem in problems:
        order.setdefault(problem.place.file if problem.place else "", len(order))

    def rank(problem: Problem) -> tuple[int, int, int]:
        place = problem.place
        return (order[place.file], place.line, place.column) if place else (order[""], 0, 0)

    return tuple(sorted(problems, key=rank))
