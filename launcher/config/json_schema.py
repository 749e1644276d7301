"""The schema as a JSON Schema (draft 2020-12), for editors that check and complete settings files.

Made from the models in `schema.py`; the words and types are theirs. What only shows when layers meet is left to
`launch check`.
"""

from __future__ import annotations

from launcher.config.schema import FILE_KEYS, PROFILE_KEYS, AppVariable, Settings
from launcher.config.selection import OWN_KEYS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Schema = dict[str, Any]  # Any: JSON

DIALECT = "https://json-schema.org/draft/2020-12/schema"
KINDS = ("project", "profile")
_NAME = "^[a-z0-9_][a-z0-9_-]{0,63}$"
_TEXT: Schema = {"type": "string"}
_OWN_TYPES: dict[str, Schema] = {
    "description": _TEXT,
    "extends": {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]},
    "unset": {"type": "array", "items": _TEXT},
}


def json_schema(kind: str, version: str) -> Schema:
    """Return the schema for a kind of file: `project` for devserver.toml, `profile` for profiles/NAME.toml.

    `project` is also right for devserver.local.toml. *version* is that of `launch`, told in a comment.
    """
    tables = _tables()
    base = _table(tables["Settings"], ("description", "unset"), "Settings that every profile starts from.")
    profile = _table(tables.pop("Settings"), OWN_KEYS, "A profile: settings on top of [base] and of what it extends.")
    if kind == "profile":
        return {**_head("A profile of launch", version), **profile, "$defs": tables}
    (default,) = FILE_KEYS
    return {
        **_head("devserver.toml of launch", version),
        "type": "object",
        "additionalProperties": False,
        "properties": {
            default.key: {**_TEXT, "description": default.help},
            "base": {"$ref": "#/$defs/base"},
            "profiles": {
                "type": "object",
                "description": "Profiles by name.",
                "patternProperties": {_NAME: {"$ref": "#/$defs/profile"}},
                "additionalProperties": False,
            },
        },
        "$defs": {"base": base, "profile": profile, **tables},
    }


def _head(title: str, version: str) -> Schema:
    return {"$schema": DIALECT, "title": title, "$comment": f"Made by launch {version} (launch schema)."}


def _table(settings: Schema, own: tuple[str, ...], description: str) -> Schema:
    """Return the schema of a table with all settings and with some of a profile's own keys."""
    helps = {row.key: row.help for row in PROFILE_KEYS}
    mine = {name: {**_OWN_TYPES[name], "description": helps[name]} for name in own}
    return {**settings, "description": description, "properties": {**mine, **settings["properties"]}}


def _tables() -> dict[str, Schema]:
    """Return the schemas of all models by name, as TOML has them: no null, and one kind of value per variable."""
    made = Settings.model_json_schema()
    tables: dict[str, Schema] = {name: _clean(table) for name, table in made.pop("$defs").items()}
    kinds = [{"required": [name]} for name in ("value", "default", "required")]
    tables[AppVariable.__name__]["oneOf"] = kinds
    return {**tables, "Settings": _clean(made)}


def _clean(part: Any) -> Any:  # Any: JSON
    """Return a part of pydantic's schema without what an editor cannot use: titles, our marks, nulls."""
    if isinstance(part, list):
        return [_clean(item) for item in part]
    if not isinstance(part, dict):
        return part
    kept = {name: _clean(item) for name, item in part.items() if name not in ("x-launch", "title", "properties")}
    if "properties" in part:  # the names in there are settings and no words of the schema language
        kept["properties"] = {name: _clean(item) for name, item in part["properties"].items()}
    if "default" in kept and (kept["default"] is None or "$ref" in kept):
        del kept["default"]
    choices = [item for item in kept.get("anyOf", []) if item != {"type": "null"}]
    return {**{k: v for k, v in kept.items() if k != "anyOf"}, **choices[0]} if len(choices) == 1 else kept
