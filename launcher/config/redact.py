"""What must never be shown: which names hold secrets, and how a text is masked.

Pure. A text that is masked keeps its ends so that people recognise nothing but its presence: it becomes `***`.
"""

from __future__ import annotations

import re

MASK = "***"

_SECRET_NAME = re.compile(
    r"(^|.*[_.-])(API)?KEY|.*TOKEN|.*SECRET.*|.*PASSWORD.*|.*PASSWD.*|.*PASSPHRASE.*|.*CREDENTIALS?|(^|.*_)PWD_?.*|.*PRIVATE_KEY.*",
    re.IGNORECASE,
)
_NOT_SECRET = frozenset({"tls.key", "KEY", "FLASK_RUN_KEY", "LAUNCH_TLS__KEY", "PWD", "OLDPWD"})
"""The place of a key file is no secret."""
_USER_INFO = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<user>[^\s/?#@:\"']*):?(?P<password>[^\s/?#\"']*)@")


def is_secret_name(name: str) -> bool:
    """Return whether a variable or key of this name is taken for a secret without being declared one."""
    return name not in _NOT_SECRET and _SECRET_NAME.fullmatch(name) is not None


def mask_url(text: str, *, keep: bool = False) -> str:
    """Return *text* with what stands before the @ of every URL masked, where it holds a password.

    `keep` keeps the length, for a text in which columns count.
    """

    def replace(match: re.Match[str]) -> str:
        scheme = match["scheme"]
        mask = "*" * (len(match[0]) - len(scheme) - 1) if keep else MASK
        return f"{scheme}{mask}@" if match["password"] else match[0]

    return _USER_INFO.sub(replace, text)


def shown(name: str, text: str, *, secret: bool = False) -> str:
    """Return how the value of a variable or key may be shown."""
    return MASK if text and (secret or is_secret_name(name)) else mask_url(text)
