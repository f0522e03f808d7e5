"""A real engine, a real edge and the agent as a process, all under an instance of the test's own."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

from tests.ports import free_port
from tests.workers.agent.control import TOKEN, Control
from workers.agent.purge import purge
from workers.desired import Health, Limits, Process, Release, Route, Service
from workers.docker import Engine
from workers.docker_records import Container
from workers.edge import EdgeSettings, start_edge
from workers.traefik import Routes

ROOT = Path(__file__).resolve().parents[3]
APP = Path(__file__).parent / "app"
PORT = 8000
DOCKER = "/usr/bin/docker" if Path("/usr/bin/docker").exists() else "docker"


def new_id() -> str:
    return str(uuid.uuid4())


@dataclass
class Host:
    """One machine of the tests: what an agent's environment is made of."""

    instance: str
    home: Path
    edge_port: int
    control: Control
    engine: Engine
    agents: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def edge_url(self) -> str:
        return f"http://127.0.0.1:{self.edge_port}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith(("SLIPWAY_", "TRAEFIK_"))},
            "SLIPWAY_API_URL": self.control.url,
            "SLIPWAY_HOST_TOKEN": TOKEN,
            "SLIPWAY_INSTANCE": self.instance,
            "SLIPWAY_HOME": str(self.home),
            "SLIPWAY_EDGE_PORT": str(self.edge_port),
            "SLIPWAY_READY_FILE": str(self.home / "ready"),
            "SLIPWAY_NETWORK_POOL": "10.213.0.0/16",
            "SLIPWAY_LOG_SIZE": "8m",
            "SLIPWAY_SAMPLE_SECONDS": "2",
            "PYTHONFAULTHANDLER": "1",
        }

    def start_agent(self) -> subprocess.Popen[bytes]:
        (self.home / "ready").unlink(missing_ok=True)
        log = (self.home / "agent.log").open("ab")
        agent = subprocess.Popen([sys.executable, "-m", "workers.agent"], cwd=ROOT, env=self.environment, stderr=log)
        self.agents.append(agent)
        deadline = time.monotonic() + 60
        while not (self.home / "ready").exists():
            assert agent.poll() is None and time.monotonic() < deadline, (self.home / "agent.log").read_text()
            time.sleep(0.02)
        return agent

    def stop_agent(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Give the seconds that it took."""
        started = time.monotonic()
        self.agents[-1].send_signal(number)
        try:
            self.agents[-1].wait(30)
        except subprocess.TimeoutExpired:
            self.agents[-1].send_signal(signal.SIGABRT)  # Then it tells where each of its threads is.
            self.agents[-1].wait(10)
            raise AssertionError((self.home / "agent.log").read_text()[-8000:]) from None
        return time.monotonic() - started

    def containers(self, service: Service) -> list[Container]:
        return self.engine.containers(service=service.id)

    def get(self, service: Service, path: str = "/", timeout: float = 20) -> httpx2.Response:
        return httpx2.get(f"{self.edge_url}{path}", headers={"Host": service.routes[0].host}, timeout=timeout)


@pytest.fixture(scope="session")
def image() -> str:
    """A Python with the tests' app; the base is reused when the machine has one."""
    names = [
        DOCKER,
        "image",
        "ls",
        "--format",
        "{{.Repository}}:{{.Tag}}",
        "--filter",
        "reference=slipway/base-python:*",
    ]
    found = subprocess.run(names, capture_output=True, text=True, check=True).stdout.split()
    base = found[0] if found else _make_base()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(APP / "app.py", folder)
        Path(folder, "Dockerfile").write_text(
            f'FROM {base}\nCOPY app.py /app.py\nENTRYPOINT []\nCMD ["python3", "-u", "/app.py"]\n'
        )
        env = {**os.environ, "DOCKER_BUILDKIT": "0"}
        built = subprocess.run([DOCKER, "build", "-q", folder], capture_output=True, text=True, env=env, check=True)
    return built.stdout.strip()


def _make_base() -> str:
    name = "slipway-test/python:agent"
    with tempfile.TemporaryDirectory() as folder:
        tar = Path(folder, "root.tar")
        command = ["mmdebstrap", "--variant=minbase", "--include=python3-minimal,libpython3-stdlib"]
        codename = subprocess.run(["lsb_release", "-cs"], capture_output=True, text=True).stdout.strip() or "bookworm"
        subprocess.run([*command, codename, str(tar)], check=True, capture_output=True)
        subprocess.run([DOCKER, "import", str(tar), name], check=True, capture_output=True)
    return name


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    instance = secrets.token_hex(4)
    home = Path(tempfile.mkdtemp(prefix="slipway-test-"))
    engine, control = Engine(instance), Control()
    host = Host(instance, home, free_port(), control, engine)
    start_edge(EdgeSettings(instance, home / "edge" / "routes", host.edge_port, "127.0.0.1"))
    host.start_agent()
    try:
        yield host
    finally:
        if host.agents[-1].poll() is None:
            host.stop_agent()
        purge(engine, Routes(home / "edge" / "routes"), volumes=True)
        assert engine.containers() == [] and engine.networks() == [] and engine.volumes() == []
        control.close()
        if not os.environ.get("KEEP_TEST_HOME"):
            shutil.rmtree(home)


@pytest.fixture
def service(host: Host, image: str) -> Iterator[Service]:
    """A web service that no other test has; gone at the end."""
    made = make_service(image)
    yield made
    host.control.publish()
    host.control.wait(lambda: not host.containers(made), 90, "the service's containers to go")


def make_service(image: str, **variables: str) -> Service:
    identifier = new_id()
    release = Release(
        id=new_id(),
        image=image,
        processes={"web": Process(port=PORT, limits=Limits(memory_bytes=128 * 1024**2))},
        variables=variables,
        health=Health(path="/health", deadline_seconds=15),
        stop_seconds=5,
    )
    return Service(
        id=identifier,
        project=new_id(),
        deployment=new_id(),
        fence=1,
        rolling_out=True,
        release=release,
        routes=[Route(host=f"{identifier[:8]}.apps.localhost")],
        drain_seconds=5,
        observation_seconds=2,
    )


def next_release(service: Service, *, health: dict[str, object] | None = None, **variables: str) -> Service:
    """The same service with another deployment of another release."""
    told = service.release.health.model_copy(update=health or {})
    release = service.release.model_copy(update={"id": new_id(), "variables": variables, "health": told})
    return service.model_copy(update={"deployment": new_id(), "fence": service.fence + 1, "release": release})
