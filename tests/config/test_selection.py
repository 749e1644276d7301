"""Names of profiles, and the chains that they extend."""

from __future__ import annotations

import pytest

from launcher.config.layer import Origin, Source
from launcher.config.selection import (
    Table,
    chain_of,
    check_name,
    check_own_keys,
    find_unknown,
    gather_profiles,
    is_abstract,
    tables_in,
)
from launcher.config.sources.files import Document


def profile(name: str, extends: object = None, file: str = "") -> Table:
    table = {} if extends is None else {"extends": extends}
    origin = Origin(Source.PROFILE, file or "/p/devserver.toml", () if file else ("profiles", name), profile=name)
    return Table(name, table, origin)


def family(**extends: object) -> dict[str, Table]:
    return {name: profile(name, parents) for name, parents in extends.items()}


@pytest.mark.parametrize(
    ("profiles", "name", "chain"),
    [
        pytest.param(family(a=None), "a", ("a",), id="alone"),
        pytest.param(family(a="b", b=None), "a", ("b", "a"), id="parent-first"),
        pytest.param(family(a="b", b="c", c=None), "a", ("c", "b", "a"), id="farthest-first"),
        pytest.param(family(a=["b", "c"], b=None, c=None), "a", ("b", "c", "a"), id="later-parent-is-higher"),
        pytest.param(family(a=["b", "c"], b="d", c="d", d=None), "a", ("d", "b", "c", "a"), id="diamond-once"),
        pytest.param(family(a=["b", "c"], b="c", c=None), "a", ("c", "b", "a"), id="parent-of-a-parent-too"),
        pytest.param(family(a=[], b=None), "a", ("a",), id="empty-list"),
        pytest.param(family(a="_x", _x=None), "a", ("_x", "a"), id="abstract-parent"),
    ],
)
def test_chain(profiles: dict[str, Table], name: str, chain: tuple[str, ...]) -> None:
    assert chain_of(name, profiles) == (chain, [])


@pytest.mark.parametrize(
    ("profiles", "message", "hint", "hops"),
    [
        pytest.param(family(a="a"), "profile `a` extends itself: a -> a", "remove this line", 0, id="itself"),
        pytest.param(
            family(a="b", b="a"), "profile `a` extends itself: a -> b -> a", "remove one of the 2 lines", 1, id="two"
        ),
        pytest.param(
            family(a="b", b="c", c="b"),
            "profile `b` extends itself: b -> c -> b",
            "remove one of the 2 lines",
            1,
            id="ring-above",
        ),
        pytest.param(
            family(a=["x", "b"], x=None, b="c", c="a"),
            "profile `a` extends itself: a -> b -> c -> a",
            "remove one of the 3 lines",
            2,
            id="three",
        ),
    ],
)
def test_cycle_prints_every_hop(profiles: dict[str, Table], message: str, hint: str, hops: int) -> None:
    _, (finding,) = chain_of("a", profiles)
    assert (finding.slug, finding.message, finding.hint) == ("extends-cycle", message, hint)
    assert len(finding.others) == hops
    assert finding.origin is not None
    assert "extends" in finding.origin.path


@pytest.mark.parametrize(
    ("profiles", "hint", "path"),
    [
        pytest.param(family(a="comon", common=None), "did you mean `common`?", ("profiles", "a", "extends"), id="typo"),
        pytest.param(family(a=["b", "zzz"], b=None), "known: b", ("profiles", "a", "extends", "1"), id="in-a-list"),
        pytest.param(family(a="zzz"), "there is no other profile", ("profiles", "a", "extends"), id="alone"),
        pytest.param(
            family(a="base"), "every profile starts from [base]; leave it out", ("profiles", "a", "extends"), id="base"
        ),
    ],
)
def test_unknown_parent(profiles: dict[str, Table], hint: str, path: tuple[str, ...]) -> None:
    _, (finding,) = chain_of("a", profiles)
    assert (finding.slug, finding.hint) == ("extends-unknown", hint)
    assert finding.origin is not None
    assert finding.origin.path == path


def test_chain_of_many_levels_is_refused() -> None:
    profiles = family(**{f"p{n}": f"p{n + 1}" for n in range(40)}, p40=None)
    _, findings = chain_of("p0", profiles)
    assert [finding.slug for finding in findings] == ["extends-depth"]


@pytest.mark.parametrize(
    ("name", "good"),
    [
        *[(name, True) for name in ("eager", "a", "0", "a-b_c", "_abstract", "_0", "x" * 64)],
        *[(name, False) for name in ("", "A", "ä", "a b", "a.b", "a/b", "..", "-a", "x" * 65, "_", "__")],
        *[(name, False) for name in ("base", "default", "local", "none", "con", "nul", "com1", "lpt9")],
    ],
)
def test_names(name: str, good: bool) -> None:
    assert (check_name(profile(name)) == []) is good


def test_both_forms_of_one_name_is_an_error_that_shows_both() -> None:
    profiles, (finding,) = gather_profiles([profile("lan")], [profile("lan", file="/p/profiles/lan.toml")])
    assert list(profiles) == ["lan"]
    assert finding.slug == "duplicate-profile"
    assert finding.origin is not None
    assert (finding.origin.file, finding.others[0][1].file) == ("/p/profiles/lan.toml", "/p/devserver.toml")


@pytest.mark.parametrize(
    ("name", "known", "message", "hint"),
    [
        pytest.param(
            "egaer", ("eager", "lazy"), "no profile `egaer`", "did you mean `eager`?  known: eager, lazy", id="typo"
        ),
        pytest.param("zzz", ("eager",), "no profile `zzz`", "known: eager", id="nothing-near"),
        pytest.param("x", (), "no profile `x`", "this project has no profiles", id="none-at-all"),
        pytest.param(
            "_lan", ("_lan", "eager"), "profile `_lan` can only be extended, not chosen", "known: eager", id="abstract"
        ),
    ],
)
def test_unknown_profile(name: str, known: tuple[str, ...], message: str, hint: str) -> None:
    finding = find_unknown(name, Origin(Source.COMMAND_LINE), known)
    assert (finding.slug, finding.message, finding.hint) == ("unknown-profile", message, hint)


@pytest.mark.parametrize(
    ("table", "messages"),
    [
        pytest.param({"extends": "a", "description": "x"}, [], id="right"),
        pytest.param({"extends": ["a", "b"]}, [], id="list"),
        pytest.param({"extends": 3}, ["`extends` must be the name of a profile, or a list of names"], id="number"),
        pytest.param(
            {"extends": ["a", 3]}, ["`extends` must be the name of a profile, or a list of names"], id="number-in-list"
        ),
        pytest.param({"extends": {}}, ["`extends` must be the name of a profile, or a list of names"], id="table"),
        pytest.param({"description": 3}, ["`description` must be text"], id="description"),
    ],
)
def test_own_keys(table: dict[str, object], messages: list[str]) -> None:
    found = Table("p", table, Origin(Source.PROFILE))
    assert [finding.message for finding in check_own_keys(found)] == messages
    assert all(isinstance(name, str) for name in found.extends)
    assert isinstance(found.description, str)


def test_tables_in_a_document() -> None:
    document = Document("/p/pyproject.toml", {"profiles": {"a": {"port": 1}, "b": 3}}, ("tool", "launch"))
    (table,) = tables_in(document, Source.PROFILE)
    assert table.origin.path == ("tool", "launch", "profiles", "a")
    assert tables_in(Document("/p", {"profiles": 3}), Source.PROFILE) == []


def test_is_abstract() -> None:
    assert is_abstract("_x")
    assert not is_abstract("x")


def test_more_profiles_than_anybody_has_are_refused() -> None:
    tables = [Table(f"p{number}", {}, Origin(Source.PROFILE, "devserver.toml")) for number in range(501)]
    assert len(gather_profiles(tables[:500], [])[0]) == 500
    found, (finding,) = gather_profiles(tables[:1], tables[1:])
    assert (found, finding.slug, finding.message) == ({}, "too-large", "there are more than 500 profiles")
