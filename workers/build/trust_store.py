"""A bundle of CA certificates as the store that Java reads. Not in charge of where a build mounts it."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12

PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def write_trust_store(folder: Path, bundle: Path) -> Path:
    """A PKCS #12 file without a password: it holds nothing that is secret."""
    store = folder / "trust.p12"
    store.parent.mkdir(parents=True, exist_ok=True)
    trusted = [pkcs12.PKCS12Certificate(one, None) for one in _certificates(bundle.read_bytes())]
    store.write_bytes(pkcs12.serialize_java_truststore(trusted, NoEncryption()))
    return store


def _certificates(bundle: bytes) -> list[x509.Certificate]:
    """One that cannot be read is left out, as other tools do with a bundle: it vouches for nothing."""
    found = []
    with warnings.catch_warnings(action="ignore"):  # Some old authorities have odd serial numbers.
        for pem in PEM.findall(bundle):
            try:
                found.append(x509.load_pem_x509_certificate(pem))
            except ValueError:
                continue
    return found
