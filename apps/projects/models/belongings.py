"""What services are given beside variables: host names, disks, and logins for registries."""

from __future__ import annotations

from django.db import models

from apps.accounts.models import Team
from apps.lib.encryption import EncryptedTextField
from apps.lib.models import Base
from apps.projects.models.project import Environment, Project
from apps.projects.models.service import Service


class Domain(Base):
    """A host name routed to a service in an environment. `is_generated`: made by us beneath the base domain."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="domains")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE)
    host = models.CharField(max_length=253, unique=True)
    is_generated = models.BooleanField(default=False)
    checked_at = models.DateTimeField(null=True, blank=True)
    check_state = models.CharField(
        max_length=12, blank=True
    )  # `apps.projects.domain_checks.State`; "" before the first
    check_detail = models.CharField(max_length=300, blank=True)
    check_found = models.JSONField(default=list)  # The addresses that its name led to.

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(host__regex=r"^[a-z0-9.-]+$"), name="domain_grammar")]

    def __str__(self) -> str:
        return self.host


class Volume(Base):
    """Durable disk of a service in an environment. Without its service it is kept until somebody discards it."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="volumes")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE)
    service = models.ForeignKey(Service, null=True, blank=True, on_delete=models.SET_NULL, related_name="volumes")
    name = models.CharField(max_length=40)
    path = models.CharField(max_length=250)
    discarded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["service", "environment", "path"],
                condition=models.Q(discarded_at__isnull=True),
                name="volume_path_once",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Registry(Base):
    """A login of a team for a registry of images. The password is written and never read back."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="registries")
    host = models.CharField(max_length=250)
    username = models.CharField(max_length=200)
    password = EncryptedTextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "host"], name="registry_once")]
        verbose_name_plural = "registries"

    def __str__(self) -> str:
        return self.host
