"""What an attempt leads to: built, published, live, failed, cancelled, broken after the switch. One transaction each.

Every change of a status, and what must follow from it, is in here; who decides it is elsewhere.
Locks are taken in one order everywhere: the service's row, rows of its deployments, the host's row last.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from apps.accounts.access import SYSTEM, Actor
from apps.accounts.actions import record
from apps.deployments import logs, wakeup
from apps.deployments.lease import ATTEMPTS, hand_to_agent, lock
from apps.deployments.models import Build, Deployment, DeploymentStep, LogStream, Release
from apps.deployments.open_pages import tell_changed
from apps.deployments.states import ACTIVE, Status, StepStatus
from apps.deployments.step_rows import begin_step, end_step
from apps.hosts.actions import publish
from apps.hosts.models import Host
from apps.lib.asked_often import asked_often
from apps.lib.text import storable
from apps.projects.models import Service
from workers.build.limits_disk import DISK_LOW
from workers.errors import SlipwayError

RETRY_SECONDS = 5.0
ROOM_SECONDS, ROOM_WAIT = 60.0, timedelta(minutes=30)  # Between two looks for free disk, and from the first begin on.
AGENT_GRACE_SECONDS = 30.0  # Beyond the health deadline: for the image, the start and the switch.


@transaction.atomic
def built(deployment: Deployment, build: Build) -> None:
    """There is an image: the deploy job may begin."""
    lock(deployment.service_id)
    deployment.advance(Status.DEPLOYING, build=build, lease_owner="", lease_expires_at=None)
    wakeup.deploy(deployment)
    tell_changed(deployment)


@transaction.atomic
def publish_rollout(deployment: Deployment, *, seconds: float) -> None:
    """The agent may begin; it has `seconds` until its next report."""
    lock(deployment.service_id)
    hand_to_agent(deployment, seconds=seconds)
    publish(Host.objects.default())


@transaction.atomic
def live(deployment: Deployment) -> None:
    """The edge answers with its release. What was live before is superseded."""
    lock(deployment.service_id)
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
    if _waits_for_room(deployment, error):
        lock(deployment.service_id)
        say(deployment, f"waits for free disk: the next look is in {ROOM_SECONDS:g} s", kind="line")
        requeued(deployment, later=ROOM_SECONDS, is_counted=False)
        return
    ours = error.retry and error.family == "platform"
    if ours and deployment.status == Status.BUILDING and deployment.attempt < ATTEMPTS:
        requeued(deployment, later=RETRY_SECONDS)
        return
    lock(deployment.service_id)
    deployment.advance(Status.FAILED, **_told(error))
    close_steps(deployment, StepStatus.FAILED, error)
    record(
        actor=Actor(deployment.actor, name=deployment.actor_name),
        team_id=deployment.service.team_id,
        verb="began a deployment that failed:",
        subject=deployment.service,
        deployment=deployment.key,
        code=error.code,
    )
    _fall_back_from_broken(deployment)
    _after_the_end(deployment)


def _waits_for_room(deployment: Deployment, error: SlipwayError) -> bool:
    """What nothing needs is removed between builds, and those under way may take longer than three attempts."""
    began = deployment.started_at if error.code == DISK_LOW and deployment.status == Status.BUILDING else None
    return began is not None and timezone.now() - began < ROOM_WAIT


@transaction.atomic
def requeued(deployment: Deployment, *, later: float = 0, is_counted: bool = True) -> None:
    """Its worker is gone: another begins again, after `later` seconds. When a newer one waits already, that one does."""
    lock(deployment.service_id)
    if Deployment.objects.of(deployment).filter(status=Status.PENDING).exists():
        deployment.advance(Status.SUPERSEDED)
        close_steps(deployment, StepStatus.STOPPED)
        _after_the_end(deployment)
        return
    free = Now() + timedelta(seconds=later) if later else None
    attempt = F("attempt") if is_counted else F("attempt") - 1
    deployment.advance(Status.PENDING, attempt=attempt, lease_owner="", lease_expires_at=free)
    tell_changed(deployment)
    if not later:
        wakeup.begin(deployment)


@transaction.atomic
def given_back(deployment: Deployment) -> None:
    """This worker stops: another goes on at once, and the attempt is not counted."""
    if deployment.status == Status.BUILDING:
        requeued(deployment, is_counted=False)
        return
    mine = Deployment.objects.filter(pk=deployment.pk, fence=deployment.fence, status=Status.DEPLOYING)
    mine.update(lease_owner="", lease_expires_at=None)
    wakeup.deploy(deployment)


@transaction.atomic
def cancelled(deployment: Deployment, *, falls_back: bool = True) -> None:
    """Nobody wants it any more. A worker that still holds it finds its lease lost and stops."""
    lock(deployment.service_id)
    deployment.advance(Status.CANCELLED)
    close_steps(deployment, StepStatus.STOPPED)
    if falls_back:
        _fall_back_from_broken(deployment)
    _after_the_end(deployment)


@transaction.atomic
def superseded(deployment: Deployment) -> None:
    """A newer one takes the place of one that waits."""
    deployment.advance(Status.SUPERSEDED)
    tell_changed(deployment)


@transaction.atomic
def broke(deployment: Deployment, error: SlipwayError) -> None:
    """Live, and then it failed within the observation window: the release before it comes back by itself.

    Without one there is nothing to go back to, so it stays and says what is wrong. While a newer one is on its way it
    stays too: that one may mend it, and if it does not, the release before comes back then.
    """
    lock(deployment.service_id)
    say(deployment, error.message, kind="error")
    Deployment.objects.filter(pk=deployment.pk).update(**_told(error))
    deployment.refresh_from_db()
    if not Deployment.objects.of(deployment).filter(status__in=ACTIVE).exists():
        _fall_back(deployment)
    tell_changed(deployment)


def _fall_back_from_broken(ended: Deployment) -> None:
    """What was to mend a broken release did not become live."""
    broken = Deployment.objects.of(ended).live().exclude(error_code="").first()
    if broken is not None:
        _fall_back(broken)


def _fall_back(broken: Deployment) -> None:
    before = release_before(broken)
    if before is None or broken.trigger == "automatic":
        return
    hint = broken.error_hint or f"Release {before.number} was brought back."
    broken.advance(Status.FAILED, error_hint=hint)
    say(broken, f"release {before.number} ({before.commit[:7]}) is brought back", kind="line")
    if broken.environment.is_production:
        Service.objects.filter(pk=broken.service_id).update(auto_deploy_paused_at=timezone.now())
    start_rollback(broken, before, actor=SYSTEM, trigger="automatic")


def _told(error: SlipwayError) -> dict[str, Any]:
    message, hint = storable(error.message), storable(error.hint)
    return {"error_code": error.code, "error_message": message, "error_hint": hint, "error_change": error.change}


def start_rollback(deployment: Deployment, release: Release, *, actor: Actor, trigger: str) -> Deployment:
    """A deployment of an earlier release; what waits is superseded by it. Call inside a transaction, with nothing active.

    It needs no worker: it is published in this very transaction, so that every document names one of the two releases.
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
    lock(service.pk)
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
        **{**({"message": service.image[:300]} if service.image else {"branch": service.branch}), **values},
    )
    LogStream.objects.create(deployment=row)
    tell_changed(row)
    return row


def release_before(deployment: Deployment) -> Release | None:
    """What was live before this one and came to no harm."""
    its_own = deployment.release_id or deployment.pk  # Without a release, the id of none.
    return next(iter(_kept_before(deployment.service_id, deployment.environment_id, its_own)), None)


@asked_often
def _kept_before(service: UUID, environment: UUID, release: UUID) -> QuerySet[Release]:
    rows = Deployment.objects.filter(service=service, environment=environment, status=Status.SUPERSEDED)
    rows = rows.filter(live_at__isnull=False, error_code="")
    kept = Release.objects.filter(deployments__in=rows, pruned_at=None).exclude(pk=release)
    return kept.select_related("build").order_by("-deployments__live_at")[:1]


def say(deployment: Deployment, text: str, *, kind: str) -> None:
    """A line of Slipway's own in the deployment's log."""
    level = "err" if kind == "error" else "out"
    logs.append(deployment.log, [logs.Line(text, source="slipway", level=level, kind=kind)])


def close_steps(deployment: Deployment, status: StepStatus, error: SlipwayError | None = None) -> None:
    DeploymentStep.objects.filter(deployment=deployment, status=StepStatus.RUNNING).update(
        status=status,
        finished_at=Now(),
        error_code=error.code if error else "",
        detail=storable(error.message)[:500] if error else "",
    )


def _after_the_end(deployment: Deployment) -> None:
    """The agent looks again (nothing of a failed one stays), and the next one that waits begins."""
    publish(Host.objects.default())
    tell_changed(deployment)
    waiting = Deployment.objects.of(deployment).filter(status=Status.PENDING).first()
    if waiting is not None:
        wakeup.begin(waiting)
    here = Deployment.objects.filter(environment=deployment.environment_id, status=Status.DEPLOYING, step="release")
    for row in here.filter(lease_owner=""):  # It may depend on this one: `waiting`.
        wakeup.deploy(row)
