"""The plan: everything the supervisor and the worker need, as plain frozen data, to JSON and back.

Made by `planner.py` from a resolved profile; all paths in it are absolute. It crosses the process boundary as JSON, so
it holds text, numbers, booleans, and tuples and mappings of these, and nothing else.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


@dataclass(frozen=True, slots=True)
class Target:
    """What to import: `spec` as the user wrote it, or empty to find the app by the rules of `flask run`.

    `directory` goes to the front of `sys.path` (`app-dir`, or the project root); `search` says that `src/` below it may
    be tried too. `project` is the folder in which files are looked for.
    """

    spec: str
    directory: str
    project: str
    search: bool = True


@dataclass(frozen=True, slots=True)
class Program:
    """The program that called `launcher.run()`, to be run by the worker; without `argv` there is none.

    `module` is its name where it was started with `-m`, `path` its file. `argv` and `cwd` are as it began with.
    `settings` is a digest of what it gave to `run`.
    """

    path: str = ""
    module: str = ""
    argv: tuple[str, ...] = ()
    cwd: str = ""
    settings: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen: `host` and `port` (0 for any free one), or `unix` with the path of a socket.

    `auto` says that another port may be taken when `port` is in use.
    """

    host: str = "127.0.0.1"
    port: int = 5000
    unix: str = ""
    auto: bool = False


@dataclass(frozen=True, slots=True)
class Reload:
    """What is watched and how a changed app is started again. `poll` is the interval in seconds, 0 for events."""

    enabled: bool = True
    engine: str = "auto"
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    poll: float = 0.0
    drain_seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class Debugger:
    """The interactive debugger. `pin` holds the digits to ask for; empty means that no PIN is asked."""

    enabled: bool = True
    console: bool = True
    pin: str = ""


@dataclass(frozen=True, slots=True)
class Browser:
    """What happens in the browser by itself. `open` is the path to open once, empty for none.

    `token` is the random part of our own paths, one for each start; where it is empty there are none.
    """

    live_reload: bool = False
    open: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class Tls:
    """Files of the certificate and its key, empty for plain HTTP; `adhoc` makes them in `directory` when missing."""

    cert: str = ""
    key: str = ""
    adhoc: bool = False
    directory: str = ""


@dataclass(frozen=True, slots=True)
class Wsgi:
    """Werkzeug's own middleware, by name, and what else `run_simple` can be told.

    `static` maps URL prefixes to folders. `proxy_fix` maps `x_for`, `x_proto`, `x_host`, `x_port`, `x_prefix` to the
    number of trusted proxies. `prefix` is the URL path below which the app is mounted. `profiler` is the folder for
    profiles, empty for none. `request_handler` is `module:Class`.
    """

    static: Mapping[str, str] = field(default_factory=dict)
    proxy_fix: Mapping[str, int] = field(default_factory=dict)
    prefix: str = ""
    profiler: str = ""
    lint: bool = False
    passthrough_errors: bool = False
    request_handler: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """One run of `launch dev`, decided.

    `env` are the variables that the app's process gets on top of the process environment of `launch`, `unset_env` the
    names that are taken out of it. `settings_files` are all files, existing or not, whose change means another plan.
    `roots` are the folders below which files belong to the project. `origins` maps setting keys to the text that says
    where the value comes from; `kept_from_shell` names app variables for which the shell won,
    `secrets` variables whose values are not to be shown.
    """

    project: str
    profile: str
    target: Target
    address: Address
    loading: str = "auto"
    debug: bool = True
    threads: bool = True
    processes: int = 1
    env: Mapping[str, str] = field(default_factory=dict)
    unset_env: tuple[str, ...] = ()
    reload: Reload = field(default_factory=Reload)
    debugger: Debugger = field(default_factory=Debugger)
    browser: Browser = field(default_factory=Browser)
    tls: Tls = field(default_factory=Tls)
    allowed_hosts: tuple[str, ...] = ()
    wsgi: Wsgi = field(default_factory=Wsgi)
    settings_files: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)
    kept_from_shell: tuple[str, ...] = ()
    program: Program = field(default_factory=Program)
    secrets: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:  # Any: JSON
        """Return the plan as a dictionary that `json.dumps` accepts."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Plan:  # Any: JSON
        """Return the plan that `to_json` described; raise `ValueError` for a field that no plan has."""
        parts = {
            part.__name__.lower(): part for part in (Target, Program, Address, Reload, Debugger, Browser, Tls, Wsgi)
        }
        values = {name: _build(parts[name], value) if name in parts else value for name, value in data.items()}
        plan: Plan = _build(cls, values)
        return plan


def _build(record: type[Any], data: Mapping[str, Any]) -> Any:  # Any: one of the records above, from JSON
    known = {item.name for item in fields(record)}
    if unknown := sorted(set(data) - known):
        raise ValueError(f"{record.__name__} has no field {', '.join(unknown)}")
    return record(**{name: tuple(value) if isinstance(value, list) else value for name, value in data.items()})
