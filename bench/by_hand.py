"""The smallest pipeline by hand: fetch, build, run, first answer, route switched. What Slipway is measured against.

It has the same generated Dockerfile, engine, edge and git server, and nothing else: no limits, no log, no database.
"""

from __future__ import annotations

import ipaddress
import json
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.edge_poll import wait_for
from tests.ports import free_port
from workers.agent.networks import Networks
from workers.build.analyze import analyze
from workers.build.base_images import ensure_base
from workers.build.dockerfile import dockerfile_for, dockerignore_for
from workers.build.files import FolderFiles
from workers.build.job import BuildSettings
from workers.build.secrets import Share, network, write_secrets
from workers.docker import Engine
from workers.docker_cli import BuildCall, build_argv, client_env, working_client
from workers.edge import EdgeSettings, start_edge, stop_edge

HOST = "by-hand.apps.localhost"
POOL = ipaddress.IPv4Network("10.203.0.0/16")
PORT = 8000
Steps = dict[str, float]


class Quiet:
    """A build's report that nobody reads."""

    def line(self, text: str, *, level: str = "out") -> None: ...

    def command(self, argv: object) -> None: ...

    def check(self) -> None: ...


class ByHand:
    """One repository, one container at a time, one route; `with ByHand(...) as hand: hand.deploy("two")`."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.clone, self.routes = folder / "clone", folder / "routes"
        self.client = working_client()
        self.instance = secrets.token_hex(4)
        self.engine = Engine(self.instance)
        self.networks = Networks(self.engine, POOL)
        self.edge_port = free_port()
        self.container = ""
        self._number = 0

    def __enter__(self) -> ByHand:
        self.folder.mkdir(parents=True)
        start_edge(EdgeSettings(self.instance, self.routes, self.edge_port, address="127.0.0.1"))
        return self

    def __exit__(self, *_: object) -> None:
        stop_edge(self.instance)
        for container in self.engine.containers():
            self.engine.remove(container.id)
        self.networks.remove_unused([])
        for image in self.engine.image_ids():
            self.engine.remove_image(image)
        shutil.rmtree(self.folder, ignore_errors=True)

    def deploy(self, text: str, *, is_cold: bool = False) -> Steps:
        """Make the branch's head answer `text` at the edge; seconds of each step."""
        steps: Steps = {}
        self._number += 1
        if is_cold:
            shutil.rmtree(self.clone, ignore_errors=True)
        with timed(steps, "fetch"):
            self._fetch()
        call = self._build_call(is_cold=is_cold)
        with timed(steps, "build"):
            _run(build_argv(self.client, call))
        place = self.networks.take("by-hand")
        with timed(steps, "start"):
            fresh = self.run(call.tag, place.network, place.address)
        with timed(steps, "health"):
            wait_for(PORT, "", address=place.address)
        with timed(steps, "switch"):
            self._route(place.address)
            wait_for(self.edge_port, text, host=HOST)
        self._remove(self.container)
        self.container = fresh
        return steps

    def run(self, image: str, network_name: str, address: str) -> str:
        argv = [self.client, "run", "--detach", f"--network={network_name}", f"--ip={address}", f"--env=PORT={PORT}"]
        return _run([*argv, *self._labels(), "--", image])

    def own_start(self, image: str) -> float:
        """Seconds from `docker start` to the first answer, for a container of this image."""
        place = self.networks.take("by-hand")
        argv = [self.client, "create", f"--network={place.network}", f"--ip={place.address}", f"--env=PORT={PORT}"]
        made = _run([*argv, *self._labels(), "--", image])
        began = time.perf_counter()
        _run([self.client, "start", "--", made])
        wait_for(PORT, "", address=place.address)
        took = time.perf_counter() - began
        self._remove(made)
        return took

    def _fetch(self) -> None:
        if not self.clone.exists():
            _run(["git", "clone", "--quiet", "--depth=1", "--", self.url, str(self.clone)])
            return
        _run(["git", "-C", str(self.clone), "fetch", "--quiet", "--depth=1", "origin", "main"])
        _run(["git", "-C", str(self.clone), "checkout", "--quiet", "--force", "FETCH_HEAD"])

    def _build_call(self, *, is_cold: bool) -> BuildCall:
        """Not timed: by hand the Dockerfile is there already."""
        folder = self.folder / f"build-{self._number}"
        folder.mkdir()
        settings = BuildSettings()
        plan = analyze(FolderFiles(self.clone), settings)
        base = ensure_base("python", plan.version, report=Quiet(), cache_dir=self.folder / "machine")
        scope = f"{self.instance}-{self._number if is_cold else 'warm'}"
        (folder / "Dockerfile").write_text(dockerfile_for(plan, base.reference, scope))
        (folder / "Dockerfile.dockerignore").write_text(dockerignore_for(plan, ""))
        return BuildCall(
            context=self.clone,
            dockerfile=folder / "Dockerfile",
            labels={"slipway.instance": self.instance},
            tag=f"slipway/by-hand:{self.instance}-{self._number}",
            secrets=write_secrets(folder / "secrets", settings, Share()),
            network=network()[0],
            no_cache=is_cold,
        )

    def _route(self, address: str) -> None:
        """JSON is YAML too."""
        rule, server = f"Host(`{HOST}`)", {"url": f"http://{address}:{PORT}"}
        balancer = {"loadBalancer": {"servers": [server]}}
        told = {"http": {"routers": {"hand": {"rule": rule, "service": "hand"}}, "services": {"hand": balancer}}}
        draft = self.routes / ".hand.yml.draft"
        draft.write_text(json.dumps(told))
        draft.rename(self.routes / "hand.yml")

    def _labels(self) -> list[str]:
        """The project's label lets `Networks` see which addresses are taken."""
        return [f"--label=slipway.{name}={value}" for name, value in self.labels.items()]

    @property
    def labels(self) -> dict[str, str]:
        return {"instance": self.instance, "project": "by-hand"}

    def _remove(self, container: str) -> None:
        if container:
            self.engine.remove(container)


@contextmanager
def timed(steps: Steps, name: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    steps[name] = time.perf_counter() - began


def _run(argv: list[str]) -> str:
    done = subprocess.run(argv, env=client_env(os.environ), capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        raise AssertionError(f"{' '.join(argv)} exited {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout.strip()
