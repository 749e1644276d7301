"""`launch check` and the worker agree: the same projects are right for both, and the same ones wrong."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from launcher.cli.preview import app_trouble
from tests.worker.test_target import FOUND, REFUSED, Found, Refused, target, write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Project

BY_FILES = ("target-not-found", "target-file", "target-module", "target-syntax")
APP = {"app.py": "app = lambda environ, start_response: []\n"}


@pytest.mark.parametrize("case", FOUND, ids=lambda case: case.id)
def test_preview_has_no_complaint_about_an_app_that_loads(case: Found, tmp_path: Path) -> None:
    write(tmp_path, case.files)
    assert app_trouble(target(tmp_path, case.spec.replace("{root}", str(tmp_path)), case.options)) is None


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.id)
def test_preview_finds_what_files_tell(case: Refused, tmp_path: Path) -> None:
    write(tmp_path, case.files)
    found = app_trouble(target(tmp_path, case.spec, case.options))
    assert (found.slug if found else "") in (case.slug, "")
    assert found or case.slug not in BY_FILES


@pytest.mark.parametrize(
    ("files", "spec", "slug"),
    [
        pytest.param({"shop/__init__.py": "__path__.append('x')\n"}, "shop.web", "", id="package-that-extends-itself"),
        pytest.param({"shop/web.py": ""}, "shop.web:app", "", id="package-without-a-file"),
        pytest.param({}, "flask.json:app", "", id="installed"),
        pytest.param({"lib/shop.py": ""}, "shop:app", "", id="in-a-folder-of-pythonpath"),
        pytest.param({"web/shop.py": ""}, "shop:app", "target-module", id="in-another-folder"),
    ],
)
def test_preview_of_a_module(files: dict[str, str], spec: str, slug: str, tmp_path: Path) -> None:
    write(tmp_path, files)
    found = app_trouble(target(tmp_path, spec, {}), [str(tmp_path / "lib")])
    assert (found.slug if found else "") == slug


@pytest.mark.parametrize(
    ("text", "slug", "code"),
    [
        pytest.param('app = "shpo:app"', "target-module", 2, id="module-missing"),
        pytest.param('app = "./shpo.py"', "target-file", 2, id="file-missing"),
        pytest.param('app = "app:make("', "target-syntax", 2, id="reference-broken"),
        pytest.param('app-dir = "web"', "path-missing", 0, id="folder-missing"),
        pytest.param('wsgi.static."/s" = "web"', "path-missing", 0, id="static-folder-missing"),
        pytest.param('env-files = [".env", "dev.env"]', "env-file-missing", 0, id="env-file-missing"),
        pytest.param('host = "203.0.113.7"\ndebugger.enabled = false', "host-unknown", 0, id="address-elsewhere"),
        pytest.param('wsgi.request-handler = "nowhere:Quiet"', "bad-request-handler", 2, id="handler-missing"),
        pytest.param('tls.cert = "app.py"', "tls-file", 0, id="certificate-is-none"),
        pytest.param("[base.env]\nport = '8000'", "wrong-place", 0, id="setting-among-variables"),
        pytest.param("[base.env]\nport = 8000", "wrong-place", 2, id="number-among-variables"),
    ],
)
def test_check_finds_what_dev_would_miss(project: Project, text: str, slug: str, code: int) -> None:
    ran = project.files({**APP, "devserver.toml": f"[base]\n{text}\n"}).launch("check")
    assert (ran.code, f"[{slug}]" in ran.err) == (code, True), ran.err


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"devserver.toml": '[base]\napp = "app:app"\n'}, id="named"),
        pytest.param({"devserver.toml": ""}, id="found"),
        pytest.param({"devserver.toml": '[base]\nenv-files = ["dev.env"]\n', "dev.env.local": ""}, id="variant-of-env"),
        pytest.param(
            {
                "devserver.toml": '[base]\nhost = "0.0.0.0"\nport = 5001\n',
                "devserver.local.toml": '[base]\nhost = "0.0.0.0"\nport = 5002\n',
            },
            id="local-file-overrides-and-confirms",
        ),
        pytest.param({"devserver.toml": '[base.env]\nPORT = "1"\n', ".env": "PORT=2\n"}, id="env-file-overrides"),
    ],
)
def test_check_is_content_with_what_is_right(project: Project, files: dict[str, str]) -> None:
    ran = project.files({**APP, **files}).launch("check", "--strict")
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.parametrize("name", ["devserver.toml", "devserver.local.toml", ".env", "profiles/x.toml"])
def test_dangling_link_is_an_error_in_check_and_in_dev(project: Project, name: str) -> None:
    project.files({**APP, "profiles/y.toml": ""})
    os.symlink("nowhere", project.root / name)
    choice = ("--profile", "x") if name.startswith("profiles") else ()
    for command in ("check", "explain"):
        ran = project.launch(command, *choice)
        assert ran.code == 2, ran.err
        assert f"{os.path.basename(name)} is a link to nowhere, which does not exist" in " ".join(ran.err.split())


def test_number_for_a_setting_among_variables_gets_no_hint_to_quote_it(project: Project) -> None:
    ran = project.files({**APP, "devserver.toml": "[base.env]\nport = 8000\n"}).launch("check")
    assert "quotes" not in ran.err
    assert "move the line above [base.env] to write base.port" in ran.err


def test_no_app_at_all_is_a_warning_of_check(project: Project) -> None:
    ran = project.files({"devserver.toml": "[base]\nport = 5001\n"}).launch("check")
    assert ran.code == 0
    assert "warning[target-not-found]" in ran.err


def test_profile_given_twice_is_refused(project: Project) -> None:
    project.files({**APP, "devserver.toml": "[profiles.one]\n[profiles.two]\n"})
    for command in ("check", "explain", "env"):
        ran = project.launch(command, "--profile", "one", "--profile=two")
        assert ran.code == 2
        assert "error[flag-twice]: --profile is given more than once" in ran.err
