"""Relative paths become absolute: each belongs to the folder of whoever wrote it.

Pure: folders arrive as arguments. Paths in project files belong to the project root, those in a .env file to its
folder, those of flags and of the shell to the current directory. A leading `~` is the home folder, nothing else is
expanded.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from launcher.config import key as keys
from launcher.config.layer import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from launcher.config.layer import Origin
    from launcher.config.schema import Setting
    from launcher.config.stack import Merged


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders that paths can be relative to: project root, current directory, home (empty when unknown)."""

    root: str
    cwd: str
    home: str


def anchored(merged: Merged, settings: Mapping[str, Setting], folders: Folders) -> dict[tuple[str, ...], object]:
    """Return the merged values with every path absolute; empty texts stay empty."""
    return {
        key: _anchor(key, value, merged.history[key].winner.origin, settings, folders)
        for key, value in merged.values.items()
    }


def resolve_path(text: str, origin: Origin, folders: Folders) -> str:
    """Return *text* as an absolute path."""
    if text == "~" or text.startswith(("~/", "~\\")):
        return os.path.normpath(folders.home + text[1:]) if folders.home else text
    return os.path.normpath(os.path.join(folder_of(origin, folders), text))


def folder_of(origin: Origin, folders: Folders) -> str:
    """Return the folder that relative paths of *origin* start from."""
    if origin.source is Source.ENV_FILE:
        return os.path.dirname(origin.file)
    if origin.source in (Source.FLASK_VARIABLE, Source.ENVIRONMENT, Source.COMMAND_LINE):
        return folders.cwd
    return folders.root


def _anchor(
    key: tuple[str, ...], value: object, origin: Origin, settings: Mapping[str, Setting], folders: Folders
) -> object:
    dotted = keys.join(key[:2]) if key[:2] == ("wsgi", "static") else keys.join(key)
    row = settings.get(dotted)
    if isinstance(value, str) and value:
        if dotted == "host" and value.startswith("unix:"):
            return "unix:" + resolve_path(value[5:].removeprefix("//"), origin, folders)
        if dotted == "app":
            return _anchor_app(value, origin, folders)
        if row is not None and row.path:
            return resolve_path(value, origin, folders)
    if row is not None and row.path and isinstance(value, (list, tuple)):
        return tuple(resolve_path(item, origin, folders) if isinstance(item, str) else item for item in value)
    return value


def _anchor_app(text: str, origin: Origin, folders: Folders) -> str:
    """Return the app with its path absolute where it is one that was written for another folder than the root."""
    path, colon, name = _split_app(text)
    is_path = path.endswith(".py") or "/" in path or os.sep in path
    if not is_path or (folder_of(origin, folders) == folders.root and not path.startswith("~")):
        return text
    return resolve_path(path, origin, folders) + colon + name


def _split_app(text: str) -> tuple[str, str, str]:
    """Cut at the first colon that no slash follows, as Flask does, which keeps the drives of Windows."""
    for position, character in enumerate(text):
        if character == ":" and text[position + 1 : position + 2] not in ("/", "\\"):
            return text[:position], ":", text[position + 1 :]
    return text, "", ""
