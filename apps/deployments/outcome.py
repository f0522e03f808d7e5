"""What an attempt leads to: built, published, live, failed, cancelled, broken after the switch. One transaction each.

Every change of a status, and what must follow from it, is in here; who decides it is elsewhere.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from apps.accounts.access import SYSTEM, Actor
from apps.accounts.actions import record
from apps.deployments import logs, wakeup
from apps.deployments.lease import ATTEMPTS, hand_to_agent
from apps.deployments.models import Build, Deployment, DeploymentStep, LogStream, Release
from apps.deployments.report import begin_step, end_step, tell_changed
from apps.deployments.states import ACTIVE, Status, StepStatus
from apps.hosts.actions import publish
from apps.hosts.models import Host
from apps.projects.models import Service
from workers.errors import SlipwayError

RETRY_SECONDS = 5.0
AGENT_GRACE_SECONDS = 30.0  # Beyond the health deadline: for the image, the start and the switch.


@transaction.atomic
def built(deployment: Deployment, build: Build) -> None:
    """There is an image: the deploy job may begin."""
    deployment.advance(Status.DEPLOYING, build=build, lease_owner="", lease_expires_at=None)
    wakeup.deploy(deployment)
    tell_changed(deployment)


@transaction.atomic
def publish_rollout(deployment: Deployment, *, seconds: float) -> None:
    """The agent may begin; it has `seconds` until its next report."""
    hand_to_agent(deployment, seconds=seconds)
    publish(Host.objects.default())


@transaction.atomic
def live(deployment: Deployment) -> None:
    """The edge answers with its release. What was live before is superseded."""
    before = Deployment.objects.of(deployment).live().exclude(pk=deployment.pk)
    for row in before.select_for_update():
        row.advance(Status.SUPERSEDED, finished_at=row.finished_at or Now())
        tell_changed(row)
    deployment.advance(Status.LIVE, live_at=Now(), lease_owner="", lease_expires_at=None)
    record(
        actor=Actor(deployment.actor, name=deployment.actor_name),
        team_id=deployment.service.team_id,
        verb="rolled back" if deployment.is_rollback else "deployed",
        subject=deployment.service,
        deployment=deployment.key,
        commit=deployment.commit,
    )
    _after_the_end(deployment)


@transaction.atomic
def failed(deployment: Deployment, error: SlipwayError) -> None:
    """The reason is stored; what was live goes on. A fault of ours is tried again, up to three attempts."""
    ours = error.retry and error.family == "platform"
    if ours and deployment.status == Status.BUILDING and deployment.attempt < ATTEMPTS:
        later = Now() + timedelta(seconds=RETRY_SECONDS)
        deployment.advance(Status.PENDING, lease_owner="", lease_expires_at=later)
        tell_changed(deployment)
        return
    deployment.advance(Status.FAILED, error_code=error.code, error_message=error.message, error_hint=error.hint)
    close_steps(deployment, StepStatus.FAILED, error)
    record(
        actor=Actor(deployment.actor, name=deployment.actor_name),
        team_id=deployment.service.team_id,
        verb="failed to deploy",
        subject=deployment.service,
        deployment=deployment.key,
        code=error.code,
    )
    _after_the_end(deployment)


@transaction.atomic
def cancelled(deployment: Deployment) -> None:
    """Nobody wants it any more. A worker that still holds it finds its lease lost and stops."""
    deployment.advance(Status.CANCELLED)
    close_steps(deployment, StepStatus.STOPPED)
    _after_the_end(deployment)


@transaction.atomic
def superseded(deployment: Deployment) -> None:
    """A newer one takes the place of one that waits."""
    deployment.advance(Status.SUPERSEDED)
    tell_changed(deployment)


@transaction.atomic
def broke(deployment: Deployment, error: SlipwayError) -> None:
    """Live, and then it failed within the observation window: the release before it comes back by itself.

    Without one there is nothing to go back to, so it stays and says what is wrong.
    """
    before = release_before(deployment)
    say(deployment, error.message, kind="error")
    if before is None or deployment.trigger == "automatic":
        Deployment.objects.filter(pk=deployment.pk).update(
            error_code=error.code, error_message=error.message, error_hint=error.hint
        )
        tell_changed(deployment)
        return
    deployment.advance(
        Status.FAILED,
        error_code=error.code,
        error_message=error.message,
        error_hint=error.hint or f"Release {before.number} was brought back.",
    )
    say(deployment, f"release {before.number} ({before.commit[:7]}) is brought back", kind="line")
    Service.objects.filter(pk=deployment.service_id).update(auto_deploy_paused_at=timezone.now())
    start_rollback(deployment, before, actor=SYSTEM, trigger="automatic")
    tell_changed(deployment)


def start_rollback(deployment: Deployment, release: Release, *, actor: Actor, trigger: str) -> Deployment:
    """A deployment of an earlier release; what waits is superseded by it. Call inside a transaction.

    It needs no worker: with nothing else active it is published in this very transaction, so that the document never
    names neither of the two releases.
    """
    row = new_deployment(
        deployment.service,
        deployment.environment_id,
        actor=actor,
        trigger=trigger,
        release=release,
        build=release.build,
        commit=release.commit,
        rollback_of=deployment,
    )
    if Deployment.objects.of(row).filter(status__in=ACTIVE).exists():
        wakeup.deploy(row)
        return row
    row.advance(Status.DEPLOYING, attempt=1, fence=1, started_at=Now(), step="release")
    end_step(begin_step(row, "release"), StepStatus.SUCCEEDED, detail=f"release {release.number} as it was")
    publish_rollout(row, seconds=rollout_seconds(release))
    row.refresh_from_db()
    return row


def rollout_seconds(release: Release) -> float:
    """How long the agent has until its first reports."""
    seconds = float(release.spec["health"]["deadline_seconds"]) + AGENT_GRACE_SECONDS
    return seconds + settings.SLIPWAY.release_timeout_seconds if release.spec["release_command"] else seconds


def new_deployment(
    service: Service, environment_id: UUID, *, actor: Actor, trigger: str, **values: object
) -> Deployment:
    """A waiting deployment with its log. Older waiting ones are superseded. Call inside a transaction."""
    # The service's row orders those who deploy it at once.
    Service.objects.select_for_update(of=("self",)).get(pk=service.pk)
    mine = Deployment.objects.filter(service=service, environment_id=environment_id)
    for row in mine.filter(status=Status.PENDING).select_for_update():
        superseded(row)
    last = mine.order_by("-number").values_list("number", flat=True).first() or 0
    row = Deployment.objects.create(
        service=service,
        environment_id=environment_id,
        number=last + 1,
        trigger=trigger,
        actor=actor.user,
        actor_name=actor.label,
        branch=service.branch,
        **values,
    )
    LogStream.objects.create(deployment=row)
    tell_changed(row)
    return row


def release_before(deployment: Deployment) -> Release | None:
    """What was live before this one and came to no harm."""
    rows = Deployment.objects.of(deployment).filter(status=Status.SUPERSEDED, live_at__isnull=False)
    rows = rows.exclude(release=deployment.release).filter(release__pruned_at=None, error_code="")
    found = rows.order_by("-live_at").select_related("release__build").first()
    return found.release if found else None


def say(deployment: Deployment, text: str, *, kind: str) -> None:
    """A line of Slipway's own in the deployment's log."""
    level = "err" if kind == "error" else "out"
    logs.append(deployment.log, [logs.Line(text, source="slipway", level=level, kind=kind)])


def close_steps(deployment: Deployment, status: StepStatus, error: SlipwayError | None = None) -> None:
    DeploymentStep.objects.filter(deployment=deployment, status=StepStatus.RUNNING).update(
        status=status,
        finished_at=Now(),
        error_code=error.code if error else "",
        detail=error.message[:500] if error else "",
    )


def _after_the_end(deployment: Deployment) -> None:
    """The agent looks again (nothing of a failed one stays), and the next one that waits begins."""
    publish(Host.objects.default())
    tell_changed(deployment)
    waiting = Deployment.objects.of(deployment).filter(status=Status.PENDING).first()
    if waiting is not None:
        wakeup.begin(waiting)
