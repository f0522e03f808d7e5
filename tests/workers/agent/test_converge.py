"""Drift, restarts and absences: what should run goes on running."""

from __future__ import annotations

import signal
import subprocess
import time

import httpx2
import pytest

from tests.workers.agent.conftest import DOCKER, Host, new_id, next_release
from workers.desired import Mount, Service

pytestmark = pytest.mark.docker


def live(host: Host, service: Service) -> str:
    """Deploy it; give its container's id."""
    host.control.publish(service)
    host.control.step(service.deployment, "drain")
    return host.containers(service)[0].id


def answers(host: Host, service: Service, timeout: float = 20) -> bool:
    try:
        found = host.get(service, timeout=timeout)
    except httpx2.TimeoutException:
        return False
    return found.status_code == 200 and found.text.startswith(service.release.id)


def wait_for_answers(host: Host, service: Service, why: str = "", *, in_a_row: int = 1) -> None:
    """A request to an address where nobody is any more takes seconds to fail: ask again sooner."""
    host.control.wait(lambda: all(answers(host, service, 0.5) for _ in range(in_a_row)), why=why)


@pytest.mark.parametrize("harm", [["rm", "-f"], ["stop", "-t", "0"], ["kill"]])
def test_it_brings_back_what_was_harmed_by_hand(host: Host, service: Service, harm: list[str]) -> None:
    identifier = live(host, service)
    subprocess.run([DOCKER, *harm, identifier], check=True, capture_output=True)
    wait_for_answers(host, service, "the container to come back")
    assert host.control.steps(service.deployment).count("start:running") == 1


def test_it_sends_nobody_to_one_that_only_just_begins_while_another_serves(host: Host, service: Service) -> None:
    two = service.release.model_copy(
        update={"processes": {"web": service.release.processes["web"].model_copy(update={"replicas": 2})}}
    )
    slow = two.model_copy(update={"variables": {"BOOT": "5"}})
    live(host, service.model_copy(update={"release": slow}))
    subprocess.run([DOCKER, "rm", "-f", host.containers(service)[0].id], check=True, capture_output=True)
    route = host.home / "edge" / "routes" / f"{service.id}.yml"
    host.control.wait(lambda: route.read_text().count("http://") == 1, why="the route to the other one alone")
    wait_for_answers(host, service, "the edge to take it up", in_a_row=4)
    while route.read_text().count("http://") == 1:
        assert answers(host, service)
        time.sleep(0.02)
    assert len(host.containers(service)) == 2 and all(answers(host, service) for _ in range(10))


@pytest.mark.parametrize("content", [None, b"http: {", b""])
def test_it_mends_a_route_file(host: Host, service: Service, content: bytes | None) -> None:
    live(host, service)
    path = host.home / "edge" / "routes" / f"{service.id}.yml"
    before = path.read_bytes()
    path.unlink() if content is None else path.write_bytes(content)
    host.control.wait(lambda: path.exists() and path.read_bytes() == before)
    wait_for_answers(host, service)


def test_it_leaves_everything_running_when_it_ends(host: Host, service: Service) -> None:
    identifier = live(host, service)
    host.stop_agent()
    assert answers(host, service)
    host.start_agent()
    time.sleep(1)
    assert [c.id for c in host.containers(service)] == [identifier]


def test_it_reports_the_outcome_again_after_a_restart(host: Host, service: Service) -> None:
    live(host, service)
    host.stop_agent(signal.SIGKILL)
    host.control.reports.clear()
    host.start_agent()
    host.control.step(service.deployment, "switch")


@pytest.mark.parametrize("step", ["health", "switch"])
def test_it_goes_on_with_a_rollout_after_kill_9(host: Host, service: Service, step: str) -> None:
    live(host, service)
    second = next_release(service, BOOT="1")
    host.control.publish(second)
    host.control.step(second.deployment, step, "running")
    started = {c.id for c in host.containers(service)}
    host.stop_agent(signal.SIGKILL)
    host.start_agent()
    host.control.step(second.deployment, "drain")
    left = host.containers(service)
    assert [c.label("deployment") for c in left] == [second.deployment]
    assert left[0].id in started
    assert answers(host, second)


def test_it_keeps_things_up_without_a_control_plane(host: Host, service: Service) -> None:
    identifier = live(host, service)
    host.stop_agent()
    url = host.control.url
    host.control.url = "http://127.0.0.1:9"
    try:
        host.start_agent()
        subprocess.run([DOCKER, "rm", "-f", identifier], check=True, capture_output=True)
        wait_for_answers(host, service)
    finally:
        host.stop_agent()
        host.control.url = url
        host.start_agent()


def test_it_does_not_try_a_failed_attempt_again_after_a_restart(host: Host, service: Service) -> None:
    host.control.publish(bad := next_release(service, EXIT="1"))
    host.control.step(bad.deployment, "health", "failed")
    host.stop_agent()
    host.control.reports.clear()
    host.start_agent()
    told = host.control.step(bad.deployment, "health", "failed")
    assert told["error"]["code"] == "health:user:exited"
    assert host.control.steps(bad.deployment) == ["health:failed"]


def test_it_brings_the_old_release_back_quietly(host: Host, service: Service) -> None:
    """What an automatic rollback may publish: the older attempt, live already."""
    live(host, service)
    second = next_release(service)
    host.control.publish(second)
    host.control.step(second.deployment, "drain")
    host.control.reports.clear()
    host.control.publish(service.model_copy(update={"rolling_out": False}))
    wait_for_answers(host, service)
    host.control.wait(lambda: len(host.containers(service)) == 1)
    assert host.control.steps() == []


def test_it_takes_up_a_new_domain_without_touching_the_container(host: Host, service: Service) -> None:
    identifier = live(host, service)
    other = service.routes[0].model_copy(update={"host": "other.apps.localhost"})
    added = service.model_copy(update={"routes": [other, *service.routes], "rolling_out": False})
    host.control.publish(added)
    wait_for_answers(host, added)
    assert [c.id for c in host.containers(service)] == [identifier]


def test_it_keeps_a_volume_until_it_is_discarded(host: Host, service: Service) -> None:
    mount = Mount(volume=new_id(), path="/data")
    release = service.release.model_copy(update={"mounts": [mount]})
    mounted = service.model_copy(update={"release": release})
    name = f"slipway-{host.instance}-{mount.volume}"
    live(host, mounted)
    host.control.publish()
    host.control.wait(lambda: not host.containers(service))
    assert name in [volume for volume, _ in host.engine.volumes()]
    host.control.publish(discarded=[mount.volume])
    host.control.wait(lambda: name not in [volume for volume, _ in host.engine.volumes()])


def test_it_reports_what_runs_with_its_use(host: Host, service: Service) -> None:
    live(host, service)

    def seen() -> bool:
        told = [r for r in host.control.reports if r["kind"] == "instances" and r["service"] == service.id]
        newest = told[-1]["instances"] if told else []
        return bool(newest and newest[0]["healthy"] and newest[0]["memory_bytes"] and newest[0]["state"] == "running")

    host.control.wait(seen)


def test_it_sends_reports_later_when_the_control_plane_fails(host: Host, service: Service) -> None:
    host.control.failing = True
    host.control.publish(service)
    wait_for_answers(host, service)
    assert host.control.steps(service.deployment) == []
    host.control.failing = False
    host.control.step(service.deployment, "drain")
    assert host.control.steps(service.deployment)[0] == "start:running"


def test_it_drops_a_refused_report_and_sends_the_others(host: Host, service: Service) -> None:
    stale = next_release(service)
    host.control.refuse_deployment = stale.deployment
    host.control.publish(stale)
    wait_for_answers(host, stale)
    host.control.publish(service)
    host.control.step(service.deployment, "drain")
