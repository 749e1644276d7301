"""Where a setting could be set and is not, and where to change it: once, for one person, for everyone.

Pure: works on a resolved profile; the look only decides how paths are written.
"""

from __future__ import annotations

from launcher.cli.flags import flags_for
from launcher.cli.telling import spot
from launcher.config import key as keys
from launcher.config.layer import Source
from launcher.config.schema import by_key
from launcher.config.sources import files, pairs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from launcher.config.layer import Candidate, History, Origin
    from launcher.config.outline import Outline
    from launcher.config.sources.files import SettingsFile
    from launcher.frame import Look

_SHARED = (Source.BASE, Source.PROFILE)
_PERSONAL = (Source.LOCAL_BASE, Source.LOCAL_PROFILE)


def unset_places(resolved: Outline, record: History, look: Look) -> list[str]:
    """Return the flags, variables and existing files that could set a key and do not, the highest first."""
    dotted = keys.join(record.key)
    names = {item.origin.name for item in record.candidates}
    used = {item.origin.file for item in record.candidates}
    flags = [] if any(item.origin.source is Source.COMMAND_LINE for item in record.candidates) else [_flag(dotted)]
    read = [item.path for item in reversed(resolved.project.candidates) if item.exists and _counts(item, resolved)]
    return [
        *flags,
        *(name for name in variables_for(dotted) if name not in names),
        *(look.path(path) for path in dict.fromkeys(read) if path not in used),
    ]


def idle_profiles(resolved: Outline, record: History) -> list[str]:
    """Return the profiles that are not in use and set the key too."""
    dotted = keys.join(record.key)
    return [info.name for info in resolved.profiles if dotted in info.keys and info.name not in resolved.chain]


def changes(resolved: Outline, record: History, look: Look) -> dict[str, str]:
    """Return where to change a value: `once`, `just me` and `everyone`, each with what keeps it from counting."""
    dotted = keys.join(record.key)
    personal = _first(record, _is_personal)
    shared = _first(record, lambda origin: origin.source in _SHARED)
    name, table = _committed(resolved, look)
    local = look.path(f"{resolved.project.root}/{files.LOCAL}") if resolved.project.root else files.LOCAL
    mine = spot(personal.origin, look) if personal else f"{local}, in [base]"
    ours = spot(shared.origin, look) if shared else f"{name}, in [{table}]"
    stronger = "" if not record.candidates else _stronger(record.winner, look)
    hidden = stronger or (f" (hidden by {spot(personal.origin, look)})" if personal and personal is not shared else "")
    if personal is not None and record.winner is personal:
        stronger = ""
    return {"once": f"launch dev {_once(dotted)}", "just me": mine + stronger, "everyone": ours + hidden}


def variables_for(dotted: str) -> list[str]:
    """Return the variables of the environment that set a key: ours, Flask's; for `env.NAME` the variable itself."""
    parts = keys.split(dotted)
    if keys.is_whole(parts):
        return [parts[1]]
    row = by_key().get(dotted)
    flask = [name for name, key in pairs.FLASK.items() if key == dotted]
    debug = ["FLASK_DEBUG", "FLASK_ENV"] if dotted == "debug" else []
    return ([row.variable] if row and row.variable else []) + flask + debug


def _flag(dotted: str) -> str:
    flags = flags_for(dotted)
    return flags[0].name if flags else "--set"


def _once(dotted: str) -> str:
    flags = flags_for(dotted)
    if not flags:
        return f"--set '{dotted}=\"VALUE\"'" if _is_text(dotted) else f"--set {dotted}=VALUE"
    return f"{flags[0].name} VALUE" if flags[0].takes_value else f"{flags[0].name}, {flags[0].off[0]}"


def _is_text(dotted: str) -> bool:
    """Return whether a value of the key is text, which TOML has in quotes."""
    row = by_key().get(dotted)
    return keys.is_whole(keys.split(dotted)) or (row is not None and row.kinds == ("text",))


def _counts(item: SettingsFile, resolved: Outline) -> bool:
    """Return whether a file's values count for this profile."""
    return item.role != "profile" or item.path.endswith(tuple(f"{name}.toml" for name in resolved.chain))


def _first(record: History, wanted: Callable[[Origin], bool]) -> Candidate | None:
    return next((item for item in record.candidates if wanted(item.origin)), None)


def _is_personal(origin: Origin) -> bool:
    return origin.source in _PERSONAL or (origin.source is Source.ENV_FILE and origin.file.endswith(".local"))


def _committed(resolved: Outline, look: Look) -> tuple[str, str]:
    """Return the committed file, existing or not, and the name of its base table."""
    project = resolved.project
    path = project.file or (f"{project.root}/{files.NAME}" if project.root else files.NAME)
    return look.path(path), ".".join([*project.table, "base"])


def _stronger(winner: Candidate, look: Look) -> str:
    """Return the remark that the winner stands above all settings files, where it does."""
    if winner.origin.source in (Source.DEFAULT, Source.DERIVED, *_SHARED, *_PERSONAL):
        return ""
    return f" (hidden by {spot(winner.origin, look)})"
