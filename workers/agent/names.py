"""Which containers a service's siblings reach by its names: the engine's aliases, given to one that is well, and taken
from one that is to go.

Not in charge of when (`workers.agent.rollout`, `keep_up`, `drains`). The engine changes aliases only by taking a container
off its network and putting it back, so it stands still meanwhile, some tenths of a second: it keeps its address, and its
connections outlive that (docs/decisions/0008).
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from workers.agent.environments import Environments
from workers.agent.spec import is_named
from workers.agent.store import write_private
from workers.desired import Service
from workers.docker import Engine
from workers.docker_errors import NotThere
from workers.docker_records import Container
from workers.errors import SlipwayError


class Names:
    """One container is moved at a time. `notes` is a folder with a file for each that is being moved: an agent that dies
    leaves it to the next one."""

    def __init__(self, engine: Engine, environments: Environments, notes: Path) -> None:
        self._engine = engine
        self._environments = environments
        self._notes = notes
        self._moving = ""
        self._known: dict[str, bool] = {}  # Container -> whether it has names.
        self._lock = threading.Lock()

    def are_free(self, service: Service, containers: Iterable[Container]) -> bool:
        """Whether a new one has them from its start on: nobody calls, or there is nobody else to be called.

        Then one that looks for itself or its like by name while it starts finds them, as it would without us.
        """
        return not self._are_called_for(service) or not any(
            c.state == "running" and self._has(c.id) for c in containers
        )

    def missing(self, service: Service, containers: Iterable[Container]) -> list[Container]:
        """Those that run without the names that they should have."""
        if not self._are_called_for(service):
            return []
        running = [c for c in containers if c.state == "running" and is_named(service, c.label("process"))]
        return [c for c in running if not self._has(c.id)]

    def give(self, service: Service, containers: Iterable[Container]) -> None:
        for container in self.missing(service, containers):
            with self._lock:
                told = self._look(container.id)
                if not self._known[container.id]:
                    self._move(told, service.names)

    def take(self, container: Container, is_leaving: Callable[[], bool] = lambda: True) -> bool:
        """Whether it was done: not for one that nobody calls, nor when it is wanted again meanwhile."""
        if not self._environments.have_callers(container.label("project"), container.label("service")):
            return False
        with self._lock:
            told = self._look(container.id)
            if not self._known[container.id] or not is_leaving():
                return False
            self._move(told, [])
            return True

    def is_moving(self, container: str) -> bool:
        """Then that it stands still is our own doing."""
        return self._lock.locked() and self._moving == container

    def forget(self, container: str) -> None:
        self._known.pop(container, None)

    def mend(self) -> None:
        """What could not be put back, or was left so by an agent that died: on its network without names, and running."""
        notes = list(self._notes.iterdir()) if self._notes.exists() else []
        if notes and self._lock.acquire(blocking=False):
            try:
                for note in notes:
                    self._put_back(note)
            finally:
                self._lock.release()

    def stop(self, seconds: float) -> None:
        """Nothing is moved from now on."""
        self._lock.acquire(timeout=seconds)

    def _are_called_for(self, service: Service) -> bool:
        return bool(service.names) and self._environments.have_callers(service.project, service.id)

    def _has(self, container: str) -> bool:
        known = self._known.get(container)
        if known is not None:
            return known
        with self._lock:
            try:
                self._look(container)
            except NotThere:
                return False
            return self._known[container]

    def _look(self, container: str) -> dict[str, Any]:
        """The engine's record."""
        told = self._engine.inspect(container)
        self._known[container] = bool(_aliases(told))
        return told

    def _move(self, told: dict[str, Any], names: list[str]) -> None:
        """`told` is the engine's record. One that was paused by hand stays so."""
        container, state = str(told["Id"]), told["State"]
        stands_still = not state["Running"] or state["Paused"] or state["Restarting"]
        note = self._notes / container
        self._notes.mkdir(exist_ok=True)
        write_private(note, b"")
        self._moving = container
        with nullcontext() if stands_still else self._paused(container):
            self._engine.disconnect(container, told["HostConfig"]["NetworkMode"])
            self._connect(told, names)
        note.unlink()
        self._known[container] = bool(names)

    @contextmanager
    def _paused(self, container: str) -> Iterator[None]:
        self._engine.pause(container)
        try:
            yield
        finally:
            self._engine.unpause(container)

    def _put_back(self, note: Path) -> None:
        self.forget(note.name)
        try:
            told = self._engine.inspect(note.name)
            if not told["NetworkSettings"]["Networks"]:
                self._connect(told, [])
            if told["State"]["Paused"]:
                self._engine.unpause(note.name)
        except NotThere:
            pass
        except SlipwayError as error:
            print(f"{note.name} is not put back on its network yet: {error.message}", file=sys.stderr, flush=True)
            return
        note.unlink(missing_ok=True)

    def _connect(self, told: dict[str, Any], names: list[str]) -> None:
        address = told["Config"]["Labels"]["slipway.address"]
        self._engine.connect(told["Id"], told["HostConfig"]["NetworkMode"], address, names)


def _aliases(told: dict[str, Any]) -> list[str]:
    """Without the one that the engine makes of the id."""
    networks = told["NetworkSettings"]["Networks"].values()
    return [alias for network in networks for alias in network["Aliases"] or [] if alias != told["Id"][:12]]
