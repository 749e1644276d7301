from __future__ import annotations

from collections.abc import Callable

import pytest

from launcher.plan import Address, Browser, Debugger, Plan, Reload, Target, Wsgi


@pytest.fixture
def make_plan() -> Callable[..., Plan]:
    """A function that makes a plan; what is not about the address or the debugger goes into `wsgi`."""

    def make(
        *,
        host: str = "127.0.0.1",
        unix: str = "",
        hosts: tuple[str, ...] = (),
        enabled: bool = True,
        console: bool = True,
        pin: str = "123-456-789",
        token: str = "",
        live_reload: bool = True,
        reload: bool = True,
        **wsgi: object,
    ) -> Plan:
        return Plan(
            project="/project",
            profile="",
            target=Target("", "/project", "/project"),
            address=Address(host, 5000, unix),
            allowed_hosts=hosts,
            debugger=Debugger(enabled, console, pin),
            browser=Browser(live_reload, "", token),
            reload=Reload(reload),
            wsgi=Wsgi(**wsgi),  # type: ignore[arg-type]
        )

    return make
