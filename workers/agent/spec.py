"""The hardened form of every container that is made for a user: pure functions, no engine.

The one place where a container's rights, limits, names and labels are decided. Not in charge of starting anything.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from workers.agent.own_check import healthcheck
from workers.desired import NO_ENVIRONMENT, Process, Release, Service

# Higher than a dockerd without CAP_SYS_RESOURCE may hand out is refused; Debian's and Docker's units allow more.
OPEN_FILES = 16384


@dataclass(frozen=True)
class LogRotation:
    """The engine keeps at most `files` of `size` for a container; more is rotated away."""

    size: str = "20m"
    files: int = 5


@dataclass(frozen=True)
class Place:
    """Where a container is put: the project's network and a fixed address in it, kept over restarts of the engine."""

    network: str
    address: str


def short(identifier: str) -> str:
    """Eight digits of an id for names. The last ones: the first ones of ids made in order are alike."""
    return identifier.replace("-", "")[-8:]


def container_spec(
    service: Service,
    process_name: str,
    index: int,
    *,
    instance: str,
    place: Place,
    logs: LogRotation = LogRotation(),
    role: str = "app",
    named: bool = True,
) -> dict[str, Any]:
    """The engine's create request plus `name`. Role `release` runs the release command once.

    Without `named` siblings reach it by its names only when it was given them (`workers.agent.names`).
    """
    process = service.release.processes[process_name]
    one_off = role == "release"
    command = service.release.release_command if one_off else process.command
    bears_names = named and service.names and not one_off and is_named(service, process_name)
    return {
        "name": container_name(service, process_name, index, instance=instance, role=role),
        "Image": service.release.image,
        "Env": _environment(service, process_name, process),
        "Labels": labels_for(service, process_name, instance=instance, role=role, address=place.address, index=index),
        "StopTimeout": math.ceil(service.release.stop_seconds),
        **({"Cmd": command} if command is not None else {}),
        **({"Entrypoint": process.entrypoint} if process.entrypoint is not None and not one_off else {}),
        **({"User": process.user} if process.user else {}),
        **({} if one_off else healthcheck(service.release.health)),
        "HostConfig": _host_config(service, process, instance, place, logs, "no" if one_off else "unless-stopped"),
        "NetworkingConfig": {
            "EndpointsConfig": {
                place.network: {
                    "IPAMConfig": {"IPv4Address": place.address},
                    **({"Aliases": service.names} if bears_names else {}),
                }
            }
        },
    }


def is_named(service: Service, process_name: str) -> bool:
    """Whether names lead to it: to where routes lead, or to everything of it when they lead nowhere."""
    return process_name == (web_process(service.release) or process_name)


def container_name(service: Service, process_name: str, index: int, *, instance: str, role: str = "app") -> str:
    """Made of ids and numbers only; process names are user text. One name per deployment, process and replica."""
    kind = sorted(service.release.processes).index(process_name)
    last = "release" if role == "release" else f"{kind}-{index}"
    named = [service.environment] if service.environment != NO_ENVIRONMENT else []
    ids = "-".join(short(i) for i in (service.id, *named, service.release.id, service.deployment))
    return f"slipway-{instance}-{ids}-{last}"


def volume_name(instance: str, volume: str) -> str:
    return f"slipway-{instance}-{volume}"


def network_name(instance: str, project: str) -> str:
    return f"slipway-{instance}-{short(project)}"


def labels_for(
    service: Service, process_name: str, *, instance: str, role: str, address: str, index: int
) -> dict[str, str]:
    """What a container is, readable by the engine's filters. Names of secrets only, never a value.

    An environment that nobody named is left out, so that the container goes to the one that is named later.
    """
    return {
        **({"slipway.environment": service.environment} if service.environment != NO_ENVIRONMENT else {}),
        "slipway.instance": instance,
        "slipway.service": service.id,
        "slipway.project": service.project,
        "slipway.release": service.release.id,
        "slipway.deployment": service.deployment,
        "slipway.fence": str(service.fence),
        "slipway.process": process_name,
        "slipway.index": str(index),
        "slipway.role": role,
        "slipway.address": address,
        "slipway.secrets": ",".join(service.release.secret_names),
        "slipway.stop_seconds": str(service.release.stop_seconds),
        "slipway.drain_seconds": str(service.drain_seconds),
        "slipway.port": str(service.release.processes[process_name].port or ""),
    }


def web_process(release: Release) -> str | None:
    """The process that routes lead to: `web` if it has a port, else the first that has one."""
    with_port = [name for name in sorted(release.processes) if release.processes[name].port is not None]
    return "web" if "web" in with_port else next(iter(with_port), None)


def _environment(service: Service, process_name: str, process: Process) -> list[str]:
    ours = {
        "SLIPWAY_RELEASE": service.release.id,
        "SLIPWAY_DEPLOYMENT": service.deployment,
        "SLIPWAY_SERVICE": service.id,
        "SLIPWAY_PROCESS": process_name,
        **({"PORT": str(process.port)} if process.port is not None else {}),
    }
    return [f"{name}={value}" for name, value in sorted({**service.release.variables, **ours}.items())]


def _host_config(
    service: Service, process: Process, instance: str, place: Place, logs: LogRotation, restart: str
) -> dict[str, Any]:
    return {
        "NetworkMode": place.network,
        "Init": True,
        "Privileged": False,
        "CapDrop": ["ALL"],
        "CapAdd": [],
        "SecurityOpt": ["no-new-privileges"],
        "Memory": process.limits.memory_bytes,
        "MemorySwap": process.limits.memory_bytes,
        "NanoCpus": int(process.limits.cpus * 1_000_000_000),
        "PidsLimit": process.limits.pids,
        "Ulimits": [
            {"Name": "core", "Soft": 0, "Hard": 0},
            {"Name": "nofile", "Soft": OPEN_FILES, "Hard": OPEN_FILES},
        ],
        "RestartPolicy": {"Name": restart},
        "LogConfig": {"Type": "json-file", "Config": {"max-size": logs.size, "max-file": str(logs.files)}},
        "Mounts": [
            {"Type": "volume", "Source": volume_name(instance, mount.volume), "Target": mount.path}
            for mount in service.release.mounts
        ],
    }
