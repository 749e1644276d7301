"""From `module:name` to the WSGI app, or a clear complaint.

The rules are those of `flask run` (`flask.cli.locate_app` and its helpers), widened from Flask objects to any WSGI app.
`importing.py` finds the module, `kind.py` says what a value is; this module puts them together. Runs in the worker.
"""

from __future__ import annotations

from threading import Lock
from types import FunctionType

from launcher.errors import TargetError, nearest
from launcher.locate import Reference, listed, search_file, split_spec
from launcher.standard import os
from launcher.worker import importing
from launcher.worker.kind import Kind, is_app_by_look, is_app_by_name, kind_of, server_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import ModuleType
    from typing import Any

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from launcher.plan import Target

APP_NAMES = ("app", "application")
FACTORY_NAMES = ("create_app", "make_app")


def load_target(target: Target) -> tuple[WSGIApplication, str]:
    """Import what *target* names and return the app with the way it was found (`shop:create_app()`, `wsgi.py: app`).

    Raise `TargetError` when there is no such module, name or app; anything that the app's own code raises passes
    through untouched. Changes `sys.path` as `flask run` does.
    """
    spec = target.spec.strip()
    if not spec:
        return _load_by_search(target)
    path, reference = split_spec(spec)
    module = importing.import_target(path, target)
    return _load_from(module, f"{path}:", reference)


def app_in(module: ModuleType, label: str) -> tuple[WSGIApplication, str]:
    """Return the app that *module* holds, by the rules of `flask run`, and *label* with its name; as `load_target`."""
    return _load_from(module, label, None)


def app_given(value: object, label: str) -> tuple[WSGIApplication, str]:
    """Return *value*, which the user's code handed over, as an app, and *label*; raise `TargetError` if it is none."""
    return _as_wsgi(value, label, f"`{label}` is {_describe(value)}, not a WSGI app", made=False)


def _load_by_search(target: Target) -> tuple[WSGIApplication, str]:
    """Load `wsgi.py`, or else `app.py`, or else the `wsgi.py` of a Django project.

    As with `flask run`, the first file that exists is taken; when it holds no app, or fails, no other is tried.
    """
    importing.put_first(target.directory)
    found = search_file(target)
    label = os.path.relpath(found, target.project)
    if label.startswith(os.pardir):
        label = found
    return _load_from(importing.import_file(found), f"{label}: ", None)


def _load_from(module: ModuleType, label: str, reference: Reference | None) -> tuple[WSGIApplication, str]:
    """Return the app that *module* holds and *label* completed with the way to it."""
    if reference is None:
        name = _find_name(module, label)
        reference = Reference(name, (name,))
    value = _attribute(module, label, reference)
    text = reference.text
    if reference.called or kind_of(value, reference.names[-1]) is Kind.FACTORY:
        if not callable(value):
            raise TargetError("target-not-wsgi", f"`{text}` cannot be called: it is {_describe(value)}")
        value = _call(value, label, reference)
        text = text if reference.called else f"{text}()"
        complaint = f"{text} returned {_describe(value)}, not a WSGI app"
    else:
        complaint = f"`{label.strip()}{text}` is {_describe(value)}, not a WSGI app"
    return _as_wsgi(value, label + text, complaint, made=text.endswith(")"))


def _find_name(module: ModuleType, label: str) -> str:
    """Return the name of the app or factory that *module* holds, in the order of `flask run`."""
    attributes = vars(module)
    for name in APP_NAMES:
        if name in attributes and is_app_by_name(attributes[name], name):
            return name
    apps = _apps(module)
    if len(apps) == 1:
        return apps[0]
    where = label.strip(": ")
    if apps:
        message = f"`{where}` holds more than one app: {listed(apps)}"
        raise TargetError("target-ambiguous", message, f"name one: {where}:{apps[0]}")
    for name in FACTORY_NAMES:
        if kind_of(attributes.get(name), name) in (Kind.FACTORY, Kind.ASYNC_FACTORY):
            return name
    raise TargetError("target-no-app", f"there is no app in `{where}`", _hint_for(module, label))


def _apps(module: ModuleType) -> list[str]:
    """Return the names of the app objects in *module*, one name for each object."""
    names: dict[int, str] = {}
    for name, value in list(vars(module).items()):
        if not name.startswith("__") and is_app_by_look(value):
            names.setdefault(id(server_of(value) or value), name)
    return list(names.values())


def _hint_for(module: ModuleType, label: str) -> str:
    spec = label.strip(": ")
    likely = [name for name, value in vars(module).items() if _is_likely(name, value, module)]
    if likely:
        return f"name what is meant: {listed(f'{spec}:{name}' for name in likely[:5])}"
    return f"looked for app, application, one app object, create_app() and make_app(); name another: {spec}:name"


def _is_likely(name: str, value: object, module: ModuleType) -> bool:
    """Say whether *value* may be what the user wants to serve, though no rule finds it."""
    if name in APP_NAMES:
        return callable(value)
    if type(value) is not FunctionType or value.__module__ != module.__name__:
        return False
    return not name.startswith("_") and (kind_of(value, name) in (Kind.WSGI, Kind.ASGI) or "app" in name.lower())


def _attribute(module: ModuleType, label: str, reference: Reference) -> object:
    value: object = module
    for name in reference.names:
        try:
            value = getattr(value, name)
        except AttributeError:
            if name in dir(value):
                raise  # it exists, and failed by itself: a property, or a module's `__getattr__`
            owner = value
            break
    else:
        return value
    before = reference.names[: reference.names.index(name)]
    where = f"{label.strip()}{'.'.join(before)}".rstrip(":")
    near = nearest(name, [known for known in dir(owner) if not known.startswith("_")])
    hint = f"did you mean {near}?" if near else _apps_hint(module, label)
    raise TargetError("target-name", f"there is no `{name}` in `{where}`", hint)


def _apps_hint(module: ModuleType, label: str) -> str:
    found = [*_apps(module), *(name for name in FACTORY_NAMES if callable(vars(module).get(name)))]
    return f"it has {listed(found)}" if found else _hint_for(module, label)


def _call(factory: Callable[..., object], label: str, reference: Reference) -> object:
    """Call *factory* and return what it makes; raise `TargetError` only when the arguments did not fit."""
    if kind_of(factory, reference.names[-1]) is Kind.ASYNC_FACTORY:
        raise _async_factory(reference.text)
    try:
        return factory(*reference.args, **reference.kwargs)
    except TypeError as error:
        traceback = error.__traceback__
        if traceback is None or traceback.tb_next is not None:
            raise  # it was entered: the factory failed, not the call
        reason = str(error)
    name = ".".join(reference.names)
    spec = f"{label.rstrip()}{name}"
    if reference.called and kind_of(factory, reference.names[-1]) is Kind.WSGI:
        hint = f"it looks like a WSGI app itself: write {spec}"
    else:
        hint = f"give the arguments, as in {spec}('dev', debug=True)"
    raise TargetError("target-arguments", f"the factory `{name}` takes other arguments: {reason}", hint)


def _as_wsgi(value: object, label: str, complaint: str, *, made: bool) -> tuple[WSGIApplication, str]:
    """Return *value* as a WSGI app and *label*, changed where something had to be put around the app."""
    kind = kind_of(value)
    server = server_of(value)
    if server is not None:
        return server, f"{label}.server"  # type: ignore[return-value]  # `kind` has looked at its signature
    if kind is Kind.ASGI:
        return _from_asgi(value, label), f"{label} (ASGI, through a2wsgi)"
    if kind is Kind.ASYNC_FACTORY:
        raise _async_factory(label)
    if kind is Kind.WSGI or (made and kind is Kind.FACTORY and _may_be_app(value)):
        return value, label  # type: ignore[return-value]  # `kind` has looked at its signature
    raise TargetError("target-not-wsgi", complaint, "a WSGI app is called with environ and start_response")


def _may_be_app(value: object) -> bool:
    """Say whether a made function is an app in spite of its name (`create_app.<locals>.make_response`)."""
    return not issubclass(type(value), type) and kind_of(value, "app") is Kind.WSGI


def _from_asgi(app: object, label: str) -> WSGIApplication:
    try:
        from a2wsgi import ASGIMiddleware
    except ModuleNotFoundError:
        hint = "install the adapter: pip install 'launch-dev[asgi]'"
        raise TargetError("target-asgi", f"`{label}` is an ASGI app, and launch serves WSGI apps", hint) from None
    adapter: Any = ASGIMiddleware  # Any: a2wsgi has types of its own for the same protocols
    lock = Lock()
    made: list[WSGIApplication] = []

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # The adapter starts a thread, and a process with threads cannot become a snapshot: wait for a request.
        with lock:
            if not made:
                made.append(adapter(app))
        return made[0](environ, start_response)

    return serve


def _async_factory(text: str) -> TargetError:
    message = f"`{text}` is an async function, and a factory must not be"
    return TargetError("target-async-factory", message, "write it with a plain def")


def _describe(value: object) -> str:
    if value is None:
        return "None"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if kind_of(value) is Kind.FACTORY and hasattr(value, "__name__"):
        return f"the function {value.__name__}"
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
