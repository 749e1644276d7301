"""An app of four modules, each importing the next, that can be made to do what apps do to servers."""

from __future__ import annotations

from shop import prices
from shop.journal import note
from shop.views import answer


def create_app():
    prices.price()
    note("loaded")
    return prices.finish(answer)
