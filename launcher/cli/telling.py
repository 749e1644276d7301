"""How commands tell values and where they come from: as text for people, and as JSON for programs.

Secrets are taken out here, for all commands.
"""

from __future__ import annotations

import json

from launcher import redact
from launcher.config import key as keys
from launcher.config.layer import Source
from launcher.config.resolve import place_of
from launcher.config.schema import by_key
from launcher.config.variables import is_secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from launcher.config.layer import Candidate, History, Origin
    from launcher.errors import Place, Problem
    from launcher.frame import Look

FORMAT_VERSION = 1
_TOLD = ("required", "secret", "override")
"""What is told of the table of a secret variable."""

SPOKEN = {
    Source.DEFAULT: "default",
    Source.BASE: "base",
    Source.PROFILE: "profile",
    Source.LOCAL_BASE: "local base",
    Source.LOCAL_PROFILE: "local profile",
    Source.ENV_FILE: ".env file",
    Source.FLASK_VARIABLE: "Flask variable",
    Source.ENVIRONMENT: "environment",
    Source.COMMAND_LINE: "command line",
    Source.DERIVED: "derived",
}


def hides_value(record: History) -> bool:
    """Return whether the values of a key must not be shown."""
    if keys.is_whole(record.key):
        return is_secret(record)
    row = by_key().get(keys.join(record.key))
    if row is not None:
        named = row.secret or row.key == "env"
        return named or any(redact.hides_setting(row.key, item.value) for item in record.candidates)
    return any(map(redact.is_secret_name, record.key))


def shown_value(value: object) -> str:
    """Return a value as it would be written in TOML, passwords in URLs taken out."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(shown_value, value))}]"
    if isinstance(value, dict):
        return (
            f"{{ {', '.join(f'{name} = {shown_value(inner)}' for name, inner in value.items())} }}" if value else "{}"
        )
    if isinstance(value, str):
        return json.dumps(redact.mask(value), ensure_ascii=False)
    return str(value)


def shown_candidate(candidate: Candidate, *, secret: bool) -> str:
    """Return the value of a candidate, or what stands for it: `(unset)`, or three stars for a secret."""
    if candidate.unset:
        return "(unset)"
    value = candidate.value
    if secret and isinstance(value, dict):
        value = {name: inner if name in _TOLD else redact.MASK for name, inner in value.items()}
    elif secret:
        return redact.MASK
    return shown_value(value)


def spot(origin: Origin, look: Look) -> str:
    """Return where a value comes from, in a few words: `devserver.toml:2:7`, `LAUNCH_PORT`, `--port`, `default`."""
    if origin.file:
        return look.spot(place_of(origin))
    if origin.source is Source.DERIVED:
        return origin.reason
    if origin.name in ("--set", "--unset"):
        return redact.mask(f"{origin.name} {origin.text.partition('=')[0].strip()}")
    return origin.name or SPOKEN[origin.source]


def origin_json(origin: Origin) -> dict[str, Any]:  # Any: JSON
    """Return an origin for a program; what is not known is left out."""
    found: dict[str, Any] = {"source": origin.source.name.lower().replace("_", "-")}
    if origin.file:
        place = place_of(origin)
        found.update(file=place.file, line=place.line, column=place.column, path=list(origin.path))
    found.update(name=origin.name, profile=origin.profile, reason=origin.reason)
    return {name: value for name, value in found.items() if value}


def candidate_json(candidate: Candidate, *, secret: bool) -> dict[str, Any]:  # Any: JSON
    """Return a candidate for a program; the value of a secret is left out and said to be one."""
    found: dict[str, Any] = {"origin": origin_json(candidate.origin)}
    if candidate.unset:
        return {"unset": True, **found}
    return {"secret": True, **found} if secret else {"value": _plain(candidate.value), **found}


def problem_json(problem: Problem) -> dict[str, Any]:  # Any: JSON
    """Return a problem for a program."""
    return {
        "slug": problem.slug,
        "warning": problem.warning,
        "message": problem.message,
        "hint": problem.hint,
        "place": _place_json(problem.place) if problem.place else None,
        "others": [{"label": label, "place": _place_json(place)} for label, place in problem.others],
        "notes": list(problem.notes),
    }


def document(**content: Any) -> str:  # Any: JSON
    """Return the JSON text of a command's answer. ASCII only, so that no character in it acts on a terminal."""
    return json.dumps({"format_version": FORMAT_VERSION, **content}, indent=2)


def _plain(value: object) -> object:
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, str):
        return redact.mask(value)
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)  # TOML has dates


def _place_json(place: Place) -> dict[str, Any]:  # Any: JSON
    return {"file": place.file, "line": place.line, "column": place.column, "length": place.length}
