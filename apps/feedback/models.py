"""What GitHub was last told of each deployment and of each pull request, what it must still be told, and how fast.

The truth stands elsewhere (deployments, previews): these rows are compared with it. Not in charge of telling (`outbox`).
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self, TypeVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from apps.deployments.models import Deployment
from apps.deployments.states import UNFINISHED, Status
from apps.github.models import Installation, Repository
from apps.lib.models import Base
from apps.projects.models import Service

REMOVED = "removed"  # What is seen of a deployment that is no more.
CHANGING = ["", *UNFINISHED, Status.LIVE]  # What is seen of those that can still become something else for GitHub.


class Mode(models.TextChoices):
    """How much of a service GitHub is told."""

    ALL = "all", "Deployments, commit statuses and comments"
    STATUSES = "statuses", "Commit statuses only"
    OFF = "off", "Nothing"


class Preference(Base):
    """A service's own choice; without a row it is `all`."""

    service = models.OneToOneField(Service, on_delete=models.CASCADE, related_name="feedback")
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.ALL)

    def __str__(self) -> str:
        return f"{self.service}: {self.mode}"


WAY = Q(
    repository__trouble="",
    repository__installation__isnull=False,
    repository__installation__deleted_at=None,
    repository__installation__suspended_at=None,
)

N = TypeVar("N", bound="News")


class NewsQuerySet(models.QuerySet[N]):
    def due(self) -> Self:
        """What GitHub must be told and may be tried now."""
        return self.filter(Q(next_try_at=None) | Q(next_try_at__lte=Now()), is_due=True)

    def without_way(self) -> Self:
        """Of repositories that GitHub gives us nothing of any more."""
        return self.exclude(WAY)

    def with_way(self) -> Self:
        return self.filter(WAY)

    def mark(self) -> int:
        """There may be news of them. How many they are."""
        return self.update(is_due=True, is_cut_off=False, turn=F("turn") + 1, next_try_at=None)


class News(Base):
    """What the two kinds of subjects have in common. `is_due`: the truth may be another than what GitHub shows.

    `over_reason` says why GitHub is not told (any more): a repository that is gone, a refusal. A later change of the
    truth is tried again.
    """

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="+")
    is_due = models.BooleanField(default=True)
    turn = models.PositiveIntegerField(
        default=0
    )  # Rises with each mark: news that came during the telling is not lost.
    attempts = models.PositiveIntegerField(default=0)  # In vain, since it went well last.
    next_try_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=500, blank=True)
    last_error_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    over_reason = models.CharField(max_length=500, blank=True)
    is_cut_off = models.BooleanField(default=False)  # It ended with its repository, and goes on when that is back.
    # A creation was sent and its answer not stored yet: look for what it made before making another.
    creating_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class ToldQuerySet(NewsQuerySet["Told"]):
    """Of deployments."""

    def of_the_same_commit(self, told: Told) -> Self:
        """Others that speak of its commit by the same name."""
        same = self.filter(repository=told.repository_id, commit=told.commit, context=told.context)
        return same.exclude(pk=told.pk)


class ToldPullQuerySet(NewsQuerySet["ToldPull"]):
    """Of pull requests."""


class Told(News):
    """One deployment at GitHub. It outlives the deployment here, to say that it was removed."""

    deployment = models.OneToOneField(Deployment, null=True, on_delete=models.SET_NULL, related_name="told")
    deployment_key = models.UUIDField(unique=True)  # The marker by which it is found again at GitHub.
    service_name = models.CharField(max_length=100)  # `shop/web`
    number = models.PositiveIntegerField()
    commit = models.CharField(max_length=64)
    context = models.CharField(max_length=200)  # Of the commit status.
    environment = models.CharField(max_length=200)  # As GitHub lists it.
    is_preview = models.BooleanField(default=False)
    pull_number = models.PositiveIntegerField(null=True, blank=True)

    seen_status = models.CharField(max_length=12, blank=True)  # The deployment's, when it was compared last.
    github_id = models.PositiveBigIntegerField(null=True, blank=True)
    state = models.CharField(max_length=20, blank=True)  # What its deployment shows there; "" before the first.
    status = models.CharField(max_length=20, blank=True)  # What its commit status shows there.

    objects: ClassVar[models.Manager[Told]] = ToldQuerySet.as_manager()

    class Meta:
        verbose_name = "told deployment"
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(is_due=True), name="told_due"),
            models.Index(fields=["created_at"], condition=Q(seen_status__in=CHANGING), name="told_changing"),
            models.Index(fields=["commit", "context"]),
        ]

    def __str__(self) -> str:
        return f"{self.service_name} #{self.number}"


class ToldPull(News):
    """The one comment on a pull request."""

    number = models.PositiveIntegerField()
    comment_id = models.PositiveBigIntegerField(null=True, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    is_settled = models.BooleanField(default=False)  # Nothing of what it shows is under way.

    objects: ClassVar[models.Manager[ToldPull]] = ToldPullQuerySet.as_manager()

    class Meta:
        verbose_name = "told pull request"
        constraints = [models.UniqueConstraint(fields=["repository", "number"], name="told_pull_once")]
        indexes = [models.Index(fields=["next_try_at"], condition=Q(is_due=True), name="told_pull_due")]

    def __str__(self) -> str:
        return f"{self.repository} pull request {self.number}"


class Line(Base):
    """The way to GitHub of one installation: one sender at a time, its pace, and until when it waits.

    GitHub asks for one request after the other, and limits what may be made in a minute and in an hour.
    """

    installation = models.OneToOneField(Installation, on_delete=models.CASCADE, related_name="line")
    fence = models.PositiveIntegerField(default=0)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    paused_until = models.DateTimeField(null=True, blank=True)
    pause_reason = models.CharField(max_length=500, blank=True)
    failures = models.PositiveIntegerField(default=0)  # Outages in a row.
    minute_at = models.DateTimeField(null=True, blank=True)  # See `apps.feedback.pace`.
    hour_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"line to {self.installation}"

    @property
    def is_paused(self) -> bool:
        until: datetime | None = self.paused_until
        return until is not None and until > timezone.now()
