"""What a build is given and gives back. Data only, so that the control plane can make one without importing an engine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from workers.deploy_key import DeployKey

ISOLATED = "isolated"  # In a service's cache, the folder that is the whole cache of builds of strangers' code.


@dataclass(frozen=True)
class Source:
    """A branch or commit of a git repository, and the folder in it. `commit` "" means the head of `branch`.

    `ref` is where `commit` can be found when it is on no branch, such as `refs/pull/12/head`.
    """

    url: str
    branch: str = ""
    commit: str = ""
    root_directory: str = ""
    token: str = field(default="", repr=False)  # Sent as an HTTP header from the environment, never in the URL.
    key: DeployKey | None = None  # For an address that is read by ssh.
    ref: str = ""


@dataclass(frozen=True)
class Egress:
    """What the steps of a build reach: all, public addresses, or nothing.

    `public` leaves open, too: this machine's name servers and package indexes, `allow` (addresses and networks), and the
    machine's own `host_ports`, where the edge serves what is everybody's.
    """

    mode: Literal["open", "public", "none"] = "open"
    allow: tuple[str, ...] = ()
    host_ports: tuple[int, ...] = ()


@dataclass(frozen=True)
class BuildLimits:
    memory_bytes: int = 2 * 1024**3
    cpus: float = 2.0
    timeout_seconds: float = 1800.0
    disk_bytes: int = 0  # What it may write; 0 for any amount.
    disk_floor_bytes: int = 0  # With less free, one that may have written too much ends where nobody can tell.
    egress: Egress = Egress()
    has_neighbours: bool = True  # Others may be built meanwhile.


@dataclass(frozen=True)
class BuildSettings:
    """What a person may set over the analysis. "" means: as detected. `packages` are added to what is needed anyway."""

    builder: str = ""  # One of `workers.build.outside`, or slipway: detection and Dockerfiles of our own.
    builder_image: str = ""  # Of Cloud Native Buildpacks.
    root_directory: str = ""  # The folder that was looked at is this one already.
    dockerfile: str = ""
    language_version: str = ""
    packages: tuple[str, ...] = ()
    install_command: str = ""
    build_command: str = ""
    start_command: str = ""
    release_command: str = ""
    static_dir: str = ""
    args: dict[str, str] = field(default_factory=dict)  # Of a Dockerfile that the repository brings; as its `target`.
    target: str = ""
    port: int | None = None
    variables: dict[str, str] = field(default_factory=dict, repr=False)
    limits: BuildLimits = BuildLimits()
    no_cache: bool = False

    def fingerprint(self) -> str:
        """The same commit and the same fingerprint give the same image: a build of it is reused. 64 hex digits.

        The port is none of it: a release tells it to the container, whatever the image says.
        """
        # Left out while empty: builds from before stay what they are.
        own = {name: getattr(self, name) for name in ("args", "target", "builder", "builder_image")}
        told = {k: v for k, v in asdict(self).items() if own.get(k, True) and k not in ("limits", "no_cache", "port")}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Workspace:
    """Where a build may work. `cache` is kept for the service between builds; `scratch` is removed after the build."""

    cache: Path
    scratch: Path
    labels: dict[str, str] = field(default_factory=dict)  # Put on everything that is made in the engine.
    title: str = ""  # What the image is called in its labels.
    source: str = ""  # Where it says to come from.


@dataclass(frozen=True)
class Checkout:
    """A commit on disk. `folder` is the root directory inside it, links resolved and beneath `top`.

    `host_key` is the key that an ssh server showed; "" for others, and when no network was needed.
    """

    top: Path
    folder: Path
    commit: str
    message: str
    author: str
    host_key: str = ""


@dataclass(frozen=True)
class BuiltImage:
    """`digest` is the image id (`sha256:...`), `start` the command that a builder from outside found."""

    digest: str
    size_bytes: int
    start: str = ""


class Report(Protocol):
    """How a job speaks while it works. Every call may raise `workers.errors.Stopped`; then the job undoes and ends."""

    def line(self, text: str, *, level: str = "out") -> None:
        """One line of the build log, without its newline."""

    def command(self, argv: Sequence[str]) -> None:
        """What is about to be run, recorded before it runs."""

    def check(self) -> None:
        """Called at least every 0.2 s while something runs; raises `Stopped` when the work must end."""
