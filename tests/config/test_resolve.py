"""The pipeline from files, variables and flags to a resolved profile."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from launcher.config.layer import Source
from launcher.config.resolve import Given, Request, describe_origin, place_of, resolve_all, resolve_profile
from launcher.errors import ConfigError, LaunchError, Problem, UsageError

Any_ = Any  # the fixtures are functions; what they take is said in conftest.py
FULL = {
    "devserver.toml": "[base]\nport = 1\n[profiles.parent]\nport = 2\n[profiles.child]\nextends = 'parent'\nport = 3\n",
    "devserver.local.toml": "[base]\nport = 4\n[profiles.child]\nport = 5\n",
    ".flaskenv": "FLASK_RUN_PORT=6\n",
    ".env": "LAUNCH_PORT=7\n",
    ".env.child": "LAUNCH_PORT=8\n",
    ".env.local": "LAUNCH_PORT=9\n",
    ".env.child.local": "LAUNCH_PORT=10\n",
}
ENVIRON = {"FLASK_RUN_PORT": "11", "LAUNCH_PORT": "12"}
FLAGS: dict[str, Any] = {"flags": (Given("port", "--port", "13"),), "sets": ("port = 14", "port = 15")}


def test_whole_stack_in_order(resolve: Any_) -> None:
    """Every layer is a candidate, the higher number always above the lower."""
    resolved = resolve(FULL, profile="child", environ=ENVIRON, **FLAGS)
    assert [item.value for item in resolved.history[("port",)].candidates] == [*range(15, 0, -1), 5000]
    assert resolved.settings.port == 15
    assert resolved.chain == ("parent", "child")


@pytest.mark.parametrize(
    ("request_parts", "port"),
    [
        pytest.param({}, 15, id="all"),
        pytest.param({"sets": ()}, 13, id="flag"),
        pytest.param({"sets": (), "flags": ()}, 12, id="our-variable"),
        pytest.param({"sets": (), "flags": (), "environ": {"FLASK_RUN_PORT": "11"}}, 11, id="flasks-variable"),
        pytest.param({"sets": (), "flags": (), "environ": {}}, 10, id="personal-env-file-of-the-profile"),
        pytest.param({"sets": (), "flags": (), "environ": {}, "env_files": False}, 5, id="no-env-files"),
        pytest.param(
            {"sets": (), "flags": (), "environ": {}, "env_files": False, "local": False}, 3, id="no-personal-file"
        ),
        pytest.param(
            {"sets": (), "flags": (), "environ": {}, "env_files": False, "local": False, "profile": "parent"},
            2,
            id="parent",
        ),
        pytest.param(
            {"sets": (), "flags": (), "environ": {}, "env_files": False, "local": False, "profile": None}, 1, id="base"
        ),
        pytest.param({"sets": (), "profile": None, "isolated": True}, 13, id="isolated-has-flags"),
        pytest.param({"sets": (), "flags": (), "profile": None, "isolated": True}, 5000, id="isolated"),
        pytest.param(
            {"sets": (), "flags": (), "profile": None, "environ": {**ENVIRON, "LAUNCH_ISOLATED": "1"}},
            5000,
            id="isolated-by-variable",
        ),
    ],
)
def test_leaving_layers_out(resolve: Any_, request_parts: dict[str, Any], port: int) -> None:
    parts = {"profile": "child", "environ": ENVIRON, **FLAGS, **request_parts}
    assert resolve(FULL, **parts).settings.port == port


def test_without_any_file_there_are_defaults(resolve: Any_, root: Path) -> None:
    resolved = resolve({})
    assert (resolved.project.root, resolved.project.file, resolved.profile, resolved.chain) == (str(root), "", "", ())
    assert (resolved.settings.port, resolved.settings.debug, resolved.where("port")) == (5000, True, "default")


@pytest.mark.parametrize(
    ("files", "parts", "profile"),
    [
        pytest.param(
            {"devserver.toml": "default-profile = 'a'\n[profiles.a]\n[profiles.b]"}, {}, "a", id="default-profile"
        ),
        pytest.param(
            {"devserver.toml": "default-profile = 'a'\n[profiles.a]\n[profiles.b]"},
            {"environ": {"LAUNCH_PROFILE": "b"}},
            "b",
            id="variable",
        ),
        pytest.param(
            {"devserver.toml": "[profiles.a]\n[profiles.b]"},
            {"environ": {"LAUNCH_PROFILE": "b"}, "profile": "a"},
            "a",
            id="flag-over-variable",
        ),
        pytest.param(
            {
                "devserver.toml": "default-profile = 'a'\n[profiles.a]\n[profiles.b]",
                "devserver.local.toml": "default-profile = 'b'",
            },
            {},
            "b",
            id="personal-default",
        ),
        pytest.param({"devserver.toml": "[profiles.a]"}, {}, "", id="never-the-first-in-the-file"),
        pytest.param({"devserver.toml": "", "profiles/x.toml": ""}, {"profile": "x"}, "x", id="file"),
        pytest.param({"devserver.local.toml": "[profiles.mine]"}, {"profile": "mine"}, "mine", id="personal-profile"),
        pytest.param(
            {"profiles/x.toml": ""}, {"environ": {"LAUNCH_PROFILE": ""}}, "", id="empty-variable-is-not-given"
        ),
    ],
)
def test_selection(resolve: Any_, files: dict[str, str], parts: dict[str, Any], profile: str) -> None:
    assert resolve(files, **parts).profile == profile


def test_personal_profile_extends_the_teams(resolve: Any_) -> None:
    files = {
        "devserver.toml": "[profiles.team]\nport = 1\nhost = '::1'",
        "devserver.local.toml": "[profiles.mine]\nextends = 'team'\nport = 2",
    }
    resolved = resolve(files, profile="mine")
    assert (resolved.settings.port, resolved.settings.host, resolved.chain) == (2, "::1", ("team", "mine"))


@pytest.mark.parametrize(
    ("parts", "slugs", "kind"),
    [
        pytest.param({"profile": "x"}, ["unknown-profile"], UsageError, id="unknown-profile-flag"),
        pytest.param(
            {"environ": {"LAUNCH_PROFILE": "x"}}, ["unknown-profile"], ConfigError, id="unknown-profile-variable"
        ),
        pytest.param({"config": "nope.toml"}, ["config-missing"], UsageError, id="missing-config"),
        pytest.param(
            {"environ": {"LAUNCH_CONFIG": "nope.toml"}}, ["config-missing"], ConfigError, id="missing-config-variable"
        ),
        pytest.param({"environ": {"LAUNCH_ISOLATED": "perhaps"}}, ["env-value"], ConfigError, id="isolated-perhaps"),
        pytest.param({"flags": (Given("port", "--port", "x"),)}, ["flag-value"], UsageError, id="flag"),
        pytest.param(
            {"flags": (Given("port", "--port", "x"),), "environ": {"LAUNCH_PORT": "y"}},
            ["env-value", "flag-value"],
            ConfigError,
            id="flag-and-variable",
        ),
        pytest.param({"sets": ("tls = true", "tls.cert = 'x'")}, ["type-conflict"], UsageError, id="contradiction"),
        pytest.param(
            {"flags": (Given("env-files", "--env-file", "no.env"),)},
            ["env-file-missing"],
            UsageError,
            id="missing-env-file",
        ),
        pytest.param(
            {"isolated": True, "profile": "x"}, ["unknown-profile"], UsageError, id="isolated-knows-no-profile"
        ),
    ],
)
def test_errors_of_the_outside(resolve: Any_, parts: dict[str, Any], slugs: list[str], kind: type[LaunchError]) -> None:
    with pytest.raises(LaunchError) as caught:
        resolve({}, **parts)
    assert type(caught.value) is kind
    assert sorted(problem.slug for problem in caught.value.problems) == slugs
    assert all(problem.place for problem in caught.value.problems)


def test_all_problems_at_once_grouped_by_file_from_top_to_bottom(resolve: Any_, root: Path) -> None:
    files = {
        "devserver.toml": "prot = 1\n[base]\nloading = 'egar'\nport = 'x'\n[profiles.a]\nextends = 'b'\n",
        "devserver.local.toml": "[base]\nhost = 3\n",
        ".env": "LAUNCH_PROT=1\nA B=1\n",
    }
    with pytest.raises(ConfigError) as caught:
        resolve(files, profile="a", environ={"LAUNCH_PORT": "y"})
    found = [
        (Path(problem.place.file).name, problem.place.line, problem.slug)
        for problem in caught.value.problems
        if problem.place
    ]
    assert found == [
        ("devserver.toml", 1, "unknown-key"),
        ("devserver.toml", 3, "bad-choice"),
        ("devserver.toml", 4, "wrong-type"),
        ("devserver.toml", 6, "extends-unknown"),
        (".env", 1, "env-unknown"),
        (".env", 2, "dotenv-syntax"),
        ("devserver.local.toml", 2, "wrong-type"),
        ("environment", 0, "env-value"),
    ]


def test_wrong_value_is_told_also_where_it_is_hidden(resolve: Any_) -> None:
    with pytest.raises(ConfigError):
        resolve({"devserver.toml": "[base]\nport = 'x'"}, flags=(Given("port", "--port", "1"),))


def test_broken_file_of_another_profile_is_a_warning(resolve: Any_) -> None:
    resolved = resolve({"devserver.toml": "", "profiles/a.toml": "port =", "profiles/b.toml": ""}, profile="b")
    assert [(problem.slug, problem.warning) for problem in resolved.warnings] == [("toml-syntax", True)]


def test_broken_file_of_the_profile_or_its_parent_is_an_error(resolve: Any_) -> None:
    for name in ("a", "b"):
        with pytest.raises(ConfigError) as caught:
            resolve(
                {"devserver.toml": "", "profiles/a.toml": "port =", "profiles/b.toml": "extends = 'a'"}, profile=name
            )
        assert [problem.slug for problem in caught.value.problems] == ["toml-syntax"]


def test_settings_of_other_profiles_are_not_looked_at(resolve: Any_) -> None:
    resolve({"devserver.toml": "[profiles.a]\nport = 'x'\n[profiles.b]"}, profile="b")


@pytest.mark.parametrize(
    ("files", "parts", "value"),
    [
        pytest.param({"devserver.toml": "[base]\napp-dir = 'src'"}, {"cwd": "sub"}, "src", id="project-file"),
        pytest.param(
            {"devserver.toml": "", "profiles/p.toml": "app-dir = 'src'"},
            {"cwd": "sub", "profile": "p"},
            "src",
            id="profile-file",
        ),
        pytest.param(
            {"devserver.toml": ""}, {"cwd": "sub", "environ": {"LAUNCH_APP_DIR": "src"}}, "sub/src", id="variable"
        ),
        pytest.param(
            {"devserver.toml": ""},
            {"cwd": "sub", "flags": (Given("app-dir", "--app-dir", "src"),)},
            "sub/src",
            id="flag",
        ),
        pytest.param(
            {"devserver.toml": "[base]\nenv-files = ['conf/x']", "conf/x": "LAUNCH_APP_DIR=src"},
            {"cwd": "sub"},
            "conf/src",
            id="env-file",
        ),
    ],
)
def test_relative_paths(resolve: Any_, root: Path, files: dict[str, str], parts: dict[str, Any], value: str) -> None:
    assert resolve(files, **parts).settings.app_dir == str(root / value)


def test_env_file_by_flag_is_relative_to_the_current_folder(resolve: Any_) -> None:
    resolved = resolve(
        {"devserver.toml": "", "sub/my.env": "A=1"}, cwd="sub", flags=(Given("env-files", "--env-file", "my.env"),)
    )
    assert resolved.variables["A"].value == "1"


@pytest.mark.parametrize(
    ("files", "environ", "debug"),
    [
        pytest.param({}, {"FLASK_ENV": "development"}, True, id="development"),
        pytest.param({}, {"FLASK_ENV": "production"}, False, id="production"),
        pytest.param(
            {".env": "FLASK_DEBUG=1"},
            {"FLASK_ENV": "production"},
            True,
            id="debug-of-a-file-beats-environment-of-the-shell",
        ),
        pytest.param({".flaskenv": "FLASK_ENV=production"}, {"FLASK_DEBUG": "1"}, True, id="debug-of-the-shell"),
        pytest.param({".flaskenv": "FLASK_DEBUG=0"}, {}, False, id="flaskenv"),
        pytest.param({".flaskenv": "FLASK_DEBUG=0", ".env": "FLASK_DEBUG=1"}, {}, True, id="env-over-flaskenv"),
        pytest.param({}, {"FLASK_DEBUG": "off"}, False, id="off-is-off"),
        pytest.param({}, {"FLASK_DEBUG": "0", "LAUNCH_DEBUG": "on"}, True, id="ours-over-flasks"),
    ],
)
def test_flasks_debug_variables(resolve: Any_, files: dict[str, str], environ: dict[str, str], debug: bool) -> None:
    resolved = resolve({"devserver.toml": "[base]\n", **files}, environ=environ)
    assert resolved.settings.debug is debug
    assert resolved.settings.reload.enabled is debug
    assert resolved.history[("debugger", "enabled")].winner.origin.source is Source.DERIVED


def test_unset_gives_the_default_again(resolve: Any_) -> None:
    resolved = resolve(
        {"devserver.toml": "[base]\nport = 1\nhost = '::1'\n[profiles.a]\nunset = ['port']"},
        profile="a",
        unsets=("host",),
    )
    assert (resolved.settings.port, resolved.settings.host) == (5000, "127.0.0.1")
    assert resolved.history[("port",)].winner.unset


ENV = "[base.env]\nA = 'table'\nB = { required = 'ask', secret = true }\nC = { value = 'kept', override = true }\nD = { default = 'd' }\n"


@pytest.mark.parametrize(
    ("files", "environ", "values"),
    [
        pytest.param({}, {"B": "x"}, {"A": "table", "B": "x", "C": "kept", "D": "d"}, id="tables"),
        pytest.param(
            {}, {"A": "1", "B": "2", "C": "3", "D": "4"}, {"A": "1", "B": "2", "C": "kept", "D": "4"}, id="shell"
        ),
        pytest.param(
            {".env": "A=1\nB=2\nC=3\nD=4\nE=5"},
            {},
            {"A": "1", "B": "2", "C": "kept", "D": "4", "E": "5"},
            id="env-file",
        ),
        pytest.param(
            {".env": "A=1\nB=2\nE=5"},
            {"A": "s", "E": "s"},
            {"A": "s", "B": "2", "C": "kept", "D": "d", "E": "s"},
            id="shell-over-env-file",
        ),
    ],
)
def test_variables(resolve: Any_, files: dict[str, str], environ: dict[str, str], values: dict[str, str]) -> None:
    resolved = resolve({"devserver.toml": ENV, **files}, environ=environ)
    assert {name: variable.value for name, variable in resolved.variables.items()} == values
    assert resolved.variables["B"].secret


def test_variables_by_flag_win_over_all(resolve: Any_) -> None:
    resolved = resolve({"devserver.toml": ENV}, environ={"A": "s", "B": "s"}, sets=("env.A='set'", "env.C='set'"))
    assert (resolved.variables["A"].value, resolved.variables["C"].value) == ("set", "set")


def test_missing_variables_are_told_together_with_other_problems(resolve: Any_) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(
            {"devserver.toml": ENV + "X = { required = 'me too' }\n[profiles.a]\n"},
            flags=(Given("port", "--port", "x"),),
        )
    assert {problem.slug for problem in caught.value.problems} == {"env-missing", "flag-value"}


def test_variables_are_not_called_missing_while_their_file_is_broken(resolve: Any_) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve({"devserver.toml": ENV, ".env": 'B="x'})
    assert [problem.slug for problem in caught.value.problems] == ["dotenv-syntax"]


def test_unsafe_bind(resolve: Any_) -> None:
    files = {"devserver.toml": "[profiles.lan]\nhost = '0.0.0.0'"}
    with pytest.raises(ConfigError) as caught:
        resolve(files, profile="lan")
    assert [problem.slug for problem in caught.value.problems] == ["unsafe-bind"]
    resolve(files, profile="lan", flags=(Given("host", "--host", "0.0.0.0"),))
    resolve(files, profile="lan", flags=(Given("debug", "--no-debug", "false"),))
    resolve({**files, "devserver.local.toml": "[base]\nhost = '0.0.0.0'"}, profile="lan")


def test_where(resolve: Any_) -> None:
    files = {
        "devserver.toml": "[base]\napp = 'x:y'\nwsgi.static.'/s.d' = '.'\n",
        ".env": "LAUNCH_LOADING=lazy\n",
        "sub/x": "",
    }
    resolved = resolve(files, cwd="sub", environ={"LAUNCH_HOST": "::1"}, flags=(Given("port", "--port", "1"),))
    assert {
        key: resolved.where(key)
        for key in ("app", "loading", "host", "port", "threads", "debugger.enabled", "wsgi.static./s.d", "env.NO")
    } == {
        "app": "devserver.toml:2:7",
        "loading": ".env:1:16",
        "host": "LAUNCH_HOST",
        "port": "--port",
        "threads": "default",
        "debugger.enabled": "follows debug",
        "wsgi.static./s.d": "devserver.toml:3:22",
        "env.NO": "default",
    }
    assert resolved.place("app") == place_of(resolved.history[("app",)].winner.origin)
    assert resolved.place("env.NO") is None


def test_file_outside_of_the_project_keeps_its_path(resolve: Any_, root: Path) -> None:
    resolved = resolve({"devserver.toml": "[base]\nport = 1"})
    assert describe_origin(resolved.history[("port",)].winner.origin, "/elsewhere") == f"{root}/devserver.toml:2:8"


def test_profiles_are_listed(resolve: Any_) -> None:
    files = {
        "devserver.toml": "[profiles.a]\ndescription = 'first'\nextends = ['_c']\nport = 1\nreload.engine = 'auto'\nunset = ['host']\n[profiles._c]\n",
        "profiles/b.toml": "host = '::1'",
        "devserver.local.toml": "[profiles.mine]\n",
    }
    infos = resolve(files).profiles
    assert [(info.name, info.extends, info.description, info.keys, info.abstract, info.local) for info in infos] == [
        ("a", ("_c",), "first", ("port", "reload.engine"), False, False),
        ("_c", (), "", (), True, False),
        ("b", (), "", ("host",), False, False),
        ("mine", (), "", (), False, True),
    ]


def test_candidates_of_the_project(resolve: Any_, root: Path) -> None:
    resolved = resolve({"devserver.toml": "[profiles.a]", ".env": "A=1", "profiles/b.toml": ""}, profile="a")
    found = {str(Path(item.path).relative_to(root)): item.exists for item in resolved.project.candidates}
    assert found == {
        "devserver.toml": True,
        "devserver.local.toml": False,
        "profiles/b.toml": True,
        ".flaskenv": False,
        ".env": True,
        ".env.a": False,
        ".env.local": False,
        ".env.a.local": False,
    }


def test_pyproject(resolve: Any_) -> None:
    resolved = resolve(
        {
            "pyproject.toml": "[tool.launch]\ndefault-profile = 'a'\n[tool.launch.base]\nport = 1\n[tool.launch.profiles.a]\nhost = '::1'\n"
        }
    )
    assert (resolved.settings.port, resolved.settings.host) == (1, "::1")
    assert resolved.where("host") == "pyproject.toml:6:8"


def test_resolve_all(ask: Any_) -> None:
    files = {
        "devserver.toml": "[base]\nport = 1\nhost = 'a.localhost'\n[profiles.good]\n[profiles.bad]\nport = 'x'\n[profiles._hidden]\nport = 'y'\n",
        "devserver.local.toml": "[base]\nhost = 'localhost'\n",
    }
    survey = resolve_all(ask(files))
    assert [
        (item.profile, item.resolved is None, [problem.slug for problem in item.problems]) for item in survey.profiles
    ] == [
        ("", False, []),
        ("good", False, []),
        ("bad", True, ["wrong-type"]),
    ]
    assert [
        (problem.slug, problem.place.line if problem.place else 0, problem.warning) for problem in survey.apart
    ] == [("never-used", 7, True)]


def test_resolve_all_leaves_base_out_where_a_default_profile_takes_its_place(ask: Any_) -> None:
    survey = resolve_all(ask({"devserver.toml": "default-profile = 'a'\n[profiles.a]"}))
    assert [item.profile for item in survey.profiles] == ["a"]


@pytest.mark.parametrize(
    ("files", "environ", "line"),
    [
        pytest.param({"devserver.toml": "default-profile = 'b'\n[profiles.a]"}, {}, 1, id="committed"),
        pytest.param(
            {"devserver.toml": "[profiles.a]", "devserver.local.toml": "\ndefault-profile = 'b'"}, {}, 2, id="personal"
        ),
        pytest.param(
            {"devserver.toml": "default-profile = '_a'\n[profiles._a]\n[profiles.b]\nextends = '_a'"},
            {},
            1,
            id="only-to-extend",
        ),
        pytest.param(
            {"devserver.toml": "default-profile = 'b'\n[profiles.a]"}, {"LAUNCH_PROFILE": "a"}, 1, id="hidden"
        ),
        pytest.param({"devserver.toml": "[profiles.a]"}, {"LAUNCH_PROFILE": "b"}, 0, id="variable"),
    ],
)
def test_resolve_all_tells_a_profile_that_cannot_be_chosen(
    ask: Any_, files: dict[str, str], environ: dict[str, str], line: int
) -> None:
    (problem,) = resolve_all(ask(files, environ=environ)).apart
    assert (problem.slug, problem.place and problem.place.line, problem.warning) == ("unknown-profile", line, False)


def test_resolve_all_raises_where_nothing_can_be_read(ask: Any_) -> None:
    with pytest.raises(ConfigError):
        resolve_all(ask({"devserver.toml": "broken"}))


CANARY = "c4n4ry-s3cret"


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"devserver.toml": f"[base.env]\nAPI_KEY = ['{CANARY}']"}, id="wrong-type"),
        pytest.param(
            {"devserver.toml": f"[base.env]\nX = {{ value = '{CANARY}', secret = true, typo = 1 }}"}, id="unknown-key"
        ),
        pytest.param(
            {"devserver.toml": f"[base.env]\nX = {{ secret = true, value = '{CANARY}', default = '{CANARY}' }}"},
            id="two-kinds",
        ),
        pytest.param({"devserver.toml": f"[base.env]\nTOKEN = '{CANARY}"}, id="syntax"),
        pytest.param({".env": f"A B={CANARY}\nC='{CANARY}\n"}, id="env-file-syntax"),
        pytest.param(
            {".env": f"LD_PRELOAD={CANARY}\n1X={CANARY}\nT={CANARY}\nT={CANARY}\nLAUNCH_PORT=x"}, id="env-file-names"
        ),
        pytest.param(
            {"devserver.toml": f"[base]\nport = 'postgres://u:{CANARY}@h'\nloading = 'postgres://u:{CANARY}@h'"},
            id="password-in-url",
        ),
    ],
)
def test_no_error_shows_a_secret(resolve: Any_, files: dict[str, str]) -> None:
    with pytest.raises(LaunchError) as caught:
        resolve({"devserver.toml": "", **files}, sets=(f"env.API_KEY={CANARY}", f"env.B_TOKEN=['{CANARY}']"))
    assert CANARY not in repr(caught.value.problems)
    assert CANARY not in str(caught.value)


def test_mutated_files_never_break_us(ask: Any_) -> None:
    """A broken file is an error of the user with a place, never one of ours."""
    chance = random.Random(2)
    files = {
        "devserver.toml": "default-profile = 'a'\n[base]\nport = 1\nenv.X = { value = 'a', secret = true }\nunset = ['tls']\n[profiles.a]\nextends = 'b'\nreload = { include = ['x'] }\n[profiles.b]\ntls.cert = 'c'\n",
        ".env": "A=1\nexport B='x ${A}'\nLAUNCH_PORT=2\n",
    }
    for _ in range(300):
        broken = dict(files)
        name = chance.choice(list(files))
        text = list(files[name])
        for _ in range(chance.randint(1, 4)):
            position = chance.randrange(len(text))
            text[position : position + chance.randint(0, 2)] = chance.choice(
                ["", "=", "[", "]", "{", "'", '"', "\n", ".", "0", "é", "$", "base", "env", "true"]
            )
        broken[name] = "".join(text)
        problems = problems_of(ask(broken))
        assert all(problem.message and problem.slug and problem.place for problem in problems)


def problems_of(request: Request) -> tuple[Problem, ...]:
    try:
        resolve_profile(request)
    except LaunchError as error:
        return error.problems
    return ()


def test_happy_path_loads_neither_positions_nor_dotenv(root: Path) -> None:
    (root / "devserver.toml").write_text("[base]\nport = 1\n")
    code = (
        "import sys\nfrom launcher.config.resolve import Request, resolve_profile\n"
        f"resolve_profile(Request(cwd={str(root)!r}, environ={{}}))\n"
        "print([name for name in ('launcher.config.toml.positions', 'launcher.config.places', 'dotenv', 'click', 'werkzeug', 'watchfiles') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def calls_to_check(root: Path, count: int, loading: str) -> int:
    """Return how many functions are called, Python's own included, while so many profiles are checked."""
    profiles = "".join(
        f"[profiles.p{number}]\nextends = 'parent'\nport = 5001\nloading = '{loading}'\n" for number in range(count)
    )
    (root / "devserver.toml").write_text(f"[base]\napp = 'a:b'\n[profiles.parent]\nport = 1\n{profiles}")
    calls = 0

    def count_calls(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    request = Request(cwd=str(root), environ={})
    resolve_all(request)  # loads what is loaded late, and fills the caches
    before = sys.getprofile()
    sys.setprofile(count_calls)
    try:
        found = resolve_all(request)
    finally:
        sys.setprofile(before)
    assert len(found.profiles) == count + 2  # with [base] alone
    return calls


@pytest.mark.parametrize("loading", ["eager", "egar"], ids=["right", "wrong"])
def test_work_grows_in_proportion_to_the_profiles(root: Path, loading: str) -> None:
    """The second step adds twice as many profiles as the first, so it adds twice as many calls."""
    few, some, many = (calls_to_check(root, count, loading) for count in (40, 80, 160))
    assert (many - some) / (some - few) == pytest.approx(2, abs=0.3)


@pytest.mark.parametrize(
    ("files", "environ", "notes"),
    [
        pytest.param({"devserver.toml": "[base]\nport = 5001\n"}, {"LAUNCH_PORT": "x"}, ("without it the value would be 5001 (devserver.toml:2:8)",), id="file"),
        pytest.param({}, {"LAUNCH_PORT": "x"}, ("without it the value would be 5000 (default)",), id="default"),
        pytest.param({"devserver.toml": "[base]\ndebug = false\n"}, {"LAUNCH_DEBUG": "x"}, ("without it the value would be false (devserver.toml:2:9)",), id="switch"),
        pytest.param({"devserver.toml": "[base]\ndebugger.pin = '123'\n"}, {"LAUNCH_DEBUGGER__PIN": "x"}, (), id="secret"),
        pytest.param({}, {"LAUNCH_ALLOWED_HOSTS": "[1]"}, (), id="list"),
    ],
)  # fmt: skip
def test_a_wrong_variable_is_told_with_what_it_hides(
    resolve: Any_, files: dict[str, str], environ: dict[str, str], notes: tuple[str, ...]
) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(files, environ=environ)
    assert caught.value.problems[0].notes == notes


def test_of_very_many_problems_the_first_are_told(resolve: Any_) -> None:
    keys = "".join(f"k{number} = 1\n" for number in range(300))
    with pytest.raises(ConfigError) as caught:
        resolve({"devserver.toml": f"[base]\n{keys}"})
    assert len(caught.value.problems) == 100
    assert caught.value.problems[-1].notes == ("there are more problems; these are the first 100",)
