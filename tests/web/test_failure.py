from __future__ import annotations

import itertools
import re
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest

from launcher.web import frame
from launcher.web.answer import HEADERS
from launcher.web.failure import Notice, failure_app
from launcher.web.livereload import LiveReload
from launcher.web.streams import Streams
from tests.web.browser import Client

PATH = "/__launch__/token"


def raised(source: str, filename: str = "/project/shop.py") -> BaseException:
    try:
        exec(compile(source, filename, "exec"), {"__name__": "shop"})
    except BaseException as error:  # noqa: BLE001  # whatever the source raises is what is asked for
        error.__traceback__ = error.__traceback__ and error.__traceback__.tb_next  # without this function's frame
        return error
    raise AssertionError("nothing was raised")


def failing(
    make_plan, exception: BaseException | None, *, changed: tuple[str, ...] = (), live: bool = False, **options
):
    notice = Notice("a <cause>", "the <text> of it", changed)
    listening = LiveReload("token", Streams(), lambda _: None) if live else None
    return failure_app(make_plan(**options), notice, exception=exception, live=listening)


DIVISION = "def connect():\n    return 1 / 0\nconnect()\n"


def test_an_exception_is_shown_in_the_debugger(make_plan) -> None:
    response = Client(failing(make_plan, raised(DIVISION))).get("/any/path")
    assert response.status_code == 500
    assert "ZeroDivisionError" in response.text
    assert "EVALEX = true" in response.text
    assert re.findall(r'in <code class="function">(.*?)</code>', response.text) == ["&lt;module&gt;", "connect"]
    assert frame._OURS not in response.text


def test_a_syntax_error_is_shown_with_its_caret(make_plan, tmp_path) -> None:
    file = tmp_path / "shop.py"
    file.write_text("total = (1 +\n")
    error = raised(file.read_text(), str(file))
    assert error.__traceback__ is None
    response = Client(failing(make_plan, error)).get("/")
    assert "SyntaxError" in response.text
    assert "total = (1 +\n            ^" in response.text
    assert "EVALEX" in response.text


def test_the_traceback_does_not_grow(make_plan) -> None:
    error = raised(DIVISION)
    client = Client(failing(make_plan, error))
    pages = [re.sub(r"frame-\d+", "", client.get("/").text) for _ in range(30)]
    assert len(set(pages)) == 1
    assert len(list(frame.frames(error.__traceback__))) == 2


def test_many_requests_at_once_all_see_the_same(make_plan) -> None:
    app = failing(make_plan, raised(DIVISION))
    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(lambda _: re.sub(r"frame-\d+", "", Client(app).get("/").text), range(64)))
    assert len(set(pages)) == 1


def test_nothing_is_printed_again(make_plan) -> None:
    errors = StringIO()
    Client(failing(make_plan, raised(DIVISION))).get("/", errors_stream=errors)
    assert errors.getvalue() == ""


def test_code_runs_in_the_frames_of_the_failure(make_plan) -> None:
    client = Client(failing(make_plan, raised("answer = 6 * 7\n" + DIVISION), pin=""))
    page = client.get("/").text
    first, *_ = re.findall(r'id="frame-(\d+)"', page)
    (secret,) = re.findall(r'SECRET = "(\w+)"', page)
    response = client.get(f"/?__debugger__=yes&cmd=answer&frm={first}&s={secret}")
    assert "42" in response.text


@pytest.mark.parametrize("statement", ["raise SystemExit(3)", "raise KeyboardInterrupt"], ids=["exit", "interrupt"])
def test_an_attempt_to_end_the_process_is_shown_in_the_debugger(make_plan, statement: str) -> None:
    page = Client(failing(make_plan, raised(statement))).get("/").text
    assert "launch.LoadExit: a &lt;cause&gt;" in page
    assert statement.removeprefix("raise ").partition("(")[0] in page


def test_a_process_that_left_no_word_has_no_empty_box(make_plan) -> None:
    app = failure_app(make_plan(pin=""), Notice("the app ended its process", "\n"))
    page = Client(app).get("/", headers={"Host": "localhost"}).text
    assert "<pre>" not in page
    assert "It left no traceback." in page


@pytest.mark.parametrize(
    "exception",
    [
        pytest.param(None, id="the-process-died"),
        pytest.param(ValueError("never raised"), id="without-frames"),
    ],
)
def test_what_the_debugger_cannot_show_has_a_page(make_plan, exception: BaseException | None) -> None:
    response = Client(failing(make_plan, exception)).get("/")
    assert response.status_code == 500
    assert response.mimetype == "text/html"
    assert "<h1>a &lt;cause&gt;</h1>" in response.text
    assert "<pre>the &lt;text&gt; of it</pre>" in response.text
    assert "color-scheme: light dark" in response.text
    assert "<script" not in response.text
    assert int(response.headers["Content-Length"]) == len(response.data)


@pytest.mark.parametrize(
    "exception",
    [
        pytest.param(None, id="the-process-died"),
        pytest.param(raised(DIVISION), id="error"),
        pytest.param(raised("raise SystemExit(3)"), id="exit"),
    ],
)
def test_without_the_debugger_nothing_is_told(make_plan, exception: BaseException | None) -> None:
    response = Client(failing(make_plan, exception, enabled=False)).get("/")
    assert response.status_code == 500
    assert response.mimetype == "text/html"
    for secret in ("cause", "text of", "shop.py", "ZeroDivision", "connect"):
        assert secret not in response.text


@pytest.mark.parametrize(
    ("enabled", "exception"),
    list(itertools.product([True, False], [None, raised(DIVISION)])),
    ids=["page", "debugger", "plain", "plain-too"],
)
def test_no_page_is_kept_or_embedded(make_plan, enabled: bool, exception: BaseException | None) -> None:
    response = Client(failing(make_plan, exception, enabled=enabled)).get("/")
    assert {name: response.headers[name] for name, _ in HEADERS} == dict(HEADERS)


def test_head_has_no_body(make_plan) -> None:
    response = Client(failing(make_plan, None)).head("/")
    assert response.status_code == 500
    assert response.data == b""
    assert int(response.headers["Content-Length"]) > 0


def test_text_that_is_no_unicode_is_shown_all_the_same(make_plan) -> None:
    app = failure_app(make_plan(), Notice("bad \udcff", "path \udcff"))
    assert r"path \udcff" in Client(app).get("/").text


def test_a_post_is_answered(make_plan) -> None:
    assert Client(failing(make_plan, None)).post("/", data=b"x" * 100_000).status_code == 500


KINDS = [
    pytest.param(True, raised(DIVISION), id="debugger"),
    pytest.param(True, None, id="page"),
    pytest.param(False, raised(DIVISION), id="plain"),
]
BROWSER = {"Accept": "text/html"}


@pytest.mark.parametrize(("enabled", "exception"), KINDS)
def test_the_page_says_that_it_comes_back_and_listens_for_it(make_plan, enabled: bool, exception) -> None:
    page = Client(failing(make_plan, exception, enabled=enabled, live=True)).get("/", headers=BROWSER).text
    assert "This page comes back by itself as soon as a save mends it." in page
    assert f'<script async src="{PATH}.js" data-edition="0"></script>' in page


@pytest.mark.parametrize(("enabled", "exception"), KINDS)
def test_a_page_that_answers_a_post_is_not_asked_for_again(make_plan, enabled: bool, exception) -> None:
    page = Client(failing(make_plan, exception, enabled=enabled, live=True)).post("/", headers=BROWSER).text
    assert "Save what mends it, and the app is loaded again." in page
    assert PATH not in page


def test_without_reloading_the_page_says_so(make_plan) -> None:
    assert "start the server again" in Client(failing(make_plan, None, reload=False)).get("/").text


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        pytest.param((), "The app cannot be served.", id="at-the-start"),
        pytest.param(("shop/cart.py",), "Since the change of <b>shop/cart.py</b> the app", id="one-file"),
        pytest.param(("a", "b", "c", "d", "e"), "<b>a</b>, <b>b</b>, <b>c</b> and 2 more the app", id="many-files"),
        pytest.param(("<i>.py",), "<b>&lt;i&gt;.py</b>", id="escaped"),
        pytest.param(("{told}{0}.py",), "<b>{told}{0}.py</b>", id="braces"),
    ],
)
@pytest.mark.parametrize("exception", [None, raised(DIVISION)], ids=["page", "debugger"])
def test_the_page_names_the_save(make_plan, changed: tuple[str, ...], told: str, exception) -> None:
    assert told in Client(failing(make_plan, exception, changed=changed)).get("/").text


def test_without_the_debugger_not_even_the_file_is_named(make_plan) -> None:
    assert "cart" not in Client(failing(make_plan, None, enabled=False, changed=("cart.py",))).get("/").text


@pytest.mark.parametrize(("enabled", "exception"), KINDS)
def test_a_foreign_name_learns_nothing(make_plan, enabled: bool, exception) -> None:
    response = Client(failing(make_plan, exception, enabled=enabled)).get("/", base_url="http://evil.example")
    assert response.status_code == 403
    for word in ("a &lt;cause", "of it", "Error", "/project"):
        assert word not in response.text
