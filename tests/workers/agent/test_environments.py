"""The same service in two environments, and what was made before environments were named."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.workers.agent.conftest import Host, make_service, new_id, next_release
from workers.agent.environments import Environments
from workers.agent.metrics import tick_of
from workers.agent.metrics_edge import Counters, counters_in, traffic_between
from workers.agent.store import Attempt, Store
from workers.desired import NO_ENVIRONMENT, Route, Service
from workers.docker_records import Container
from workers.traefik import Routes


def in_environment(service: Service, environment: str) -> Service:
    """A deployment of its own, under a host of its own."""
    other = next_release(service)
    route = Route(host=f"{environment[:8]}.apps.localhost")
    return other.model_copy(update={"environment": environment, "routes": [route]})


def container(service: Service, deployment: str, environment: str = "") -> Container:
    labels = {"slipway.service": service.id, "slipway.deployment": deployment}
    return Container("1", "x", "running", {**labels, **({"slipway.environment": environment} if environment else {})})


def test_it_knows_whose_a_container_without_the_label_is(tmp_path: Path) -> None:
    store = Store(tmp_path)
    environments = Environments(store)
    first = in_environment(make_service("x"), new_id())
    second = in_environment(first, new_id())
    old = new_id()
    assert environments.of(container(first, old)) == NO_ENVIRONMENT
    environments.want([first])
    assert environments.of(container(first, old)) == first.environment
    assert environments.of(container(first, old, second.environment)) == second.environment
    environments.want([first, second])
    assert environments.of(container(first, old)) == NO_ENVIRONMENT
    assert environments.of(container(first, second.deployment)) == second.environment
    store.remember(second.key, live=Attempt(old, 1))
    assert environments.of(container(first, old)) == second.environment


def test_it_hands_over_what_stands_under_the_services_id_alone(tmp_path: Path) -> None:
    store, routes = Store(tmp_path), Routes(tmp_path / "routes")
    environments = Environments(store)
    named = in_environment(make_service("x"), new_id())
    store.remember(named.id, live=Attempt(named.deployment, 1))
    routes.restore(named.id, b"a: 1\n")
    environments.want([named])
    environments.hand_over(routes, {named.id})
    assert (store.services(), routes.services()) == ({named.id}, {named.id})
    environments.hand_over(routes, set())
    assert (store.services(), routes.services()) == ({named.key}, {named.key})
    assert Store(tmp_path).memory(named.key).live == Attempt(named.deployment, 1)
    assert routes.read(named.key) == b"a: 1\n"


def test_it_measures_each_environment_by_itself() -> None:
    first = in_environment(make_service("x"), new_id())
    second = in_environment(first, new_id())
    counters = "".join(
        f'traefik_service_requests_total{{code="200",method="GET",protocol="http",service="{s.key}@file"}} {count}\n'
        for s, count in ((first, 3), (second, 5))
    )
    traffic = traffic_between(Counters(0, 0), counters_in(counters, at=10), [first.key, second.key])
    tick = tick_of([first, second], {}, traffic)
    assert [(s.service, s.environment, s.traffic and s.traffic.requests) for s in tick.samples] == [
        (first.id, first.environment, 3),
        (first.id, second.environment, 5),
    ]


@pytest.mark.docker
def test_it_runs_a_service_in_two_environments(host: Host, service: Service) -> None:
    first, second = in_environment(service, new_id()), in_environment(service, new_id())
    host.control.publish(first, second)
    for wanted in (first, second):
        host.control.step(wanted.deployment, "drain")
    for wanted in (first, second):
        assert host.get(wanted).text.startswith(wanted.release.id)
    assert len(host.containers(service)) == 2

    third = next_release(second)
    host.control.publish(first, third)
    host.control.step(third.deployment, "drain")
    assert host.get(first).text.startswith(first.release.id)
    assert host.get(third).text.startswith(third.release.id)
    host.control.wait(lambda: environments_of(host, service) == {first.environment, second.environment})

    host.control.publish(first)
    host.control.wait(lambda: len(host.containers(service)) == 1)
    assert host.get(first).text.startswith(first.release.id)
    assert host.get(third).status_code == 404


def environments_of(host: Host, service: Service) -> set[str]:
    """Those whose one container was reported."""
    told = [r for r in host.control.reports if r["kind"] == "instances" and r["service"] == service.id]
    return {r["environment"] for r in told if len(r["instances"]) == 1}


@pytest.mark.docker
def test_it_restarts_nothing_when_the_environment_is_named_later(host: Host, service: Service) -> None:
    host.control.publish(service)
    host.control.step(service.deployment, "drain")
    (before,) = host.containers(service)
    named = service.model_copy(update={"environment": new_id(), "rolling_out": False})
    host.control.publish(named)
    routes = Routes(host.home / "edge" / "routes")
    ends_at = time.monotonic() + 6
    while time.monotonic() < ends_at:
        assert host.get(named).text.startswith(service.release.id)
        time.sleep(0.02)
    assert [c.id for c in host.containers(service)] == [before.id]
    assert routes.read(service.id) is None and routes.read(named.key) is not None

    second = next_release(named).model_copy(update={"rolling_out": True})
    host.control.publish(second)
    host.control.step(second.deployment, "drain")
    assert [c.label("environment") for c in host.containers(service)] == [named.environment]
