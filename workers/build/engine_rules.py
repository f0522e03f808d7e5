"""What a build by buildpacks may ask of the engine: what pack and its lifecycle use, of what is the build's own.

All else is refused with a sentence, which pack prints. Not in charge of passing anything on.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from workers.build.images import REFERENCE
from workers.build.job import BuildLimits
from workers.build.limits_group import PIDS
from workers.errors import UserError
from workers.image_reference import parse_image

LOCAL = "pack.local/"  # Begins the names that pack gives to images of one build: they end in ten random letters.
BUILDER, LIFECYCLE = f"{LOCAL}builder/", f"{LOCAL}lifecycle/"
VOLUME, ID = r"pack-[A-Za-z0-9][\w.-]*", r"(?:sha256:)?[0-9a-f]{64}"
CONTAINER, IMAGE = "/containers/(?P<container>[0-9a-f]{64})", f"/images/(?P<image>{REFERENCE.pattern})"
ALLOWED = [
    (re.compile(rf"(?:{method}) (?:/v\d[\d.]*)?(?:{path})"), kind)
    for method, path, kind in (
        ("GET|HEAD", "/_ping|/info|/version", ""),
        ("POST", "/containers/create", "create"),
        ("POST", f"{CONTAINER}/attach", "attach"),
        ("POST", f"{CONTAINER}/(?:start|wait)", ""),
        ("GET", f"{CONTAINER}/json", ""),
        ("GET|HEAD|PUT", f"{CONTAINER}/archive", ""),
        ("DELETE", CONTAINER, ""),
        ("GET", f"{IMAGE}/(?:json|history|get)", ""),
        ("GET", "/images/get", "names"),
        ("POST", "/images/load", ""),
        ("POST", f"{IMAGE}/tag", "repo"),
        ("DELETE", IMAGE, "remove"),
        ("DELETE", r"/volumes/(?P<volume>[A-Za-z0-9][\w.-]*)", ""),
    )
]
ASKED = ("Image", "Cmd", "Entrypoint", "Env", "User", "WorkingDir", "AttachStdout", "AttachStderr", "Tty")
SECURITY = {"no-new-privileges=true", "label=disable"}


class Refused(Exception):
    """What a build may not ask for, in a sentence."""


@dataclass
class Made:
    """What came into being through the door, for who sweeps after it."""

    containers: set[str] = field(default_factory=set)
    volumes: set[str] = field(default_factory=set)
    images: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Rules:
    """Of one build. It reads `images` and makes `tag`; `volumes` are its caches, `files` a folder that it reads and `door`
    the socket that its lifecycle is given. `parent` is a control group, "" for the usual; `names_of` an id are its image's.
    """

    limits: BuildLimits
    labels: Mapping[str, str]
    parent: str
    network: str
    images: frozenset[str]
    tag: str
    volumes: frozenset[str]
    files: str
    door: str
    names_of: Callable[[str], Iterable[str]]
    made: Made = field(default_factory=Made)

    def judge(self, method: str, target: str) -> str:
        """What kind of request it is; `Refused` for what no build needs, or what is not this one's."""
        # An engine made with a Go before 1.17 ends a parameter of the query at `;`, too.
        url = urlsplit(target if re.fullmatch(r"/\w[^#;\s]*", target) else "")
        for pattern, kind in ALLOWED:
            if found := pattern.fullmatch(f"{method} {url.path}"):
                self._check(found.groupdict(), kind, parse_qs(url.query))
                return kind
        raise Refused(f"A build may not ask the engine for {method} {target[:200]}.")

    def _check(self, asked: Mapping[str, str | None], kind: str, query: Mapping[str, list[str]]) -> None:
        container, image, volume = (asked.get(name) for name in ("container", "image", "volume"))
        if container is not None and container not in self.made.containers:
            raise Refused(f"The container {container[:12]} is not this build's.")
        if volume is not None and volume not in self.made.volumes | self.volumes:
            raise Refused(f"The volume {volume} is not this build's.")
        for name in filter(None, [image, *query.get("names", [])]):
            if not (self._is_own(name) if kind == "remove" else self._may_read(name)):
                raise Refused(f"The image {name} is not this build's.")
        if kind == "repo" and not self._is_own(_tagged(query)):
            raise Refused(f"A build may not name an image {_tagged(query)}.")

    def _is_own(self, image: str) -> bool:
        if image.startswith(LOCAL):
            self.made.images.add(image)
        return image.startswith(LOCAL) or whole(image) == whole(self.tag)

    def _may_read(self, image: str) -> bool:
        names = self.names_of(image) if re.fullmatch(ID, image) else [image]
        return any(self._is_own(name) or whole(name) in self.images for name in names)

    def container(self, asked: Any) -> dict[str, Any]:
        """A request to create one, with limits that hold for it. `Refused` for an image or a mount of others."""
        asked = asked if isinstance(asked, dict) else {}
        image, told = str(asked.get("Image")), asked.get("HostConfig") or {}
        if not image.startswith((BUILDER, LIFECYCLE)):
            raise Refused(f"A build may not run the image {image[:200]}.")
        binds = [str(bind) for bind in told.get("Binds") or ()]
        for bind in binds:
            if not self._may_mount(bind, image):
                raise Refused(f"A build may not mount {bind[:200]} in {image[:200]}.")
        self.made.volumes |= {source for bind in binds if re.fullmatch(VOLUME, source := bind.partition(":")[0])}
        self.made.images.add(image)
        security = [option for option in told.get("SecurityOpt") or () if option in SECURITY]
        host = {
            "Binds": binds,
            "SecurityOpt": security,
            "UsernsMode": "host" if told.get("UsernsMode") == "host" else "",
        }
        kept = {name: asked[name] for name in ASKED if name in asked}
        return {**kept, "Labels": dict(self.labels), "HostConfig": host | self._bounds()}

    def _may_mount(self, bind: str, image: str) -> bool:
        source, _, rest = bind.partition(":")
        if source == self.door:
            return image.startswith(LIFECYCLE)
        if source == self.files:
            return rest.endswith(":ro")
        return source in self.volumes or re.fullmatch(VOLUME, source) is not None

    def _bounds(self) -> dict[str, Any]:
        return {
            "NetworkMode": self.network or "bridge",
            "Memory": self.limits.memory_bytes,
            "MemorySwap": self.limits.memory_bytes,
            "NanoCpus": round(min(self.limits.cpus, os.cpu_count() or 1) * 1e9),
            "PidsLimit": PIDS,
            **({"CgroupParent": self.parent} if self.parent else {}),
        }


def whole(image: str) -> str:
    """A name with its registry and tag, as the engine reads it; "" for none."""
    try:
        return parse_image(image).named
    except UserError:
        return ""


def _tagged(query: Mapping[str, list[str]]) -> str:
    """What the engine takes: the first of each."""
    return ":".join([*query.get("repo", [""])[:1], *query.get("tag", [])[:1]])
