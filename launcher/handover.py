"""Where a program that calls `launcher.run()` meets the worker that runs it.

The two sides know nothing else of each other: the worker leaves here what takes the app, `api.py` calls it. In a
process that is no worker, nothing is here.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeAlias

    # The app or None, the names of the module that calls, the digest of the settings. Returns when the server stopped.
    Taker: TypeAlias = Callable[[object, Mapping[str, Any], str], None]  # Any: the user's values

in_worker: bool = False
"""Whether this process is a worker."""

taker: Taker | None = None
"""What takes the app, while a program of the user runs in a worker."""
