"""Which names and values are secret, and how a text is masked. Every command, page and log uses these functions.

Pure. A secret becomes `***`. A name is judged by its words (`DB_PASS`, `apiKey`), a value by its shape
(`Bearer ...`, `postgres://user:password@host`). A variable that a profile declares `secret` needs neither.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MASK = "***"

# --- names ---------------------------------------------------------------------------------------------------------

_NOT_SECRET = frozenset({"tls.key", "KEY", "FLASK_RUN_KEY", "LAUNCH_TLS__KEY", "PWD", "OLDPWD"})
"""The place of a key file is no secret."""

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_STRONG = tuple(
    _words(
        """password passwords passwd passwds passphrase passphrases passcode passwort kennwort secret secrets token
        tokens credential credentials creds apikey apikeys secretkey privatekey accesskey authkey masterkey accountkey
        signingkey encryptionkey connectionstring connstring connstr"""
    )
)
"""Endings of words that make a name secret wherever they are in it, unless its last word is one of _ABOUT."""

_KEYS = _words("api private secret access encryption signing master auth account shared service license")
_PAIRS = (
    {f"{first} {key}" for first in _KEYS for key in ("key", "keys")}
    | {f"{first} {second}" for first in ("connection", "conn") for second in ("string", "str")}
    | {"access signature", "secret id"}
)
"""Two neighbouring words that count as one of _STRONG."""

_LAST = _words(
    """pass pwd pw pat sk auth authorization bearer dsn salt pepper cookie cookies webhook webhooks pin otp totp jwt
    cred"""
)
"""Words that make a name secret as its last word only: DB_PASS, but not PASS_THROUGH or COOKIE_NAME."""

_NO_CREDENTIAL = _words(
    """primary foreign public publishable site sort partition cache unique index shortcut hot group order row column
    lookup hash object bucket translation"""
)
"""Words in front of `key` that make it something else."""

_NO_PASSWORD = _words("bypass compass encompass surpass trespass underpass overpass askpass")

_QUALIFIERS = _words(
    """prod production dev development test testing staging live sandbox local default old new current previous next
    primary secondary backup fallback fallbacks main master root admin read write base b hex pem json plain value
    string text raw v"""
)
"""Last words that only say which one of several secrets it is, or how it is written: DB_PASS_PROD, API_KEY_V2."""

_ABOUT = _words(
    """length len size count number limit file filename path dir directory folder prefix suffix header headers field
    name names type kind format algorithm algorithms algo alg scheme method methods mode policy age expiry expire
    expires expiration ttl timeout lifetime leeway delta period days hours hour minutes minute seconds second secs ms
    interval rounds iterations enabled disabled enable disable required require allowed secure httponly samesite domain
    location locations parallelism validators validator hasher hashers class classes backend backends module provider
    issuer audience retries attempts version id ids url uri host hosts port endpoint user username login email
    complexity regex pattern strength rotation reset model callback service server cost entropy display hint label"""
)
"""Last words that make a name about a secret, not one: PASSWORD_MIN_LENGTH, TOKEN_URL."""

_COUNTED = frozenset({"max", "min", "num", "total"})
_HOOKS = frozenset({"webhook", "webhooks", "dsn"})
_FLAG = re.compile(r"|[01]|true|false|yes|no|on|off|none|null|enabled|disabled", re.IGNORECASE)
_PATH = re.compile(r"(~|\.{0,2})/[\w./-]+\.(json|pem|key|crt|cer|p12|pfx|txt|toml|ya?ml|ini)")


def is_secret_name(name: str) -> bool:
    """Return whether a variable or key of this name is taken for a secret without being declared one."""
    if name in _NOT_SECRET:
        return False
    words = [word.lower() for word in _WORD.findall(name)]
    if not words or not _COUNTED.isdisjoint(words):
        return False
    pairs = [" ".join(pair) for pair in zip(words, words[1:], strict=False)]  # noqa: RUF007 - pure
    about = words[-1] in _ABOUT and pairs[-1:] != ["secret id"]
    if not about and (any(word.endswith(_STRONG) for word in words) or not _PAIRS.isdisjoint(pairs)):
        return True
    return _ends_like_a_secret(words)


def _ends_like_a_secret(words: list[str]) -> bool:
    if words[-1] in ("url", "uri"):
        return words[-2:-1] != [] and words[-2] in _HOOKS
    while len(words) > 1 and words[-1] in _QUALIFIERS:
        words = words[:-1]
    last = words[-1]
    if last == "key":
        return words[-2:-1] == [] or words[-2] not in _NO_CREDENTIAL
    return last in _LAST or (last.endswith(("pass", "pwd")) and last not in _NO_PASSWORD)


def is_secret(name: str, text: str) -> bool:
    """Return whether the name makes its value a secret. A switch or the path of a file is none."""
    return is_secret_name(name) and not _FLAG.fullmatch(text.strip()) and not _PATH.fullmatch(text)


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


# --- values --------------------------------------------------------------------------------------------------------

_USER_INFO = r"(?:(?<=://)|(?<=:/)(?!/))[^\s/?#@:\"']*:(?!\d{1,5}[/?#])(?:(?!://)[^\s\"'])+(?=@)"
"""User and password of a URL, up to the last @, since people do not write %2F for a slash in a password.

A number and a slash are a port. A path that was made of a URL has one slash. There is no scheme in front, which would
be looked for from every letter of a long word.
"""

_LONE_USER = r"(?<=://)(?=[A-Za-z_-]*\d)[\w-]{16,}(?=@)"
"""The token of `https://TOKEN@host`, which a login name would be shorter than."""

_PARAMETERS = (
    r"password|passwd|pwd|pass|passphrase|secret|client_?secret|(?:access_?|refresh_?|auth_?|id_?)?token|api_?key|account_?key|shared_?access_?key"
    r"|shared_?access_?signature|aws_?secret_?access_?key|sig|x-amz-signature|x-amz-security-token|ssl_?key_?password|sslpassword|trust_?store_?password"
)
_PARAMETER = (
    rf"(?:(?<=[?&;\"'])|(?<=[\w\"';:] )|\A)(?:{_PARAMETERS})="
    r"(?:\"(?P<double>[^\"\n]+)\"|'(?P<single>[^'\n]+)'"
    r"|(?P<plain>\{[^{}\n]+\}(?=;|\Z)|(?!%[s(])[^\s&;,\"'<>{}$][^\s&;\"'<>]*))"
)
"""A parameter of a URL, of JDBC, ODBC or libpq: `?password=x`, `;AccountKey=x`, `host=h password=x`.

A keyword argument in a line of Python follows a comma, a parenthesis or a margin, and is left alone.
"""

_BEARER = (
    r"(?:(?<![\w-])(?:bearer|basic) +(?P<bearer>(?=\S*(?:[0-9=]|(?-i:[a-z][A-Z])))[A-Za-z0-9._~+/-]{6,}=*)"
    r"|\A(?:bearer|basic|token) +(?P<whole>\S+)\Z)"
)
_WEBHOOKS = (
    r"(?<=hooks\.slack\.com/)(?:services|workflows|triggers)/[\w/-]+"
    r"|(?<=/api/webhooks/)\d+/[\w-]+"
    r"|(?<=hooks\.zapier\.com/hooks/)catch/[\w/-]+"
    r"|(?<=webhook\.office\.com/)[\w@/-]+"
    r"|(?<=/with/key/)[\w-]+"
)
_PEM = (
    r"-----BEGIN (?!CERTIFICATE|(?:[A-Z0-9]+ )*PUBLIC KEY)[A-Z0-9 ]{1,40}-----.*?(?:-----END [A-Z0-9 ]{1,40}-----|\Z)"
)
_TOKENS = (
    r"(?<![A-Za-z0-9_-])(?:"
    r"(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"
    r"|gh[opsur]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|gl(?:pat|ptt|dt|rt|soat)-[\w-]{16,}"
    r"|(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{8,}|whsec_[A-Za-z0-9+/=]{8,}|sk-(?=[\w-]*\d)[\w-]{20,}"
    r"|xox[a-z]-[A-Za-z0-9-]{8,}|xapp-[A-Za-z0-9-]{8,}"
    r"|eyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]*|AIza[\w-]{35}|ya29\.[\w.-]{16,}|SG\.[\w-]{16,}\.[\w-]{16,}"
    r"|npm_[A-Za-z0-9]{30,}|pypi-[\w-]{16,}|hf_[A-Za-z0-9]{30,}|do[opr]_v1_[a-f0-9]{32,}|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"
    r"|hv[sbr]\.[\w-]{20,}|dckr_pat_[\w-]{16,}|glsa_[\w]{20,}|AGE-SECRET-KEY-1[A-Z0-9]{20,}|key-[0-9a-f]{32}|dapi[0-9a-f]{32}"
    r"|(?:bot)?\d{8,10}:[\w-]{35}(?![\w-])"
    r")"
)
_SHAPES = tuple(
    (needles, re.compile(pattern, flags))
    for needles, pattern, flags in (
        (("-----begin ",), _PEM, re.DOTALL),
        ((":/",), _USER_INFO, 0),
        (("://",), _LONE_USER, 0),
        (("hook", "/with/key/"), _WEBHOOKS, 0),
        (("",), _TOKENS, 0),
        (("pass", "pwd", "secret", "token", "key=", "sig", "signature"), _PARAMETER, re.IGNORECASE),
        (("bearer ", "basic ", "token "), _BEARER, re.IGNORECASE),
    )
)
"""Each shape, with words one of which a text has to contain: looking for these is much faster."""


def mask(text: str, *, keep: bool = False) -> str:
    """Return *text* without the parts whose shape is that of a secret: the password of a URL, a token, a private key.

    `keep` keeps the length, for a text in which columns count.
    """
    for shape in _shapes(text):
        text = shape.sub(lambda match: _masked(match, keep=keep), text)
    return text


def secret_parts(text: str) -> Iterator[str]:
    """Yield the parts of *text* that `mask` would mask."""
    for shape in _shapes(text):
        for match in shape.finditer(text):
            yield match[match.lastgroup or 0]


def without_secrets(text: str, environ: Mapping[str, str]) -> str:
    """Return *text*, of which nothing is known, without the secrets of *environ* and what has the shape of one."""
    secrets = {value for name, value in environ.items() if is_secret(name, value) and len(value) > 3}
    for value in sorted(secrets, key=len, reverse=True):
        text = text.replace(value, MASK)
    return mask(text)


def shown(name: str, text: str, *, secret: bool = False) -> str:
    """Return how the value of a variable or key may be shown."""
    return MASK if text and (secret or is_secret(name, text)) else mask(text)


def _shapes(text: str) -> list[re.Pattern[str]]:
    """Return the shapes that *text* may have."""
    lowered = text.lower()
    return [shape for needles, shape in _SHAPES if any(needle in lowered for needle in needles)]


def _masked(match: re.Match[str], *, keep: bool) -> str:
    """Return a match with its secret masked: the whole, or the named group of it."""
    start, end = match.span(match.lastgroup or 0)
    secret = match.string[start:end]
    hidden = re.sub(r"[^\r\n]", "*", secret) if keep else MASK
    return match.string[match.start() : start] + hidden + match.string[end : match.end()]
