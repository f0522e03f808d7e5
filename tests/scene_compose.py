"""Compose files: found, wrong, refused, imported, and read again with a push. For pictures, from a git server of our own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from apps.deployments import actions, logs, waiting
from apps.deployments.models import Deployment
from apps.deployments.states import Status
from apps.deployments.steps.attempt import Attempt
from apps.deployments.steps.follow import follow_file
from apps.projects.models import Service
from tests.apps.cast import make_live, make_running
from tests.scene_images import Typed
from tests.workers.git_server import commit, make_repository, served
from workers.build.job import Checkout

if TYPE_CHECKING:
    from tests.scene import Scene

FIRST = """name: corner shop
services:
  web:
    build: ./web
    container_name: corner-shop-web
    ports: ["8080:8000"]
    restart: unless-stopped
    environment:
      STORE: http://store:9000
      API_TOKEN: ${API_TOKEN:?ask for one}
      GREETING: ${GREETING:-hello}
    depends_on: [store]
  jobs:
    build: ./web
    command: python jobs.py
    environment: {STORE: "http://store:9000"}
    depends_on: [broker]
  broker:
    image: ghcr.io/acme/broker:2
    expose: [5672]
  store:
    image: ghcr.io/acme/store:1.4
    expose: [9000]
    environment: {DB_PASSWORD: "${DB_PASSWORD}"}
    volumes: ["data:/data"]
    healthcheck: {test: [CMD, store, ping]}
  metrics:
    image: ghcr.io/acme/node-metrics:3
    privileged: true
    network_mode: host
    volumes: ["/:/host:ro"]
volumes: {data: {}}
networks: {front: {}}
"""
SECOND = (
    FIRST.replace("8080:8000", "8080:8080")
    .replace("store:1.4", "store:1.5")
    .replace("GREETING:-hello", "GREETING:-good day")
    .replace("  metrics:", "  cache:\n    image: ghcr.io/acme/cache:7\n  metrics:")
    .replace("    restart: unless-stopped\n", "    restart: unless-stopped\n    mem_limit: 384m\n")
)
FILES = {"compose.yml": FIRST, "web/Dockerfile": "FROM scratch\n", ".env": "DB_PASSWORD=for-pictures\n"}
WRONG = {"compose.yml": "services:\n  web:\n    build: .\n    ports: [8080:8000\n  store:\n    image: store\n"}
REFUSED = {"compose.yml": "services:\n  agent:\n    image: ghcr.io/acme/agent:2\n    pid: host\n    privileged: true\n"}


@dataclass(frozen=True)
class Shelf:
    """Repositories, and where they are served."""

    folder: Path
    url: str

    def address(self, name: str) -> str:
        return f"{self.url}/{name}/.git"


@contextmanager
def shelf() -> Iterator[Shelf]:
    with tempfile.TemporaryDirectory(prefix="slipway-scene-") as name:
        folder = Path(name)
        for repository, files in (("corner-shop", FILES), ("typo", WRONG), ("agent", REFUSED)):
            make_repository(folder / repository, files)
        with served(folder) as (url, _):
            yield Shelf(folder, url)


def compose_screens(scene: Scene, repositories: Shelf) -> dict[str, str]:
    """Name -> address. The repository is ahead of what was imported afterwards."""
    rows = _imported(scene, repositories)
    web, waits = rows["web"], rows["jobs"]
    Deployment.objects.filter(pk=waits.pk).update(status=Status.DEPLOYING)
    waiting.must_wait(waits.key)
    for name in ("store", "web"):
        make_running(make_live(rows[name], "4d7e" * 10))
    pushed = _pushed(scene, repositories, web.service)
    return {
        "compose-project": f"/projects/{web.service.project_id}",
        "compose-service": f"/services/{web.service_id}",
        "compose-worker": f"/services/{waits.service_id}",
        "compose-deployment": f"/deployments/{pushed.pk}",
        "compose-deployment-waits": f"/deployments/{waits.pk}",
    }


def compose_typed(scene: Scene, repositories: Shelf) -> dict[str, Typed]:
    """What those pages answer. Nothing is stored."""
    web = Service.objects.get(project__team=scene.shop.team, project__slug="corner-shop", name="web")
    names = {"found": "corner-shop", "wrong": "typo", "refused": "agent"}
    return {
        **{
            f"compose-{name}": Typed("/new", "form[action$='/new']", {"source_url": repositories.address(repository)})
            for name, repository in names.items()
        },
        "compose-again": Typed(f"/services/{web.pk}", "form[action$='/compose']", {}),
    }


def _imported(scene: Scene, repositories: Shelf) -> dict[str, Deployment]:
    """The first deployment of each service, by name."""
    where = {
        "source_url": repositories.address("corner-shop"),
        "project": "corner-shop",
        "team_id": scene.shop.team.key,
    }
    answer = scene.ada.post("/compose", {**where, "variables": {"API_TOKEN": "told"}}, host="localhost")
    assert answer.status_code == 201, answer.content
    rows = Deployment.objects.select_related("service").filter(service__project__slug="corner-shop")
    return {row.service.name: row for row in rows}


def _pushed(scene: Scene, repositories: Shelf, web: Service) -> Deployment:
    """A deployment of what the file says now."""
    folder = repositories.folder / "corner-shop"
    sha = commit(folder, {"compose.yml": SECOND}, "Listen where the others do")
    row = actions.deploy(actor=scene.ada.actor, service=Service.objects.get(pk=web.pk), trigger="push")
    follow_file(Attempt(row, _Log(row), {}), Checkout(folder, folder, sha, "", ""))  # type: ignore[arg-type]
    make_running(make_live(row, sha))
    return row


@dataclass(frozen=True)
class _Log:
    """The report of a build without a worker."""

    row: Deployment

    def line(self, text: str, *, level: str = "out") -> None:
        logs.append(self.row.log, [logs.Line(text)])

    def check(self) -> None: ...

    def hide(self, value: str) -> None: ...
