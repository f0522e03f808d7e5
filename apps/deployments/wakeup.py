"""Which queue wakes up for a deployment. Only wakes: losing, doubling or delaying one of these changes nothing."""

from __future__ import annotations

import redis
from celery import current_app
from django.conf import settings

from apps.deployments.models import Deployment
from apps.deployments.states import Status
from apps.lib import wake

FULL = 20
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


def clean() -> None:
    """Asked for again by `retention.tidy` until one has gone through."""
    _send("clean", queue="build")


def _send(name: str, *args: str, queue: str) -> None:
    # By name: the tasks import the pipeline, and the pipeline's outcome wakes the next task.
    wake.after_commit(lambda: current_app.send_task(f"apps.deployments.tasks.{name}", args=args, queue=queue))
