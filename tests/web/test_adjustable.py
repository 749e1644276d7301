"""What changes while the app is served: names and refreshing, seen by requests."""

from __future__ import annotations

from werkzeug.wrappers import Response

from launcher.web.adjustable import Adjustable
from launcher.web.livereload import LiveReload
from launcher.web.stack import build_stack
from launcher.web.streams import Streams
from tests.web.browser import Client

PAGE = Response("<!doctype html><p>hello", mimetype="text/html")
NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Accept": "text/html"}


def test_names_are_answered_to_at_once(make_plan) -> None:
    plan = make_plan()
    adjustable = Adjustable(plan)
    client = Client(build_stack(PAGE, plan, adjustable=adjustable))
    foreign = {"Host": "shop.test"}
    assert client.get("/", headers=foreign).status_code == 403
    adjustable.adjust(["shop.test"], live_reload=False)
    assert client.get("/", headers=foreign).status_code == 200
    adjustable.adjust([], live_reload=False)
    assert client.get("/", headers=foreign).status_code == 403


def test_pages_refresh_themselves_from_now_on_and_no_longer(make_plan) -> None:
    plan = make_plan(live_reload=False)
    adjustable = Adjustable(plan)
    live = LiveReload("token", Streams(), lambda _: None)
    client = Client(build_stack(PAGE, plan, live=live, adjustable=adjustable))
    assert client.get("/", headers=NAVIGATION).text == "<!doctype html><p>hello"
    adjustable.adjust([], live_reload=True)
    assert "<script" in client.get("/", headers=NAVIGATION).text
    adjustable.adjust([], live_reload=False)
    assert client.get("/", headers=NAVIGATION).text == "<!doctype html><p>hello"


def test_the_debugger_trusts_the_names_that_are_answered_to_now(make_plan) -> None:
    def broken(environ, start_response):
        raise LookupError("no table")

    plan = make_plan()
    adjustable = Adjustable(plan)
    client = Client(build_stack(broken, plan, adjustable=adjustable))
    adjustable.adjust(["shop.test"], live_reload=False)
    assert "EVALEX = true" in client.get("/", headers={"Host": "shop.test"}).text
