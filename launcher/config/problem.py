"""Findings to problems: the same facts with places, and with nothing secret in their sentences.

Loaded only to fail or to warn, because it also brings what retells the parser's errors.
"""

from __future__ import annotations

from launcher import redact
from launcher.config.places import place_of
from launcher.config.sources.files import read_text
from launcher.config.toml.syntax import explain_syntax
from launcher.errors import Place, Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from launcher.config.finding import Finding
    from launcher.config.layer import Origin


def problem_of(finding: Finding, secrets: Collection[str] = ()) -> Problem:
    """Return the problem that a finding tells, with places, and without passwords in its sentences.

    *secrets* are the names of variables that some file declares to be secret.
    """
    others = tuple((redact.mask(label), _point(origin, finding.at_key, secrets)) for label, origin in finding.others)
    hint, notes = redact.mask(finding.hint), tuple(redact.mask(note) for note in finding.notes)
    message, place = redact.mask(finding.message), None
    if finding.cause is not None and finding.origin is not None and finding.origin.file:
        return _syntax_problem(finding, finding.cause, secrets)
    if finding.origin is not None:
        place = _point(finding.origin, finding.at_key, secrets)
    return Problem(finding.slug, message, place, hint, others, notes, finding.warning)


def _point(origin: Origin, at_key: bool, secrets: Collection[str]) -> Place:
    """Return the place of *origin*; the value of a header is the header, and its name says more."""
    name = place_of(origin, at_key=True, secrets=secrets)
    value = name if at_key else place_of(origin, secrets=secrets)
    return name if (value.line, value.text) == (name.line, name.text) and value.column < name.column else value


def _syntax_problem(
    finding: Finding, cause: Any, secrets: Collection[str]
) -> Problem:  # Any: tomli's error, which files.py alone knows
    assert finding.origin is not None
    text, _ = read_text(finding.origin.file)
    found = explain_syntax(text or "", finding.origin.file, cause, secrets)
    return Problem(found.slug, found.message, found.place, found.hint, found.others, found.notes, finding.warning)
