"""Compose files: found, wrong, refused, imported, and read again with a push. For pictures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from apps.deployments import actions, logs, waiting
from apps.deployments.models import Build, Deployment
from apps.deployments.states import Status
from apps.deployments.steps.attempt import Attempt
from apps.deployments.steps.follow import follow_file
from apps.projects.models import Service
from tests.apps.cast import make_live, make_running
from tests.scene_images import Typed
from tests.scene_shelf import SECOND, Shelf
from tests.scene_steps import BUILT, pass_steps
from tests.workers.git_server import commit
from workers.build.job import Checkout

if TYPE_CHECKING:
    from tests.scene import Scene


def compose_screens(scene: Scene, repositories: Shelf) -> dict[str, str]:
    """Name -> address. The repository is ahead of what was imported afterwards."""
    rows = _imported(scene, repositories)
    web, waits = rows["web"], rows["jobs"]
    Deployment.objects.filter(pk=waits.pk).update(status=Status.DEPLOYING)
    pass_steps(
        waits, timezone.now() - timedelta(minutes=1), {name: BUILT[name] for name in ("fetch", "analyze", "build")}
    )
    waiting.must_wait(waits.key)
    for name in ("store", "web"):
        _live(rows[name], "4d7e" * 10)
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
    names = {"found": "tea-house", "wrong": "typo", "refused": "agent"}
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
    return _live(row, sha)


def _live(row: Deployment, sha: str) -> Deployment:
    make_running(make_live(row, sha))
    told = {"message": "Listen where the others do", "author": "Chloe Lind"}
    Build.objects.filter(deployment=row).update(**told)
    begun = timezone.now() - timedelta(minutes=6)
    end = pass_steps(row, begun, BUILT)
    Deployment.objects.filter(pk=row.pk).update(created_at=begun, started_at=begun, live_at=end, observed_at=end)
    return row


@dataclass(frozen=True)
class _Log:
    """The report of a build without a worker."""

    row: Deployment

    def line(self, text: str, *, level: str = "out") -> None:
        logs.append(self.row.log, [logs.Line(text)])

    def check(self) -> None: ...

    def hide(self, value: str) -> None: ...
