"""The certificate for `https`: the user's own, or one made here once and kept.

Makes no decision about who is served with it. Loads `ssl` and `cryptography` only where TLS is asked for.
"""

from __future__ import annotations

import contextlib

from launcher.errors import Problem, StartError
from launcher.standard import open, os, stat, time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl

    from launcher.plan import Tls

ADHOC_NAME = "localhost.pem"
_RENEW_AFTER = 300 * 24 * 3600  # seconds; Werkzeug's certificates are valid for 365 days


def ssl_context(plan: Tls) -> ssl.SSLContext | None:
    """Return what `ssl` needs to serve *plan*, None for plain HTTP.

    Raise `StartError` where a file is missing or wrong, or `cryptography` is needed and not installed.
    """
    if plan.cert:
        return _load(plan.cert, plan.key)
    return _load(_kept_file(plan.directory), "") if plan.adhoc else None


def _load(cert: str, key: str) -> ssl.SSLContext:
    """Return a context with the chain in *cert* and the key in *key* (empty where both are in one file)."""
    import ssl

    for setting, file in (("tls.cert", cert), ("tls.key", key)):
        if file and (reason := _unreadable(file)):
            raise _error("tls-file", f"{setting}: cannot read {file}: {reason}")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        # Without the password callback OpenSSL would ask on the terminal, which belongs to the supervisor.
        context.load_cert_chain(cert, key or None, password=lambda: _refuse_password(key or cert))
    except (ssl.SSLError, ValueError) as error:
        reason = getattr(error, "reason", None) or str(error)
        where = f"{cert} and {key}" if key else cert
        hint = "both must be PEM files, and the key must be the one that the certificate was made for"
        raise _error("tls-pair", f"{where} cannot be used as certificate and key: {reason}", hint) from error
    return context


def _unreadable(file: str) -> str:
    try:
        with open(file, "rb"):
            return ""
    except OSError as error:
        return error.strerror or type(error).__name__


def _refuse_password(file: str) -> str:
    raise _error("tls-password", f"the key in {file} has a password", "take it off: openssl pkey -in KEY -out NEW-KEY")


def _kept_file(folder: str) -> str:
    """Return the PEM file with certificate and key in *folder*; make it where there is none that can be trusted."""
    path = os.path.join(folder, ADHOC_NAME)
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        if not is_private(folder, stat.S_IFDIR):
            hint = f"make it private: chmod 700 {folder}"
            raise _error("tls-directory", f"others can write to {folder}, where the certificate is kept", hint)
        if not is_private(path, stat.S_IFREG) or _is_old(path):
            _write(path, _make())
    except OSError as error:
        raise _error("tls-directory", f"cannot keep a certificate in {folder}: {error.strerror or error}") from error
    return path


def is_private(path: str, kind: int) -> bool:
    """Say whether *path* is of *kind* (no link) and belongs to this user, and others can neither write nor read a file.

    A folder may be readable, but nobody else may put a file into it.
    """
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return False
    others = 0o077 if kind == stat.S_IFREG else 0o022
    return stat.S_IFMT(found.st_mode) == kind and found.st_uid == os.geteuid() and not found.st_mode & others


def _is_old(path: str) -> bool:
    return time.time() - os.lstat(path).st_mtime > _RENEW_AFTER


def _make() -> bytes:
    """Return a new key and self-signed certificate for localhost and all names below it, as PEM."""
    try:
        from cryptography.hazmat.primitives import (  # type: ignore[import-not-found,unused-ignore]  # optional
            serialization,
        )
    except ModuleNotFoundError:
        hint = "pip install cryptography, or set tls.cert and tls.key"
        raise _error("tls-cryptography", "tls.adhoc needs the package cryptography", hint) from None
    from werkzeug.serving import generate_adhoc_ssl_pair

    cert, key = generate_adhoc_ssl_pair(cn="localhost")
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    private: bytes = key.private_bytes(encoding, form, serialization.NoEncryption())
    public: bytes = cert.public_bytes(encoding)
    return private + public


def _write(path: str, content: bytes) -> None:
    """Put *content* at *path* at once, readable for this user only; follow no link, and leave no half of it behind."""
    draft = f"{path}.{os.getpid()}"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(draft)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with open(handle, "wb") as stream:
            stream.write(content)
        os.replace(draft, path)
    except BaseException:
        os.unlink(draft)
        raise


def _error(slug: str, message: str, hint: str = "") -> StartError:
    return StartError(Problem(slug, message, hint=hint))
