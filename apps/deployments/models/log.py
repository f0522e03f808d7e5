"""Logs: of deployments, and of what the containers of services say."""

from __future__ import annotations

from django.db import models

from apps.deployments.models.deployment import Deployment
from apps.lib.models import Base
from apps.projects.models import Environment, Service


class LogStream(Base):
    """One log with consecutive numbers: of a deployment (build and release) or of a service (what its containers say).

    `environment` None of a service's log is production. See `stream_of`.
    """

    deployment = models.OneToOneField(Deployment, null=True, on_delete=models.CASCADE, related_name="log")
    service = models.ForeignKey(Service, null=True, on_delete=models.CASCADE, related_name="logs")
    environment = models.ForeignKey(Environment, null=True, on_delete=models.CASCADE, related_name="+")
    next_seq = models.PositiveBigIntegerField(default=1)
    cursors = models.JSONField(default=dict)  # container -> [last batch taken, at which number]: a batch counts once

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(deployment__isnull=True) ^ models.Q(service__isnull=True), name="stream_of_one"
            ),
            models.UniqueConstraint(
                fields=["service", "environment"],
                condition=models.Q(service__isnull=False),
                name="stream_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"log of {self.deployment or self.service}"

    @property
    def group(self) -> str:
        """The group of open pages that read it."""
        return f"log.{self.pk}"


class LogChunk(models.Model):
    """Consecutive lines of a stream: `[[at, source, level, kind, text], ...]`, numbered from `first_seq`."""

    id = models.BigAutoField(primary_key=True)
    stream = models.ForeignKey(LogStream, on_delete=models.CASCADE, related_name="chunks")
    first_seq = models.PositiveBigIntegerField()
    last_seq = models.PositiveBigIntegerField()
    size_bytes = models.PositiveIntegerField()
    lines = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stream", "first_seq"], name="chunk_once"),
            models.CheckConstraint(condition=models.Q(last_seq__gte=models.F("first_seq")), name="chunk_not_empty"),
        ]
        indexes = [models.Index(fields=["stream", "last_seq"]), models.Index(fields=["created_at"])]

    def __str__(self) -> str:
        return f"{self.first_seq}-{self.last_seq} of {self.stream_id}"


def stream_of(service: Service, environment: Environment) -> LogStream | None:
    """What a service's containers say in an environment; None when they said nothing yet."""
    where = None if environment.is_production else environment
    return LogStream.objects.filter(service=service, environment=where).first()
