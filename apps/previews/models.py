"""Pull requests and what runs of them: one preview environment each, in every project that it concerns.

A row outlasts its environment, so that what comes late of a pull request does not bring back what is over.
"""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now

from apps.accounts.access import Actor
from apps.accounts.models import User
from apps.github.models import Repository
from apps.lib.models import Base
from apps.projects.models import Environment, Project, Service

IS_ON, LIMIT, DAYS = False, 10, 7
MOST, LONGEST = 100, 90


class Preference(Base):
    """What a service wants of pull requests; without a row: none of them.

    Off until somebody turns it on: previews are given the variables that the service has everywhere, and run its release
    command with them. Drafts too, because one looks at a draft to see whether it is ready.
    """

    service = models.OneToOneField(Service, on_delete=models.CASCADE, related_name="previews")
    is_on = models.BooleanField(default=IS_ON)
    drafts = models.BooleanField(default=True)
    limit = models.PositiveSmallIntegerField(
        default=LIMIT, validators=[MinValueValidator(1), MaxValueValidator(MOST)]
    )  # At once.
    days = models.PositiveSmallIntegerField(default=DAYS, validators=[MinValueValidator(1), MaxValueValidator(LONGEST)])
    # When GitHub was asked which pull requests are open. None, or in the future (it is being asked): not yet.
    asked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"previews of {self.service}"

    @property
    def life(self) -> timedelta:
        return timedelta(days=self.days)


def preference_of(service: Service) -> Preference:
    """As it was chosen, or as it is by itself; then it is not in the database."""
    return Preference.objects.filter(service=service).first() or Preference(service=service)


class Removed(models.TextChoices):
    """Why there is no environment any more."""

    NOT = "", "it was not removed"
    CLOSED = "closed", "the pull request was closed"
    MERGED = "merged", "the pull request was merged"
    EXPIRED = "expired", "nothing was pushed for too long"
    DELETED = "deleted", "somebody removed it"
    UNWANTED = "unwanted", "no service wants it any more"


class PreviewQuerySet(models.QuerySet["Preview"]):
    def visible_to(self, actor: Actor) -> PreviewQuerySet:
        return self.filter(project__team__in=actor.teams)

    def standing(self) -> PreviewQuerySet:
        return self.filter(environment__isnull=False)

    def over(self) -> PreviewQuerySet:
        """Those whose time has come."""
        return self.standing().filter(expires_at__lt=Now())


class Preview(Base):
    """A pull request in a project. `told_at` is GitHub's own moment of the newest that was heard of it."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="previews")
    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="previews")
    number = models.PositiveIntegerField()
    environment = models.OneToOneField(
        Environment, null=True, blank=True, on_delete=models.SET_NULL, related_name="preview"
    )

    title = models.CharField(max_length=300)
    author = models.CharField(max_length=100)
    base_branch = models.CharField(max_length=250)
    head_branch = models.CharField(max_length=250)
    head_sha = models.CharField(max_length=64)
    head_repository = models.CharField(max_length=250, blank=True)  # "" when it was deleted.
    is_fork = models.BooleanField(default=False)
    is_draft = models.BooleanField(default=False)
    is_open = models.BooleanField(default=True)
    told_at = models.DateTimeField()

    approved_sha = models.CharField(max_length=64, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)
    approved_by_name = models.CharField(max_length=100, blank=True)

    expires_at = models.DateTimeField(null=True, blank=True)
    removed = models.CharField(max_length=10, blank=True, default="", choices=Removed.choices)
    removed_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects: ClassVar[models.Manager[Preview]] = PreviewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "repository", "number"], name="preview_once"),
            models.CheckConstraint(
                condition=models.Q(environment__isnull=True) | models.Q(removed=""), name="preview_stands_or_not"
            ),
        ]
        indexes = [models.Index(fields=["repository", "number"])]

    def __str__(self) -> str:
        return f"{self.repository} pull request {self.number}"

    @property
    def is_approved(self) -> bool:
        """Whether its newest commit may be built and run."""
        return not self.is_fork or self.approved_sha == self.head_sha

    @property
    def waits_for_approval(self) -> bool:
        return self.is_open and not self.is_approved

    @property
    def ref(self) -> str:
        """Where the repository keeps its head, also of a fork's."""
        return f"refs/pull/{self.number}/head"


class State(models.TextChoices):
    """Of a service in a preview."""

    DEPLOYED = "", "deployed"  # How it stands is told by its deployments.
    WAITING = "waiting", "waits for an approval"
    REFUSED = "refused", "not deployed"
    REMOVED = "removed", "removed"


class Part(Base):
    """A service of a preview, or why it is not deployed there."""

    preview = models.ForeignKey(Preview, on_delete=models.CASCADE, related_name="parts")
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, blank=True, default="", choices=State.choices)
    reason = models.CharField(max_length=400, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["preview", "service"], name="preview_part_once")]
        indexes = [models.Index(fields=["service"], condition=models.Q(state=""), name="preview_part_deployed")]

    def __str__(self) -> str:
        return f"{self.service} of {self.preview}"
