"""The variables of the app: which text wins for each name, and which ones are missing.

Pure: tables, .env files and the shell arrive as one history per name, in the order of the layers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from launcher import redact
from launcher.config.finding import Finding
from launcher.config.layer import Candidate, History, Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from launcher.config.layer import Origin

_TABLES = (Source.BASE, Source.PROFILE, Source.LOCAL_BASE, Source.LOCAL_PROFILE)


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of the app: its text, where it comes from, and the candidates that it hides, highest first."""

    value: str
    origin: Origin
    secret: bool = False
    from_shell: bool = False
    hidden: tuple[Candidate, ...] = ()


def settle(history: History, secrets: Collection[str] = ()) -> History:
    """Return the history of an `env.NAME` with its true winner first, marked where the name is among *secrets*.

    The winner is the highest candidate, but a table with `override` wins over .env files and the shell, and one with
    `default` or `required` is only asked where nothing else gives a text, also not a layer below it that is no table.
    """
    order = list(history.candidates)
    table = next((item for item in order if item.origin.source in _TABLES), None)
    if table is not None and not table.unset and isinstance(table.value, dict) and table.value.get("override") is True:
        above = [item for item in order if item.origin.source in (Source.COMMAND_LINE, Source.DERIVED)]
        order = [*above, table, *(item for item in order if item is not table and item not in above)]
    return History(history.key, tuple(order), history.key[-1] in secrets)


def gather_variables(history: Mapping[tuple[str, ...], History]) -> tuple[dict[str, Variable], list[Finding]]:
    """Return the variables in the settled histories, and one finding that names all required ones that are missing.

    An empty text is not what a requirement asks for.
    """
    found: dict[str, Variable] = {}
    missing: list[tuple[str, Candidate]] = []
    empty: list[tuple[str, Origin]] = []
    for key, record in history.items():
        if len(key) != 2 or key[0] != "env" or record.winner.unset:
            continue
        text = text_of(record.winner)
        if not text and (requirement := _requirement(record)):
            missing.append((key[1], requirement))
            empty += [("the empty text", record.winner.origin)] if text == "" else []
        elif text is not None:
            shell = record.winner.origin.source is Source.ENVIRONMENT
            found[key[1]] = Variable(text, record.winner.origin, is_secret(record), shell, record.candidates[1:])
    return _spread_secrets(found), [_missing(missing, empty)] if missing else []


def _requirement(record: History) -> Candidate | None:
    """Return the highest candidate that requires a text, unless an `unset` above has removed it."""
    for item in record.candidates:
        if item.unset:
            return None
        if isinstance(item.value, dict) and "required" in item.value:
            return item
    return None


def _spread_secrets(found: dict[str, Variable]) -> dict[str, Variable]:
    """Return the variables, secret too where the text contains the text of a secret one."""
    secrets = [variable.value for variable in found.values() if variable.secret and len(variable.value) > 3]
    secrets += [part for variable in found.values() for part in redact.secret_parts(variable.value) if len(part) > 3]
    # A text whose own shape is that of a secret is shown without that part.
    texts = {name: redact.mask(variable.value) for name, variable in found.items()}
    return {
        name: replace(variable, secret=variable.secret or any(secret in texts[name] for secret in secrets))
        for name, variable in found.items()
    }


def text_of(candidate: Candidate) -> str | None:
    """Return the text that a candidate gives its variable, None for a requirement."""
    value = candidate.value
    if isinstance(value, dict):
        value = value.get("value", value.get("default"))
    return value if isinstance(value, str) else None


def is_secret(record: History) -> bool:
    """Return whether anything declares the variable secret, or its name does."""
    declared = record.secret or any(
        isinstance(item.value, dict) and item.value.get("secret") is True for item in record.candidates
    )
    return declared or any(_looks_secret(record.key[-1], item) for item in record.candidates)


def _looks_secret(name: str, item: Candidate) -> bool:
    text = None if item.unset else text_of(item)
    return redact.is_secret_name(name) if text is None else redact.is_secret(name, text)


def _how_to_get(item: Candidate) -> str:
    """Return what a requirement says about how to get a value; nothing where that is no text, which is told apart."""
    text = item.value.get("required") if isinstance(item.value, dict) else None
    return text if isinstance(text, str) else ""


def _missing(missing: list[tuple[str, Candidate]], empty: list[tuple[str, Origin]]) -> Finding:
    several = len(missing) > 1
    subject = f"{len(missing)} variables are" if several else f"{missing[0][0]} is"
    them = "them" if several else "it"
    texts = [(name, _how_to_get(item), item) for name, item in missing]
    others = tuple((f"{name}: {text}" if text else name, item.origin) for name, text, item in texts[1:])
    return Finding(
        "env-missing",
        f"{subject} required and {'empty' if len(empty) == len(missing) else 'set nowhere'}",
        missing[0][1].origin,
        at_key=True,
        hint=texts[0][1],
        others=(*others, *empty),
        notes=(f"put {them} in .env.local, or set {them} in the shell",),
    )
