"""A project and its environments."""

from __future__ import annotations

from uuid import UUID

from django.db import models
from django.utils.functional import cached_property

from apps.accounts.models import Team
from apps.lib.asked_often import asked_often
from apps.lib.models import Base

NEAREST = 13  # Environments that a page offers, and one more that says there are others.


class Project(Base):
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="projects")
    name = models.CharField(max_length=60)
    slug = models.SlugField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "slug"], name="project_slug_unique")]

    def __str__(self) -> str:
        return self.name

    @property
    def production(self) -> Environment:
        return self.environments.get(slug="production")

    @cached_property
    def nearest(self) -> list[Environment]:
        """For pages: production first, then staging, the newest previews last. Some of them only."""
        rows = _nearest(self.pk)
        for row in rows:
            row.project = self
        return rows


@asked_often
def _nearest(project: UUID) -> models.QuerySet[Environment]:
    kinds = models.Case(*(models.When(kind=kind, then=place) for place, kind in enumerate(EnvironmentKind)))
    return Environment.objects.filter(project=project).order_by(kinds, "-created_at")[:NEAREST]


class EnvironmentKind(models.TextChoices):
    PRODUCTION = "production", "production"
    STAGING = "staging", "staging"  # Made by people, whatever it is called.
    PREVIEW = "preview", "preview"  # Of a pull request: made and removed with it.


class Environment(Base):
    """production, staging or a preview: has its own variables, domains and data.

    `branch`, `commit` and `ref` say what is deployed in it: "" is what the service says. `ref` is where a commit is found
    that is on no branch. `is_isolated`: it is given only variables that were meant for previews, because its code is of a
    stranger.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="environments")
    name = models.CharField(max_length=40)
    slug = models.SlugField(max_length=40)
    kind = models.CharField(max_length=10, choices=EnvironmentKind.choices, default=EnvironmentKind.STAGING)
    branch = models.CharField(max_length=250, blank=True, default="")
    commit = models.CharField(max_length=64, blank=True, default="")
    ref = models.CharField(max_length=250, blank=True, default="")
    is_isolated = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "slug"], name="environment_slug_unique"),
            models.CheckConstraint(
                condition=models.Q(is_isolated=False) | models.Q(kind="preview"), name="environment_isolated_preview"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project} {self.name}"

    @property
    def is_production(self) -> bool:
        return self.kind == EnvironmentKind.PRODUCTION

    @property
    def is_preview(self) -> bool:
        return self.kind == EnvironmentKind.PREVIEW
