"""A service is called by its name while releases replace each other: a real engine and its own name server. Then the
same with an engine that is played, where it goes wrong."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.workers.agent.conftest import DOCKER, PORT, Host, make_service, next_release
from workers.agent.environments import Environments
from workers.agent.labels import labels_for
from workers.agent.names import Names
from workers.agent.store import Store
from workers.desired import Process, Service
from workers.docker_records import Container
from workers.errors import PlatformError

# Takes the first address that it is given, each time anew, and tells which release answered it or what it met.
CALLER = f"""
import socket, threading, time
def call(path):
    began = time.time()
    try:
        address = socket.getaddrinfo("store", {PORT}, type=socket.SOCK_STREAM)[0][4]
        with socket.create_connection(address, 10) as c:
            c.sendall(b"GET %s HTTP/1.0\\r\\nHost: store\\r\\n\\r\\n" % path)
            tell("got " + c.makefile().read().split()[-2])
    except (OSError, IndexError) as error:
        tell(f"FAILED {{began}} {{path}} {{error!r}}")
def tell(what):
    print(what + "\\n", end="", flush=True)
def slowly():
    while True:
        call(b"/slow")
threading.Thread(target=slowly).start()
while True:
    call(b"/")
    time.sleep(0.01)
"""


def told(container: str) -> list[str]:
    logs = subprocess.run([DOCKER, "logs", container], capture_output=True, text=True, check=True)
    return logs.stdout.splitlines()


def failed(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith("FAILED")]


def aliases(host: Host, container: str) -> list[str]:
    networks = host.engine.inspect(container)["NetworkSettings"]["Networks"].values()
    return [alias for network in networks for alias in network["Aliases"] or [] if alias != container[:12]]


@pytest.fixture
def store(service: Service) -> Service:
    """Reached by its siblings alone."""
    release = service.release.model_copy(update={"variables": {"SLOW": "1"}})
    return service.model_copy(update={"names": ["store"], "routes": [], "release": release})


@pytest.fixture
def caller(image: str, store: Service) -> Service:
    made = make_service(image)
    calls = {"worker": Process(command=["python3", "-u", "-c", CALLER])}
    release = made.release.model_copy(update={"processes": calls, "stop_seconds": 0.0})
    return made.model_copy(update={"project": store.project, "routes": [], "release": release})


@pytest.mark.docker
def test_it_leads_to_none_that_is_not_well_and_loses_no_call(host: Host, store: Service, caller: Service) -> None:
    host.control.publish(store)
    host.control.step(store.deployment, "drain")
    host.control.publish(store, caller)
    host.control.step(caller.deployment, "drain")
    (calling,) = host.containers(caller)
    host.control.wait(lambda: f"got {store.release.id}" in told(calling.id))
    before = len(told(calling.id))
    second = twice(next_release(store, BOOT="5", SLOW="1"))
    host.control.publish(second, caller)
    host.control.step(second.deployment, "drain")
    time.sleep(0.5)
    lines = told(calling.id)[before:]
    assert failed(lines) == []
    assert {line.split()[1] for line in lines} == {store.release.id, second.release.id}
    assert lines[-1] == f"got {second.release.id}"
    assert [aliases(host, c.id) for c in host.containers(store)] == [["store"], ["store"]]

    harmed = host.containers(store)[0]
    subprocess.run([DOCKER, "stop", harmed.id], check=True, capture_output=True)
    stopped_at = time.time()
    host.control.wait(lambda: host.engine.inspect(harmed.id)["State"]["Running"] and aliases(host, harmed.id) == [])
    host.control.wait(lambda: aliases(host, harmed.id) == ["store"])
    assert [line for line in failed(told(calling.id)) if float(line.split()[1]) > stopped_at] == []


@pytest.mark.docker
def test_it_puts_back_what_an_agent_left_that_died(host: Host, service: Service, caller: Service) -> None:
    named = service.model_copy(update={"names": ["store"], "project": caller.project})
    host.control.publish(named, caller)
    host.control.step(named.deployment, "drain")
    (container,) = host.containers(named)
    (network,) = host.engine.inspect(container.id)["NetworkSettings"]["Networks"]
    host.stop_agent(signal.SIGKILL)
    for harm in (["pause", container.id], ["network", "disconnect", network, container.id]):
        subprocess.run([DOCKER, *harm], check=True, capture_output=True)
    (notes := host.home / "agent" / "moving").mkdir(exist_ok=True)
    (notes / container.id).touch()
    host.start_agent()
    host.control.wait(lambda: aliases(host, container.id) == ["store"] and host.get(named).status_code == 200)


def twice(service: Service) -> Service:
    processes = {"web": service.release.processes["web"].model_copy(update={"replicas": 2})}
    return service.model_copy(update={"release": service.release.model_copy(update={"processes": processes})})


class Played:
    """An engine with one container, which has no names."""

    def __init__(self, service: Service) -> None:
        labels = labels_for(service, "web", instance="0", role="app", address="10.0.0.2", index=0)
        self.container = Container("c" * 64, "web", "running", labels)
        self.state = {"Running": True, "Paused": False, "Restarting": False}
        self.networks: dict[str, dict[str, list[str]]] = {"net": {"Aliases": []}}
        self.done: list[str] = []
        self.refuses = False

    def inspect(self, container: str) -> dict[str, Any]:
        told = {"HostConfig": {"NetworkMode": "net"}, "Config": {"Labels": self.container.labels}}
        return {"Id": container, "State": self.state, "NetworkSettings": {"Networks": self.networks}, **told}

    def pause(self, _: str) -> None:
        self.done.append("pause")
        self.state["Paused"] = True

    def unpause(self, _: str) -> None:
        self.done.append("unpause")
        self.state["Paused"] = False

    def disconnect(self, _: str, network: str) -> None:
        self.done.append("disconnect")
        del self.networks[network]

    def connect(self, _: str, network: str, address: str, names: list[str]) -> None:
        if self.refuses:
            raise PlatformError("engine:platform:refused", "No.")
        self.done.append(f"connect {address} {names}")
        self.networks[network] = {"Aliases": [*names, "c" * 12]}


@pytest.fixture
def played(tmp_path: Path) -> tuple[Names, Played, Service, Environments]:
    service = make_service("x").model_copy(update={"names": ["store"]})
    engine, environments = Played(service), Environments(Store(tmp_path))
    environments.want([service, make_service("x").model_copy(update={"project": service.project})])
    return Names(engine, environments, tmp_path / "moving"), engine, service, environments  # type: ignore[arg-type]


Stage = tuple[Names, Played, Service, Environments]


def test_it_stands_still_while_it_is_off_its_network(played: Stage) -> None:
    names, engine, service, _ = played
    names.give(service, [engine.container])
    assert engine.done == ["pause", "disconnect", "connect 10.0.0.2 ['store']", "unpause"]
    assert names.missing(service, [engine.container]) == [] and not names.are_free(service, [engine.container])
    assert names.take(engine.container, lambda: False) is False, "it is wanted again"
    assert names.take(engine.container) is True
    assert engine.networks == {"net": {"Aliases": ["c" * 12]}} and names.are_free(service, [engine.container])


def test_it_leaves_one_alone_that_nobody_calls(played: Stage) -> None:
    names, engine, service, environments = played
    processes = {**service.release.processes, "worker": Process()}
    environments.want(
        [service.model_copy(update={"release": service.release.model_copy(update={"processes": processes})})]
    )
    assert names.missing(service, [engine.container]) == [engine.container], "its own worker may"
    environments.want([service, make_service("x")])
    names.give(service, [engine.container])
    assert engine.done == [] and names.are_free(service, [engine.container])
    engine.networks["net"]["Aliases"] = ["store"]
    assert names.take(engine.container) is False


def test_it_puts_back_what_the_engine_would_not(played: Stage) -> None:
    names, engine, service, _ = played
    engine.refuses = True
    with pytest.raises(PlatformError):
        names.give(service, [engine.container])
    names.mend()
    assert not engine.networks and not engine.state["Paused"]
    engine.refuses = False
    names.mend()
    assert engine.done[-1] == "connect 10.0.0.2 []"
    names.give(service, [engine.container])
    names.mend()
    assert engine.networks == {"net": {"Aliases": ["store", "c" * 12]}}
