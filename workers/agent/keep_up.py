"""Keeps what is live as it should be: missing or stopped containers come back, surplus ones go, the route stays right.

Not in charge of new releases (`workers.agent.rollout`). A container that crashes by itself is left to the engine's
own restarts.
"""

from __future__ import annotations

import time

from workers.agent.drains import Drains
from workers.agent.rollout import route
from workers.agent.until_healthy import wait_until_healthy
from workers.agent.world import Check, World, belongs, replica
from workers.desired import Service
from workers.docker_records import Container
from workers.errors import Stopped
from workers.traefik import encoded

GRACE = 0.3  # The engine restarts by itself what crashed; only what is still down after this was stopped by hand.


def is_as_wanted(service: Service, mine: list[Container], world: World, leaving: set[str]) -> bool:
    """Whether there is nothing to do, from the engine's list alone; each container is asked once for its names."""
    staying = [c for c in mine if c.id not in leaving]
    if any(not belongs(c, service) for c in staying) or any(c.state not in ("running", "restarting") for c in staying):
        return False
    if slots(staying) != wanted_slots(service) or world.names.missing(service, staying):
        return False
    return world.routes.read(service.key) == _route_bytes(service, staying)


def lacks_image(service: Service, world: World) -> bool:
    """Whether something is missing that can only start when an image was fetched, which may take long."""
    present = slots([c for c in world.containers(service) if belongs(c, service)])
    return bool(wanted_slots(service) - present) and not world.engine.has_image(service.release.image)


def keep_up(service: Service, world: World, drains: Drains, check: Check) -> None:
    wanted = wanted_slots(service)
    if drains.spare([c for c in world.containers(service) if belongs(c, service) and _slot(c) in wanted]):
        raise Stopped("leaving")  # One still has the name that its successor needs: again when it is gone.
    leaving = drains.busy()
    mine = [c for c in world.containers(service) if c.id not in leaving]
    surplus = [c for c in mine if not belongs(c, service) or _slot(c) not in wanted]
    staying = [c for c in mine if c not in surplus]
    if any(c.state == "exited" for c in staying):
        time.sleep(GRACE)
        staying = [c for c in world.containers(service) if c.id in {s.id for s in staying}]
    for broken in [c for c in staying if c.state in ("dead", "removing")]:
        world.engine.remove(broken.id)
        staying.remove(broken)
    _start_missing(service, world, staying, check)
    staying = [c for c in world.containers(service) if c.id not in leaving]
    _write_route(service, world, staying)
    _give_names(service, world, [c for c in staying if belongs(c, service) and _slot(c) in wanted], check)
    if surplus:
        drains.begin(surplus)


def _start_missing(service: Service, world: World, staying: list[Container], check: Check) -> None:
    """While others serve, nobody is sent to where nothing runs, nor to what has only just begun."""
    serving = [c for c in staying if c.state in ("running", "restarting")]
    serve = _route_bytes(service, serving) is not None or not world.names.are_free(service, serving)
    others_serve = serve and slots(serving) != wanted_slots(service)
    if others_serve:
        _write_route(service, world, serving)
    present = {c.id for c in serving}
    fresh = [r for r in world.start_missing(service, staying, check) if r.id not in present]
    if others_serve:
        wait_until_healthy(service, world, fresh, check)


def _give_names(service: Service, world: World, staying: list[Container], check: Check) -> None:
    nameless = world.names.missing(service, staying)
    if nameless:
        wait_until_healthy(service, world, [replica(c) for c in nameless], check)
        world.names.give(service, nameless)


def wanted_slots(service: Service) -> set[tuple[str, str]]:
    return {(name, str(i)) for name, p in service.release.processes.items() for i in range(p.replicas)}


def slots(containers: list[Container]) -> set[tuple[str, str]]:
    return {_slot(c) for c in containers}


def _slot(container: Container) -> tuple[str, str]:
    return container.label("process"), container.label("index")


def _route_bytes(service: Service, containers: list[Container]) -> bytes | None:
    live = sorted((c for c in containers if belongs(c, service)), key=_slot)
    content = route(service, [replica(c) for c in live])
    return encoded(content) if content is not None else None


def _write_route(service: Service, world: World, containers: list[Container]) -> None:
    wanted = [c for c in containers if _slot(c) in wanted_slots(service)]
    content = _route_bytes(service, wanted)
    if world.routes.read(service.key) != content:
        world.routes.restore(service.key, content)
