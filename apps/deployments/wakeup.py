"""Which queue wakes up for a deployment. Only wakes: losing, doubling or delaying one of these changes nothing."""

from __future__ import annotations

from celery import current_app

from apps.deployments.models import Deployment
from apps.deployments.states import Status
from apps.lib import wake


def build(deployment: Deployment) -> None:
    _send("run_build", deployment.key, queue="build")


def deploy(deployment: Deployment) -> None:
    _send("run_deploy", deployment.key, queue="deploy")


def begin(deployment: Deployment) -> None:
    """For one that waits: with a release it needs no build."""
    if deployment.release_id is not None or deployment.status == Status.DEPLOYING:
        deploy(deployment)
    else:
        build(deployment)


def clean() -> None:
    _send("clean", queue="build")


def _send(name: str, *args: str, queue: str) -> None:
    # By name: the tasks import the pipeline, and the pipeline's outcome wakes the next task.
    wake.after_commit(lambda: current_app.send_task(f"apps.deployments.tasks.{name}", args=args, queue=queue))
