"""Bearer tokens: a prefix that names the kind, 256 random bits, and a checksum that tells a typing error from a revoked one.

Form: `slp_<43 base64url characters>_<8 hex digits of crc32>`. Only the SHA-256 of a token is ever stored.
"""

from __future__ import annotations

import hashlib
import secrets
import zlib


def make_token(prefix: str = "slp") -> str:
    body = f"{prefix}_{secrets.token_urlsafe(32)}"
    return f"{body}_{_checksum(body)}"


def is_well_formed(token: str) -> bool:
    body, _, checksum = token.rpartition("_")
    return bool(body) and secrets.compare_digest(checksum.encode(), _checksum(body).encode())


def digest(token: str) -> str:
    """What is stored and looked up: 64 hex digits."""
    return hashlib.sha256(token.encode()).hexdigest()


def _checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"
