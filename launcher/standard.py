"""The standard library as it was before the app was imported: `from launcher.standard import os, time`.

An app may replace `time.monotonic` (freezegun), `socket.socket` (pytest-socket) or `json.dumps`. What runs beside it in
a worker must not notice. So it uses copies of the modules, which keep the functions that they had when a module of ours
first imported them. Classes, and objects such as `os.environ`, are the same as everywhere.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import FunctionType, ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    import array as array
    import builtins as builtins
    import faulthandler as faulthandler
    import gc as gc
    import inspect as inspect
    import json as json
    import mmap as mmap
    import os as os
    import re as re
    import select as select
    import selectors as selectors
    import signal as signal
    import socket as socket
    import stat as stat
    import struct as struct
    import threading as threading
    import time as time
    import traceback as traceback
    from builtins import open as open  # noqa: A004

COPIED = frozenset({"array", "faulthandler", "gc", "inspect", "json", "mmap", "os", "re", "select", "selectors"})
COPIED |= {"signal", "socket", "stat", "struct", "threading", "time", "traceback"}
"""The modules that are copied, each when it is first asked for."""

_GREEN = ("os", "select", "selectors", "signal", "socket", "threading", "time")
"""What gevent and eventlet change."""

_NOTICED = {"os": ("stat",)}
"""What a worker puts into the standard library itself, to notice the app's calls and not its own."""

if not TYPE_CHECKING:
    open = open  # noqa: A001  # the built-in function, as it is now

    def __getattr__(name: str) -> ModuleType:
        """Return the copy of a module."""
        if name not in COPIED:
            raise AttributeError(name)
        copy = globals()[name] = ModuleType(name)
        vars(copy).update(vars(import_module(name)))
        for function in ("socketpair", "fromfd") if name == "socket" else ():  # which look up `socket` when called
            original = getattr(copy, function)
            setattr(copy, function, FunctionType(original.__code__, vars(copy), function, original.__defaults__))
        return copy


def follow_green_threads() -> None:
    """Use what gevent or eventlet have put into the standard library: their threads run only while that waits."""
    for name in _GREEN:
        copy, module = globals().get(name), sys.modules.get(name)
        if copy is not None and module is not None:
            kept = _NOTICED.get(name, ())
            vars(copy).update({key: value for key, value in vars(module).items() if key not in kept})
