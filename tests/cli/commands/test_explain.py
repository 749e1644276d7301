from __future__ import annotations

import json
import re
import textwrap
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Project

FILES = {
    "devserver.toml": """\
        default-profile = "eager"

        [base]
        app = "shop:create_app"
        port = 5000
        env.DATABASE_URL = "postgres://me:hunter2@db/dev"
        env.API_TOKEN = "s3cr3t"
        env.COLOUR = "blue"
        reload.include = ["a", "b"]

        [profiles.lazy]
        port = 5050
        """,
    "profiles/eager.toml": """\
        loading = "eager"
        port = 5001
        """,
    "devserver.local.toml": """\
        [base]
        host = "127.0.0.2"
        """,
    ".env": "STRIPE_KEY=t0psecret\n",
}


@pytest.fixture
def shop(project: Project) -> Project:
    return project.files({name: textwrap.dedent(text) for name, text in FILES.items()})


def lines(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


def test_all_settings_that_are_no_defaults(shop: Project) -> None:
    ran = shop.launch("explain", COLOUR="red")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == lines(
        """
        profile eager   devserver.toml

          SETTING         VALUE              FROM
          app             "shop:create_app"  devserver.toml:4:7
          host            "127.0.0.2"        devserver.local.toml:2:8
          port            5001               profiles/eager.toml:2:8, hides 1
          loading         "eager"            profiles/eager.toml:1:11
          reload.include  ["a", "b"]         devserver.toml:9:18

          VARIABLE      VALUE                    FROM
          API_TOKEN     ***                      devserver.toml:7:17
          COLOUR        "red"                    the shell, hides 1
          DATABASE_URL  "postgres://***@db/dev"  devserver.toml:6:20
          STRIPE_KEY    ***                      .env:1:12

          All other settings have their defaults: launch explain --all
        """
    )


def test_variables_written_as_tables_show_their_text(project: Project) -> None:
    project.files({"devserver.toml": '[base.env]\nA = { default = "a" }\nB = { value = "b", secret = true }\n'})
    told = project.launch("explain").out
    assert '\n  A         "a"    devserver.toml:2:5\n' in told
    assert "\n  B         ***    devserver.toml:3:5\n" in told


def test_all_shows_defaults_too(shop: Project) -> None:
    out = shop.launch("explain", "--all").out
    assert "\n  reload.poll" in out
    assert "launch explain --all" not in out
    assert max(map(len, out.splitlines())) <= 80


def test_one_setting_with_what_it_hides(shop: Project) -> None:
    ran = shop.launch("explain", "port")
    assert ran.out == lines(
        """
        port = 5001
          Port to listen on. 0 picks a free port, `auto` the same free port each time.
          Must be a whole number 0-65535 or "auto".

          profiles/eager.toml:2:8  5001  used
          devserver.toml:5:8       5000  [base]
          default                  5000

          not set in  --port, LAUNCH_PORT, FLASK_RUN_PORT, .env, devserver.local.toml
          not active  profile lazy would set it too
          to change   once:      launch dev --port VALUE
                      just me:   devserver.local.toml, in [base]
                      everyone:  profiles/eager.toml:2:8
        """
    )


def test_a_variable_hides_the_files(shop: Project) -> None:
    out = shop.launch("explain", "port", "--profile", "lazy", LAUNCH_PORT="8").out
    assert "  LAUNCH_PORT          8     used\n  devserver.toml:12:8  5050  profile lazy\n" in out
    assert "everyone:  devserver.toml:12:8 (hidden by LAUNCH_PORT)" in out


def test_set_is_named_with_its_key(shop: Project) -> None:
    assert "  --set port               7     used\n" in shop.launch("explain", "port", "--set", "port=7").out


def test_unset_is_a_candidate(shop: Project) -> None:
    out = shop.launch("explain", "app", "--unset", "app").out
    assert out.startswith("app = (unset)\n")
    assert '  devserver.toml:4:7  "shop:create_app"  [base]\n' in out


def test_a_table_shows_all_of_its_settings(shop: Project) -> None:
    out = shop.launch("explain", "reload").out
    assert [line.split()[0] for line in out.splitlines()[3:]] == [
        "reload.enabled",
        "reload.engine",
        "reload.include",
        "reload.exclude",
        "reload.poll",
        "reload.drain-seconds",
    ]


def test_a_table_in_which_nothing_is_set(shop: Project) -> None:
    assert "Nothing is set here." in shop.launch("explain", "wsgi.static").out


def test_a_variable_that_nobody_set(shop: Project) -> None:
    out = shop.launch("explain", "env.NOBODY").out
    assert out.startswith("env.NOBODY = (not set)\n")
    assert "once:      launch dev --set 'env.NOBODY=\"VALUE\"'" in out


@pytest.mark.parametrize(
    ("key", "match"),
    [
        pytest.param("prot", "port", id="transposed-letters"),
        pytest.param("engine", "reload.engine", id="table-left-out"),
        pytest.param("reload.drain_seconds", "reload.drain-seconds", id="underscore"),
        pytest.param("env.DATABSE_URL", "env.DATABASE_URL", id="app-variable"),
    ],
)
def test_unknown_key(shop: Project, key: str, match: str) -> None:
    ran = shop.launch("explain", key)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"error[unknown-key]: `{key}` is not a setting\n")
    assert f"did you mean `{match}`?" in ran.err


SECRETS = ("s3cr3t", "hunter2", "t0psecret")


@pytest.mark.parametrize(
    "argv",
    [
        ["explain"],
        ["explain", "--all", "--json"],
        ["explain", "--json"],
        ["explain", "env"],
        *(
            ["explain", f"env.{name}", *more]
            for name in ("API_TOKEN", "DATABASE_URL", "STRIPE_KEY")
            for more in ([], ["--json"])
        ),
        ["explain", "env.API_TOKEN", "--set", "env.API_TOKEN='s3cr3t'"],
        ["explain", "prot", "--set", "env.API_TOKEN='s3cr3t'"],
        ["profiles", "diff", "lazy", "eager", "--json"],
        ["profiles", "diff", "lazy", "eager", "--set", "env.API_TOKEN='s3cr3t'"],
        ["check", "--json", "--set", "env.API_TOKEN='s3cr3t'"],
        ["check", "--json", "--set", "env.API_TOKEN=s3cr3t"],
        ["dev", "--set", "env.API_TOKEN=s3cr3t", "--nope"],
    ],
    ids=" ".join,
)
def test_no_secret_is_ever_shown(shop: Project, argv: list[str]) -> None:
    ran = shop.launch(*argv, API_TOKEN="s3cr3t")
    assert ran.code in (0, 2)
    assert [secret for secret in SECRETS if secret in ran.out + ran.err] == []


def test_json_of_one_setting(shop: Project) -> None:
    told = json.loads(shop.launch("explain", "port", "--json").out)
    assert (told["format_version"], told["key"], told["profile"]) == (1, "port", "eager")
    assert [item["value"] for item in told["candidates"]] == [5001, 5000, 5000]
    assert told["candidates"][0]["origin"] == {
        "source": "profile",
        "file": str(shop.root / "profiles/eager.toml"),
        "line": 2,
        "column": 8,
        "path": ["port"],
        "profile": "eager",
    }
    assert told["change"]["everyone"] == f"{shop.root}/profiles/eager.toml:2:8"
    assert told["not_active"] == ["lazy"]


def test_json_of_all_settings(shop: Project) -> None:
    told = json.loads(shop.launch("explain", "--json").out)
    assert told["settings"]["reload.include"]["value"] == ["a", "b"]
    assert told["variables"]["API_TOKEN"]["secret"] is True
    assert "value" not in told["variables"]["API_TOKEN"]
    assert "debug" not in told["settings"]


def test_without_any_file(project: Project) -> None:
    ran = project.launch("explain", "port")
    assert ran.code == 0
    assert "just me:   devserver.local.toml, in [base]" in ran.out
    assert "everyone:  devserver.toml, in [base]" in ran.out
    assert project.launch("explain").out.startswith("profile (base)   no devserver.toml\n")


def test_pyproject_is_named_with_its_table(project: Project) -> None:
    project.files({"pyproject.toml": "[tool.launch.base]\nhost = 'a.localhost'\n"})
    assert "everyone:  pyproject.toml, in [tool.launch.base]" in project.launch("explain", "port").out


def test_the_app_is_not_imported(shop: Project) -> None:
    shop.files({"shop.py": "raise SystemExit('imported')\n", "app.py": "raise SystemExit('imported')\n"})
    assert [shop.launch(*argv).code for argv in (["explain"], ["check"], ["profiles"])] == [0, 0, 0]


def test_control_characters_of_a_file_are_escaped(project: Project) -> None:
    project.files({"devserver.toml": '[base]\napp = "a\\u001b[2Jb:c"\nenv."X\\u202e" = "\\u0007"\n'})
    for argv in (["explain"], ["explain", "app"], ["explain", "--json"], ["explain", "env.X\u202e"]):
        ran = project.launch(*argv)
        assert not set(ran.out + ran.err) & set("\x1b\x07\u202e")


@pytest.mark.parametrize(
    "argv",
    [
        ["explain"],
        ["explain", "--all"],
        ["explain", "port"],
        ["check"],
        ["profiles"],
        ["profiles", "diff", "lazy", "eager"],
    ],
    ids=" ".join,
)
def test_colour_changes_no_character(shop: Project, argv: list[str]) -> None:
    plain, coloured = shop.launch(*argv), shop.launch(*argv, "--color", "always")
    assert "\x1b[" in coloured.out
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured.out) == plain.out


def test_as_flags(shop: Project) -> None:
    ran = shop.launch("explain", "--as-flags")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "launch dev --isolated --app shop:create_app --host 127.0.0.2 --port 5001 --loading eager "
        '--set \'reload.include = ["a", "b"]\' --set \'env.COLOUR = "blue"\'\n'
        "# secret, so left out: env.DATABASE_URL, env.API_TOKEN, env.STRIPE_KEY\n"
    )


def test_as_flags_is_about_all_settings(shop: Project) -> None:
    ran = shop.launch("explain", "--as-flags", "port")
    assert (ran.code, ran.out) == (2, "")
    assert "--as-flags tells all settings: leave KEY out" in ran.err


def test_as_flags_in_json(shop: Project) -> None:
    told = json.loads(shop.launch("explain", "--as-flags", "--json", "--profile", "lazy").out)
    assert told["argv"][:3] == ["launch", "dev", "--isolated"]
    assert told["left_out"] == ["env.DATABASE_URL", "env.API_TOKEN", "env.STRIPE_KEY"]
    assert told["folder"] == str(shop.root)


def test_as_flags_says_where_to_run_it(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    (shop.root / "deep").mkdir()
    monkeypatch.chdir(shop.root / "deep")
    assert shop.launch("explain", "--as-flags").err == f"note: to be run in {shop.root}\n"
