"""The examinations of `launch doctor`: each looks at one part of this machine and says how it is.

They read, listen for a moment, and write into a temporary folder of their own; nothing of the project is changed.
"""

from __future__ import annotations

import importlib.util
import json
import os
import select
import subprocess
import sys
import tempfile
from time import gmtime, strftime

from launcher import __version__
from launcher.cli.certificate import mismatch, validity
from launcher.cli.scaffold import SCHEMA_FILE
from launcher.config.json_schema import json_schema
from launcher.config.sources.files import read_text
from launcher.errors import StartError
from launcher.frame import plural
from launcher.planner import address_of
from launcher.redact import mask
from launcher.supervisor.listener import listen
from launcher.supervisor.memory import allowed, look
from launcher.supervisor.watcher import open_watcher

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from launcher.config.outline import Outline
    from launcher.config.resolve import ResolvedProfile
    from launcher.config.sources.files import SettingsFile
    from launcher.errors import Problem

    Row = tuple[str, str, str]  # level, subject, text

OK, WARN, FAIL = "ok", "warn", "fail"
_SECONDS = 3
"""How long to wait for what takes milliseconds."""

_DAY = 24 * 3600
_FEW_DAYS = 14
"""How many days before a certificate expires there is a warning."""


def interpreter(environ: Mapping[str, str], root: str) -> Row:
    """Tell which Python runs `launch` and so the app, and whether another environment was probably meant."""
    version = sys.version.split()[0]
    here = os.path.realpath(sys.prefix)
    kind = "virtual environment" if sys.prefix != sys.base_prefix else "no virtual environment"
    text = f"Python {version}, {kind} {sys.prefix}"
    beside = [os.path.join(root, name) for name in (".venv", "venv")]
    found = [path for path in beside if os.path.isfile(os.path.join(path, "pyvenv.cfg"))]
    meant = environ.get("VIRTUAL_ENV") or (found[0] if found else "")
    if meant and os.path.realpath(meant) != here:
        return WARN, "interpreter", f"{text}, although there is {meant}: install launch there too"
    return OK, "interpreter", text


def settings(found: Outline | None, problems: Sequence[Problem]) -> Row:
    """Tell whether the settings are right."""
    errors = sum(not problem.warning for problem in problems)
    if errors:
        return FAIL, "settings", f"{plural(errors, 'error')}: launch check"
    if problems:
        return WARN, "settings", f"{plural(len(problems), 'warning')}: launch check"
    profile = found.profile if found and found.profile else "(base)"
    return OK, "settings", f"profile {profile}, no problem"


def files(candidates: Iterable[SettingsFile], root: str) -> list[Row]:
    """Tell which files would be read, and which of them exist."""
    rows = []
    for item in candidates:
        path = mask(item.path)  # somebody may have given an address for a path
        name = os.path.relpath(path, root) if path.startswith(root + os.sep) else path
        rows.append((OK, "file", f"{name}{'' if item.exists else ' (not there)'}"))
    return rows


def address(resolved: ResolvedProfile) -> Row:
    """Tell whether the address is free, by listening on it for a moment; and who holds it."""
    where = address_of(resolved.settings.host, resolved.settings.port, resolved.project.root)
    if where.unix:
        there = "there already" if os.path.exists(where.unix) else "free"
        return OK, "address", f"{where.unix} is {there}"
    try:
        listen(where).close()
    except StartError as error:
        (problem,) = error.problems
        return WARN, "address", f"{problem.message}; {problem.notes[0] if problem.notes else 'choose another'}"
    return OK, "address", f"{where.host} port {where.port or '(any)'} is free"


def certificate(resolved: ResolvedProfile, now: float) -> list[Row]:
    """Tell whether the certificate for https is valid at *now*, in seconds, and for how long; nothing without https."""
    table, root = resolved.settings.tls, resolved.project.root
    if table.cert:
        return [_own_certificate(table.cert, table.key, os.path.relpath(table.cert, root), now)]
    if not table.adhoc:
        return []
    if importlib.util.find_spec("cryptography") is None:
        return [(FAIL, "certificate", "tls.adhoc needs the package cryptography: pip install cryptography")]
    return [(OK, "certificate", "made at the first start, kept in .launch/tls, and made anew before it expires")]


def _own_certificate(cert: str, key: str, name: str, now: float) -> Row:
    text, found = read_text(cert)
    if text is None:
        return FAIL, "certificate", found[0].message if found else f"there is no file {name}"
    try:
        start, end = validity(text)
    except ValueError as error:
        return FAIL, "certificate", f"{name} cannot be used: {error}"
    if reason := mismatch(cert, key):
        return FAIL, "certificate", f"{name} cannot be used with its key: {reason}"
    days = int(abs(end - now) // _DAY)
    if now >= end:
        return FAIL, "certificate", f"{name} expired {plural(days, 'day')} ago: make a new one, or set tls.adhoc"
    if now < start:
        return FAIL, "certificate", f"{name} is not valid before {strftime('%Y-%m-%d', gmtime(start))}"
    level = WARN if days < _FEW_DAYS else OK
    return level, "certificate", f"{name} is valid for {plural(days, 'more day')}"


def secrecy(candidates: Iterable[SettingsFile], root: str) -> list[Row]:
    """Tell which personal files git has, or would take; nothing where git or a repository is missing."""
    personal = [item.path for item in candidates if item.exists and _is_personal(item.path)]
    if not personal or not (names := [os.path.relpath(path, root) for path in personal]):
        return []
    tracked, ignored = _git(root, "ls-files", names), _git(root, "check-ignore", names)
    if tracked is None or ignored is None:
        return []
    rows = [(WARN, "secrecy", f"{name} is in git, for everyone to read: git rm --cached {name}") for name in tracked]
    loose = [name for name in names if name not in tracked and name not in ignored]
    rows += [(WARN, "secrecy", f"git would take {name}: add it to .gitignore") for name in loose]
    return rows or [(OK, "secrecy", f"git leaves {', '.join(names)} alone")]


def watcher() -> Row:
    """Tell whether the system reports a changed file, by changing one in a temporary folder."""
    reasons: list[str] = []
    with tempfile.TemporaryDirectory(prefix="launch-doctor-") as folder:
        watched = open_watcher(poll_seconds=0, warn=reasons.append)
        try:
            watched.watch([folder])
            with open(os.path.join(folder, "changed"), "w", encoding="utf-8") as file:
                file.write("x")
            reported = bool(select.select([watched.fileno()], [], [], 0 if reasons else _SECONDS)[0])
        finally:
            watched.close()
    if reported:
        return OK, "watcher", "the system reports changed files"
    reason = f" ({reasons[0]})" if reasons else ""
    return WARN, "watcher", f"the system does not report changed files{reason}: the disk will be read instead"


def engine(resolved: ResolvedProfile) -> Row:
    """Tell how the app will be started again, and why so."""
    reload = resolved.settings.reload
    if not reload.enabled:
        return OK, "reload", f"off ({resolved.where('reload.enabled')})"
    origin = resolved.where("reload.engine")
    if reload.engine == "restart":
        return OK, "reload", f"restart, as set ({origin})"
    if reason := _obstacle():
        return (WARN if reload.engine == "snapshot" else OK), "reload", f"restart: {reason}"
    return OK, "reload", "snapshot, as far as the app allows it; the banner of launch dev says where it does not"


def _obstacle() -> str:
    """Return why no process can be copied here, whatever the app is; the worker asks the same of its interpreter."""
    if sys.platform != "linux":
        return f"snapshots need Linux, this is {sys.platform}"
    if not os.path.exists(f"/proc/self/task/{os.getpid()}/children"):
        return "snapshots need a system that lists child processes, see proc(5)"
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        return "snapshots need a Python with its global lock, this one is free-threaded"
    return "" if allowed(look(), 1) else "snapshots need memory, and it is short"


def schema(root: str) -> Row:
    """Tell whether the schema that editors find is that of this version."""
    text, _ = read_text(os.path.join(root, SCHEMA_FILE))
    if text is None:
        folder = os.path.dirname(SCHEMA_FILE)
        return OK, "schema", f"no {SCHEMA_FILE}; for your editor: mkdir -p {folder} && launch schema > {SCHEMA_FILE}"
    try:
        current = json.loads(text) == json_schema("project", __version__)
    except ValueError:
        current = False
    if current:
        return OK, "schema", f"{SCHEMA_FILE} is that of launch {__version__}"
    return WARN, "schema", f"{SCHEMA_FILE} is not that of launch {__version__}: launch schema > {SCHEMA_FILE}"


def _is_personal(path: str) -> bool:
    name = os.path.basename(path)
    return name == ".env" or (name.endswith((".local", ".local.toml")) and name != ".flaskenv")


def _git(root: str, command: str, names: Sequence[str]) -> list[str] | None:
    """Return the file names that git answers with, or None where there is no git or no repository."""
    line = ["git", "-c", "core.quotePath=false", "-C", root, command, "--", *names]
    try:
        done = subprocess.run(line, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.splitlines() if done.returncode in (0, 1) else None
