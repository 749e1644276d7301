"""What a step of resolving found wrong, told by origins.

Pure data: `problem.py` turns a finding into a `Problem` with source lines, which needs files and is only done to fail.
"""

from __future__ import annotations

from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from launcher.config.layer import Origin


MOST = 100
"""How many findings are told at once. A file can be wrong in thousands of places, and each takes time to explain."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and the origin that has to be edited.

    `at_key` puts the caret at the key instead of the value. `others` are further origins with a label each, pointed at
    in the same way. `cause` is the parser's exception behind a `toml-syntax`.
    """

    slug: str
    message: str
    origin: Origin | None = None
    at_key: bool = False
    hint: str = ""
    others: tuple[tuple[str, Origin], ...] = ()
    notes: tuple[str, ...] = ()
    warning: bool = False
    cause: Exception | None = None
