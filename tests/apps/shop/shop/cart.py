"""The third module of the chain."""

from __future__ import annotations

from shop import prices


def version() -> str:
    return prices.VERSION
