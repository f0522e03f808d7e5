"""Rollouts wait for rollouts, and say so; what keeps services up does not, nor for a silent registry."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.workers.agent.conftest import make_service
from tests.workers.agent.test_observe import world_in
from workers.agent.client import ControlPlane
from workers.agent.converge import Converger
from workers.agent.reporter import Reporter
from workers.agent.store import Attempt
from workers.agent.turns import Turns
from workers.desired import Document
from workers.docker import Engine
from workers.docker_records import Container, Network
from workers.errors import PlatformError, Stopped
from workers.image_reference import Login


def test_it_says_that_a_rollout_waits_and_lets_upkeep_through() -> None:
    turns, said, begun = Turns(1), threading.Event(), threading.Event()

    def second() -> None:
        with turns.rollout(said.set, lambda: None):
            begun.set()

    with turns.rollout(lambda: pytest.fail("nobody is before it"), lambda: None):
        waiting = threading.Thread(target=second)
        waiting.start()
        assert said.wait(30) and not begun.is_set()
        with turns.upkeep():
            pass
    assert begun.wait(30)
    waiting.join()


def test_it_stops_waiting_for_what_is_no_longer_wanted() -> None:
    def check() -> None:
        raise Stopped("superseded")

    turns = Turns(1)
    with turns.rollout(lambda: None, lambda: None), pytest.raises(Stopped), turns.rollout(lambda: None, check):
        pass
    with turns.rollout(lambda: pytest.fail("the turn was not given back"), lambda: None):
        pass


class Silent(Engine):
    """An engine of an empty host, which waits for a registry that says nothing."""

    def __init__(self, image: str) -> None:
        super().__init__("0" * 8)
        self._image = image
        self.asked, self.repairs, self.heard = threading.Event(), threading.Event(), threading.Event()

    def containers(self, **labels: str) -> list[Container]:
        return []

    def has_image(self, image: str) -> bool:
        return image != self._image

    def pull(self, reference: str, login: Login | None, check: Callable[[], None]) -> None:
        self.asked.set()
        self.heard.wait(60)
        raise PlatformError("x", "It said nothing.")

    def networks(self, *, mine: bool = True) -> list[Network]:
        """The first thing that a container's start looks for."""
        self.repairs.set()
        raise PlatformError("x", "Enough is seen.")


def test_it_repairs_others_while_a_registry_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = f"r.example/app@sha256:{'a' * 64}", "sha256:2"
    lost, other = (make_service(image).model_copy(update={"rolling_out": False}) for image in images)
    engine, control = Silent(lost.release.image), ControlPlane("http://127.0.0.1:9", "t")
    world = replace(world_in(tmp_path, control), engine=engine)
    monkeypatch.setattr(world.networks, "_engine", engine)
    converger = Converger(world, Reporter(control), threading.Event())
    monkeypatch.setattr(converger, "_turns", Turns(1))
    converger.document = Document(target=lost.id, generation=1, services=[lost, other])
    for service in (lost, other):
        world.store.remember(service.key, live=Attempt(service.deployment, service.fence), observed=True)
    try:
        converger._begin(lost.key)
        assert engine.asked.wait(30)
        converger._begin(other.key)
        assert engine.repairs.wait(30)
    finally:
        engine.heard.set()
