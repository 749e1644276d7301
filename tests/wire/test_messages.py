"""Every message survives its trip as JSON, and nothing else is taken for a message."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.wire import messages
from launcher.wire.messages import (
    TO_SUPERVISOR,
    TO_WORKER,
    Accept,
    Adjust,
    Adopt,
    Ask,
    Booted,
    Building,
    ConsoleOpened,
    CrashLog,
    Departed,
    Drain,
    Drained,
    Edition,
    Evaluate,
    Failed,
    GivenBack,
    GoOn,
    LastImports,
    Libraries,
    Lifeline,
    Load,
    Loading,
    MovesQueue,
    Preload,
    Prompting,
    ReadAhead,
    Reading,
    ReadingLog,
    Reap,
    Reaped,
    Resume,
    ServeFailure,
    Serving,
    SettledPage,
    Shared,
    Showing,
    SnapshotTaken,
    SwapRefused,
    Tally,
    Unsafe,
    Using,
    Waiting,
    Writing,
    decode,
    encode,
)

EXAMPLES = (
    Load({"project": "/p", "env": {"A": "1"}, "threads": True, "roots": ["/p"]}, 3, wait=True),
    Load({}, 0, False, 8, ("/p/a.py",), "/p/b.py"),
    Preload({}, ("flask", "flask.app"), ("flask", "click"), (0, 0), ("[1000]", "[9]"), ("/p", "/usr/lib")),
    MovesQueue(),
    Tally(),
    Edition(4, style=True),
    Adjust(("shop.test",), live_reload=True),
    Showing("/p/a.html", "ab", style=False),
    SettledPage(),
    Resume(),
    Lifeline(),
    CrashLog(),
    ReadingLog(),
    ReadAhead(("/p/a.py", "/p/b.py")),
    GoOn(3, 8, ("/p/a.py",), 4),
    Reap(7),
    Tally(),
    Edition(4),
    Edition(5, style=True),
    Showing("/p/shop.css", "0123456789abcdef", style=True),
    Showing("/p/\udce9.html", ""),
    Writing("/p/data.json", "replace", "1-2-3"),
    SnapshotTaken("shop.views", 8, 3),
    SnapshotTaken("shop.views", 8, 3, "/p/shop/__init__.py", 30, "0123"),
    Building(),
    SwapRefused("code that ran during the import changed (module level)"),
    LastImports({"/p/shop/__init__.py": "/p/shop/views.py"}),
    Unsafe("shop.jobs", "a thread is running: worker"),
    Libraries(("flask",), ("flask", "click"), (0,), ("[1000]",), ("/p",), "the app changed sys.path"),
    Shared(1),
    Using({"/lib/site-packages/flask/__init__.py": "1-2-3-4"}),
    Departed(),
    Waiting(),
    Reaped(7, 9),
    ServeFailure({"project": "/p"}, 2, "NameError in shop.py:3", "Traceback\n  …\n"),
    ServeFailure({}, 2, "NameError", "", ("/p/shop.py",)),
    Accept(),
    Drain(0.5),
    Drain(0.0),
    Adopt(("127.0.0.1", 40000)),
    Adopt(("::1", 40000, 0, 0)),
    Adopt(("<local>", 0)),
    Booted(1),
    Loading(),
    Reading({}),
    Reading({"/p/a.py": "0123456789abcdef", "/p/b.py": "", "/p/own.db": "*"}),
    Reading({"/p/\udce9.py": "1"}),
    Serving("shop:app", 0.25),
    Serving("", 0.0, failure=True),
    Failed("exit code 3", "", lacks="/p"),
    Failed("\x1b[31mred", "\x00", busy=True),
    GivenBack(("127.0.0.1", 1)),
    GivenBack(("<local>", 0)),
    Drained(),
    Drained(7),
    Drained(0, stays=True),
    ConsoleOpened("0123456789abcdef0123"),
    Ask("0123456789abcdef0123", 140145153301600, "kept = 1"),
    Evaluate(140145153301600, "a\nb \udce9"),
    Prompting(True),
    Prompting(False),
)


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: type(message).__name__)
def test_a_message_comes_out_as_it_went_in(message: messages.Message) -> None:
    assert decode(encode(message)) == message


def test_there_is_an_example_of_every_message() -> None:
    assert {type(message) for message in EXAMPLES} == set(TO_WORKER) | set(TO_SUPERVISOR)


def test_no_message_goes_both_ways() -> None:
    assert not set(TO_WORKER) & set(TO_SUPERVISOR)


def test_a_message_is_readable_ascii() -> None:
    assert encode(Drain(1.5)) == b'["Drain",{"seconds":1.5,"stop":false}]'
    assert encode(Reading({"/é": ""})).isascii()


@given(st.dictionaries(st.text(), st.text()))
def test_any_file_name_survives(files: dict[str, str]) -> None:
    assert decode(encode(Reading(files))) == Reading(files)


@given(st.binary(max_size=40))
def test_a_name_of_any_bytes_survives(name: bytes) -> None:
    text = name.decode("utf-8", "surrogateescape")
    assert decode(encode(Failed("", text, lacks=text))) == Failed("", text, lacks=text)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="half"),
        pytest.param(b"\xff", id="no-text"),
        pytest.param(b"1", id="number"),
        pytest.param(b"null", id="null"),
        pytest.param(b"{}", id="table"),
        pytest.param(b"[]", id="empty-list"),
        pytest.param(b'["Drain"]', id="no-fields"),
        pytest.param(b'["Drain",{"seconds":1},2]', id="too-long"),
        pytest.param(b'["Nonsense",{}]', id="unknown-name"),
        pytest.param(b'["Message",{}]', id="a-name-that-is-no-record"),
        pytest.param(b'[["Drain"],{"seconds":1}]', id="name-is-a-list"),
        pytest.param(b'["Drain",["seconds"]]', id="fields-are-a-list"),
        pytest.param(b'["Drain",5]', id="fields-are-a-number"),
        pytest.param(b'["Drain",{}]', id="field-missing"),
        pytest.param(b'["Drain",{"seconds":1,"more":2}]', id="field-unknown"),
        pytest.param(b'["Drained",{}]', id="a-default-is-no-excuse"),
    ],
)
def test_anything_else_is_no_message(data: bytes) -> None:
    with pytest.raises(ValueError):
        decode(data)


def test_the_error_names_the_message_and_its_fields() -> None:
    with pytest.raises(ValueError, match="no message is called 'Nope'"):
        decode(b'["Nope",{}]')
    with pytest.raises(ValueError, match="wrong fields for Drain: minutes"):
        decode(b'["Drain",{"minutes":1}]')


def test_every_field_travels() -> None:
    for message in EXAMPLES:
        _, body = json.loads(encode(message))
        assert set(body) == {item.name for item in fields(message)}


@pytest.mark.parametrize(
    "body",
    [
        '["Reading", {"files": 3}]',
        '["Booted", {"pid": "1"}]',
        '["Using", {"files": {"a": 1}}]',
        '["Edition", 3]',
        "[" * 5000,
    ],
)
def test_message_is_refused_when_a_value_has_the_wrong_kind(body: str):
    with pytest.raises((ValueError, RecursionError)):
        decode(body.encode())
