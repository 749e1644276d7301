"""The plan goes to JSON and back without a loss."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.plan import Address, Browser, Debugger, Plan, Reload, Target, Tls, Wsgi

TEXT = st.text(max_size=5)
PLANS = st.builds(
    Plan,
    project=TEXT,
    profile=TEXT,
    target=st.builds(Target, TEXT, TEXT, TEXT, st.booleans()),
    address=st.builds(Address, TEXT, st.integers(0, 65535), TEXT, st.booleans()),
    env=st.dictionaries(TEXT, TEXT, max_size=2),
    unset_env=st.lists(TEXT, max_size=2).map(tuple),
    reload=st.builds(Reload, include=st.lists(TEXT, max_size=2).map(tuple), poll=st.floats(0, 10)),
    debugger=st.builds(Debugger, pin=TEXT),
    browser=st.builds(Browser, open=TEXT),
    tls=st.builds(Tls, cert=TEXT),
    wsgi=st.builds(
        Wsgi, static=st.dictionaries(TEXT, TEXT, max_size=2), proxy_fix=st.dictionaries(TEXT, st.integers(), max_size=2)
    ),
    settings_files=st.lists(TEXT, max_size=2).map(tuple),
    origins=st.dictionaries(TEXT, TEXT, max_size=2),
)


@given(PLANS)
def test_round_trip(plan: Plan) -> None:
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


def test_defaults_round_trip() -> None:
    plan = Plan(project="/p", profile="", target=Target("", "/p", "/p"), address=Address())
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"colour": 1}, "Plan has no field colour", id="of-the-plan"),
        pytest.param({"reload": {"colour": 1, "shape": 2}}, "Reload has no field colour, shape", id="of-a-part"),
    ],
)
def test_unknown_field_is_an_error(change: dict[str, object], message: str) -> None:
    data = Plan(project="/p", profile="", target=Target("", "/p", "/p"), address=Address()).to_json()
    with pytest.raises(ValueError, match=message):
        Plan.from_json({**data, **change})
