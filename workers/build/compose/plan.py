"""What a compose file becomes: services, and what of the file is not followed. Data only, JSON-ready by `asdict`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from workers.build.compose.values import Asked


@dataclass(frozen=True)
class Finding:
    """A key that is not followed. `ignored` does no harm to the rest; `refused` keeps its service from being made.

    `service` "" means the file as a whole."""

    kind: Literal["ignored", "refused"]
    service: str
    key: str
    file: str
    line: int
    why: str


@dataclass(frozen=True)
class ComposeService:
    """One service, at that line of that file. `image` "" means that it is built: in the folder `context`, told from the
    repository's top, by `dockerfile`, told from there ("": as detected), with `build_args` and until `target` ("": the
    last stage).

    `command` and `entrypoint` None mean the image's own; an `entrypoint` without words: none. `port` None: nothing can be
    asked of it, and nothing leads to it; `is_public`: it gets an address. `volumes` maps folders to names. `health_command`
    is run in the container. `needs` are variables without which it cannot be used. `is_made` false: it was refused, or it is
    for a profile. Limits that are None are the usual ones.
    """

    name: str
    line: int
    file: str
    image: str = ""
    context: str = ""
    dockerfile: str = ""
    build_args: dict[str, str] = field(default_factory=dict)
    target: str = ""
    command: list[str] | None = None
    entrypoint: list[str] | None = None
    user: str = ""
    environment: dict[str, str] = field(default_factory=dict, repr=False)
    secret_names: list[str] = field(default_factory=list)
    port: int | None = None
    is_public: bool = False
    volumes: dict[str, str] = field(default_factory=dict)
    depends_on: list[str] = field(default_factory=list)
    health_path: str = ""
    health_command: list[str] | None = None
    health_seconds: float | None = None
    replicas: int = 1
    memory_mb: int | None = None
    cpus: float | None = None
    pids: int | None = None
    needs: list[str] = field(default_factory=list)
    is_made: bool = True


@dataclass(frozen=True)
class ComposePlan:
    """`folder` is where `file` stands in the repository, `name` what it calls itself. `asked` are variables that it leaves
    open. Services are in the order in which they can start. `files` are the compose files, `texts` all that were read, by
    their paths from the repository's top: the same plan can be made of them with other values."""

    file: str
    folder: str
    name: str
    services: list[ComposeService]
    findings: list[Finding]
    asked: list[Asked]
    missing: list[Asked]
    files: list[str]
    texts: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def made(self) -> list[ComposeService]:
        return [one for one in self.services if one.is_made]

    def named(self, name: str) -> ComposeService | None:
        return next((one for one in self.services if one.name == name), None)

    def missing_of(self, name: str) -> list[Asked]:
        """What that service cannot do without, and nobody told."""
        one = self.named(name)
        return [asked for asked in self.missing if one and asked.name in one.needs]
