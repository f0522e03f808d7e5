"""Variables, and which of them a release is given."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db import models

from apps.accounts.models import User
from apps.lib.encryption import EncryptedTextField
from apps.lib.models import Base
from apps.projects.models.project import Environment, Project
from apps.projects.models.service import Service


class VariableQuerySet(models.QuerySet["Variable"]):
    def for_release(self, service: Service, environment: Environment) -> VariableQuerySet:
        """Those that a release of `service` in `environment` is given, widest scope first: the last one of a name wins."""
        mine = models.Q(service__isnull=True) | models.Q(service=service)
        return self.filter(reaching(environment), mine, project_id=service.project_id).widest_first()

    def in_environment(self, project_id: UUID, environment: Environment) -> VariableQuerySet:
        """All that any service of the project is given in `environment`, widest scope first."""
        return self.filter(reaching(environment), project_id=project_id).widest_first()

    def widest_first(self) -> VariableQuerySet:
        by_service = models.F("service").asc(nulls_first=True)
        return self.order_by(by_service, models.F("environment").asc(nulls_first=True), "for_previews", "name")


def reaching(environment: Environment) -> models.Q:
    """Which scopes reach an environment. The one place that decides it: what is not named here is given to nobody.

    Everywhere: its own, and those of all environments. Previews have those of all previews too; one whose code is a
    stranger's has those and its own, and nothing else.
    """
    its_own = models.Q(environment=environment)
    everywhere = models.Q(environment__isnull=True, for_previews=False)
    previews = models.Q(environment__isnull=True, for_previews=True)
    if environment.is_isolated:
        return its_own | previews
    return its_own | everywhere | previews if environment.is_preview else its_own | everywhere


class KeptVariables(models.Manager["Variable"]):
    """Without those that were deleted."""

    def get_queryset(self) -> VariableQuerySet:
        return VariableQuerySet(self.model, using=self._db).filter(deleted_at=None)

    def for_release(self, service: Service, environment: Environment) -> VariableQuerySet:
        return self.get_queryset().for_release(service, environment)

    def in_environment(self, project_id: UUID, environment: Environment) -> VariableQuerySet:
        return self.get_queryset().in_environment(project_id, environment)


class Variable(Base):
    """One value given to a release. A secret can be written and never read back.

    Scope: the whole project, one environment, one service, or a service in an environment; `for_previews` stands for all
    previews instead of one environment. A deleted one stays for some minutes, so that it can be brought back; `objects`
    are without it.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="variables")
    environment = models.ForeignKey(Environment, null=True, blank=True, on_delete=models.CASCADE)
    for_previews = models.BooleanField(default=False)
    service = models.ForeignKey(Service, null=True, blank=True, on_delete=models.CASCADE, related_name="variables")
    name = models.CharField(max_length=200)
    value = EncryptedTextField()
    is_secret = models.BooleanField(default=False)
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL)
    updated_by_name = models.CharField(max_length=100, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[KeptVariables] = KeptVariables()
    with_deleted: ClassVar[models.Manager[Variable]] = VariableQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "environment", "for_previews", "service", "name"],
                condition=models.Q(deleted_at__isnull=True),
                name="variable_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=models.Q(name__regex=r"^[A-Za-z_][A-Za-z0-9_]*$"), name="variable_name"),
            models.CheckConstraint(
                condition=models.Q(environment__isnull=True) | models.Q(for_previews=False), name="variable_one_scope"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def shown(self) -> str | None:
        """The value, or None for a secret."""
        return None if self.is_secret else self.value

    @property
    def scope(self) -> str:
        """`project`, `environment production`, `service` or `service in production`; `all previews`, `service in all
        previews`."""
        where = "all previews" if self.for_previews else self.environment.slug if self.environment else ""
        if self.service_id:
            return f"service in {where}" if where else "service"
        return where if self.for_previews else f"environment {where}" if where else "project"
