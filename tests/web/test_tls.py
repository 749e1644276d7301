from __future__ import annotations

import os
import ssl
import stat
import sys
import time
from pathlib import Path

import pytest

from launcher.errors import StartError
from launcher.plan import Tls
from launcher.web.tls import ADHOC_NAME, ssl_context

DAY = 24 * 3600


def problem(plan: Tls):
    with pytest.raises(StartError) as caught:
        ssl_context(plan)
    (found,) = caught.value.problems
    return found


def adhoc(folder: Path) -> Tls:
    return Tls(adhoc=True, directory=str(folder / "tls"))


@pytest.fixture
def _cryptography() -> None:
    pytest.importorskip("cryptography", reason="an ad hoc certificate is made with it")


def make_pem(folder: Path, name: str) -> Path:
    """A file with a new key and certificate."""
    ssl_context(Tls(adhoc=True, directory=str(folder / name)))
    return folder / name / ADHOC_NAME


def split(pem: Path) -> tuple[str, str]:
    text = pem.read_text()
    cut = text.index("-----BEGIN CERTIFICATE")
    key, cert = pem.with_name("key.pem"), pem.with_name("cert.pem")
    key.write_text(text[:cut])
    cert.write_text(text[cut:])
    return str(cert), str(key)


def test_plain_http_needs_nothing() -> None:
    assert ssl_context(Tls()) is None


@pytest.mark.usefixtures("_cryptography")
class TestAdhoc:
    def test_a_certificate_is_made_once_and_kept(self, tmp_path: Path) -> None:
        assert isinstance(ssl_context(adhoc(tmp_path)), ssl.SSLContext)
        first = (tmp_path / "tls" / ADHOC_NAME).read_bytes()
        ssl_context(adhoc(tmp_path))
        assert (tmp_path / "tls" / ADHOC_NAME).read_bytes() == first
        assert os.listdir(tmp_path / "tls") == [ADHOC_NAME]

    def test_only_this_user_can_read_it(self, tmp_path: Path) -> None:
        before = os.umask(0)
        try:
            ssl_context(adhoc(tmp_path))
        finally:
            os.umask(before)
        assert stat.S_IMODE(os.stat(tmp_path / "tls" / ADHOC_NAME).st_mode) == 0o600
        assert stat.S_IMODE(os.stat(tmp_path / "tls").st_mode) == 0o700

    def test_it_is_for_localhost(self, tmp_path: Path) -> None:
        from cryptography import x509

        ssl_context(adhoc(tmp_path))
        pem = (tmp_path / "tls" / ADHOC_NAME).read_bytes()
        cert = x509.load_pem_x509_certificate(pem[pem.index(b"-----BEGIN CERTIFICATE") :])
        names = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert names.get_values_for_type(x509.DNSName) == ["localhost", "*.localhost"]

    @pytest.mark.parametrize(("days", "kept"), [(299, True), (301, False)])
    def test_an_old_one_is_made_anew(self, tmp_path: Path, days: int, kept: bool) -> None:
        file = make_pem(tmp_path, "tls")
        first = file.read_bytes()
        os.utime(file, (time.time() - days * DAY,) * 2)
        ssl_context(adhoc(tmp_path))
        assert (file.read_bytes() == first) is kept

    def test_one_that_others_can_read_is_made_anew(self, tmp_path: Path) -> None:
        file = make_pem(tmp_path, "tls")
        first = file.read_bytes()
        file.chmod(0o644)
        ssl_context(adhoc(tmp_path))
        assert file.read_bytes() != first
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    def test_a_link_is_replaced_and_not_followed(self, tmp_path: Path) -> None:
        other = make_pem(tmp_path, "other")
        before = other.read_bytes()
        file = make_pem(tmp_path, "tls")
        file.unlink()
        file.symlink_to(other)
        ssl_context(adhoc(tmp_path))
        assert not file.is_symlink()
        assert other.read_bytes() == before

    def test_a_draft_that_was_left_behind_is_no_obstacle(self, tmp_path: Path) -> None:
        victim = tmp_path / "victim"
        victim.write_text("mine")
        (tmp_path / "tls").mkdir(mode=0o700)
        (tmp_path / "tls" / f"{ADHOC_NAME}.{os.getpid()}").symlink_to(victim)
        ssl_context(adhoc(tmp_path))
        assert victim.read_text() == "mine"

    def test_a_folder_that_others_can_write_to_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "tls").mkdir()
        (tmp_path / "tls").chmod(0o777)
        found = problem(adhoc(tmp_path))
        assert found.slug == "tls-directory"
        assert "chmod 700" in found.hint

    def test_the_users_own_pair_is_taken(self, tmp_path: Path) -> None:
        cert, key = split(make_pem(tmp_path, "mine"))
        assert isinstance(ssl_context(Tls(cert=cert, key=key)), ssl.SSLContext)

    def test_both_may_be_in_one_file(self, tmp_path: Path) -> None:
        assert isinstance(ssl_context(Tls(cert=str(make_pem(tmp_path, "mine")))), ssl.SSLContext)

    def test_a_key_of_another_certificate_is_refused(self, tmp_path: Path) -> None:
        cert, _ = split(make_pem(tmp_path, "one"))
        _, key = split(make_pem(tmp_path, "two"))
        found = problem(Tls(cert=cert, key=key))
        assert found.slug == "tls-pair"
        assert cert in found.message
        assert key in found.message

    def test_a_key_with_a_password_is_refused_and_asks_nobody(self, tmp_path: Path) -> None:
        from cryptography.hazmat.primitives.serialization import (
            BestAvailableEncryption,
            Encoding,
            PrivateFormat,
            load_pem_private_key,
        )

        cert, key = split(make_pem(tmp_path, "mine"))
        private = load_pem_private_key(Path(key).read_bytes(), None)
        locked = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
        Path(key).write_bytes(locked)
        found = problem(Tls(cert=cert, key=key))
        assert found.slug == "tls-password"
        assert "openssl" in found.hint


def test_without_cryptography_the_message_says_what_to_install(tmp_path: Path, monkeypatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "cryptography"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    found = problem(adhoc(tmp_path))
    assert found.slug == "tls-cryptography"
    assert "pip install cryptography" in found.hint


@pytest.mark.parametrize(("setting", "cert"), [("tls.cert", "gone.pem"), ("tls.key", "here.pem")])
def test_a_missing_file_is_named_with_its_setting(setting: str, cert: str, tmp_path: Path) -> None:
    (tmp_path / "here.pem").touch()
    found = problem(Tls(cert=str(tmp_path / cert), key=str(tmp_path / "key.pem")))
    assert found.slug == "tls-file"
    assert found.message.startswith(f"{setting}: cannot read {tmp_path}")
    assert "No such file" in found.message


def test_a_file_that_is_no_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_text("hello")
    assert problem(Tls(cert=str(tmp_path / "a.pem"))).slug == "tls-pair"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "tls").write_text("a file")
    found = problem(adhoc(tmp_path))
    assert found.slug == "tls-directory"
    assert str(tmp_path / "tls") in found.message
