"""Settings become what the supervisor and the worker are told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from launcher.config.resolve import Given, Request, resolve_profile
from launcher.errors import PlanError
from launcher.plan import Address, Plan, Target
from launcher.planner import address_of, build_plan


@pytest.fixture
def plan(tmp_path: Path) -> Any:
    """Write files into a project and plan a run of it."""
    (tmp_path / ".git").mkdir()

    def make(files: dict[str, str], **parts: Any) -> Plan:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        parts.setdefault("environ", {})
        return build_plan(resolve_profile(Request(cwd=str(tmp_path), **parts)), pin="123456")

    return make


def test_plan_of_nothing(plan: Any, tmp_path: Path) -> None:
    root = str(tmp_path)
    made = plan({})
    assert (made.project, made.profile, made.roots) == (root, "", (root,))
    assert made.target == Target("", root, root, search=True)
    assert made.address == Address("127.0.0.1", 5000)
    assert made.env == {"FLASK_DEBUG": "1", "FLASK_RUN_FROM_CLI": "true"}
    assert (made.debugger.enabled, made.reload.enabled, made.debugger.pin) == (True, True, "123456")
    assert made.origins == {"reload.enabled": "follows debug", "debugger.enabled": "follows debug"}


def test_secrets_are_told_by_name(plan: Any) -> None:
    files = {
        "devserver.toml": "[base.env]\nOPEN = 'a'\nLOCKED = { value = 'b', secret = true }\n",
        ".env": "API_KEY=c\n",
    }
    assert plan(files).secrets == ("API_KEY", "LOCKED")


def test_plan_survives_the_process_boundary(plan: Any) -> None:
    text = "[base]\nreload = { include = ['a'], exclude = ['b'] }\nwsgi = { prefix = '/x', proxy-fix = { x-for = 1 } }\nbrowser.open = true\n"
    made = plan({"devserver.toml": text})
    assert Plan.from_json(json.loads(json.dumps(made.to_json()))) == made


@pytest.mark.parametrize(
    ("settings", "path", "value"),
    [
        pytest.param("debug = false", "env.FLASK_DEBUG", "0", id="debug-off-for-the-app"),
        pytest.param("debug = false", "debug", False, id="debug-off"),
        pytest.param("env.FLASK_DEBUG = '1'\ndebug = false", "env.FLASK_DEBUG", "1", id="what-is-written-wins"),
        pytest.param("loading = 'lazy'", "loading", "lazy", id="loading"),
        pytest.param("debugger.pin = 'off'", "debugger.pin", "", id="pin-off"),
        pytest.param("debugger.pin = '12-34'", "debugger.pin", "12-34", id="own-pin"),
        pytest.param("debugger.console = false", "debugger.console", False, id="console"),
        pytest.param("browser.open = true", "browser.open", "/", id="open"),
        pytest.param("browser.open = '/admin'", "browser.open", "/admin", id="open-path"),
        pytest.param("browser.open = 'admin'", "browser.open", "/admin", id="open-path-without-slash"),
        pytest.param("browser.open = ''", "browser.open", "", id="open-nothing"),
        pytest.param("processes = 3", "threads", False, id="processes-instead-of-threads"),
        pytest.param("processes = 3", "processes", 3, id="processes"),
        pytest.param("reload.poll = 2", "reload.poll", 2.0, id="poll"),
        pytest.param("reload.drain-seconds = 1", "reload.drain_seconds", 1.0, id="drain"),
        pytest.param("reload.engine = 'restart'", "reload.engine", "restart", id="engine"),
        pytest.param("wsgi.proxy-fix.x-for = 1", "wsgi.proxy_fix", {"x_for": 1}, id="proxy-fix"),
        pytest.param("wsgi.lint = true", "wsgi.lint", True, id="lint"),
        pytest.param("wsgi.passthrough-errors = true", "wsgi.passthrough_errors", True, id="passthrough-errors"),
        pytest.param("wsgi.request-handler = 'a:B'", "wsgi.request_handler", "a:B", id="request-handler"),
        pytest.param("allowed-hosts = ['a']", "allowed_hosts", ("a",), id="allowed-hosts"),
    ],
)
def test_settings_arrive(plan: Any, settings: str, path: str, value: object) -> None:
    found = plan({"devserver.toml": f"[base]\n{settings}\n"})
    for part in path.split("."):
        found = found[part] if isinstance(found, dict) else getattr(found, part)
    assert found == value


def test_paths_are_absolute(plan: Any, tmp_path: Path) -> None:
    files = {
        "devserver.toml": "[base]\napp-dir = 'src'\ntls = { cert = 'c.pem', key = 'k.pem' }\nwsgi = { static = { '/s' = 'static' }, profiler = 'prof' }\n",
        "src/x": "",
        "static/x": "",
        "c.pem": "",
        "k.pem": "",
    }
    made = plan(files)
    assert made.target == Target("", str(tmp_path / "src"), str(tmp_path), search=False)
    assert (made.tls.cert, made.tls.key, made.tls.directory) == (str(tmp_path / "c.pem"), str(tmp_path / "k.pem"), "")
    assert (made.wsgi.static, made.wsgi.profiler) == ({"/s": str(tmp_path / "static")}, str(tmp_path / "prof"))


def test_adhoc_certificate_has_a_folder_to_stay_in(plan: Any, tmp_path: Path) -> None:
    tls = plan({"devserver.toml": "[base]\ntls.adhoc = true"}).tls
    assert (tls.adhoc, tls.directory) == (True, str(tmp_path / ".launch" / "tls"))


def test_app_dir_outside_of_the_project_is_a_root_too(
    plan: Any, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    assert plan({"devserver.toml": f"[base]\napp-dir = '{other}'"}).roots == (str(tmp_path), str(other))


def test_settings_files_exist_or_not(plan: Any, tmp_path: Path) -> None:
    made = plan({"devserver.toml": "[profiles.x]", "profiles/a.toml": ""}, profile="x")
    assert [str(Path(path).relative_to(tmp_path)) for path in made.settings_files] == [
        "devserver.toml",
        "devserver.local.toml",
        "profiles/a.toml",
        ".flaskenv",
        ".env",
        ".env.x",
        ".env.local",
        ".env.x.local",
        "profiles",
    ]


def test_origins_name_place_variable_or_flag(plan: Any) -> None:
    made = plan(
        {"devserver.toml": "[base]\napp = 'x:y'\nenv.A = 'a'\n"},
        environ={"LAUNCH_HOST": "::1", "A": "b"},
        flags=(Given("port", "--port", "1"), Given("debug", "--no-debug", "false")),
    )
    assert made.origins == {
        "app": "devserver.toml:2:7",
        "host": "LAUNCH_HOST",
        "port": "--port",
        "debug": "--no-debug",
        "reload.enabled": "follows debug",
        "debugger.enabled": "follows debug",
        "env.A": "A",
    }


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        pytest.param("'table'", ("A",), id="another-value"),
        pytest.param("{ value = 'table' }", ("A",), id="another-value-in-a-table"),
        pytest.param("'shell'", (), id="same-value"),
        pytest.param("{ default = 'x' }", (), id="default-is-made-to-be-replaced"),
        pytest.param("{ required = 'x' }", (), id="requirement-is-met"),
        pytest.param("{ value = 'x', override = true }", (), id="override"),
    ],
)
def test_kept_from_shell(plan: Any, value: str, kept: tuple[str, ...]) -> None:
    assert plan({"devserver.toml": f"[base]\nenv.A = {value}"}, environ={"A": "shell"}).kept_from_shell == kept


def test_unset_variables_are_taken_out(plan: Any) -> None:
    made = plan({"devserver.toml": "[base]\nenv.A = 'a'\nenv.B = 'b'"}, environ={"A": "shell"}, unsets=("env.A",))
    assert made.unset_env == ("A",)
    assert set(made.env) == {"B", "FLASK_DEBUG", "FLASK_RUN_FROM_CLI"}


@pytest.mark.parametrize(
    ("host", "port", "address"),
    [
        pytest.param("127.0.0.1", 80, Address("127.0.0.1", 80), id="plain"),
        pytest.param("::1", 0, Address("::1", 0), id="ipv6"),
        pytest.param("[::1]", 0, Address("::1", 0), id="ipv6-in-brackets"),
        pytest.param("unix:/run/x", 5000, Address("", 0, "/run/x"), id="socket"),
    ],
)
def test_address(host: str, port: int, address: Address) -> None:
    assert address_of(host, port, "/p") == address


def test_automatic_port_is_the_same_for_the_same_project() -> None:
    one, again, other = (address_of("localhost", "auto", root) for root in ("/a", "/a", "/b"))
    assert one == again
    assert one.auto
    assert one.port != other.port
    assert 1024 < one.port < 32768


@pytest.mark.parametrize(
    ("settings", "message", "column"),
    [
        pytest.param("app-dir = 'nope'", "app-dir points at nope, no such folder", 11, id="app-dir"),
        pytest.param("app-dir = 'file'", "app-dir points at file, is not a folder", 11, id="app-dir-is-a-file"),
        pytest.param("tls.cert = 'c.pem'", "tls.cert points at c.pem, no such file", 12, id="cert"),
        pytest.param("wsgi.static.'/s' = 'nope'", "wsgi.static./s points at nope, no such folder", 20, id="static"),
        pytest.param("app-dir = '/nope/nope'", "app-dir points at /nope/nope, no such folder", 11, id="outside"),
    ],
)
def test_missing_paths(plan: Any, tmp_path: Path, settings: str, message: str, column: int) -> None:
    with pytest.raises(PlanError) as caught:
        plan({"devserver.toml": f"[base]\n{settings}", "file": ""})
    (problem,) = caught.value.problems
    assert (problem.slug, problem.message) == ("path-missing", message)
    assert problem.place is not None
    assert (problem.place.file, problem.place.line, problem.place.column) == (
        str(tmp_path / "devserver.toml"),
        2,
        column,
    )


def test_all_missing_paths_at_once(plan: Any) -> None:
    with pytest.raises(PlanError) as caught:
        plan({"devserver.toml": "[base]\napp-dir = 'a'\ntls = { cert = 'b', key = 'c' }"})
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    ("there", "settings", "guess"),
    [
        pytest.param("cert/dev.pem", "tls.cert = 'certs/dev.pem'", "cert/dev.pem", id="folder"),
        pytest.param("certs/dve.pem", "tls.cert = 'certs/dev.pem'", "certs/dve.pem", id="name"),
        pytest.param("certs/other.txt", "tls.cert = 'certs/dev.pem'", "", id="nothing-near"),
        pytest.param("cert/other.pem", "tls.cert = 'certs/dev.pem'", "", id="folder-without-it"),
    ],
)
def test_missing_path_that_is_nearly_there(plan: Any, there: str, settings: str, guess: str) -> None:
    with pytest.raises(PlanError) as caught:
        plan({"devserver.toml": f"[base]\n{settings}", there: ""})
    (problem,) = caught.value.problems
    assert problem.hint.startswith(f"did you mean {guess}?  " if guess else "the full path is ")
