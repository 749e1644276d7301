"""Keyword arguments of `launcher.run()` become settings by the names that they have in Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from launcher.config.layer import Source
from launcher.config.resolve import Request, resolve_profile
from launcher.config.sources.call import Call, call_layer, default_layer
from launcher.errors import ConfigError, LaunchError


def call(**settings: Any) -> Call:
    return Call("/p/hello.py", 3, settings)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param({"port": 1}, {"port": 1}, id="flat"),
        pytest.param({"env_files": ["a"]}, {"env-files": ("a",)}, id="underscore-and-list"),
        pytest.param({"reload": {"drain_seconds": 1}}, {"reload.drain-seconds": 1}, id="table"),
        pytest.param({"reload": {"drain-seconds": 1}}, {"reload.drain-seconds": 1}, id="table-as-in-toml"),
        pytest.param({"reload_drain_seconds": 1}, {"reload.drain-seconds": 1}, id="flattened"),
        pytest.param({"wsgi": {"proxy_fix": {"x_for": 1}}}, {"wsgi.proxy-fix.x-for": 1}, id="deep"),
        pytest.param({"reload": False}, {"reload.enabled": False}, id="reload-switch"),
        pytest.param({"debugger": True}, {"debugger.enabled": True}, id="debugger-switch"),
        pytest.param({"tls": True}, {"tls.adhoc": True}, id="tls-switch"),
        pytest.param({"env": {"A_B": "x", "C": {"secret": True}}}, {"env.A_B": "x", "env.C": {"secret": True}}, id="variables"),
        pytest.param({"wsgi_static": {"/a_b": "c"}}, {"wsgi.static./a_b": "c"}, id="free-names"),
        pytest.param({"reload": {"drain_secs": 1}}, {"reload.drain_secs": 1}, id="wrong-name-as-written"),
    ],
)  # fmt: skip
def test_arguments_become_entries(settings: dict[str, Any], expected: dict[str, object]) -> None:
    layer, findings = call_layer(call(**settings))
    assert findings == []
    assert {".".join(entry.key): entry.value for entry in layer.entries} == expected
    assert layer.source is Source.COMMAND_LINE


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        pytest.param("prot", "did you mean `port`?", id="typing-error"),
        pytest.param("reload_drain_secs", "did you mean `reload_drain_seconds`?", id="in-a-table"),
        pytest.param("use_reloader", "here it is called `reload_enabled`", id="as-werkzeug-calls-it"),
        pytest.param("threaded", "here it is called `threads`", id="threads-of-werkzeug"),
        pytest.param("zzz", "the settings are those of devserver.toml, with underscores", id="nothing-near"),
    ],
)
def test_unknown_name_has_a_suggestion(name: str, hint: str) -> None:
    _, (finding,) = call_layer(call(**{name: 1}))
    assert (finding.slug, finding.hint, finding.origin) == ("unknown-key", hint, call().origin(name))


def request(folder: Path, call: Call | None, **more: Any) -> Request:
    return Request(cwd=str(folder), environ={"LAUNCH_PORT": "2", "A": "shell"}, call=call, **more)


def test_arguments_rank_above_the_environment(tmp_path: Path) -> None:
    call = Call(str(tmp_path / "hello.py"), 7, {"port": 3, "env": {"A": "code"}})
    found = resolve_profile(request(tmp_path, call))
    assert (found.settings.port, found.variables["A"].value) == (3, "code")
    assert found.where("port") == "hello.py:7, run(port=...)"


def test_failed_reload_ends_a_program_unless_somebody_says_otherwise(tmp_path: Path) -> None:
    called = Call(str(tmp_path / "hello.py"), 7, {})
    assert resolve_profile(request(tmp_path, None)).settings.loading == "auto"
    found = resolve_profile(request(tmp_path, called))
    assert (found.settings.loading, found.where("loading")) == ("eager", "launcher.run()")
    (tmp_path / "devserver.toml").write_text('[base]\nloading = "auto"\n')
    assert resolve_profile(request(tmp_path, called)).settings.loading == "auto"
    assert [entry.value for entry in default_layer().entries] == ["eager"]


def test_unknown_profile_is_shown_in_the_call(tmp_path: Path) -> None:
    file = tmp_path / "hello.py"
    file.write_text("launcher.run(app, profile='nope')\n")
    with pytest.raises(LaunchError) as caught:
        resolve_profile(request(tmp_path, Call(str(file), 1, {}), profile="nope"))
    (problem,) = caught.value.problems
    assert problem.place is not None
    assert (problem.slug, problem.place.file, problem.place.column) == ("unknown-profile", str(file), 27)


@pytest.mark.parametrize("local", [False, True], ids=["committed", "said on this machine too"])
def test_program_alone_does_not_open_the_debugger_to_the_network(tmp_path: Path, local: bool) -> None:
    call = Call(str(tmp_path / "hello.py"), 1, {"host": "0.0.0.0"})
    if local:
        (tmp_path / "devserver.toml").touch()
        (tmp_path / "devserver.local.toml").write_text('[base]\nhost = "0.0.0.0"\n')
        assert resolve_profile(request(tmp_path, call)).settings.host == "0.0.0.0"
        return
    with pytest.raises(ConfigError) as caught:
        resolve_profile(request(tmp_path, call))
    (problem,) = caught.value.problems
    assert problem.slug == "unsafe-bind"
    assert "LAUNCH_HOST=0.0.0.0" in problem.notes[0]
