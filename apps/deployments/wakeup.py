"""Which queue wakes up for a deployment. Only wakes: losing, doubling or delaying one of these changes nothing."""

from __future__ import annotations

from uuid import UUID

import redis
from celery import current_app
from django.conf import settings

from apps.deployments.models import Deployment
from apps.deployments.states import Status
from apps.github.models import Connection
from apps.lib import wake

FULL = 20
UPKEEP = "deploy"  # Minutes of it take none of the slots of builds, of which there may be one.
PREFIX = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]


def build(deployment: Deployment) -> None:
    _send("run_build", deployment.key, queue="build")


def deploy(deployment: Deployment) -> None:
    _send("run_deploy", deployment.key, queue="deploy")


def begin(deployment: Deployment) -> None:
    """For one that waits."""
    if queue_of(deployment) == "deploy":
        deploy(deployment)
    else:
        build(deployment)


def queue_of(deployment: Deployment) -> str:
    """With a release, or with a build to use again, it needs no build."""
    is_built = deployment.release_id is not None or deployment.build_id is not None
    return "deploy" if is_built or deployment.status == Status.DEPLOYING else "build"


def full_queues() -> set[str]:
    """Where so many messages wait that one more would only take memory: their workers are busy or away."""
    try:
        return {name for name in ("build", "deploy") if wake.valkey().llen(f"{PREFIX}{name}") >= FULL}
    except redis.RedisError:
        return set()


def clean(*, later: float = 0) -> None:
    """Asked for again by `retention.tidy` until one has gone through. `later`: in so many seconds."""
    _send("clean", queue=UPKEEP, countdown=later)


def measure_disk() -> None:
    _send("measure_disk", queue=UPKEEP)


def outward(deployment: Deployment) -> None:
    """What others are shown of it is another: its status, or its commit. Steps within a status are not told."""
    now = (deployment.status, deployment.commit)
    if _outward.get(deployment.pk) == now:
        return
    _outward[deployment.pk] = now
    while len(_outward) > REMEMBERED:
        del _outward[next(iter(_outward))]
    if Connection.objects.filter(service=deployment.service_id).exists():
        told = {"args": (deployment.key,), "queue": "quick"}
        wake.after_commit(lambda: current_app.send_task("apps.feedback.tasks.tell", **told))


REMEMBERED = 1000
_outward: dict[UUID, tuple[str, str]] = {}


def _send(name: str, *args: str, queue: str, countdown: float = 0) -> None:
    # By name: the tasks import the pipeline, and the pipeline's outcome wakes the next task.
    told = {"args": args, "queue": queue, **({"countdown": countdown} if countdown else {})}
    wake.after_commit(lambda: current_app.send_task(f"apps.deployments.tasks.{name}", **told))
