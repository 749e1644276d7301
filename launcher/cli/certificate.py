"""How long a certificate is valid, and whether a key belongs to it; for `launch doctor`.

The standard library shows the dates of a peer's certificate only, so the few fields before them are read here.
"""

from __future__ import annotations

import ssl
from calendar import timegm
from time import strptime

_SEQUENCE, _VERSION, _SHORT_YEAR, _LONG_YEAR = 0x30, 0xA0, 0x17, 0x18
_END = "-----END CERTIFICATE-----"


def validity(pem: str) -> tuple[int, int]:
    """Return from when until when the first certificate of a PEM text is valid, in seconds since 1970.

    That is the server's own one, those that vouch for it follow. Raise `ValueError` where there is none.
    """
    begin = pem.find("-----BEGIN CERTIFICATE-----")
    if begin < 0:
        raise ValueError("there is no certificate in it")
    try:
        der = ssl.PEM_cert_to_DER_cert(pem[begin : pem.index(_END, begin) + len(_END)])
        return _dates(der)
    except (ValueError, IndexError) as error:
        raise ValueError("the certificate in it is broken") from error


def mismatch(cert: str, key: str) -> str:
    """Return why the files *cert* and *key* (empty where both are in one) cannot be used together, or nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    asked = False

    def no_password() -> bytes:  # OpenSSL would ask on the terminal
        nonlocal asked
        asked = True
        return b""

    try:
        context.load_cert_chain(cert, key or None, password=no_password)
    except ssl.SSLError as error:
        if asked:
            return "it has a password, which nobody can type: openssl pkey -in KEY -out NEW-KEY"
        return "they do not belong together" if "MISMATCH" in (error.reason or "") else "there is no key in it"
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""


def _dates(der: bytes) -> tuple[int, int]:
    """Return both dates of a certificate (RFC 5280, section 4.1): they follow version, number, algorithm and issuer."""
    _, certificate, _ = _element(der, _SEQUENCE)
    _, rest, _ = _element(certificate, _SEQUENCE)
    for _ in range(4 if rest[0] == _VERSION else 3):
        _, _, rest = _element(rest)
    _, dates, _ = _element(rest, _SEQUENCE)
    kind, first, rest = _element(dates)
    other, second, _ = _element(rest)
    return _seconds(kind, first), _seconds(other, second)


def _element(data: bytes, wanted: int = 0) -> tuple[int, bytes, bytes]:
    """Return tag and contents of the first element of DER data, and what follows it (X.690, section 8.1)."""
    tag, length, start = data[0], data[1], 2
    if length & 0x80:
        start = 2 + (length & 0x7F)
        length = int.from_bytes(data[2:start], "big")
    if (wanted and tag != wanted) or start + length > len(data):
        raise ValueError("unexpected element")
    return tag, data[start : start + length], data[start + length :]


def _seconds(kind: int, text: bytes) -> int:
    """Return a time of a certificate: two digits of the year mean 1950 to 2049 (RFC 5280, section 4.1.2.5.1)."""
    digits = text.decode("ascii")
    if kind == _SHORT_YEAR:
        digits = ("19" if digits[:2] >= "50" else "20") + digits
    elif kind != _LONG_YEAR:
        raise ValueError("unexpected kind of time")
    return timegm(strptime(digits, "%Y%m%d%H%M%SZ"))
