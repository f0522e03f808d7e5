"""What containers use and whether they answer, as last asked: both take a second and more.

Not in charge of when they are asked, nor of their state (`workers.agent.instances` is).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from workers.agent.health import ask, host_header
from workers.agent.metrics_usage import measured, reading_of
from workers.agent.own_check import answer_of
from workers.agent.world import World
from workers.desired import Health, Service
from workers.docker_records import Container
from workers.errors import PlatformError


class Samples:
    """May be used from several threads, for different containers."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._cpu: dict[str, tuple[int, datetime]] = {}
        self._known: dict[str, tuple[datetime, dict[str, Any]]] = {}

    def of(self, container: str, started_at: datetime | None) -> dict[str, Any]:
        """The fields of `workers.desired.Instance` that a sample gives; none while it was not asked.

        What was started anew since counts as not answering until it does; what answered a rollout since, as answering.
        """
        at, told = self._known.get(container, (None, {}))
        proved_at = self._world.proved_at.get(container)
        if at and proved_at and proved_at > max(at, started_at or at):
            return told | {"healthy": True}
        if at and started_at and at < started_at:
            return {"healthy": None if told["healthy"] is None else False}
        return told

    def take(self, service: Service, container: Container) -> None:
        """Keeps what was known when the engine does not say."""
        at = datetime.now(UTC)
        try:
            sample = self._world.engine.stats(container.id)
            used = {"cpu_percent": self._cpu_percent(container.id, sample), **measured(sample)}
            self._world.meter.read(service.key, container.id, reading_of(sample))
        except PlatformError:
            return
        self._known[container.id] = (at, {**used, "healthy": self._healthy(service, container)})

    def keep(self, containers: Iterable[str]) -> None:
        """Forget the others."""
        there = set(containers)
        self._cpu = {key: value for key, value in self._cpu.items() if key in there}
        self._known = {key: value for key, value in self._known.items() if key in there}
        for gone in {*self._world.proved_at} - there:
            self._world.proved_at.pop(gone)

    def _healthy(self, service: Service, container: Container) -> bool | None:
        port, address = container.label("port"), container.label("address")
        wanted = service.release.health
        if wanted.command is not None:
            return answer_of(self._world.engine, container.id).healthy
        if not port:
            return None
        health = Health(path=wanted.path, timeout_seconds=min(2, wanted.timeout_seconds))
        return ask(address, int(port), health, host_header(service, address)).healthy

    def _cpu_percent(self, container: str, sample: dict[str, Any]) -> float | None:
        """Since the sample before; the engine's counters are nanoseconds."""
        used, now = int(sample["cpu_stats"]["cpu_usage"]["total_usage"]), datetime.now(UTC)
        before = self._cpu.get(container)
        self._cpu[container] = (used, now)
        if before is None or (passed := (now - before[1]).total_seconds()) <= 0:
            return None
        return round(max(0.0, (used - before[0]) / 1e7 / passed), 2)
