"""Reports what runs: the state of every container with its use of CPU, memory and network.

Not in charge of repairing anything.
"""

from __future__ import annotations

import itertools
import sys
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any

from workers.agent.reporter import Reporter
from workers.agent.samples import Samples
from workers.agent.world import World
from workers.desired import Document, Instance, InstancesReport, Service
from workers.docker_errors import NotThere
from workers.docker_records import Container
from workers.errors import PlatformError

AT_ONCE = 8  # Containers that are asked at the same time: one that answers slowly must not keep the others waiting.
TOGETHER_SECONDS = 0.1  # What happens together is told together.
_NEVER = "0001-01-01T00:00:00Z"


class Instances:
    """Two threads: one samples everything in rounds, the other tells at once what a change left of a service."""

    def __init__(self, world: World, reporter: Reporter, wanted: Callable[[], Document | None]) -> None:
        self._world = world
        self._reporter = reporter
        self._wanted = wanted
        self._samples = Samples(world)
        self._changed = threading.Event()
        self._round_due = threading.Event()
        self._lock = threading.Lock()  # Of the three below.
        self._services: set[str] = set()  # That something happened to.
        self._looks = itertools.count(1)
        self._told: dict[str, int] = {}  # The look that a service was told of last.

    def start(self) -> None:
        for target in (self._tell_changes, self._tell_rounds):
            threading.Thread(target=target, name=target.__name__, daemon=True).start()

    def changed(self, service: str) -> None:
        """Its containers are told as they are now; with what they use when the next round, begun now, knows."""
        with self._lock:
            self._services.add(service)
        self._changed.set()

    def _tell_changes(self) -> None:
        while True:
            self._changed.wait()
            threading.Event().wait(TOGETHER_SECONDS)
            self._changed.clear()
            with self._lock:
                services, self._services = self._services, set()
            self._guarded(partial(self._tell, services=services))
            self._round_due.set()

    def _tell_rounds(self) -> None:
        while True:
            self._round_due.wait(self._world.sample_seconds)
            self._round_due.clear()
            self._guarded(self._round)

    def _guarded(self, report: Callable[[Document], None]) -> None:
        document = self._wanted()
        if document is None:
            return
        try:
            report(document)
        except PlatformError:
            return  # The engine is away; the next round tells.
        except Exception:  # A bug over one container must not end the reports of all.
            print(traceback.format_exc(), file=sys.stderr, flush=True)

    def _round(self, document: Document) -> None:
        everything = self._world.engine.containers(role="app")
        self._samples.keep(c.id for c in everything)
        of = {service.key: service for service in document.services}
        running = [(of.get(self._world.environments.key(c)), c) for c in everything if c.state == "running"]
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            for taken in [pool.submit(self._samples.take, service, c) for service, c in running if service]:
                taken.result()
        self._tell(document, {service.id for service in document.services})
        self._world.meter.round_done()

    def _tell(self, document: Document, services: set[str]) -> None:
        """What is drawn first counts: a list that is old must not stand for a newer one."""
        with self._lock:
            look, at = next(self._looks), datetime.now(UTC)
        named = {"service": next(iter(services))} if len(services) == 1 else {}
        everything = self._world.engine.containers(role="app", **named)
        keys = {c.id: self._world.environments.key(c) for c in everything}
        wanted = [s for s in document.services if s.id in services]
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            say = partial(self._say, look, at)
            for told in [pool.submit(say, s, [c for c in everything if keys[c.id] == s.key]) for s in wanted]:
                told.result()

    def _say(self, look: int, at: datetime, service: Service, containers: list[Container]) -> None:
        """Unless a later look was told meanwhile."""
        told = [instance for c in containers if (instance := self._look(c)) is not None]
        with self._lock:
            if self._told.get(service.key, 0) > look:
                return
            self._told[service.key] = look
            self._reporter.add(
                InstancesReport(service=service.id, environment=service.environment, at=at, instances=told)
            )

    def _look(self, container: Container) -> Instance | None:
        """None when it is gone meanwhile."""
        try:
            instance = described(container, self._world.engine.inspect(container.id))
        except NotThere:
            return None
        if instance.state != "running":
            return instance
        return instance.model_copy(update=self._samples.of(container.id, instance.started_at))


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
