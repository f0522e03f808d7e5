"""A build: what a source at a commit was made into."""

from __future__ import annotations

from django.db import models

from apps.lib.models import Base
from apps.projects.models import Service


class Build(Base):
    """A source at a commit made into an image. Reused when commit and build settings are the same."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="builds")
    commit = models.CharField(max_length=64)
    message = models.CharField(max_length=300, blank=True)
    author = models.CharField(max_length=200, blank=True)
    fingerprint = models.CharField(max_length=64)
    plan = models.JSONField(default=dict)
    settings = models.JSONField(default=dict)  # What it was built with: `apps.deployments.steps.build.settings_told`.
    digest = models.CharField(max_length=200)
    reference = models.CharField(max_length=500, blank=True)  # Where it was pushed, pinned; "": in our engine alone.
    size_bytes = models.PositiveBigIntegerField(default=0)
    seconds = models.FloatField(default=0)

    class Meta:
        indexes = [models.Index(fields=["service", "commit", "fingerprint"])]

    def __str__(self) -> str:
        return f"{self.service} at {self.commit[:7]}"

    @property
    def image(self) -> str:
        """As a release names it."""
        return self.reference or self.digest
