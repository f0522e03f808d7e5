"""The observation window ends, whatever goes wrong in it."""

from __future__ import annotations

import ipaddress
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.workers.agent.conftest import make_service
from workers.agent import observe
from workers.agent.client import ControlPlane
from workers.agent.environments import Environments
from workers.agent.labels import labels_for
from workers.agent.log_positions import Positions
from workers.agent.log_reader import LogReader
from workers.agent.log_ways import LogWays
from workers.agent.logs import LogShipper
from workers.agent.names import Names
from workers.agent.networks import Networks
from workers.agent.observe import Observer
from workers.agent.reporter import Reporter, Steps
from workers.agent.spec import LogRotation
from workers.agent.store import Attempt, Store
from workers.agent.world import World
from workers.desired import Health, Service
from workers.docker import Engine
from workers.docker_records import Container
from workers.traefik import Routes


def world_in(folder: Path, control: ControlPlane) -> World:
    """One that never needs its engine."""
    engine, store = Engine("0" * 8), Store(folder / "agent")
    environments = Environments(store)
    ways = LogWays(engine, LogReader(engine, folder / "log-reader"))
    return World(
        engine=engine,
        networks=Networks(engine, ipaddress.IPv4Network("10.213.0.0/16")),
        routes=Routes(folder / "routes"),
        logs=LogShipper(engine, control, Positions(folder / "positions"), ways, environments.of),
        store=store,
        environments=environments,
        names=Names(engine, environments, folder / "moving"),
        edge_url="http://127.0.0.1:9",
        rotation=LogRotation(),
    )


def test_it_opens_the_window_again_after_its_thread_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here: what it saw can not be kept on disk."""
    monkeypatch.setattr(observe, "AGAIN_SECONDS", 0.05)
    control = ControlPlane("http://127.0.0.1:9", "t")
    world, reporter = world_in(tmp_path, control), Reporter(control)
    service = make_service("x").model_copy(update={"observation_seconds": 0.0})
    world.store.remember(service.key, live=Attempt(service.deployment, service.fence), switched_at=time.time())
    observer, steps = Observer(world, threading.Event()), Steps(reporter, service.deployment, 1, quiet=False)
    shutil.rmtree(world.store.folder)
    observer.watch(service, steps)
    until_closed(observer, service)
    assert world.store.memory(service.key).observed is None and not reporter._waiting
    world.store.folder.mkdir()
    observer.watch(service, steps)
    until_closed(observer, service)
    assert world.store.memory(service.key).observed is True
    assert [report.kind for report in reporter._waiting] == ["observed"]


class Told(Engine):
    """An engine with one container of a service, whose own check stands at `status`."""

    def __init__(self, service: Service, status: str, failed: int) -> None:
        super().__init__("0" * 8)
        self._service = service
        self._health = {"Status": status, "FailingStreak": failed, "Log": [{"ExitCode": min(failed, 1)}]}

    def containers(self, **labels: str) -> list[Container]:
        place = {"instance": self.instance, "role": "app", "address": "", "index": 0}
        told = labels_for(self._service, "web", **place)  # type: ignore[arg-type]
        return [Container("c", "c", "running", told)]

    def inspect(self, container: str) -> dict[str, Any]:
        return {"RestartCount": 0, "State": {"Status": "running", "Health": self._health}}


@pytest.mark.parametrize(
    ("status", "failed", "well"), [("starting", 0, True), ("unhealthy", 3, False), ("unhealthy", 0, True)]
)
def test_it_holds_only_failed_own_checks_against_a_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: str, failed: int, well: bool
) -> None:
    """One that was started anew is not asked for an interval, and one that was paused is called unhealthy for one."""
    monkeypatch.setattr(observe, "LOOK_EVERY", 0.01)
    monkeypatch.setattr(observe, "ASK_EVERY", 0.0)
    monkeypatch.setattr(observe, "FAILURES", 1)
    control, plain = ControlPlane("http://127.0.0.1:9", "t"), make_service("x")
    release = plain.release.model_copy(update={"health": Health(command=["x"])})
    service = plain.model_copy(update={"observation_seconds": 0.3 if well else 60, "release": release})
    world = replace(world_in(tmp_path, control), engine=Told(service, status, failed))
    world.store.remember(service.key, live=Attempt(service.deployment, service.fence), switched_at=time.time())
    observer = Observer(world, threading.Event())
    observer.watch(service, Steps(Reporter(control), service.deployment, 1, quiet=False))
    until_closed(observer, service)
    assert world.store.memory(service.key).observed is well


def until_closed(observer: Observer, service: Service) -> None:
    ends_at = time.monotonic() + 30
    while observer.is_watching(service):
        assert time.monotonic() < ends_at
        time.sleep(0.01)
