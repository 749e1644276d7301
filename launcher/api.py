"""The Python API: what a program can ask of `launch`. Reached as attributes of the package `launcher`."""

from __future__ import annotations

import os

from launcher.config.resolve import Request, resolve_profile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from launcher.config.resolve import ResolvedProfile


def resolve(
    profile: str | None = None,
    *,
    directory: str | None = None,
    config: str | None = None,
    environ: Mapping[str, str] | None = None,
    isolated: bool = False,
) -> ResolvedProfile:
    """Return the settings that `launch dev` would use, typed, each with its origin and what it hides.

    Looks for the project from *directory* upwards (the current one where it is not given) or reads the file *config*,
    and reads *environ* instead of the environment of this process. With *isolated* no file and no variable is read.
    Nothing is started, and the app is not imported. Raise `launcher.errors.LaunchError` with every problem at once.
    """
    return resolve_profile(
        Request(
            cwd=os.path.abspath(directory or os.getcwd()),
            environ=dict(os.environ if environ is None else environ),
            home=os.path.expanduser("~"),
            profile=profile,
            config=config,
            isolated=isolated,
        )
    )
