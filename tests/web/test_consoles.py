"""The frames that consoles look into, without a debugger around them."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from launcher.supervisor.state import MOST_STAYING
from launcher.web.consoles import KEPT_STAYING, KEPT_TRACEBACKS, Consoles, gone


class Frame:
    def __init__(self, filename: str, shown: str = "<b>7</b>") -> None:
        self.filename, self._shown = filename, shown

    def eval(self, code: str) -> str:
        return f"{code}={self._shown}"


def test_code_runs_within_the_contexts_of_the_request() -> None:
    entered: list[str] = []

    @contextmanager
    def context():
        entered.append("in")
        yield
        entered.append("out")

    consoles, frame = Consoles(), Frame("<string>")
    consoles.keep([frame], [context()])
    assert consoles.run(id(frame), "a") == b"a=<b>7</b>"
    assert entered == ["in", "out"]


def test_an_unknown_frame_has_no_answer_and_is_no_use() -> None:
    consoles = Consoles()
    assert consoles.run(1, "a") == b""
    assert consoles.idle() is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(lambda file: None, "a=", id="not-changed"),
        pytest.param(lambda file: file.touch(), "a=", id="only-touched"),
        pytest.param(lambda file: file.write_text("b = 2\n"), "cart&lt;1&gt;.py was changed", id="changed"),
        pytest.param(lambda file: file.unlink(), "cart&lt;1&gt;.py was changed", id="deleted"),
    ],
)
def test_a_frame_whose_file_was_changed_says_so(tmp_path: Path, change, told: str) -> None:
    file = tmp_path / "cart<1>.py"
    file.write_text("a = 1\n")
    consoles, frame = Consoles(), Frame(str(file))
    consoles.keep([frame], [])
    change(file)
    answer = consoles.run(id(frame), "a").decode()
    assert told in answer
    assert ("code that is gone" in answer) is ("changed" in told)


def test_what_was_typed_is_shown_as_text() -> None:
    assert gone("<script>").startswith(b"&gt;&gt;&gt; &lt;script&gt;\n")


def test_the_first_use_is_told_once() -> None:
    opened: list[str] = []
    consoles = Consoles(opened=opened.append)
    assert consoles.idle() is None
    consoles.use()
    consoles.use()
    assert opened == [consoles.owner]
    idle = consoles.idle()
    assert idle is not None
    assert idle >= 0


def test_each_worker_has_a_name_of_its_own() -> None:
    assert len({Consoles().owner for _ in range(50)}) == 50


def test_only_the_last_tracebacks_are_kept_whoever_adds_them() -> None:
    consoles = Consoles()
    frames = [Frame("<string>") for _ in range(200)]
    threads = [threading.Thread(target=lambda part: [consoles.keep([frame], []) for frame in part], args=(frames[start::4],)) for start in range(4)]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(consoles.frames) == len(consoles.contexts) == KEPT_TRACEBACKS


def test_a_worker_that_stays_keeps_what_was_used_last() -> None:
    consoles = Consoles()
    frames = [Frame("<string>") for _ in range(KEPT_TRACEBACKS)]
    for frame in frames:
        consoles.keep([frame], [])
    consoles.use(id(frames[3]))
    consoles.use()
    consoles.keep_few()
    assert sorted(consoles.frames) == sorted([id(frames[3]), id(frames[-1])])
    assert len(consoles.contexts) == KEPT_STAYING


def test_twenty_tracebacks_are_kept_in_all() -> None:
    assert KEPT_TRACEBACKS + MOST_STAYING * KEPT_STAYING == 20
