"""Compares what should run with what runs, and sets going what brings them together. Level-triggered, by labels.

Not in charge of how (`rollout`, `keep_up`, `drains`). One piece of work per service at a time; the newest document wins.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Iterable

from workers.agent.drains import Drains
from workers.agent.environments import service_of
from workers.agent.instances import Instances
from workers.agent.keep_up import is_as_wanted, keep_up, lacks_image
from workers.agent.labels import volume_name
from workers.agent.observe import Observer
from workers.agent.reporter import Reporter, Steps
from workers.agent.rollout import Failed, announce, roll_out
from workers.agent.store import Attempt
from workers.agent.turns import Turns
from workers.agent.world import Check, World
from workers.desired import Document, ErrorReport, Service, StepName
from workers.docker_records import Container
from workers.errors import PlatformError, SlipwayError, Stopped

TICK_SECONDS = 5.0
LOOK_AGAIN_SECONDS = 0.3  # The engine tells of an end before its own list shows it.
RETRY_SECONDS = (1.0, 2.0, 5.0, 15.0, 30.0)


class Converger:
    def __init__(self, world: World, reporter: Reporter, stopping: threading.Event) -> None:
        self.document: Document | None = None
        self._world = world
        self._reporter = reporter
        self._stopping = stopping
        self._drains = Drains(world, stopping)
        self._observer = Observer(world, stopping)
        self.instances = Instances(world, reporter, lambda: self.document)
        self._wake = threading.Event()
        self._turns = Turns()
        self._lock = threading.Lock()
        self._busy: set[str] = set()
        self._tries: dict[str, tuple[int, float]] = {}  # Failed tries and the moment of the next one.
        self._told: set[tuple[str, str, int]] = set()  # Attempts whose outcome this process has reported.

    def want(self, document: Document) -> None:
        """The newest document. On disk before anything is done about it."""
        self._world.store.keep_document(document)
        self.take_up(document)

    def take_up(self, document: Document) -> None:
        """A document that is on disk already."""
        self._reporter.generation = document.generation
        self.document = document
        self._world.environments.want(document.services)
        self._tries.clear()
        self.wake()

    def wake(self) -> None:
        self._wake.set()

    def run(self) -> None:
        """Until the agent stops."""
        woken = False
        while not self._stopping.is_set():
            woken = self._wake.wait(LOOK_AGAIN_SECONDS if woken else TICK_SECONDS)
            self._wake.clear()
            try:
                if self.document is not None and not self._stopping.is_set():
                    self._tick(self.document)
            except SlipwayError as error:
                _say(error.message)
                self._stopping.wait(1)
            except Exception:  # A bug must not end the loop that repairs everything else.
                _say(traceback.format_exc())
                self._stopping.wait(1)

    def _tick(self, document: Document) -> None:
        self._world.names.mend()
        seen_at = time.monotonic()
        everything = self._world.engine.containers()
        ours = [c for c in everything if c.label("role") in ("app", "release")]
        self._world.logs.sync(ours, seen_at)
        self._hand_over()
        wanted = {service.key: service for service in document.services}
        by_key = {c.id: self._world.environments.key(c) for c in ours}
        present = {*by_key.values()} | self._world.routes.services() | self._world.store.services()
        for identifier in [*wanted, *(present - wanted.keys())]:
            mine = [c for c in ours if by_key[c.id] == identifier]
            if not self._settled(identifier, wanted.get(identifier), mine):
                self._begin(identifier)
        self._clean(document, ours)

    def _hand_over(self) -> None:
        """Nothing is begun meanwhile: only this thread begins work."""
        with self._lock:
            working = set(self._busy)
        self._world.environments.hand_over(self._world.routes, working)

    def _settled(self, identifier: str, service: Service | None, mine: list[Container]) -> bool:
        if service is None:
            return False
        memory = self._world.store.memory(identifier)
        attempt = Attempt(service.deployment, service.fence)
        if memory.failed == attempt and service.rolling_out:
            return self._is_told(service)
        if not _is_live(service, memory.live):
            return False
        if memory.observed is None and not self._observer.is_watching(service):
            return False
        apps = [c for c in mine if c.label("role") == "app"]
        return self._is_told(service) and is_as_wanted(service, apps, self._world, self._drains.busy())

    def _begin(self, identifier: str) -> None:
        with self._lock:
            due = self._tries.get(identifier, (0, 0.0))[1] <= time.monotonic()
            if identifier in self._busy or not due:
                return
            self._busy.add(identifier)
        threading.Thread(target=self._work, args=(identifier,), name="work", daemon=True).start()

    def _work(self, identifier: str) -> None:
        try:
            self._settle(identifier)
            self._tries.pop(identifier, None)
        except Stopped:
            pass  # The next tick begins with the newest document.
        except Failed as failure:
            _say(f"service {identifier}: {failure}")
            if self._service(identifier) and not self._settled_by_failure(identifier):
                self._later(identifier)
        except SlipwayError as error:
            _say(f"service {identifier}: {error.message}")
            self._later(identifier)
        except Exception:
            _say(traceback.format_exc())
            self._later(identifier)
        finally:
            with self._lock:
                self._busy.discard(identifier)
            self.instances.changed(service_of(identifier))
            if not self._tries.get(identifier):
                self.wake()

    def _settle(self, identifier: str) -> None:
        service = self._service(identifier)
        if service is None:
            with self._turns.upkeep():
                self._remove(identifier)
            return
        memory = self._world.store.memory(identifier)
        steps = Steps(self._reporter, service.deployment, service.fence, quiet=not service.rolling_out)
        attempt = Attempt(service.deployment, service.fence)
        if service.rolling_out and memory.failed == attempt:
            steps.failed(memory.failed_step, ErrorReport(**(memory.error or {})))
        elif _is_live(service, memory.live):
            self._keep_up(service, self._checker(service))
            self._tell_again(service, steps)
            self._observer.watch(service, steps)
        else:
            check = self._checker(service)
            with self._turns.rollout(lambda: announce(service, memory, steps), check):
                self._told.add(_key(service))
                roll_out(service, self._world, self._drains, steps, check)
            self._observer.watch(service, steps)
        self._told.add(_key(service))

    def _keep_up(self, service: Service, check: Check) -> None:
        if lacks_image(service, self._world):
            with self._turns.fetching(check):
                self._world.need_image(service, check)
        with self._turns.upkeep():
            keep_up(service, self._world, self._drains, check)

    def _tell_again(self, service: Service, steps: Steps) -> None:
        """After a restart of the agent: the control plane may not have heard how it ended. Hearing it twice is harmless."""
        if not service.rolling_out or self._is_told(service):
            return
        told: tuple[StepName, ...] = ("start", "health", "switch", "drain")
        for step in told:
            steps.succeeded(step)
        memory = self._world.store.memory(service.key)
        if memory.observed is not None:
            steps.observed(ErrorReport(**memory.observed_error) if memory.observed_error else None)

    def _remove(self, identifier: str) -> None:
        """A service that is no longer wanted: first nobody is sent there, then its containers end."""
        self._world.routes.remove(identifier)
        leaving = self._drains.busy()
        everything = self._world.engine.containers(service=service_of(identifier))
        mine = [c for c in everything if self._world.environments.key(c) == identifier]
        left = [c for c in mine if c.id not in leaving]
        if left:
            self._drains.begin(left, self.wake)
        elif not mine:
            self._world.store.forget(identifier)

    def _clean(self, document: Document, ours: Iterable[Container]) -> None:
        projects = {s.project for s in document.services} | {c.label("project") for c in ours}
        self._world.networks.remove_unused(projects)
        discarded = {volume_name(self._world.engine.instance, v) for v in document.discarded_volumes}
        if discarded:
            for name, _ in self._world.engine.volumes():
                if name in discarded:
                    self._discard(name)

    def _discard(self, volume: str) -> None:
        try:
            self._world.engine.remove_volume(volume)
        except PlatformError as error:
            _say(error.message)  # A container that is being drained still has it; the next tick tries again.

    def _checker(self, service: Service) -> Check:
        def check() -> None:
            if self._stopping.is_set():
                raise Stopped("shutdown")
            newest = self._service(service.key)
            if newest is None or _key(newest) != _key(service) or newest.release != service.release:
                raise Stopped("superseded")

        return check

    def _service(self, identifier: str) -> Service | None:
        document = self.document
        return next((s for s in document.services if s.key == identifier), None) if document else None

    def _is_told(self, service: Service) -> bool:
        return not service.rolling_out or _key(service) in self._told

    def _settled_by_failure(self, identifier: str) -> bool:
        service = self._service(identifier)
        failed = self._world.store.memory(identifier).failed
        return service is not None and failed == Attempt(service.deployment, service.fence)

    def _later(self, identifier: str) -> None:
        count = self._tries.get(identifier, (0, 0.0))[0]
        self._tries[identifier] = (count + 1, time.monotonic() + RETRY_SECONDS[min(count, len(RETRY_SECONDS) - 1)])


def _is_live(service: Service, live: Attempt | None) -> bool:
    """A new fence of a deployment that is live is reported anew, unless it is only kept up."""
    if live is None or live.deployment != service.deployment:
        return False
    return not service.rolling_out or live.fence == service.fence


def _key(service: Service) -> tuple[str, str, int]:
    return service.key, service.deployment, service.fence


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
