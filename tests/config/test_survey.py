"""Settings that can never win."""

from __future__ import annotations

import pytest

from launcher.config.layer import Candidate, History, Origin, Source
from launcher.config.selection import Table
from launcher.config.survey import find_never, find_unextended


def at(line: int, source: Source = Source.BASE) -> Candidate:
    return Candidate(line, Origin(source, file="/p/devserver.toml", path=("base", str(line))))


def profile(*candidates: Candidate) -> dict[tuple[str, ...], History]:
    return {("port",): History(("port",), candidates)}


UNSET = Candidate(None, Origin(Source.BASE, file="/p", path=("unset",)), unset=True)
NEED = Candidate({"required": "ask"}, Origin(Source.BASE, file="/p", path=("base", "env", "A")))
DEFAULT = Candidate({"default": "a"}, Origin(Source.BASE, file="/p", path=("base", "env", "A")))
FLAG = Candidate(1, Origin(Source.COMMAND_LINE, name="--port"))


@pytest.mark.parametrize(
    ("histories", "never"),
    [
        pytest.param([profile(at(1))], [], id="wins"),
        pytest.param([profile(at(2), at(1))], [1], id="hidden"),
        pytest.param([profile(at(2), at(1)), profile(at(1))], [], id="wins-in-another-profile"),
        pytest.param([profile(at(2), at(1)), profile(at(3), at(1))], [1], id="hidden-everywhere"),
        pytest.param([profile(FLAG, at(1))], [], id="flags-do-not-count"),
        pytest.param([profile(at(2, Source.LOCAL_BASE), at(1))], [], id="personal-files-override"),
        pytest.param([profile(at(2), at(1, Source.ENV_FILE))], [], id="env-files-are-not-told"),
        pytest.param([profile(at(2), UNSET)], [], id="unset-is-not-told"),
        pytest.param([profile(at(2), NEED)], [], id="requirements-are-there-to-be-met"),
        pytest.param([profile(at(2), DEFAULT)], [], id="defaults-are-there-to-be-replaced"),
        pytest.param([], [], id="nothing"),
    ],
)
def test_find_never(histories: list[dict[tuple[str, ...], History]], never: list[int]) -> None:
    found = find_never(histories)
    assert [finding.origin.path[1] for finding in found if finding.origin] == [str(line) for line in never]
    assert all(finding.warning and finding.slug == "never-used" for finding in found)


@pytest.mark.parametrize(
    ("profiles", "found"),
    [
        pytest.param({"web": {}}, [], id="one-that-can-be-chosen"),
        pytest.param({"_common": {}}, ["_common"], id="extended-by-none"),
        pytest.param({"_common": {}, "web": {"extends": "_common"}}, [], id="extended"),
        pytest.param({"_common": {}, "web": {"extends": ["x", "_common"]}}, [], id="extended-among-others"),
        pytest.param({"_a": {"extends": "_b"}, "_b": {}}, ["_a"], id="extended-by-one-that-is-told-itself"),
    ],
)
def test_find_unextended(profiles: dict[str, dict[str, object]], found: list[str]) -> None:
    origin = Origin(Source.PROFILE, file="/p/devserver.toml")
    told = find_unextended([Table(name, table, origin) for name, table in profiles.items()])
    assert [finding.message for finding in told] == [f"profile `{name}` is never used" for name in found]
    assert all(finding.warning and finding.slug == "never-used" for finding in told)
