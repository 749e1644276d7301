"""What must never be shown: which names hold secrets, and how a text is masked.

Pure. A text that is masked keeps its ends so that people recognise nothing but its presence: it becomes `***`.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

MASK = "***"

_SECRET_NAME = re.compile(
    r"(^|.*[_.-])(API)?KEY|(^|.*[_.-])PIN|.*TOKEN|.*SECRET.*|.*PASSWORD.*|.*PASSWD.*|.*PASSPHRASE.*|.*CREDENTIALS?|(^|.*_)PWD_?.*|.*PRIVATE_KEY.*",
    re.IGNORECASE,
)
_NOT_SECRET = frozenset({"tls.key", "KEY", "FLASK_RUN_KEY", "LAUNCH_TLS__KEY", "PWD", "OLDPWD"})
"""The place of a key file is no secret."""
USER_INFO = re.compile(r"(?:(?<=://)|(?<=:/)(?!/))[^\s/?#@:\"']*:(?!\d{1,5}[/?#])(?:(?!://)[^\s\"'])+(?=@)")
"""User and password of a URL, up to the last @, since people do not write %2F for a slash in a password.

A number and a slash are a port. A path that was made of a URL has one slash. There is no scheme in front, which would
be looked for from every letter of a long word.
"""


def is_secret_name(name: str) -> bool:
    """Return whether a variable or key of this name is taken for a secret without being declared one."""
    return name not in _NOT_SECRET and _SECRET_NAME.fullmatch(name) is not None


def mask_url(text: str, *, keep: bool = False) -> str:
    """Return *text* with what stands before the @ of every URL masked, where it holds a password.

    `keep` keeps the length, for a text in which columns count.
    """
    if "@" not in text:
        return text
    return USER_INFO.sub(lambda match: "*" * len(match[0]) if keep else MASK, text)


def hides_setting(key: str, value: object) -> bool:
    """Return whether the value of a setting must not be shown: the PIN, unless it is a word that is no PIN."""
    return is_secret_name(key) and value not in ("random", "off", "", None)


def is_secret_key(key: str) -> bool:
    """Return whether what is assigned to a dotted key on a command line must not be shown.

    That is a name which is taken for a secret, and every variable of the app: which of them are declared secret is not
    known where a command line is told.
    """
    parts = [part.strip(" \t\"'").lstrip("-") for part in key.split(".")]
    return parts[0] == "env" or any(is_secret_name(part) for part in parts if part != "key")


def without_secrets(text: str, environ: Mapping[str, str]) -> str:
    """Return *text*, of which nothing is known, without the secrets of *environ* and without passwords in URLs."""
    secrets = {value for name, value in environ.items() if is_secret_name(name) and len(value) > 3}
    for value in sorted(secrets, key=len, reverse=True):
        text = text.replace(value, MASK)
    return mask_url(text)


def shown(name: str, text: str, *, secret: bool = False) -> str:
    """Return how the value of a variable or key may be shown."""
    return MASK if text and (secret or is_secret_name(name)) else mask_url(text)
