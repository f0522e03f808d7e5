"""What an event names is told at once, while the engine still counts what containers use. No engine: it is played here."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from tests.workers.agent.conftest import make_service
from workers.agent.instances import Instances
from workers.agent.metrics_usage import Meter
from workers.agent.samples import Samples
from workers.desired import Document, Instance, InstancesReport, Service
from workers.docker_records import Container

SECONDS = 20  # A busy machine may take these; no test is meant to.
SAMPLE = {"cpu_stats": {"cpu_usage": {"total_usage": 1}}, "memory_stats": {"usage": 7}}


class Played:
    """An engine with one container; it samples when it is let."""

    def __init__(self, service: Service) -> None:
        labels = {"slipway.service": service.id, "slipway.release": service.release.id, "slipway.process": "worker"}
        self.container = Container("c", "worker.1", "running", labels)
        self.told = {"Status": "running", "StartedAt": "2026-01-01T00:00:00Z", "ExitCode": 0}
        self.samples, self.asked = threading.Semaphore(0), threading.Event()
        self.there = [self.container]
        self.dawdle: dict[str, threading.Event] = {}  # The next answer to this question comes when this is set.
        self.dawdling = threading.Event()

    def containers(self, **_: str) -> list[Container]:
        found = list(self.there)
        self._dawdle("containers")
        return found

    def inspect(self, _: str) -> dict[str, Any]:
        found = {"State": dict(self.told), "RestartCount": 0}
        self._dawdle("inspect")
        return found

    def _dawdle(self, question: str) -> None:
        if dawdle := self.dawdle.pop(question, None):
            self.dawdling.set()
            dawdle.wait(2 * SECONDS)

    def stats(self, _: str) -> dict[str, Any]:
        self.asked.set()
        self.samples.acquire()
        return SAMPLE


class Heard:
    """What was reported of the container, in order."""

    def __init__(self) -> None:
        self.reports: list[InstancesReport] = []

    def add(self, report: InstancesReport) -> None:
        self.reports.append(report)

    def newest(self, state: str, memory: int | None) -> None:
        deadline = time.monotonic() + SECONDS
        while not self.reports or _shown(self.reports[-1].instances[0]) != (state, memory):
            assert time.monotonic() < deadline, [_shown(r.instances[0]) for r in self.reports]
            time.sleep(0.01)


def _shown(instance: Instance) -> tuple[str, int | None]:
    return instance.state, instance.memory_bytes


@pytest.fixture
def service() -> Service:
    return make_service("no image")


@pytest.fixture
def engine(service: Service) -> Iterator[Played]:
    engine = Played(service)
    yield engine
    engine.samples.release(100)  # Its threads end.


def instances(engine: Played, service: Service, heard: Heard) -> Instances:
    environments = SimpleNamespace(key=lambda _: service.key)
    world: Any = SimpleNamespace(
        engine=engine, environments=environments, meter=Meter(), sample_seconds=60, proved_at={}
    )
    reporter: Any = heard
    made = Instances(world, reporter, lambda: Document(target=service.id, generation=1, services=[service]))
    made.start()
    return made


def test_it_tells_a_change_before_the_engine_has_sampled(engine: Played, service: Service) -> None:
    heard = Heard()
    told = instances(engine, service, heard)
    told.changed(service.id)
    heard.newest("running", None)
    engine.samples.release()
    heard.newest("running", 7)
    engine.asked.clear()
    told.changed(service.id)  # Its round waits for a sample that does not come.
    assert engine.asked.wait(SECONDS)
    engine.told["Status"] = "paused"
    told.changed(service.id)
    heard.newest("paused", None)
    engine.told["Status"] = "running"
    told.changed(service.id)
    heard.newest("running", 7)  # What it used last is kept.


@pytest.mark.parametrize("question", ["containers", "inspect"])
def test_it_does_not_let_an_old_look_stand_for_a_new_one(question: str, engine: Played, service: Service) -> None:
    heard = Heard()
    told = instances(engine, service, heard)
    told.changed(service.id)
    heard.newest("running", None)
    assert engine.asked.wait(SECONDS)
    engine.dawdle[question] = dawdle = threading.Event()
    engine.samples.release()  # The round goes on, looks, and dawdles before it tells.
    assert engine.dawdling.wait(SECONDS)
    engine.told["Status"] = "paused"
    engine.there = [engine.container, engine.container]
    told.changed(service.id)
    heard.newest("paused", None)
    engine.asked.clear()
    dawdle.set()
    assert engine.asked.wait(SECONDS)  # In its next round: it has told of the one before.
    heard.newest("paused", None)
    assert len(heard.reports[-1].instances) == 2


def test_it_believes_what_answered_since_it_was_asked(engine: Played, service: Service) -> None:
    world: Any = SimpleNamespace(engine=engine, meter=Meter(), proved_at={})
    samples, started_at = Samples(world), datetime(2026, 1, 1, tzinfo=UTC)
    engine.samples.release(2)
    engine.container.labels.update({"slipway.port": "1", "slipway.address": "127.0.0.1"})  # Where nothing listens.
    samples.take(service, engine.container)
    assert samples.of("c", started_at)["healthy"] is False
    world.proved_at["c"] = datetime.now(UTC)
    assert samples.of("c", started_at)["healthy"] is True
    assert samples.of("c", datetime.now(UTC))["healthy"] is False, "but not what began anew since"
    samples.take(service, engine.container)
    assert samples.of("c", started_at)["healthy"] is False, "nor what was asked again"
    samples.keep([])
    assert world.proved_at == {}
