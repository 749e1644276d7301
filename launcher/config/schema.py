"""Every setting: its name, type, default, limits and help, one line each.

Flag types, `LAUNCH_` names, defaults and the reference page are derived from here. What is wrong with a value is put
into words by `validate.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StrictStr, Tag, model_validator
from pydantic.types import Strict
from pydantic_core import PydanticCustomError

from launcher.config import key as keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

Texts = Annotated[tuple[StrictStr, ...], Strict(False)]
"""A list of texts. Only the list itself is lenient: TOML has lists, and the settings keep tuples."""


def setting(
    default: object, text: str, *, path: bool = False, werkzeug: str = "", flask: str = "", **limits: Any
) -> Any:  # Any: as pydantic's Field
    """Return the field of a setting: default, help, and what it is called in `run_simple` and in `flask run`.

    `path` says that a relative value belongs to a folder that depends on where the value was written.
    """
    return Field(
        default,
        description=text,
        json_schema_extra={"x-launch": {"path": path, "werkzeug": werkzeug, "flask": flask}},
        **limits,
    )


class Table(BaseModel):
    """A table of settings: strictly typed, closed, frozen, with dashes in its names."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        alias_generator=lambda name: name.replace("_", "-"),
        hide_input_in_errors=True,
    )


class AppVariable(Table):
    """A variable for the app, written as a table."""

    value: StrictStr | None = setting(None, "The value of the variable.")
    default: StrictStr | None = setting(None, "The value, if no other source sets the variable.")
    required: StrictStr | None = setting(
        None, "How to get a value. `launch dev` stops with this text if no source sets one."
    )
    secret: bool = setting(False, "Mask the value in all output.")
    override: bool = setting(False, "Override the shell and the .env files.")

    @model_validator(mode="after")
    def _has_one_kind(self) -> AppVariable:
        if sum(item is not None for item in (self.value, self.default, self.required)) != 1:
            raise PydanticCustomError("one_of", "must have exactly one of value, default, required")
        return self


def _form(value: object) -> str:
    return "table" if isinstance(value, (dict, AppVariable)) else "text"


AppValue = Annotated[Annotated[StrictStr, Tag("text")] | Annotated[AppVariable, Tag("table")], Discriminator(_form)]


class ReloadTable(Table):
    """The reloader: which files to watch, and how to reload the app."""

    enabled: bool = setting(
        True,
        "Reload the app when a file that it read changes. Defaults to `debug`.",
        werkzeug="use_reloader",
        flask="--reload",
    )
    engine: Literal["auto", "snapshot", "restart"] = setting(
        "auto",
        "How to reload: `snapshot` resumes a copy of the worker, `restart` starts a new interpreter.",
        werkzeug="reloader_type",
    )
    include: Texts = setting(
        (), "More files to watch, in gitignore syntax.", werkzeug="extra_files", flask="--extra-files"
    )
    exclude: Texts = setting(
        (), "Files not to watch, in gitignore syntax.", werkzeug="exclude_patterns", flask="--exclude-patterns"
    )
    poll: float = setting(
        0.0,
        "Check the files every N seconds. 0 uses file events of the system.",
        werkzeug="reloader_interval",
        ge=0,
        le=3600,
        allow_inf_nan=False,
    )
    drain_seconds: float = setting(
        5.0, "Seconds that open requests have to finish in the old worker.", ge=0, le=3600, allow_inf_nan=False
    )


class DebuggerTable(Table):
    """The interactive debugger in the browser."""

    enabled: bool = setting(
        True,
        "Show the interactive debugger for an error. Defaults to `debug`.",
        werkzeug="use_debugger",
        flask="--debugger",
    )
    console: bool = setting(True, "Allow code to run in the debugger.", werkzeug="use_evalex")
    pin: str = setting(
        "random",
        "PIN that the debugger requires before it runs code: `random`, `off`, or digits.",
        pattern=r"^(random|off|[0-9]+(-[0-9]+)*)$",
    )


class BrowserTable(Table):
    """Live reload, and opening the browser."""

    live_reload: bool = setting(
        True, "Refresh open pages after a reload, or when a template or static file changes. Needs `reload.enabled`."
    )
    open: bool | StrictStr = setting(False, "Open the browser once at the start. Text is the path to open.")


class TlsTable(Table):
    """HTTPS."""

    cert: str = setting("", "Certificate file in PEM format.", path=True, werkzeug="ssl_context", flask="--cert")
    key: str = setting("", "Private key file of the certificate.", path=True, werkzeug="ssl_context", flask="--key")
    adhoc: bool = setting(
        False, "Create a certificate once, and keep it.", werkzeug="ssl_context", flask="--cert adhoc"
    )


class ProxyFixTable(Table):
    """Number of proxies to trust for each header (Werkzeug's `ProxyFix`)."""

    x_for: int = setting(0, "Trusted values of `X-Forwarded-For`.", ge=0)
    x_proto: int = setting(0, "Trusted values of `X-Forwarded-Proto`.", ge=0)
    x_host: int = setting(0, "Trusted values of `X-Forwarded-Host`.", ge=0)
    x_port: int = setting(0, "Trusted values of `X-Forwarded-Port`.", ge=0)
    x_prefix: int = setting(0, "Trusted values of `X-Forwarded-Prefix`.", ge=0)


class WsgiTable(Table):
    """Werkzeug's middleware around the app, and options of its server."""

    static: dict[str, StrictStr] = setting(
        {}, "URL prefixes, each with the folder to serve there.", path=True, werkzeug="static_files"
    )
    proxy_fix: ProxyFixTable = setting(
        ProxyFixTable(), "Number of proxies to trust for each header (Werkzeug's `ProxyFix`)."
    )
    prefix: str = setting("", "URL path to mount the app at.", pattern=r"^(/.*[^/])?$")
    profiler: str = setting("", "Folder for a profile of each request. Off when empty.", path=True)
    lint: bool = setting(False, "Check that the app follows the WSGI standard.")
    passthrough_errors: bool = setting(
        False, "Let an error of the app end the server, for debuggers that attach to it.", werkzeug="passthrough_errors"
    )
    request_handler: str = setting(
        "",
        "Werkzeug request handler class, as `module:Class`.",
        werkzeug="request_handler",
        pattern=r"^([A-Za-z_][\w.]*:[A-Za-z_]\w*)?$",
    )


Port = Annotated[int, Field(ge=0, le=65535)]


class Settings(Table):
    """All settings of one run."""

    app: str = setting(
        "",
        "App to serve: `module:name`, `path/to/file.py:name`, `module:factory('x')`. Detected when empty.",
        werkzeug="application",
        flask="--app",
    )
    app_dir: str = setting("", "Folder to put first on the import path. The project root when empty.", path=True)
    host: str = setting(
        "127.0.0.1", "Address to listen on, or `unix:PATH`.", werkzeug="hostname", flask="--host", min_length=1
    )
    port: Port | Literal["auto"] = setting(
        5000,
        "Port to listen on. 0 picks a free port, `auto` the same free port each time.",
        werkzeug="port",
        flask="--port",
    )
    debug: bool = setting(
        True,
        "Default of `reload.enabled` and `debugger.enabled`, and the value of FLASK_DEBUG.",
        flask="--debug",
    )
    loading: Literal["auto", "eager", "lazy"] = setting(
        "auto", "When to import the app, and whether a failure ends the server."
    )
    threads: bool = setting(True, "Answer requests in threads.", werkzeug="threaded", flask="--with-threads")
    processes: int = setting(
        1, "Answer requests in up to N processes. More than 1 turns `threads` off.", werkzeug="processes", ge=1
    )
    env: dict[str, AppValue] = setting(
        {},
        "Variables of the app: text, or a table with `value`, `default` or `required`, and `secret` or `override`.",
    )
    env_files: Texts = setting(
        (".env",),
        "Files with variables. Each is also read with .PROFILE, .local and .PROFILE.local appended. -e adds a file.",
        path=True,
        flask="--env-file",
    )
    ignore_variables: Texts = setting((), "`LAUNCH_` variables of other programs. A * at the end matches any ending.")
    reload: ReloadTable = setting(ReloadTable(), "The reloader: which files to watch, and how to reload the app.")
    debugger: DebuggerTable = setting(DebuggerTable(), "The interactive debugger in the browser.")
    browser: BrowserTable = setting(BrowserTable(), "Live reload, and opening the browser.")
    tls: TlsTable = setting(TlsTable(), "HTTPS.")
    allowed_hosts: Texts = setting((), "Host names to accept besides the safe defaults.")
    wsgi: WsgiTable = setting(WsgiTable(), "Werkzeug's middleware around the app, and options of its server.")


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the reference: everything that is known about a setting without any file.

    `type` completes the sentence "must be ...". `kinds` are the readings of a text, in the order to try them: `switch`,
    `number`, `decimal`, `list`, `map`, `text`. `variable` is empty where no `LAUNCH_` name exists.
    """

    key: str
    type: str
    default: object
    help: str
    variable: str
    kinds: tuple[str, ...]
    choices: tuple[str, ...] = ()
    path: bool = False
    secret: bool = False
    werkzeug: str = ""
    flask: str = ""


FILE_KEYS: tuple[Setting, ...] = (
    Setting(
        "default-profile",
        "the name of a profile",
        "",
        "Profile to use by default. Write it above all tables.",
        "LAUNCH_PROFILE",
        ("text",),
    ),
)
PROFILE_KEYS: tuple[Setting, ...] = (
    Setting("description", "text", "", "One line that describes the profile.", "", ("text",)),
    Setting(
        "extends",
        "the name of a profile, or a list of names",
        (),
        "Profiles to extend. Later ones override earlier ones.",
        "",
        ("list",),
    ),
    Setting("unset", "a list of keys", (), "Settings and variables to remove that weaker layers set.", "", ("list",)),
)


@cache
def settings_table() -> tuple[Setting, ...]:
    """Return every setting, tables left out, in the order of the schema."""
    return tuple(_rows(Settings, ()))


@cache
def by_key() -> dict[str, Setting]:
    """Return the settings by their dotted keys."""
    return {row.key: row for row in settings_table()}


@cache
def settings_names() -> frozenset[str]:
    """Return the names that stand directly in `[base]`, those of tables included."""
    return frozenset(row.key.partition(".")[0] for row in settings_table())


@cache
def tables() -> tuple[str, ...]:
    """Return the dotted keys of all tables of settings, `env` and `wsgi.static` among them."""
    inner = {row.key.rpartition(".")[0] for row in settings_table() if "." in row.key}
    return tuple(sorted(inner | {row.key for row in settings_table() if row.kinds == ("map",)}))


def _rows(table: type[BaseModel], above: tuple[str, ...]) -> Iterator[Setting]:
    for name, field in table.model_fields.items():
        parts = (*above, name.replace("_", "-"))
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _rows(field.annotation, parts)
        else:
            yield _row(parts, field)


def _row(parts: tuple[str, ...], field: FieldInfo) -> Setting:
    extra = field.json_schema_extra
    assert isinstance(extra, dict)
    marks: Any = extra["x-launch"]  # Any: JSON
    kinds, choices, texts = _describe(field.annotation, field.metadata)
    dotted = keys.join(parts)
    return Setting(
        key=dotted,
        type=_SPOKEN.get(dotted, " or ".join(texts)),
        default=field.default,
        help=field.description or "",
        variable="" if dotted == "env" else keys.variable(dotted),
        kinds=kinds,
        choices=choices,
        path=marks["path"],
        werkzeug=marks["werkzeug"],
        flask=marks["flask"],
    )


_SPOKEN = {
    "debugger.pin": '"random", "off", or digits in quotes',
    "env": "a table of variables, each text or a table",
    "host": "text that is not empty",
    "wsgi.prefix": "a path that starts with / and does not end with one",
    "wsgi.request-handler": "text like module:Class",
}
_SIMPLE = {
    bool: ("switch", "true or false"),
    str: ("text", "text"),
    tuple: ("list", "a list of texts"),
    dict: ("map", "a table of texts"),
}


def _describe(annotation: Any, metadata: list[Any]) -> tuple[tuple[str, ...], tuple[str, ...], list[str]]:  # Any: types
    """Return the readings, the choices and the words for a type."""
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        parts = [_describe(arm, []) for arm in get_args(annotation) if arm is not NoneType]
        return (
            tuple(k for p in parts for k in p[0]),
            tuple(c for p in parts for c in p[1]),
            [t for p in parts for t in p[2]],
        )
    if origin is Annotated:
        return _describe(annotation.__origin__, [*annotation.__metadata__, *metadata])
    if origin is Literal:
        choices = get_args(annotation)
        words = ", ".join(f'"{choice}"' for choice in choices)
        return ("text",), choices, [f"one of {words}" if len(choices) > 1 else words]
    if annotation in (int, float):
        return ("number" if annotation is int else "decimal",), (), [_number(annotation, metadata)]
    kind, words = _SIMPLE[origin or annotation]
    return (kind,), (), [words]


def _number(annotation: object, metadata: list[Any]) -> str:  # Any: pydantic's metadata
    limits = [
        (getattr(part, "ge", None), getattr(part, "le", None))
        for item in metadata
        for part in getattr(item, "metadata", [item])
    ]
    low = next((low for low, _ in limits if low is not None), None)
    high = next((high for _, high in limits if high is not None), None)
    word = "a whole number" if annotation is int else "a number"
    if low is not None and high is not None:
        return f"{word} {low}-{high}"
    return word if low is None else f"{word}, {low} or more"
