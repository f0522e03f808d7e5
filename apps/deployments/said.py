"""What a compose file said of a service when it was read last: what a later reading is compared with. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.projects.models import Service
from workers.build.compose.plan import ComposePlan, ComposeService

# Settings that are called as in `ComposeService`; None is the usual one.
SAME = ("port", "replicas", "memory_mb", "cpus", "pids", "health_path")


@dataclass(frozen=True)
class Said:
    """What a file said of one service when it was read last, by the names of the service's settings. JSON-ready; holds
    secrets. `folder`, `source` and `told` are how to read it again; `names` are all services that it had, `files` the paths
    of all compose files that were read, from the repository's top. `opens` is what reads the repository for one that comes
    from an image: address, branch, credentials, or the id of a repository at GitHub. One that is built has its own."""

    folder: str = ""
    source: str = ""
    told: dict[str, str] = field(default_factory=dict, repr=False)
    settings: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict, repr=False)
    secret_names: list[str] = field(default_factory=list)
    volumes: dict[str, str] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    is_public: bool = False
    files: list[str] = field(default_factory=list)
    opens: dict[str, Any] = field(default_factory=dict, repr=False)


def said_of(plan: ComposePlan, one: ComposeService, *, folder: str, source: str, told: Mapping[str, str]) -> Said:
    given = {name: getattr(one, name) for name in SAME} | {"health_deadline_seconds": one.health_seconds}
    usual = Service()
    where = {"image": one.image} if one.image else {"root_directory": one.context, "dockerfile": one.dockerfile}
    return Said(
        folder=folder,
        source=source,
        told=dict(told),
        settings={**where, **{name: getattr(usual, name) if value is None else value for name, value in given.items()}},
        environment={name: _plain(value) for name, value in one.environment.items()},
        secret_names=one.secret_names,
        volumes=one.volumes,
        names=sorted(other.name for other in plan.made),
        is_public=one.is_public,
        files=plan.files,
    )


def _plain(value: str) -> str:
    """A stranger's file refers to no other service's variables."""
    return value.replace("${{", "$${{")
