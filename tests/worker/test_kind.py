from __future__ import annotations

import functools
import math

import pytest

from launcher.worker.kind import Kind, is_app_by_look, is_app_by_name, kind_of, server_of


class Plain: ...


class Wsgi:
    def __call__(self, environ, start_response): ...


class WsgiWithOtherNames:
    def __call__(self, e, sr): ...


class StaticCall:
    @staticmethod
    def __call__(environ, start_response): ...


class TakesAnything:
    def __call__(self, *args, **kwargs): ...


class TakesOne:
    def __call__(self, value): ...


class Maker:
    def __call__(self, debug=False): ...

    def method(self, environ, start_response): ...


class Asgi:
    async def __call__(self, scope, receive, send): ...


class CompiledAsgi:
    def __call__(self, scope, receive, send): ...


class Response:
    status_code = 200

    def __call__(self, environ, start_response): ...


class Pep3333:
    def __init__(self, environ, start_response): ...

    def __iter__(self): ...


class Dash:
    """Looks like the class of that name: callable, and carries its server."""

    __module__ = "dash.dash"

    def __init__(self):
        self.server = Wsgi()

    def __call__(self, environ, start_response): ...


class OldDash:
    def __init__(self):
        self.server = Wsgi()


class Middleware(Wsgi):
    def __init__(self):
        self.server = Wsgi()


class Hostile:
    """Answers every attribute with an error, as a proxy does outside of its context."""

    def __getattribute__(self, name):
        raise RuntimeError("working outside of the context")


async def awaited(scope, receive, send): ...
async def awaited_factory(): ...
async def awaited_open(*args): ...
def asgi(scope, receive, send): ...
def app(environ, start_response): ...
def defaults(environ=None, start_response=None): ...
def more(environ, start_response, extra=None): ...
def short(env, sr): ...
def create_app(config, name): ...
def make_wsgi(environ, start_response): ...
def app_factory(global_config, local_config): ...
def main(global_config, **settings): ...
def nothing(): ...
def options(**settings): ...
def anything(*args, **kwargs): ...
def create_anything(*args): ...
def three(a, b, c): ...
def keyword(a, *, b): ...


def decorated(environ, start_response): ...
@functools.wraps(decorated)
def wrapper(*args): ...


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        pytest.param(app, Kind.WSGI, id="pep-3333-names"),
        pytest.param(short, Kind.WSGI, id="two-required-of-any-name"),
        pytest.param(defaults, Kind.WSGI, id="pep-3333-names-with-defaults"),
        pytest.param(more, Kind.WSGI, id="third-is-optional"),
        pytest.param(make_wsgi, Kind.WSGI, id="names-of-parameters-beat-name-of-function"),
        pytest.param(anything, Kind.WSGI, id="takes-anything"),
        pytest.param(wrapper, Kind.WSGI, id="wrapped"),
        pytest.param(Maker().method, Kind.WSGI, id="bound-method"),
        pytest.param(functools.partial(three, 1), Kind.WSGI, id="partial-that-leaves-two"),
        pytest.param(lambda e, s: None, Kind.WSGI, id="lambda"),
        pytest.param(create_app, Kind.FACTORY, id="two-required-but-named-create"),
        pytest.param(app_factory, Kind.FACTORY, id="two-required-but-named-factory"),
        pytest.param(create_anything, Kind.FACTORY, id="anything-but-named-create"),
        pytest.param(main, Kind.FACTORY, id="one-required"),
        pytest.param(nothing, Kind.FACTORY, id="none-required"),
        pytest.param(options, Kind.FACTORY, id="keywords-only"),
        pytest.param(keyword, Kind.FACTORY, id="required-keyword"),
        pytest.param(three, Kind.FACTORY, id="three-required"),
        pytest.param(Wsgi, Kind.FACTORY, id="class"),
        pytest.param(Maker(), Kind.FACTORY, id="object-called-without-arguments"),
        pytest.param(functools.partial(create_app, 1, 2), Kind.FACTORY, id="complete-partial"),
        pytest.param(math.sqrt, Kind.FACTORY, id="builtin"),
        pytest.param(awaited, Kind.ASGI, id="async-function"),
        pytest.param(asgi, Kind.ASGI, id="names-of-asgi"),
        pytest.param(Asgi(), Kind.ASGI, id="async-object"),
        pytest.param(CompiledAsgi(), Kind.ASGI, id="object-with-names-of-asgi"),
        pytest.param(awaited_factory, Kind.ASYNC_FACTORY, id="async-factory"),
        pytest.param(awaited_open, Kind.ASYNC_FACTORY, id="async-anything"),
        pytest.param(Wsgi(), Kind.WSGI, id="object"),
        pytest.param(WsgiWithOtherNames(), Kind.WSGI, id="object-with-other-names"),
        pytest.param(StaticCall(), Kind.WSGI, id="object-with-static-call"),
        pytest.param(TakesAnything(), Kind.WSGI, id="object-that-takes-anything"),
        pytest.param(Pep3333, Kind.WSGI, id="class-of-pep-3333"),
        pytest.param(OldDash(), Kind.WSGI, id="object-with-server"),
        pytest.param(TakesOne(), Kind.OTHER, id="object-that-takes-one"),
        pytest.param(Plain(), Kind.OTHER, id="object-without-call"),
        pytest.param(Hostile(), Kind.OTHER, id="object-that-answers-with-errors"),
        pytest.param(math, Kind.OTHER, id="module"),
        pytest.param(None, Kind.OTHER, id="none"),
        pytest.param("app", Kind.OTHER, id="text"),
    ],
)
def test_a_named_value_is_judged_by_its_signature(value: object, kind: Kind) -> None:
    assert kind_of(value) is kind


@pytest.mark.parametrize(
    ("value", "by_name", "by_look"),
    [
        pytest.param(Wsgi(), True, True, id="object"),
        pytest.param(WsgiWithOtherNames(), True, False, id="object-with-other-names"),
        pytest.param(TakesAnything(), False, False, id="object-that-takes-anything"),
        pytest.param(Response(), True, False, id="response"),
        pytest.param(Asgi(), True, True, id="asgi-object"),
        pytest.param(app, True, False, id="function"),
        pytest.param(awaited, True, False, id="asgi-function"),
        pytest.param(nothing, False, False, id="factory"),
        pytest.param(Maker().method, True, False, id="method"),
        pytest.param(Pep3333, False, False, id="class"),
        pytest.param(Dash(), True, True, id="dash"),
        pytest.param(OldDash(), True, True, id="old-dash"),
        pytest.param(Hostile(), False, False, id="hostile"),
        pytest.param(math, False, False, id="module"),
        pytest.param(3, False, False, id="number"),
    ],
)
def test_a_value_that_nobody_named_must_look_the_part(value: object, by_name: bool, by_look: bool) -> None:
    assert is_app_by_name(value, "app") is by_name
    assert is_app_by_look(value) is by_look


def test_the_server_is_taken_from_what_cannot_be_called_and_from_dash_only() -> None:
    old, new = OldDash(), Dash()
    assert server_of(old) is old.server
    assert server_of(new) is new.server
    assert server_of(Middleware()) is None
    assert server_of(Plain()) is None


def test_kind_of_a_middleware_is_wsgi_when_it_wraps_an_app_object():
    app = Wsgi()

    @functools.wraps(app, updated=())
    def middleware(environ, start_response):
        return app(environ, start_response)

    assert kind_of(middleware, "middleware") is Kind.WSGI
    assert is_app_by_name(middleware, "app")
