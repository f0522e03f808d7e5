"""The hardened form: the whole description, and what the engine made of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.workers.agent.conftest import Host, make_service, new_id, next_release
from workers.agent.networks import free_subnets, next_address, routed
from workers.agent.own_check import healthcheck
from workers.agent.spec import LogRotation, Place, container_spec, web_process
from workers.desired import Health, Limits, Mount, Process, Release, Service

ID = "00000000-0000-4000-8000-00000000000"


def described() -> Service:
    release = Release(
        id=f"{ID}2",
        image="sha256:1",
        processes={"web; rm -rf /": Process(command=["./run"], port=3000, limits=Limits(memory_bytes=2**28, cpus=0.5))},
        variables={"A": "1", "PORT": "9"},
        secret_names=["A"],
        mounts=[Mount(volume=f"{ID}4", path="/data")],
    )
    return Service(id=f"{ID}1", project=f"{ID}3", deployment=f"{ID}5", fence=7, rolling_out=True, release=release)


def test_it_describes_a_container_whole() -> None:
    name = "web; rm -rf /"
    place = Place("net", "10.0.0.2")
    assert container_spec(described(), name, 0, instance="abcdef01", place=place, logs=LogRotation("1m", 2)) == {
        "name": "slipway-abcdef01-00000001-00000002-00000005-0-0",
        "Image": "sha256:1",
        "Cmd": ["./run"],
        "Env": [
            "A=1",
            "PORT=3000",
            f"SLIPWAY_DEPLOYMENT={ID}5",
            f"SLIPWAY_PROCESS={name}",
            f"SLIPWAY_RELEASE={ID}2",
            f"SLIPWAY_SERVICE={ID}1",
        ],
        "Labels": {
            "slipway.instance": "abcdef01",
            "slipway.service": f"{ID}1",
            "slipway.project": f"{ID}3",
            "slipway.release": f"{ID}2",
            "slipway.deployment": f"{ID}5",
            "slipway.fence": "7",
            "slipway.process": name,
            "slipway.index": "0",
            "slipway.role": "app",
            "slipway.address": "10.0.0.2",
            "slipway.secrets": "A",
            "slipway.stop_seconds": "30.0",
            "slipway.drain_seconds": "30.0",
            "slipway.port": "3000",
        },
        "StopTimeout": 30,
        "HostConfig": {
            "NetworkMode": "net",
            "Init": True,
            "Privileged": False,
            "CapDrop": ["ALL"],
            "CapAdd": [],
            "SecurityOpt": ["no-new-privileges"],
            "Memory": 2**28,
            "MemorySwap": 2**28,
            "NanoCpus": 500_000_000,
            "PidsLimit": 512,
            "Ulimits": [
                {"Name": "core", "Soft": 0, "Hard": 0},
                {"Name": "nofile", "Soft": 16384, "Hard": 16384},
            ],
            "RestartPolicy": {"Name": "unless-stopped"},
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "2"}},
            "Mounts": [{"Type": "volume", "Source": f"slipway-abcdef01-{ID}4", "Target": "/data"}],
        },
        "NetworkingConfig": {"EndpointsConfig": {"net": {"IPAMConfig": {"IPv4Address": "10.0.0.2"}}}},
    }


def test_it_routes_to_web_or_to_the_first_process_with_a_port() -> None:
    def release(**processes: Process) -> Release:
        return Release(id=f"{ID}2", image="x", processes=processes)

    assert web_process(release(api=Process(port=1), web=Process(port=2))) == "web"
    assert web_process(release(web=Process(), api=Process(port=1))) == "api"
    assert web_process(release(worker=Process())) is None


def test_it_keeps_clear_of_networks_that_exist() -> None:
    import ipaddress

    network = ipaddress.IPv4Network
    used = [network("10.0.0.0/25"), *routed("head\neth0 0001000A 00000000 0001 0 0 0 00FFFFFF 0 0 0\n")]
    assert next(free_subnets(network("10.0.0.0/16"), used)) == network("10.0.2.0/24")
    subnet = network("10.0.2.0/24")
    assert str(next_address(subnet, set(), after=1)) == "10.0.2.2"
    assert str(next_address(subnet, {"10.0.2.3"}, after=2)) == "10.0.2.4"
    assert str(next_address(subnet, set(), after=254)) == "10.0.2.2"


@pytest.mark.docker
def test_it_is_what_the_engine_made_at_first_and_after_another_rollout(host: Host, image: str) -> None:
    plain = make_service(image)
    mount = Mount(volume=new_id(), path="/data")
    service = plain.model_copy(update={"release": plain.release.model_copy(update={"mounts": [mount]})})
    for wanted in (service, next_release(service)):
        host.control.publish(wanted)
        host.control.step(wanted.deployment, "drain")
        (container,) = host.containers(wanted)
        told = host.engine.inspect(container.id)
        hardened = told["HostConfig"]
        assert not hardened["Privileged"] and hardened["CapDrop"] == ["ALL"] and not hardened["CapAdd"]
        assert hardened["SecurityOpt"] == ["no-new-privileges"] and hardened["Init"]
        assert not hardened["Binds"] and not hardened["Devices"] and not hardened["PortBindings"]
        assert (hardened["PidMode"], hardened["IpcMode"], hardened["UTSMode"]) == ("", "private", "")
        assert (hardened["Memory"], hardened["MemorySwap"]) == (128 * 1024**2, 128 * 1024**2)
        assert (hardened["NanoCpus"], hardened["PidsLimit"]) == (1_000_000_000, 512)
        assert hardened["RestartPolicy"]["Name"] == "unless-stopped"
        assert [(m["Type"], m["Destination"]) for m in told["Mounts"]] == [("volume", "/data")]
        assert list(told["NetworkSettings"]["Networks"]) == [f"slipway-{host.instance}-{wanted.project[-8:]}"]
        assert container.label("deployment") == wanted.deployment
    host.control.publish()
    host.control.wait(lambda: not host.containers(service))


@pytest.mark.parametrize(
    ("interval", "deadline", "every"), [(0.1, 60, 3.0), (10, 60, 10.0), (60, 60, 20.0), (0.1, 1.5, 0.5)]
)
def test_an_own_check_is_asked_more_than_once_within_its_deadline(
    interval: float, deadline: float, every: float
) -> None:
    """The engine asks for the first time when an interval is over."""
    told = healthcheck(Health(command=["x"], interval_seconds=interval, deadline_seconds=deadline))
    assert told["Healthcheck"]["Interval"] == int(every * 1e9)


def test_it_is_reached_by_its_name_and_asks_itself() -> None:
    release = Release(
        id=f"{ID}2", image="x", health=Health(command=["pg_isready"]),
        processes={"web": Process(port=1, user="postgres", entrypoint=["/run"]), "worker": Process(entrypoint=[])},
        release_command=["migrate"],
    )  # fmt: skip
    service = described().model_copy(update={"release": release, "names": ["db"]})

    def spec(process: str, role: str = "app") -> dict[str, Any]:
        return container_spec(service, process, 0, instance="a", place=Place("net", "10.0.0.2"), role=role)

    web = spec("web")
    assert web["NetworkingConfig"]["EndpointsConfig"]["net"]["Aliases"] == ["db"]
    assert (web["User"], web["Entrypoint"]) == ("postgres", ["/run"])
    second = 1_000_000_000
    assert web["Healthcheck"] == {
        "Test": ["CMD", "pg_isready"], "Interval": 3 * second, "Timeout": 5 * second, "Retries": 3
    }  # fmt: skip
    assert spec("worker")["Entrypoint"] == [], "the image's own is taken away, its command is not"
    assert "Aliases" not in spec("worker")["NetworkingConfig"]["EndpointsConfig"]["net"], "it listens nowhere"
    once = spec("web", "release")
    assert not {"Healthcheck", "Entrypoint"} & once.keys() and once["User"] == "postgres"
    assert "Aliases" not in once["NetworkingConfig"]["EndpointsConfig"]["net"], "nobody's name leads to a job"
