"""A resolved profile becomes a plan: absolute paths, watched files, address, and the environment of the app.

The only place that turns settings into what the supervisor and the worker are told. It looks at the file system to
refuse what cannot work, and changes nothing.
"""

from __future__ import annotations

import os
import zlib

from launcher.errors import Place, PlanError, Problem, nearest
from launcher.plan import Address, Browser, Debugger, Plan, Program, Reload, Target, Tls, Wsgi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from launcher.config.resolve import ResolvedProfile
    from launcher.config.schema import TlsTable, WsgiTable

_PORTS = range(5001, 5999)
"""Where an automatic port is taken from: beside the usual one, below what systems hand out by themselves."""

_CHECKED = (
    ("app-dir", "folder"),
    ("tls.cert", "file"),
    ("tls.key", "file"),
)


def build_plan(
    resolved: ResolvedProfile,
    *,
    pin: str,
    token: str = "",
    program: Program | None = None,
    secrets: Iterable[str] = (),
) -> Plan:
    """Return the plan for *resolved*; *pin* holds the digits to ask for where the setting says `random`.

    *token* is the random part of our own paths in this start. *program* called `launcher.run()`: it brings its app
    itself. *secrets* are variables of the shell whose values are not to be shown, besides those of the profile. Raise
    `PlanError` with every folder and file that is missing.
    """
    if problems := missing_paths(resolved):
        raise PlanError(problems)
    settings, root = resolved.settings, resolved.project.root
    directory = settings.app_dir or root
    return Plan(
        project=root,
        profile=resolved.profile,
        target=Target(settings.app, directory, root, search=not settings.app_dir),
        address=address_of(settings.host, settings.port, root),
        loading=settings.loading,
        debug=settings.debug,
        threads=settings.threads,
        processes=settings.processes,
        env=_environment(resolved),
        unset_env=removed_variables(resolved),
        reload=Reload(
            settings.reload.enabled,
            settings.reload.engine,
            settings.reload.include,
            settings.reload.exclude,
            settings.reload.poll,
            settings.reload.drain_seconds,
        ),
        debugger=Debugger(settings.debugger.enabled, settings.debugger.console, _pin(settings.debugger.pin, pin)),
        browser=Browser(settings.browser.live_reload, _path_to_open(settings.browser.open), token),
        tls=_tls(settings.tls, root),
        allowed_hosts=settings.allowed_hosts,
        wsgi=_wsgi(settings.wsgi),
        settings_files=_settings_files(resolved),
        roots=_roots(root, directory, program),
        origins=_origins(resolved, program),
        kept_from_shell=tuple(
            name for name, variable in resolved.variables.items() if variable.from_shell and _differs(resolved, name)
        ),
        program=program or Program(),
        secrets=tuple(sorted({*secrets, *(name for name, variable in resolved.variables.items() if variable.secret)})),
    )


def missing_paths(resolved: ResolvedProfile) -> list[Problem]:
    """Return a problem for each folder or file that a setting names and that is not there."""
    settings = resolved.settings
    named = {"app-dir": settings.app_dir, "tls.cert": settings.tls.cert, "tls.key": settings.tls.key}
    wanted = [(key, named[key], kind) for key, kind in _CHECKED if named[key]]
    wanted += [(f"wsgi.static.{prefix}", folder, "folder") for prefix, folder in settings.wsgi.static.items()]
    return [
        _path_missing(resolved, key, path, kind)
        for key, path, kind in wanted
        if not (os.path.isdir(path) if kind == "folder" else os.path.isfile(path))
    ]


def address_of(host: str, port: int | str, root: str) -> Address:
    """Return where to listen; an automatic port is the same one each time for the same project."""
    if host.startswith("unix:"):
        return Address(host="", port=0, unix=host.removeprefix("unix:"))
    plain = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if isinstance(port, str):
        return Address(plain, _PORTS[zlib.crc32(os.fsencode(root)) % len(_PORTS)], auto=True)
    return Address(plain, port)


def removed_variables(resolved: ResolvedProfile) -> tuple[str, ...]:
    """Return the names of the variables that the profile takes out of the environment of the app."""
    return tuple(
        key[1] for key, record in resolved.history.items() if len(key) == 2 and key[0] == "env" and record.winner.unset
    )


def _environment(resolved: ResolvedProfile) -> dict[str, str]:
    """Return the variables of the app: what Flask apps look for, and what the profile sets.

    FLASK_RUN_FROM_CLI makes an unguarded `app.run()` of Flask do nothing.
    """
    derived = {"FLASK_DEBUG": "1" if resolved.settings.debug else "0", "FLASK_RUN_FROM_CLI": "true"}
    return {**derived, **{name: variable.value for name, variable in resolved.variables.items()}}


def _differs(resolved: ResolvedProfile, name: str) -> bool:
    """Return whether the shell hides another value, so that it is worth telling; a default that it replaces is none."""
    hidden = [item.value for item in resolved.variables[name].hidden if not item.unset]
    texts = [value.get("value") if isinstance(value, dict) else value for value in hidden]
    return any(text is not None and text != resolved.variables[name].value for text in texts)


def _pin(setting: str, random: str) -> str:
    return random if setting == "random" else "" if setting == "off" else setting


def _path_to_open(setting: bool | str) -> str:
    if isinstance(setting, bool):
        return "/" if setting else ""
    return setting if not setting or setting.startswith("/") else f"/{setting}"


def _tls(table: TlsTable, root: str) -> Tls:
    return Tls(table.cert, table.key, table.adhoc, os.path.join(root, ".launch", "tls") if table.adhoc else "")


def _wsgi(table: WsgiTable) -> Wsgi:
    proxies = {name: count for name, count in table.proxy_fix.model_dump().items() if count}
    return Wsgi(
        static=dict(table.static),
        proxy_fix=proxies,
        prefix=table.prefix,
        profiler=table.profiler,
        lint=table.lint,
        passthrough_errors=table.passthrough_errors,
        request_handler=table.request_handler,
    )


def _settings_files(resolved: ResolvedProfile) -> tuple[str, ...]:
    """Return everything whose change means another plan; the folder is there for profiles that are added."""
    root = resolved.project.root
    seen = [candidate.path for candidate in resolved.project.candidates]
    return tuple(dict.fromkeys([*seen, os.path.join(root, "profiles")]))


def _roots(root: str, directory: str, program: Program | None) -> tuple[str, ...]:
    folders = [directory, os.path.dirname(program.path)] if program else [directory]
    outside = [folder for folder in folders if not (folder + os.sep).startswith(root.rstrip(os.sep) + os.sep)]
    return tuple(dict.fromkeys([root, *outside]))


def _origins(resolved: ResolvedProfile, program: Program | None) -> dict[str, str]:
    return {
        ".".join(key): resolved.where(".".join(key))
        for key, record in resolved.history.items()
        if not (program and key == ("app",)) and record.winner.origin.name + record.winner.origin.file
    }


def _path_missing(resolved: ResolvedProfile, key: str, path: str, kind: str) -> Problem:
    shown = os.path.relpath(path, resolved.project.root) if path.startswith(resolved.project.root + os.sep) else path
    wrong = f"is not a {kind}" if os.path.exists(path) else f"no such {kind}"
    place: Place | None = resolved.place(key)
    hint, nearby = f"the full path is {path}", _nearby(path)
    if nearby:
        hint = f"did you mean {os.path.relpath(nearby, resolved.project.root)}?  {hint}"
    return Problem("path-missing", f"{key} points at {shown}, {wrong}", place, hint=hint)


def _nearby(path: str) -> str:
    """Return what is there instead of *path*: one of its names, or of the folder it lies in, was not quite right."""
    folder, name = os.path.split(path)
    above, folder_name = os.path.split(folder)
    try:
        if os.path.isdir(folder):
            found = nearest(name, sorted(os.listdir(folder)))
            return os.path.join(folder, found) if found else ""
        found = nearest(folder_name, sorted(os.listdir(above)))
    except OSError:
        return ""
    other = os.path.join(above, found, name) if found else ""
    return other if os.path.exists(other) else ""
