"""Reports what runs: the state of every container with its use of CPU, memory and network.

Not in charge of repairing anything.
"""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from workers.agent.health import ask, host_header
from workers.agent.metrics_usage import reading_of
from workers.agent.reporter import Reporter
from workers.agent.world import World
from workers.desired import Document, Health, Instance, InstancesReport, Service
from workers.docker import Container
from workers.errors import PlatformError

AT_ONCE = 8  # Containers that are asked at the same time: one that answers slowly must not keep the others waiting.
_NEVER = "0001-01-01T00:00:00Z"


class Instances:
    """One thread. `changed()` makes it report at once."""

    def __init__(self, world: World, reporter: Reporter, wanted: Callable[[], Document | None]) -> None:
        self._world = world
        self._reporter = reporter
        self._wanted = wanted
        self._changed = threading.Event()
        self._samples: dict[str, tuple[int, datetime]] = {}

    def start(self) -> None:
        threading.Thread(target=self._run, name="instances", daemon=True).start()

    def changed(self) -> None:
        self._changed.set()

    def _run(self) -> None:
        while True:
            if self._changed.wait(self._world.sample_seconds):
                threading.Event().wait(0.1)  # What happens together is told together.
            self._changed.clear()
            document = self._wanted()
            if document is None:
                continue
            try:
                self._report(document)
            except PlatformError:
                continue  # The engine is away; the next round tells.
            except Exception:  # A bug over one container must not end the reports of all.
                print(traceback.format_exc(), file=sys.stderr, flush=True)

    def _report(self, document: Document) -> None:
        everything = self._world.engine.containers(role="app")
        self._samples = {c.id: self._samples[c.id] for c in everything if c.id in self._samples}
        keys = {c.id: self._world.environments.key(c) for c in everything}
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            asked = {
                s.key: [pool.submit(self._describe, s, c) for c in everything if keys[c.id] == s.key]
                for s in document.services
            }
        for service in document.services:
            told = [instance for future in asked[service.key] if (instance := future.result()) is not None]
            self._reporter.add(
                InstancesReport(
                    service=service.id, environment=service.environment, at=datetime.now(UTC), instances=told
                )
            )
        self._world.meter.round_done()

    def _describe(self, service: Service, container: Container) -> Instance | None:
        try:
            told = self._world.engine.inspect(container.id)
            instance = described(container, told)
            if instance.state != "running":
                return instance
            sample = self._world.engine.stats(container.id)
            used = self._use(container.id, sample)
            self._world.meter.read(service.key, container.id, reading_of(sample, measured(sample)))
        except PlatformError:
            return None
        return instance.model_copy(update={**used, "healthy": self._healthy(service, container)})

    def _healthy(self, service: Service, container: Container) -> bool | None:
        port = container.label("port")
        if not port:
            return None
        health = Health(
            path=service.release.health.path, timeout_seconds=min(2, service.release.health.timeout_seconds)
        )
        return ask(
            container.label("address"), int(port), health, host_header(service, container.label("address"))
        ).healthy

    def _use(self, container: str, sample: dict[str, Any]) -> dict[str, float | int | None]:
        """CPU since the sample before; the engine's counters are nanoseconds."""
        used, now = int(sample["cpu_stats"]["cpu_usage"]["total_usage"]), datetime.now(UTC)
        before = self._samples.get(container)
        self._samples[container] = (used, now)
        return {"cpu_percent": _percent(before, used, now), **measured(sample)}


def _percent(before: tuple[int, datetime] | None, used: int, now: datetime) -> float | None:
    if before is None or (passed := (now - before[1]).total_seconds()) <= 0:
        return None
    return round(max(0.0, (used - before[0]) / 1e7 / passed), 2)


def measured(sample: dict[str, Any]) -> dict[str, int]:
    """Memory without the page cache that can be dropped, as `docker stats` shows it (cgroup v1 and v2)."""
    memory = sample.get("memory_stats", {})
    detail = memory.get("stats", {})
    cache = detail.get("total_inactive_file", detail.get("inactive_file", 0))
    networks = sample.get("networks", {}).values()
    return {
        "memory_bytes": max(0, memory.get("usage", 0) - cache),
        "network_rx_bytes": sum(n["rx_bytes"] for n in networks),
        "network_tx_bytes": sum(n["tx_bytes"] for n in networks),
    }


def described(container: Container, told: dict[str, Any]) -> Instance:
    state = told["State"]
    ended = state["Status"] in ("exited", "dead", "restarting")
    return Instance(
        name=container.name,
        process=container.label("process"),
        release=container.label("release"),
        state=state["Status"],
        restarts=told["RestartCount"],
        started_at=state["StartedAt"] if state["StartedAt"] != _NEVER else None,
        exit_code=state["ExitCode"] if ended else None,
    )
