"""The request handler that `wsgi.request-handler` names: `module:Class`, a subclass of Werkzeug's."""

from __future__ import annotations

import importlib

from launcher.errors import TargetError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from werkzeug.serving import WSGIRequestHandler


def load_handler(spec: str) -> type[WSGIRequestHandler] | None:
    """Return the class that *spec* names, or None for an empty one.

    Raises `TargetError` when there is no such subclass; what importing the module raises goes through.
    """
    if not spec:
        return None
    from werkzeug.serving import WSGIRequestHandler

    module, _, name = spec.partition(":")
    found = getattr(importlib.import_module(module), name, None)
    if not isinstance(found, type) or not issubclass(found, WSGIRequestHandler):
        hint = "it must be a class derived from werkzeug.serving.WSGIRequestHandler"
        raise TargetError("bad-request-handler", f"`{spec}` is not a request handler", hint)
    return found
