"""What is told of a profile in which something is wrong, and which keys are to blame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from launcher.config.outline import outline_profile
from launcher.config.resolve import Given, Request
from launcher.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

PORT = Given("port", "--port", "abc")


@pytest.fixture
def outline(tmp_path: Path) -> Any:
    def make(files: dict[str, str], **parts: Any) -> Any:
        (tmp_path / ".git").mkdir()
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
        return outline_profile(Request(str(tmp_path), parts.pop("environ", {}), **parts))

    return make


def dotted(keys: frozenset[tuple[str, ...]]) -> set[str]:
    return {".".join(key) for key in keys}


@pytest.mark.parametrize(
    ("files", "parts", "wrong"),
    [
        pytest.param({"devserver.toml": "[base]\nport = 1\n"}, {}, set(), id="nothing-wrong"),
        pytest.param({"devserver.toml": "[base]\nport = 'x'\ndebug = true\n"}, {}, {"port"}, id="value-in-a-file"),
        pytest.param({"devserver.toml": "[base]\nprot = 1\nport = 2\n"}, {}, {"prot"}, id="unknown-key"),
        pytest.param({"devserver.toml": "[base.env]\nA = {required = 'x'}\nB = 'b'\n"}, {}, {"env.A"}, id="missing"),
        pytest.param(
            {"devserver.toml": "[base.env]\nA = {required = 'x'}\nB = {required = 'y'}\n"},
            {},
            {"env.A", "env.B"},
            id="several-missing",
        ),
        pytest.param({}, {"flags": (PORT, Given("debug", "--debug", "true"))}, {"port"}, id="flag"),
        pytest.param({}, {"environ": {"LAUNCH_PORT": "x", "LAUNCH_DEBUG": "1"}}, {"port"}, id="variable"),
        pytest.param({".env": "LAUNCH_PORT=x\nLAUNCH_DEBUG=1\n"}, {}, {"port"}, id="line-of-an-env-file"),
        pytest.param(
            {"devserver.toml": "[base]\ntls = 'x'\n[profiles.a]\ntls.cert = 'c'\n"},
            {"profile": "a"},
            {"tls", "tls.cert", "tls.key", "tls.adhoc"},
            id="table-against-value",
        ),
        pytest.param(
            {"devserver.toml": "[base]\nhost = '0.0.0.0'\n"}, {}, {"host"}, id="right-one-by-one-but-not-together"
        ),
    ],
)
def test_keys_to_blame(outline: Any, files: dict[str, str], parts: Any, wrong: set[str]) -> None:
    found = outline(files, **parts)
    assert dotted(found.wrong) >= wrong
    assert dotted(found.wrong) - wrong <= {"tls.key", "tls.adhoc"}
    assert not found.unsure
    assert bool(found.problems) == bool(wrong)
    assert found.blames([("debug",)]) is False


def test_histories_are_those_of_all_layers(outline: Any) -> None:
    found = outline({"devserver.toml": "[base]\nport = 1\nhost = 2\n"}, flags=(Given("port", "--port", "3"),))
    assert [item.value for item in found.history[("port",)].candidates] == [3, 1, 5000]
    assert found.history[("host",)].winner.value == 2


def test_a_file_that_cannot_be_read_makes_everything_unsure(outline: Any) -> None:
    found = outline({"devserver.toml": "[base]\nport = 1\n", "profiles/a.toml": "port = \n"}, profile="a")
    assert found.unsure
    assert found.blames([("port",)])
    assert found.history[("port",)].winner.value == 1


@pytest.mark.parametrize(
    ("files", "parts", "error"),
    [
        pytest.param({"devserver.toml": "[base\n"}, {}, ConfigError, id="committed-file-unreadable"),
        pytest.param({"devserver.toml": ""}, {"profile": "nope"}, UsageError, id="unknown-profile"),
    ],
)
def test_nothing_can_be_told(outline: Any, files: dict[str, str], parts: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        outline(files, **parts)
