"""What the files of a project say, before a profile is chosen."""

from __future__ import annotations

from pathlib import Path

import pytest

from launcher.config.reading import Sources, read_sources
from launcher.config.sources.files import Project


def read(root: Path, files: dict[str, str], *, local: bool = True, table: tuple[str, ...] = ()) -> Sources:
    for name, text in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    name = "pyproject.toml" if table else "devserver.toml"
    return read_sources(Project(str(root), str(root / name) if name in files else "", table), local=local)


def test_profiles_of_all_files(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        {
            "devserver.toml": "[profiles.b]\n",
            "profiles/a.toml": "port = 1\n",
            "devserver.local.toml": "[profiles.b]\n[profiles.mine]\n",
        },
    )
    assert found.findings == ()
    assert found.names == ("b", "a", "mine")
    assert set(found.local) == {"b", "mine"}


def test_local_file_can_be_left_out(tmp_path: Path) -> None:
    found = read(tmp_path, {"devserver.toml": "", "devserver.local.toml": "broken"}, local=False)
    assert (found.personal, found.findings) == (None, ())


def test_candidates_have_roles(tmp_path: Path) -> None:
    found = read(tmp_path, {"devserver.toml": "", "profiles/a.toml": ""})
    assert [(Path(item.path).name, item.exists, item.role) for item in found.project.candidates] == [
        ("devserver.toml", True, "project"),
        ("devserver.local.toml", False, "local"),
        ("a.toml", True, "profile"),
    ]


def test_candidate_of_a_project_without_files(tmp_path: Path) -> None:
    found = read(tmp_path, {})
    assert [(Path(item.path).name, item.exists) for item in found.project.candidates] == [
        ("devserver.toml", False),
        ("devserver.local.toml", False),
    ]


def test_pyproject(tmp_path: Path) -> None:
    found = read(tmp_path, {"pyproject.toml": "[tool.launch.profiles.x]\nport = 1"}, table=("tool", "launch"))
    assert found.names == ("x",)
    assert found.project.candidates[0].role == "pyproject"


def test_broken_profile_file_is_known_by_name(tmp_path: Path) -> None:
    found = read(tmp_path, {"profiles/a.toml": "port = ", "profiles/b.toml": "extends = 3"})
    assert found.findings == ()
    assert {name: [finding.slug for finding in findings] for name, findings in found.broken.items()} == {
        "a": ["toml-syntax"],
        "b": ["wrong-type"],
    }


def test_file_of_a_wrong_name_is_told_always(tmp_path: Path) -> None:
    assert [finding.slug for finding in read(tmp_path, {"profiles/Bad.toml": ""}).findings] == ["profile-name"]


@pytest.mark.parametrize(
    ("text", "slug", "hint"),
    [
        pytest.param("port = 1", "wrong-place", "put it below [base], as port", id="setting-at-the-top"),
        pytest.param("[tls]\ncert = 'x'", "wrong-place", "put it below [base], as tls", id="table-at-the-top"),
        pytest.param("app_dir = 'x'", "wrong-place", "put it below [base], as app-dir", id="setting-with-underscore"),
        pytest.param("[profile.x]", "unknown-key", "did you mean `profiles`?", id="singular"),
        pytest.param(
            "zzz = 1", "unknown-key", "at the top of the file stand default-profile, base, profiles", id="unknown"
        ),
        pytest.param("default-profile = 3", "wrong-type", "", id="default-profile-number"),
        pytest.param("base = 3", "wrong-type", "write [base]", id="base-number"),
        pytest.param("profiles = 3", "wrong-type", "write [profiles]", id="profiles-number"),
        pytest.param("profiles.x = 3", "wrong-type", "write [profiles.x]", id="profile-number"),
        pytest.param("[profiles.x]\nextends = 3", "wrong-type", "", id="extends-number"),
    ],
)
@pytest.mark.parametrize("name", ["devserver.toml", "devserver.local.toml"])
def test_top_of_a_document(tmp_path: Path, name: str, text: str, slug: str, hint: str) -> None:
    (finding,) = read(tmp_path, {name: text}).findings
    assert (finding.slug, finding.hint) == (slug, hint)
    assert finding.origin is not None
    assert finding.origin.file == str(tmp_path / name)


@pytest.mark.parametrize(
    ("local", "slugs"),
    [
        pytest.param("[profiles.team]\nport = 1", [], id="change-of-the-teams-profile"),
        pytest.param("[profiles.team]\nextends = 'x'", ["local-extends"], id="parent-of-the-teams-profile"),
        pytest.param("[profiles.mine]\nextends = 'team'", [], id="own-profile-extends-the-teams"),
        pytest.param("[profiles.Mine]", ["profile-name"], id="own-profile-of-a-wrong-name"),
    ],
)
def test_local_profiles(tmp_path: Path, local: str, slugs: list[str]) -> None:
    found = read(tmp_path, {"devserver.toml": "[profiles.team]", "devserver.local.toml": local})
    assert [finding.slug for finding in found.findings] == slugs
