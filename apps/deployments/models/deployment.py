"""Releases, and deployments with their steps. Rules that must hold stand in the database as constraints."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from apps.accounts.access import Actor
from apps.accounts.models import User
from apps.deployments.models.build import Build
from apps.deployments.states import ACTIVE, MOVES, STEPS, UNFINISHED, Status, StepStatus
from apps.lib.asked_often import asked_often
from apps.lib.encryption import EncryptedJSONField
from apps.lib.models import Base
from apps.projects.models import Environment, Service
from workers.errors import PlatformError, Stopped


class ReleaseQuerySet(models.QuerySet["Release"]):
    def that_served(self) -> ReleaseQuerySet:
        """One that never became live is nothing to go back to."""
        return self.filter(
            models.Exists(Deployment.objects.filter(release=models.OuterRef("pk"), live_at__isnull=False))
        )


class Release(Base):
    """Immutable: an image by digest with the variables and settings of its moment. `spec` is `workers.desired.Release`
    without id and variables."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="releases")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE)
    number = models.PositiveIntegerField()
    build = models.ForeignKey(Build, on_delete=models.PROTECT, related_name="releases")
    spec = models.JSONField()
    variables = EncryptedJSONField()
    secret_names = models.JSONField(default=list)
    variable_sources = models.JSONField(default=dict)
    pruned_at = models.DateTimeField(null=True, blank=True)  # Its image was cleaned: it can't be rolled back to.

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["service", "environment", "number"], name="release_number_once")]

    def __str__(self) -> str:
        return f"{self.service} release {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding and set(kwargs.get("update_fields") or ()) != {"pruned_at"}:
            raise PlatformError("release:platform:immutable", "A release is never changed.", retry=False)
        super().save(*args, **kwargs)

    @property
    def commit(self) -> str:
        return self.build.commit


class DeploymentQuerySet(models.QuerySet["Deployment"]):
    def visible_to(self, actor: Actor) -> DeploymentQuerySet:
        return self.filter(service__project__team__in=actor.teams)

    def with_names(self) -> DeploymentQuerySet:
        return self.select_related("service__project__team", "environment", "build", "release")

    def unfinished(self) -> DeploymentQuerySet:
        return self.filter(status__in=UNFINISHED)

    def live(self) -> DeploymentQuerySet:
        return self.filter(status=Status.LIVE)

    def of(self, deployment: Deployment) -> DeploymentQuerySet:
        """All of the same service and environment."""
        return self.filter(service_id=deployment.service_id, environment_id=deployment.environment_id)


class Deployment(Base):
    """One attempt to make a release live. Changed only by `advance` and the lease in `apps.deployments.lease`.

    `fence` rises whenever somebody else takes the work over; what carries an older one has no effect.
    """

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="deployments")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE)
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=12, choices=[(s.value, s.value) for s in Status], default=Status.PENDING)
    step = models.CharField(max_length=12, blank=True)
    trigger = models.CharField(max_length=12)  # manual, push, pull, api, rollback, automatic, sample
    actor = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    actor_name = models.CharField(max_length=100, blank=True)
    commit = models.CharField(max_length=64, blank=True)  # "" until the branch's head is known
    branch = models.CharField(max_length=250, blank=True)
    message = models.CharField(max_length=300, blank=True)  # Of the commit, when what asked for it told: a push does.
    author = models.CharField(max_length=200, blank=True)
    no_cache = models.BooleanField(default=False)
    plan = models.JSONField(default=dict)  # `workers.build.plan.Plan` of its own analysis; {} when there was none.
    composed = EncryptedJSONField(default=dict)  # `apps.deployments.adopting.Composed` of its commit; {} for others.
    build = models.ForeignKey(Build, null=True, on_delete=models.SET_NULL)
    release = models.ForeignKey(Release, null=True, on_delete=models.SET_NULL, related_name="deployments")
    rollback_of = models.ForeignKey("self", null=True, on_delete=models.SET_NULL)

    attempt = models.PositiveSmallIntegerField(default=0)
    fence = models.PositiveIntegerField(default=0)
    lease_owner = models.CharField(max_length=80, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)

    error_code = models.CharField(max_length=80, blank=True)
    error_message = models.TextField(blank=True)
    error_hint = models.TextField(blank=True)
    error_change = models.JSONField(default=dict)  # The setting that mends it: `workers.build.mends`; {} for most.
    started_at = models.DateTimeField(null=True, blank=True)
    live_at = models.DateTimeField(null=True, blank=True)
    observed_at = models.DateTimeField(null=True, blank=True)  # It came through the observation window.
    finished_at = models.DateTimeField(null=True, blank=True)

    waits: str  # Why it has not begun: what `operating` hands out tells it.

    objects: ClassVar[models.Manager[Deployment]] = DeploymentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["service", "environment", "number"], name="deployment_number_once"),
            models.UniqueConstraint(
                fields=["service", "environment"], condition=models.Q(status__in=ACTIVE), name="deployment_one_active"
            ),
            models.UniqueConstraint(
                fields=["service", "environment"],
                condition=models.Q(status=Status.PENDING),
                name="deployment_one_waiting",
            ),
            models.UniqueConstraint(
                fields=["service", "environment"], condition=models.Q(status=Status.LIVE), name="deployment_one_live"
            ),
            models.CheckConstraint(condition=models.Q(status__in=list(Status)), name="deployment_status_known"),
        ]
        indexes = [
            models.Index(fields=["service", "-created_at"]),
            models.Index(fields=["status"], condition=models.Q(status__in=UNFINISHED), name="deployment_unfinished"),
        ]

    def __str__(self) -> str:
        return f"{self.service} #{self.number}"

    @property
    def is_finished(self) -> bool:
        return self.status not in UNFINISHED

    @property
    def is_rollback(self) -> bool:
        return self.rollback_of_id is not None or self.trigger in ("rollback", "automatic")

    @property
    def built_as(self) -> dict[str, Any]:
        """`workers.build.plan.Plan` of its own analysis, else of the build that it used again; {} without either."""
        plan: dict[str, Any] = self.plan or (self.build.plan if self.build else {})
        return plan

    @property
    def commit_message(self) -> str:
        """Its first line: of the build, and until there is one, of what asked for the deployment; "" when neither told."""
        return (self.build.message if self.build else "") or self.message

    @property
    def commit_author(self) -> str:
        return (self.build.author if self.build else "") or self.author

    @property
    def duration(self) -> timedelta | None:
        """From the start of the work to its end, or until now."""
        if self.started_at is None:
            return None
        return (self.live_at or self.finished_at or timezone.now()) - self.started_at

    def advance(self, to: Status, **values: Any) -> None:
        """Move to `to` if that is legal from where the row stands and the fence is still ours. Else `Stopped("lost")`.

        The only way to change a status. `values` are set in the same statement.
        """
        sources = [source for source, targets in MOVES.items() if to in targets]
        if to in (Status.FAILED, Status.CANCELLED, Status.SUPERSEDED):
            values = {"finished_at": Now(), "lease_owner": "", "lease_expires_at": None, **values}
        mine = Deployment.objects.filter(pk=self.pk, fence=self.fence, status__in=sources)
        if not mine.update(status=to, **values):
            raise Stopped("lost")
        self.refresh_from_db()

    def steps_in_order(self) -> list[DeploymentStep]:
        """The latest attempt of each step, in the order of the pipeline."""
        latest = {step.name: step for step in _steps(self.pk)}
        return [latest[name] for name in STEPS if name in latest]


@asked_often
def _steps(deployment: UUID) -> models.QuerySet[DeploymentStep]:
    return DeploymentStep.objects.filter(deployment=deployment).order_by("attempt")


class DeploymentStep(Base):
    """A step of an attempt: when it began and ended, how, and the command it ran."""

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="steps")
    name = models.CharField(max_length=12, choices=[(s, s) for s in STEPS])
    attempt = models.PositiveSmallIntegerField(default=1)
    status = models.CharField(max_length=10, choices=[(s.value, s.value) for s in StepStatus])
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    command = models.TextField(blank=True)
    detail = models.CharField(max_length=500, blank=True)
    error_code = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["deployment", "name", "attempt"], name="step_once")]

    def __str__(self) -> str:
        return f"{self.name} of {self.deployment}"

    @property
    def duration(self) -> timedelta | None:
        if self.status == StepStatus.SKIPPED:
            return None
        return (self.finished_at or timezone.now()) - self.started_at


def live_release(service_id: UUID, environment_id: UUID) -> Release | None:
    """The release that serves now."""
    row = Deployment.objects.filter(service_id=service_id, environment_id=environment_id, status=Status.LIVE)
    found = row.select_related("release__build").first()
    return found.release if found else None
