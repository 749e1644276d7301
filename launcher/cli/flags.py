"""The table of flags: which setting each one sets. Types, defaults and help texts are in the schema.

Only rows; `options.py` makes the parser's options of them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flag:
    """One row. `group` is its heading in the help, `names` its spellings, the first long one being its name.

    A flag takes a value, unless it has `off` spellings (then it is a switch) or a fixed `text`. A `separated` one takes
    several values in one, as `flask run` has it. `words` are values that set another key instead.
    """

    group: str
    key: str
    names: tuple[str, ...]
    off: tuple[str, ...] = ()
    text: str = ""
    separated: bool = False
    words: tuple[tuple[str, str, str], ...] = ()

    @property
    def takes_value(self) -> bool:
        """Whether the flag is followed by a value."""
        return not self.off and not self.text

    @property
    def name(self) -> str:
        """The spelling by which the flag is spoken of: the first long one."""
        return next(name for name in self.names if name.startswith("--"))


APP, SERVER, LOADING, RELOAD, DEBUG, BROWSER = "App", "Server", "Loading", "Reload", "Debugging", "Browser"

FLAGS: tuple[Flag, ...] = (
    Flag(APP, "app", ("-A", "--app")),
    Flag(APP, "app-dir", ("--app-dir",)),
    Flag(APP, "env-files", ("-e", "--env-file")),
    Flag(LOADING, "loading", ("--loading",)),
    Flag(LOADING, "loading", ("--eager-loading",), text="eager"),
    Flag(LOADING, "loading", ("--lazy-loading",), text="lazy"),
    Flag(SERVER, "host", ("--host",)),
    Flag(SERVER, "port", ("-p", "--port")),
    Flag(SERVER, "threads", ("--with-threads",), off=("--without-threads",)),
    Flag(SERVER, "processes", ("--processes",)),
    Flag(SERVER, "tls.cert", ("--cert",), words=(("adhoc", "tls.adhoc", "true"),)),
    Flag(SERVER, "tls.key", ("--key",)),
    Flag(SERVER, "allowed-hosts", ("--allowed-host",)),
    Flag(RELOAD, "reload.enabled", ("--reload",), off=("--no-reload",)),
    Flag(RELOAD, "reload.engine", ("--engine",)),
    Flag(RELOAD, "reload.include", ("--extra-files",), separated=True),
    Flag(RELOAD, "reload.exclude", ("--exclude-patterns",), separated=True),
    Flag(RELOAD, "reload.poll", ("--poll",)),
    Flag(DEBUG, "debug", ("--debug",), off=("--no-debug",)),
    Flag(DEBUG, "debugger.enabled", ("--debugger",), off=("--no-debugger",)),
    Flag(DEBUG, "debugger.pin", ("--pin",)),
    Flag(BROWSER, "browser.open", ("--open",), off=("--no-open",)),
    Flag(BROWSER, "browser.live-reload", ("--live-reload",), off=("--no-live-reload",)),
)


def flags_for(key: str) -> tuple[Flag, ...]:
    """Return the flags that set *key*, the most general one first."""
    return tuple(flag for flag in FLAGS if flag.key == key)
