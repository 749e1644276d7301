"""The dates of certificates, against what the package cryptography reads, and pairs that do not belong together."""

from __future__ import annotations

import datetime
import ssl
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.cli.certificate import mismatch, validity

x509 = pytest.importorskip("cryptography.x509")
UTC = datetime.UTC
FIRST, LAST = (
    datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC),
    datetime.datetime(2030, 12, 31, 23, 59, 59, tzinfo=UTC),
)


def make_pair(first: datetime.datetime, last: datetime.datetime) -> tuple[str, str]:
    """Return a certificate and its key as PEM."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost " + "x" * 50)])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), first, last)
    cert = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return cert.decode(), key.private_bytes(serialization.Encoding.PEM, form, none).decode()


@pytest.fixture(scope="module")
def pair() -> tuple[str, str]:
    return make_pair(FIRST, LAST)


@pytest.mark.parametrize(
    "last",
    [
        pytest.param(LAST, id="two-digits-of-the-year"),
        pytest.param(datetime.datetime(2049, 12, 31, tzinfo=UTC), id="last-year-with-two-digits"),
        pytest.param(datetime.datetime(2050, 1, 1, tzinfo=UTC), id="four-digits-of-the-year"),
    ],
)
def test_dates(last: datetime.datetime) -> None:
    assert validity(make_pair(FIRST, last)[0]) == (int(FIRST.timestamp()), int(last.timestamp()))


def test_years_before_2000() -> None:
    first = datetime.datetime(1950, 1, 1, tzinfo=UTC)
    assert validity(make_pair(first, LAST)[0])[0] == int(first.timestamp())


def test_first_of_a_chain_counts_wherever_the_key_stands(pair: tuple[str, str]) -> None:
    cert, key = pair
    other = make_pair(FIRST, datetime.datetime(2021, 1, 1, tzinfo=UTC))[0]
    assert validity(f"{key}\n{cert}\n{other}") == validity(cert)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("", "there is no certificate", id="empty"),
        pytest.param("-----BEGIN PRIVATE KEY-----\n", "there is no certificate", id="only-a-key"),
        pytest.param("-----BEGIN CERTIFICATE-----\nAAAA\n", "is broken", id="cut-off"),
        pytest.param("-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----", "is broken", id="no-base64"),
    ],
)
def test_what_is_no_certificate(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        validity(text)


@given(st.data())
def test_broken_certificate_is_a_value_error(pair: tuple[str, str], data: Any) -> None:
    der = bytearray(ssl.PEM_cert_to_DER_cert(pair[0]))
    for _ in range(data.draw(st.integers(1, 4))):
        der[data.draw(st.integers(0, min(200, len(der) - 1)))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(1, len(der)))
    try:
        start, end = validity(ssl.DER_cert_to_PEM_cert(bytes(der[:cut])))
    except ValueError:
        return
    assert isinstance(start, int)
    assert isinstance(end, int)


def write(folder: Path, **texts: str) -> list[str]:
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [str(folder / name) for name in texts]


def test_pair(pair: tuple[str, str], tmp_path: Path) -> None:
    assert mismatch(*write(tmp_path, cert=pair[0], key=pair[1])) == ""
    assert mismatch(*write(tmp_path, both=pair[0] + pair[1]), "") == ""


def test_key_of_another_certificate(pair: tuple[str, str], tmp_path: Path) -> None:
    other = make_pair(FIRST, LAST)[1]
    assert mismatch(*write(tmp_path, cert=pair[0], key=other)) == "they do not belong together"


def test_key_that_is_missing_or_none(pair: tuple[str, str], tmp_path: Path) -> None:
    (cert,) = write(tmp_path, cert=pair[0])
    assert mismatch(cert, "") == "there is no key in it"
    assert mismatch(cert, str(tmp_path / "nowhere")) == "No such file or directory"
    assert mismatch(cert, *write(tmp_path, key="x")) == "there is no key in it"


def test_key_with_a_password_is_not_asked_for(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization

    cert, key = make_pair(FIRST, LAST)
    loaded = serialization.load_pem_private_key(key.encode(), None)
    form = serialization.PrivateFormat.PKCS8
    locked = loaded.private_bytes(serialization.Encoding.PEM, form, serialization.BestAvailableEncryption(b"x"))
    assert mismatch(*write(tmp_path, cert=cert, key=locked.decode())).startswith("it has a password")
