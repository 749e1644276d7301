from __future__ import annotations

import io
import os

import pytest

from launcher.console import Console, duration, open_console, wants_color
from launcher.errors import Problem


def text_of(console: Console) -> str:
    assert isinstance(console.stream, io.StringIO)
    return console.stream.getvalue()


@pytest.fixture
def console() -> Console:
    return Console(io.StringIO(), cwd="/p")


@pytest.mark.parametrize(
    ("choice", "environ", "terminal", "colour"),
    [
        pytest.param(None, {}, True, True, id="terminal"),
        pytest.param(None, {}, False, False, id="pipe"),
        pytest.param(None, {"TERM": "dumb"}, True, False, id="dumb-terminal"),
        pytest.param(None, {"FORCE_COLOR": "1"}, False, True, id="force-color"),
        pytest.param(None, {"FORCE_COLOR": "1", "TERM": "dumb"}, True, True, id="force-color-over-dumb"),
        pytest.param(None, {"FORCE_COLOR": ""}, False, False, id="empty-force-color-does-not-count"),
        pytest.param(None, {"NO_COLOR": "1"}, True, False, id="no-color"),
        pytest.param(None, {"NO_COLOR": ""}, True, True, id="empty-no-color-does-not-count"),
        pytest.param(None, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False, id="no-color-over-force-color"),
        pytest.param(None, {"LAUNCH_COLOR": "always", "NO_COLOR": "1"}, False, True, id="launch-color-over-no-color"),
        pytest.param(None, {"LAUNCH_COLOR": "off", "FORCE_COLOR": "1"}, True, False, id="launch-color-as-switch"),
        pytest.param(None, {"LAUNCH_COLOR": "auto", "NO_COLOR": "1"}, True, False, id="auto-asks-what-is-below"),
        pytest.param("never", {"LAUNCH_COLOR": "always"}, True, False, id="flag-over-launch-color"),
        pytest.param("always", {"NO_COLOR": "1", "TERM": "dumb"}, False, True, id="flag-over-all"),
    ],
)
def test_colour_policy(choice: str | None, environ: dict[str, str], terminal: bool, colour: bool) -> None:
    assert wants_color(choice, environ, terminal=terminal) is colour


def test_a_pipe_is_eighty_columns_without_colour() -> None:
    console = open_console(io.StringIO(), choice=None, environ={}, cwd="/")
    assert (console.look.width, console.look.color) == (80, False)


def test_columns_says_the_width() -> None:
    assert open_console(io.StringIO(), choice=None, environ={"COLUMNS": "120"}, cwd="/").look.width == 120
    assert open_console(io.StringIO(), choice=None, environ={"COLUMNS": "wide"}, cwd="/").look.width == 80


def test_a_terminal_says_its_width_and_gets_colour() -> None:
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    try:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 101, 0, 0))
        with os.fdopen(theirs, "w", closefd=False) as stream:
            console = open_console(stream, choice=None, environ={"TERM": "xterm"}, cwd="/")
        assert (console.look.width, console.look.color) == (101, True)
    finally:
        os.close(ours)
        os.close(theirs)


def test_no_stream_swallows_everything() -> None:
    console = open_console(None, choice=None, environ={}, cwd="/")
    console.line("nobody reads this")
    assert console.look.color is False


def test_a_closed_stream_is_no_terminal() -> None:
    stream = io.StringIO()
    stream.close()
    assert open_console(stream, choice=None, environ={}, cwd="/").look.width == 80


def test_what_the_stream_cannot_encode_is_escaped() -> None:
    raw = io.BytesIO()
    console = open_console(io.TextIOWrapper(raw, encoding="ascii"), choice=None, environ={}, cwd="/")
    console.line("naïve")
    console.banner("1.0", "", 5, ["http://[::1]:5000/"], [])
    assert raw.getvalue() == b"na\\xefve\n  launch 1.0   ready in 5 ms\n  >  http://[::1]:5000/\n"


def test_no_problem_writes_nothing(console: Console) -> None:
    console.problems([])
    assert text_of(console) == ""


def test_problems_end_with_a_line_end(console: Console) -> None:
    console.problems([Problem("slug", "sentence")])
    assert text_of(console) == "error[slug]: sentence\n"


ROWS = [
    ("app", "shop:create_app", "/p/devserver.toml:2:7"),
    ("debug", "on, PIN 417-902-336", ""),
    ("reload", "restart, 42 files", ""),
]


def test_banner(console: Console) -> None:
    console.banner("0.1.0", "eager", 212.4, ["http://127.0.0.1:5000/"], ROWS)
    assert text_of(console) == (
        "  launch 0.1.0   profile eager   ready in 212 ms\n"
        "  ➜  http://127.0.0.1:5000/\n"
        "     app      shop:create_app        devserver.toml:2:7\n"
        "     debug    on, PIN 417-902-336\n"
        "     reload   restart, 42 files\n"
    )


def test_banner_puts_long_texts_and_places_on_lines_of_their_own() -> None:
    console = Console(io.StringIO(), width=40, cwd="/p")
    console.banner(
        "0.1.0",
        "",
        20_000,
        [],
        [
            ("app", "module.of.some.length:create_app", "/p/devserver.toml:2:7"),
            ("kept", "A, B, C, D, E, F, G, H, I, J, K", ""),
        ],
    )
    assert text_of(console) == (
        "  launch 0.1.0   ready in 20.0 s\n"
        "     app    module.of.some.length:create_app\n"
        "            devserver.toml:2:7\n"
        "     kept   A, B, C, D, E, F, G, H, I,\n"
        "            J, K\n"
    )


def test_table_aligns_by_columns_and_wraps_the_last(console: Console) -> None:
    console.table(
        [("port", "5001", "profiles/eager.toml:5:8"), (("strong", "名前"), "\x1b", "word " * 14)],
        header=("KEY", "VALUE", "FROM"),
    )
    assert text_of(console) == (
        "  KEY   VALUE  FROM\n"
        "  port  5001   profiles/eager.toml:5:8\n"
        "  名前  \\x1b   word word word word word word word word word word word word word\n"
        "               word\n"
    )


def test_last_column_without_room_stands_below_the_others() -> None:
    console = Console(io.StringIO(), width=20)
    console.table([("a key that is long", "words that do not fit"), ("short", "")])
    assert text_of(console) == "  a key that is long\n      words that do\n      not fit\n  short\n\n"


def test_table_pads_before_it_paints() -> None:
    console = Console(io.StringIO(), color=True)
    console.table([(("good", "a"), "x"), ("long", "y")], indent=0)
    assert text_of(console) == "\x1b[1;32ma\x1b[0m     x\nlong  y\n"


def test_bug_shows_the_whole_traceback(console: Console) -> None:
    console.bug("1.0", "Traceback\n  line \x1b\nValueError: x\n")
    text = text_of(console)
    assert text.startswith("error[bug]: launch itself failed")
    assert text.endswith("Traceback\n  line \\x1b\nValueError: x\n")


@pytest.mark.parametrize(
    ("milliseconds", "text"), [(0.2, "0 ms"), (212.4, "212 ms"), (9999, "9999 ms"), (12_345, "12.3 s")]
)
def test_duration(milliseconds: float, text: str) -> None:
    assert duration(milliseconds) == text


def test_a_notice_is_broken_on_a_terminal_and_whole_in_a_log() -> None:
    text = "  *  the last file that was read is views/cart.py"
    assert Console(None, width=30).notice(text) == [text]
    assert Console(None, width=30, terminal=True).notice(text) == [
        "  *  the last file that was",
        "     read is views/cart.py",
    ]
