"""Machines that run containers, and what their agents said last. Not in charge of deciding what should run."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.utils import timezone

from apps.hosts.metrics_models import Measurement
from apps.lib import tokens
from apps.lib.models import Base
from apps.projects.models import Environment, Service

__all__ = ["OFFLINE_AFTER", "Host", "HostManager", "Measurement", "ServiceState"]

OFFLINE_AFTER = timedelta(seconds=45)


class HostManager(models.Manager["Host"]):
    def for_bearer(self, token: str) -> Host | None:
        return self.filter(token_digest=tokens.digest(token)).first()

    def default(self) -> Host:
        """The host on which environments run: the first one."""
        return self.earliest("created_at")


class Host(Base):
    """A machine under one agent. `generation` counts the changes of what it should run."""

    name = models.CharField(max_length=60, unique=True)
    token_digest = models.CharField(max_length=64, unique=True)
    generation = models.PositiveBigIntegerField(default=1)
    seen_generation = models.PositiveBigIntegerField(default=0)
    agent_version = models.CharField(max_length=40, blank=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    draining_since = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[HostManager] = HostManager()

    def __str__(self) -> str:
        return self.name

    @property
    def is_online(self) -> bool:
        return self.last_seen_at is not None and timezone.now() - self.last_seen_at < OFFLINE_AFTER


class ServiceState(Base):
    """What runs of a service in an environment, as the agent last reported it: the only source of "is it up?"."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="states")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE)
    host = models.ForeignKey(Host, on_delete=models.CASCADE)
    reported_at = models.DateTimeField()
    instances = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["service", "environment", "host"], name="state_once")]

    def __str__(self) -> str:
        return f"{self.service} on {self.host}"
