"""A profile written as one command line resolves to the same values, wherever they came from."""

from __future__ import annotations

import os
import shlex
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from launcher.cli.as_flags import command_line
from launcher.cli.commands.dev import command as dev
from launcher.cli.environment import shell_word
from launcher.cli.invocation import Invocation
from launcher.cli.options import make_request
from launcher.cli.root import root as launch
from launcher.config.resolve import Given, Request, resolve_profile

if TYPE_CHECKING:
    from launcher.config.resolve import ResolvedProfile

SPEC = spec_from_file_location("precedence", Path(__file__).parents[1] / "config" / "precedence.py")
assert SPEC is not None
assert SPEC.loader is not None
precedence = module_from_spec(SPEC)
SPEC.loader.exec_module(precedence)
CASES = [case for case in precedence.cases() if "errors" not in case and "hex" not in case]


def resolve_words(words: list[str], folder: str) -> ResolvedProfile:
    """Resolve a command line as `launch dev` would, in *folder* and in an empty shell."""
    invocation = Invocation(tuple(words[1:]), {}, folder, "", None, None)
    with (
        launch().make_context("launch", [], obj=invocation) as above,
        dev.make_context("dev", words[2:], parent=above) as ctx,
    ):
        return resolve_profile(make_request(ctx, ctx.params, ctx.params.pop("app")))


def told(resolved: ResolvedProfile, left_out: list[str]) -> dict[str, Any]:
    values = resolved.settings.model_dump(by_alias=True)
    variables = {name: item.value for name, item in resolved.variables.items() if f"env.{name}" not in left_out}
    app = resolved.settings.app.replace(resolved.project.root + os.sep, "")  # the same file either way
    if "debugger.pin" in left_out:
        values["debugger"]["pin"] = None
    return {**values, "app": app, "env": variables, "env-files": None}


def check_same(resolved: ResolvedProfile) -> list[str]:
    words, left_out = command_line(resolved)
    line = " ".join(map(shell_word, words))
    again = resolve_words(shlex.split(line), resolved.project.root)
    assert told(again, left_out) == told(resolved, left_out)
    return left_out


@pytest.mark.parametrize("case", CASES, ids=[f"{case['topic']}-{case['name']}" for case in CASES])
def test_cases_of_the_corpus_are_told_in_full(case: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    for name, text in case.get("files", {}).items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("{root}", str(tmp_path)), encoding="utf-8", newline="")
    argv = case.get("argv", {})
    cwd = tmp_path / case.get("cwd", "")
    cwd.mkdir(parents=True, exist_ok=True)
    resolved = resolve_profile(
        Request(
            cwd=os.path.normpath(cwd),
            environ={n: t.replace("{root}", str(tmp_path)) for n, t in case.get("environ", {}).items()},
            home=str(tmp_path / case["home"]) if "home" in case else "",
            flags=tuple(
                Given(*(part.replace("{root}", str(tmp_path)) for part in flag)) for flag in argv.get("flags", ())
            ),
            sets=tuple(argv.get("sets", ())),
            unsets=tuple(argv.get("unsets", ())),
            profile=argv.get("profile"),
            config=argv["config"].replace("{root}", str(tmp_path)) if "config" in argv else None,
            local=argv.get("local", True),
            env_files=argv.get("env-files", True),
            isolated=argv.get("isolated", False),
        )
    )
    assert all(key.startswith("env.") or key == "debugger.pin" for key in check_same(resolved))


@pytest.mark.parametrize(
    ("text", "left_out"),
    [
        pytest.param("debug = false\nreload.enabled = true\n", [], id="set-to-the-default-against-what-it-follows"),
        pytest.param("processes = 3\n", [], id="follows-another"),
        pytest.param("tls.cert = 'adhoc'\ntls.key = '~k'\n", [], id="paths-that-would-mean-something-else"),
        pytest.param("host = 'unix:run/s.sock'\n", [], id="socket"),
        pytest.param("wsgi.static = { '/a.b' = 'public', '/c' = '/srv' }\n", [], id="map"),
        pytest.param("app = 'shop:make(\"it\\'s\", 1)'\n".replace("\\'", "x"), [], id="quotes"),
        pytest.param("browser.open = '/admin'\nbrowser.live-reload = true\n", [], id="switch-or-text"),
        pytest.param("reload.include = ['a:b', '-x', ' c ']\n", [], id="list"),
        pytest.param(
            "debugger.pin = 'off'\nport = 'auto'\nwsgi.proxy-fix.x-for = 2\nreload.poll = 1.5\n", [], id="kinds"
        ),
        pytest.param("debugger.pin = '123-456'\nport = 5001\n", ["debugger.pin"], id="pin"),
        pytest.param("app = '-x:y'\n", [], id="text-like-a-flag"),
        pytest.param(
            "env.A = \"x ' \\\" $y\\n\\u001b\"\nenv.'B.C' = ''\nenv.'D E' = 'd'\n", [], id="texts-of-variables"
        ),
        pytest.param(
            "env.API_KEY = 'k'\nenv.URL = 'db://a:b@c'\nenv.OK = 'x'\n", ["env.API_KEY", "env.URL"], id="secrets"
        ),
        pytest.param("allowed-hosts = ['http://a:b@c']\n", ["allowed-hosts"], id="password-in-a-setting"),
    ],
)
def test_settings(tmp_path: Path, text: str, left_out: list[str]) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "devserver.toml").write_text(f"[base]\n{text}", encoding="utf-8")
    resolved = resolve_profile(Request(str(tmp_path), {}))
    words, found = command_line(resolved)
    assert found == left_out
    assert str(tmp_path) not in " ".join(words)
    if not [key for key in left_out if not key.startswith("env.")]:
        line = " ".join(map(shell_word, words))
        if "$'" not in line:  # only a shell reads that
            check_same(resolved)


def test_nothing_to_tell(tmp_path: Path) -> None:
    assert command_line(resolve_profile(Request(str(tmp_path), {}, isolated=True))) == (
        ["launch", "dev", "--isolated"],
        [],
    )
