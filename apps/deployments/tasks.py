"""Celery's tasks: claim the row, make one call. Arguments are ids; the message is only a wake-up."""

from __future__ import annotations

from celery import shared_task
from celery.signals import worker_ready, worker_shutdown, worker_shutting_down
from django.db import connection

from apps.deployments import cleaning, pipeline, wakeup
from apps.deployments.disk_measuring import store_measurement
from apps.deployments.lease import claim, shutting_down
from apps.deployments.models import Deployment
from apps.deployments.states import Status
from apps.deployments.turns import claim_next
from apps.deployments.waiting import must_wait
from workers.build.limits_linger import settle_now


@shared_task
def run_build(deployment_id: str) -> None:
    deployment = claim_next(deployment_id)
    if deployment is not None:
        pipeline.build(deployment)


@shared_task
def run_deploy(deployment_id: str) -> None:
    if must_wait(deployment_id):
        return  # For what its compose file says that it depends on; that wakes it up.
    # A rollback begins here, and what uses a build again; the others come from a build.
    waiting = Deployment.objects.filter(pk=deployment_id, status=Status.PENDING, build__isnull=False).exists()
    start = Status.PENDING if waiting else Status.DEPLOYING
    deployment = claim(deployment_id, start=start, during=Status.DEPLOYING, step="release")
    if deployment is not None:
        pipeline.deploy(deployment)


@shared_task
def clean() -> None:
    cleaning.clean()


@shared_task
def measure_disk() -> None:
    if store_measurement():
        wakeup.clean()


@worker_ready.connect
def remove_leftovers(**_: object) -> None:
    """Celery starts: a worker that was killed left folders with a build's variables in them, and rules of its network."""
    try:
        cleaning.remove_folders()
        cleaning.open_network()
    finally:
        connection.close()


@worker_shutting_down.connect
def stop_jobs(**_: object) -> None:
    """Celery stops: jobs under way kill their children and give their deployments back."""
    shutting_down.set()


@worker_shutdown.connect
def settle_limits(**_: object) -> None:
    """Celery has stopped: what was left for later after the last build is done now."""
    settle_now()
