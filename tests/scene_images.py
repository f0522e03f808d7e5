"""Services of an image and the logins for registries, and the pages on which one types them. For pictures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from apps.accounts.models import Membership, Team
from apps.accounts.policy import Role
from apps.deployments import actions, logs, outcome
from apps.deployments.models import Deployment, DeploymentStep, Release
from apps.deployments.states import Status, StepStatus
from apps.deployments.steps.release import spec_of
from apps.projects.models import Registry
from tests.apps.cast import Person, make_live, make_running
from tests.scene_steps import pass_steps
from workers.registry_errors import refused_by_registry

if TYPE_CHECKING:
    from tests.scene import Scene

IMAGE, PRIVATE = "ghcr.io/acme/thumbnails:2.4", "registry.example.com/acme/ledger:1.9"
DIGEST = "3e1d0f5ab2c94778"
PULLED = {"pull": 8.2, "release": 0.3, "start": 0.9, "health": 1.6, "switch": 0.2, "drain": 0.5}


@dataclass(frozen=True)
class Typed:
    """A page after something was typed into one of its forms and sent. `fields`: the name of each -> what is typed."""

    path: str
    form: str  # As CSS has it.
    fields: dict[str, str]


def image_screens(scene: Scene) -> dict[str, str]:
    """Name -> address. The page of registries with logins is among those of the resolver."""
    live, refused = _live(scene.ada), _refused(scene.ada)
    for host, user in (("registry.example.com", "deploys"), ("docker.io", "acme")):
        Registry.objects.create(team=scene.shop.team, host=host, username=user, password="for pictures")
    empty = Team.objects.create(name="Nightly")
    Membership.objects.create(user=scene.ada.user, team=empty, role=Role.OWNER)
    return {
        "registries-empty": f"/teams/{empty.pk}/registries",
        "image-service": f"/services/{live.service_id}",
        "image-source": f"/services/{live.service_id}/source",
        "image-deployments": f"/services/{live.service_id}/deployments",
        "image-deployment": f"/deployments/{live.pk}",
        "image-rollback": f"/releases/{live.service.releases.earliest('created_at').pk}/rollback",
        "image-service-refused": f"/services/{refused.service_id}",
        "image-deployment-refused": f"/deployments/{refused.pk}",
    }


def typed_screens(scene: Scene) -> dict[str, Typed]:
    """What those pages answer. Nothing is stored."""
    image, registries = "form[action$='/new/image']", f"/teams/{scene.shop.team.pk}/registries"
    return {
        "image-new-wrong": Typed("/new", image, {"image": "https://ghcr.io/Acme/Thumbnails"}),
        "image-new-found": Typed("/new", image, {"image": IMAGE}),
        "registries-wrong": Typed(
            registries, "#main form:has([name=host])", {"host": "ghcr.io/acme", "username": "acme", "password": "typed"}
        ),
    }


def _create(ada: Person, name: str, image: str) -> Deployment:
    return actions.create_app(actor=ada.actor, team=ada.team, project="media", service=name, settings={"image": image})


def _live(ada: Person) -> Deployment:
    first = _create(ada, "thumbnails", IMAGE)
    row = first
    for n in range(2):
        row = first if n == 0 else actions.deploy(actor=ada.actor, service=first.service)
        make_live(row, f"{n}{DIGEST}" + "0" * 47)
        _pulled(row, hours=30 - 26 * n)
    state = make_running(row)
    state.instances = [{**told, "memory_bytes": 94 * 2**20, "cpu_percent": 2.5} for told in state.instances]
    state.save()
    return row


def _pulled(row: Deployment, hours: int) -> None:
    build = row.build
    assert build is not None and row.release is not None
    build.message, build.author, build.plan = IMAGE, "", {"language": "image", "port": 8000}
    build.save()
    Release.objects.filter(pk=row.release_id).update(spec=spec_of(row.service, row.environment, build))
    begun = timezone.now() - timedelta(hours=hours)
    at = pass_steps(row, begun, PULLED)
    Deployment.objects.filter(pk=row.pk).update(created_at=begun, started_at=begun, live_at=at, observed_at=at)
    logs.append(row.log, [logs.Line(f"{IMAGE} is sha256:{row.commit[:12]}", begun.isoformat())])


def _refused(ada: Person) -> Deployment:
    row = _create(ada, "ledger", PRIVATE)
    row.refresh_from_db()
    row.advance(Status.BUILDING, step="pull")
    now = timezone.now()
    DeploymentStep.objects.create(
        deployment=row, name="pull", status=StepStatus.FAILED, started_at=now, finished_at=now
    )
    outcome.failed(row, refused_by_registry(PRIVATE, None, "unauthorized"))
    return row
