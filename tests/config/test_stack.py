"""The laws of the merge: the highest wins, tables merge, all else replaces, nothing is forgotten."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.config.layer import Entry, Layer, Origin, Source
from launcher.config.stack import merge, nest


def layer(number: int, *entries: tuple[str, object], unset: tuple[str, ...] = ()) -> Layer:
    origin = Origin(Source.PROFILE, profile=f"p{number}")
    removed = tuple(Entry(tuple(key.split(".")), None, origin, unset=True) for key in unset)
    return Layer(
        Source.PROFILE,
        f"p{number}",
        removed + tuple(Entry(tuple(key.split(".")), value, origin) for key, value in entries),
    )


def values(*layers: Layer) -> dict[str, object]:
    return {".".join(key): value for key, value in merge(layers).values.items()}


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        pytest.param([], {}, id="nothing-gives-nothing"),
        pytest.param([layer(1, ("port", 1)), layer(2, ("port", 2))], {"port": 2}, id="higher-replaces-lower"),
        pytest.param([layer(1, ("a", 1)), layer(2, ("b", 2))], {"a": 1, "b": 2}, id="different-keys-stay"),
        pytest.param([layer(1, ("t.a", 1)), layer(2, ("t.b", 2))], {"t.a": 1, "t.b": 2}, id="tables-merge-by-key"),
        pytest.param([layer(1, ("l", [1, 2])), layer(2, ("l", [3]))], {"l": [3]}, id="list-replaces-list"),
        pytest.param([layer(1, ("l", [1])), layer(2, ("l", []))], {"l": []}, id="empty-list-replaces-list"),
        pytest.param(
            [layer(1, ("t.a", 1)), layer(2, ("t", {}))], {"t.a": 1, "t": {}}, id="empty-table-removes-nothing"
        ),
        pytest.param(
            [layer(1, ("env.X", {"value": "a", "secret": True})), layer(2, ("env.X", "b"))],
            {"env.X": "b"},
            id="table-as-one-value-is-replaced",
        ),
        pytest.param([layer(1, ("a", 1)), layer(2, unset=("a",))], {}, id="unset-removes"),
        pytest.param(
            [layer(1, ("t.a", 1), ("t.b", 2), ("u", 3)), layer(2, unset=("t",))],
            {"u": 3},
            id="unset-table-removes-what-is-inside",
        ),
        pytest.param(
            [layer(1, ("t.a", 1)), layer(2, ("t.b", 2), unset=("t",))], {"t.b": 2}, id="unset-spares-its-own-layer"
        ),
        pytest.param([layer(1, unset=("a",)), layer(2, ("a", 1))], {"a": 1}, id="unset-does-not-reach-upwards"),
        pytest.param(
            [layer(1, ("a", 1)), layer(2, unset=("a",)), layer(3, ("a", 3))], {"a": 3}, id="set-again-after-unset"
        ),
        pytest.param(
            [layer(1, ("tx", 1), ("t.a", 2)), layer(2, unset=("t",))], {"tx": 1}, id="unset-goes-by-parts-not-letters"
        ),
        pytest.param([layer(1, unset=("nothing",))], {}, id="unset-of-nothing-is-nothing"),
        pytest.param([layer(1, ("t.a", 1)), layer(2, ("t", True))], {"t": True}, id="table-under-scalar-is-hidden"),
        pytest.param([layer(1, ("t", True)), layer(2, ("t.a", 1))], {"t.a": 1}, id="scalar-under-table-is-hidden"),
        pytest.param(
            [layer(1, ("t", {})), layer(2, ("t.a", 1))], {"t": {}, "t.a": 1}, id="empty-table-under-key-is-no-conflict"
        ),
    ],
)
def test_merge(layers: list[Layer], expected: dict[str, object]) -> None:
    assert values(*layers) == expected


@pytest.mark.parametrize(
    ("layers", "key"),
    [
        pytest.param([layer(1, ("t.a", 1)), layer(2, ("t", True))], "t", id="scalar-over-table"),
        pytest.param([layer(1, ("t", True)), layer(2, ("t.a", 1))], "t", id="table-over-scalar"),
        pytest.param([layer(1, ("t.a", 1)), layer(2, ("t.a.b", 1))], "t.a", id="inside-a-table"),
    ],
)
def test_conflict_names_the_shorter_key_and_both_candidates(layers: list[Layer], key: str) -> None:
    (conflict,) = merge(layers).conflicts
    assert ".".join(conflict.key) == key
    assert (conflict.higher.origin.profile, conflict.lower.origin.profile) == ("p2", "p1")


def test_no_conflict_with_what_was_unset() -> None:
    merged = merge([layer(1, ("t.a", 1)), layer(2, unset=("t",)), layer(3, ("t", True))])
    assert merged.conflicts == ()
    assert merged.values == {("t",): True}


def test_no_conflict_of_a_table_with_an_unset_scalar() -> None:
    assert merge([layer(1, ("t", 1)), layer(2, unset=("t",)), layer(3, ("t.a", 1))]).conflicts == ()


def test_history_has_every_candidate_highest_first() -> None:
    history = merge([layer(1, ("a", 1)), layer(2, unset=("a",)), layer(3, ("a", 3))]).history[("a",)]
    assert [(item.value, item.unset, item.origin.profile) for item in history.candidates] == [
        (3, False, "p3"),
        (None, True, "p2"),
        (1, False, "p1"),
    ]
    assert history.winner.value == 3


def test_unset_winner_means_no_value() -> None:
    merged = merge([layer(1, ("a", 1)), layer(2, unset=("a",))])
    assert merged.history[("a",)].winner.unset
    assert ("a",) not in merged.values


@pytest.mark.parametrize(
    ("flat", "nested"),
    [
        pytest.param({}, {}, id="empty"),
        pytest.param({("a",): 1, ("t", "b"): 2}, {"a": 1, "t": {"b": 2}}, id="tables"),
        pytest.param({("t",): {}, ("t", "a"): 1}, {"t": {"a": 1}}, id="empty-table-is-filled"),
        pytest.param({("t", "a"): 1, ("t",): True}, {"t": True}, id="key-inside-a-scalar-is-left-out"),
        pytest.param({("t",): True, ("t", "a", "b"): 1}, {"t": True}, id="deep-key-inside-a-scalar-is-left-out"),
    ],
)
def test_nest(flat: dict[tuple[str, ...], object], nested: dict[str, object]) -> None:
    assert nest(flat) == nested


def test_nest_does_not_share_tables_with_its_argument() -> None:
    table: dict[str, object] = {}
    nest({("t",): table, ("t", "a"): 1})
    assert table == {}


KEYS = st.sampled_from(["a", "b", "t", "t.a", "t.b", "u.x.y", "u.x", "env.N"])
VALUES = st.one_of(st.integers(), st.lists(st.integers(), max_size=2), st.just({}), st.booleans())
LAYERS = st.lists(st.tuples(st.lists(st.tuples(KEYS, VALUES), max_size=5), st.lists(KEYS, max_size=2)), max_size=6).map(
    lambda drawn: [layer(number, *entries, unset=tuple(unset)) for number, (entries, unset) in enumerate(drawn)]
)
PLAIN_KEYS = st.sampled_from(["a", "b", "t.a", "t.b", "u.x.y"])
PLAIN_LAYERS = st.lists(st.lists(st.tuples(PLAIN_KEYS, st.integers()), max_size=5), max_size=6).map(
    lambda drawn: [layer(number, *entries) for number, entries in enumerate(drawn)]
)


def joined(layers: list[Layer]) -> Layer:
    return Layer(Source.PROFILE, "joined", tuple(entry for one in layers for entry in one.entries))


@given(LAYERS, st.integers(0, 6))
def test_law_associative_with_history(layers: list[Layer], cut: int) -> None:
    """Putting layers together first, anywhere, changes neither values nor histories nor conflicts."""
    assert merge([joined(layers[:cut]), joined(layers[cut:])]) == merge(layers)


@given(PLAIN_LAYERS)
def test_law_highest_wins(layers: list[Layer]) -> None:
    last = {entry.key: entry.value for one in layers for entry in one.entries}
    assert merge(layers).values == last


@given(LAYERS)
def test_law_nothing_is_forgotten(layers: list[Layer]) -> None:
    history = merge(layers).history
    for one in layers:
        for entry in one.entries:
            assert any(
                item.origin == entry.origin and item.unset == entry.unset for item in history[entry.key].candidates
            )


@given(LAYERS)
def test_law_winner_is_the_value(layers: list[Layer]) -> None:
    merged = merge(layers)
    assert merged.values == {
        key: record.winner.value for key, record in merged.history.items() if not record.winner.unset
    }


@given(LAYERS)
def test_law_idempotent(layers: list[Layer]) -> None:
    """Repeating the whole stack on top of itself changes no value."""
    assert merge([*layers, *layers]).values == merge(layers).values


@given(LAYERS, KEYS)
def test_law_unset_leaves_nothing_inside(layers: list[Layer], key: str) -> None:
    parts = tuple(key.split("."))
    merged = merge([*layers, layer(99, unset=(key,))])
    assert not [found for found in merged.values if found[: len(parts)] == parts]


@given(LAYERS)
def test_law_values_never_contradict(layers: list[Layer]) -> None:
    """No winning key lies inside another winning key that is no table."""
    winners = merge(layers).values
    for key in winners:
        for length in range(1, len(key)):
            assert isinstance(winners.get(key[:length], {}), dict)
