from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from workers.build.trust_store import write_trust_store

BROKEN = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


def authority(name: str) -> bytes:
    key, today = Ed25519PrivateKey.generate(), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder(subject, subject, key.public_key(), 1, today, today + timedelta(1))
    return made.sign(key, None).public_bytes(Encoding.PEM)


def test_it_keeps_each_authority_that_can_be_read(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.crt"
    bundle.write_bytes(b"# Alice\n" + authority("Alice") + BROKEN + authority("Bob"))
    store = write_trust_store(tmp_path / "new", bundle)
    found = pkcs12.load_pkcs12(store.read_bytes(), None).additional_certs
    assert [one.certificate.subject.rfc4514_string() for one in found] == ["CN=Alice", "CN=Bob"]
