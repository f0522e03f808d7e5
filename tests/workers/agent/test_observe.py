"""The observation window ends, whatever goes wrong in it."""

from __future__ import annotations

import ipaddress
import shutil
import threading
import time
from pathlib import Path

import pytest

from tests.workers.agent.conftest import make_service
from workers.agent import observe
from workers.agent.client import ControlPlane
from workers.agent.environments import Environments
from workers.agent.log_reader import LogReader
from workers.agent.log_source import Positions
from workers.agent.log_ways import LogWays
from workers.agent.logs import LogShipper
from workers.agent.networks import Networks
from workers.agent.observe import Observer
from workers.agent.reporter import Reporter, Steps
from workers.agent.spec import LogRotation
from workers.agent.store import Attempt, Store
from workers.agent.world import World
from workers.desired import Service
from workers.docker import Engine
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


def until_closed(observer: Observer, service: Service) -> None:
    ends_at = time.monotonic() + 5
    while observer.is_watching(service):
        assert time.monotonic() < ends_at
        time.sleep(0.01)
