"""A sample of the inputs that nobody should give; `python -m tests.fuzz --inputs 12000` is the long run.

What takes processor time is not judged here: a busy machine must not decide a test.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.fuzz.drive import Ran, judged, lay_out, run, run_apart
from tests.fuzz.generate import grown, hostile, mutated
from tests.fuzz.material import Input, env_texts, projects, texts

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a copy of this process is judged by proc(5)")

SEED = 7
DEV = 40
"""Every how many-th input of the hostile ones is taken: the whole takes minutes."""


def faults(results: list[Ran]) -> str:
    wrong = [(result, [f for f in result.faults if not f.endswith(" s")]) for result in results]
    return "\n\n".join(str(result) for result, found in wrong if found)


@pytest.mark.parametrize("part", range(4))
def test_damaged_projects(part: int, tmp_path: Path) -> None:
    results = [run(mutated(number, SEED), tmp_path) for number in range(part, 160, 4)]
    assert faults(results) == ""


@pytest.mark.parametrize("part", range(2))
def test_drawn_projects(part: int, tmp_path: Path) -> None:
    results = [run(given, tmp_path) for given in grown(40, SEED + part)]
    assert len(results) == 40
    assert faults(results) == ""


def test_hostile_projects(tmp_path: Path) -> None:
    small = [given for given in hostile() if len(given.files) < 100]
    assert faults([run(given, tmp_path) for given in small[::DEV]]) == ""


def test_commands_of_their_own(tmp_path: Path) -> None:
    inputs = [given for number in range(30) if "dev" not in (given := mutated(number, SEED + 1)).argv]
    assert faults([run_apart(given, tmp_path) for given in inputs[:6]]) == ""


def test_the_same_seed_gives_the_same_inputs() -> None:
    assert [mutated(number, 3) for number in range(20)] == [mutated(number, 3) for number in range(20)]
    assert mutated(1, 3) != mutated(1, 4)
    assert grown(5, 3) == grown(5, 3)


def test_the_corpus_is_found() -> None:
    assert len(projects()) > 200
    assert len(texts()) > 200
    assert len(env_texts()) > 50


BUG = "error[bug]: launch itself failed\nTraceback (most recent call last):\n"


@pytest.mark.parametrize(
    ("ran", "fault"),
    [
        pytest.param({"code": 70, "err": BUG}, "exit code 70", id="code"),
        pytest.param({"code": 2, "err": BUG}, "traceback", id="traceback"),
        pytest.param({"code": -14}, "hangs", id="hang"),
        pytest.param({"code": 2}, "fails without a word", id="silence"),
        pytest.param({"code": 0, "err": "a\x1b[2Jb"}, "unescaped on stderr", id="control"),
        pytest.param({"code": 0, "out": "a\u202eb"}, "unescaped on stdout", id="right-to-left"),
        pytest.param({"code": 2, "err": "error[unknown-key]: x\n"}, "no place", id="no-place"),
        pytest.param({"code": 2, "err": "error[unknown-key]: x\n --> devserver.toml\n"}, "no line", id="no-line"),
        pytest.param({"code": 0, "err": "x", "megabytes": 101.0}, "101 MB", id="memory"),
        pytest.param({"code": 0, "err": "x", "seconds": 1.5}, "1.50 s", id="time"),
    ],
)
def test_faults_are_seen(ran: dict, fault: str) -> None:
    found = judged(Ran(Input("x", ("check",)), **{"out": "", "err": "", **ran}))
    assert fault in "; ".join(found.faults)


@pytest.mark.parametrize(
    "err",
    [
        "",
        "error[unknown-key]: x\n --> devserver.toml:2:1\n",
        "error[flag-value]: x\n --> command line\n",
        "\x1b[1;31merror[too-large]\x1b[0m: x\n --> devserver.toml\n",
    ],
)
def test_a_good_answer_has_no_fault(err: str) -> None:
    assert judged(Ran(Input("x", ("check",)), 2 if err else 0, "", err)).faults == ()


def test_special_files_are_made(tmp_path: Path) -> None:
    kinds = {"a": "folder", "b": "fifo", "c": "loop", "d": "dangling", "e": "unreadable", "f": "socket"}
    lay_out(Input("x", (), {"e": b"text"}, kinds), tmp_path)
    shop = tmp_path / "shop"
    assert (shop / "a").is_dir()
    assert (shop / "b").is_fifo()
    assert (shop / "c").is_symlink()
    assert not (shop / "d").exists()
    assert (shop / "e").stat().st_mode & 0o777 == 0
    assert (shop / "f").is_socket()
