"""What `launch dev` would need and not find: the checks of `launch check`, and of `launch init` before it writes.

The rules are those that `launch dev` follows itself (`locate.py`, `planner.py`). Nothing is imported and nothing is
started. A problem is an error where `launch dev` cannot work on any machine, and otherwise a warning.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from importlib.machinery import all_suffixes
from importlib.util import find_spec

from launcher import locate
from launcher.cli.certificate import mismatch, validity
from launcher.config.layer import Source
from launcher.config.resolve import place_of
from launcher.config.sources.files import read_text
from launcher.errors import Problem, StartError, TargetError, nearest
from launcher.plan import Address, Target
from launcher.planner import address_of, missing_paths
from launcher.supervisor.listener import listen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from launcher.config.resolve import ResolvedProfile

_NUMERIC = re.compile(r"[0-9.]+|\[?[0-9a-fA-F:.]*:[0-9a-fA-F:.]*\]?")
"""Hosts that can be tried without asking a name server."""


def obstacles(resolved: ResolvedProfile) -> list[Problem]:
    """Return everything that would keep `launch dev` from serving this profile, or from reading what it names."""
    missing = missing_paths(resolved)
    found = [*missing, *_app(resolved), *_handler(resolved), *_env_files(resolved), *_address(resolved)]
    return found if missing else [*found, *_certificate(resolved)]


def app_trouble(target: Target, folders: Sequence[str] = ()) -> TargetError | None:
    """Return why *target* cannot be imported, as far as files tell; *folders* are those of PYTHONPATH."""
    try:
        _find(target, folders)
    except TargetError as error:
        return error
    return None


def _find(target: Target, folders: Sequence[str]) -> None:
    spec = target.spec.strip()
    if not spec:
        locate.search_file(target)
        return
    path, _ = locate.split_spec(spec)
    if locate.is_path(path):
        locate.find_file(path, target)
        return
    if not all(part.isidentifier() for part in path.split(".")):
        raise TargetError("target-syntax", f"`{path}` is not the name of a module", "write module:name, as in shop:app")
    folder, name = locate.find_root(path, target)
    _find_module(name, path, [folder, *folders], target)


def _find_module(name: str, text: str, folders: Sequence[str], target: Target) -> None:
    """Raise `TargetError` if there is no module *name*; what an installed package contains is not looked into."""
    top, *rest = name.split(".")
    folder = next((folder for folder in folders if _holds(folder, top)), None)
    if folder is None:
        if not _is_installed(top):
            names = [*locate.modules(folders[0]), *locate.modules(os.path.join(target.directory, "src"))]
            raise _no_module(top, text, nearest(top, names), f"looked in {folders[0]}, then where Python looks")
        return
    above, path = top, os.path.join(folder, top)
    for part in rest:
        if not os.path.isdir(path):
            hint = f"write {above}:{part} for a name in it"
            message = f"there is no module `{above}.{part}`: `{above}` is a file, not a package"
            raise TargetError("target-module", message, hint)
        if _extends_itself(path):
            return
        above = f"{above}.{part}"
        if not _holds(path, part):
            raise _no_module(above, text, nearest(part, locate.modules(path)), f"looked in {path}")
        path = os.path.join(path, part)


def _no_module(name: str, text: str, near: str | None, looked: str) -> TargetError:
    last = name.rpartition(".")[2]
    meant = ".".join(near if near and part == last else part for part in text.split("."))
    return TargetError("target-module", f"there is no module `{name}`", f"did you mean {meant}?" if near else looked)


def _holds(folder: str, name: str) -> bool:
    path = os.path.join(folder, name)
    return os.path.isdir(path) or any(os.path.isfile(path + suffix) for suffix in all_suffixes())


def _is_installed(top: str) -> bool:
    try:
        return find_spec(top) is not None
    except (ImportError, ValueError):
        return True  # something answers to the name, and only an import can tell more


def _extends_itself(package: str) -> bool:
    """Return whether the package may have modules that are not files in its folder."""
    text, _ = read_text(os.path.join(package, "__init__.py"))
    return text is not None and ("__path__" in text or "sys.modules" in text)


def _app(resolved: ResolvedProfile) -> list[Problem]:
    settings, root = resolved.settings, resolved.project.root
    directory = settings.app_dir or root
    if not os.path.isdir(directory):
        return []  # told already
    given = resolved.variables.get("PYTHONPATH")
    folders = [os.path.join(root, part) for part in given.value.split(os.pathsep) if part] if given else []
    error = app_trouble(Target(settings.app, directory, root, search=not settings.app_dir), folders)
    if error is None:
        return []
    place = resolved.place("app") if settings.app else None
    notes = () if settings.app else ("a program that calls launcher.run() needs neither",)
    return [Problem(error.slug, str(error), place, error.hint, notes=notes, warning=not settings.app)]


def _handler(resolved: ResolvedProfile) -> list[Problem]:
    """Return a problem for a request handler whose module is not there."""
    module, _, _ = (name := resolved.settings.wsgi.request_handler).partition(":")
    directory = resolved.settings.app_dir or resolved.project.root
    if not name or _holds(directory, module.partition(".")[0]) or _is_installed(module.partition(".")[0]):
        return []
    message = f"there is no module `{module}`"
    return [Problem("bad-request-handler", message, resolved.place("wsgi.request-handler"), f"looked in {directory}")]


def _env_files(resolved: ResolvedProfile) -> Iterator[Problem]:
    """Yield a warning for each listed file that does not exist, in none of its variants."""
    origin = resolved.history[("env-files",)].winner.origin
    if origin.source in (Source.DEFAULT, Source.COMMAND_LINE):
        return
    for number, path in enumerate(resolved.settings.env_files):
        variants = (path, f"{path}.local", f"{path}.{resolved.profile}", f"{path}.{resolved.profile}.local")
        if os.path.basename(path) == ".env" or any(map(os.path.lexists, variants)):
            continue
        item = replace(origin, path=(*origin.path, str(number))) if origin.path else origin
        name = os.path.relpath(path, resolved.project.root)
        hint = "its variables are not set until it is created"
        yield Problem("env-file-missing", f"there is no file {name}", place_of(item), hint, warning=True)


def _address(resolved: ResolvedProfile) -> list[Problem]:
    """Return a warning if no socket can listen on a numeric host of the settings on this machine."""
    host = resolved.settings.host
    if host.startswith("unix:") or not _NUMERIC.fullmatch(host):
        return []
    plain = address_of(host, 0, resolved.project.root)
    try:
        listen(Address(plain.host, 0)).close()
    except StartError as error:
        return [replace(problem, place=resolved.place("host"), warning=True) for problem in error.problems]
    return []


def _certificate(resolved: ResolvedProfile) -> list[Problem]:
    """Return a warning for a certificate that the server cannot load."""
    table = resolved.settings.tls
    if not table.cert:
        return []
    name = os.path.relpath(table.cert, resolved.project.root)
    text, found = read_text(table.cert)
    try:
        if text is None:
            raise ValueError(found[0].message if found else "it cannot be read")
        validity(text)
        reason = mismatch(table.cert, table.key)
    except ValueError as error:
        reason = str(error)
    if not reason:
        return []
    return [Problem("tls-file", f"{name} cannot be used: {reason}", resolved.place("tls.cert"), warning=True)]
