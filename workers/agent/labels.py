"""Names and labels of what is made in the engine, by which it is found again. Pure."""

from __future__ import annotations

from workers.desired import NO_ENVIRONMENT, Service


def short(identifier: str) -> str:
    """Eight digits of an id for names. The last ones: the first ones of ids made in order are alike."""
    return identifier.replace("-", "")[-8:]


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
