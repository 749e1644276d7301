from __future__ import annotations

import pstats
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from werkzeug.middleware.lint import LintMiddleware, WSGIWarning
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from launcher.web.debugger import Debugger
from launcher.web.livereload import LiveReload
from launcher.web.stack import build_stack, profile_name
from launcher.web.streams import Streams


@Request.application
def echo(request: Request) -> Response:
    if request.path == "/fail":
        raise LookupError("no such row")
    if request.path == "/exit":
        raise SystemExit(3)
    return Response(f"{request.root_path} {request.path} {request.remote_addr} {request.scheme} {request.host}")


def inside(app):
    """The app within the host check, which is always the outermost."""
    return dict(zip(app.__code__.co_freevars, app.__closure__, strict=True))["app"].cell_contents


def test_a_bare_plan_adds_no_wrapper_of_werkzeug(make_plan) -> None:
    app = build_stack(echo, make_plan(enabled=False))
    assert type(app).__module__ == "builtins"
    assert Client(app).get("/x").text == " /x None http localhost"
    assert Client(app).get("/x", headers={"Host": "evil.example"}).status_code == 403


def test_the_debugger_stands_around_all_of_werkzeugs(make_plan, tmp_path: Path) -> None:
    plan = make_plan(
        static={"/s": str(tmp_path)}, prefix="/p", lint=True, proxy_fix={"x_for": 1}, profiler=str(tmp_path)
    )
    app = inside(build_stack(echo, plan))
    order = []
    while hasattr(app, "__dict__") and not callable(getattr(app, "__code__", None)):
        order.append(type(app).__name__)
        inner = [value for name, value in vars(app).items() if name in ("app", "_app", "mounts")]
        if not inner:
            break
        app = inner[-1]["/p"] if isinstance(inner[-1], dict) else inner[-1]
        if type(app).__name__ == "function":
            closure = [cell.cell_contents for cell in app.__closure__ or ()]
            wrapped = [value for value in closure if type(value).__name__ == "ProfilerMiddleware"]
            if not wrapped:
                break
            app = wrapped[0]
    assert order == [
        "Debugger",
        "ProxyFix",
        "LintMiddleware",
        "ProfilerMiddleware",
        "DispatcherMiddleware",
        "SharedDataMiddleware",
    ]


def test_static_files_come_before_the_app_and_are_checked_again_each_time(make_plan, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("file")
    client = Client(build_stack(echo, make_plan(static={"/static": str(tmp_path)})))
    response = client.get("/static/a.txt")
    assert response.text == "file"
    assert response.cache_control.max_age == 0
    again = client.get("/static/a.txt", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304
    assert client.get("/static/b.txt").text.split()[0] == "/static/b.txt"


@pytest.mark.parametrize("prefix", ["/shop", "shop", "/shop/"])
@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/shop", 200, "/shop"),
        ("/shop/", 200, "/shop /"),
        ("/shop/cart", 200, "/shop /cart"),
        ("/", 404, "mounted below /shop/"),
        ("/shopping", 404, "mounted below /shop/"),
    ],
)
def test_the_app_lives_below_its_prefix(make_plan, prefix: str, path: str, status: int, text: str) -> None:
    response = Client(build_stack(echo, make_plan(prefix=prefix))).get(path)
    assert response.status_code == status
    assert text in response.text


def test_a_prefix_of_a_slash_is_none(make_plan) -> None:
    assert Client(build_stack(echo, make_plan(prefix="/"))).get("/x").text.startswith(" /x")


FORWARDED = {"X-Forwarded-For": "10.1.1.1", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "example.org"}


@pytest.mark.parametrize(
    ("trusted", "expected"),
    [
        pytest.param({}, "127.0.0.1 http localhost", id="nothing-is-trusted"),
        pytest.param({"x_for": 1}, "10.1.1.1 http localhost", id="only-what-is-named-is-trusted"),
        pytest.param({"x_proto": 1, "x_host": 1}, "127.0.0.1 https example.org", id="two"),
        pytest.param({"x_for": 2}, "127.0.0.1 http localhost", id="a-proxy-is-missing"),
    ],
)
def test_forwarded_headers(make_plan, trusted: dict[str, int], expected: str) -> None:
    response = Client(build_stack(echo, make_plan(proxy_fix=trusted))).get(
        "/", headers=FORWARDED, environ_base={"REMOTE_ADDR": "127.0.0.1"}
    )
    assert response.text == f" / {expected}"


def test_lint_complains_about_a_broken_app(make_plan) -> None:
    def broken(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return "text"

    app = build_stack(broken, make_plan(lint=True, enabled=False))
    assert isinstance(inside(app), LintMiddleware)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Client(app).get("/")
    messages = [str(item.message) for item in caught if item.category is WSGIWarning]
    assert messages[0].startswith("The application returned a string")


def test_a_profile_is_written_for_each_request(make_plan, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "profiles"
    client = Client(build_stack(echo, make_plan(profiler=str(folder))))
    assert client.get("/cart/items").text.startswith(" /cart/items")
    (file,) = folder.iterdir()
    assert file.name.startswith("GET.cart.items.")
    assert pstats.Stats(str(file)).total_calls > 0  # type: ignore[attr-defined]


def test_requests_can_be_profiled_at_the_same_time(make_plan, tmp_path: Path) -> None:
    gate = threading.Barrier(4)
    app = build_stack(echo, make_plan(profiler=str(tmp_path), enabled=False))

    def ask(number: int) -> int:
        gate.wait(10)
        return Client(app).get(f"/{number}").status_code

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == [200] * 4
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize(
    ("path", "method", "expected"),
    [
        ("/", "GET", "GET.root.12ms.3.500000.prof"),
        ("/a/b", "POST", "POST.a.b.12ms.3.500000.prof"),
        ("/../../etc/passwd", "GET", "GET.etc.passwd.12ms.3.500000.prof"),
        ("/" + "x" * 500, "GET", f"GET.{'x' * 100}.12ms.3.500000.prof"),
        ("/", "../x", "other.root.12ms.3.500000.prof"),
    ],
)
def test_the_name_of_a_profile_stays_in_its_folder(path: str, method: str, expected: str) -> None:
    environ = {"PATH_INFO": path, "REQUEST_METHOD": method, "werkzeug.profiler": {"elapsed": 12.3, "time": 3.5}}
    assert profile_name(environ) == expected


def test_an_error_is_shown_in_the_debugger(make_plan) -> None:
    response = Client(build_stack(echo, make_plan())).get("/fail")
    assert response.status_code == 500
    assert "no such row" in response.text


def test_without_the_debugger_an_error_is_left_to_the_server(make_plan) -> None:
    with pytest.raises(LookupError):
        Client(build_stack(echo, make_plan(enabled=False))).get("/fail")


def test_sys_exit_in_a_request_is_an_error_with_and_without_the_debugger(make_plan) -> None:
    page = Client(build_stack(echo, make_plan())).get("/exit")
    assert page.status_code == 500
    assert "the app called sys.exit(3) while answering a request" in page.text
    with pytest.raises(Exception, match=r"sys.exit\(3\)"):
        Client(build_stack(echo, make_plan(enabled=False))).get("/exit")


def test_the_counter_reaches_the_debugger(make_plan) -> None:
    class Count:
        value = 10

    app = inside(build_stack(echo, make_plan(), failures=Count()))
    assert isinstance(app, Debugger)
    assert app.check_pin_trust({}) is False
    assert app._failed_pin_auth.value == 10


def test_a_page_of_the_app_and_one_of_the_debugger_are_refreshed(make_plan) -> None:
    @Request.application
    def pages(request: Request) -> Response:
        if request.path == "/fail":
            raise LookupError
        return Response("<!doctype html><p>hello", mimetype="text/html")

    live = LiveReload("token", Streams(), lambda _: None)
    client = Client(build_stack(pages, make_plan(), live=live))
    for path in ("/", "/fail"):
        page = client.get(path, headers={"Accept": "text/html"})
        assert page.text.count('<script async src="/__launch__/token.js"') == 1
        assert int(page.headers["Content-Length"]) == len(page.data)
    assert client.get("/__launch__/token.js").mimetype == "text/javascript"


def test_without_live_reload_pages_stay_as_they_are(make_plan) -> None:
    live = LiveReload("token", Streams(), lambda _: None)
    client = Client(
        build_stack(Response("<!doctype html><p>hello", mimetype="text/html"), make_plan(live_reload=False), live=live)
    )
    assert client.get("/", headers={"Accept": "text/html"}).text == "<!doctype html><p>hello"
