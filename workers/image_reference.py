"""References of images: `ghcr.io/org/app:1.2` as its parts; and logins of registries. Pure; asks no registry.

Source of the grammar: https://github.com/distribution/reference. An image of Docker Hub may leave out its host.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from workers.errors import UserError

HUB = "docker.io"
ALIASES = {"index.docker.io": HUB, "registry-1.docker.io": HUB, "hub.docker.com": HUB}
HOST = re.compile(r"(?:localhost|[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+|[a-zA-Z0-9-]+(?=:)|\[[0-9a-fA-F:]+\])(?::\d{1,5})?")
PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
PATH = re.compile(rf"{PART}(?:/{PART})*")
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Login:
    """Of a registry."""

    username: str
    password: str = field(repr=False)

    def as_dict(self) -> dict[str, str]:
        return {"username": self.username, "password": self.password}


@dataclass(frozen=True)
class ImageReference:
    """`digest` "" means: what `tag` names when it is asked for."""

    host: str
    path: str
    tag: str = ""
    digest: str = ""

    @property
    def repository(self) -> str:
        return f"{self.host}/{self.path}"

    @property
    def named(self) -> str:
        """As a person writes it, whole."""
        return f"{self.repository}@{self.digest}" if self.digest else f"{self.repository}:{self.tag}"

    def at(self, digest: str) -> str:
        """Pinned."""
        return f"{self.repository}@{digest}"

    def from_mirror(self, mirror: str) -> str:
        """By tag, from where Docker Hub is mirrored (`mirror.example/hub`); what is not of Docker Hub stays."""
        return f"{mirror}/{self.path}:{self.tag}" if self.host == HUB else self.named


def parse_image(text: str) -> ImageReference:
    """UserError for what no registry can have."""
    rest, at, digest = text.strip().partition("@")
    first, slash, behind = rest.partition("/")
    host, path = (first.lower(), behind) if slash and HOST.fullmatch(first) else (HUB, rest)
    host = ALIASES.get(host, host)
    path, colon, tag = path.partition(":")
    path = f"library/{path}" if host == HUB and "/" not in path else path
    right = PATH.fullmatch(path) and (not colon or TAG.fullmatch(tag)) and (not at or DIGEST.fullmatch(digest))
    if not right or len(text) > 400:
        raise UserError(
            "image:user:invalid-reference",
            f"{text[:100]!r} is no reference of an image.",
            hint="Write one such as ghcr.io/owner/app:1.2, in small letters; with a digest it ends in @sha256:...",
            status=422,
        )
    return ImageReference(host, path, "" if digest else tag or "latest", digest)


def registry_host(text: str) -> str:
    """A registry's host as references spell it: `https://ghcr.io/` is `ghcr.io`."""
    host = re.sub(r"^https?://", "", text.strip()).rstrip("/").lower()
    host = ALIASES.get(host, host)
    if not HOST.fullmatch(host) or len(host) > 250:
        raise UserError(
            "registry:user:invalid-host",
            f"{text[:100]!r} is not the host of a registry.",
            hint="Write it such as ghcr.io or registry.example.com:5000.",
            status=422,
        )
    return host
