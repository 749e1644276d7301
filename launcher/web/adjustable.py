"""The settings of what the browser meets that can change while the app is served."""

from __future__ import annotations

from dataclasses import replace

from launcher.web.hosts import known_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from launcher.plan import Plan


class Adjustable:
    """What is in force now, read for each request, on any thread.

    `names` are those that are answered to, as `known_names` gives them; `live_reload` says whether pages refresh
    themselves.
    """

    def __init__(self, plan: Plan) -> None:
        """Begin with what *plan* says."""
        self._plan = plan
        self.adjust(plan.allowed_hosts, live_reload=plan.browser.live_reload)

    def adjust(self, allowed_hosts: Sequence[str], *, live_reload: bool) -> None:
        """Go on with these values of the settings."""
        self.names = known_names(replace(self._plan, allowed_hosts=tuple(allowed_hosts)))
        self.live_reload = live_reload
