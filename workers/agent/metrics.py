"""Sends what services use and answer, every `sample_seconds` (10), from a thread of its own.

Not in charge of measuring (`metrics_usage`, `metrics_edge`). While the control plane is away samples wait, as many as
`WAITING_BYTES` hold; then the oldest are dropped, which is said here and shows as a gap in the charts.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

from workers.agent.client import ControlPlane
from workers.agent.metrics_edge import Counters, scrape, traffic_between
from workers.agent.metrics_usage import Meter
from workers.desired import Document, Sample, Service, Tick, Traffic, Usage
from workers.docker import Engine
from workers.edge import metrics_url
from workers.errors import PlatformError

EARLY = 0.95  # A little less than the time between two rounds of readings, so that each round is a sample.
WAITING_BYTES = 8_000_000
BATCH_BYTES = 1_000_000


class Metrics:
    def __init__(
        self,
        engine: Engine,
        control: ControlPlane,
        meter: Meter,
        wanted: Callable[[], Document | None],
        edge_metrics_url: str = "",
        sample_seconds: float = 10.0,
    ) -> None:
        self._engine = engine
        self._meter = meter
        self._wanted = wanted
        self._url = edge_metrics_url
        self._every = sample_seconds * EARLY
        self._edge: Counters | None = None
        self._silent = ""
        self._outbox = Outbox(control)

    def start(self) -> None:
        threading.Thread(target=self._run, name="metrics", daemon=True).start()

    def _run(self) -> None:
        last = time.monotonic()
        while True:
            self._meter.is_ready.wait()
            self._meter.is_ready.clear()
            document = self._wanted()
            if document is None or time.monotonic() - last < self._every:
                continue
            last = time.monotonic()
            self._outbox.add(tick_of(document.services, self._meter.take(), self._traffic(document)))
            self._outbox.send()

    def _traffic(self, document: Document) -> dict[str, Traffic]:
        """Nothing while the edge is silent, and the first time: when its counters rose is not known."""
        try:
            url = self._url or metrics_url(self._engine)
            now = scrape(url) if url else None
        except PlatformError as error:
            if error.message != self._silent:
                _say(error.message)
            self._silent = error.message
            return {}
        self._silent = ""
        before, self._edge = self._edge, now or self._edge
        if before is None or now is None:
            return {}
        return traffic_between(before, now, [service.key for service in document.services if service.routes])


def tick_of(services: list[Service], usage: dict[str, Usage], traffic: dict[str, Traffic]) -> Tick:
    """Services, by their keys, of which nothing is known are left out."""
    known = [service for service in services if service.key in usage or service.key in traffic]
    samples = [
        Sample(
            service=service.id,
            environment=service.environment,
            cpu_limit=sum(p.limits.cpus * p.replicas for p in service.release.processes.values()),
            memory_limit_bytes=sum(p.limits.memory_bytes * p.replicas for p in service.release.processes.values()),
            usage=usage.get(service.key),
            traffic=traffic.get(service.key),
        )
        for service in known
    ]
    return Tick(at=datetime.now(UTC), samples=samples)


class Outbox:
    """What waits to be sent, oldest first, as it will be sent."""

    def __init__(self, control: ControlPlane, limit: int = WAITING_BYTES) -> None:
        self.waiting: deque[bytes] = deque()
        self._control = control
        self._limit = limit
        self._size = 0
        self._dropped = 0
        self._is_away = False

    def add(self, tick: Tick) -> None:
        if not tick.samples:
            return
        self.waiting.append(tick.model_dump_json(exclude_none=True).encode())
        self._size += len(self.waiting[-1])
        while self._size > self._limit:
            self._size -= len(self.waiting.popleft())
            self._dropped += 1
            if self._dropped == 1:
                _say(f"more than {self._limit} bytes of metrics wait for the control plane; the oldest are dropped")

    def send(self) -> None:
        """All that waits, until the control plane can not be reached."""
        while self.waiting:
            batch = self._batch()
            try:
                taken = self._control.send("metrics", b'{"ticks":[%s]}' % b",".join(batch))
            except PlatformError as error:
                if not self._is_away:
                    _say(f"metrics wait: {error.message}")
                self._is_away = True
                return
            if taken == "refused":
                _say(f"the control plane refused {len(batch)} samples of metrics")
            for sent in batch:
                self.waiting.popleft()
                self._size -= len(sent)
        if self._dropped:
            _say(f"metrics are sent again; {self._dropped} samples were dropped meanwhile")
        self._dropped, self._is_away = 0, False

    def _batch(self) -> list[bytes]:
        batch: list[bytes] = []
        for tick in self.waiting:
            if batch and sum(map(len, batch)) + len(tick) > BATCH_BYTES:
                break
            batch.append(tick)
        return batch


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
