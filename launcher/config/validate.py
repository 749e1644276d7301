"""Values to settings: every problem of every layer, with the origin to edit; the only reader of pydantic's errors.

Each layer is checked on its own, so that a wrong value is reported even where another layer hides it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, time

from pydantic import ValidationError

from launcher import redact
from launcher.config import key as keys
from launcher.config import schema
from launcher.config.finding import MOST, Finding
from launcher.config.layer import Origin, Source
from launcher.config.stack import Conflict, Merged, nest
from launcher.errors import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from launcher.config.layer import Entry, Layer

    Key = tuple[str, ...]

_TEXTS = (Source.ENV_FILE, Source.FLASK_VARIABLE, Source.ENVIRONMENT, Source.COMMAND_LINE)
_LIMITS = ("greater_than_equal", "less_than_equal", "finite_number")
_TABLES = (Source.BASE, Source.PROFILE, Source.LOCAL_BASE, Source.LOCAL_PROFILE)
_NAME = re.compile(r"[^=\0]+")


def check_layer(layer: Layer) -> list[Finding]:
    """Return everything that is wrong with the values of one layer, in the order of the file."""
    if not layer.entries:
        return []
    findings = [finding for entry in layer.entries for finding in _check_names(entry)]
    values = {entry.key: entry.value for entry in layer.entries if not entry.unset}
    try:
        schema.Settings.model_validate(nest(values))
    except ValidationError as error:
        findings += _explain(error, [entry for entry in layer.entries if not entry.unset])
    return findings


def build_settings(values: dict[str, object]) -> schema.Settings:
    """Return the settings for nested values of checked layers; raise `ValidationError` for a bug of ours."""
    return schema.Settings.model_validate(values)


def check_conflicts(merged: Merged) -> list[Finding]:
    """Return a finding for every key that is a table in one layer and not in another."""
    seen = set()
    findings = []
    for conflict in merged.conflicts:
        pair = conflict.key, conflict.higher.origin
        if pair not in seen and conflict.lower.origin.source is not Source.DEFAULT:
            seen.add(pair)
            findings.append(_conflict(conflict))
    return findings


def check_unset(entry: Entry) -> list[Finding]:
    """Return what is wrong with the key of an `unset`."""
    dotted = keys.join(entry.key)
    if (
        keys.is_whole(entry.key)
        or dotted in schema.by_key()
        or dotted in schema.tables()
        or entry.key[:2] == ("wsgi", "static")
    ):
        return []
    guess = nearest(dotted, [*schema.by_key(), *schema.tables()])
    return [
        Finding(
            "unknown-key",
            f"`{dotted}` is not a setting",
            entry.origin,
            hint=f"did you mean `{guess}`?" if guess else "",
        )
    ]


def check_together(settings: schema.Settings, merged: Merged) -> list[Finding]:
    """Return what is wrong with settings that are right one by one."""
    return [
        *(_check_host(settings, merged) or _check_bind(settings, merged)),
        *_check_pair(
            merged,
            settings.tls.adhoc and bool(settings.tls.cert),
            "tls.adhoc",
            "tls.cert",
            "`tls.adhoc` makes a certificate, and `tls.cert` names one",
            "keep one of the two",
        ),
        *_check_pair(
            merged,
            bool(settings.tls.key) and not settings.tls.cert,
            "tls.key",
            "tls.cert",
            "`tls.key` has no certificate",
            "set tls.cert too",
        ),
        *_check_pair(
            merged,
            settings.threads and settings.processes > 1,
            "threads",
            "processes",
            "the server has either threads or several processes",
            "set threads = false, or processes = 1",
        ),
    ]


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach *host*."""
    name = host.strip("[]").rstrip(".").lower()
    if name.startswith("unix:") or name in ("localhost", "::1", "0:0:0:0:0:0:0:1") or name.endswith(".localhost"):
        return True
    return re.fullmatch(r"(::ffff:)?127(\.[0-9]{1,3}){1,3}", name) is not None


def _check_bind(settings: schema.Settings, merged: Merged) -> list[Finding]:
    candidates = merged.history[("host",)].candidates
    origin = candidates[0].origin
    same = (candidate.origin for candidate in candidates if candidate.value == candidates[0].value)
    if is_loopback(settings.host) or not settings.debugger.enabled or any(map(_is_of_this_machine, same)):
        return []
    outside = f"LAUNCH_HOST={settings.host}" if origin.source is Source.COMMAND_LINE else f"--host {settings.host}"
    switch = merged.history[("debugger", "enabled")].winner.origin
    others = (("and the debugger is on", switch),) if switch.file else ()
    return [
        Finding(
            "unsafe-bind",
            "a committed file opens the debugger to the network",
            origin,
            hint="anyone on this network could run code here",
            others=others,
            notes=(
                f"confirm it on this machine only, with {outside} or in devserver.local.toml,",
                "or set debugger.enabled = false",
            ),
        )
    ]


def _check_host(settings: schema.Settings, merged: Merged) -> list[Finding]:
    """Return a finding where the host is written together with a port, as other servers want it."""
    found = re.fullmatch(r"(?P<host>[^:\[\]]*|\[[^\]]*\]):(?P<port>\d{1,5})", settings.host)
    if found is None:
        return []
    origin = merged.history[("host",)].winner.origin
    host = found["host"].strip("[]") or "127.0.0.1"
    if origin.source is Source.COMMAND_LINE:
        hint = f"write --host {host} --port {found['port']}"
    else:
        hint = f'write host = "{host}" and port = {found["port"]}'
    return [Finding("host-with-port", f"`host` holds a port too: {settings.host}", origin, hint=hint)]


def _is_of_this_machine(origin: Origin) -> bool:
    if origin.source is Source.ENV_FILE:
        return origin.file.endswith(".local")
    if origin.source is Source.COMMAND_LINE:
        return not origin.file  # a call of `launcher.run()` is committed like a settings file
    return origin.source not in (Source.BASE, Source.PROFILE)


def _check_pair(merged: Merged, wrong: bool, first: str, second: str, message: str, hint: str) -> list[Finding]:
    if not wrong:
        return []
    found = [
        merged.history[keys.split(name)].winner.origin for name in (first, second) if keys.split(name) in merged.history
    ]
    written = [origin for origin in found if origin.source is not Source.DEFAULT]
    others = tuple(("and this", origin) for origin in written[1:])
    return [Finding("bad-combination", message, written[0], hint=hint, others=others)]


def _conflict(conflict: Conflict) -> Finding:
    dotted = keys.join(conflict.key)
    row = schema.by_key().get(dotted)
    plain = conflict.higher if conflict.higher_key == conflict.key else conflict.lower
    switch = next((name for name in ("enabled", "adhoc") if f"{dotted}.{name}" in schema.by_key()), "")
    hint = f"`{dotted}` is {row.type}" if row else f"`{dotted}` is a table"
    if isinstance(plain.value, bool) and switch:
        hint = f"write {dotted}.{switch} = {str(plain.value).lower()}"
    return Finding(
        "type-conflict",
        f"`{dotted}` is a table in one place and a single value in another",
        _cut(conflict.higher.origin, conflict.higher_key, conflict.key),
        hint=hint,
        others=(("the other one", _cut(conflict.lower.origin, conflict.lower_key, conflict.key)),),
    )


def _cut(origin: Origin, key: Key, table: Key) -> Origin:
    """Return the origin of *table* for the origin of a key inside it."""
    return replace(origin, path=origin.path[: len(origin.path) - len(key) + len(table)]) if origin.path else origin


def _explain(error: ValidationError, entries: list[Entry]) -> list[Finding]:
    """Return one finding for each key in pydantic's errors, up to one more than are told.

    A union of types makes several errors for one key.
    """
    findings: dict[Key, Finding] = {}
    exact = {entry.key: entry for entry in entries}  # the last one of a key, as a flag may be repeated
    for detail in error.errors(include_url=False, include_context=False):
        key, unknown = _key_of(detail)
        if key in findings:
            continue
        if len(findings) > MOST:  # nobody reads so many, and a guess at what was meant takes time
            break
        entry = exact.get(key) or _around(entries, key)
        origin = _origin_of(entry, key)
        findings[key] = _unknown(key, origin) if unknown else _wrong(key, detail, origin)
    return list(findings.values())


def _around(entries: list[Entry], key: Key) -> Entry:
    """Return the first entry around *key*, or inside it."""
    return next(entry for entry in entries if entry.key[: len(key)] == key or key[: len(entry.key)] == entry.key)


def _key_of(detail: Any) -> tuple[Key, bool]:  # Any: pydantic's ErrorDetails
    """Return the key that an error is about, list positions included, and whether the schema does not know it."""
    location = [str(part) for part in detail["loc"]]
    if location[0] == "env" and len(location) > 2:
        return tuple(location[:2] + location[3:]), detail["type"] == "extra_forbidden"
    if detail["type"] == "extra_forbidden":
        return tuple(location), True
    key: list[str] = []
    for part in location:
        inner = keys.join([*key, part])
        row = schema.by_key().get(keys.join(key))
        if row is None and (inner in schema.by_key() or inner in schema.tables()):
            key.append(part)
        elif row is not None and row.kinds in (("list",), ("map",)) and keys.join(key) == row.key:
            return (*key, part), False
    return tuple(key), False


def _origin_of(entry: Entry, key: Key) -> Origin:
    """Return the origin of *key*, which may be a table around the entry or a part of its value."""
    origin = entry.origin
    if not origin.path:
        return origin
    path = (
        origin.path[: len(origin.path) - len(entry.key) + len(key)]
        if len(key) <= len(entry.key)
        else (*origin.path, *key[len(entry.key) :])
    )
    return Origin(
        origin.source, origin.file, path, origin.line, origin.column, origin.name, origin.text, origin.profile
    )


def _wrong(key: Key, detail: Any, origin: Origin) -> Finding:  # Any: pydantic's ErrorDetails
    value = detail["input"]
    expected = _expected(key, detail)
    row = schema.by_key().get(keys.join(key)) or _row_of_item(key)
    secret = redact.is_secret_name(key[-1]) and key[-1] != "secret"
    if origin.source in _TEXTS and not origin.path and row is not None:
        return _wrong_text(row, origin, secret=secret or key[0] == "env")
    if row is not None and row.choices and isinstance(value, str) and row.kinds == ("text",):
        shown = redact.MASK if secret else value
        hint = _hint_for_choice(row, "" if secret else value)
        return Finding("bad-choice", f'{_subject(key, origin)} cannot be "{shown}"', origin, hint=hint)
    slug = "out-of-range" if detail["type"] in _LIMITS else "wrong-type"
    actual = _describe_kinds(value) if detail["type"] == "one_of" else f"is {_describe(value, slug)}"
    hint = (
        f"must be {row.type}"
        if secret and row is not None
        else _nearest_choice(row, value)
        if row is not None and row.choices and isinstance(value, str)
        else 'write how to get a value: required = "ask the team"'
        if key[0] == "env" and key[2:] == ("required",)
        else ""
        if key[0] == "env"
        and key[1:2]
        and key[1] in schema.settings_names()  # quotes would make a variable of a setting
        else _hint_for_type(expected, "" if secret and isinstance(value, str) else value)
    )
    return Finding(slug, f"{_subject(key, origin)} must be {expected}, this {actual}", origin, hint=hint)


def _wrong_text(row: schema.Setting, origin: Origin, *, secret: bool) -> Finding:
    """Return the finding for a flag or variable whose text is not of the type of its setting."""
    slug = "flag-value" if origin.source is Source.COMMAND_LINE else "env-value"
    text = redact.MASK if secret else origin.text
    if origin.name == "--set":
        text = f"{origin.text.partition('=')[0].strip()}={redact.MASK}" if secret else text
    subject = f"{origin.name} {text}" if slug == "flag-value" else f'{origin.name}="{text}"'
    return Finding(
        slug, f"{subject} must be {row.type}", origin, hint=_hint_for_text(row, "" if secret else origin.text)
    )


def _row_of_item(key: Key) -> schema.Setting | None:
    """Return the list that a key like `reload.include.1` is an item of."""
    return schema.by_key().get(keys.join(key[:-1])) if len(key) > 1 and key[-1].isdecimal() else None


def _subject(key: Key, origin: Origin) -> str:
    """Return the setting, or the position in its list, as the subject of a sentence."""
    if _row_of_item(key):
        return f"item {int(key[-1]) + 1} of `{_spelled(key[:-1], replace(origin, path=origin.path[:-1]))}`"
    return f"`{_spelled(key, origin)}`"


def _describe_kinds(table: Mapping[str, object]) -> str:
    named = [name for name in ("value", "default", "required") if name in table]
    return f"has {' and '.join(named)}" if named else "has none of them"


def _expected(key: Key, detail: Any) -> str:  # Any: pydantic's ErrorDetails
    row = schema.by_key().get(keys.join(key))
    if key[0] == "env" and len(key) == 2:
        return (
            "a table with exactly one of value, default, required"
            if detail["type"] == "one_of"
            else "text, or a table with value, default or required"
        )
    if row is not None:
        return row.type
    return (
        "a table" if keys.join(key) in schema.tables() else "true or false" if detail["type"] == "bool_type" else "text"
    )


def _unknown(key: Key, origin: Origin) -> Finding:
    """Return the finding for a key that is nowhere in the schema, or that belongs somewhere else."""
    name, table = key[-1], keys.join(key[:-1])
    dashed = name.replace("_", "-")
    elsewhere = [
        row.key
        for row in schema.settings_table()
        if row.key.rpartition(".")[2] == dashed and row.key.rpartition(".")[0] != table
    ]
    here = _names_in(key[:-1])
    spelled = _spelled(key, origin)
    if len(key) == 1 and (special := _misplaced_file_key(name, origin)):
        return special
    if dashed in here:
        return Finding(
            "unknown-key", f"`{spelled}` is not a setting", origin, at_key=True, hint=f"did you mean `{dashed}`?"
        )
    if elsewhere and key[0] != "env":
        where = (
            f"[{elsewhere[0].rpartition('.')[0]}]"
            if "." in elsewhere[0]
            else "[base] or a profile, outside of any table"
        )
        hint = f"write {' or '.join(elsewhere)} = ..."
        return Finding("wrong-place", f"`{name}` belongs in {where}", origin, at_key=True, hint=hint)
    guess = nearest(dashed, here) or _by_other_name(name)
    listed = f"keys here: {', '.join(sorted(here))}"
    hint = f"did you mean `{guess}`?  {listed}" if guess else listed
    return Finding("unknown-key", f"`{spelled}` is not a setting", origin, at_key=True, hint=hint)


def _misplaced_file_key(name: str, origin: Origin) -> Finding | None:
    """Return the finding for a key of the whole file inside a table of settings."""
    if name == "default-profile":
        return Finding(
            "wrong-place",
            f"`{name}` belongs at the top of the file, above all tables",
            origin,
            at_key=True,
            hint="a profile cannot choose a profile",
        )
    if name in ("base", "profiles"):
        hint = "a file in the folder profiles has the settings without a table around them"
        return Finding("wrong-place", f"`{name}` belongs in devserver.toml", origin, at_key=True, hint=hint)
    if name == "extends":
        return Finding(
            "wrong-place",
            "`extends` belongs in a profile",
            origin,
            at_key=True,
            hint="[base] is the root of all profiles",
        )
    return None


def _names_in(table: Key) -> set[str]:
    if table[:1] == ("env",):
        return {"value", "default", "required", "secret", "override"}
    depth = len(table)
    rows = [keys.split(name) for name in (*schema.by_key(), *schema.tables())]
    return {row[depth] for row in rows if len(row) > depth and row[:depth] == table}


def _by_other_name(name: str) -> str | None:
    """Return the key of what Werkzeug or Flask call *name*."""
    rows = schema.settings_table()
    return next(
        (row.key for row in rows if name in (row.werkzeug, row.flask.removeprefix("--").replace("-", "_"))), None
    )


def _check_names(entry: Entry) -> list[Finding]:
    """Return what is wrong with the name of an app variable."""
    if not keys.is_whole(entry.key) or entry.unset:
        return []
    name = entry.key[1]
    if name in schema.settings_names() and entry.origin.source in _TABLES:
        return [_setting_in_env(name, entry.origin)]
    texts = entry.value.values() if isinstance(entry.value, dict) else (entry.value,)
    if not _NAME.fullmatch(name):
        return [
            Finding(
                "env-name",
                f"`{name}` cannot be the name of a variable",
                entry.origin,
                at_key=True,
                hint="a name is not empty and contains no =",
            )
        ]
    if any(isinstance(text, str) and "\0" in text for text in texts):
        return [
            Finding(
                "env-name",
                f"the value of {name} contains a NUL character",
                entry.origin,
                hint="no environment variable can",
            )
        ]
    if name.startswith(keys.PREFIX):
        return [
            Finding(
                "env-name",
                f"{name} sets nothing here: it is read before the app has an environment",
                entry.origin,
                at_key=True,
                hint="write the setting itself",
            )
        ]
    return []


def _setting_in_env(name: str, origin: Origin) -> Finding:
    """Return the warning for a variable of the app that is called like a setting."""
    path = keys.join((*origin.path[: origin.path.index("env")], name)) if "env" in origin.path else name
    return Finding(
        "wrong-place",
        f"`{name}` in an env table is a variable for the app, not the setting",
        origin,
        at_key=True,
        hint=f"move the line above [{keys.join(origin.path[:-1])}] to write {path}; in capitals it is a plain variable",
        warning=True,
    )


def _spelled(key: Key, origin: Origin) -> str:
    """Return the key as it is written in its file, tables included."""
    path = origin.path[2:] if origin.path[:2] == ("tool", "launch") else origin.path
    return keys.join(path or key)


def _describe(value: object, slug: str) -> str:
    if slug == "out-of-range" or isinstance(value, bool):
        return str(value).lower()
    kinds = (
        (str, "text"),
        (int, "a whole number"),
        (float, "a number"),
        (list, "a list"),
        (tuple, "a list"),
        (dict, "a table"),
    )
    times = ((datetime, "a date with time"), (date, "a date"), (time, "a time"))
    return next(words for kind, words in (*kinds, *times, (object, "something else")) if isinstance(value, kind))


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _hint_for_type(expected: str, value: object) -> str:
    if isinstance(value, str) and "number" in expected:
        return _hint_for_digits(value)
    if (
        isinstance(value, str)
        and expected.startswith("true or false")
        and value.lower() in ("true", "false", "on", "off", "yes", "no", "1", "0")
    ):
        return f"write {'true' if value.lower() in ('true', 'on', 'yes', '1') else 'false'} without quotes"
    if _is_number(value) and "text" in expected and "list" not in expected:
        return "put it in quotes"
    if isinstance(value, str) and expected.startswith("a list"):
        return f'write ["{value}"]'
    return ""


def _hint_for_digits(text: str) -> str:
    digits = text.translate(str.maketrans("OolI", "0011"))
    if not digits.isdecimal():
        return ""
    letter = next((position for position, (old, new) in enumerate(zip(text, digits, strict=True), 1) if old != new), 0)
    reason = f"character {letter} is the letter {text[letter - 1]}; " if letter else ""
    return f"{reason}write {digits} without quotes"


def _hint_for_choice(row: schema.Setting, value: str) -> str:
    guess = _nearest_choice(row, value)
    return f"{guess}  must be {row.type}" if guess else f"must be {row.type}"


def _nearest_choice(row: schema.Setting, value: str) -> str:
    """Return the word or number that was probably meant, for a message that lists the choices itself."""
    guess = nearest(value, row.choices, _choice_limit(value))
    if guess:
        return f'did you mean "{guess}"?'
    return _hint_for_digits(value) if "number" in row.kinds else ""


def _choice_limit(text: str) -> int:
    """Return how many letters may differ: among a few known words a guess is safer than among all keys."""
    return 2 if len(text) > 3 else 1


def _hint_for_text(row: schema.Setting, text: str) -> str:
    guess = nearest(text, row.choices, _choice_limit(text)) if row.choices else None
    if guess:
        return f"did you mean {guess}?"
    return "write true or false" if row.kinds == ("switch",) else ""
