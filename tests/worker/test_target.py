"""Flask's own rules for finding an app, and ours where they go further, over temporary projects."""

from __future__ import annotations

import os
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from werkzeug.test import Client

from launcher.errors import TargetError
from launcher.plan import Target
from launcher.worker.target import load_target


def wsgi(name: str = "app", body: str = "ok", params: str = "environ, start_response") -> str:
    second = params.replace("=None", "").rpartition(",")[2].strip()
    return f"def {name}({params}):\n    {second}('200 OK', [])\n    return [b'{body}']\n"


def flask(name: str = "app", body: str = "ok") -> str:
    return (
        f"from flask import Flask\n{name} = Flask(__name__)\n"
        f"{name}.add_url_rule('/', endpoint='index', view_func=lambda: '{body}')\n"
    )


def instance(name: str = "app", body: str = "ok") -> str:
    return (
        f"class Kind_{name}:\n    def __call__(self, environ, start_response):\n        start_response('200 OK', [])\n"
        f"        return [b'{body}']\n{name} = Kind_{name}()\n"
    )


def factory(name: str = "create_app", params: str = "", body: str = "'ok'") -> str:
    return (
        f"def {name}({params}):\n    def answer(environ, start_response):\n        start_response('200 OK', [])\n"
        f"        return [str({body}).encode()]\n    return answer\n"
    )


@dataclass(frozen=True)
class Found:
    id: str
    spec: str
    files: dict[str, str]
    found: str
    body: str = "ok"
    options: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Refused:
    id: str
    spec: str
    files: dict[str, str]
    slug: str
    message: str = ""
    hint: str = ""
    options: dict[str, object] = field(default_factory=dict)


FACTORY_WITH_ARGS = factory("build", "name, debug=False", "(name, debug)")

FOUND = [
    # Flask: no spec at all
    Found("wsgi-before-app", "", {"wsgi.py": flask(), "app.py": flask(body="no")}, "wsgi.py: app"),
    Found("app-where-no-wsgi", "", {"app.py": flask()}, "app.py: app"),
    Found("package-app-found-as-file", "", {"app/__init__.py": flask()}, "app/__init__.py: app"),
    Found(
        "package-wins-over-file", "", {"app/__init__.py": flask(), "app.py": flask(body="no")}, "app/__init__.py: app"
    ),
    Found("folder-without-init-is-skipped", "", {"wsgi/readme.py": "", "app.py": flask()}, "app.py: app"),
    Found("factory-in-found-file", "", {"app.py": factory()}, "app.py: create_app()"),
    Found("blank-spec-is-none", "  ", {"app.py": flask()}, "app.py: app"),
    Found("found-in-src", "", {"src/app.py": flask()}, "src/app.py: app"),
    Found("found-in-app-dir", "", {"web/app.py": flask()}, "web/app.py: app", options={"directory": "web"}),
    Found(
        "project-before-app-dir",
        "",
        {"wsgi.py": flask(), "web/wsgi.py": flask(body="no")},
        "wsgi.py: app",
        options={"directory": "web"},
    ),
    # Flask: a module, no name
    Found("name-app", "shop", {"shop.py": flask()}, "shop:app"),
    Found("name-application", "shop", {"shop.py": flask("application")}, "shop:application"),
    Found("app-before-application", "shop", {"shop.py": flask() + flask("application", "no")}, "shop:app"),
    Found("only-app-in-module", "shop", {"shop.py": flask("web")}, "shop:web"),
    Found("one-app-under-two-names", "shop", {"shop.py": flask("web") + "site = web\n"}, "shop:web"),
    Found("app-named-otherwise-before-factory", "shop", {"shop.py": flask("web") + factory(body="'no'")}, "shop:web"),
    Found("create-app", "shop", {"shop.py": factory()}, "shop:create_app()"),
    Found("make-app", "shop", {"shop.py": factory("make_app")}, "shop:make_app()"),
    Found("create-before-make", "shop", {"shop.py": factory("make_app", body="'no'") + factory()}, "shop:create_app()"),
    Found(
        "factory-with-defaults",
        "shop",
        {"shop.py": factory(params="a=1, b=2", body="(a, b)")},
        "shop:create_app()",
        "(1, 2)",
    ),
    Found(
        "app-that-is-no-app-is-passed-over", "shop", {"shop.py": "app = 3\n" + flask("application")}, "shop:application"
    ),
    Found(
        "submodule-app-is-passed-over",
        "shop",
        {"shop/__init__.py": "import shop.app\n" + factory(), "shop/app.py": ""},
        "shop:create_app()",
    ),
    Found(
        "imported-proxies-are-no-apps",
        "shop",
        {"shop.py": "from flask import current_app, g, request, session\n" + factory()},
        "shop:create_app()",
    ),
    Found(
        "imported-class-is-no-app", "shop", {"shop.py": "from flask import Flask\n" + factory()}, "shop:create_app()"
    ),
    Found(
        "response-is-no-app",
        "shop",
        {"shop.py": "from werkzeug import Response\ngone = Response()\n" + factory()},
        "shop:create_app()",
    ),
    Found(
        "click-command-is-no-app",
        "shop",
        {"shop.py": "import click\n@click.command()\ndef app(): pass\n" + factory()},
        "shop:create_app()",
    ),
    Found("plain-function-app", "shop", {"shop.py": wsgi()}, "shop:app"),
    Found("instance-of-own-class", "shop", {"shop.py": instance("web")}, "shop:web"),
    # Flask: a module and a name
    Found("named-app", "shop:web", {"shop.py": flask() + flask("web", "web")}, "shop:web", "web"),
    Found("named-factory", "shop:build", {"shop.py": factory("build")}, "shop:build()"),
    Found("named-factory-with-parens", "shop:build()", {"shop.py": factory("build")}, "shop:build()"),
    Found(
        "literal-arguments",
        "shop:build('x', debug=True)",
        {"shop.py": FACTORY_WITH_ARGS},
        "shop:build('x', debug=True)",
        "('x', True)",
    ),
    Found(
        "literal-collections",
        "shop:build(['a', {'b': (1, None)}], -1.5)",
        {"shop.py": FACTORY_WITH_ARGS},
        "shop:build(['a', {'b': (1, None)}], -1.5)",
        "(['a', {'b': (1, None)}], -1.5)",
    ),
    Found(
        "colon-in-argument", "shop:build('a:b')", {"shop.py": FACTORY_WITH_ARGS}, "shop:build('a:b')", "('a:b', False)"
    ),
    Found("spaces-around", " shop : web ", {"shop.py": flask("web")}, "shop:web"),
    Found("dotted-module", "shop.web", {"shop/__init__.py": "", "shop/web.py": flask()}, "shop.web:app"),
    Found("namespace-package", "shop.web", {"shop/web.py": flask()}, "shop.web:app"),
    # Flask: paths and packages
    Found("path-of-file", "web/shop.py", {"web/shop.py": flask()}, "web/shop.py:app"),
    Found("path-and-name", "web/shop.py:site", {"web/shop.py": flask("site")}, "web/shop.py:site"),
    Found("path-without-suffix", "web/shop", {"web/shop.py": flask()}, "web/shop:app"),
    Found("path-of-package", "web/shop", {"web/shop/__init__.py": flask()}, "web/shop:app"),
    Found("path-of-init", "web/shop/__init__.py", {"web/shop/__init__.py": flask()}, "web/shop/__init__.py:app"),
    Found(
        "path-climbs-out-of-packages",
        "web/shop/main.py",
        {
            "web/shop/__init__.py": "",
            "web/shop/other.py": "NAME = __name__\n",
            "web/shop/main.py": "from .other import NAME\n" + factory(body="NAME"),
        },
        "web/shop/main.py:create_app()",
        "shop.other",
    ),
    Found("path-below-dot", "./shop.py", {"shop.py": flask()}, "./shop.py:app"),
    Found("path-in-src", "shop/main.py", {"src/shop/__init__.py": "", "src/shop/main.py": flask()}, "shop/main.py:app"),
    Found("absolute-path", "{root}/shop.py:app", {"shop.py": flask()}, "{root}/shop.py:app"),
    Found("odd-file-name", "my-shop.py", {"my-shop.py": flask()}, "my-shop.py:app"),
    Found(
        "started-inside-the-package",
        "views",
        {"__init__.py": "", "views.py": "from . import models\n" + flask(), "models.py": ""},
        "views:app",
    ),
    Found("src-layout", "shop", {"src/shop/__init__.py": flask()}, "shop:app"),
    Found("root-before-src", "shop", {"shop.py": flask(), "src/shop.py": flask(body="no")}, "shop:app"),
    Found("src-before-folder-without-init", "shop", {"shop/data.txt": "", "src/shop.py": flask()}, "shop:app"),
    Found("app-dir", "shop", {"web/shop.py": flask()}, "shop:app", options={"directory": "web"}),
    # further than Flask
    Found(
        "dotted-attribute",
        "shop:container.web",
        {"shop.py": flask("inner") + "class container:\n    web = inner\n"},
        "shop:container.web",
    ),
    Found(
        "method-as-factory",
        "shop:Maker.make",
        {
            "shop.py": "class Maker:\n    @staticmethod\n    def make():\n"
            + textwrap.indent(wsgi("answer"), " " * 8)
            + "        return answer\n"
        },
        "shop:Maker.make()",
    ),
    Found("bound-wsgi-method", "shop:web.wsgi_app", {"shop.py": flask("web")}, "shop:web.wsgi_app"),
    Found("class-made-by-call", "shop:Web()", {"shop.py": instance("x").replace("Kind_x", "Web")}, "shop:Web()"),
    Found("class-is-a-factory", "shop:Web", {"shop.py": instance("x").replace("Kind_x", "Web")}, "shop:Web()"),
    Found(
        "partial-as-factory",
        "shop:create_app",
        {
            "shop.py": "from functools import partial\n"
            + factory("build", "name", "name")
            + "create_app = partial(build, 'p')\n"
        },
        "shop:create_app()",
        "p",
    ),
    Found(
        "partial-as-app",
        "shop:app",
        {
            "shop.py": "from functools import partial\ndef web(x, environ, start_response):\n"
            "    start_response('200 OK', [])\n    return [x]\napp = partial(web, b'p')\n"
        },
        "shop:app",
        "p",
    ),
    Found(
        "wrapped-function",
        "shop",
        {
            "shop.py": "from functools import wraps\ndef deco(f):\n    @wraps(f)\n"
            "    def inner(*a, **k): return f(*a, **k)\n    return inner\n@deco\n" + wsgi()
        },
        "shop:app",
    ),
    Found(
        "pep-3333-class",
        "shop:app",
        {
            "shop.py": "class app:\n    def __init__(self, environ, start):\n"
            "        start('200 OK', [])\n    def __iter__(self):\n        yield b'ok'\n"
        },
        "shop:app",
    ),
    Found(
        "middleware",
        "shop",
        {"shop.py": flask("inner") + "from werkzeug.middleware.proxy_fix import ProxyFix\napp = ProxyFix(inner)\n"},
        "shop:app",
    ),
    Found(
        "factory-that-returns-middleware",
        "shop",
        {
            "shop.py": "def create_app():\n"
            + textwrap.indent(flask("inner"), "    ")
            + "    from werkzeug.middleware.proxy_fix import ProxyFix\n    return ProxyFix(inner)\n"
        },
        "shop:create_app()",
    ),
    Found(
        "bottle",
        "shop",
        {"shop.py": "import bottle\nweb = bottle.Bottle()\n@web.get('/')\ndef index(): return 'ok'\n"},
        "shop:web",
    ),
    Found(
        "falcon",
        "shop",
        {
            "shop.py": "import falcon\nclass Index:\n    def on_get(self, req, resp): resp.text = 'ok'\n"
            "web = falcon.App()\nweb.add_route('/', Index())\n"
        },
        "shop:web",
    ),
    Found(
        "dash-like",
        "shop:site",
        {
            "shop.py": flask("inner") + "class Site:\n    def __init__(self, server):\n"
            "        self.server = server\nsite = Site(inner)\n"
        },
        "shop:site.server",
    ),
    Found(
        "dash-like-named-app",
        "shop",
        {
            "shop.py": flask("inner") + "class Site:\n    def __init__(self, server):\n"
            "        self.server = server\napp = Site(inner)\nserver = app.server\n"
        },
        "shop:app.server",
    ),
    Found(
        "asgi-function",
        "shop",
        {
            "shop.py": "async def app(scope, receive, send):\n"
            "    await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n"
            "    await send({'type': 'http.response.body', 'body': b'ok'})\n"
        },
        "shop:app (ASGI, through a2wsgi)",
    ),
    Found(
        "asgi-object",
        "shop",
        {
            "shop.py": "class Web:\n    async def __call__(self, scope, receive, send):\n"
            "        await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n"
            "        await send({'type': 'http.response.body', 'body': b'ok'})\nweb = Web()\n"
        },
        "shop:web (ASGI, through a2wsgi)",
    ),
    Found(
        "django-project",
        "",
        {"manage.py": "", "mysite/__init__.py": "", "mysite/settings.py": "", "mysite/wsgi.py": wsgi("application")},
        "mysite/wsgi.py: application",
    ),
    Found(
        "django-spec",
        "mysite.wsgi:application",
        {"mysite/__init__.py": "", "mysite/wsgi.py": wsgi("application")},
        "mysite.wsgi:application",
    ),
]

REFUSED = [
    Refused("nothing-there", "", {}, "target-not-found", "there is no wsgi.py and no app.py", "launch dev module:name"),
    Refused("manage-but-no-wsgi", "", {"manage.py": ""}, "target-not-found", "there is a manage.py", "mysite.wsgi"),
    Refused(
        "two-django-projects",
        "",
        {"manage.py": "", "a/wsgi.py": "", "b/wsgi.py": ""},
        "target-ambiguous",
        "a.wsgi:application, b.wsgi:application",
    ),
    Refused("src-not-searched", "", {"src/app.py": flask()}, "target-not-found", options={"search": False}),
    Refused("stale-wsgi-shadows-app", "", {"wsgi.py": "", "app.py": flask()}, "target-no-app", "in `wsgi.py`"),
    Refused("no-module", "shop", {}, "target-module", "no module `shop`"),
    Refused(
        "no-module-but-near", "shpo", {"shop.py": flask()}, "target-module", "no module `shpo`", "did you mean shop?"
    ),
    Refused("no-module-but-near-in-src", "shpo:app", {"src/shop/__init__.py": ""}, "target-module", "", "mean shop?"),
    Refused(
        "no-submodule",
        "shop.wbe",
        {"shop/__init__.py": "", "shop/web.py": ""},
        "target-module",
        "`shop.wbe`",
        "did you mean shop.web?",
    ),
    Refused(
        "no-submodule-at-all", "shop.xyzzy", {"shop/__init__.py": ""}, "target-module", "`shop.xyzzy`", "package shop"
    ),
    Refused(
        "dot-for-colon", "shop.create_app", {"shop.py": factory()}, "target-module", "not a module", "shop:create_app"
    ),
    Refused(
        "dot-for-colon-in-package",
        "shop.build",
        {"shop/__init__.py": factory("build")},
        "target-module",
        "",
        "shop:build",
    ),
    Refused("file-is-no-package", "shop.other", {"shop.py": ""}, "target-module", "a file, not a package"),
    Refused("src-refused-for-module", "shop", {"src/shop.py": flask()}, "target-module", options={"search": False}),
    Refused("no-file", "web/shpo.py", {"web/shop.py": ""}, "target-file", "no file `web/shpo.py`", "web/shop.py"),
    Refused("no-file-and-nothing-near", "nowhere/x.py", {}, "target-file", "no file", "looked below"),
    Refused("dot-in-file-name", "my.shop.py", {"my.shop.py": flask()}, "target-file", "cannot be imported", "dot"),
    Refused("name-taken-by-stdlib", "json.py", {"json.py": flask()}, "target-shadowed", "already the name", "rename"),
    Refused("no-such-name", "shop:web", {"shop.py": flask()}, "target-name", "no `web` in `shop`", "it has app"),
    Refused("no-such-name-but-near", "shop:creat_app", {"shop.py": factory()}, "target-name", "", "create_app?"),
    Refused(
        "no-such-attribute",
        "shop:app.x",
        {"shop.py": "class app:\n    xyzzy = 1\n"},
        "target-name",
        "no `x` in `shop:app`",
    ),
    Refused("two-apps", "shop", {"shop.py": flask("one") + flask("two")}, "target-ambiguous", "one, two", "shop:one"),
    Refused("no-app", "shop", {"shop.py": "x = 1\n"}, "target-no-app", "no app in `shop`", "looked for app"),
    Refused("no-app-but-likely", "shop", {"shop.py": factory("my_app")}, "target-no-app", "", "shop:my_app"),
    Refused(
        "factory-needs-arguments",
        "shop",
        {"shop.py": factory(params="name")},
        "target-arguments",
        "`create_app` takes other arguments",
        "shop:create_app('dev'",
    ),
    Refused(
        "found-factory-needs-arguments",
        "",
        {"app.py": factory(params="name")},
        "target-arguments",
        "",
        "app.py:create_app('dev'",
    ),
    Refused("too-many-arguments", "shop:build(1)", {"shop.py": factory("build")}, "target-arguments", "build"),
    Refused("unknown-keyword", "shop:build(x=1)", {"shop.py": factory("build")}, "target-arguments", "'x'"),
    Refused(
        "class-needs-arguments", "shop:Flask", {"shop.py": "from flask import Flask"}, "target-arguments", "`Flask`"
    ),
    Refused("app-called-like-a-factory", "shop:app()", {"shop.py": wsgi()}, "target-arguments", "", "write shop:app"),
    Refused(
        "factory-returns-nothing",
        "shop",
        {"shop.py": "def create_app(): pass\n"},
        "target-not-wsgi",
        "create_app() returned None, not a WSGI app",
    ),
    Refused(
        "factory-returns-other",
        "shop:f(1)",
        {"shop.py": "def f(x): return x\n"},
        "target-not-wsgi",
        "f(1) returned an int, not a WSGI app",
    ),
    Refused(
        "factory-returns-class", "shop:f", {"shop.py": "def f(): return dict\n"}, "target-not-wsgi", "the class dict"
    ),
    Refused("value-is-no-app", "shop:app", {"shop.py": "app = 3\n"}, "target-not-wsgi", "`shop:app` is an int"),
    Refused("value-cannot-be-called", "shop:app()", {"shop.py": "app = 3\n"}, "target-not-wsgi", "cannot be called"),
    Refused(
        "module-is-no-app",
        "shop:web",
        {"shop/__init__.py": "import shop.web\n", "shop/web.py": flask()},
        "target-not-wsgi",
        "a module",
    ),
    Refused("async-factory", "shop", {"shop.py": "async def create_app(): pass\n"}, "target-async-factory"),
    Refused("expression", "shop:1 + 1", {"shop.py": ""}, "target-syntax", "`1 + 1`"),
    Refused("item", "shop:apps[0]", {"shop.py": ""}, "target-syntax"),
    Refused("call-of-a-call", "shop:make()()", {"shop.py": ""}, "target-syntax"),
    Refused("attribute-of-a-call", "shop:make().app", {"shop.py": ""}, "target-syntax"),
    Refused("broken-syntax", "shop:make(", {"shop.py": ""}, "target-syntax"),
    Refused("no-name-after-colon", "shop:", {"shop.py": ""}, "target-syntax"),
    Refused("name-as-argument", "shop:make(debug)", {"shop.py": ""}, "target-syntax", "literal", "quotes"),
    Refused("call-as-argument", "shop:make(open('x'))", {"shop.py": ""}, "target-syntax", "literal"),
    Refused("stars", "shop:make(*[1])", {"shop.py": ""}, "target-syntax", "literal"),
    Refused("double-stars", "shop:make(**{'a': 1})", {"shop.py": ""}, "target-syntax", "literal"),
    Refused("no-module-before-colon", ":app", {}, "target-syntax", "names no module"),
    Refused("relative-name", ".shop:app", {"shop.py": ""}, "target-syntax", "not the name of a module"),
]


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def target(root: Path, spec: str, options: dict[str, object]) -> Target:
    directory = os.path.join(root, str(options.get("directory", ""))).rstrip(os.sep)
    return Target(
        spec.format(root=root) if "{root}" in spec else spec, directory, str(root), bool(options.get("search", True))
    )


@pytest.mark.parametrize("case", FOUND, ids=lambda case: case.id)
def test_the_app_is_found(case: Found, root: Path) -> None:
    write(root, case.files)
    app, found = load_target(target(root, case.spec, case.options))
    assert found == case.found.replace("{root}", str(root))
    assert Client(app).get("/").text == case.body


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.id)
def test_the_complaint_is_clear(case: Refused, root: Path) -> None:
    write(root, case.files)
    with pytest.raises(TargetError) as caught:
        load_target(target(root, case.spec, case.options))
    assert caught.value.slug == case.slug
    assert case.message in str(caught.value)
    assert case.hint in caught.value.hint
    assert "\n" not in f"{caught.value}{caught.value.hint}"


@pytest.mark.parametrize(
    ("spec", "files", "kind", "message"),
    [
        pytest.param(
            "", {"wsgi.py": "import nowhere\n", "app.py": flask()}, ModuleNotFoundError, "nowhere", id="found"
        ),
        pytest.param("shop", {"shop.py": "import nowhere\n"}, ModuleNotFoundError, "nowhere", id="named"),
        pytest.param(
            "shop", {"shop.py": "import shop.nowhere\n"}, ModuleNotFoundError, "shop.nowhere", id="below-itself"
        ),
        pytest.param(
            "shop.web",
            {"shop/__init__.py": "import shop.web\n"},
            ModuleNotFoundError,
            "shop.web",
            id="the-very-module-imported-by-its-package",
        ),
        pytest.param("shop", {"shop.py": "from os import nowhere\n"}, ImportError, "nowhere", id="name-in-module"),
        pytest.param("shop", {"shop.py": "raise ImportError('mine')\n"}, ImportError, "mine", id="raised-by-hand"),
        pytest.param(
            "shop", {"shop.py": "def create_app(): int([])\n"}, TypeError, "int()", id="type-error-in-factory"
        ),
        pytest.param(
            "shop",
            {"shop.py": "def g(x): pass\ndef create_app(): g()\n"},
            TypeError,
            "'x'",
            id="wrong-call-inside-factory",
        ),
        pytest.param(
            "shop", {"shop.py": "def create_app(): raise SystemExit(3)\n"}, SystemExit, "3", id="exit-in-factory"
        ),
        pytest.param(
            "shop:web.app",
            {"shop.py": "class Web:\n    @property\n    def app(self): return self.missing\nweb = Web()\n"},
            AttributeError,
            "missing",
            id="attribute-that-fails-by-itself",
        ),
        pytest.param("shop.py", {"shop.py": "x = (\n"}, SyntaxError, "", id="syntax"),
    ],
)
def test_what_the_app_raises_passes_through(
    spec: str, files: dict[str, str], kind: type[BaseException], message: str, root: Path
) -> None:
    write(root, files)
    with pytest.raises(kind) as caught:
        load_target(target(root, spec, {}))
    assert type(caught.value) is kind
    assert message in str(caught.value)


def test_sys_path_has_the_folder_first_and_once(root: Path) -> None:
    write(root, {"web/shop.py": flask()})
    for _ in range(3):
        load_target(target(root, "web/shop.py", {}))
        assert sys.path[:2] == [str(root / "web"), str(root)]
    assert sys.path.count(str(root)) == 1


def test_other_modules_are_not_imported_to_make_a_suggestion(root: Path) -> None:
    write(root, {"shop.py": "raise RuntimeError", "shopp.py": "raise RuntimeError"})
    with pytest.raises(TargetError, match="no module `shoppy`"):
        load_target(target(root, "shoppy", {}))


def test_an_asgi_app_without_the_adapter_names_the_extra(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "a2wsgi", None)
    write(root, {"shop.py": "async def app(scope, receive, send): pass\n"})
    with pytest.raises(TargetError) as caught:
        load_target(target(root, "shop", {}))
    assert caught.value.slug == "target-asgi"
    assert "launch-dev[asgi]" in caught.value.hint


def test_an_asgi_app_starts_no_thread_before_the_first_request(root: Path) -> None:
    write(root, {"shop.py": "async def app(scope, receive, send): pass\n"})
    import threading

    before = threading.active_count()
    load_target(target(root, "shop", {}))
    assert threading.active_count() == before
