"""Starts a team's WSGI app for development from one committed file, and explains every setting.

    files -> layers -> resolved profile -> plan -> supervisor -> worker -> the browser

`config` takes files to a resolved profile, `planner` makes a `plan` of it, `supervisor` carries it out, `wire` is how
it talks to `worker`, `web` is what the browser meets. `run` and `resolve` are the Python API; both load when used.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from launcher.api import resolve, run

__all__ = ["__version__", "resolve", "run"]

# A literal, because the banner shows it and importlib.metadata takes forty milliseconds to say the same.
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Load a function of the Python API when it is first asked for, so that `import launcher` costs nothing."""
    if name in __all__:
        from launcher import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
