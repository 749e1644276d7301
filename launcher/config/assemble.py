"""The layers of one run, from low to high, made of what was read.

`resolve.py` says when, `stack.py` merges them; here it is decided what goes into which layer.
"""

from __future__ import annotations

import os

from launcher.config import key as keys
from launcher.config import schema, selection, validate
from launcher.config.finding import Finding
from launcher.config.layer import Entry, Layer, Origin, Source
from launcher.config.sources import files, pairs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from launcher.config.reading import Sources
    from launcher.config.resolve import Given
    from launcher.config.selection import Table
    from launcher.config.sources.files import Document
    from launcher.config.stack import Merged

FLASKENV = ".flaskenv"


def file_layers(sources: Sources, name: str, chain: Sequence[str]) -> tuple[list[Layer], list[Finding]]:
    """Return the layers of defaults and settings files, and what is wrong with their `unset`."""
    tables = [sources.profiles[member] for member in chain if member in sources.profiles]
    personal = [sources.local[name]] if name in sources.local else []
    layers, findings = [default_layer()], []
    for document, source, profiles in (
        (sources.committed, Source.BASE, tables),
        (sources.personal, Source.LOCAL_BASE, personal),
    ):
        if document is not None:
            origin = Origin(source, document.file, (*document.path, "base"))
            layers.append(base_layer(document, origin))
            findings += _check_unset(_base_table(document), origin)
        layers += [profile_layer(table) for table in profiles]
        findings += [finding for table in profiles for finding in _check_unset(table.table, table.origin)]
    findings += [
        finding for layer in layers for entry in layer.entries if entry.unset for finding in validate.check_unset(entry)
    ]
    return layers, findings


def default_layer() -> Layer:
    """Return the layer of the built-in defaults."""
    origin = Origin(Source.DEFAULT)
    rows = (row for row in schema.settings_table() if row.kinds != ("map",))
    return Layer(Source.DEFAULT, "default", tuple(Entry(keys.split(row.key), row.default, origin) for row in rows))


def base_layer(document: Document, origin: Origin) -> Layer:
    """Return the layer of a document's `[base]` table."""
    return _layer(_base_table(document), origin, "[base]", ("description", "unset"))


def profile_layer(table: Table) -> Layer:
    """Return the layer of a profile's table."""
    return _layer(table.table, table.origin, f"profile {table.name}", selection.OWN_KEYS)


def extra_env_files(flags: Iterable[Given], environ: Mapping[str, str], cwd: str) -> list[tuple[str, Origin]]:
    """Return the files that `-e` names, or else FLASK_ENV_FILE; as in Flask they add to the .env files."""
    given = [
        (flag.text, Origin(Source.COMMAND_LINE, name=flag.flag, text=flag.text))
        for flag in flags
        if flag.key == "env-files"
    ]
    named = environ.get("FLASK_ENV_FILE", "")
    if named and not given:
        given = [(named, Origin(Source.FLASK_VARIABLE, name="FLASK_ENV_FILE", text=named))]
    return [(os.path.normpath(os.path.join(cwd, text)), origin) for text, origin in given]


def extra_layer(paths: Sequence[str], origin: Origin, cwd: str) -> Layer:
    """Return the layer that shows all .env files of a run for which *origin* names one more."""
    inside = cwd.rstrip(os.sep) + os.sep
    names = tuple(path.removeprefix(inside) for path in paths)
    return Layer(origin.source, origin.name, (Entry(("env-files",), names, origin),))


def skips_dotenv(environ: Mapping[str, str]) -> bool:
    """Return whether FLASK_SKIP_DOTENV says to leave the .env files out, by the rules of Flask."""
    text = environ.get("FLASK_SKIP_DOTENV", "")
    return bool(text) and text.lower() not in ("0", "false", "no")


def env_file_names(root: str, names: Sequence[str], profile: str) -> list[str]:
    """Return the .env files to look for, the lowest first: .flaskenv, then NAME, NAME.PROFILE, NAME.local, both."""
    if not names:
        return []
    endings = ["", f".{profile}", ".local", f".{profile}.local"] if profile else ["", ".local"]
    return [os.path.join(root, FLASKENV)] + [name + ending for ending in endings for name in names]


def env_file_layer(path: str, found: Sequence[pairs.Pair], *, debug_decided: bool) -> tuple[Layer, list[Finding]]:
    """Return the layer of a .env file: settings by the names of Flask and ours, and everything else for the app."""
    by_name = {pair.name: pair for pair in found}
    entries = pairs.flask_entries(by_name, schema.by_key(), os.pathsep, debug_decided=debug_decided)
    ours, findings = pairs.launch_entries(found, _by_variable())
    for pair in found:
        if pair.name in (*pairs.RESERVED, "LAUNCH_ENV_FILES"):
            hint = (
                "set it in the shell, or default-profile in devserver.toml"
                if pair.name == "LAUNCH_PROFILE"
                else "set it in the shell"
            )
            findings.append(
                Finding(
                    "env-selector",
                    f"{pair.name} has no effect in a file that is read after it counts",
                    pair.origin,
                    at_key=True,
                    hint=hint,
                )
            )
        elif not pair.name.startswith(keys.PREFIX) and pair.name != "FLASK_DEBUG":
            entries.append(Entry(("env", pair.name), pair.text, pair.origin))
    return Layer(Source.ENV_FILE, os.path.basename(path), (*entries, *ours)), findings


def flask_layer(environ: Mapping[str, str], *, debug_decided: bool) -> Layer:
    """Return the layer of Flask's variables in the shell; `debug_decided` as in `pairs.flask_entries`."""
    flask = {
        name: _from_shell(Source.FLASK_VARIABLE, name, text)
        for name, text in environ.items()
        if name.startswith("FLASK_")
    }
    entries = pairs.flask_entries(flask, schema.by_key(), os.pathsep, debug_decided=debug_decided)
    return Layer(Source.FLASK_VARIABLE, "FLASK_*", tuple(entries))


def outer_layers(
    flags: Sequence[Given], sets: Sequence[str], unsets: Sequence[str], environ: Mapping[str, str]
) -> tuple[list[Layer], list[Finding]]:
    """Return the layers of our variables, of the flags, and of each `--set`, and what is wrong with them."""
    shell = [_from_shell(Source.ENVIRONMENT, name, text) for name, text in environ.items()]
    ours, findings = pairs.launch_entries(shell, _by_variable())
    layers = [Layer(Source.ENVIRONMENT, "LAUNCH_*", tuple(ours)), flag_layer(flags, unsets)]
    findings += [finding for entry in layers[-1].entries if entry.unset for finding in validate.check_unset(entry)]
    for text in sets:
        entries, found = files.read_assignment(text, Origin(Source.COMMAND_LINE, name="--set", text=text))
        layers.append(Layer(Source.COMMAND_LINE, "--set", tuple(entries)))
        findings += found
    return layers, findings


def flag_layer(flags: Iterable[Given], unsets: Iterable[str]) -> Layer:
    """Return the layer of the flags; one that takes a list and is repeated makes a single list."""
    entries = [
        Entry(keys.split(key), None, Origin(Source.COMMAND_LINE, name="--unset", text=key), unset=True)
        for key in unsets
    ]
    lists: dict[tuple[str, ...], Entry] = {}
    for given in flags:
        key = keys.split(given.key)
        origin = Origin(Source.COMMAND_LINE, name=given.flag, text=given.text)
        kinds = ("text",) if keys.is_whole(key) else schema.by_key()[given.key].kinds
        value = pairs.parse_text(given.text, kinds)
        if isinstance(value, tuple):
            before = lists[key].value if key in lists else ()
            assert isinstance(before, tuple)
            lists[key] = Entry(key, (*before, *value), origin)
        else:
            entries += pairs.spread(key, value, origin)
    last = {(entry.key, entry.unset): entry for entry in entries}  # of a repeated flag, as parsers have it
    return Layer(Source.COMMAND_LINE, "flags", (*last.values(), *lists.values()))


def with_shell(layers: Sequence[Layer], environ: Mapping[str, str]) -> list[Layer]:
    """Return *layers* with one more for the app variables that some layer knows and the shell sets too.

    It comes right below the flags, so that a flag still wins over the shell.
    """
    names = dict.fromkeys(entry.key[1] for layer in layers for entry in layer.entries if keys.is_whole(entry.key))
    entries = [
        Entry(("env", name), environ[name], Origin(Source.ENVIRONMENT, name=name, text=environ[name]))
        for name in names
        if name in environ
    ]
    position = next(index for index, layer in enumerate(layers) if layer.source is Source.COMMAND_LINE)
    return [*layers[:position], Layer(Source.ENVIRONMENT, "shell", tuple(entries)), *layers[position:]]


def derived_layer(merged: Merged) -> Layer:
    """Return the values that follow from others: the two switches that `debug` turns on, and one server at a time."""
    entries = []
    debug = merged.values.get(("debug",), True)
    for key in (("reload", "enabled"), ("debugger", "enabled")):
        if _is_open(merged, key):
            entries.append(Entry(key, debug, Origin(Source.DERIVED, name="debug", reason="follows debug")))
    processes = merged.values.get(("processes",))
    if isinstance(processes, int) and processes > 1 and _is_open(merged, ("threads",)):
        entries.append(
            Entry(("threads",), False, Origin(Source.DERIVED, name="processes", reason="off with several processes"))
        )
    return Layer(Source.DERIVED, "derived", tuple(entries))


def _is_open(merged: Merged, key: tuple[str, ...]) -> bool:
    winner = merged.history[key].winner
    return winner.unset or winner.origin.source is Source.DEFAULT


def _base_table(document: Document) -> dict[str, Any]:  # Any: TOML
    table = document.table.get("base", {})
    return table if isinstance(table, dict) else {}


def _layer(table: Mapping[str, Any], origin: Origin, title: str, own: tuple[str, ...]) -> Layer:  # Any: TOML
    removed = table.get("unset", [])
    entries = [
        Entry(keys.split(name), None, files.within(origin, "unset", str(position)), unset=True)
        for position, name in enumerate(removed if isinstance(removed, list) else [])
        if isinstance(name, str)
    ]
    settings = {name: value for name, value in table.items() if name not in own}
    return Layer(origin.source, title, (*entries, *files.table_entries(settings, origin)))


def _check_unset(table: Mapping[str, Any], origin: Origin) -> list[Finding]:  # Any: TOML
    value = table.get("unset", [])
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return []
    return [
        Finding(
            "wrong-type", "`unset` must be a list of keys", files.within(origin, "unset"), hint='write unset = ["tls"]'
        )
    ]


def _from_shell(source: Source, name: str, text: str) -> pairs.Pair:
    return pairs.Pair(name, text, Origin(source, name=name, text=text))


def _by_variable() -> dict[str, schema.Setting]:
    return {row.variable: row for row in schema.settings_table() if row.variable}
