"""What a rollout may do to this host: look at containers, start them, take them away. Small steps, no order.

Not in charge of when (`workers.agent.rollout`, `workers.agent.converge`).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from workers.agent.environments import Environments
from workers.agent.images import need_image
from workers.agent.labels import volume_name
from workers.agent.logs import LogShipper
from workers.agent.metrics_usage import Meter
from workers.agent.names import Names
from workers.agent.networks import Networks
from workers.agent.ownership import give_to_user
from workers.agent.spec import LogRotation, container_spec
from workers.agent.store import Store
from workers.desired import Service
from workers.docker import Engine
from workers.docker_errors import NotThere
from workers.docker_records import Container
from workers.traefik import Routes

Check = Callable[[], None]  # Raises `workers.errors.Stopped` when the work is no longer wanted.


@dataclass(frozen=True)
class Replica:
    """One container that belongs to a desired service. `port` None: nothing is routed to it."""

    id: str
    name: str
    process: str
    index: int
    address: str
    port: int | None
    state: str


@dataclass(frozen=True)
class World:
    engine: Engine
    networks: Networks
    routes: Routes
    logs: LogShipper
    store: Store
    environments: Environments
    names: Names
    edge_url: str
    rotation: LogRotation
    sample_seconds: float = 10.0
    exit_codes: dict[str, int] = field(default_factory=dict)  # Last one of each container, from the engine's events.
    out_of_memory: set[str] = field(default_factory=set)
    proved_at: dict[str, datetime] = field(default_factory=dict)  # When a container was waited for, and answered.
    meter: Meter = field(default_factory=Meter)

    def containers(self, service: Service, role: str = "app") -> list[Container]:
        """The containers of a service in its environment, of every deployment."""
        found = self.engine.containers(service=service.id, role=role)
        return [c for c in found if self.environments.key(c) == service.key]

    def start_missing(self, service: Service, found: list[Container], check: Check) -> list[Replica]:
        """Every replica that should run, running. One that exists is adopted; several start at the same time."""
        have = {(c.label("process"), c.label("index")): c for c in found if belongs(c, service)}
        wanted = [(name, i) for name, p in sorted(service.release.processes.items()) for i in range(p.replicas)]
        if any((name, str(i)) not in have for name, i in wanted):
            self.need_image(service, check)
        named = self.names.are_free(service, self.containers(service))

        def one(which: tuple[str, int]) -> Replica:
            check()
            name, index = which
            present = have.get((name, str(index)))
            return self._adopt(present, named) if present else self.start(service, name, index, named=named)

        if len(wanted) == 1:
            return [one(wanted[0])]
        with ThreadPoolExecutor(max_workers=4) as pool:
            return list(pool.map(one, wanted))

    def need_image(self, service: Service, check: Check) -> None:
        need_image(service, self.engine, self.store, check)

    def start(self, service: Service, process: str, index: int, *, role: str = "app", named: bool = True) -> Replica:
        """Create and start one; its log is followed from the first line on."""
        place = self.networks.take(service.project)
        fresh = [mount.path for mount in service.release.mounts if self._made_volume(service, mount.volume)]
        spec = container_spec(
            service,
            process,
            index,
            instance=self.engine.instance,
            place=place,
            logs=self.rotation,
            role=role,
            named=named,
        )
        identifier = self.engine.create(spec)
        container = Container(identifier, spec["name"], "created", spec["Labels"])
        try:
            if fresh:
                give_to_user(self.engine, identifier, fresh)
            self.logs.track(container)
            self.engine.start(identifier)
        except Exception:
            self.engine.remove(identifier)
            raise
        return replica(container, state="running")

    def dispose(self, container: str, stop_seconds: float) -> None:
        """Stop it, send off its last words, remove it. Fine when it is gone already."""
        self.engine.stop(container, stop_seconds)
        self.logs.finish(container)
        self.engine.remove(container)

    def pid(self, container: str) -> int | None:
        """Of its first process, to look into its network namespace; None when it does not run."""
        try:
            return int(self.engine.inspect(container)["State"]["Pid"]) or None
        except NotThere:
            return None

    def _adopt(self, container: Container, named: bool) -> Replica:
        self.logs.track(container)
        if container.state in ("created", "exited"):
            if not named:
                self.names.take(container)
            self.engine.start(container.id)
        return replica(container, state="running")

    def _made_volume(self, service: Service, volume: str) -> bool:
        """Whether there was none yet."""
        name = volume_name(self.engine.instance, volume)
        if name in (there for there, _ in self.engine.volumes()):
            return False
        labels = {
            "slipway.instance": self.engine.instance,
            "slipway.service": service.id,
            "slipway.project": service.project,
            "slipway.volume": volume,
        }
        self.engine.create_volume(name, labels)
        return True


def belongs(container: Container, service: Service) -> bool:
    """Made for this deployment of this release. The fence may be an older one: a release does not change."""
    same = container.label("deployment") == service.deployment and container.label("release") == service.release.id
    return same and container.label("role") == "app"


def replica(container: Container, *, state: str = "") -> Replica:
    """As its labels describe it."""
    port = container.label("port")
    return Replica(
        id=container.id,
        name=container.name,
        process=container.label("process"),
        index=int(container.label("index") or 0),
        address=container.label("address"),
        port=int(port) if port else None,
        state=state or container.state,
    )
