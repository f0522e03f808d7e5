"""Rollouts on a real engine behind a real edge."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.workers.agent.conftest import Host, next_release
from workers.desired import Process, Service

pytestmark = pytest.mark.docker


def test_it_rolls_out_a_first_and_a_second_release(host: Host, service: Service) -> None:
    host.control.publish(service)
    host.control.step(service.deployment, "drain")
    assert host.control.steps(service.deployment) == [
        "start:running",
        "start:succeeded",
        "health:running",
        "health:succeeded",
        "switch:running",
        "switch:succeeded",
        "drain:running",
        "drain:succeeded",
    ]
    answer = host.get(service)
    assert answer.text == f"{service.release.id} {service.routes[0].host}"
    assert answer.headers["X-Slipway-Release"] == service.release.id

    second = next_release(service)
    host.control.publish(second)
    host.control.step(second.deployment, "switch")
    assert host.get(second).text.startswith(second.release.id)
    host.control.step(second.deployment, "drain")
    assert [c.label("release") for c in host.containers(service)] == [second.release.id]
    assert host.control.observed(second.deployment)["error"] is None


@contextmanager
def slow_request(host: Host, service: Service) -> Iterator[list[str]]:
    """One that has begun; afterwards its answer is in the list."""
    answers: list[str] = []
    asking = threading.Thread(target=lambda: answers.append(host.get(service, "/slow").text))
    asking.start()
    try:
        host.control.wait(lambda: "slow begins" in host.control.texts(service=service.id), why="the request to begin")
        yield answers
    finally:
        asking.join()


def test_it_lets_a_slow_request_finish(host: Host, service: Service) -> None:
    service = next_release(service, SLOW="5")
    host.control.publish(service)
    host.control.step(service.deployment, "switch")
    with slow_request(host, service) as answers:
        second = next_release(service)
        host.control.publish(second)
        host.control.step(second.deployment, "switch")
    assert answers[0].startswith(service.release.id)
    host.control.step(second.deployment, "drain")


def test_it_takes_back_what_is_being_drained(host: Host, service: Service) -> None:
    """The agent switched, but the control plane ended the attempt and wants the release before."""
    slow = next_release(service, SLOW="10")
    quick = slow.release.model_copy(update={"stop_seconds": 1.0})
    old = slow.model_copy(update={"drain_seconds": 8.0, "release": quick})
    host.control.publish(old)
    host.control.step(old.deployment, "drain")
    (before,) = host.containers(old)
    with slow_request(host, old):
        second = next_release(old)
        host.control.publish(second)
        host.control.step(second.deployment, "drain", "running")
        ends_at = time.monotonic() + 12  # Longer than it takes to drain and to stop.
        host.control.publish(old.model_copy(update={"rolling_out": False}))
        host.control.wait(lambda: host.get(old).text.startswith(old.release.id))
    while time.monotonic() < ends_at:
        assert host.get(old).text.startswith(old.release.id)
        time.sleep(0.02)
    host.control.wait(lambda: [c.id for c in host.containers(old)] == [before.id])


def test_it_starts_one_anew_that_can_not_be_taken_back(host: Host, service: Service) -> None:
    """It is being stopped already, and still has the name that the new one needs."""
    slow = next_release(service, SLOW_END="4")
    host.control.publish(slow)
    host.control.step(slow.deployment, "drain")
    second = next_release(slow)
    host.control.publish(second)
    host.control.step(second.deployment, "switch")
    time.sleep(1.5)
    host.control.publish(slow.model_copy(update={"rolling_out": False}))
    host.control.wait(lambda: host.get(slow).text.startswith(slow.release.id))
    assert "Conflict" not in (host.home / "agent.log").read_text()


@pytest.mark.parametrize(
    ("variables", "code", "words"),
    [
        (
            {"EXIT": "4"},
            "health:user:exited",
            "exited with code 4 before it was healthy. The last that it printed: no data",
        ),
        (
            {"SILENT": "1"},
            "health:user:never-listened",
            "did not listen on port 8000 within 6 s. The last that it printed",
        ),
        ({"LISTEN": "9000"}, "health:user:other-port", "listens on port 9000, but port 8000 is expected"),
        ({"BIND": "127.0.0.1"}, "health:user:loopback-only", "listens on 127.0.0.1:8000 only"),
        ({"EAT": "500"}, "health:user:out-of-memory", "its limit is 128 MB"),
        ({"STATUS": "500"}, "health:user:bad-status", "answered 500 at /health"),
    ],
)
def test_it_says_why_a_release_is_not_healthy_and_leaves_the_old_one(
    host: Host, service: Service, variables: dict[str, str], code: str, words: str
) -> None:
    host.control.publish(service)
    host.control.step(service.deployment, "switch")
    seconds = 30.0 if variables.keys() & {"EXIT", "EAT"} else 6.0  # Those end by themselves.
    bad = next_release(service, health={"deadline_seconds": seconds}, **variables)
    host.control.publish(bad)
    told = host.control.step(bad.deployment, "health", "failed")["error"]
    assert told["code"] == code
    assert words in told["message"]
    assert host.get(service).text.startswith(service.release.id)
    assert [c.label("release") for c in host.containers(service)] == [service.release.id]
    host.control.wait(lambda: any("boot" in t for t in host.control.texts(deployment=bad.deployment)), why="last lines")
    time.sleep(0.5)
    assert host.control.steps(bad.deployment).count("start:running") == 1


def test_it_reports_a_command_that_is_not_in_the_image(host: Host, service: Service) -> None:
    process = service.release.processes["web"].model_copy(update={"command": ["nothing-like-it"]})
    release = service.release.model_copy(update={"processes": {"web": process}})
    host.control.publish(service.model_copy(update={"release": release}))
    told = host.control.step(service.deployment, "health", "failed")["error"]
    assert told["code"] == "start:user:command-not-found"
    assert "`nothing-like-it` is not in the image" in told["message"]
    assert host.containers(service) == []


def test_it_reports_an_image_that_is_missing(host: Host, service: Service) -> None:
    release = service.release.model_copy(update={"image": "sha256:" + "0" * 64})
    host.control.publish(service.model_copy(update={"release": release}))
    assert host.control.step(service.deployment, "start", "failed")["error"]["code"] == "start:platform:image-missing"


def test_it_runs_the_release_command_once_and_its_output_goes_to_the_deployment(host: Host, service: Service) -> None:
    release = service.release.model_copy(update={"release_command": ["python3", "-c", "print('migrated')"]})
    host.control.publish(service.model_copy(update={"release": release}))
    host.control.step(service.deployment, "switch")
    assert host.control.steps(service.deployment)[:3] == ["release:running", "release:succeeded", "start:running"]
    assert host.control.texts(deployment=service.deployment) == ["migrated"]


def test_it_stops_at_a_release_command_that_fails(host: Host, service: Service) -> None:
    release = service.release.model_copy(update={"release_command": ["python3", "-c", "exit('no such table')"]})
    host.control.publish(service.model_copy(update={"release": release}))
    told = host.control.step(service.deployment, "release", "failed")["error"]
    assert told["code"] == "deploy:user:release-command-failed"
    assert told["message"] == "The release command exited with code 1. no such table"
    assert host.containers(service) == []


def test_it_skips_the_switch_of_a_service_without_a_port(host: Host, service: Service) -> None:
    release = service.release.model_copy(update={"processes": {"worker": Process(replicas=2)}})
    host.control.publish(service.model_copy(update={"release": release, "routes": []}))
    host.control.step(service.deployment, "switch", "skipped")
    assert len(host.containers(service)) == 2


def test_it_reports_a_crash_after_the_switch(host: Host, service: Service) -> None:
    broken = next_release(service).model_copy(update={"observation_seconds": 30.0})
    host.control.publish(broken)
    host.control.step(broken.deployment, "switch")
    assert host.get(broken, "/crash").status_code >= 500
    told = host.control.observed(broken.deployment)["error"]
    assert told["code"] == "deploy:user:crashed-after-switch"
    assert "exited with code 3" in told["message"] and "last words" in told["message"]


def test_it_gives_way_to_a_newer_document(host: Host, service: Service) -> None:
    host.control.publish(service)
    host.control.step(service.deployment, "switch")
    never = next_release(service, SILENT="1")
    host.control.publish(never)
    host.control.step(never.deployment, "health", "running")
    newer = next_release(service)
    host.control.publish(newer)
    host.control.step(newer.deployment, "drain")
    assert {c.label("deployment") for c in host.containers(service)} == {newer.deployment}


def test_it_removes_what_is_no_longer_wanted(host: Host, service: Service) -> None:
    host.control.publish(service)
    host.control.step(service.deployment, "switch")
    host.control.publish()
    host.control.wait(lambda: not host.containers(service) and not host.engine.networks())
    assert host.get(service).status_code == 404
