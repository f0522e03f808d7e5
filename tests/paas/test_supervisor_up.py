"""`make up` and its sisters, whole: the real control plane, the real edge, a real engine, in a folder of their own."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from paas.embedded import processes
from paas.supervisor.env_file import read_env
from paas.supervisor.launch import ROOT
from tests.ports import free_port

pytestmark = [pytest.mark.docker, pytest.mark.story]


@dataclass
class Installation:
    home: Path
    port: int
    edge_port: int

    def run(self, command: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """A command of the Makefile, as it ends up after the bootstrap."""
        own = {"SLIPWAY_HOME": str(self.home), "SLIPWAY_PORT": str(self.port), "SLIPWAY_EDGE_PORT": str(self.edge_port)}
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "DOCKER_HOST")}
        return subprocess.run(
            [sys.executable, "-m", "paas.supervisor", command],
            cwd=ROOT,
            env=kept | own | {"SLIPWAY_SAMPLE": "0"} | settings,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )

    def status(self) -> dict[str, Any]:
        return dict(json.loads(self.run("status", FORMAT="json").stdout))

    def process(self, name: str) -> dict[str, Any]:
        return one_of(self.status(), name)

    def answers(self, port: int, path: str) -> int | None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except OSError:
            return None
        finally:
            connection.close()

    def supervisor(self) -> int:
        return int((self.home / "supervisor.pid").read_text())


def one_of(status: dict[str, Any], name: str) -> dict[str, Any]:
    return next(process for process in status["processes"] if process["name"] == name)


def until(condition: Callable[[], bool], seconds: float = 150) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not come about in time"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def slipway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    installation = Installation(tmp_path_factory.mktemp("up") / "home", free_port(), free_port())
    try:
        done = installation.run("up")
        assert done.returncode == 0, done.stderr
        assert f"http://127.0.0.1:{installation.port}/setup/" in done.stdout
        yield installation
    finally:
        gone = installation.run("reset", FORCE="1")
        assert gone.returncode == 0, gone.stderr


def test_it_is_ready_when_up_returns(slipway: Installation) -> None:
    status = slipway.status()
    assert status["state"] == "ready"
    assert status["dashboard"] == f"http://127.0.0.1:{slipway.port}"
    assert {process["name"]: process["state"] for process in status["processes"]} == dict.fromkeys(
        ["postgres", "valkey", "zygote", "web", "worker", "agent", "edge"],
        "running",
    )
    assert all(process["pid"] > 0 and process["uptime_seconds"] >= 0 for process in status["processes"])
    assert slipway.answers(slipway.port, "/readyz") == 200


def test_it_is_up_again_at_once(slipway: Installation) -> None:
    before, began = slipway.status()["run"], time.monotonic()
    assert slipway.run("up").returncode == 0
    assert time.monotonic() - began < 30
    assert slipway.status()["run"] == before


def test_it_prints_a_token_and_nothing_else(slipway: Installation) -> None:
    done = slipway.run("token")
    assert done.returncode == 0
    assert len(done.stdout.split()) == 1
    assert slipway.run("link").stdout.startswith(f"http://127.0.0.1:{slipway.port}/")


def test_it_shows_no_key_in_the_process_list_or_the_log(slipway: Installation) -> None:
    kept = read_env(slipway.home / "env")
    keys = [kept[f"SLIPWAY_{name}"] for name in ("SECRET_KEY", "VARIABLE_KEYS", "HOST_TOKEN")]
    shown = subprocess.run(["ps", "-eww", "-o", "args"], capture_output=True, text=True, check=True).stdout
    shown += (slipway.home / "log" / "slipway.log").read_text()
    assert not [key for key in keys if key in shown]


@pytest.mark.parametrize("name", ["web", "worker", "agent", "valkey", "postgres", "zygote"])
def test_it_brings_back_what_was_killed(slipway: Installation, name: str) -> None:
    before = slipway.process(name)
    os.kill(before["pid"], signal.SIGKILL)

    def is_back() -> bool:
        now = slipway.status()
        return now["state"] == "ready" and int(one_of(now, name)["restarts"]) > before["restarts"]

    until(is_back)
    after = slipway.process(name)
    assert after["last_exit"] == -9 or name == "postgres"
    assert slipway.answers(slipway.port, "/readyz") == 200


def test_it_restarts_without_touching_the_edge(slipway: Installation) -> None:
    before, pid = slipway.status(), slipway.supervisor()
    edge = slipway.process("edge")["pid"]
    done = slipway.run("restart")
    assert done.returncode == 0, done.stderr
    assert slipway.status()["run"] != before["run"]
    assert slipway.supervisor() == pid
    assert slipway.process("edge")["pid"] == edge


def test_it_leaves_only_the_edge_when_it_is_killed(slipway: Installation) -> None:
    children = [process for process in slipway.status()["processes"] if process["name"] != "edge"]
    os.kill(slipway.supervisor(), signal.SIGKILL)
    until(lambda: not [child for child in children if processes.identity(child["pid"])])
    assert slipway.run("status").returncode == 3
    assert slipway.answers(slipway.edge_port, "/") == 404
    assert slipway.run("up").returncode == 0
    assert slipway.status()["state"] == "ready"


def test_it_names_who_holds_a_port(slipway: Installation, tmp_path: Path) -> None:
    other = Installation(tmp_path / "home", slipway.port, free_port())
    done = other.run("up")
    assert done.returncode == 1
    assert f"Port {slipway.port}, wanted for the dashboard, is taken by" in done.stderr
    assert "SLIPWAY_PORT" in done.stderr
    edge = Installation(tmp_path / "home", free_port(), slipway.edge_port).run("up")
    assert "SLIPWAY_EDGE_PORT" in edge.stderr


def test_it_says_why_it_could_not_start(tmp_path: Path) -> None:
    broken = Installation(tmp_path / "home", free_port(), free_port())
    done = broken.run("up", DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert done.returncode == 1
    assert "migrate ended with exit code 1" in done.stderr
    assert broken.status()["state"] == "down"
    assert broken.run("reset", FORCE="1").returncode == 0


def test_it_stops_everything_and_keeps_the_data(slipway: Installation) -> None:
    instance = read_env(slipway.home / "env")["SLIPWAY_INSTANCE"]
    token = slipway.run("token").stdout.strip()
    done = slipway.run("down")
    assert done.returncode == 0, done.stderr
    assert "All data is kept" in done.stdout
    assert slipway.answers(slipway.port, "/livez") is None
    assert slipway.answers(slipway.edge_port, "/") is None
    assert slipway.status()["state"] == "down"
    log = (slipway.home / "log" / "slipway.log").read_text()
    assert log.index("database system is shut down") > log.index("ready to exit, bye bye")
    assert slipway.run("up").returncode == 0
    assert read_env(slipway.home / "env")["SLIPWAY_INSTANCE"] == instance
    assert token


def test_it_stays_in_front_when_asked_and_drains_on_ctrl_c(slipway: Installation) -> None:
    assert slipway.run("down").returncode == 0
    own = {"SLIPWAY_HOME": str(slipway.home), "SLIPWAY_PORT": str(slipway.port), "FOREGROUND": "1"}
    own |= {"SLIPWAY_EDGE_PORT": str(slipway.edge_port), "SLIPWAY_SAMPLE": "0", "PATH": os.environ["PATH"]}
    argv = [sys.executable, "-m", "paas.supervisor", "up"]
    with subprocess.Popen(
        argv, cwd=ROOT, env=own, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as front:
        assert front.stdout is not None
        said = []
        for line in front.stdout:
            said.append(line)
            if line.startswith("Setup:"):
                break
        children = [process for process in slipway.status()["processes"] if process["name"] != "edge"]
        front.send_signal(signal.SIGINT)
        rest = front.stdout.read()
        assert front.wait(timeout=30) == 0
    assert any(" web             | " in line for line in said)
    assert rest.rstrip().endswith("supervisor      | stopped")
    assert not [child for child in children if processes.identity(child["pid"])]


def test_it_runs_with_sockets_elsewhere_when_its_path_is_long(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a-folder-with-a-long-name"] * 5) / secrets.token_hex(4)
    long = Installation(deep, free_port(), free_port())
    done = long.run("up")
    try:
        assert done.returncode == 0, done.stderr
        assert long.status()["state"] == "ready"
        kept = read_env(deep / "env")
        assert f"/tmp/slipway-{kept['SLIPWAY_INSTANCE']}/pg" in kept["DATABASE_URL"]
    finally:
        assert long.run("reset", FORCE="1").returncode == 0
    assert not Path(f"/tmp/slipway-{kept['SLIPWAY_INSTANCE']}").exists()
