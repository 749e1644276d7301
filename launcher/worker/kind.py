"""What a value is to a web server: a WSGI app, an ASGI app, a factory of one, or nothing of the kind.

Decides by looking at types and signatures only: imports no framework, calls nothing, and reads no attribute through
the value itself, because proxies such as Flask's `request` answer every attribute with an error outside of a request.
"""

from __future__ import annotations

import functools
import types
from dataclasses import dataclass
from enum import Enum

from launcher.standard import inspect, re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType

_FACTORY_NAME = re.compile(r"(create|make|build|get|new|init|setup|configure|load|main)(_|$)|factory", re.IGNORECASE)
_MISSING = object()
_ROUTINES = (
    types.FunctionType,
    types.MethodType,
    types.BuiltinFunctionType,
    types.MethodWrapperType,
    types.WrapperDescriptorType,
    types.MethodDescriptorType,
    types.ClassMethodDescriptorType,
)


class Kind(Enum):
    """What can be done with a value."""

    WSGI = "serve it"
    ASGI = "serve it through an adapter"
    FACTORY = "call it to get an app"
    ASYNC_FACTORY = "nothing: it would have to be awaited"
    OTHER = "nothing"


@dataclass(frozen=True, slots=True)
class Shape:
    """How something can be called by position.

    `names` are the positional parameters in order, of which the first `required` have no default; `open` says that
    there is a `*args`; `awaited` that the call returns a coroutine.
    """

    names: tuple[str, ...]
    required: int
    open: bool = False
    awaited: bool = False

    def takes(self, count: int) -> bool:
        """Say whether a call with *count* positional arguments fits."""
        return self.required <= count and (self.open or count <= len(self.names))


def kind_of(value: object, name: str = "") -> Kind:
    """Return what *value* is, known under *name*, when a person pointed at it: the benefit of the doubt is given.

    A function is a WSGI app when it needs exactly two positional arguments, unless its name is that of a factory and
    the names of its parameters are not those of PEP 3333; or when it has only `*args` and no factory's name.
    An object is one when its class's `__call__` can take two. A class is one when it is written as in PEP 3333:
    constructed with two arguments, then iterated over.
    """
    if _is(value, types.ModuleType):
        return Kind.OTHER
    if _is(value, type):
        return Kind.WSGI if _is_pep_3333_class(value) else Kind.FACTORY  # type: ignore[arg-type]  # it is a class
    if _is_routine(value) or _is(value, functools.partial):
        return _kind_of_function(_shape_of(value), name or getattr(value, "__name__", ""))
    return _kind_of_object(value)


def is_app_by_name(value: object, name: str) -> bool:
    """Say whether *value* may be taken for the app because it stands in a module as `app` or `application`.

    Stricter than `kind_of`: an object that takes any arguments at all (a click command, a typer app) is not taken.
    """
    kind = kind_of(value, name)
    if kind is Kind.ASGI or server_of(value) is not None:
        return True
    if kind is not Kind.WSGI or _is(value, type):
        return False
    shape = _shape_of(value)
    return shape is None or shape.required == 2 or _has_wsgi_names(shape)


def is_app_by_look(value: object) -> bool:
    """Say whether *value*, whatever its name, is without doubt an app object: not a class, a function or a response."""
    if _is(value, type, BaseException, functools.partial, types.ModuleType):
        return False
    if _is_routine(value) or hasattr(type(value), "status_code"):
        return False
    shape = _shape_of(value)
    if shape is None:
        return server_of(value) is not None
    return _has_wsgi_names(shape) or _is_asgi(shape) or server_of(value) is not None


def server_of(value: object) -> object | None:
    """Return the WSGI app that *value* carries as its own attribute `server` (as Dash does), or None.

    A Dash object of newer versions can be called itself, and then calls its `server`.
    """
    dash = any(base.__name__ == "Dash" and base.__module__.partition(".")[0] == "dash" for base in type(value).__mro__)
    if not dash and _own_call(value) is not _MISSING:
        return None
    try:
        own: dict[str, object] = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return None
    server = own.get("server")
    return server if server is not None and is_app_by_look(server) else None


def _is(value: object, *kinds: type) -> bool:
    """Return what `isinstance` should: it asks the value for its `__class__`, and lazy objects then start to work."""
    return issubclass(type(value), kinds)


def _is_routine(value: object) -> bool:
    return _is(value, *_ROUTINES) or type(value).__name__ == "cython_function_or_method"


def _kind_of_function(shape: Shape | None, name: str) -> Kind:
    if shape is None:
        return Kind.FACTORY
    if _is_asgi(shape):
        return Kind.ASGI
    if shape.awaited:
        return Kind.ASYNC_FACTORY
    if _has_wsgi_names(shape):
        return Kind.WSGI
    like_app = shape.required == 2 or (shape.open and not shape.names)
    return Kind.WSGI if like_app and not _FACTORY_NAME.search(name) else Kind.FACTORY


def _kind_of_object(value: object) -> Kind:
    if _own_call(value) is _MISSING:
        return Kind.WSGI if server_of(value) is not None else Kind.OTHER
    shape = _shape_of(value)
    if shape is None:
        return Kind.WSGI
    if _is_asgi(shape):
        return Kind.ASGI
    if shape.takes(2):
        return Kind.WSGI
    return Kind.FACTORY if shape.takes(0) else Kind.OTHER


def _is_asgi(shape: Shape) -> bool:
    # Compiled code (Cython) does not say that it is a coroutine function; the names of the ASGI specification do.
    return shape.takes(3) and (shape.names[:2] == ("scope", "receive") or (shape.awaited and not shape.takes(2)))


def _has_wsgi_names(shape: Shape) -> bool:
    if not shape.takes(2) or len(shape.names) < 2 or shape.awaited:
        return False
    first, second = (part.strip("_").lower() for part in shape.names[:2])
    return first == "environ" or second.startswith("start")


def _is_pep_3333_class(cls: type) -> bool:
    shape = _shape_of_function(cls.__init__, drop=1)  # type: ignore[misc]  # the class's own, not an instance's
    return shape is not None and shape.required == 2 and hasattr(cls, "__iter__")


def _own_call(value: object) -> object:
    for base in type(value).__mro__:
        if "__call__" in vars(base):
            return vars(base)["__call__"]
    return _MISSING


def _shape_of(value: object) -> Shape | None:
    if _is(value, types.MethodType):
        return _shape_of_function(value.__func__, drop=1)  # type: ignore[attr-defined]  # it is a method
    if _is(value, functools.partial, types.BuiltinFunctionType):
        return _shape_of_signature(value)
    if _is_routine(value):
        return _shape_of_function(value, drop=0)
    call = _own_call(value)
    if isinstance(call, staticmethod):
        return _shape_of_function(call.__func__, drop=0)
    return _shape_of_function(call, drop=1)


def _shape_of_function(function: object, drop: int) -> Shape | None:
    """Return the shape of a Python function, read from its code, without the first *drop* parameters.

    `inspect.signature` would evaluate annotations on newer Pythons, which fails for names imported for type checkers.
    """
    if _is(function, types.FunctionType):  # not as far as an app object, which `functools.wraps` may have been given
        stop = lambda wrapper: not _is_routine(wrapper.__wrapped__)  # noqa: E731
        function = inspect.unwrap(function, stop=stop)  # type: ignore[arg-type]
    code: CodeType | None = getattr(function, "__code__", None)
    if code is None:
        return None
    defaults = getattr(function, "__defaults__", None) or ()
    names = code.co_varnames[: code.co_argcount]
    return Shape(
        names=tuple(names[drop:]),
        required=max(0, len(names) - len(defaults) - drop),
        open=bool(code.co_flags & inspect.CO_VARARGS),
        awaited=bool(code.co_flags & (inspect.CO_COROUTINE | inspect.CO_ITERABLE_COROUTINE)),
    )


def _shape_of_signature(value: object) -> Shape | None:
    try:
        parameters = inspect.signature(value).parameters.values()  # type: ignore[arg-type]  # it may not be callable
    except (TypeError, ValueError, NameError):
        return None
    by_position = [item for item in parameters if item.kind in (item.POSITIONAL_ONLY, item.POSITIONAL_OR_KEYWORD)]
    function = value.func if isinstance(value, functools.partial) else value
    return Shape(
        names=tuple(item.name for item in by_position),
        required=sum(item.default is item.empty for item in by_position),
        open=any(item.kind is item.VAR_POSITIONAL for item in parameters),
        awaited=inspect.iscoroutinefunction(function),
    )
