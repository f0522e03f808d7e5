"""Deploy keys: an ed25519 pair of ours for one repository, and the server's own key as it was met first.

Not in charge of speaking (`workers.git`, `workers.git_ssh`) and of keeping them (`apps.projects`).
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)

from workers.git_ssh import HOST_NAME, KEY, KNOWN_HOSTS

COMMENT = "slipway"
HOST_KEY = re.compile(r"[a-z0-9@.-]{4,60} [A-Za-z0-9+/]{16,2000}={0,2}")


@dataclass(frozen=True)
class DeployKey:
    """`private` is OpenSSH's own form. `host_key` (`ssh-ed25519 AAAA...`) is pinned; "": the first one met is taken."""

    private: str = field(repr=False)
    host_key: str = ""


@dataclass
class Identity:
    """A key laid out for ssh in a folder. `host_key` is the one that the server showed, once it was spoken with."""

    folder: Path
    is_pinned: bool
    host_key: str = ""


def make_key() -> str:
    """A new private key."""
    made = Ed25519PrivateKey.generate()
    return made.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()


def public_part(private: str) -> str:
    """What is pasted at the git server: `ssh-ed25519 AAAA... slipway`."""
    key = load_ssh_private_key(private.encode(), password=None)
    told = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return f"{told.decode()} {COMMENT}"


def fingerprint(public: str) -> str:
    """`SHA256:...` of a key's public part, as `ssh-keygen -l` prints it."""
    parts = public.split()
    raw = base64.b64decode(parts[1]) if len(parts) > 1 else b""
    return "SHA256:" + base64.b64encode(hashlib.sha256(raw).digest()).decode().rstrip("=")


@contextmanager
def laid_out(key: DeployKey, folder: Path) -> Iterator[Identity]:
    """The key as files that only we may read, gone afterwards."""
    folder.mkdir(mode=0o700, parents=True)
    identity = Identity(folder, bool(key.host_key), key.host_key)
    try:
        _write(folder / KEY, key.private)
        _write(folder / KNOWN_HOSTS, f"{HOST_NAME} {key.host_key}\n" if key.host_key else "")
        yield identity
    finally:
        identity.host_key = identity.host_key or _met(folder / KNOWN_HOSTS)
        shutil.rmtree(folder, ignore_errors=True)


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def _met(known_hosts: Path) -> str:
    """The key that ssh wrote down; "" when the server was not reached."""
    lines = known_hosts.read_text().splitlines() if known_hosts.exists() else []
    told = next((line.partition(" ")[2] for line in lines if line.startswith(f"{HOST_NAME} ")), "")
    return told if HOST_KEY.fullmatch(told) else ""
