from __future__ import annotations

import os
from pathlib import Path

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from launcher.plan import Address, Browser, Debugger, Plan, Reload, Target
from launcher.wire.channel import ChannelClosed
from launcher.wire.messages import Ask, ConsoleOpened, Edition, ServeFailure, Showing
from launcher.wire.tally import Tally, open_tally
from launcher.worker.front import Front
from tests.web.browser import Client as BrowserClient

BROWSER = {"Sec-Fetch-Dest": "document", "Accept": "text/html"}


def plan(root: Path, *, token: str = "t0ken", live: bool = True, reload: bool = True) -> Plan:
    folder = str(root)
    return Plan(
        project=folder,
        profile="",
        target=Target("", folder, folder),
        address=Address(),
        roots=(folder,),
        browser=Browser(live, "", token),
        reload=Reload(reload),
        debugger=Debugger(pin="1"),
    )


@pytest.fixture
def sent() -> list[object]:
    return []


@pytest.fixture
def front(sent: list[object]):
    front = Front(sent.append)
    yield front
    front.stop()


def page(front: Front, made: Plan) -> str:
    app = front.of_app(Response("<!doctype html><p>", mimetype="text/html"), made)
    return Client(app).get("/", headers=BROWSER).text


def test_pages_are_of_the_edition_that_was_told_last(front: Front, tmp_path: Path) -> None:
    front.show(Edition(4))
    assert 'src="/__launch__/t0ken.js" data-edition="4"' in page(front, plan(tmp_path))


@pytest.mark.parametrize("options", [{"token": ""}, {"live": False}, {"reload": False}])
def test_pages_stay_as_they_are_where_nothing_refreshes_them(front: Front, tmp_path: Path, options: dict) -> None:
    assert page(front, plan(tmp_path, **options)) == "<!doctype html><p>"


def test_files_that_pages_show_are_reported(front: Front, sent: list[object], tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello")

    @Request.application
    def app(request: Request) -> Response:
        return Response((tmp_path / "a.txt").read_text())

    client = Client(front.of_app(app, plan(tmp_path)))
    client.get("/")
    (report,) = sent
    assert isinstance(report, Showing)
    assert report.path == str(tmp_path / "a.txt")
    front.stop()
    (tmp_path / "b.txt").write_text("hello")
    client.get("/")
    assert len(sent) == 1


def test_a_supervisor_that_is_gone_is_no_error_of_the_app(tmp_path: Path) -> None:
    def gone(_: object) -> None:
        raise ChannelClosed

    (tmp_path / "a.txt").write_text("hello")
    front = Front(gone)
    app = front.of_app(Request.application(lambda _: Response((tmp_path / "a.txt").read_text())), plan(tmp_path))
    assert Client(app).get("/").text == "hello"
    front.stop()


def test_wrong_pins_are_counted_for_all_workers(front: Front, tmp_path: Path) -> None:
    descriptor = open_tally()
    front.share(os.dup(descriptor))
    Tally(descriptor).value = 10
    client = BrowserClient(front.of_app(Request.application(lambda _: 1 / 0), plan(tmp_path)))
    secret = client.get("/").text.partition('SECRET = "')[2].partition('"')[0]
    answer = client.get(f"/?__debugger__=yes&cmd=pinauth&pin=1&s={secret}").json
    assert answer == {"auth": False, "exhausted": True}
    os.close(descriptor)


def test_a_failure_is_shown_with_the_save_that_led_to_it(front: Front, tmp_path: Path) -> None:
    told = ServeFailure({}, 1, "it broke", "because", ("shop/cart.py",))
    front.show(Edition(9))
    text = Client(front.of_failure(told, plan(tmp_path), None)).get("/", headers=BROWSER).text
    assert "<b>shop/cart.py</b>" in text
    assert "<h1>it broke</h1>" in text
    assert 'data-edition="9"' in text


def test_what_keeps_the_script_out_is_said_once_for_all_workers(tmp_path: Path, capfd) -> None:
    descriptor = open_tally()
    policy = {"Content-Security-Policy": "default-src 'none'"}
    for _ in range(2):
        front = Front(lambda _: None)
        front.share(os.dup(descriptor))
        app = front.of_app(Response("<!doctype html>", mimetype="text/html", headers=policy), plan(tmp_path))
        Client(app).get("/a\x1b[2J", headers=BROWSER)
        front.stop()
    os.close(descriptor)
    told = capfd.readouterr().err
    assert told.count("Content-Security-Policy") == 1
    assert "\x1b" not in told


def test_code_for_another_worker_is_sent_to_the_supervisor(tmp_path: Path) -> None:
    asked: list[object] = []

    def answering(message: object, descriptor: int | None = None, /) -> None:
        asked.append(message)
        if descriptor is not None:
            os.write(descriptor, b"42")

    front = Front(answering)
    front.of_app(Response("fine"), plan(tmp_path))
    assert front.consoles is not None
    assert front.consoles.ask("0123", 7, "6 * 7") == b"42"
    front.consoles.use()
    assert asked == [Ask("0123", 7, "6 * 7"), ConsoleOpened(front.consoles.owner)]


def test_there_is_no_answer_where_the_supervisor_is_gone(tmp_path: Path) -> None:
    def closed(message: object, descriptor: int | None = None, /) -> None:
        raise ChannelClosed

    front = Front(closed)
    front.of_app(Response("fine"), plan(tmp_path))
    assert front.consoles is not None
    assert front.consoles.ask("0123", 7, "6 * 7") == b""
