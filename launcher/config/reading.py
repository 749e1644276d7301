"""Everything that the settings files of a project say, read once: documents, profiles, and what is wrong with them.

Which profile counts is decided in `selection.py`; this module only knows which there are.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from functools import cached_property

from launcher.config import schema, selection
from launcher.config.finding import Finding
from launcher.config.layer import Origin, Source
from launcher.config.sources import files
from launcher.config.sources.files import SettingsFile
from launcher.errors import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from launcher.config.selection import Table
    from launcher.config.sources.files import Document, Project

_ROOT_KEYS = ("default-profile", "base", "profiles")


@dataclass(frozen=True)
class Sources:
    """The files of a project as they were read.

    `profiles` are the team's, `local` those of devserver.local.toml. `broken` has findings by the name of the profile
    whose own file cannot be read: they only matter where that profile is used.
    """

    project: Project
    committed: Document | None = None
    personal: Document | None = None
    profiles: Mapping[str, Table] = field(default_factory=dict)
    local: Mapping[str, Table] = field(default_factory=dict)
    broken: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All profiles, the team's first."""
        return (*self.profiles, *(name for name in self.local if name not in self.profiles))

    @cached_property
    def secrets(self) -> frozenset[str]:
        """The variables of the app that some table declares to be secret, whether or not its profile is used."""
        documents = [document.table.get("base") for document in (self.committed, self.personal) if document]
        tables = [*documents, *(table.table for table in (*self.profiles.values(), *self.local.values()))]
        return frozenset(name for table in tables if isinstance(table, dict) for name in _declared(table.get("env")))


def read_sources(project: Project, *, local: bool) -> Sources:
    """Return what the files of *project* say; `local` says whether devserver.local.toml counts."""
    findings: list[Finding] = []
    committed = personal = None
    if project.file:
        committed, found = files.read_document(project.file, project.table)
        findings += found
    personal_file = os.path.join(project.root, files.LOCAL)
    if local:
        personal, found = files.read_document(personal_file)
        findings += found
    separate, broken = _separate_profiles(project.root)
    inline = selection.tables_in(committed, Source.PROFILE) if committed else []
    profiles, found = selection.gather_profiles(inline, separate)
    findings += found
    own = {table.name: table for table in selection.tables_in(personal, Source.LOCAL_PROFILE)} if personal else {}
    for document, tables in ((committed, inline), (personal, list(own.values()))):
        findings += _check_document(document) if document else []
        findings += [finding for table in tables for finding in selection.check_own_keys(table)]
    findings += [finding for table in own.values() for finding in _check_local(table, profiles)]
    seen = [
        *(
            [SettingsFile(project.file, os.path.lexists(project.file), "pyproject" if project.table else "project")]
            if project.file
            else []
        ),
        *([] if project.file else [SettingsFile(os.path.join(project.root, files.NAME), False, "project")]),
        SettingsFile(personal_file, os.path.lexists(personal_file), "local"),
        *(SettingsFile(table.origin.file, True, "profile") for table in separate),
    ]
    return Sources(
        replace(project, candidates=tuple(seen)), committed, personal, profiles, own, broken, tuple(findings)
    )


def _declared(table: object) -> list[str]:
    """Return the names in an `env` table that are declared secret, however that is written."""
    if not isinstance(table, dict):
        return []
    return [
        name for name, value in table.items() if isinstance(value, dict) and value.get("secret", False) is not False
    ]


def _separate_profiles(root: str) -> tuple[list[Table], dict[str, tuple[Finding, ...]]]:
    """Return the profiles in the folder profiles, and findings by name for unreadable ones, which count as empty."""
    tables = []
    broken = {}
    for name in files.profile_names(root):
        file = os.path.join(root, files.FOLDER, name + ".toml")
        document, findings = files.read_document(file)
        table = selection.Table(name, document.table if document else {}, Origin(Source.PROFILE, file, profile=name))
        found = (*findings, *selection.check_own_keys(table))
        if found:
            broken[name] = found
        tables.append(table)
    return tables, broken


def _check_document(document: Document) -> list[Finding]:
    """Return what is wrong at the top of a document, before any table of settings is looked into."""
    top = Origin(Source.BASE, document.file, document.path)
    findings = []
    for name, value in document.table.items():
        origin = files.within(top, name)
        if name not in _ROOT_KEYS:
            findings.append(_unknown_at_top(name, origin))
        elif name == "default-profile" and not isinstance(value, str):
            findings.append(Finding("wrong-type", "`default-profile` must be the name of a profile", origin))
        elif name != "default-profile" and not isinstance(value, dict):
            findings.append(Finding("wrong-type", f"`{name}` must be a table", origin, hint=f"write [{name}]"))
        elif name == "profiles":
            findings += [
                Finding(
                    "wrong-type",
                    f"`profiles.{inner}` must be a table",
                    files.within(origin, inner),
                    hint=f"write [profiles.{inner}]",
                )
                for inner, table in value.items()
                if not isinstance(table, dict)
            ]
    return findings


def _unknown_at_top(name: str, origin: Origin) -> Finding:
    dashed = name.replace("_", "-")
    if dashed in schema.by_key() or dashed in schema.tables():
        return Finding(
            "wrong-place",
            f"`{name}` belongs in [base] or a profile",
            origin,
            at_key=True,
            hint=f"put it below [base], as {dashed}",
        )
    guess = nearest(dashed, _ROOT_KEYS)
    hint = f"did you mean `{guess}`?" if guess else f"at the top of the file stand {', '.join(_ROOT_KEYS)}"
    return Finding("unknown-key", f"`{name}` is not known here", origin, at_key=True, hint=hint)


def _check_local(table: Table, team: Mapping[str, Table]) -> list[Finding]:
    if table.name in team and "extends" in table.table:
        hint = "the team's profile decides what it extends; remove this line, or give your profile a name of its own"
        return [
            Finding(
                "local-extends",
                f"`extends` of profile `{table.name}` cannot be changed here",
                files.within(table.origin, "extends"),
                at_key=True,
                hint=hint,
            )
        ]
    return [] if table.name in team else selection.check_name(table)
