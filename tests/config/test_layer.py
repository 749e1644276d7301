"""The order of sources is the precedence."""

from __future__ import annotations

from launcher.config.layer import Candidate, Entry, History, Layer, Origin, Source


def test_order_of_sources() -> None:
    assert [source.name for source in sorted(Source)] == [
        "DEFAULT",
        "BASE",
        "PROFILE",
        "LOCAL_BASE",
        "LOCAL_PROFILE",
        "ENV_FILE",
        "FLASK_VARIABLE",
        "ENVIRONMENT",
        "COMMAND_LINE",
        "DERIVED",
    ]


def test_winner_is_the_first_candidate() -> None:
    high, low = (Candidate(value, Origin(source)) for value, source in ((2, Source.PROFILE), (1, Source.BASE)))
    assert History(("port",), (high, low)).winner is high


def test_records_are_values() -> None:
    origin = Origin(Source.BASE, file="/p/devserver.toml", path=("base", "port"))
    entry = Entry(("port",), 5000, origin)
    assert entry == Entry(("port",), 5000, Origin(Source.BASE, file="/p/devserver.toml", path=("base", "port")))
    assert Layer(Source.BASE, "[base]", (entry,)).entries[0].unset is False
    assert hash(origin) == hash(entry.origin)
