"""The hardened form of every container that is made for a user: pure functions, no engine.

The one place where a container's rights and limits are decided. Not in charge of its name and labels (`labels`), nor of
starting anything.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from workers.agent.labels import container_name, labels_for, volume_name
from workers.agent.own_check import healthcheck
from workers.desired import Process, Release, Service

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
