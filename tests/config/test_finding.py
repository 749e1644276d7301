"""Findings are values, so that one that is met twice is told once."""

from __future__ import annotations

from launcher.config.finding import Finding
from launcher.config.layer import Origin, Source


def test_equal_findings_are_one() -> None:
    origin = Origin(Source.BASE, file="/p/devserver.toml", path=("base", "port"))
    assert len({Finding("wrong-type", "x", origin), Finding("wrong-type", "x", origin)}) == 1
    assert not Finding("wrong-type", "x").warning
