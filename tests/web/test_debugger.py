from __future__ import annotations

import gc
import itertools
import re
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import StringIO

import pytest
from werkzeug.debug import DebuggedApplication
from werkzeug.debug.tbtools import DebugTraceback
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

import launcher.web.debugger
from launcher.plan import Browser
from launcher.web import frame
from launcher.web.answer import HEADERS
from launcher.web.consoles import KEPT_TRACEBACKS, Consoles
from launcher.web.debugger import OPENED, Debugger
from tests.web.browser import Client

PIN = "123-456-789"


class Count:
    def __init__(self, value: int = 0) -> None:
        self.value = value


@Request.application
def app(request: Request) -> Response:
    secret_of_the_view = 6 * 7
    if request.path == "/fail":
        raise LookupError(f"no row {secret_of_the_view}")
    return Response("fine")


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong PINs are answered late; what is tested here is that they are counted."""
    monkeypatch.setattr(launcher.web.debugger.time, "sleep", lambda _: None)


class Page:
    """A debugger, a browser, and the error page that it has loaded."""

    def __init__(self, debugger: Debugger, host: str = "localhost") -> None:
        self.debugger, self.client, self.host = debugger, Client(debugger), host
        self.errors = StringIO()
        self.response = self.get("/fail")
        self.text = self.response.text
        self.secret = debugger.secret
        self.frames = re.findall(r'id="frame-(\d+)"', self.text)

    def get(self, path: str, **headers: str):
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(path, headers=names, errors_stream=self.errors, base_url=f"http://{self.host}:5000")

    def command(self, **query: str):
        headers = query.pop("headers", {})
        words = "&".join(f"{name}={value}" for name, value in query.items())
        return self.get(f"/?__debugger__=yes&{words}", **headers)

    def enter(self, pin: str, **query):
        return self.command(cmd="pinauth", pin=pin, s=self.secret, **query)

    def evaluate(self, code: str = "secret_of_the_view", **query):
        return self.command(**{"cmd": code, "frm": self.frames[-1], "s": self.secret} | query)


def answered(response) -> bool:
    return response.status_code == 200 and "42" in response.text


def test_the_page_shows_the_error_and_the_terminal_the_traceback(make_plan) -> None:
    page = Page(Debugger(app, make_plan()))
    assert page.response.status_code == 500
    assert "LookupError: no row 42" in page.text
    assert "EVALEX = true" in page.text
    assert "EVALEX_TRUSTED = false" in page.text
    assert page.errors.getvalue().count("LookupError: no row 42") == 1
    assert page.response.headers["Cache-Control"] == "no-store"
    assert page.response.headers["X-Content-Type-Options"] == "nosniff"
    assert page.response.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_no_frame_of_ours_is_shown(make_plan) -> None:
    page = Page(Debugger(app, make_plan()))
    assert frame._OURS not in page.text
    assert frame._OURS not in page.errors.getvalue()


def test_a_quiet_debugger_prints_nothing(make_plan) -> None:
    assert Page(Debugger(app, make_plan(), quiet=True)).errors.getvalue() == ""


def test_secrets_of_the_environment_are_on_no_page_and_in_no_terminal(make_plan) -> None:
    def failing(environ, start_response):
        raise LookupError("bad key sk<live>4242 at mysql://shop:letmein@db/")

    plan = replace(make_plan(pin=""), env={"API_KEY": "sk<live>4242"}, secrets=("API_KEY",))
    page = Page(Debugger(failing, plan))
    for text in (page.text, page.errors.getvalue()):
        assert "bad key ***" in text
        assert "4242" not in text
        assert "letmein" not in text
    assert f'SECRET = "{page.secret}"' in page.text


def test_other_requests_pass_through(make_plan) -> None:
    assert Page(Debugger(app, make_plan())).get("/").text == "fine"


def test_all_that_werkzeug_sets_is_set(make_plan, monkeypatch) -> None:
    monkeypatch.setenv("WERKZEUG_DEBUG_PIN", "off")
    theirs = DebuggedApplication(app)
    ours = Debugger(app, make_plan())
    assert set(vars(theirs)) <= set(vars(ours))
    for name in ("frames", "frame_contexts", "request_key", "console_init_func", "show_hidden_frames"):
        assert getattr(ours, name) == getattr(theirs, name)
    assert len(ours.secret) >= len(theirs.secret)
    assert ours.secret != Debugger(app, make_plan()).secret


def test_code_runs_after_the_pin(make_plan) -> None:
    page = Page(Debugger(app, make_plan(pin=PIN)))
    assert not answered(page.evaluate())
    assert page.enter(PIN).json == {"auth": True, "exhausted": False}
    assert answered(page.evaluate())


def test_no_pin_means_that_none_is_asked(make_plan) -> None:
    page = Page(Debugger(app, make_plan(pin="")))
    assert "EVALEX_TRUSTED = true" in page.text
    assert answered(page.evaluate())


def test_without_the_console_no_code_runs(make_plan) -> None:
    page = Page(Debugger(app, make_plan(pin="", console=False)))
    assert "EVALEX = false" in page.text
    assert not answered(page.evaluate())


@pytest.mark.parametrize("console", [True, False])
def test_the_console_page_is_gone(make_plan, console: bool) -> None:
    assert Page(Debugger(app, make_plan(pin="", console=console))).get("/console").text == "fine"


@pytest.mark.parametrize(
    ("host", "origin", "secret", "pin"), list(itertools.product([True, False], repeat=4)), ids=lambda value: "ny"[value]
)
def test_code_runs_only_with_host_and_origin_and_secret_and_pin(
    make_plan, host: bool, origin: bool, secret: bool, pin: bool
) -> None:
    page = Page(Debugger(app, make_plan(pin=PIN)))
    if pin:
        page.enter(PIN)
    cookies = page.client._cookies
    if not host:
        page.host = "evil.example"
        for cookie in list(cookies.values()):
            page.client.set_cookie(cookie.key, cookie.value, domain="evil.example")
    response = page.evaluate(
        s=page.secret if secret else "guessed", headers={} if origin else {"Sec_Fetch_Site": "cross-site"}
    )
    assert answered(response) is (host and origin and secret and pin)


def test_the_pin_is_taken_from_the_plan_and_printed_nowhere(make_plan, capfd, monkeypatch) -> None:
    monkeypatch.setenv("WERKZEUG_RUN_MAIN", "true")
    monkeypatch.setenv("WERKZEUG_DEBUG_PIN", "000-000-000")
    page = Page(Debugger(app, make_plan(pin=PIN)))
    page.command(cmd="printpin", s=page.secret)
    page.enter("000-000-000")
    out, err = capfd.readouterr()
    for text in (out, err, page.errors.getvalue(), page.text):
        assert PIN not in text
        assert "000-000-000" not in text
    assert page.debugger.pin == PIN
    assert page.enter("000-000-000").json["auth"] is False


def test_the_pin_stays_when_the_name_of_the_cookie_is_asked_for(make_plan) -> None:
    debugger = Debugger(app, make_plan(pin=PIN))
    assert debugger.pin_cookie_name.startswith("__launch_")
    assert debugger.pin == PIN


def test_ten_wrong_pins_lock_the_debugger(make_plan) -> None:
    page = Page(Debugger(app, make_plan(pin=PIN)))
    for _ in range(10):
        assert page.enter("111-111-111").json == {"auth": False, "exhausted": False}
    assert page.enter(PIN).json == {"auth": False, "exhausted": True}


def test_a_reload_does_not_reset_the_count(make_plan) -> None:
    failures = Count()
    before = Page(Debugger(app, make_plan(pin=PIN), failures=failures))
    for _ in range(10):
        before.enter("111-111-111")
    assert failures.value == 10
    after = Page(Debugger(app, make_plan(pin=PIN), failures=failures))
    assert after.enter(PIN).json == {"auth": False, "exhausted": True}


def test_the_right_pin_resets_the_count(make_plan) -> None:
    failures = Count(9)
    page = Page(Debugger(app, make_plan(pin=PIN), failures=failures))
    assert page.enter(PIN).json["auth"] is True
    assert failures.value == 0


def test_the_count_does_not_run_over(make_plan) -> None:
    debugger = Debugger(app, make_plan(pin=PIN), failures=Count(10))
    for _ in range(300):
        debugger._fail_pin_auth()
    assert debugger._failed_pin_auth.value == 10


def test_guesses_sent_all_at_once_are_counted_one_by_one(make_plan) -> None:
    page = Page(Debugger(app, make_plan(pin=PIN)))
    gate = threading.Barrier(20)

    def guess(number: int) -> bool:
        gate.wait(10)
        query = f"/?__debugger__=yes&cmd=pinauth&pin={number}&s={page.secret}"
        return bool(Client(page.debugger).get(query).json["exhausted"])

    with ThreadPoolExecutor(20) as pool:
        exhausted = list(pool.map(guess, range(20)))
    assert exhausted.count(False) == 10


@pytest.mark.parametrize(
    ("bound", "extra", "host", "trusted"),
    [
        pytest.param("127.0.0.1", (), "127.0.0.1", True, id="loopback"),
        pytest.param("127.0.0.1", (), "127.0.0.1:5000", True, id="loopback-with-port"),
        pytest.param("127.0.0.1", (), "localhost", True, id="localhost"),
        pytest.param("127.0.0.1", (), "LOCALHOST:5000", True, id="localhost-in-capitals"),
        pytest.param("127.0.0.1", (), "localhost.", True, id="localhost-with-dot"),
        pytest.param("127.0.0.1", (), "localhost.:5000", True, id="localhost-with-dot-and-port"),
        pytest.param("127.0.0.1", (), "shop.localhost", True, id="below-localhost"),
        pytest.param("127.0.0.1", (), "[::1]", True, id="ipv6-loopback"),
        pytest.param("127.0.0.1", (), "[::1]:5000", True, id="ipv6-loopback-with-port"),
        pytest.param("::1", (), "[::1]:5000", True, id="bound-to-ipv6"),
        pytest.param("fd00::5", (), "[fd00::5]:5000", True, id="bound-to-another-ipv6"),
        pytest.param("[fd00::5]", (), "[fd00::5]", True, id="bound-to-bracketed-ipv6"),
        pytest.param("dev.example", (), "dev.example:5000", True, id="bound-name"),
        pytest.param("DEV.Example", (), "dev.example", True, id="bound-name-in-capitals"),
        pytest.param("127.0.0.1", ("shop.test",), "shop.test", True, id="allowed"),
        pytest.param("127.0.0.1", (".shop.test",), "a.shop.test", True, id="below-allowed"),
        pytest.param("127.0.0.1", ("[fd00::7]",), "[fd00::7]", True, id="allowed-ipv6"),
        pytest.param("127.0.0.1", (), "evil.example", False, id="other-name"),
        pytest.param("127.0.0.1", (), "localhost.evil.example", False, id="begins-like-localhost"),
        pytest.param("127.0.0.1", (), "evil-localhost", False, id="ends-like-localhost"),
        pytest.param("127.0.0.1", ("shop.test",), "a.shop.test", False, id="below-a-name-without-dot"),
        pytest.param("0.0.0.0", (), "0.0.0.0", False, id="any-address"),
        pytest.param("::", (), "[::]", False, id="any-ipv6-address"),
        pytest.param("127.0.0.1", (), "", False, id="no-host"),
        pytest.param("127.0.0.1", (), ".", False, id="dot"),
        pytest.param("127.0.0.1", (), ":5000", False, id="only-port"),
        pytest.param("127.0.0.1", (), "localhost:5000:evil.example", False, id="two-ports"),
        pytest.param("127.0.0.1", (), "evil.example#localhost", False, id="fragment"),
    ],
)
def test_hosts(make_plan, bound: str, extra: tuple[str, ...], host: str, trusted: bool) -> None:
    debugger = Debugger(app, make_plan(host=bound, hosts=extra))
    assert debugger.check_host_trust({"HTTP_HOST": host}) is trusted


def test_an_untrusted_host_gets_no_console(make_plan) -> None:
    page = Page(Debugger(app, make_plan(pin="")), host="evil.example")
    assert "EVALEX = false" in page.text
    assert not answered(page.evaluate())


@pytest.mark.parametrize(
    "query", ["__debugger__=yes", "__debugger%5F=yes&__debugger__=%79es", "a=1&%5F_debugger__=yes"]
)
def test_a_foreign_page_cannot_use_the_debugger_however_it_spells_it(make_plan, query: str) -> None:
    page = Page(Debugger(app, make_plan(pin=PIN)))
    response = page.get(f"/?{query}&cmd=pinauth&pin={PIN}&s={page.secret}", Sec_Fetch_Site="cross-site")
    assert "Set-Cookie" not in response.headers
    assert b'"auth": true' not in response.data


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 200, id="no-browser"),
        pytest.param({"Sec_Fetch_Site": "same-origin"}, 200, id="own-page"),
        pytest.param({"Sec_Fetch_Site": "cross-site"}, 403, id="another-site"),
        pytest.param({"Sec_Fetch_Site": "same-site"}, 403, id="another-port"),
    ],
)
def test_only_the_page_itself_may_load_its_style(make_plan, headers: dict[str, str], status: int) -> None:
    page = Page(Debugger(app, make_plan()))
    assert page.command(cmd="resource", f="style.css", headers=headers).status_code == status


@pytest.mark.parametrize(
    "command", [{"cmd": "resource", "f": "style.css"}, {"cmd": "1"}, {"cmd": "pinauth", "pin": "1"}]
)
def test_every_answer_has_the_headers_of_ours(make_plan, command: dict[str, str]) -> None:
    page = Page(Debugger(app, make_plan(pin="")))
    query = {"frm": page.frames[-1], "s": page.secret} | command
    headers = page.command(**query).headers
    assert {name for name, _ in HEADERS} <= set(headers.keys())
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("query", [{"s": "of-another-worker"}, {"frm": "1"}, {"frm": "nonsense"}, {"cmd": "", "s": ""}])
def test_a_frame_that_is_gone_says_so(make_plan, query: dict[str, str]) -> None:
    """Werkzeug runs the app for such a command, and shows the app's page in the console."""
    page = Page(Debugger(app, make_plan(pin="")))
    response = page.evaluate(**query)
    assert "This frame is gone." in response.text
    assert response.mimetype == "text/html"


def test_what_was_typed_is_shown_escaped_above_it(make_plan) -> None:
    page = Page(Debugger(app, make_plan(pin="")))
    assert page.evaluate("<b>", s="old").text.startswith("&gt;&gt;&gt; &lt;b&gt;\n<strong>")


def test_a_locked_console_says_so(make_plan) -> None:
    page = Page(Debugger(app, make_plan(pin=PIN)))
    response = page.evaluate()
    assert response.status_code == 403
    assert "The console is locked" in response.text


def test_a_page_from_before_a_reload_can_still_enter_the_pin(make_plan) -> None:
    plan = make_plan(pin=PIN, token="t")
    before, after = Page(Debugger(app, plan)), Page(Debugger(app, plan))
    assert before.secret != after.secret
    after.secret = before.secret
    assert after.enter(PIN).json == {"auth": True, "exhausted": False}
    assert "This frame is gone." in after.evaluate().text


def test_a_page_of_another_start_cannot(make_plan) -> None:
    before = Page(Debugger(app, make_plan(pin=PIN, token="t")))
    after = Page(Debugger(app, make_plan(pin=PIN, token="u")))
    after.secret = before.secret
    assert "This frame is gone." in after.enter(PIN).text


def test_a_pin_that_is_not_there_is_no_guess(make_plan) -> None:
    failures = Count()
    page = Page(Debugger(app, make_plan(pin=PIN), failures=failures))
    assert page.command(cmd="pinauth", s=page.secret).status_code == 200
    assert failures.value == 0


def test_the_bar_stands_above_the_page_once(make_plan) -> None:
    @Request.application
    def tricky(request: Request) -> Response:
        raise LookupError('<div class="debugger">')

    page = Page(Debugger(tricky, make_plan(), bar=lambda environ: f"<p>bar of {environ['PATH_INFO']}</p>"))
    assert page.text.count("<p>bar of /fail</p>") == 1
    assert page.text.index("<p>bar of /fail</p>") < page.text.index("<h1>LookupError</h1>")


def test_the_page_tells_nothing_of_environment_and_request(make_plan, monkeypatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://shop:canary-environment@db/shop")
    client = Client(Debugger(app, make_plan()))
    client.set_cookie("session", "canary-cookie")
    headers = {"Authorization": "Bearer canary-header", "X-Api-Key": "canary-key"}
    response = client.post("/fail?token=canary-query", headers=headers, data={"password": "canary-form"})
    assert response.status_code == 500
    assert "canary" not in response.text


def test_only_the_last_tracebacks_are_kept(make_plan) -> None:
    class Payload: ...

    alive: list[weakref.ref[Payload]] = []

    def failing(environ, start_response):
        payload = Payload()
        alive.append(weakref.ref(payload))
        raise LookupError

    debugger = Debugger(failing, make_plan(pin=""), quiet=True)
    client = Client(debugger)
    for _ in range(1000):
        client.get("/")
    gc.collect()
    assert sum(reference() is not None for reference in alive) == KEPT_TRACEBACKS
    assert len(debugger.frames) == len(debugger.frame_contexts) == KEPT_TRACEBACKS


def typed(client: Client, secret: str, code: str, **query: object) -> str:
    words = {"__debugger__": "yes", "cmd": code, "s": secret, **query}
    return client.get("/", query_string=words, base_url="http://localhost:5000").text


def two_workers(make_plan, pin: str) -> tuple[Consoles, Page, Page]:
    """The consoles of a worker that was replaced, its page, and a page of the one that serves now."""
    plan = replace(make_plan(pin=pin), browser=Browser(token="t0ken"))
    old = Consoles()
    before = Page(Debugger(app, plan, consoles=old))

    def ask(owner: str, frame: int, code: str) -> bytes:
        return old.run(frame, code) if owner == old.owner else b""

    return old, before, Page(Debugger(app, plan, consoles=Consoles(ask)))


def test_code_for_the_frame_of_another_worker_is_run_there(make_plan) -> None:
    _, before, now = two_workers(make_plan, "")
    assert "42" in typed(now.client, before.secret, "secret_of_the_view", frm=before.frames[-1])
    assert "This frame is gone." in typed(now.client, before.secret, "1 + 41", frm=7)
    assert "This frame is gone." in typed(now.client, now.secret[:-1] + "x", "1 + 41", frm=before.frames[-1])


def test_code_for_the_frame_of_another_worker_needs_the_pin(make_plan) -> None:
    old, before, now = two_workers(make_plan, PIN)
    assert "42" not in typed(now.client, before.secret, "secret_of_the_view", frm=before.frames[-1])
    assert old.idle() is None
    now.enter(PIN)
    assert "42" in typed(now.client, before.secret, "secret_of_the_view", frm=before.frames[-1])
    assert "42" not in typed(now.client, "f" * 20 + old.owner, "secret_of_the_view", frm=before.frames[-1])


def test_an_opened_console_is_noted_and_an_untrusted_one_is_not(make_plan) -> None:
    opened: list[str] = []
    consoles = Consoles(opened=opened.append)
    page = Page(Debugger(app, make_plan(pin=PIN), consoles=consoles))
    assert page.command(cmd=OPENED, s=page.secret).status_code == 403
    assert consoles.idle() is None
    page.enter("111-111-111")
    page.command(cmd="printpin", s="f" * 40)
    assert consoles.idle() is None
    page.enter(PIN)
    page.command(cmd=OPENED, s=page.secret)
    assert opened == [consoles.owner]
    assert consoles.idle() is not None


def test_a_console_that_asks_for_the_pin_is_open(make_plan) -> None:
    consoles = Consoles()
    page = Page(Debugger(app, make_plan(pin=PIN), consoles=consoles))
    assert consoles.idle() is None
    page.command(cmd="printpin", s=page.secret)
    assert consoles.idle() is not None


def test_the_last_page_works_and_the_first_is_forgotten(make_plan) -> None:
    debugger = Debugger(app, make_plan(pin=""))
    first = Page(debugger)
    pages = [Page(debugger) for _ in range(KEPT_TRACEBACKS)]
    assert not set(first.frames) - {name for page in pages for name in page.frames} & set(map(str, debugger.frames))
    assert answered(pages[0].evaluate())
    assert answered(pages[-1].evaluate())


def test_contexts_are_entered_again_for_the_console(make_plan) -> None:
    entered = []

    class Context:
        def __enter__(self):
            entered.append("in")

        def __exit__(self, *_):
            entered.append("out")

    def failing(environ, start_response):
        secret_of_the_view = 42
        environ["werkzeug.debug.preserve_context"](Context())
        raise LookupError(secret_of_the_view)

    page = Page(Debugger(failing, make_plan(pin="")))
    assert answered(page.evaluate())
    assert entered == ["in", "out"]


class Body:
    def __init__(self, chunks=(b"one", b"two"), fail: bool = False) -> None:
        self.chunks, self.fail, self.closed, self.sent = chunks, fail, 0, []

    def __iter__(self):
        for chunk in self.chunks:
            self.sent.append(chunk)
            yield chunk
        if self.fail:
            raise LookupError("in the stream")

    def close(self) -> None:
        self.closed += 1


class Server:
    """A server's side of PEP 3333, with headers that go out with the first chunk."""

    def __init__(self) -> None:
        self.head: tuple | None = None
        self.chunks: list[bytes] = []
        self.errors = StringIO()

    def start_response(self, status, headers, exc_info=None):
        if exc_info is not None and self.chunks:
            raise exc_info[1].with_traceback(exc_info[2])
        assert self.head is None or exc_info is not None, "head given twice"
        self.head = status, headers
        return self.chunks.append

    def start(self, application, path="/"):
        environ = EnvironBuilder(path, errors_stream=self.errors).get_environ()
        return application(environ, self.start_response)

    def run(self, application) -> Server:
        answer = self.start(application)
        for chunk in answer:
            assert self.head is not None
            self.chunks.append(chunk)
        answer.close()
        return self


def streaming(body):
    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return body

    return application


def test_a_stream_passes_chunk_by_chunk_and_is_closed(make_plan) -> None:
    body, server = Body(), Server()
    answer = iter(server.start(Debugger(streaming(body), make_plan())))
    assert next(answer) == b"one"
    assert body.sent == [b"one"]
    assert list(answer) == [b"two"]
    assert body.closed == 1


def test_a_stream_that_the_client_leaves_is_closed(make_plan) -> None:
    body, server = Body(), Server()
    answer = server.start(Debugger(streaming(body), make_plan()))
    assert next(iter(answer)) == b"one"
    answer.close()
    assert body.closed == 1


def test_a_failing_stream_is_closed_and_the_traceback_printed(make_plan) -> None:
    body = Body(fail=True)
    server = Server().run(Debugger(streaming(body), make_plan()))
    assert body.closed == 1
    assert server.chunks == [b"one", b"two"]
    assert "in the stream" in server.errors.getvalue()
    assert "The response had begun" in server.errors.getvalue()


def test_a_stream_that_fails_before_its_first_chunk_shows_the_page(make_plan) -> None:
    server = Server().run(Debugger(streaming(Body((), fail=True)), make_plan()))
    assert server.head is not None
    assert server.head[0].startswith("500")
    assert b"in the stream" in b"".join(server.chunks)
    assert "The response had begun" not in server.errors.getvalue()


def test_a_failing_close_is_shown(make_plan) -> None:
    class Unclosable(Body):
        def close(self) -> None:
            super().close()
            raise LookupError("in close")

    body = Unclosable()
    server = Server().run(Debugger(streaming(body), make_plan()))
    assert body.closed == 1
    assert "in close" in server.errors.getvalue()


def test_an_app_may_write(make_plan) -> None:
    def writing(environ, start_response):
        start_response("200 OK", [])(b"written")
        return [b" and returned"]

    assert b"".join(Server().run(Debugger(writing, make_plan())).chunks) == b"written and returned"


def test_a_group_is_shown(make_plan) -> None:
    def failing(environ, start_response):
        raise ExceptionGroup("many", [LookupError("inside")])

    page = Page(Debugger(failing, make_plan()))
    assert "inside" in page.text


def test_text_in_the_page_is_escaped(make_plan) -> None:
    def failing(environ, start_response):
        raise LookupError("<script>alert(1)</script>")

    page = Page(Debugger(failing, make_plan()))
    assert "&lt;script&gt;alert(1)" in page.text
    shown = page.text.partition("<!--")[0]
    assert "<script>alert(1)" not in shown


def test_the_page_is_made_from_werkzeugs_own_traceback() -> None:
    """The frames that the debugger keeps are those that Werkzeug's page numbers."""
    try:
        raise LookupError
    except LookupError as error:
        traceback = DebugTraceback(error)
    assert str(id(traceback.all_frames[0])) in traceback.render_traceback_html()
